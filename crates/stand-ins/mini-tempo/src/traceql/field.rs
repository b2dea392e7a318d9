//! The left-hand side of a comparison: attributes and the supported intrinsics.

use super::{Context, Literal, Operator};
use crate::Value;
use crate::head::Head;

#[derive(Debug, PartialEq)]
pub(crate) enum Field {
    /// `span.x`
    Span(String),
    /// `resource.x`
    Resource(String),
    /// `.x`: on the span, otherwise on its resource.
    Any(String),
    Name,
    Duration,
    Status,
    Kind,
    RootName,
    RootServiceName,
    TraceDuration,
}

impl Field {
    /// Parses a name; none if mini-tempo does not support it.
    pub(crate) fn parse(word: &str) -> Option<Self> {
        let attribute = |scope: &str| {
            let key = word.strip_prefix(scope).filter(|key| !key.is_empty());
            key.map(str::to_owned)
        };
        attribute("span.")
            .map(Self::Span)
            .or_else(|| attribute("resource.").map(Self::Resource))
            .or_else(|| attribute(".").map(Self::Any))
            .or_else(|| Self::intrinsic(word))
    }

    fn intrinsic(word: &str) -> Option<Self> {
        match word {
            "name" | "span:name" => Some(Self::Name),
            "duration" | "span:duration" => Some(Self::Duration),
            "status" | "span:status" => Some(Self::Status),
            "kind" | "span:kind" => Some(Self::Kind),
            "rootName" | "trace:rootName" => Some(Self::RootName),
            "rootServiceName" | "trace:rootService" => Some(Self::RootServiceName),
            "traceDuration" | "trace:duration" => Some(Self::TraceDuration),
            _ => None,
        }
    }

    /// Whether the comparison can hold for any span; Tempo also rejects one that cannot.
    pub(crate) fn can_compare(&self, operator: Operator, literal: &Literal) -> bool {
        let is_equality = matches!(operator, Operator::Equal | Operator::NotEqual);
        match (self, literal) {
            (
                Self::Span(_) | Self::Resource(_) | Self::Any(_),
                Literal::Status(_) | Literal::Kind(_),
            ) => false,
            (_, Literal::Nil | Literal::Bool(_)) if !is_equality => false,
            (Self::Span(_) | Self::Resource(_) | Self::Any(_), _) => true,
            (Self::Name | Self::RootName | Self::RootServiceName, literal) => {
                matches!(literal, Literal::Text(_))
            }
            (Self::Duration | Self::TraceDuration, literal) => {
                matches!(literal, Literal::Int(_) | Literal::Float(_))
            }
            (Self::Status, literal) => is_equality && matches!(literal, Literal::Status(_)),
            (Self::Kind, literal) => is_equality && matches!(literal, Literal::Kind(_)),
        }
    }

    /// The value of the field for a span; none if the span has no such attribute. Status and kind
    /// are compared as enums; their text is for answers only.
    pub(crate) fn value<'a>(&self, span: &Head<'a>, trace: &Context<'a>) -> Option<Value<'a>> {
        let resource = &span.span.source.origin;
        match self {
            Self::Span(key) => span.attribute(key),
            Self::Resource(key) => resource.attribute(key),
            Self::Any(key) => span.attribute(key).or_else(|| resource.attribute(key)),
            Self::Name => Some(Value::Text(span.name())),
            Self::Duration => Some(nanos(span.duration_nanos())),
            Self::Status => Some(Value::Text(span.status().as_str())),
            Self::Kind => Some(Value::Text(span.kind().as_str())),
            Self::RootName => trace.root().map(|root| Value::Text(root.name())),
            Self::RootServiceName => trace.root().map(|root| Value::Text(root.span.service())),
            Self::TraceDuration => Some(nanos(trace.duration)),
        }
    }

    /// The key of the value in an answer; none for values with their own fields.
    pub(crate) fn key(&self) -> Option<&str> {
        match self {
            Self::Span(key) | Self::Resource(key) | Self::Any(key) => Some(key),
            Self::Status => Some("status"),
            Self::Kind => Some("kind"),
            Self::Name
            | Self::Duration
            | Self::RootName
            | Self::RootServiceName
            | Self::TraceDuration => None,
        }
    }
}

fn nanos(duration: u64) -> Value<'static> {
    Value::Int(i64::try_from(duration).unwrap_or(i64::MAX))
}
