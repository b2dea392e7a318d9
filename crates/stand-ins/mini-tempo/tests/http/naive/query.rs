//! Random queries, their text, and what they mean.

use std::cmp::Ordering;
use std::fmt;

use rand::RngExt;
use rand::rngs::SmallRng;
use rand::seq::IndexedRandom;

use super::model::{KEYS, KINDS, Known, NAMES, SERVICES, STATUSES, Sent, Val};

pub(super) enum Query {
    Compare {
        field: String,
        operator: &'static str,
        literal: Literal,
    },
    All(Vec<Query>),
    Any(Vec<Query>),
}

#[derive(Debug, Clone)]
pub(super) enum Literal {
    Value(Val),
    /// With its number of nanoseconds.
    Duration(&'static str, i64),
    /// A status or a kind.
    Word(&'static str),
    Nil,
}

const ALL: [&str; 6] = ["=", "!=", ">", ">=", "<", "<="];
const EQUALITY: [&str; 2] = ["=", "!="];

impl Query {
    /// A query that is nested at most so deep.
    pub(super) fn random(random: &mut SmallRng, depth: usize) -> Self {
        let parts = |random: &mut SmallRng| {
            let number = random.random_range(1..4);
            (0..number)
                .map(|_| Self::random(random, depth - 1))
                .collect()
        };
        match random.random_range(0..4) {
            0 if depth > 0 => Self::All(parts(random)),
            1 if depth > 0 => Self::Any(parts(random)),
            _ => Self::comparison(random),
        }
    }

    fn comparison(random: &mut SmallRng) -> Self {
        let text = |texts: &[&'static str], random: &mut SmallRng| {
            Literal::Value(Val::Text(texts.choose(random).expect("some")))
        };
        let word = |words: &[&'static str], random: &mut SmallRng| {
            Literal::Word(words.choose(random).expect("some"))
        };
        let (field, literal) = match random.random_range(0..10) {
            0 => ("name", text(&NAMES, random)),
            1 => ("rootName", text(&NAMES, random)),
            2 => ("rootServiceName", text(&SERVICES, random)),
            3 => ("duration", duration(random)),
            4 => ("traceDuration", duration(random)),
            5 => ("status", word(&STATUSES, random)),
            6 => ("kind", word(&KINDS, random)),
            _ => return Self::attribute(random),
        };
        let is_word = matches!(literal, Literal::Word(_));
        let operators: &[_] = if is_word { &EQUALITY } else { &ALL };
        Self::Compare {
            field: field.to_owned(),
            operator: operators.choose(random).expect("some"),
            literal,
        }
    }

    fn attribute(random: &mut SmallRng) -> Self {
        let scope = ["span.", "resource.", "."].choose(random).expect("some");
        let key = KEYS.choose(random).expect("some");
        let literal = match random.random_range(0..8) {
            0..3 => Val::Text(
                ["fair", "risky", "frontend", "no"]
                    .choose(random)
                    .expect("some"),
            ),
            3..5 => Val::Int(random.random_range(-1..3)),
            5 => Val::Float([0.5, 1.0][random.random_range(0..2)]),
            6 => Val::Bool(random.random()),
            _ => Val::List,
        };
        let operators: &[_] = match literal {
            Val::Bool(_) | Val::List => &EQUALITY,
            _ => &ALL,
        };
        let literal = match literal {
            Val::List => Literal::Nil,
            value => Literal::Value(value),
        };
        Self::Compare {
            field: format!("{scope}{key}"),
            operator: operators.choose(random).expect("some"),
            literal,
        }
    }

    pub(super) fn holds(&self, span: &Sent, trace: &Known) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|part| part.holds(span, trace)),
            Self::Any(parts) => parts.iter().any(|part| part.holds(span, trace)),
            Self::Compare {
                field,
                operator,
                literal,
            } => compare(field, operator, literal, span, trace),
        }
    }
}

fn duration(random: &mut SmallRng) -> Literal {
    let durations = [
        ("0", 0),
        ("5ms", 5_000_000),
        ("0.01s", 10_000_000),
        ("15000000", 15_000_000),
        ("1s", 1_000_000_000),
        ("-1", -1),
    ];
    let (text, nanos) = *durations.choose(random).expect("some");
    Literal::Duration(text, nanos)
}

fn compare(field: &str, operator: &str, literal: &Literal, span: &Sent, trace: &Known) -> bool {
    let ordering = match literal {
        Literal::Nil => return value(field, span, trace).is_none() == (operator == "="),
        Literal::Word(word) => {
            let words: [&str; 2] = [KINDS[span.kind], STATUSES[span.status]];
            return words.contains(word) == (operator == "=");
        }
        Literal::Duration(_, nanos) => order(value(field, span, trace), &Val::Int(*nanos)),
        Literal::Value(wanted) => order(value(field, span, trace), wanted),
    };
    match operator {
        "=" => ordering == Some(Ordering::Equal),
        "!=" => ordering.is_some_and(Ordering::is_ne),
        ">" => ordering == Some(Ordering::Greater),
        ">=" => ordering.is_some_and(Ordering::is_ge),
        "<" => ordering == Some(Ordering::Less),
        _ => ordering.is_some_and(Ordering::is_le),
    }
}

fn order(value: Option<Val>, wanted: &Val) -> Option<Ordering> {
    match (value?, wanted) {
        (Val::Text(value), Val::Text(wanted)) => Some(value.cmp(wanted)),
        (Val::Bool(value), Val::Bool(wanted)) => Some(value.cmp(wanted)),
        (value, wanted) => number(&value)?.partial_cmp(&number(wanted)?),
    }
}

/// The numbers of this test are small, so a float has them exactly.
fn number(value: &Val) -> Option<f64> {
    match value {
        Val::Int(number) => Some(*number as f64),
        Val::Float(number) => Some(*number),
        Val::Text(_) | Val::Bool(_) | Val::List => None,
    }
}

fn value(field: &str, span: &Sent, trace: &Known) -> Option<Val> {
    let nanos = |nanos: u64| Some(Val::Int(i64::try_from(nanos).expect("short")));
    match field {
        "name" => Some(Val::Text(span.name)),
        "duration" => nanos(span.duration()),
        "traceDuration" => nanos(trace.duration()),
        "rootName" => trace.root().map(|root| Val::Text(root.name)),
        "rootServiceName" => trace.root().map(|root| Val::Text(root.service)),
        field => {
            let (scope, key) = field.split_once('.').expect("an attribute");
            match scope {
                "span" => find(&span.attributes, key),
                "resource" => of_resource(span, key),
                _ => find(&span.attributes, key).or_else(|| of_resource(span, key)),
            }
        }
    }
}

fn of_resource(span: &Sent, key: &str) -> Option<Val> {
    match key {
        "service.name" => Some(Val::Text(span.service)),
        key => find(&span.resource, key),
    }
}

/// Of two attributes with this key, the first counts.
fn find(attributes: &[(&str, Val)], key: &str) -> Option<Val> {
    let (_, value) = attributes.iter().find(|(known, _)| *known == key)?;
    (*value != Val::List).then(|| value.clone())
}

impl fmt::Display for Query {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{{ {} }}", self.text())
    }
}

impl Query {
    fn text(&self) -> String {
        let join = |parts: &[Self], operator: &str| {
            let parts = parts.iter().map(|part| format!("({})", part.text()));
            parts.collect::<Vec<_>>().join(operator)
        };
        match self {
            Self::All(parts) => join(parts, " && "),
            Self::Any(parts) => join(parts, " || "),
            Self::Compare {
                field,
                operator,
                literal,
            } => format!("{field} {operator} {}", literal.text()),
        }
    }
}

impl Literal {
    fn text(&self) -> String {
        match self {
            Self::Value(Val::Text(text)) => format!("{text:?}"),
            Self::Value(Val::Int(number)) => number.to_string(),
            Self::Value(Val::Float(number)) => format!("{number:?}"),
            Self::Value(Val::Bool(truth)) => truth.to_string(),
            Self::Duration(text, _) | Self::Word(text) => (*text).to_owned(),
            Self::Nil | Self::Value(Val::List) => "nil".to_owned(),
        }
    }
}
