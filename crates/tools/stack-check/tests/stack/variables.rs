//! `${NAME}` in docker-compose.yml, and the files that set these variables.

use std::collections::BTreeMap;

use crate::files::text;

/// The variables of a file for `--env-file`.
pub(crate) type Variables = BTreeMap<String, String>;

/// `.env`, or another file like it.
pub(crate) fn env(path: &str) -> Variables {
    let file = text(path);
    let lines = file.lines().filter(|line| !line.starts_with('#'));
    let pairs = lines.filter_map(|line| line.split_once('='));
    pairs
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

/// `${NAME:-default}`, or `${NAME-default}`, which also accepts an empty value.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Variable<'a> {
    pub(crate) name: &'a str,
    pub(crate) default: &'a str,
    pub(crate) may_be_empty: bool,
    written: &'a str,
}

impl Variable<'_> {
    fn value<'v>(&'v self, env: &'v Variables) -> &'v str {
        let set = env.get(self.name).map(String::as_str);
        let counts = |value: &&str| self.may_be_empty || !value.is_empty();
        set.filter(counts).unwrap_or(self.default)
    }
}

/// Every variable of a text.
pub(crate) fn variables(text: &str) -> Vec<Variable<'_>> {
    let starts = text.match_indices("${").map(|(at, _)| &text[at..]);
    let written = starts.filter_map(|rest| rest.find('}').map(|end| &rest[..=end]));
    written
        .map(|written| {
            let body = &written[2..written.len() - 1];
            let (name, default) = body
                .split_once('-')
                .unwrap_or_else(|| panic!("{written} has no default"));
            Variable {
                name: name.trim_end_matches(':'),
                default,
                may_be_empty: !name.ends_with(':'),
                written,
            }
        })
        .collect()
}

/// `text` with the variables replaced as by Compose, with only `env` set.
pub(crate) fn filled(text: &str, env: &Variables) -> String {
    let mut filled = text.to_owned();
    for variable in variables(text) {
        filled = filled.replace(variable.written, variable.value(env));
    }
    filled
}
