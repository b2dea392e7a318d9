//! The parameters of `/api/search`, checked as Tempo checks them. Parameters that Tempo ignores,
//! and those for its older query language, are rejected, so that a misspelled parameter does not
//! look like a search that matches everything.

use super::search::Search;
use crate::traceql::{self, Filter};

/// An invalid parameter, answered with 400.
#[derive(Debug, thiserror::Error)]
pub(super) enum InvalidParameter {
    #[error("invalid {name}: {problem}")]
    Invalid { name: &'static str, problem: String },
    #[error("http parameter start must be before end. received start={start} end={end}")]
    Window { start: u32, end: u32 },
    #[error("invalid q: {0}")]
    Query(#[from] traceql::Error),
    #[error(
        "unknown parameter {0:?}: the search supports {KNOWN:?}; write conditions as TraceQL in q"
    )]
    Unknown(String),
}

/// Tempo also has `tags`, `minDuration` and `maxDuration`, its query language before TraceQL.
const KNOWN: [&str; 5] = ["q", "limit", "start", "end", "spss"];

/// The default query.
const EVERYTHING: &str = "{}";

/// Tempo's `default_result_limit`.
const DEFAULT_LIMIT: u32 = 20;

/// Tempo's `default_spans_per_span_set` and `max_spans_per_span_set`.
const DEFAULT_SPANS: u32 = 3;
const MAX_SPANS: u32 = 100;

struct Parameters<'a>(&'a [(String, String)]);

/// Parses a search from the decoded query string.
///
/// # Errors
/// [`InvalidParameter`] with the name of the parameter.
pub(super) fn parse(parameters: &[(String, String)]) -> Result<Search, InvalidParameter> {
    let is_unknown = |(name, _): &&(String, String)| !KNOWN.contains(&name.as_str());
    if let Some((name, _)) = parameters.iter().find(is_unknown) {
        return Err(InvalidParameter::Unknown(name.clone()));
    }
    let parameters = Parameters(parameters);
    Ok(Search {
        filter: parameters.filter()?,
        window: parameters.window()?,
        limit: parameters.limit()?,
        spans: parameters.spans()?,
    })
}

impl Parameters<'_> {
    /// The first value, as in Go; an empty value counts as absent.
    fn get(&self, name: &str) -> Option<&str> {
        let (_, value) = self.0.iter().find(|(known, _)| known == name)?;
        (!value.is_empty()).then_some(value)
    }

    fn number(&self, name: &'static str) -> Result<Option<u32>, InvalidParameter> {
        let parse = |text: &str| {
            let number = text.parse().ok();
            number.ok_or_else(|| {
                invalid(
                    name,
                    format!("{text:?} is not a number from 0 to {}", u32::MAX),
                )
            })
        };
        self.get(name).map(parse).transpose()
    }

    fn filter(&self) -> Result<Filter, InvalidParameter> {
        Ok(traceql::parse(self.get("q").unwrap_or(EVERYTHING))?)
    }

    fn window(&self) -> Result<Option<(u32, u32)>, InvalidParameter> {
        let start = self.number("start")?.unwrap_or(0);
        let end = self.number("end")?.unwrap_or(0);
        match (start, end) {
            (0, 0) => Ok(None),
            (start, end) if start < end => Ok(Some((start, end))),
            (start, end) => Err(InvalidParameter::Window { start, end }),
        }
    }

    fn limit(&self) -> Result<u32, InvalidParameter> {
        match self.number("limit")? {
            Some(0) => Err(invalid("limit", "must be a positive number")),
            limit => Ok(limit.unwrap_or(DEFAULT_LIMIT)),
        }
    }

    fn spans(&self) -> Result<u32, InvalidParameter> {
        match self.number("spss")? {
            None | Some(0) => Ok(DEFAULT_SPANS),
            Some(spans) if spans <= MAX_SPANS => Ok(spans),
            Some(spans) => Err(invalid(
                "spss",
                format!("spans per span set exceeds {MAX_SPANS}. received {spans}"),
            )),
        }
    }
}

fn invalid(name: &'static str, problem: impl Into<String>) -> InvalidParameter {
    let problem = problem.into();
    InvalidParameter::Invalid { name, problem }
}
