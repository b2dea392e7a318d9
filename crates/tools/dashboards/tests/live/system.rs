//! Everything that is scraped: every stage at once, each with its own services, and KTRDR.

use futures_util::future::join_all;
use tokio::process::Child;

use crate::ktrdr::{Clients, Ktrdr};
use crate::stage::Stage;

/// The processes; killed when dropped.
pub(crate) struct System {
    stages: Vec<Stage>,
    pub(crate) ktrdr: Ktrdr,
}

impl System {
    /// Starts the stages up to `last` and KTRDR, all at the same time.
    pub(crate) async fn start(last: u8) -> Self {
        let stages = join_all((1..=last).map(Stage::start));
        let (stages, ktrdr) = tokio::join!(stages, Ktrdr::start());
        Self { stages, ktrdr }
    }

    /// Starts users of every stage and of KTRDR; they go on until dropped.
    pub(crate) fn drive(&self) -> (Vec<Child>, Clients) {
        let users = self.stages.iter().map(Stage::drive);
        (users.collect(), self.ktrdr.drive("6"))
    }

    pub(crate) fn stages(&self) -> impl Iterator<Item = &Stage> {
        self.stages.iter()
    }

    /// The stage of that number, if it runs.
    pub(crate) fn stage(&self, number: u8) -> Option<&Stage> {
        self.stages().find(|stage| stage.number == number)
    }

    /// Kills die-service of stage 4 and all workers.
    pub(crate) fn break_some(&mut self) {
        for stage in self.stages.iter_mut().filter(|stage| stage.number == 4) {
            stage.die_service = None;
        }
        self.ktrdr.kill_workers();
    }
}
