//! The settings of telemetry, with OpenTelemetry's names of variables.
//! <https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/>

use std::convert::Infallible;
use std::time::Duration;

use clap::{Arg, Args, ValueEnum};
use tracing_subscriber::filter::Targets;
use url::Url;

use crate::endpoint::Endpoint;
use crate::resource::{self, ResourceAttributes};

/// The heading of these flags in `--help`.
pub(crate) const HEADING: &str = "Telemetry";

/// Hides these flags from the short `-h`, which lists the program's own flags; `--help` has all.
fn in_long_help(flag: Arg) -> Arg {
    let is_one = flag.get_help_heading() == Some(HEADING);
    if is_one {
        flag.hide_short_help(true)
    } else {
        flag
    }
}

/// The settings of logs and traces.
///
/// The OTLP exporter itself also reads `OTEL_EXPORTER_OTLP_HEADERS`. A variable with an unknown
/// value is ignored with a warning, see [`environment`](crate::environment); the same value of
/// a flag is an error.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = HEADING, mut_args(in_long_help))]
pub struct Settings {
    /// The URL to which spans are posted.
    #[command(flatten)]
    pub(crate) endpoint: Endpoint,

    /// Protocol for spans; there is no other one
    #[arg(long, env = "OTEL_EXPORTER_OTLP_PROTOCOL", value_enum, default_value_t = Protocol::HttpProtobuf)]
    pub otlp_protocol: Protocol,

    /// Timeout of one export in milliseconds, 1 or more
    #[arg(
        long,
        env = "OTEL_EXPORTER_OTLP_TIMEOUT",
        value_name = "MS",
        default_value = "5000"
    )]
    #[arg(value_parser = milliseconds)]
    pub otlp_timeout: Duration,

    /// Destination of spans
    #[arg(long, env = "OTEL_TRACES_EXPORTER", value_enum, default_value_t = TracesExporter::Otlp)]
    pub traces_exporter: TracesExporter,

    /// Which traces are recorded
    #[arg(long, env = "OTEL_TRACES_SAMPLER", value_enum)]
    #[arg(default_value_t = Sampler::ParentbasedTraceidratio)]
    pub traces_sampler: Sampler,

    /// The share of traces that the ratio samplers record, 0.0 to 1.0
    #[arg(
        long,
        env = "OTEL_TRACES_SAMPLER_ARG",
        value_name = "RATIO",
        default_value_t = 1.0
    )]
    #[arg(value_parser = ratio)]
    pub traces_sampler_arg: f64,

    /// Maximum number of spans that wait for export; further ones are dropped and counted
    #[arg(
        long,
        env = "OTEL_BSP_MAX_QUEUE_SIZE",
        value_name = "SPANS",
        default_value_t = 4096
    )]
    #[arg(value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..=1_000_000))]
    pub span_queue_size: usize,

    /// Maximum number of spans in one export
    #[arg(long, env = "OTEL_BSP_MAX_EXPORT_BATCH_SIZE", value_name = "SPANS")]
    #[arg(default_value_t = 512)]
    #[arg(value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..=65_536))]
    pub span_batch_size: usize,

    /// Maximum time that a span waits for its batch to fill, in milliseconds, 1 or more
    #[arg(
        long,
        env = "OTEL_BSP_SCHEDULE_DELAY",
        value_name = "MS",
        default_value = "500"
    )]
    #[arg(value_parser = milliseconds)]
    pub span_delay: Duration,

    /// The service.name of spans and the logger of log lines [default: the program's own name]
    #[arg(long, env = "OTEL_SERVICE_NAME", value_name = "NAME")]
    pub service_name: Option<String>,

    /// Attributes of all spans of this process: key=value,..., percent-encoded where needed. Their
    /// service.name is used if --service-name is not set; their service.version is ignored in
    /// favour of the build's
    #[arg(
        long,
        env = resource::VARIABLE,
        value_name = "PAIRS",
        default_value = ""
    )]
    #[arg(hide_default_value = true)]
    pub resource_attributes: ResourceAttributes,

    /// Record no spans; the trace context of callers is still passed on
    #[arg(long, env = "OTEL_SDK_DISABLED", value_parser = is_true)]
    pub otel_disabled: bool,

    /// Format of log lines
    #[arg(long, env = "LOG_FORMAT", value_enum, default_value_t = LogFormat::Json)]
    pub log_format: LogFormat,

    /// Filter for log lines: LEVEL, or TARGET=LEVEL pairs with commas
    #[arg(long, env = "RUST_LOG", value_name = "FILTER", default_value = "info")]
    pub log: Targets,
}

/// The destination of spans.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum TracesExporter {
    /// The OTLP endpoint
    Otlp,
    /// None; log lines still have trace ids
    None,
}

/// The protocol for spans.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Protocol {
    /// Protocol Buffers over HTTP/1.1
    #[value(name = "http/protobuf")]
    HttpProtobuf,
}

/// The samplers of the specification.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum Sampler {
    /// Every trace
    AlwaysOn,
    /// No trace
    AlwaysOff,
    /// A share of all traces
    Traceidratio,
    /// As the caller decided; without a caller, every trace
    ParentbasedAlwaysOn,
    /// As the caller decided; without a caller, no trace
    ParentbasedAlwaysOff,
    /// As the caller decided; without a caller, a share of all traces
    ParentbasedTraceidratio,
}

/// The format of log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// One JSON object per line
    Json,
    /// Coloured text for people
    Pretty,
}

impl Settings {
    /// The URL to which spans are posted; none if no spans are exported.
    pub(crate) fn traces_url(&self) -> Option<Url> {
        if self.otel_disabled || self.traces_exporter == TracesExporter::None {
            return None;
        }
        self.endpoint.url().cloned()
    }
}

/// Parses a boolean as the specification demands: anything but `true`, in any case, is false.
fn is_true(text: &str) -> Result<bool, Infallible> {
    Ok(text.eq_ignore_ascii_case("true"))
}

fn milliseconds(text: &str) -> Result<Duration, String> {
    match text.parse() {
        Ok(0) | Err(_) => Err("expected a whole number of milliseconds, 1 or more".to_owned()),
        Ok(millis) => Ok(Duration::from_millis(millis)),
    }
}

/// Parses a share, for flags.
///
/// # Errors
/// If it is not a number from 0 to 1.
pub fn ratio(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(ratio) if (0.0..=1.0).contains(&ratio) => Ok(ratio),
        _ => Err("expected a number from 0.0 to 1.0".to_owned()),
    }
}
