//! The roll that is followed, known by the trace id that the frontend answers with.

use std::time::{SystemTime, UNIX_EPOCH};

use serde::Deserialize;

use crate::ask::{Silence, endpoint, json};
use crate::examination::Doctor;
use crate::report::Trouble;

/// A roll that was made.
#[derive(Debug)]
pub(crate) struct Roll {
    /// 32 hex digits.
    pub(crate) trace_id: String,
    /// When it began, in whole seconds since 1970.
    pub(crate) began: u64,
}

#[derive(Deserialize)]
struct Answer {
    roll: i64,
    trace_id: Option<String>,
}

/// Rolls the die that never fails.
pub(crate) async fn roll(doctor: &Doctor<'_>) -> Result<(String, Roll), Trouble> {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH);
    let began = since_1970.unwrap_or_default().as_secs();
    let url = endpoint(&doctor.cli.frontend_url, "/roll", &[("die", "fair")]);
    let answer: Answer = match json(&doctor.client, url).await {
        Ok(answer) => answer,
        Err(silence) => return Err(refused(doctor, &silence)),
    };
    let saw = format!("a {}", answer.roll);
    match answer.trace_id {
        Some(trace_id) => Ok((format!("{saw}, trace {trace_id}"), Roll { trace_id, began })),
        None => Err(Trouble {
            saw: format!("{saw} without a trace_id"),
            cause: "tracing is switched off in the frontend (OTEL_SDK_DISABLED)".to_owned(),
            command: doctor.kind.restart("frontend"),
        }),
    }
}

/// The status says which hop of the roll failed.
fn refused(doctor: &Doctor<'_>, silence: &Silence) -> Trouble {
    let (service, cause) = match silence {
        Silence::Status { status: 503, .. } => ("dice-roller", "a service behind it is down"),
        Silence::Status { status: 504, .. } => ("dice-roller", "a service behind it hangs"),
        Silence::Status { status: 500, .. } => ("dice-roller", "the roll failed inside"),
        _ => return doctor.kind.silent("frontend", silence),
    };
    Trouble {
        saw: silence.to_string(),
        cause: format!("the frontend works, and {cause}: dice-roller or die-service"),
        command: doctor.kind.look_at(&format!("{service} die-service")),
    }
}
