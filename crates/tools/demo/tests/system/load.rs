//! 500 requests a second, or as many as the machine can do.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use reqwest::header::RETRY_AFTER;
use serde_json::Value;
use testkit::eventually;
use tokio::sync::{Semaphore, watch};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::interval;

/// The pause between two requests.
const APART: Duration = Duration::from_millis(2);

/// Requests in flight at most: fewer than a service refuses.
const IN_FLIGHT: usize = 100;

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) retry_after: bool,
    pub(crate) body: Value,
}

/// What a load was answered.
pub(crate) struct Answers {
    pub(crate) all: Vec<Answer>,
    /// Requests a second while they were sent: a busy machine, and a debug build, do not reach 500.
    pub(crate) rate: f64,
}

/// A running load.
pub(crate) struct Load {
    began: Instant,
    answers: Arc<Mutex<Vec<Answer>>>,
    stop: watch::Sender<bool>,
    sending: JoinHandle<()>,
}

impl Load {
    /// Sends requests to `url` until stopped.
    pub(crate) fn start(url: String) -> Self {
        let answers: Arc<Mutex<Vec<Answer>>> = Arc::default();
        let (stop, stopped) = watch::channel(false);
        let sending = tokio::spawn(send(url, Arc::clone(&answers), stopped));
        Self {
            began: Instant::now(),
            answers,
            stop,
            sending,
        }
    }

    fn number(&self) -> usize {
        self.answers.lock().expect("no panic while locked").len()
    }

    /// Waits for so many more answers.
    pub(crate) async fn more(&self, number: usize) {
        let enough = self.number() + number;
        let what = format!("{enough} answers");
        eventually(&what, || async { (self.number() >= enough).then_some(()) }).await;
    }

    /// Waits for so many successes in a row.
    pub(crate) async fn clean(&self, number: usize) {
        let what = format!("{number} successes in a row");
        eventually(&what, || async {
            let answers = self.answers.lock().expect("no panic while locked");
            let last = answers.iter().rev().take_while(|it| it.status == 200);
            (last.count() >= number).then_some(())
        })
        .await;
    }

    /// Sends no more, and returns all answers.
    pub(crate) async fn stop(self) -> Answers {
        self.stop.send_replace(true);
        let seconds = self.began.elapsed().as_secs_f64();
        self.sending.await.expect("no panic");
        let answers = Arc::into_inner(self.answers).expect("all have ended");
        let all = answers.into_inner().expect("no panic while locked");
        let rate = f64::from(u32::try_from(all.len()).expect("fewer")) / seconds;
        Answers { all, rate }
    }
}

async fn send(url: String, answers: Arc<Mutex<Vec<Answer>>>, stopped: watch::Receiver<bool>) {
    let client = testkit::client();
    let places = Arc::new(Semaphore::new(IN_FLIGHT));
    // A tick that was missed is made up for: the rate is that of the load, not of the machine.
    let mut ticks = interval(APART);
    let mut sent = JoinSet::new();
    while !*stopped.borrow() {
        ticks.tick().await;
        let place = Arc::clone(&places).acquire_owned().await;
        let place = place.expect("the semaphore is never closed");
        let request = client.get(&url);
        let answers = Arc::clone(&answers);
        sent.spawn(async move {
            let answer = request.send().await.expect("the frontend answers");
            let answer = Answer {
                status: answer.status().as_u16(),
                retry_after: answer.headers().contains_key(RETRY_AFTER),
                body: answer.json().await.expect("JSON"),
            };
            answers.lock().expect("no panic while locked").push(answer);
            drop(place);
        });
    }
    sent.join_all().await;
}
