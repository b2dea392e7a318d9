//! The table of faults is complete and consistent.

use std::collections::BTreeSet;

use faults::{Alert, Fault, Source};

#[test]
fn every_fault_has_its_own_row() {
    let mut names = BTreeSet::new();
    for (index, fault) in Fault::ALL.into_iter().enumerate() {
        let spec = fault.spec();
        assert_eq!(fault.index(), index, "{fault}");
        assert_eq!(
            spec.fault, fault,
            "the row of {fault} has the name {}",
            spec.name
        );
        assert!(names.insert(spec.name), "{fault} twice");
        assert_eq!(spec.name.parse(), Ok(fault));
        assert!(
            spec.name
                .chars()
                .all(|letter| letter.is_ascii_lowercase() || letter == '-')
        );
    }
}

#[test]
fn the_default_strength_is_in_the_range() {
    for fault in Fault::ALL {
        let range = fault.spec().strength;
        assert!(range.min > 0.0 && range.max.is_finite(), "{fault}");
        assert!((range.min..=range.max).contains(&range.default), "{fault}");
    }
}

#[test]
fn texts_are_sentences_without_the_name_of_the_fault() {
    for fault in Fault::ALL {
        let spec = fault.spec();
        assert!(
            spec.effect.ends_with('.') && !spec.signal.look.ends_with('.'),
            "{fault}"
        );
        assert!((1..=6).contains(&spec.stage), "{fault}");
        match spec.alert {
            Alert::Raises(name) => {
                assert!(!name.is_empty() && !spec.further_alerts.contains(&name));
            }
            Alert::None(reason) => assert!(!reason.is_empty()),
        }
        assert!(
            !spec.signal.query.contains(spec.name),
            "{fault}: telemetry must not name it"
        );
    }
}

#[test]
fn an_unknown_name_is_refused_with_the_known_ones() {
    let error = "slow-die"
        .parse::<Fault>()
        .expect_err("no such fault")
        .to_string();
    assert!(
        error.starts_with("there is no fault \"slow-die\"; the faults are slow-die-service, "),
        "{error}"
    );
    for fault in Fault::ALL {
        assert!(error.contains(fault.name()), "{error} lacks {fault}");
    }
}

#[test]
fn every_query_for_prometheus_can_be_parsed() {
    for fault in Fault::ALL {
        let signal = fault.spec().signal;
        if signal.source == Source::Prometheus {
            let parsed = promql_parser::parser::parse(signal.query);
            parsed.unwrap_or_else(|error| panic!("{fault}: {}: {error}", signal.query));
        }
    }
}
