//! The backends that store and show signals, and whether they are ready.

use url::Url;

use crate::examination::Doctor;
use crate::report::Finding;

/// A part of the stack that is not a service of a roll.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Backend {
    Alloy,
    Tempo,
    Prometheus,
    Alertmanager,
    Loki,
    Grafana,
}

impl Backend {
    /// Its name in compose.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Alloy => "alloy",
            Self::Tempo => "tempo",
            Self::Prometheus => "prometheus",
            Self::Alertmanager => "alertmanager",
            Self::Loki => "loki",
            Self::Grafana => "grafana",
        }
    }

    /// Its URL.
    pub(crate) fn url(self, doctor: &Doctor<'_>) -> Url {
        let cli = doctor.cli;
        let url = match self {
            Self::Alloy => &cli.alloy_url,
            Self::Tempo => &cli.tempo_url,
            Self::Prometheus => &cli.prometheus_url,
            Self::Alertmanager => &cli.alertmanager_url,
            Self::Loki => &cli.loki_url,
            Self::Grafana => &cli.grafana_url,
        };
        url.clone()
    }

    /// Checks once whether it works: there is no waiting for a backend that is down.
    pub(crate) async fn ready(self, doctor: &Doctor<'_>) -> Result<(), Finding> {
        let path = match self {
            Self::Alloy | Self::Prometheus | Self::Alertmanager => "/-/ready",
            Self::Tempo | Self::Loki => "/ready",
            Self::Grafana => "/api/health",
        };
        let answer = doctor.reader(self.url(doctor)).get(path, &[]).bytes().await;
        match answer {
            Ok(_) => Ok(()),
            Err(error) => Err(doctor.kind.no_answer(self.name(), &error)),
        }
    }
}
