//! The embedded data file, and the errors for malformed files.

use dice::{Catalogue, Specification, UNKNOWN};

#[test]
fn the_embedded_dice_match_the_contract() {
    let catalogue = Catalogue::embedded();
    let dice: Vec<(String, Specification)> = catalogue
        .identifiers()
        .map(|identifier| {
            let die = catalogue.get(identifier).expect("listed dice exist");
            (die.identifier, die.specification)
        })
        .collect();
    let expected = |identifier: &str, faces: [u8; 6], error_rate| {
        let faces = faces.to_vec();
        (identifier.to_owned(), Specification { faces, error_rate })
    };
    assert_eq!(
        dice,
        [
            expected("extreme", [0, 0, 6, 6, 6, 6], 0.5),
            expected("fair", [1, 2, 3, 4, 5, 6], 0.0),
            expected("risky", [2, 3, 4, 5, 6, 7], 0.1),
        ]
    );
}

#[test]
fn an_unknown_die_has_no_specification() {
    assert_eq!(Catalogue::embedded().get("loaded"), None);
}

#[test]
fn a_malformed_file_is_rejected_with_the_place_of_the_mistake() {
    let die = |fields: &str| format!("{{ \"odd\": {{ {fields} }} }}");
    for (json, place) in [
        ("{\n  \"odd\": ,\n}".to_owned(), "line 2 column 10"),
        (
            "[]".to_owned(),
            "expected an object of dice by identifier at line 1",
        ),
        (
            "{}".to_owned(),
            "no dice: the file must define at least one at line 1",
        ),
        (
            die("\"faces\": [1]"),
            "missing field `error_rate` at line 1 column 25",
        ),
        (
            die("\"faces\": [1], \"error_rate\": 0, \"weight\": 2"),
            "unknown field `weight`",
        ),
        (
            die("\"faces\": [-1], \"error_rate\": 0"),
            "line 1 column 23",
        ),
        (
            die("\"faces\": [], \"error_rate\": 0"),
            "faces: 0 entries are not allowed, expected 1 to 100 at line 1",
        ),
        (
            die("\"faces\": [1, 9], \"error_rate\": 0"),
            "faces[1]: 9 is not allowed, expected 0 to 8 at line 1",
        ),
        (
            die("\"faces\": [1], \"error_rate\": 1.5"),
            "error_rate: 1.5 is not allowed, expected 0.0 to 1.0 at line 1",
        ),
        (
            die("\"faces\": [1], \"error_rate\": 0").replace("odd", "Odd one"),
            "\"Odd one\": an identifier has 1 to 32 lower-case letters, digits or hyphens at line 1 column 11",
        ),
        (
            die("\"faces\": [1], \"error_rate\": 0").replace("odd", UNKNOWN),
            "\"unknown\": this name is reserved for dice that do not exist at line 1",
        ),
        (
            "{\"a\": {\"faces\":[1],\"error_rate\":0}, \"a\": {\"faces\":[2],\"error_rate\":0}}"
                .to_owned(),
            "a: defined twice at line 1 column 39",
        ),
    ] {
        let error = Catalogue::parse(&json).expect_err(&json).to_string();
        assert!(
            error.contains(place),
            "{json} gave {error:?}, expected {place:?}"
        );
    }
}
