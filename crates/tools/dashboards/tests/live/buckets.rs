//! Whether the buckets of the services' histograms are fine enough: a median inside the lowest
//! bucket would always be shown as half of its bound.

use std::time::SystemTime;

use crate::prometheus::Prometheus;

/// Maximum share of the observations in the lowest bucket.
const MOST: f64 = 0.5;

/// Duration histograms whose quantiles panels show.
const HISTOGRAMS: [&str; 7] = [
    "http_request_duration_seconds",
    "die_service_request_duration_seconds",
    "streamlit_request_duration_seconds",
    "async_roll_duration_seconds",
    "database_query_duration_seconds",
    "database_connection_acquire_duration_seconds",
    "http_server_duration_milliseconds",
];

/// The histograms that are too coarse, by job.
pub(crate) async fn check(prometheus: &Prometheus, at: SystemTime) -> Vec<String> {
    let mut problems = Vec::new();
    for name in HISTOGRAMS {
        let query = format!("sum by (job, le) ({name}_bucket)");
        let buckets = prometheus.range(&query, true, at).await;
        let mut buckets = buckets.expect("a valid query");
        let bound = |labels: &std::collections::BTreeMap<String, String>| {
            labels["le"]
                .replace("+Inf", "inf")
                .parse::<f64>()
                .unwrap_or(f64::NAN)
        };
        buckets.sort_by(|one, other| {
            let (job, bounds) = (&one.labels["job"], bound(&one.labels));
            job.cmp(&other.labels["job"])
                .then(bounds.total_cmp(&bound(&other.labels)))
        });
        for of_job in buckets.chunk_by(|one, other| one.labels["job"] == other.labels["job"]) {
            let (Some(lowest), Some(all)) = (of_job.first(), of_job.last()) else {
                continue;
            };
            let (share, job) = (lowest.last() / all.last(), &lowest.labels["job"]);
            println!(
                "{name} of {job}: {:.1} % in the lowest bucket",
                100.0 * share
            );
            if share > MOST {
                problems.push(format!(
                    "{name} of {job}: {share:.2} are in the lowest bucket"
                ));
            }
        }
    }
    problems
}
