//! The numbers of docs/prober.md: false alarms in simulated years, and how long a loaded die stays
//! unnoticed.
//!
//! `cargo run --release -p prober --example years`

use dice::{Catalogue, Specification};
use prober::fairness::{ALARM, Fairness, WINDOW, survival};
use prober::pace::ROLLS_PER_MINUTE;
use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};

/// Years of rolls of each die.
const YEARS: u64 = 5;

/// Loaded dice of each kind.
const DICE: usize = 10_000;

/// A die that is not found within this many rolls counts with this number.
const MOST: usize = 50_000;

fn main() {
    let mut rng = SmallRng::seed_from_u64(2026);
    let rolls = YEARS * 365 * 24 * 60 * u64::from(ROLLS_PER_MINUTE);
    for name in ["fair", "extreme"] {
        let die = die(name);
        println!("{name}: {rolls} rolls, which are {YEARS} years");
        for (p, below, episodes) in fair(&die, rolls, &mut rng) {
            println!("  p < {p:e}: {below} rolls in {episodes} episodes");
        }
    }
    for (name, face) in [("fair", 6), ("risky", 7), ("extreme", 0), ("extreme", 6)] {
        let mut times = loaded(&die(name), face, &mut rng);
        times.sort_unstable();
        let [median, most, nearly_all] =
            [500, 990, 999].map(|share| times[(DICE - 1) * share / 1000]);
        println!(
            "{name}, {face} loaded: half are found after {median} rolls, 99 % after {most}, 99.9 % after {nearly_all}"
        );
    }
}

fn die(name: &str) -> Specification {
    let die = Catalogue::embedded().get(name).expect("a known die");
    die.specification
}

/// For each threshold: rolls below it, and episodes, which are separated by a whole window.
fn fair(die: &Specification, rolls: u64, rng: &mut SmallRng) -> Vec<(f64, u64, u64)> {
    let mut window = Fairness::new(die);
    let degrees = window.degrees_of_freedom();
    let mut rows = [1e-4, 1e-5, 1e-6, 1e-7, ALARM].map(|p| (p, 0, 0)).to_vec();
    let mut last = vec![None; rows.len()];
    for number in 0..rolls {
        let roll = die.faces[rng.random_range(0..die.faces.len())];
        window.record(roll).expect("a face");
        // Most rolls are far from every threshold.
        if window.statistic() < 14.0 || !window.is_conclusive() {
            continue;
        }
        let p_value = survival(window.statistic(), degrees);
        for ((p, below, episodes), last) in rows.iter_mut().zip(&mut last) {
            if p_value < *p {
                *below += 1;
                *episodes += u64::from(last.is_none_or(|at| number - at > WINDOW as u64));
                *last = Some(number);
            }
        }
    }
    rows
}

/// Rolls from the moment when `face` is twice as likely to the alarm.
fn loaded(die: &Specification, face: u8, rng: &mut SmallRng) -> Vec<usize> {
    let mut faces = die.faces.clone();
    faces.push(face);
    let found = |rng: &mut SmallRng| {
        let mut window = Fairness::new(die);
        for _ in 0..WINDOW {
            let roll = die.faces[rng.random_range(0..die.faces.len())];
            window.record(roll).expect("a face");
        }
        let mut alarm = (1..MOST).filter(|_| {
            let roll = faces[rng.random_range(0..faces.len())];
            window.record(roll).expect("a face");
            window.p_value() < ALARM
        });
        alarm.next().unwrap_or(MOST)
    };
    std::iter::repeat_with(|| found(rng)).take(DICE).collect()
}
