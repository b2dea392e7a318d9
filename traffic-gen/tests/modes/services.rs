//! The three services, in this process and on free ports.

use std::net::SocketAddr;
use std::time::Duration;

use clap::{Args, Command};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// Running services; stopped when dropped.
pub(crate) struct Services {
    pub(crate) frontend: String,
    pub(crate) die_service: String,
    _running: JoinSet<()>,
}

impl Services {
    /// Starts them; a roll takes up to `roll_delay`.
    pub(crate) async fn start(roll_delay: Duration) -> Self {
        let mut running = JoinSet::new();
        let (listener, die_service) = listen().await;
        running.spawn(async move {
            let served = die_service::run(config(&[]), listener, std::future::pending());
            served.await.expect("serves");
        });
        let (listener, dice_roller) = listen().await;
        let delay = format!("--roll-delay={}ms", roll_delay.as_millis());
        let roller = config(&["--die-service-url", &die_service, &delay]);
        running.spawn(async move {
            let served = dice_roller::run(roller, listener, std::future::pending());
            served.await.expect("serves");
        });
        let (listener, frontend) = listen().await;
        let page = config(&[
            "--dice-roller-url",
            &dice_roller,
            "--die-service-url",
            &die_service,
        ]);
        running.spawn(async move {
            let served = frontend::run(page, listener, std::future::pending());
            served.await.expect("serves");
        });
        Self {
            frontend,
            die_service,
            _running: running,
        }
    }
}

/// A service's flags, as its command line would have them.
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
