//! The running system: its services, and the faults that it can have.

use std::path::PathBuf;

use faults::{Fault, Kind};
use stages::{Component, Stage};

use crate::Demo;
use crate::cli::Cli;

/// The word for an answer that there is no fault.
pub(crate) const NONE: &str = "none";

/// A running system.
#[derive(Debug, Clone)]
pub(crate) struct System {
    pub(crate) stage: Stage,
    pub(crate) file: PathBuf,
    /// Where to look, besides the servers that flags name.
    pub(crate) places: Vec<String>,
    lacks: Vec<(Fault, String)>,
}

impl System {
    /// The system of the flags, or that of a demo.
    pub(crate) fn new(cli: &Cli, demo: Option<Demo>) -> Self {
        match demo {
            None => Self {
                stage: cli.stage,
                file: cli.faults_file.clone(),
                places: Vec::new(),
                lacks: Vec::new(),
            },
            Some(demo) => Self {
                stage: demo.stage,
                file: demo.file,
                places: vec![
                    format!("rolls http://localhost:{}/", demo.port),
                    "/metrics and log lines of the services, as the demo printed".to_owned(),
                ],
                lacks: demo.lacks,
            },
        }
    }

    /// The faults that it can have, in the order of the table.
    pub(crate) fn faults(&self) -> Vec<Fault> {
        let all = Fault::ALL.into_iter();
        all.filter(|fault| self.missing(*fault).is_none()).collect()
    }

    /// Why it cannot have `fault`; None if it can.
    pub(crate) fn missing(&self, fault: Fault) -> Option<String> {
        let needed = fault.spec().stage;
        if self.stage.number() < needed {
            return Some(format!(
                "it needs stage {needed} or later, and this is stage {}",
                self.stage
            ));
        }
        let mut lacks = self.lacks.iter();
        let found = lacks.find(|(lacking, _)| *lacking == fault);
        found.map(|(_, reason)| reason.clone())
    }

    /// The names of services that an answer can have, without `none`.
    pub(crate) fn services(&self) -> Vec<&'static str> {
        let mut services: Vec<&str> = Component::ALL
            .into_iter()
            .filter(|component| self.stage.runs(*component))
            .map(Component::name)
            .collect();
        for fault in self.faults() {
            let service = fault.spec().service;
            if !services.contains(&service) {
                services.push(service);
            }
        }
        services
    }

    /// The names of kinds that an answer can have, without `none`.
    pub(crate) fn kinds(&self) -> Vec<&'static str> {
        Kind::ALL.into_iter().map(Kind::name).collect()
    }
}
