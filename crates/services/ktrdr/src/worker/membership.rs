//! Registering, heartbeats, leaving. If the backend does not know the lease, the worker abandons
//! its run and registers again as idle.

use base_url::endpoint_of;
use std::convert::Infallible;
use std::time::Duration;

use axum::http::{Method, StatusCode};
use telemetry::client::shown;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep};

use super::slot::Stop;
use super::{NO_PANIC, Worker};
use crate::protocol::{Beat, BeatReply, Lease, Registration, accepted};

/// Timeout of a request to the backend.
const TIMEOUT: Duration = Duration::from_secs(2);

/// The pause after the first failed registration; it doubles each time.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const MAX_PAUSE: Duration = Duration::from_secs(4);

/// A lease that ends within this many heartbeats points to a lasting problem, such as a URL at
/// which the backend cannot reach this worker.
const SHORT_LEASE: u32 = 3;

/// The longest pause between two leases, in heartbeats.
const MAX_ABSENCE: u32 = 8;

impl Worker {
    /// Registers, and registers again after a pause whenever the lease ends.
    pub(super) async fn stay_registered(&self) -> Infallible {
        let mut pause = Duration::ZERO;
        loop {
            let lease = self.register().await;
            tracing::info!(
                worker_id = self.id,
                worker_type = self.config.worker_type.as_str(),
                "Registered with the backend"
            );
            *self.lease.lock().expect(NO_PANIC) = Some(lease.lease);
            let start = Instant::now();
            self.beat(lease).await;
            pause = absence(pause, start.elapsed(), lease.heartbeat());
            tracing::warn!(
                worker_id = self.id,
                ?pause,
                "The backend no longer knows this worker"
            );
            self.slot.stop(None, Stop::Abandon);
            self.slot.cleared().await;
            sleep(pause).await;
        }
    }

    /// Retries until the backend accepts the registration.
    async fn register(&self) -> Lease {
        let url = endpoint_of(&self.config.backend_url, &["api", "v1", "workers"]);
        let registration = Registration {
            id: self.id.clone(),
            worker_type: self.config.worker_type,
            url: self.url.clone(),
        };
        let mut pause = FIRST_PAUSE;
        loop {
            let sent = self
                .client
                .send_untraced(Method::POST, url.clone(), |request| {
                    request.json(&registration).timeout(TIMEOUT)
                });
            let problem = match sent.await {
                Ok(reply) => match accepted(&reply) {
                    Some(lease) => return lease,
                    None => format!("unexpected answer {}", reply.status),
                },
                Err(error) => error.cause(),
            };
            if pause == FIRST_PAUSE {
                let backend_url = shown(&self.config.backend_url);
                tracing::warn!(backend_url, problem, "Cannot register; retrying");
            }
            sleep(pause).await;
            pause = MAX_PAUSE.min(pause * 2);
        }
    }

    /// Sends heartbeats until the backend rejects one. An unreachable backend may return before it
    /// counts this worker as lost, or without any memory of it.
    async fn beat(&self, lease: Lease) {
        let path = ["api", "v1", "workers", &self.id, "heartbeat"];
        let url = endpoint_of(&self.config.backend_url, &path);
        let mut ticks = interval(lease.heartbeat());
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut unheard = false;
        loop {
            ticks.tick().await;
            let beat = Beat {
                lease: lease.lease,
                running: self.slot.running(),
            };
            let sent = self
                .client
                .send_untraced(Method::POST, url.clone(), |request| {
                    request.json(&beat).timeout(TIMEOUT)
                });
            match sent.await {
                Ok(reply) if reply.status == StatusCode::NOT_FOUND => return,
                Ok(reply) if reply.status.is_success() => {
                    unheard = false;
                    if let (Some(BeatReply { stop: true }), Some(running)) =
                        (accepted(&reply), beat.running)
                    {
                        let only = (running.operation_id.as_str(), running.attempt);
                        self.slot.stop(Some(only), Stop::Cancel);
                    }
                }
                _ if unheard => {}
                _ => {
                    unheard = true;
                    tracing::warn!(worker_id = self.id, "Heartbeats are not answered");
                }
            }
        }
    }

    /// Returns the lease, if there is one and the backend is reachable.
    pub(super) async fn leave(&self) {
        let Some(lease) = self.lease.lock().expect(NO_PANIC).take() else {
            return;
        };
        let url = endpoint_of(
            &self.config.backend_url,
            &["api", "v1", "workers", &self.id],
        );
        let sent = self.client.send_untraced(Method::DELETE, url, |request| {
            request.query(&[("lease", lease)]).timeout(TIMEOUT)
        });
        if let Err(error) = sent.await {
            let problem = error.cause();
            tracing::warn!(worker_id = self.id, problem, "Cannot leave the backend");
        }
    }
}

/// The pause after a lease that lasted for `leased`; `pause` is the previous pause.
fn absence(pause: Duration, leased: Duration, heartbeat: Duration) -> Duration {
    if leased < heartbeat * SHORT_LEASE {
        (pause * 2).clamp(heartbeat, heartbeat * MAX_ABSENCE)
    } else {
        heartbeat
    }
}
