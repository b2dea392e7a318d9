//! One watch for each known die: started, replaced and stopped as the list of dice changes.

use std::collections::BTreeMap;
use std::time::Duration;

use dice::{Die, Specification};
use telemetry::client::Client;
use tokio::time::sleep;
use tokio_util::task::AbortOnDropHandle;

use crate::config::Config;
use crate::known;
use crate::metrics::Metrics;
use crate::pace::Pace;
use crate::probe::Probe;
use crate::watch::Watch;

/// The interval of requests for the list of dice.
const REFRESH: Duration = Duration::from_secs(60);

/// The same while there is no list.
const RETRY: Duration = Duration::from_secs(2);

/// The watches of all known dice.
pub(crate) struct Schedule {
    config: Config,
    client: Client,
    metrics: Metrics,
    watches: BTreeMap<String, Running>,
}

struct Running {
    specification: Specification,
    _task: AbortOnDropHandle<()>,
}

impl Schedule {
    /// Starts with the built-in dice, so that their series exist before the first list.
    pub(crate) fn start(config: Config, metrics: Metrics) -> Self {
        let mut schedule = Self {
            config,
            client: Client::default(),
            metrics,
            watches: BTreeMap::new(),
        };
        schedule.follow(known::built_in());
        schedule
    }

    /// Follows the list of dice until dropped, which also stops all watches.
    pub(crate) async fn run(mut self) {
        let mut is_known = true;
        loop {
            let list = known::ask(&self.client, &self.config.probe_url).await;
            let pause = if list.is_ok() { REFRESH } else { RETRY };
            match list {
                Ok(dice) => self.follow(dice),
                Err(cause) if is_known => {
                    tracing::warn!(cause, "Cannot list dice; the known ones are probed");
                }
                Err(_) => {}
            }
            is_known = pause == REFRESH;
            sleep(pause).await;
        }
    }

    /// Watches exactly these dice. A die with another specification starts with an empty window.
    fn follow(&mut self, dice: Vec<Die>) {
        let is_listed = |name: &str| dice.iter().any(|die| die.identifier == name);
        self.watches.retain(|name, _| {
            let stays = is_listed(name);
            if !stays {
                self.metrics.end(name);
            }
            stays
        });
        let mut offset = Duration::ZERO;
        for die in dice {
            let running = self.watches.get(&die.identifier);
            if running.is_none_or(|running| running.specification != die.specification) {
                let running = self.watch(&die, offset);
                self.watches.insert(die.identifier, running);
            }
            // Dice are not rolled all at once.
            offset += self.config.min_interval / 3;
        }
    }

    fn watch(&self, die: &Die, offset: Duration) -> Running {
        let config = &self.config;
        let specification = &die.specification;
        let (most, target) = (config.max_batch, config.rolls_per_minute);
        let pace = Pace::new(specification, most, target, config.min_interval);
        let client = self.client.clone();
        let (base, timeout) = (&config.probe_url, config.probe_timeout);
        let probe = Probe::new(client, base, &die.identifier, pace.batch, timeout);
        let watch = Watch::new(die, self.metrics.clone());
        Running {
            specification: specification.clone(),
            _task: AbortOnDropHandle::new(tokio::spawn(watch.run(probe, pace, offset))),
        }
    }
}
