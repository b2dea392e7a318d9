//! Where spans come from: their resource and their scope, each stored once for all spans.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::mem::take;
use std::sync::Arc;

use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans};
use prost::Message;

use crate::Value;
use crate::otlp::Learn;
use crate::signature::{Owner, Signature};
use crate::trim::Trimmer;
use crate::value::find;
use crate::wire::Fields;

/// A resource, as the encoded `ResourceSpans` around its spans.
#[derive(Debug)]
pub(crate) struct Origin {
    pub(crate) envelope: Envelope,
    pub(crate) service: String,
    /// Of the resource's attributes.
    pub(crate) signature: Signature,
    /// The hash of the envelope: a resource can be large, and it is looked up for each request.
    hash: u64,
}

/// A scope of an origin, as the encoded `ScopeSpans` around its spans.
#[derive(Debug)]
pub(crate) struct Source {
    pub(crate) origin: Arc<Origin>,
    pub(crate) envelope: Envelope,
}

/// What comes before and after the spans in an encoded message.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct Envelope {
    pub(crate) before: Box<[u8]>,
    pub(crate) after: Box<[u8]>,
}

/// The field of a `ResourceSpans` with the resource, and the field of a `Resource` with attributes.
const RESOURCE: u32 = 1;
const ATTRIBUTES: u32 = 1;

impl Origin {
    /// Trims `batch`, which has no spans.
    pub(crate) fn new(mut batch: ResourceSpans, trimmer: &mut Trimmer, learn: &Learn<'_>) -> Self {
        if let Some(resource) = &mut batch.resource {
            trimmer.resource(resource);
            learn(Owner::Resource, &resource.attributes);
        }
        let signature = batch.resource.as_ref().map(signature);
        let envelope = Envelope::of_batch(batch, trimmer);
        let mut origin = Self {
            hash: envelope.digest(),
            envelope,
            service: String::new(),
            signature: signature.unwrap_or_default(),
        };
        if let Some(Value::Text(service)) = origin.attribute("service.name") {
            origin.service = service.to_owned();
        }
        origin
    }

    /// The resource's attribute with this name.
    pub(crate) fn attribute(&self, key: &str) -> Option<Value<'_>> {
        let resource = Fields(&self.envelope.before).find(RESOURCE)?;
        find(resource.bytes(), ATTRIBUTES, key)
    }

    /// The bytes that it owns.
    pub(crate) fn bytes(&self) -> usize {
        self.envelope.bytes() + self.service.len()
    }
}

fn signature(resource: &Resource) -> Signature {
    Signature::of(Owner::Resource, &resource.attributes)
}

impl Source {
    /// The bytes that it owns, without its origin.
    pub(crate) fn bytes(&self) -> usize {
        self.envelope.bytes()
    }
}

impl Envelope {
    fn of_batch(mut batch: ResourceSpans, trimmer: &mut Trimmer) -> Self {
        trimmer.text(&mut batch.schema_url);
        let after = ResourceSpans {
            schema_url: take(&mut batch.schema_url),
            ..ResourceSpans::default()
        };
        Self::new(&batch, &after)
    }

    /// Trims `scope`, which has no spans.
    pub(crate) fn of_scope(mut scope: ScopeSpans, trimmer: &mut Trimmer) -> Self {
        if let Some(scope) = &mut scope.scope {
            trimmer.scope(scope);
        }
        trimmer.text(&mut scope.schema_url);
        let after = ScopeSpans {
            schema_url: take(&mut scope.schema_url),
            ..ScopeSpans::default()
        };
        Self::new(&scope, &after)
    }

    fn new(before: &impl Message, after: &impl Message) -> Self {
        Self {
            before: before.encode_to_vec().into(),
            after: after.encode_to_vec().into(),
        }
    }

    pub(crate) fn bytes(&self) -> usize {
        self.before.len() + self.after.len()
    }

    fn digest(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.hash(&mut hasher);
        hasher.finish()
    }
}

impl PartialEq for Origin {
    fn eq(&self, other: &Self) -> bool {
        self.hash == other.hash && self.envelope == other.envelope
    }
}

impl Eq for Origin {}

impl Hash for Origin {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.hash);
    }
}

/// Origins are interned first: two sources of one origin share it.
impl PartialEq for Source {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.origin, &other.origin) && self.envelope == other.envelope
    }
}

impl Eq for Source {}

impl Hash for Source {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.origin.hash);
        self.envelope.hash(state);
    }
}
