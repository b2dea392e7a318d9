//! Progress on standard error: a live line on a terminal, otherwise a line every few seconds.
//! Standard output holds the report only.

use std::io::{IsTerminal, stderr};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tokio::task::JoinSet;
use tokio::time::interval;

/// How often the live line is redrawn.
const LIVE: Duration = Duration::from_millis(200);

/// How often a plain line is printed.
const PLAIN: Duration = Duration::from_secs(5);

/// Where progress goes. Clones write to the same place.
#[derive(Debug, Clone)]
pub(crate) struct Console(Kind);

#[derive(Debug, Clone)]
enum Kind {
    Quiet,
    Plain,
    Live(ProgressBar),
}

impl Console {
    /// Shows nothing, for programs that show progress themselves.
    #[must_use]
    pub(crate) fn quiet() -> Self {
        Self(Kind::Quiet)
    }

    /// Standard error, live if that is a terminal.
    #[must_use]
    pub(crate) fn stderr() -> Self {
        if !stderr().is_terminal() {
            return Self(Kind::Plain);
        }
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        let style = ProgressStyle::with_template("{spinner} {elapsed_precise} {msg}");
        bar.set_style(style.expect("the template is valid"));
        Self(Kind::Live(bar))
    }

    /// Prints a message once.
    pub(crate) fn note(&self, text: &str) {
        match &self.0 {
            Kind::Quiet => {}
            Kind::Plain => eprintln!("{text}"),
            Kind::Live(bar) => bar.suspend(|| eprintln!("{text}")),
        }
    }

    /// Prints `describe()` repeatedly until the result is dropped.
    pub(crate) fn follow(&self, describe: impl Fn() -> String + Send + 'static) -> Following {
        let mut drawing = JoinSet::new();
        let console = self.clone();
        match &self.0 {
            Kind::Quiet => {}
            Kind::Plain => {
                drawing.spawn(async move {
                    let mut ticks = interval(PLAIN);
                    ticks.tick().await;
                    loop {
                        ticks.tick().await;
                        console.note(&describe());
                    }
                });
            }
            Kind::Live(bar) => {
                let bar = bar.clone();
                // An earlier progress may have finished the bar.
                bar.set_message(describe());
                bar.reset();
                drawing.spawn(async move {
                    let mut ticks = interval(LIVE);
                    loop {
                        ticks.tick().await;
                        bar.set_message(describe());
                        bar.tick();
                    }
                });
            }
        }
        Following {
            _drawing: drawing,
            console: self.clone(),
        }
    }
}

/// Progress on display; it disappears when dropped.
#[must_use = "progress is shown only while this value lives"]
pub(crate) struct Following {
    /// Ends when dropped.
    _drawing: JoinSet<()>,
    console: Console,
}

impl Drop for Following {
    fn drop(&mut self) {
        if let Kind::Live(bar) = &self.console.0 {
            bar.finish_and_clear();
        }
    }
}
