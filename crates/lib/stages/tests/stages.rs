//! The components and ports of each stage, which are fixed.

use stages::{Component, Stage};

use Component::{DiceRoller, DieService, Frontend, Postgres, UsageSink};

/// The components of each stage, those with a port first.
type Row = (Stage, &'static [(Component, u16)], &'static [Component]);

const ROWS: [Row; 6] = [
    (Stage::One, &[(DiceRoller, 8100)], &[]),
    (Stage::Two, &[(DiceRoller, 8101), (Frontend, 8102)], &[]),
    (
        Stage::Three,
        &[(DieService, 8103), (DiceRoller, 8104), (Frontend, 8105)],
        &[],
    ),
    (
        Stage::Four,
        &[(DieService, 8106), (DiceRoller, 8107), (Frontend, 8108)],
        &[],
    ),
    (
        Stage::Five,
        &[(DieService, 8109), (DiceRoller, 8110), (Frontend, 8111)],
        &[Postgres],
    ),
    (
        Stage::Six,
        &[
            (UsageSink, 8115),
            (DieService, 8112),
            (DiceRoller, 8113),
            (Frontend, 8114),
        ],
        &[Postgres],
    ),
];

#[test]
fn each_stage_runs_its_components_on_fixed_ports() {
    for (stage, with_port, without) in ROWS {
        for component in Component::ALL {
            let port = with_port.iter().find(|(it, _)| *it == component);
            let port = port.map(|(_, port)| *port);
            assert_eq!(stage.port(component), port, "stage {stage}: {component:?}");
            let runs = port.is_some() || without.contains(&component);
            assert_eq!(stage.runs(component), runs, "stage {stage}: {component:?}");
        }
    }
}

#[test]
fn users_and_the_prober_request_what_the_stage_has() {
    for stage in Stage::ALL {
        let number = stage.number();
        assert_eq!(stage.only_rolls(), number == 1, "stage {stage}");
        let share = if number < 4 { "0" } else { "0.3" };
        assert_eq!(stage.async_probability(), share, "stage {stage}");
        assert_eq!(stage.has_batches(), number >= 4, "stage {stage}");
        assert_eq!(stage.probe_max_batch() == "1", number < 4, "stage {stage}");
        let pause = if number < 4 { "500ms" } else { "1500ms" };
        assert_eq!(stage.probe_min_interval(), pause, "stage {stage}");
        let entry = if number == 1 { DiceRoller } else { Frontend };
        assert_eq!(stage.entry(), entry, "stage {stage}");
    }
}

#[test]
fn numbers_are_1_to_6() {
    for (stage, number) in Stage::ALL.into_iter().zip(1..) {
        assert_eq!(stage.number(), number);
        assert_eq!(Stage::try_from(number), Ok(stage));
    }
    for number in [0, 7, u8::MAX] {
        let error = Stage::try_from(number).expect_err("no stage");
        assert_eq!(error.to_string(), format!("{number} is not in 1..=6"));
    }
}
