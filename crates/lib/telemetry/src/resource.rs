//! The resource of a process: the attributes of all its spans.

use std::str::FromStr;

use opentelemetry::KeyValue;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::resource::{SdkProvidedResourceDetector, TelemetryResourceDetector};
use percent_encoding::percent_decode_str;

use crate::environment;

const SERVICE_NAME: &str = "service.name";

const SERVICE_VERSION: &str = "service.version";

/// The variable with these attributes.
pub(crate) const VARIABLE: &str = "OTEL_RESOURCE_ATTRIBUTES";

/// The maximum length of the variable in bytes: the attributes are sent with every batch of spans.
const MAX_BYTES: usize = 4096;

/// `OTEL_RESOURCE_ATTRIBUTES`: `key=value` pairs with commas; commas, equals signs and characters
/// outside ASCII are percent-encoded. The SDK's own reader does not decode them.
/// <https://opentelemetry.io/docs/specs/otel/resource/sdk/#specifying-resource-information-via-an-environment-variable>
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ResourceAttributes(Vec<(String, String)>);

impl FromStr for ResourceAttributes {
    type Err = String;

    /// # Errors
    /// If any pair is malformed: by the specification, all of them are discarded then.
    fn from_str(text: &str) -> Result<Self, String> {
        if text.len() > MAX_BYTES {
            return Err(format!(
                "{} bytes, more than the maximum of {MAX_BYTES}",
                text.len()
            ));
        }
        let pairs = text
            .split(',')
            .map(str::trim)
            .filter(|pair| !pair.is_empty());
        pairs.map(pair).collect::<Result<_, _>>().map(Self)
    }
}

fn pair(text: &str) -> Result<(String, String), String> {
    let malformed = "expected key=value pairs with commas, percent-encoded where needed";
    let (key, value) = text.split_once('=').ok_or(malformed)?;
    let (key, value) = (decode(key.trim())?, decode(value.trim())?);
    if key.is_empty() || text.matches('=').count() > 1 {
        return Err(malformed.to_owned());
    }
    Ok((key, value))
}

fn decode(text: &str) -> Result<String, String> {
    if !is_percent_encoded(text) {
        return Err("a % must be followed by two hexadecimal digits".to_owned());
    }
    let decoded = percent_decode_str(text).decode_utf8();
    let decoded = decoded.map_err(|_| "not UTF-8 once its %-escapes are decoded")?;
    Ok(decoded.into_owned())
}

/// Whether each `%` begins an escape.
pub(crate) fn is_percent_encoded(text: &str) -> bool {
    let mut escapes = text.split('%').skip(1).map(str::as_bytes);
    escapes.all(|rest| rest.len() >= 2 && rest[..2].iter().all(u8::is_ascii_hexdigit))
}

impl ResourceAttributes {
    /// Their `service.name`.
    pub(crate) fn service_name(&self) -> Option<&str> {
        let names = self.0.iter();
        let mut names = names.filter(|(key, name)| key == SERVICE_NAME && !name.is_empty());
        names.next_back().map(|(_, name)| name.as_str())
    }

    /// A resource with these attributes, `name` and `version`, which take precedence: by the
    /// specification, values from the program do. A different version is noted as ignored.
    pub(crate) fn resource(&self, name: &str, version: &'static str) -> Resource {
        let versions = self.0.iter().filter(|(key, _)| key == SERVICE_VERSION);
        for (key, other) in versions.filter(|(_, other)| other != version) {
            let reason = format!("the version is that of the build; {version} is used");
            environment::ignore(VARIABLE, Some(format!("{key}={other}")), &reason);
        }
        let own = self.0.iter();
        let own = own.map(|(key, value)| KeyValue::new(key.clone(), value.clone()));
        Resource::builder_empty()
            .with_detectors(&[
                Box::new(SdkProvidedResourceDetector),
                Box::new(TelemetryResourceDetector),
            ])
            .with_attributes(own)
            .with_attribute(KeyValue::new(SERVICE_VERSION, version))
            .with_service_name(name.to_owned())
            .build()
    }
}

/// `resource` with another version.
pub(crate) fn with_version(resource: &Resource, version: &str) -> Resource {
    let own = resource.iter();
    let own = own.map(|(key, value)| KeyValue::new(key.clone(), value.clone()));
    Resource::builder_empty()
        .with_attributes(own)
        .with_attribute(KeyValue::new(SERVICE_VERSION, version.to_owned()))
        .build()
}

#[cfg(test)]
mod tests {
    use super::ResourceAttributes;

    fn read(text: &str) -> Result<Vec<(String, String)>, String> {
        text.parse().map(|ResourceAttributes(pairs)| pairs)
    }

    #[test]
    fn values_are_decoded() {
        let pairs = read("a=b%2Cc%3Dd, team=caf%C3%A9,empty=").expect("pairs");
        let expected = [("a", "b,c=d"), ("team", "café"), ("empty", "")];
        let expected = expected.map(|(key, value)| (key.to_owned(), value.to_owned()));
        assert_eq!(pairs, expected);
        assert_eq!(read(""), Ok(Vec::new()));
    }

    #[test]
    fn one_mistake_discards_all() {
        let long = format!("a={}", "x".repeat(5000));
        for text in [
            "a=1,broken",
            "a=1,k=b=c",
            "=x",
            "a=%ff",
            "a=1,b=%zz",
            "a=%",
            "a=%4",
            "%g0=1",
            &long,
        ] {
            read(text).expect_err(text);
        }
    }
}
