//! The timeout of a request's body: without one, a client that stops sending would occupy a place
//! and memory for ever.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::Request;
use http_body::{Frame, SizeHint};

use super::admission::Admission;

/// The timeout. The largest body has 2 MiB.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);

/// The timeout once the server is stopping.
const STOPPING_TIMEOUT: Duration = Duration::from_secs(1);

/// A body that fails at its timeout.
struct Timed {
    body: Body,
    over: Pin<Box<dyn Future<Output = ()> + Send>>,
    late: Arc<AtomicBool>,
}

/// Whether the body timed out.
pub(super) struct Lateness(Option<Arc<AtomicBool>>);

impl Lateness {
    pub(super) fn is_late(&self) -> bool {
        let late = self.0.as_ref();
        late.is_some_and(|late| late.load(Ordering::Relaxed))
    }
}

/// Adds the timeout to the body of `request`. This costs nothing for a request without a body.
pub(super) fn bound(request: Request, admission: &Admission) -> (Request, Lateness) {
    if request.body().is_end_stream() {
        return (request, Lateness(None));
    }
    let late = Arc::new(AtomicBool::new(false));
    let mut stopping = admission.stopping();
    let over = async move {
        let stop = async {
            let _ = stopping.wait_for(|stopping| *stopping).await;
            tokio::time::sleep(STOPPING_TIMEOUT).await;
        };
        tokio::select! {
            () = tokio::time::sleep(BODY_TIMEOUT) => {}
            () = stop => {}
        }
    };
    let watched = Arc::clone(&late);
    let request = request.map(|body| {
        Body::new(Timed {
            body,
            over: Box::pin(over),
            late: watched,
        })
    });
    (request, Lateness(Some(late)))
}

impl HttpBody for Timed {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let this = self.get_mut();
        if let Poll::Ready(frame) = Pin::new(&mut this.body).poll_frame(context) {
            return Poll::Ready(frame);
        }
        if this.over.as_mut().poll(context).is_pending() {
            return Poll::Pending;
        }
        this.late.store(true, Ordering::Relaxed);
        let late = std::io::Error::from(std::io::ErrorKind::TimedOut);
        Poll::Ready(Some(Err(axum::Error::new(late))))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
