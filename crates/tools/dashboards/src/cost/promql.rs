//! Expressions that several panels share. All are ratios of what happened within one window, so that a
//! range that is longer than the system has run shows the same as a shorter one.

/// The services of the chosen stages.
pub(super) const STAGE: &str = r#"stage=~"$stage""#;

/// Samples of a scrape.
pub(super) const SAMPLES: &str = "scrape_samples_post_metric_relabeling";

/// Seconds in 30 days.
pub(super) const MONTH: u32 = 30 * 24 * 60 * 60;

/// What the prices are for.
const SAMPLES_PRICED: &str = "1e7";
const BYTES_PRICED: &str = "1e9";

/// A signal, priced by its volume.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Signal {
    Metrics,
    Logs,
    Traces,
}

impl Signal {
    pub(super) const ALL: [Self; 3] = [Self::Metrics, Self::Logs, Self::Traces];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Metrics => "metrics",
            Self::Logs => "logs",
            Self::Traces => "traces",
        }
    }

    /// USD for one unit of the volume.
    pub(super) fn price(self) -> String {
        match self {
            Self::Metrics => format!("$usd_samples / {SAMPLES_PRICED}"),
            Self::Logs => format!("$usd_logs / {BYTES_PRICED}"),
            Self::Traces => format!("$usd_spans / {BYTES_PRICED}"),
        }
    }

    /// Samples or bytes within `window`, grouped by `by`, which is empty for one sum.
    fn volume(self, by: &str, window: &str) -> String {
        match self {
            Self::Metrics => format!(
                "{} (sum_over_time({SAMPLES}{{{STAGE}}}[{window}]))",
                sum(by)
            ),
            Self::Logs => increase("telemetry_log_bytes_total", by, window),
            Self::Traces => increase("telemetry_span_bytes_total", by, window),
        }
    }

    /// USD within `window`.
    pub(super) fn usd(self, by: &str, window: &str) -> String {
        format!("{} * {}", self.volume(by, window), self.price())
    }

    /// USD in a month at the current rate.
    pub(super) fn usd_a_month(self) -> String {
        let rate = match self {
            Self::Metrics => format!("sum ({SAMPLES}{{{STAGE}}}) / {}", interval()),
            Self::Logs => rate("telemetry_log_bytes_total"),
            Self::Traces => rate("telemetry_span_bytes_total"),
        };
        format!("{rate} * {MONTH} * {}", self.price())
    }
}

fn sum(by: &str) -> String {
    match by {
        "" => "sum".to_owned(),
        labels => format!("sum by ({labels})"),
    }
}

fn rate(counter: &str) -> String {
    format!("sum (rate({counter}{{{STAGE}}}[$__rate_interval]))")
}

/// The increase of a counter of the services within `window`.
pub(super) fn increase(counter: &str, by: &str, window: &str) -> String {
    increase_where(counter, "", by, window)
}

/// [`increase`] of the series that also match `matchers`, each after a comma.
pub(super) fn increase_where(counter: &str, matchers: &str, by: &str, window: &str) -> String {
    total(counter, &format!("{STAGE}{matchers}"), by, window)
}

/// The increase within `window` of the series of any counter that match `selector`.
pub(super) fn total(counter: &str, selector: &str, by: &str, window: &str) -> String {
    format!("{} (increase({counter}{{{selector}}}[{window}]))", sum(by))
}

/// Spans that arrived at a collector within the time range.
pub(super) fn spans(by: &str) -> String {
    let exported = r#",outcome="exported""#;
    increase_where("telemetry_spans_total", exported, by, "$__range")
}

/// Rolls within `window`, single ones and those of batches.
pub(super) fn rolls(window: &str) -> String {
    let single = increase("dice_rolls_total", "", window);
    format!("({single} + {})", increase("async_rolls_total", "", window))
}

/// `expr` for so many rolls; nothing without rolls.
pub(super) fn for_rolls(count: u32, expr: &str) -> String {
    format!(
        "{count} * ({expr}) / on () group_left () ({} > 0)",
        rolls("$__range")
    )
}

/// US cents of all signals within the time range, each by its `usd`.
pub(super) fn cents(usd: impl Fn(Signal) -> String) -> String {
    format!("100 * ({})", Signal::ALL.map(usd).join(" + "))
}

/// US cents of all signals within the time range.
pub(super) fn cents_of_all(by: &str) -> String {
    cents(|signal| signal.usd(by, "$__range"))
}

/// The mean interval between two scrapes in seconds, as Prometheus measures it.
pub(super) fn interval() -> String {
    let rate = |part: &str| {
        format!("sum(rate(prometheus_target_interval_length_seconds_{part}[$__range]))")
    };
    format!("scalar({} / {})", rate("sum"), rate("count"))
}
