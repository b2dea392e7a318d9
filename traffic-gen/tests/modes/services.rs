//! The three services, running in this process on free ports.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use clap::{Args, Command};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use telemetry::Losses;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// Running services; stopped when dropped.
pub(crate) struct Services {
    pub(crate) frontend: String,
    pub(crate) dice_roller: String,
    pub(crate) die_service: String,
    /// die-service, dice-roller and the frontend.
    running: [Service; 3],
}

struct Service {
    /// The service stops when this is dropped.
    stop: Option<oneshot::Sender<()>>,
    ended: JoinHandle<()>,
}

impl Service {
    /// Starts the service that `run` returns for a shutdown future.
    fn start<F: Future<Output = io::Result<()>> + Send + 'static>(
        run: impl FnOnce(BoxFuture<'static, ()>) -> F,
    ) -> Self {
        let (stop, stopped) = oneshot::channel::<()>();
        let served = run(stopped.map(|_| ()).boxed());
        let ended = tokio::spawn(async { served.await.expect("serves") });
        Self {
            stop: Some(stop),
            ended,
        }
    }

    async fn stop(&mut self) {
        self.stop = None;
        (&mut self.ended).await.expect("it served");
    }
}

impl Services {
    /// Starts the services; a roll takes up to `roll_delay`.
    pub(crate) async fn start(roll_delay: Duration) -> Self {
        Self::start_with(roll_delay, &[]).await
    }

    /// Like [`start`](Self::start), with additional flags for die-service.
    pub(crate) async fn start_with(roll_delay: Duration, dice: &[&str]) -> Self {
        let (listener, die_service) = listen().await;
        let dice = config(dice);
        let dice = Service::start(|stop| die_service::run(dice, listener, Losses::default(), stop));
        let (listener, dice_roller) = listen().await;
        let delay = format!("--roll-delay={}ms", roll_delay.as_millis());
        let roller = config(&["--die-service-url", &die_service, &delay]);
        let roller =
            Service::start(|stop| dice_roller::run(roller, listener, Losses::default(), stop));
        let (listener, frontend) = listen().await;
        let page = config(&[
            "--dice-roller-url",
            &dice_roller,
            "--die-service-url",
            &die_service,
        ]);
        let page = Service::start(|stop| frontend::run(page, listener, Losses::default(), stop));
        Self {
            frontend,
            dice_roller,
            die_service,
            running: [dice, roller, page],
        }
    }

    pub(crate) async fn stop_die_service(&mut self) {
        self.running[0].stop().await;
    }

    pub(crate) async fn stop_dice_roller(&mut self) {
        self.running[1].stop().await;
    }
}

/// Parses flags as the service's command line does.
fn config<C: Args>(flags: &[&str]) -> C {
    let command = C::augment_args(Command::new("service").no_binary_name(true));
    let matches = command.get_matches_from(flags);
    C::from_arg_matches(&matches).expect("the flags are valid")
}

/// A listener on a free port, and its URL.
pub(crate) async fn listen() -> (TcpListener, String) {
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    let listener = TcpListener::bind(any).await.expect("a free port");
    let address = listener.local_addr().expect("bound");
    (listener, format!("http://{address}"))
}
