//! The middleware, as a layer of [`tower`].
//!
//! With axum's `from_fn`, this would be one async function. It would also take more of each
//! request: two clones of its route, two allocations, and a future of three times the size, because
//! an async function that awaits its argument has room for it twice. docs/decisions/request.md has the
//! numbers.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use axum::extract::Request;
use axum::http::header::CONNECTION;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use futures_util::future::Either;
use tower::{Layer, Service};

use super::admission::{self, Admission, Place};
use super::body::{self, Lateness};
use super::red::{HttpMetrics, Observation};
use super::span::ServerSpan;

/// Observes the routes of one server. Cheap to clone.
#[derive(Clone)]
pub(super) struct Observe {
    metrics: Arc<HttpMetrics>,
    admission: Admission,
}

impl Observe {
    pub(super) fn new(metrics: HttpMetrics, admission: Admission) -> Self {
        let metrics = Arc::new(metrics);
        Self { metrics, admission }
    }
}

impl<R> Layer<R> for Observe {
    type Service = Observed<R>;

    fn layer(&self, route: R) -> Observed<R> {
        let observe = self.clone();
        Observed { observe, route }
    }
}

/// A route whose requests are observed.
#[derive(Clone)]
pub(super) struct Observed<R> {
    observe: Observe,
    route: R,
}

type Answer = Result<Response, Infallible>;

impl<R> Service<Request> for Observed<R>
where
    R: Service<Request, Response = Response, Error = Infallible>,
    R::Future: Unpin,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Either<Ready<Answer>, Answering<R::Future>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.route.poll_ready(context)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let Observe { metrics, admission } = self.observe.clone();
        let mut observation = Observation::start(metrics, &request);
        let place = match admission.admit(&request) {
            Ok(place) => place,
            Err(no_room) => {
                let answer = no_room.into_response();
                observation.answered(answer.status());
                return Either::Left(ready(Ok(answer)));
            }
        };
        let span = ServerSpan::start(&request);
        if !span.continues_trace() {
            observation.count_without_context();
        }
        let (request, lateness) = body::bound(request, &admission);
        Either::Right(Answering {
            handled: self.route.call(request),
            lateness,
            observation,
            span,
            place,
        })
    }
}

/// A request that is being handled.
pub(super) struct Answering<F> {
    handled: F,
    lateness: Lateness,
    observation: Observation,
    span: ServerSpan,
    place: Place,
}

impl<F: Future<Output = Answer> + Unpin> Future for Answering<F> {
    type Output = Answer;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Answer> {
        let _entered = self.span.enter();
        let handled = AssertUnwindSafe(|| Pin::new(&mut self.handled).poll(context));
        let handled = match catch_unwind(handled) {
            Ok(handled) => Some(ready!(handled)),
            Err(_) => None,
        };
        let answer = self.answer(handled);
        self.observation.log(answer.status());
        self.observation.answered(answer.status());
        self.span.finish(answer.status());
        Poll::Ready(Ok(answer))
    }
}

impl<F> Answering<F> {
    /// The handler's answer; 500 if the handler panicked, 408 if the request's body did not arrive
    /// in time.
    fn answer(&self, handled: Option<Answer>) -> Response {
        let Some(Ok(answer)) = handled else {
            // The panic has already been logged, see `panics.rs`.
            self.place.count_panic();
            let detail = "internal error; the log of this service has the cause";
            return admission::problem(StatusCode::INTERNAL_SERVER_ERROR, detail);
        };
        if !self.lateness.is_late() {
            return answer;
        }
        let detail = "the body did not arrive in time";
        let mut answer = admission::problem(StatusCode::REQUEST_TIMEOUT, detail);
        let close = HeaderValue::from_static("close");
        answer.headers_mut().insert(CONNECTION, close);
        answer
    }
}
