//! The values of the flags about log lines.

use clap::ValueEnum;
use tracing_subscriber::filter::Targets;

/// Named as in the stack, where the other lines go to Loki.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogRoutes {
    /// Usage lines go with the other lines
    Loki,
    /// Usage lines go to usage-sink only
    Usage,
    /// Usage lines go to usage-sink and with the other lines
    UsageAndLoki,
}

/// Format of log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// One JSON object per line
    Json,
    /// Text for people
    Pretty,
}

/// Rejects what the services would reject; they parse the filter themselves.
pub(super) fn filter(text: &str) -> Result<String, String> {
    let parsed = text.parse::<Targets>();
    parsed
        .map(|_| text.to_owned())
        .map_err(|error| format!("{error}: expected LEVEL or TARGET=LEVEL pairs with commas, as in info,dice_roller=debug"))
}
