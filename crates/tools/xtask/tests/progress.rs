//! The output of `cargo xtask` while it is being compiled.

#[test]
fn cargo_shows_that_it_compiles_xtask() {
    let config = include_str!("../../../../.cargo/config.toml");
    let alias = config.lines().find(|line| line.starts_with("xtask = "));
    let alias = alias.expect("an alias");
    for quiet in ["--quiet", "-q"] {
        let words: Vec<&str> = alias.split(['"', ' ']).collect();
        assert!(!words.contains(&quiet), "{alias}");
    }
}
