//! The supported part of TraceQL: one spanset filter, `{ comparison && (comparison || comparison)
//! }`.
//!
//! `parse` parses it, `field` looks up the value of a name, `screen` skips spans by their summary,
//! and this file evaluates filters.

mod context;
mod duration;
mod field;
mod parse;
mod quoted;
mod screen;

use std::cmp::Ordering;

use crate::head::Head;
use crate::{Kind, Status, Value};
pub(crate) use context::Context;
pub(crate) use field::Field;
pub(crate) use parse::parse;
pub(crate) use screen::Screen;

/// The supported syntax; part of every error for an unsupported query.
const SUPPORTED: &str = "one spanset filter { ... } with the comparisons = != > >= < <= of span.x, resource.x, .x, name, duration, \
    status, kind, rootName, rootServiceName and traceDuration with a string, number, true, false, nil, duration, status or kind, \
    joined by && and || and grouped with parentheses";

/// Why a query cannot run. Positions count characters from 1.
#[derive(Debug, PartialEq, thiserror::Error)]
pub(crate) enum Error {
    /// Not TraceQL.
    #[error("invalid TraceQL query: {problem} at position {position}")]
    Invalid { problem: String, position: usize },
    /// Valid TraceQL that mini-tempo does not support.
    #[error(
        "mini-tempo, a stand-in for Tempo, does not support {what} (position {position}). It supports {SUPPORTED}"
    )]
    Unsupported { what: String, position: usize },
}

/// A condition on a span.
#[derive(Debug, PartialEq)]
pub(crate) enum Filter {
    Compare(Comparison),
    /// All conditions must hold; an empty list matches every span.
    And(Vec<Filter>),
    Or(Vec<Filter>),
}

#[derive(Debug, PartialEq)]
pub(crate) struct Comparison {
    pub(crate) field: Field,
    pub(crate) operator: Operator,
    pub(crate) literal: Literal,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Operator {
    Equal,
    NotEqual,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
}

/// The right-hand side of a comparison. A duration is a number of nanoseconds.
#[derive(Debug, PartialEq)]
pub(crate) enum Literal {
    Text(String),
    Int(i64),
    Float(f64),
    Bool(bool),
    Status(Status),
    Kind(Kind),
    Nil,
}

impl Filter {
    pub(crate) fn matches(&self, span: &Head<'_>, trace: &Context<'_>) -> bool {
        match self {
            Self::Compare(comparison) => comparison.holds(span, trace),
            Self::And(parts) => parts.iter().all(|part| part.matches(span, trace)),
            Self::Or(parts) => parts.iter().any(|part| part.matches(span, trace)),
        }
    }

    /// The comparisons in the order of the query.
    pub(crate) fn comparisons(&self) -> Vec<&Comparison> {
        match self {
            Self::Compare(comparison) => vec![comparison],
            Self::And(parts) | Self::Or(parts) => {
                parts.iter().flat_map(Self::comparisons).collect()
            }
        }
    }
}

impl Comparison {
    /// Even `!=` needs a value of a comparable type: as in Tempo, a span without the attribute
    /// never matches.
    pub(crate) fn holds(&self, span: &Head<'_>, trace: &Context<'_>) -> bool {
        match (&self.field, &self.literal) {
            (Field::Status, Literal::Status(wanted)) => {
                self.operator.accepts(span.status().cmp(wanted))
            }
            (Field::Kind, Literal::Kind(wanted)) => self.operator.accepts(span.kind().cmp(wanted)),
            (field, Literal::Nil) => {
                field.value(span, trace).is_none() == (self.operator == Operator::Equal)
            }
            (field, literal) => {
                let value = field.value(span, trace);
                let ordering = value.and_then(|value| literal.compare(value));
                ordering.is_some_and(|ordering| self.operator.accepts(ordering))
            }
        }
    }
}

impl Operator {
    fn accepts(self, ordering: Ordering) -> bool {
        match self {
            Self::Equal => ordering.is_eq(),
            Self::NotEqual => ordering.is_ne(),
            Self::Greater => ordering.is_gt(),
            Self::GreaterOrEqual => ordering.is_ge(),
            Self::Less => ordering.is_lt(),
            Self::LessOrEqual => ordering.is_le(),
        }
    }
}

impl Literal {
    /// Compares `value` with this literal; none if their types are not comparable. All numeric
    /// types are.
    fn compare(&self, value: Value<'_>) -> Option<Ordering> {
        match (value, self) {
            (Value::Text(value), Self::Text(wanted)) => Some(value.cmp(wanted)),
            (Value::Bool(value), Self::Bool(wanted)) => Some(value.cmp(wanted)),
            (Value::Int(value), Self::Int(wanted)) => Some(value.cmp(wanted)),
            (Value::Int(value), Self::Float(wanted)) => (value as f64).partial_cmp(wanted),
            (Value::Float(value), Self::Int(wanted)) => value.partial_cmp(&(*wanted as f64)),
            (Value::Float(value), Self::Float(wanted)) => value.partial_cmp(wanted),
            _ => None,
        }
    }
}
