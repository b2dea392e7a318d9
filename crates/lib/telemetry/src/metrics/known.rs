//! Label values from requests.

use std::collections::BTreeSet;

/// A fixed set of label values. Values from requests pass through [`guard`], so that no request can
/// create a series.
///
/// [`guard`]: Self::guard
#[derive(Debug, Clone)]
pub struct KnownValues(BTreeSet<String>);

impl KnownValues {
    /// The label value for all unknown values.
    pub const UNKNOWN: &'static str = "unknown";

    /// The set of `values`.
    pub fn new(values: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self(values.into_iter().map(Into::into).collect())
    }

    /// `value` if it is known, otherwise [`UNKNOWN`](Self::UNKNOWN).
    #[must_use]
    pub fn guard(&self, value: &str) -> &str {
        self.0.get(value).map_or(Self::UNKNOWN, String::as_str)
    }

    /// All possible results of [`guard`](Self::guard), for the series to create at 0.
    pub fn all(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str).chain([Self::UNKNOWN])
    }
}
