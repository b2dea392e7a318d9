//! All scraped processes: every stage at once, each with its own services, and KTRDR.

use futures_util::future::join_all;
use stages::Stage;
use tokio::process::Child;

use crate::ktrdr::{Clients, Ktrdr};
use crate::running_stage::RunningStage;
use crate::tempo::Tempo;

/// The processes; killed when dropped.
pub(crate) struct System {
    stages: Vec<RunningStage>,
    pub(crate) ktrdr: Ktrdr,
    pub(crate) tempo: Tempo,
}

impl System {
    /// Starts the stages up to `last` and KTRDR, all at the same time.
    pub(crate) async fn start(last: Stage) -> Self {
        let tempo = Tempo::start().await;
        let stages = Stage::ALL.into_iter().filter(|stage| *stage <= last);
        let stages = join_all(stages.map(|stage| RunningStage::start(stage, &tempo.otlp)));
        let (stages, ktrdr) = tokio::join!(stages, Ktrdr::start());
        Self {
            stages,
            ktrdr,
            tempo,
        }
    }

    /// Starts users of every stage and of KTRDR, which run until dropped.
    pub(crate) fn drive(&self) -> (Vec<Child>, Clients) {
        let users = self.stages.iter().map(RunningStage::drive);
        (users.collect(), self.ktrdr.drive("6"))
    }

    pub(crate) fn stages(&self) -> impl Iterator<Item = &RunningStage> {
        self.stages.iter()
    }

    /// `stage`, if it runs.
    pub(crate) fn stage(&self, stage: Stage) -> Option<&RunningStage> {
        self.stages().find(|running| running.stage == stage)
    }

    /// Kills die-service of stage 4 and all workers.
    pub(crate) fn break_some(&mut self) {
        let mut stages = self.stages.iter_mut();
        if let Some(running) = stages.find(|running| running.stage == Stage::Four) {
            running.die_service = None;
        }
        self.ktrdr.kill_workers();
    }
}
