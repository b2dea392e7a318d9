//! The test for fairness: its arithmetic, how often it is wrong, and how soon it is right.
//! `cargo run --release -p prober --example years` simulates whole years.

use std::time::Duration;

use dice::{BatchSize, Catalogue, Specification};
use prober::fairness::{ALARM, Fairness, NotAFace, WINDOW, survival};
use prober::pace::{Pace, ROLLS_PER_MINUTE};
use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};

fn die(name: &str) -> Specification {
    let die = Catalogue::embedded().get(name).expect("a known die");
    die.specification
}

/// A roll of a die without its error rate. With `load`, one more of that face.
fn roll(die: &Specification, load: Option<u8>, rng: &mut SmallRng) -> u8 {
    let faces = die.faces.len();
    let at = rng.random_range(0..faces + usize::from(load.is_some()));
    die.faces.get(at).copied().or(load).expect("a face")
}

#[test]
fn the_survival_function_is_that_of_tables_and_of_closed_forms() {
    // Critical values for 5 %, as in every table.
    for (degrees, critical) in [(1, 3.841_459), (2, 5.991_465), (5, 11.070_498)] {
        let p = survival(critical, degrees);
        assert!((p - 0.05).abs() < 1e-7, "{degrees}: {p}");
    }
    // For even degrees of freedom it is a finite sum.
    for x in [0.5, 1.0, 3.0, 10.0, 40.0, 50.0, 80.0, 200.0] {
        let half: f64 = x / 2.0;
        let four = (-half).exp() * (1.0 + half);
        let eight = (-half).exp() * (1.0 + half + half.powi(2) / 2.0 + half.powi(3) / 6.0);
        for (degrees, expected) in [(2, (-half).exp()), (4, four), (8, eight)] {
            let p = survival(x, degrees);
            let error = (p / expected - 1.0).abs();
            assert!(error < 1e-9, "{degrees}, {x}: {p} is not {expected}");
        }
    }
    assert_eq!(survival(0.0, 5), 1.0);
    assert_eq!(survival(1e9, 5), 0.0);
}

#[test]
fn the_statistic_is_pearsons() {
    let mut window = Fairness::new(&die("fair"));
    assert_eq!((window.statistic(), window.p_value()), (0.0, 1.0));
    // 30 expected of each.
    for (face, count) in (1..=6).zip([20, 30, 40, 30, 25, 35]) {
        (0..count).for_each(|_| window.record(face).expect("a face"));
    }
    assert_eq!(window.rolls(), 180);
    let expected = (100.0 + 0.0 + 100.0 + 0.0 + 25.0 + 25.0) / 30.0;
    assert!((window.statistic() - expected).abs() < 1e-9);
    assert!((window.p_value() - survival(expected, 5)).abs() < 1e-12);
}

#[test]
fn faces_with_the_same_value_are_one_value() {
    let mut window = Fairness::new(&die("extreme"));
    for roll in [0, 6, 6].repeat(100) {
        window.record(roll).expect("a face");
    }
    assert_eq!(window.degrees_of_freedom(), 1);
    assert!(window.statistic() < 1e-9);
    assert_eq!(window.record(3), Err(NotAFace));
    assert_eq!(window.rolls(), 300);
}

#[test]
fn a_short_window_and_a_die_with_one_value_prove_nothing() {
    let mut window = Fairness::new(&die("fair"));
    (0..179).for_each(|_| window.record(6).expect("a face"));
    assert_eq!((window.is_conclusive(), window.p_value()), (false, 1.0));
    window.record(6).expect("a face");
    assert!(window.is_conclusive() && window.p_value() < ALARM);
    let one_value = Specification::new(vec![8, 8], 0.0).expect("a die");
    let mut window = Fairness::new(&one_value);
    (0..WINDOW).for_each(|_| window.record(8).expect("a face"));
    assert_eq!(window.p_value(), 1.0);
}

#[test]
fn old_rolls_leave_the_window() {
    let mut window = Fairness::new(&die("fair"));
    (0..WINDOW).for_each(|_| window.record(6).expect("a face"));
    assert!(window.p_value() < ALARM);
    for round in 0..WINDOW {
        window.record(1 + (round % 6) as u8).expect("a face");
        assert_eq!(window.rolls(), WINDOW);
    }
    assert!(window.statistic() < 1e-9, "only the even rolls are left");
}

/// Ten days of each die. The alarm is silent, and the p-value is honest where it can be counted: one
/// in a thousand is below 0.001, and one in a hundred thousand below 0.00001. In those, the window
/// stays below for some 50 rolls: so alarms are rarer by that factor than rolls with a low p-value.
#[test]
fn a_fair_die_raises_no_alarm() {
    let mut rng = SmallRng::seed_from_u64(16);
    let rolls = 10 * 24 * 60 * ROLLS_PER_MINUTE;
    for name in ["fair", "extreme"] {
        let die = die(name);
        let mut window = Fairness::new(&die);
        let degrees = window.degrees_of_freedom();
        let [alarm, rare] = [ALARM, 1e-3].map(|p| critical(p, degrees));
        let mut below = 0_u32;
        for _ in 0..rolls {
            window.record(roll(&die, None, &mut rng)).expect("a face");
            let statistic = window.statistic();
            assert!(statistic < alarm || !window.is_conclusive(), "{name}");
            below += u32::from(statistic > rare);
        }
        let share = f64::from(below) / f64::from(rolls);
        assert!((0.0003..0.003).contains(&share), "{name}: {share}");
    }
}

/// The statistic with that p-value, by bisection.
fn critical(p: f64, degrees: usize) -> f64 {
    let (mut low, mut high) = (0.0, 1000.0);
    for _ in 0..100 {
        let middle = (low + high) / 2.0;
        match survival(middle, degrees) > p {
            true => low = middle,
            false => high = middle,
        }
    }
    high
}

/// One face of six is twice as likely. The window is full of fair rolls when that begins.
#[test]
fn a_loaded_die_is_found_within_ten_minutes() {
    let mut rng = SmallRng::seed_from_u64(1);
    let ten_minutes = 10 * ROLLS_PER_MINUTE;
    for name in ["fair", "risky"] {
        let die = die(name);
        let (dice, mut found, mut median) = (400, 0, 0);
        for number in 0..dice {
            let mut window = Fairness::new(&die);
            for _ in 0..WINDOW {
                window.record(roll(&die, None, &mut rng)).expect("a face");
            }
            let load = Some(die.faces[number % die.faces.len()]);
            let alarm = (1..=ten_minutes).find(|_| {
                window.record(roll(&die, load, &mut rng)).expect("a face");
                window.p_value() < ALARM
            });
            found += usize::from(alarm.is_some());
            median += usize::from(alarm.is_some_and(|rolls| rolls < 7 * ROLLS_PER_MINUTE));
        }
        assert!(found * 100 >= dice * 99, "{name}: {found} of {dice}");
        assert!(median * 2 >= dice, "{name}: half of them within 7 minutes");
    }
}

#[test]
fn the_pace_brings_enough_rolls_of_the_dice_with_six_values() {
    let batches = |name| pace(name, "20", 1500);
    let single = |name| pace(name, "1", 500);
    assert_eq!(batches("fair").batch.get(), 20);
    assert_eq!(
        batches("risky").batch.get(),
        6,
        "7 would fail more often than not"
    );
    assert_eq!(batches("extreme").batch.get(), 1);
    assert_eq!(batches("fair").interval, Duration::from_secs(10));
    for name in ["fair", "risky"] {
        for pace in [batches(name), single(name)] {
            let rolls = pace.rolls_per_minute;
            assert!((107.9..120.1).contains(&rolls), "{name}: {pace:?}");
        }
    }
    let requests: f64 = ["fair", "risky", "extreme"]
        .map(|name| 1.0 / batches(name).interval.as_secs_f64())
        .iter()
        .sum();
    assert!(
        requests < 1.5,
        "a gentle pace: {requests} requests a second"
    );
}

fn pace(die: &str, most: &str, min_interval: u64) -> Pace {
    let most: BatchSize = most.parse().expect("a size");
    let min_interval = Duration::from_millis(min_interval);
    Pace::new(&self::die(die), most, ROLLS_PER_MINUTE, min_interval)
}

/// The alert and the prober's own line speak of the same dice.
#[test]
fn the_alert_has_the_bound_of_the_prober() {
    let stack = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../stack");
    for clock in ["24h", "30d"] {
        let file = format!("{stack}/prometheus/rules/{clock}.yml");
        let rules = std::fs::read_to_string(&file).expect("rules");
        let expected = format!("probe_die_fairness_p_value < {ALARM:e}");
        assert!(rules.contains(&expected), "{file}: no {expected:?}");
    }
}
