//! The stack's configuration of Prometheus, for the version that Debian has.

/// Keys of prometheus.yml that Debian's Prometheus 2.42 does not know, each on a line of its own. In
/// place of `extra_scrape_metrics` it has the feature [`EXTRA_SCRAPE_METRICS`].
const NEW_KEYS: [&str; 2] = ["scrape_config_files:", "extra_scrape_metrics:"];

/// The value of `--enable-feature` that does in Prometheus 2.42 what the key does in the stack's.
pub const EXTRA_SCRAPE_METRICS: &str = "extra-scrape-metrics";

/// The configuration without the keys that Debian's Prometheus does not know.
///
/// # Panics
/// If the configuration has none of them: this function would then have no effect.
#[must_use]
pub fn for_debian(configuration: &str) -> String {
    let is_new = |line: &str| {
        NEW_KEYS
            .iter()
            .any(|key| line.trim_start().starts_with(key))
    };
    let lines = configuration.lines().filter(|line| !is_new(line));
    let kept: String = lines.map(|line| format!("{line}\n")).collect();
    assert_ne!(kept.trim_end(), configuration.trim_end(), "has no new keys");
    kept
}
