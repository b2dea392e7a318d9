//! The exported p-value.

use prober::fairness::ALARM;

use crate::doors::{FrontDoor, batch, dice_roller};
use crate::{gauge, metrics, probe};

#[tokio::test]
async fn fair_dice_stay_far_from_the_alarm() {
    let prober = probe(&dice_roller().await, |_| ()).await;
    let seen = metrics(&prober, "a window of fair rolls", |metrics| {
        gauge(metrics, "probe_die_window_rolls", "fair") >= 400.0
            && gauge(metrics, "probe_die_window_rolls", "risky") >= 200.0
    })
    .await;
    for die in ["fair", "risky", "extreme"] {
        let p_value = gauge(&seen, "probe_die_fairness_p_value", die);
        assert!(p_value > ALARM, "{die}: {p_value}");
    }
    let p_value = gauge(&seen, "probe_die_fairness_p_value", "fair");
    assert!(p_value < 1.0, "the test has begun: {p_value}");
}

/// Each answer is 200, and each value is a face of the die.
#[tokio::test]
async fn a_loaded_die_is_the_only_thing_that_is_wrong() {
    let door = FrontDoor::open(|_| batch(6)).await;
    let prober = probe(&door.url, |_| ()).await;
    let seen = metrics(&prober, "the alarm", |metrics| {
        gauge(metrics, "probe_die_fairness_p_value", "fair") < ALARM
    })
    .await;
    assert_eq!(gauge(&seen, "probe_success", "fair"), 1.0);
    let window = gauge(&seen, "probe_die_window_rolls", "fair");
    assert!((300.0..=1200.0).contains(&window), "{window}");
}
