//! The parameters of `/api/search`, checked as Tempo checks them. What Tempo would ignore, or take for a tag, is refused, so
//! that a misspelled parameter does not look like a search that finds everything.

use super::search::{Search, Select};
use crate::tags::Tags;
use crate::{duration, traceql};

/// What is wrong with a parameter; always answered with a 400.
#[derive(Debug, thiserror::Error)]
pub(super) enum Mistake {
    #[error("invalid {name}: {problem}")]
    Invalid { name: &'static str, problem: String },
    #[error("invalid request: can't specify tags and q in the same query")]
    TagsAndQuery,
    #[error("http parameter start must be before end. received start={start} end={end}")]
    Window { start: u32, end: u32 },
    #[error("invalid q: {0}")]
    Query(#[from] traceql::Error),
    #[error("unknown parameter {0:?}: the search knows {KNOWN:?}")]
    Unknown(String),
}

const KNOWN: [&str; 8] = [
    "q",
    "tags",
    "minDuration",
    "maxDuration",
    "limit",
    "start",
    "end",
    "spss",
];

/// Tempo's `default_result_limit`.
const DEFAULT_LIMIT: u32 = 20;

/// Tempo's `default_spans_per_span_set` and `max_spans_per_span_set`.
const DEFAULT_SPANS: u32 = 3;
const MAX_SPANS: u32 = 100;

struct Parameters<'a>(&'a [(String, String)]);

/// Reads a search from the decoded query string.
///
/// # Errors
/// [`Mistake`] names the parameter.
pub(super) fn parse(parameters: &[(String, String)]) -> Result<Search, Mistake> {
    let is_unknown = |(name, _): &&(String, String)| !KNOWN.contains(&name.as_str());
    if let Some((name, _)) = parameters.iter().find(is_unknown) {
        return Err(Mistake::Unknown(name.clone()));
    }
    let parameters = Parameters(parameters);
    Ok(Search {
        select: parameters.select()?,
        window: parameters.window()?,
        limit: parameters.limit()?,
        spans: parameters.spans()?,
    })
}

impl Parameters<'_> {
    /// The first value, as in Go; an empty one counts as absent.
    fn get(&self, name: &str) -> Option<&str> {
        let (_, value) = self.0.iter().find(|(known, _)| known == name)?;
        (!value.is_empty()).then_some(value)
    }

    fn number(&self, name: &'static str) -> Result<Option<u32>, Mistake> {
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

    /// In nanoseconds.
    fn duration(&self, name: &'static str) -> Result<Option<u64>, Mistake> {
        let parse = |text: &str| {
            let nanos = duration::parse(text);
            nanos.ok_or_else(|| {
                invalid(
                    name,
                    format!("{text:?} is not a duration such as 100ms or 1.5s"),
                )
            })
        };
        self.get(name).map(parse).transpose()
    }

    fn select(&self) -> Result<Select, Mistake> {
        match (self.get("q"), self.get("tags")) {
            (Some(_), Some(_)) => Err(Mistake::TagsAndQuery),
            (Some(query), None) => self.query(query),
            (None, tags) => self.tags(tags.unwrap_or_default()),
        }
    }

    fn query(&self, query: &str) -> Result<Select, Mistake> {
        for name in ["minDuration", "maxDuration"] {
            if self.get(name).is_some() {
                return Err(invalid(
                    name,
                    "Tempo ignores it with q; write traceDuration in q",
                ));
            }
        }
        Ok(Select::TraceQl(traceql::parse(query)?))
    }

    fn tags(&self, tags: &str) -> Result<Select, Mistake> {
        let tags = Tags::parse(tags).map_err(|problem| invalid("tags", problem))?;
        let shortest = self.duration("minDuration")?.unwrap_or(0);
        let longest = self.duration("maxDuration")?.unwrap_or(u64::MAX);
        if shortest > longest {
            return Err(invalid("maxDuration", "must be greater than minDuration"));
        }
        Ok(Select::Tags {
            tags,
            durations: shortest..=longest,
        })
    }

    fn window(&self) -> Result<Option<(u32, u32)>, Mistake> {
        let start = self.number("start")?.unwrap_or(0);
        let end = self.number("end")?.unwrap_or(0);
        match (start, end) {
            (0, 0) => Ok(None),
            (start, end) if start < end => Ok(Some((start, end))),
            (start, end) => Err(Mistake::Window { start, end }),
        }
    }

    fn limit(&self) -> Result<u32, Mistake> {
        match self.number("limit")? {
            Some(0) => Err(invalid("limit", "must be a positive number")),
            limit => Ok(limit.unwrap_or(DEFAULT_LIMIT)),
        }
    }

    fn spans(&self) -> Result<u32, Mistake> {
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

fn invalid(name: &'static str, problem: impl Into<String>) -> Mistake {
    let problem = problem.into();
    Mistake::Invalid { name, problem }
}
