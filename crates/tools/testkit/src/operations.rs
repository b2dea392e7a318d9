//! Clients of KTRDR.

use std::time::Duration;

use serde_json::json;
use tokio::time::interval;

use crate::client;

/// Requests a backtest and a training of the backend at this URL every `pace`, forever. They are
/// small, because the driver's own operations are too long for a debug build.
pub async fn request_small_operations(backend: String, pace: Duration, epochs: u32) {
    let client = client();
    let mut next = interval(pace);
    for seed in 0u32.. {
        next.tick().await;
        let backtest =
            json!({ "symbol": "EURUSD", "days": 100, "fast": 5, "slow": 20, "seed": seed });
        let training = json!({ "symbol": "EURUSD", "epochs": epochs, "seed": seed });
        for (kind, parameters) in [("backtests", backtest), ("trainings", training)] {
            let url = format!("{backend}/api/v1/{kind}/start");
            // The backend may not have started yet, and rejects these when all workers are busy.
            let _ = client.post(url).json(&parameters).send().await;
        }
    }
}
