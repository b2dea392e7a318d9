//! The revealed fault on dashboards: `fault_active` with the times when it was on, written to
//! Prometheus after the fact. While a drill runs, the series would be its answer.
//! <https://prometheus.io/docs/specs/prw/remote_write_spec/>

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use faults::Fault;
use prost::Message;
use telemetry::client::Client;
use url::Url;

/// The interval of samples: that of Prometheus' scrapes.
const STEP: Duration = Duration::from_secs(5);

/// Timeout of the request.
const TIMEOUT: Duration = Duration::from_secs(10);

/// `prometheus.WriteRequest` of version 1.0.
#[derive(Clone, PartialEq, Message)]
struct WriteRequest {
    #[prost(message, repeated, tag = "1")]
    timeseries: Vec<TimeSeries>,
}

#[derive(Clone, PartialEq, Message)]
struct TimeSeries {
    /// Sorted by name.
    #[prost(message, repeated, tag = "1")]
    labels: Vec<Label>,
    /// Sorted by time.
    #[prost(message, repeated, tag = "2")]
    samples: Vec<Sample>,
}

#[derive(Clone, PartialEq, Message)]
struct Label {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(string, tag = "2")]
    value: String,
}

#[derive(Clone, PartialEq, Message)]
struct Sample {
    #[prost(double, tag = "1")]
    value: f64,
    /// Milliseconds since 1970.
    #[prost(int64, tag = "2")]
    timestamp: i64,
}

/// Writes that `fault` was on between the two times.
///
/// # Errors
/// Why Prometheus did not take it.
pub(crate) async fn write(
    prometheus: &Url,
    fault: Fault,
    began: SystemTime,
    ended: SystemTime,
) -> Result<(), String> {
    let request = request(fault, began, ended).encode_to_vec();
    let body = snap::raw::Encoder::new().compress_vec(&request);
    let body = body.map_err(|error| error.to_string())?;
    let url = base_url::endpoint(prometheus, "/api/v1/write", &[]);
    let post = "POST".parse().expect("a method");
    let client = Client::default();
    let reply = client.send_untraced(post, url, |request| {
        request
            .header("Content-Encoding", "snappy")
            .header("Content-Type", "application/x-protobuf")
            .header("X-Prometheus-Remote-Write-Version", "0.1.0")
            .timeout(TIMEOUT)
            .body(body)
    });
    let reply = reply.await.map_err(|error| error.cause())?;
    if reply.status.is_success() {
        return Ok(());
    }
    let text = String::from_utf8_lossy(&reply.body);
    Err(format!("{}: {}", reply.status, text.trim()))
}

fn request(fault: Fault, began: SystemTime, ended: SystemTime) -> WriteRequest {
    let spec = fault.spec();
    let labels = BTreeMap::from([
        ("__name__", "fault_active"),
        ("fault", spec.name),
        ("job", "drill"),
        ("service", spec.service),
    ]);
    let label = |(name, value): (&str, &str)| Label {
        name: name.to_owned(),
        value: value.to_owned(),
    };
    let mut samples = Vec::new();
    let mut at = began;
    while at < ended {
        samples.push(sample(1.0, at));
        at += STEP;
    }
    samples.push(sample(1.0, ended));
    // Otherwise a graph would draw the last value for another five minutes.
    samples.push(sample(0.0, ended + Duration::from_millis(1)));
    WriteRequest {
        timeseries: vec![TimeSeries {
            labels: labels.into_iter().map(label).collect(),
            samples,
        }],
    }
}

fn sample(value: f64, at: SystemTime) -> Sample {
    let at = at.duration_since(UNIX_EPOCH).unwrap_or_default();
    Sample {
        value,
        timestamp: i64::try_from(at.as_millis()).unwrap_or(i64::MAX),
    }
}
