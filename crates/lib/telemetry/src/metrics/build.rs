//! `build_info`: the version that runs.

use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;
use prometheus::{IntGaugeVec, Opts};

use super::VALID;
use crate::Service;

/// The commit of this build, from the variable `DICE_REVISION` at build time.
const REVISION: &str = match option_env!("DICE_REVISION") {
    Some(revision) => revision,
    None => "unknown",
};

/// A gauge that is always 1, with the version that the service reports when it is scraped.
pub(super) struct BuildInfo {
    empty: IntGaugeVec,
    service: Service,
}

impl BuildInfo {
    pub(super) fn of(service: Service) -> Box<Self> {
        let empty = gauges();
        Box::new(Self { empty, service })
    }
}

fn gauges() -> IntGaugeVec {
    let opts = Opts::new(
        "build_info",
        "Always 1; the labels have the version and the commit of the build",
    );
    IntGaugeVec::new(opts, &["version", "revision"]).expect(VALID)
}

impl Collector for BuildInfo {
    fn desc(&self) -> Vec<&Desc> {
        self.empty.desc()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        let gauges = gauges();
        let version = self.service.reported_version();
        let build = gauges.with_label_values(&[&*version, REVISION]);
        build.set(1);
        gauges.collect()
    }
}
