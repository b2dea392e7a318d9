//! Random spans as plain values, and the traces that they form.

use opentelemetry_proto::tonic::common::v1::ArrayValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, Span, Status};
use rand::RngExt;
use rand::rngs::SmallRng;
use rand::seq::IndexedRandom;
use serde_json::{Value as Json, json};

use super::query::Query;
use crate::spans::{MS, START, attribute, batch, span};

pub(super) const NAMES: [&str; 3] = ["GET /roll", "roll", "work \"x\""];
pub(super) const SERVICES: [&str; 3] = ["frontend", "dice-roller", ""];
pub(super) const KEYS: [&str; 5] = ["die.type", "n", "rare", "service.name", "missing"];
pub(super) const KINDS: [&str; 6] = [
    "unspecified",
    "internal",
    "server",
    "client",
    "producer",
    "consumer",
];
pub(super) const STATUSES: [&str; 3] = ["unset", "ok", "error"];

/// An attribute's value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Val {
    Text(&'static str),
    Int(i64),
    Float(f64),
    Bool(bool),
    /// A list, which TraceQL cannot compare.
    List,
}

/// A span that was sent.
#[derive(Debug, Clone)]
pub(super) struct Sent {
    pub(super) trace: u128,
    pub(super) id: u64,
    parent: u64,
    pub(super) service: &'static str,
    pub(super) name: &'static str,
    pub(super) kind: usize,
    pub(super) status: usize,
    start: u64,
    end: u64,
    pub(super) attributes: Vec<(&'static str, Val)>,
    pub(super) resource: Vec<(&'static str, Val)>,
}

/// A stored trace.
pub(super) struct Known {
    id: u128,
    spans: Vec<Sent>,
}

impl Val {
    fn random(random: &mut SmallRng) -> Self {
        match random.random_range(0..6) {
            0 | 1 => Self::Text(["fair", "risky", "frontend"].choose(random).expect("some")),
            2 => Self::Int(random.random_range(-1..3)),
            3 => Self::Float([-0.0, 0.5, 1.0][random.random_range(0..3)]),
            4 => Self::Bool(random.random()),
            _ => Self::List,
        }
    }

    /// A value of `key`: of `n` there are many, and some are not numbers.
    fn of(key: &str, random: &mut SmallRng) -> Self {
        match (key, random.random_range(0..10)) {
            ("n", 0) => Self::Float(f64::NAN),
            ("n", 1..4) => Self::Int(random.random_range(0..100)),
            _ => Self::random(random),
        }
    }

    fn any(&self) -> Any {
        match self {
            Self::Text(text) => Any::StringValue((*text).to_owned()),
            Self::Int(number) => Any::IntValue(*number),
            Self::Float(number) => Any::DoubleValue(*number),
            Self::Bool(truth) => Any::BoolValue(*truth),
            Self::List => Any::ArrayValue(ArrayValue::default()),
        }
    }
}

/// Up to three attributes, perhaps two with the same key; `rare` is in one of 50 lists.
fn attributes(random: &mut SmallRng) -> Vec<(&'static str, Val)> {
    let number = random.random_range(0..4);
    let mut list: Vec<_> = (0..number)
        .map(|_| {
            let key = KEYS[random.random_range(0..2)];
            (key, Val::of(key, random))
        })
        .collect();
    if random.random_ratio(1, 50) {
        list.push((KEYS[2], Val::random(random)));
    }
    list
}

impl Sent {
    /// The spans of a trace: one to six, in one of 50 traces 100. Many start together.
    pub(super) fn trace(trace: u128, random: &mut SmallRng) -> Vec<Self> {
        let spans = match trace {
            50 | 100 | 150 => 100,
            _ => random.random_range(1..=6),
        };
        let start = START + random.random_range(0..20) * 250 * MS;
        (1..=spans)
            .map(|id| Self::random((trace, id), start, random))
            .collect()
    }

    fn random((trace, id): (u128, u64), start: u64, random: &mut SmallRng) -> Self {
        let start = start + random.random_range(0..3) * 5 * MS;
        let resource = attributes(random);
        Self {
            trace,
            id,
            parent: if random.random_bool(0.3) { 0 } else { id + 1 },
            service: SERVICES.choose(random).expect("some"),
            name: NAMES.choose(random).expect("some"),
            kind: random.random_range(0..KINDS.len()),
            status: random.random_range(0..STATUSES.len()),
            start,
            end: start + random.random_range(0..4) * 5 * MS,
            attributes: attributes(random),
            resource,
        }
    }

    /// The span as its service sends it.
    pub(super) fn batch(&self) -> ResourceSpans {
        let list = |list: &[(&str, Val)]| {
            list.iter()
                .map(|(key, value)| attribute(key, value.any()))
                .collect::<Vec<_>>()
        };
        let span = Span {
            kind: i32::try_from(self.kind).expect("small"),
            start_time_unix_nano: self.start,
            end_time_unix_nano: self.end,
            attributes: list(&self.attributes),
            status: Some(Status {
                code: i32::try_from(self.status).expect("small"),
                ..Status::default()
            }),
            ..span(self.trace, self.id, self.parent, self.name)
        };
        let mut batch = batch(self.service, vec![span]);
        let resource = batch.resource.as_mut().expect("a resource");
        resource.attributes.extend(list(&self.resource));
        batch
    }

    pub(super) fn duration(&self) -> u64 {
        self.end - self.start
    }
}

impl Known {
    pub(super) fn new(id: u128, spans: Vec<Sent>) -> Self {
        Self { id, spans }
    }

    pub(super) fn len(&self) -> usize {
        self.spans.len()
    }

    pub(super) fn start(&self) -> u64 {
        self.spans
            .iter()
            .map(|span| span.start)
            .min()
            .expect("some")
    }

    fn end(&self) -> u64 {
        self.spans.iter().map(|span| span.end).max().expect("some")
    }

    pub(super) fn duration(&self) -> u64 {
        self.end() - self.start()
    }

    /// The earliest span without a parent; of several, the first to arrive.
    pub(super) fn root(&self) -> Option<&Sent> {
        let roots = self.spans.iter().filter(|span| span.parent == 0);
        roots.min_by_key(|span| span.start)
    }

    /// In whole seconds.
    pub(super) fn overlaps(&self, (start, end): (u64, u64)) -> bool {
        self.end() >= start * 1_000 * MS && self.start() <= end * 1_000 * MS
    }

    pub(super) fn matching(&self, query: &Query) -> Vec<&Sent> {
        let spans = self.spans.iter();
        spans.filter(|span| query.holds(span, self)).collect()
    }

    /// Id, service and name of the root, start and duration, as the answer shows them.
    pub(super) fn metadata(&self) -> [Json; 5] {
        let root = self.root();
        let service = root
            .map(|root| root.service)
            .filter(|service| !service.is_empty());
        let millis = self.duration() / MS;
        [
            format!("{:x}", self.id).into(),
            service.unwrap_or("<root span not yet received>").into(),
            root.map_or(Json::Null, |root| root.name.into()),
            self.start().to_string().into(),
            if millis == 0 {
                Json::Null
            } else {
                json!(millis)
            },
        ]
    }
}
