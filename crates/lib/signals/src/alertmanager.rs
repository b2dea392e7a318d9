//! Alerts from Alertmanager.
//! <https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml>

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::{AskError, Reader};

/// A client for one Alertmanager.
#[derive(Debug, Clone)]
pub struct Alertmanager(Reader);

/// An alert that Alertmanager has received and that is not over.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Alert {
    /// Its labels, including `alertname`.
    pub labels: BTreeMap<String, String>,
    /// Its texts for people, such as `summary` and `runbook_url`.
    #[serde(default)]
    pub annotations: BTreeMap<String, String>,
    /// Whether it is notified, or held back and why.
    pub status: Status,
}

/// What becomes of an alert.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Status {
    /// `unprocessed` before its first notification is due, then `active`, or `suppressed`.
    pub state: String,
    /// The fingerprints of the alerts that explain this one.
    pub inhibited_by: Vec<String>,
    /// The ids of the silences that it matches.
    pub silenced_by: Vec<String>,
}

impl Alert {
    /// The label `alertname`.
    #[must_use]
    pub fn name(&self) -> &str {
        self.label("alertname")
    }

    /// A label; empty if there is none.
    #[must_use]
    pub fn label(&self, name: &str) -> &str {
        self.labels.get(name).map_or("", String::as_str)
    }

    /// Whether neither another alert nor a silence holds it back.
    #[must_use]
    pub fn is_notified(&self) -> bool {
        self.status.inhibited_by.is_empty() && self.status.silenced_by.is_empty()
    }
}

impl Alertmanager {
    /// Reads through `reader`, whose base is the URL of Alertmanager.
    #[must_use]
    pub fn new(reader: Reader) -> Self {
        Self(reader)
    }

    /// All alerts that are not over, also those held back.
    ///
    /// # Errors
    /// [`AskError`].
    pub async fn alerts(&self) -> Result<Vec<Alert>, AskError> {
        self.0.get("/api/v2/alerts", &[]).json().await
    }
}
