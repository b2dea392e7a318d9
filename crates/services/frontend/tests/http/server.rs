//! A frontend in this process, and stand-ins for the services behind it.

use std::future::pending;
use std::time::Duration;

use axum::Router;
use frontend::{Config, run};
use reqwest::header::{ACCEPT, CONTENT_TYPE, COOKIE, SET_COOKIE};
use reqwest::{Client, RequestBuilder, Response, redirect};
use tokio::net::TcpListener;
use url::Url;

/// The `Accept` header of a browser that submits a form.
pub(crate) const BROWSER: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

/// A frontend without any service behind it.
pub(crate) fn alone() -> Config {
    Config {
        dice_roller_url: Url::parse("http://127.0.0.1:1").expect("a URL"),
        die_service_url: None,
        roll_timeout: Duration::from_secs(5),
        roll_async_timeout: Duration::from_secs(10),
        trace_query_url: None,
        grafana_url: None,
        grafana_dashboard: None,
        limits: telemetry::http::Limits::default(),
    }
}

/// Starts a frontend; returns its URL without a slash at the end.
pub(crate) async fn start(config: Config) -> String {
    let (listener, url) = listen().await;
    tokio::spawn(run(
        config,
        listener,
        telemetry::Losses::default(),
        pending(),
    ));
    url
}

/// Serves a stand-in.
pub(crate) async fn stand_in(app: Router) -> Url {
    let (listener, url) = listen().await;
    tokio::spawn(axum::serve(listener, app).into_future());
    Url::parse(&url).expect("a URL")
}

async fn listen() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("bound"));
    (listener, url)
}

/// GETs `url` as a browser would, without following redirects.
pub(crate) async fn browse(url: &str) -> Response {
    browse_with(url, b"").await
}

/// [`browse`] with that `Cookie` header.
pub(crate) async fn browse_with(url: &str, cookie: &[u8]) -> Response {
    answer(client().get(url).header(ACCEPT, BROWSER), cookie).await
}

/// POSTs a form, with that `Cookie` header, as a script would.
pub(crate) async fn submit(url: &str, form: impl Into<Vec<u8>>, cookie: &str) -> Response {
    let request = client().post(url).body(form.into());
    let request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
    answer(request, cookie.as_bytes()).await
}

fn client() -> Client {
    testkit::client_with(|it| it.redirect(redirect::Policy::none()))
}

async fn answer(request: RequestBuilder, cookie: &[u8]) -> Response {
    let request = match cookie {
        b"" => request,
        cookie => request.header(COOKIE, cookie),
    };
    request.send().await.expect("an answer")
}

/// The cookies that an answer sets, with their attributes.
pub(crate) fn cookies(response: &Response) -> Vec<String> {
    let headers = response.headers().get_all(SET_COOKIE).iter();
    let texts = headers.map(|value| value.to_str().expect("ASCII").to_owned());
    texts.collect()
}

/// A header as text; empty when it is not there.
pub(crate) fn header(response: &Response, name: &str) -> String {
    let value = response.headers().get(name);
    value
        .map_or("", |value| value.to_str().expect("ASCII"))
        .to_owned()
}
