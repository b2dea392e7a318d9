//! Rolls are uniform over the faces and fail at the error rate.
//! The random generators are seeded, so a test that passes once always passes.

use dice::{Catalogue, Specification};
use rand::SeedableRng;
use rand::rngs::StdRng;

const ROLLS: u32 = 60_000;

/// Pearson's chi-squared statistic of `observed` against equal counts.
fn chi_squared(observed: &[u32]) -> f64 {
    let expected = f64::from(observed.iter().sum::<u32>()) / observed.len() as f64;
    let squares = observed
        .iter()
        .map(|count| (f64::from(*count) - expected).powi(2));
    squares.sum::<f64>() / expected
}

#[test]
fn every_face_is_equally_likely() {
    // 99.9 % quantile of chi-squared with 5 degrees of freedom (NIST e-Handbook, 1.3.6.7.4).
    const CRITICAL: f64 = 20.515;
    let die = Catalogue::embedded().get("fair").expect("fair exists");
    for seed in 0..5 {
        let mut rng = StdRng::seed_from_u64(seed);
        let mut counts = [0; 6];
        for _ in 0..ROLLS {
            let value = die.specification.roll(&mut rng).expect("fair never fails");
            counts[usize::from(value) - 1] += 1;
        }
        let statistic = chi_squared(&counts);
        assert!(
            statistic < CRITICAL,
            "seed {seed}: {statistic} from {counts:?}"
        );
    }
}

#[test]
fn the_uniformity_test_detects_a_biased_die() {
    let loaded = Specification {
        faces: vec![1, 2, 3, 4, 5, 6, 6],
        error_rate: 0.0,
    };
    let mut rng = StdRng::seed_from_u64(1);
    let mut counts = [0; 6];
    for _ in 0..ROLLS {
        counts[usize::from(loaded.roll(&mut rng).expect("never fails")) - 1] += 1;
    }
    assert!(chi_squared(&counts) > 100.0);
}

#[test]
fn rolls_fail_at_the_error_rate_and_values_come_from_the_faces() {
    let catalogue = Catalogue::embedded();
    for identifier in catalogue.identifiers() {
        let Specification { faces, error_rate } =
            catalogue.get(identifier).expect("listed").specification;
        let die = Specification {
            faces: faces.clone(),
            error_rate,
        };
        let mut rng = StdRng::seed_from_u64(7);
        let rolls: Vec<_> = (0..ROLLS).map(|_| die.roll(&mut rng)).collect();
        assert!(rolls.iter().flatten().all(|value| faces.contains(value)));
        let failed = rolls.iter().filter(|roll| roll.is_err()).count() as f64 / f64::from(ROLLS);
        // Five standard deviations of a binomial share at p = 0.5 are 0.0102.
        assert!(
            (failed - error_rate).abs() < 0.0103,
            "{identifier}: {failed}"
        );
    }
}
