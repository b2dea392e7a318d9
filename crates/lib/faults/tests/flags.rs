//! The file of flags: what is written is read back, and what is wrong is named with its place.

use std::collections::BTreeSet;
use std::time::{Duration, UNIX_EPOCH};

use faults::{Fault, Flags, FlagsError};
use serde_json::Value;

type Result = std::result::Result<(), Box<dyn std::error::Error>>;

#[test]
fn what_is_written_is_read_back() -> Result {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("flags.json");
    assert_eq!(Flags::read(&path)?, Flags::default(), "no file, no fault");
    let mut flags = Flags::default();
    assert_eq!(flags.switch_on(Fault::SlowDieService, Some(0.25))?, 0.25);
    assert_eq!(flags.switch_on(Fault::LoadedDie, None)?, 2.0);
    flags.set_hidden(true);
    flags.write(&path)?;
    let read = Flags::read(&path)?;
    assert_eq!(read, flags);
    let on: Vec<_> = read.on().collect();
    assert_eq!(on, [(Fault::SlowDieService, 0.25), (Fault::LoadedDie, 2.0)]);
    assert!(read.is_hidden());
    flags.switch_off(Fault::SlowDieService);
    flags.clear();
    flags.set_hidden(false);
    flags.write(&path)?;
    assert_eq!(Flags::read(&path)?, Flags::default());
    let files: Vec<_> = std::fs::read_dir(folder.path())?.collect();
    assert_eq!(files.len(), 1, "no temporary file is left: {files:?}");
    Ok(())
}

#[test]
fn nothing_is_on_once_the_lease_has_ended() -> Result {
    let at = |seconds| UNIX_EPOCH + Duration::from_secs(seconds);
    let mut flags = Flags::default();
    flags.switch_on(Fault::LogFlood, None)?;
    assert!(!flags.has_expired(at(u64::from(u32::MAX))), "no lease");
    flags.set_hidden(true);
    flags.set_lease(Some(1_000));
    let read = Flags::parse(&flags.to_json())?;
    assert_eq!((read.lease(), &read), (Some(1_000), &flags));
    assert_eq!(read.clone().in_force(at(999)), flags);
    assert!(read.has_expired(at(1_000)));
    assert_eq!(read.in_force(at(1_000)), Flags::default());
    let error = Flags::parse(r#"{"flags": {}, "metadata": {"lease": "soon"}}"#);
    let words = error.expect_err("no number").to_string();
    assert!(words.contains("invalid type: string"), "{words}");
    Ok(())
}

#[test]
fn the_file_lists_every_fault_in_flagds_schema() -> Result {
    let mut flags = Flags::default();
    flags.switch_on(Fault::BadRelease, Some(0.5))?;
    let json: Value = serde_json::from_str(&flags.to_json())?;
    assert_eq!(json["$schema"], "https://flagd.dev/schema/v0/flags.json");
    let written: BTreeSet<&str> = json["flags"]
        .as_object()
        .ok_or("flags")?
        .keys()
        .map(String::as_str)
        .collect();
    assert_eq!(written, Fault::ALL.into_iter().map(Fault::name).collect());
    let flag = &json["flags"]["bad-release"];
    assert_eq!(flag["state"], "ENABLED");
    assert_eq!(flag["variants"], serde_json::json!({"off": 0.0, "on": 0.5}));
    assert_eq!(flag["defaultVariant"], "on");
    assert_eq!(json["flags"]["slow-die-service"]["defaultVariant"], "off");
    Ok(())
}

/// The file with one flag.
fn with(flag: &str) -> String {
    format!("{{\n  \"flags\": {{\n    {flag}\n  }}\n}}")
}

#[test]
fn a_fault_is_on_if_its_default_variant_is() -> Result {
    let fault = Fault::FailingDieService;
    let rows = [
        (
            r#""ENABLED", "variants": {"on": 0.5, "off": 0}, "defaultVariant": "on""#,
            Some(0.5),
        ),
        (
            r#""ENABLED", "variants": {"on": true, "off": false}, "defaultVariant": "on""#,
            Some(0.3),
        ),
        (
            r#""ENABLED", "variants": {"on": true, "off": false}, "defaultVariant": "off""#,
            None,
        ),
        (
            r#""ENABLED", "variants": {"little": 0.1, "much": 1}, "defaultVariant": "much", "targeting": {}"#,
            Some(1.0),
        ),
        (
            r#""ENABLED", "variants": {"on": 0.5}, "defaultVariant": null"#,
            None,
        ),
        (r#""ENABLED", "variants": {"on": 0.5}"#, None),
        (
            r#""DISABLED", "variants": {"on": 0.5}, "defaultVariant": "on""#,
            None,
        ),
    ];
    for (flag, strength) in rows {
        let text = with(&format!(r#""failing-die-service": {{"state": {flag}}}"#));
        let flags = Flags::parse(&text)?;
        assert_eq!(flags.strength(fault), strength, "{text}");
        assert_eq!(flags.on().count(), strength.iter().count());
    }
    Ok(())
}

#[test]
fn what_is_wrong_is_named_with_its_place() {
    // What a flag means is checked after it was read: the place is the end of the flag.
    let flag = |flag: &str| with(&format!(r#""failing-die-service": {{{flag}}}"#));
    let rows = [
        (String::new(), 1, "EOF while parsing"),
        ("{\n  \"flags\": {\n".to_owned(), 3, "EOF while parsing"),
        (
            "{\"flags\": []}".to_owned(),
            1,
            "expected an object with a flag for each fault",
        ),
        ("{}".to_owned(), 1, "missing field `flags`"),
        ("{\"flag\": {}}".to_owned(), 1, "unknown field `flag`"),
        (
            with(r#""slow-dye": {}"#),
            3,
            "there is no fault \"slow-dye\"; the faults are slow-die-service, failing-die-service",
        ),
        (
            flag(r#""state": "ON""#),
            3,
            "unknown variant `ON`, expected `ENABLED` or `DISABLED`",
        ),
        (flag(r#""state": "ENABLED""#), 3, "missing field `variants`"),
        (
            flag(r#""state": "ENABLED", "variants": {"on": "a lot"}"#),
            3,
            "a variant must be a number or a boolean",
        ),
        (
            flag(r#""state": "ENABLED", "variants": {"on": 0.5}, "defaultVariant": "of""#),
            4,
            "failing-die-service: defaultVariant \"of\" is not one of its variants (on)",
        ),
        (
            flag(r#""state": "ENABLED", "variants": {"on": 30}, "defaultVariant": "on""#),
            4,
            "strength 30 of failing-die-service is not allowed, expected 0.01 to 1 (of the requests)",
        ),
        (
            flag(r#""state": "ENABLED", "variants": {"on": 1}, "targeting": {"if": []}"#),
            4,
            "failing-die-service: targeting is not supported; use defaultVariant",
        ),
    ];
    for (text, expected, reason) in rows {
        let error = Flags::parse(&text).expect_err(&text);
        let words = error.to_string();
        let FlagsError::Malformed { line, column, .. } = error else {
            panic!("{words}");
        };
        assert!(words.contains(reason), "{words:?} must contain {reason:?}");
        assert_eq!(line, expected, "{words}");
        assert!(words.starts_with(&format!("line {line}, column {column}: ")));
        assert_eq!(words.matches(" column ").count(), 1, "{words}");
    }
}

#[test]
fn a_strength_outside_the_range_changes_nothing() {
    let mut flags = Flags::default();
    for value in [-1.0, 0.0, 10.5, f64::NAN, f64::INFINITY] {
        let error = flags
            .switch_on(Fault::SlowDieService, Some(value))
            .expect_err("a wrong strength");
        let expected = format!(
            "strength {value} of slow-die-service is not allowed, expected 0.05 to 10 (s added to each answer)"
        );
        assert_eq!(error.to_string(), expected);
    }
    assert_eq!(flags, Flags::default());
}

#[test]
fn a_file_that_cannot_be_used_is_named() -> Result {
    let folder = tempfile::tempdir()?;
    let error = Flags::read(folder.path())
        .expect_err("a folder is no file")
        .to_string();
    assert!(error.starts_with("cannot read the flags file /"), "{error}");
    let path = folder.path().join("missing/flags.json");
    let error = Flags::default()
        .write(&path)
        .expect_err("no folder")
        .to_string();
    assert!(
        error.contains("cannot write the flags file") && error.contains("missing/flags.json"),
        "{error}"
    );
    let large = folder.path().join("large.json");
    std::fs::write(&large, " ".repeat(300_000))?;
    let error = Flags::read(&large).expect_err("too large").to_string();
    assert!(
        error.contains("it has 300000 bytes, allowed are 262144"),
        "{error}"
    );
    Ok(())
}
