//! The variables with headers for the collector. The exporter reads them and omits invalid headers
//! silently; here they are reported. Their values are secrets, so a warning does not contain them.

use std::str::FromStr;

use percent_encoding::percent_decode_str;
use reqwest::header::{HeaderName, HeaderValue};

use super::{NOT_UTF8, ignore, set};
use crate::resource::is_percent_encoded;

/// In order of precedence: the exporter reads the first one that is set.
const VARIABLES: [&str; 2] = [
    "OTEL_EXPORTER_OTLP_TRACES_HEADERS",
    "OTEL_EXPORTER_OTLP_HEADERS",
];

/// Notes which headers the exporter does not send as written.
pub(super) fn check() {
    for variable in VARIABLES {
        let Some(value) = set(variable) else { continue };
        let Some(text) = value.to_str() else {
            ignore(
                variable,
                None,
                &format!("{NOT_UTF8}; none of its headers is sent"),
            );
            continue;
        };
        for problem in problems(text) {
            ignore(variable, None, &problem);
        }
        return;
    }
}

/// What is wrong with each pair, identified by its number.
fn problems(text: &str) -> Vec<String> {
    let pairs = text.split(',').map(str::trim).zip(1..);
    let pairs = pairs.filter(|(pair, _)| !pair.is_empty());
    let problems = pairs.filter_map(|(pair, number)| {
        let problem = problem(pair)?;
        Some(format!("header {number}: {problem}"))
    });
    problems.collect()
}

fn problem(pair: &str) -> Option<&'static str> {
    const NOT_A_PAIR: &str = "not name=value; it is not sent";
    let Some((name, value)) = pair.split_once('=') else {
        return Some(NOT_A_PAIR);
    };
    let (name, value) = (name.trim(), value.trim());
    if name.is_empty() || value.is_empty() {
        return Some(NOT_A_PAIR);
    }
    if HeaderName::from_str(name).is_err() {
        return Some("not a valid header name; it is not sent");
    }
    let decoded = percent_decode_str(value).decode_utf8();
    let Some(decoded) = decoded.ok().filter(|_| is_percent_encoded(value)) else {
        return Some("its %-escapes cannot be decoded; it is sent as written");
    };
    let is_value = HeaderValue::from_str(&decoded).is_ok();
    (!is_value).then_some("not a valid header value once decoded; it is not sent")
}

#[cfg(test)]
mod tests {
    use super::problems;

    #[test]
    fn each_pair_that_is_not_sent_as_written_is_reported_by_its_number() {
        for fine in [
            "",
            "a=b",
            "a=b,",
            " a = b%20c , x-y=1=2",
            "authorization=Basic%20x==",
        ] {
            assert_eq!(problems(fine), Vec::<String>::new(), "{fine}");
        }
        for (text, number, words) in [
            ("broken", 1, "not name=value"),
            ("a=b,=c", 2, "not name=value"),
            ("a=b,c=", 2, "not name=value"),
            ("a b=c", 1, "not a valid header name"),
            ("a=b, c=%zz", 2, "cannot be decoded"),
            ("a=%ff", 1, "cannot be decoded"),
            ("a=b%0Ac", 1, "not a valid header value"),
        ] {
            let problems = problems(text);
            let [problem] = &problems[..] else {
                panic!("{text}: {problems:?}")
            };
            let is_said = problem.starts_with(&format!("header {number}: "));
            assert!(is_said && problem.contains(words), "{text}: {problem}");
        }
    }
}
