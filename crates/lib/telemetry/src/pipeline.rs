//! The telemetry pipeline of a process: set up before the first request, flushed after the last.

use std::io::{self, IsTerminal};
use std::os::fd::AsFd;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use opentelemetry::trace::noop::NoopTracer;
use opentelemetry::trace::{Tracer, TracerProvider as _};
use opentelemetry_otlp::{
    ExporterBuildError, Protocol, SpanExporter, WithExportConfig, WithHttpConfig,
};
use opentelemetry_sdk::trace::{
    BatchConfigBuilder, BatchSpanProcessor, Sampler as SdkSampler, SdkTracerProvider,
};
use tracing::dispatcher::{Dispatch, with_default};
use tracing::{Metadata, Subscriber};
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::{SubscriberInitExt, TryInitError};
use tracing_subscriber::{Layer, Registry};
use url::Url;

use crate::client::shown;
use crate::collector::{Collector, Verdicts, split_credentials};
use crate::export::{Bounded, Queue, Reported};
use crate::filter::Filter;
use crate::logs::{ForPeople, JsonLines, Lines, Writer};
use crate::tracer::KeepTracer;
use crate::{LogFormat, Losses, Sampler, Settings, environment, panics};

/// The maximum duration of the flush of spans at shutdown.
const FLUSH_BOUND: Duration = Duration::from_secs(2);

/// The maximum duration of the flush of log lines at shutdown.
const WRITE_BOUND: Duration = Duration::from_secs(1);

/// The name and version of a program, for the resource of its spans and for `build_info`.
#[derive(Debug, Clone, Copy)]
pub struct Service {
    /// `service.name`, and the `logger` of every line.
    pub name: &'static str,
    /// `service.version`.
    pub version: &'static str,
}

/// A running pipeline. Keep it until the last request is answered, then call
/// [`shutdown`](Self::shutdown), also after errors.
#[derive(Debug)]
#[must_use = "spans and lines are lost unless shutdown is called"]
pub struct Telemetry {
    subscriber: Dispatch,
    traces: Option<(SdkTracerProvider, Arc<Queue>)>,
    lines: Writer,
    losses: Losses,
}

/// Why telemetry could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum InitError {
    /// The exporter cannot be built from the settings.
    #[error("traces: {0}")]
    Exporter(#[from] ExporterBuildError),
    /// The exporter's HTTP client cannot be created.
    #[error("traces: {0}")]
    Client(#[from] reqwest::Error),
    /// The writer of log lines cannot be started.
    #[error("logs: {0}")]
    Writer(#[from] io::Error),
    /// This process already has a subscriber.
    #[error("logs: {0}")]
    Subscriber(#[from] TryInitError),
}

/// Sets up logs and traces for the whole process. Call it once, outside the async runtime.
///
/// # Errors
/// [`InitError`] if the exporter cannot be built or the process already has a subscriber.
pub fn init(service: Service, settings: &Settings) -> Result<Telemetry, InitError> {
    init_to(service, settings, &io::stdout())
}

/// Like [`init`], with log lines on `output`: the standard output of a command is for its result.
///
/// # Errors
/// As [`init`].
pub fn init_to(
    service: Service,
    settings: &Settings,
    output: &(impl AsFd + IsTerminal),
) -> Result<Telemetry, InitError> {
    let telemetry = scoped(service, settings, output)?;
    telemetry.subscriber.clone().try_init()?;
    panics::log(telemetry.losses.panics.clone());
    environment::warn();
    Ok(telemetry)
}

/// A pipeline for the code that runs with its [`subscriber`](Telemetry::subscriber), not for the
/// whole process. A process can have several of them, as in tests, each with its own losses. Panics
/// are not observed.
///
/// # Errors
/// As [`init`], except that the process may already have a subscriber.
pub fn scoped(
    service: Service,
    settings: &Settings,
    output: &(impl AsFd + IsTerminal),
) -> Result<Telemetry, InitError> {
    let losses = Losses::default();
    let name = settings.resource_attributes.service_name();
    let name = settings.service_name.as_deref().or(name);
    let name = name.unwrap_or(service.name);
    let lines = Lines::new(losses.lines.clone());
    let traces = tracer_provider(name, service, settings, &losses)?;
    let tracer = traces.as_ref().map(|(provider, _)| provider.tracer("dice"));
    let span_layer = match tracer.clone() {
        Some(tracer) => span_layer(tracer).boxed(),
        // Without an SDK, the API passes the caller's context on.
        None => span_layer(NoopTracer::new()).boxed(),
    };
    let subscriber = Registry::default()
        .with(span_layer)
        .with(line_layer(name, settings, &lines, output.is_terminal()))
        .with(tracer.map(KeepTracer))
        // Last, that is outside of the others: only there, the filter of `span_layer` does not make
        // `tracing` ask again for each line that is not written.
        .with(Filter(settings.log.clone()));
    let subscriber = Dispatch::new(subscriber);
    if let Some((_, queue)) = &traces {
        queue.report_to(&subscriber);
    }
    Ok(Telemetry {
        subscriber,
        traces,
        lines: lines.write_to(output)?,
        losses,
    })
}

/// The layer that writes log lines to `lines` in the format of the settings.
fn line_layer<S>(
    name: &str,
    settings: &Settings,
    lines: &Lines,
    is_terminal: bool,
) -> Box<dyn Layer<S> + Send + Sync>
where
    S: Subscriber + for<'s> LookupSpan<'s>,
{
    match settings.log_format {
        LogFormat::Json => JsonLines::new(name, lines.clone()).boxed(),
        LogFormat::Pretty => tracing_subscriber::fmt::layer()
            .event_format(ForPeople::new(name))
            .with_ansi(is_terminal)
            .with_writer(lines.clone())
            .boxed(),
    }
}

/// The bridge from `tracing` spans to OpenTelemetry, without its additional attributes.
fn span_layer<S, T>(tracer: T) -> impl Layer<S>
where
    S: Subscriber + for<'s> LookupSpan<'s>,
    T: Tracer + Send + Sync + 'static,
    T::Span: Send + Sync,
{
    let only_spans = filter_fn(|metadata: &Metadata<'_>| metadata.is_span());
    tracing_opentelemetry::layer()
        .with_tracer(tracer)
        .with_level(false)
        .with_location(false)
        .with_target(false)
        .with_threads(false)
        .with_tracked_inactivity(false)
        // Log lines have the trace id, so the trace does not repeat them as events.
        .with_filter(only_spans)
}

impl Telemetry {
    /// The losses of this pipeline, for registries that expose them.
    #[must_use]
    pub fn losses(&self) -> &Losses {
        &self.losses
    }

    /// The subscriber, for code to run with it, see [`scoped`].
    #[must_use]
    pub fn subscriber(&self) -> &Dispatch {
        &self.subscriber
    }

    /// Exports the waiting spans and writes the waiting lines.
    ///
    /// Blocks for up to 2 s for spans and 1 s for lines; call it after the async runtime has ended.
    /// Losses are logged.
    pub fn shutdown(self) {
        if let Some((provider, queue)) = &self.traces {
            let flushed = provider.shutdown_with_timeout(FLUSH_BOUND);
            let lost = queue.waiting();
            if flushed.is_err() && lost > 0 {
                with_default(&self.subscriber, || {
                    tracing::warn!(
                        lost,
                        "Spans were lost at shutdown: the collector is too slow"
                    );
                });
            }
        }
        self.lines.close(WRITE_BOUND);
    }
}

fn tracer_provider(
    name: &str,
    service: Service,
    settings: &Settings,
    losses: &Losses,
) -> Result<Option<(SdkTracerProvider, Arc<Queue>)>, InitError> {
    let resource = settings.resource_attributes.resource(name, service.version);
    let mut provider = SdkTracerProvider::builder()
        .with_resource(resource)
        .with_sampler(sampler(settings));
    let queue = Arc::new(Queue::new(settings.span_queue_size, losses.spans.clone()));
    if let Some(url) = settings.traces_url() {
        provider = provider.with_span_processor(processor(service, &url, settings, &queue)?);
    }
    Ok((!settings.otel_disabled).then(|| (provider.build(), queue)))
}

fn processor(
    service: Service,
    url: &Url,
    settings: &Settings,
    queue: &Arc<Queue>,
) -> Result<Bounded<BatchSpanProcessor>, InitError> {
    let verdicts = Verdicts::default();
    let (plain, authorization) = split_credentials(url);
    let client = reqwest::blocking::Client::builder()
        // Proxies from the environment are not meant for a local collector.
        .no_proxy()
        // A redirect does not lead to a collector, but its 200 would count as an export.
        .redirect(reqwest::redirect::Policy::none())
        .timeout(settings.otlp_timeout)
        .build()?;
    let exporter = || {
        SpanExporter::builder()
            .with_http()
            .with_http_client(Collector {
                client: client.clone(),
                authorization: authorization.clone(),
                verdicts: verdicts.clone(),
            })
            .with_endpoint(plain.as_str())
            .with_protocol(Protocol::HttpBinary)
            .with_timeout(settings.otlp_timeout)
            .build()
    };
    let exporter = Reported {
        inner: exporter()?,
        next: exporter()?,
        next_version: service.next_version(),
        queue: Arc::clone(queue),
        endpoint: shown(url),
        verdicts,
        advised: AtomicBool::new(false),
    };
    let batches = BatchConfigBuilder::default()
        .with_max_queue_size(settings.span_queue_size)
        .with_max_export_batch_size(settings.span_batch_size.min(settings.span_queue_size))
        .with_scheduled_delay(settings.span_delay)
        .build();
    let inner = BatchSpanProcessor::builder(exporter)
        .with_batch_config(batches)
        .build();
    Ok(Bounded {
        inner,
        queue: Arc::clone(queue),
    })
}

fn sampler(settings: &Settings) -> SdkSampler {
    let ratio = SdkSampler::TraceIdRatioBased(settings.traces_sampler_arg);
    let parent_based = |root| SdkSampler::ParentBased(Box::new(root));
    match settings.traces_sampler {
        Sampler::AlwaysOn => SdkSampler::AlwaysOn,
        Sampler::AlwaysOff => SdkSampler::AlwaysOff,
        Sampler::Traceidratio => ratio,
        Sampler::ParentbasedAlwaysOn => parent_based(SdkSampler::AlwaysOn),
        Sampler::ParentbasedAlwaysOff => parent_based(SdkSampler::AlwaysOff),
        Sampler::ParentbasedTraceidratio => parent_based(ratio),
    }
}
