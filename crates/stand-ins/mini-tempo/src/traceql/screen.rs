//! The part of a filter that a summary of spans can answer, so that a search reads few spans.

use super::{Comparison, Field, Filter, Literal, Operator};
use crate::signature::{Owner, Signature};
use crate::summary::{Marks, Summary};
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
    pub(crate) fn of(filter: &Filter) -> Self {
        match filter {
            Filter::Compare(comparison) => of_comparison(comparison),
            Filter::And(parts) => Self::All(parts.iter().map(Self::of).collect()),
            Filter::Or(parts) => Self::Any(parts.iter().map(Self::of).collect()),
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

fn of_comparison(comparison: &Comparison) -> Screen {
    let Comparison {
        field,
        operator,
        literal,
    } = comparison;
    let operator = *operator;
    match field {
        Field::Span(key) => attribute(Owner::Span, key, operator, literal),
        Field::Resource(key) => attribute(Owner::Resource, key, operator, literal),
        Field::Any(key) => {
            let owners = [Owner::Span, Owner::Resource];
            let screens = owners.map(|owner| attribute(owner, key, operator, literal));
            Screen::Any(screens.into())
        }
        Field::Name => name(operator, literal),
        Field::Duration => duration(operator, literal),
        Field::Status | Field::Kind => marks(operator, literal),
        Field::RootName | Field::RootServiceName | Field::TraceDuration => Screen::Open,
    }
}

fn attribute(owner: Owner, key: &str, operator: Operator, literal: &Literal) -> Screen {
    let value = match (operator, literal) {
        (Operator::Equal, Literal::Nil) => return Screen::Open,
        (Operator::Equal, Literal::Text(text)) => Value::Text(text),
        (Operator::Equal, Literal::Int(number)) => Value::Int(*number),
        (Operator::Equal, Literal::Float(number)) => Value::Float(*number),
        (Operator::Equal, Literal::Bool(truth)) => Value::Bool(*truth),
        // Any other comparison needs a value.
        _ => return Screen::Has(Signature::of_key(owner, key)),
    };
    Screen::Has(Signature::of_value(owner, key, value))
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
