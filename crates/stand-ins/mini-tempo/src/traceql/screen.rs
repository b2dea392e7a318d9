//! The part of a filter that a summary of spans can answer, so that a search reads few spans.

use super::{Comparison, Field, Filter, Literal, Operator};
use crate::signature::{Owner, Signature};
use crate::summary::{Marks, Summary};
use crate::vocabulary::Vocabulary;
use crate::{Kind, Status, Value};

/// A condition on a summary: if it does not hold, none of the spans matches the filter.
#[derive(Debug, PartialEq)]
pub(crate) enum Screen {
    /// Nothing is known.
    Open,
    Has(Signature),
    HasMark(Marks),
    /// The longest span has at least so many nanoseconds.
    Lasts(u64),
    All(Vec<Screen>),
    Any(Vec<Screen>),
}

impl Screen {
    pub(crate) fn of(filter: &Filter, vocabulary: &Vocabulary) -> Self {
        let all = |parts: &[Filter]| {
            let screens = parts.iter().map(|part| Self::of(part, vocabulary));
            screens.collect()
        };
        match filter {
            Filter::Compare(comparison) => of_comparison(comparison, vocabulary),
            Filter::And(parts) => Self::All(all(parts)),
            Filter::Or(parts) => Self::Any(all(parts)),
        }
    }

    /// Whether one of the spans may match.
    pub(crate) fn lets_through(&self, summary: &Summary) -> bool {
        match self {
            Self::Open => true,
            Self::Has(signature) => summary.signature.may_have(signature),
            Self::HasMark(marks) => summary.marks.overlap(*marks),
            Self::Lasts(nanos) => summary.longest >= *nanos,
            Self::All(parts) => parts.iter().all(|part| part.lets_through(summary)),
            Self::Any(parts) => parts.iter().any(|part| part.lets_through(summary)),
        }
    }
}

fn of_comparison(comparison: &Comparison, vocabulary: &Vocabulary) -> Screen {
    let (operator, literal) = (comparison.operator, &comparison.literal);
    let attribute = |owner, key: &str| attribute((owner, key), operator, literal, vocabulary);
    match &comparison.field {
        Field::Span(key) => attribute(Owner::Span, key),
        Field::Resource(key) => attribute(Owner::Resource, key),
        Field::Any(key) => {
            let owners = [Owner::Span, Owner::Resource];
            Screen::Any(owners.map(|owner| attribute(owner, key)).into())
        }
        Field::Name => name(operator, literal),
        Field::Duration => duration(operator, literal),
        Field::Status | Field::Kind => marks(operator, literal),
        Field::RootName | Field::RootServiceName | Field::TraceDuration => Screen::Open,
    }
}

fn attribute(
    (owner, key): (Owner, &str),
    operator: Operator,
    literal: &Literal,
    vocabulary: &Vocabulary,
) -> Screen {
    let has_value = |value| Screen::Has(Signature::of_value(owner, key, value));
    match (operator, literal) {
        (Operator::Equal, Literal::Nil) => Screen::Open,
        (Operator::Equal, Literal::Text(text)) => has_value(Value::Text(text)),
        (Operator::Equal, Literal::Int(number)) => has_value(Value::Int(*number)),
        (Operator::Equal, Literal::Float(number)) => has_value(Value::Float(*number)),
        (Operator::Equal, Literal::Bool(truth)) => has_value(Value::Bool(*truth)),
        // Any other comparison needs a value: one of those that satisfy it, if they are few.
        (operator, literal) => match vocabulary.values(owner, key) {
            Some(values) if *literal != Literal::Nil => {
                let satisfies = |value: &Value<'_>| {
                    let ordering = literal.compare(*value);
                    ordering.is_some_and(|ordering| operator.accepts(ordering))
                };
                Screen::Any(values.filter(satisfies).map(has_value).collect())
            }
            _ => Screen::Has(Signature::of_key(owner, key)),
        },
    }
}

fn name(operator: Operator, literal: &Literal) -> Screen {
    match (operator, literal) {
        (Operator::Equal, Literal::Text(text)) => Screen::Has(Signature::of_name(text)),
        _ => Screen::Open,
    }
}

fn duration(operator: Operator, literal: &Literal) -> Screen {
    let is_bound_below = matches!(
        operator,
        Operator::Greater | Operator::GreaterOrEqual | Operator::Equal
    );
    match literal {
        Literal::Int(nanos) if is_bound_below => Screen::Lasts((*nanos).max(0).cast_unsigned()),
        // The conversion rounds down, and 0 stands for a negative number.
        Literal::Float(nanos) if is_bound_below => Screen::Lasts(*nanos as u64),
        _ => Screen::Open,
    }
}

fn marks(operator: Operator, literal: &Literal) -> Screen {
    let kinds = |kind: &Kind| match literal {
        Literal::Kind(wanted) => operator.accepts(kind.cmp(wanted)),
        _ => false,
    };
    let statuses = |status: &Status| match literal {
        Literal::Status(wanted) => operator.accepts(status.cmp(wanted)),
        _ => false,
    };
    match literal {
        Literal::Kind(_) | Literal::Status(_) => Screen::HasMark(Marks::of(
            Kind::ALL.into_iter().filter(kinds),
            Status::ALL.into_iter().filter(statuses),
        )),
        _ => Screen::Open,
    }
}
