//! Whether a service's OpenAPI document tells the truth about the service.

use std::collections::{BTreeMap, BTreeSet};

use reqwest::Method;
use reqwest::header::{ALLOW, CONTENT_TYPE, HeaderName};
use serde_json::Value;
use signals::exposition::Sample;

use crate::{Metrics, get};

/// Answered by every service, and outside its own routes.
const COMMON: [&str; 3] = ["/healthz", "/metrics", "/openapi.json"];

/// Compares the document of the service at `base`, which nobody has asked for anything yet, with
/// what it does:
///
/// * its paths are the routes in `source`, the Rust text that makes the router, which cannot list
///   them itself, and those common to all services;
/// * its statuses are those whose series exist from the start and those of `examples`, requests
///   that are made here and must be answered with the status given; one with a whole URL goes to
///   another instance of the service, and one that begins with `POST ` is a POST without a body;
/// * the media types of those answers are documented for their statuses;
/// * a wrong method is answered 405 on each of its paths, with the right ones and a `detail`;
/// * every `$ref` leads somewhere.
///
/// Any route may answer 405, 500 (a panic) and 503 (no room), and a client may leave any (499): the
/// document does not have to repeat them.
///
/// # Panics
/// At the first difference.
pub async fn check_openapi(base: &str, source: &str, examples: &[(&str, u16)]) {
    let (status, document) = get(&format!("{base}/openapi.json")).await;
    assert_eq!(status, 200);
    assert_eq!(document["openapi"], "3.1.0");
    check_references(&document, &document);
    let documented = operations(&document);

    let paths: BTreeSet<&str> = documented.keys().map(String::as_str).collect();
    assert_eq!(paths, routes(source), "documented paths, and routes");

    let metrics = Metrics::scrape(&format!("{base}/metrics")).await;
    let mut seen: BTreeMap<String, BTreeSet<u16>> = BTreeMap::new();
    for sample in metrics.samples() {
        if let Some((handler, status)) = answered(sample) {
            seen.entry(handler).or_default().insert(status);
        }
    }
    let common = COMMON.map(|path| (path, 200));
    for (target, expected) in examples.iter().copied().chain(common) {
        let (method, target) = match target.strip_prefix("POST ") {
            Some(target) => (Method::POST, target),
            None => (Method::GET, target),
        };
        let target = match target.starts_with('/') {
            true => format!("{base}{target}"),
            false => target.to_owned(),
        };
        let url = reqwest::Url::parse(&target).expect("a URL");
        let (status, media_type, body) = no_redirect(method.clone(), url.clone()).await;
        assert_eq!(status, expected, "{target}: {body}");
        let path = url.path();
        let route = paths.iter().copied().find(|route| matches(route, path));
        let route = route.unwrap_or_else(|| panic!("{path} is not documented"));
        seen.entry(route.to_owned()).or_default().insert(status);
        let allowed = media_types(&document, route, &method, status);
        let sent = allowed.contains(&media_type);
        assert!(
            sent,
            "{target}, {status}: {media_type:?} is none of {allowed:?}"
        );
    }
    assert_eq!(
        without_common(documented.clone()),
        without_common(seen),
        "documented statuses, and those there are"
    );
    for path in paths {
        check_wrong_method(&format!("{base}{path}"), &document["paths"][path]).await;
    }
}

/// The statuses of each path, whatever the method.
fn operations(document: &Value) -> BTreeMap<String, BTreeSet<u16>> {
    let paths = document["paths"].as_object().expect("paths");
    let statuses = |methods: &Value| {
        let methods = methods.as_object().expect("methods");
        let responses = methods.values().map(|operation| &operation["responses"]);
        let responses = responses.map(|responses| responses.as_object().expect("responses"));
        let statuses = responses.flat_map(|responses| responses.keys());
        statuses
            .map(|status| status.parse().expect("a status"))
            .collect()
    };
    paths
        .iter()
        .map(|(path, methods)| (path.clone(), statuses(methods)))
        .collect()
}

/// Those documented for such answers; the empty one for no content.
fn media_types(document: &Value, path: &str, method: &Method, status: u16) -> Vec<String> {
    let method = method.as_str().to_lowercase();
    let mut response = &document["paths"][path][method]["responses"][status.to_string()];
    if let Some(reference) = response["$ref"].as_str() {
        let found = document.pointer(reference.trim_start_matches('#'));
        response = found.expect("references were checked");
    }
    match response["content"].as_object() {
        Some(content) => content.keys().cloned().collect(),
        None => vec![String::new()],
    }
}

fn routes(source: &str) -> BTreeSet<&str> {
    let calls = source.split(".route(\"").skip(1);
    let own = calls.filter_map(|rest| Some(rest.split_once('"')?.0));
    own.chain(COMMON).collect()
}

/// The handler and status of a series of the request counter, if the document is to have them.
fn answered(sample: &Sample) -> Option<(String, u16)> {
    if sample.name != "http_requests_total" {
        return None;
    }
    let (handler, status) = (&sample.labels["handler"], &sample.labels["status"]);
    let documented = handler != "unknown";
    documented.then(|| (handler.clone(), status.parse().expect("a status")))
}

/// The statuses that not every route has.
fn without_common(mut routes: BTreeMap<String, BTreeSet<u16>>) -> BTreeMap<String, BTreeSet<u16>> {
    for statuses in routes.values_mut() {
        statuses.retain(|status| !matches!(status, 405 | 499 | 500 | 503));
    }
    routes
}

/// Whether `path` is of `route`, in which a part in braces stands for any.
fn matches(route: &str, path: &str) -> bool {
    let (route, path): (Vec<_>, Vec<_>) = (route.split('/').collect(), path.split('/').collect());
    let same = |(route, path): (&&str, &&str)| route.starts_with('{') || route == path;
    route.len() == path.len() && route.iter().zip(&path).all(same)
}

/// The status, the media type without parameters (empty when there is none) and the body.
async fn no_redirect(method: Method, url: reqwest::Url) -> (u16, String, String) {
    // What this checks is HTTP itself, of any method and without following: no reader of signals.
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
    let client = client.build().expect("a client");
    let answer = client.request(method, url).send().await;
    let answer = answer.unwrap_or_else(|error| panic!("{error}"));
    let status = answer.status().as_u16();
    let media_type = header(&answer, CONTENT_TYPE);
    let media_type = media_type.split(';').next().unwrap_or_default().to_owned();
    (status, media_type, answer.text().await.unwrap_or_default())
}

/// `methods`: what the document has for the path.
async fn check_wrong_method(url: &str, methods: &Value) {
    let (wrong, allowed) = match (methods.get("get"), methods.get("post")) {
        (Some(_), None) => (
            Method::POST,
            if has_head(url).await {
                "GET,HEAD"
            } else {
                "GET"
            },
        ),
        (None, Some(_)) => (Method::GET, "POST"),
        _ => (Method::PUT, "GET,HEAD,POST"),
    };
    let request = reqwest::Client::new().request(wrong.clone(), url);
    let answer = request.send().await;
    let answer = answer.unwrap_or_else(|error| panic!("{wrong} {url}: {error}"));
    assert_eq!(answer.status(), 405, "{wrong} {url}");
    assert_eq!(header(&answer, ALLOW), allowed, "{wrong} {url}");
    let body = answer.text().await.unwrap_or_default();
    let problem: Value = serde_json::from_str(&body).unwrap_or_default();
    let detail = problem["detail"].as_str().unwrap_or_default();
    let says_so = detail.contains(&format!("does not accept {wrong}"));
    assert!(says_so, "{wrong} {url}: {body:?}");
}

/// Whether HEAD is answered like GET: not where a GET changes something.
async fn has_head(url: &str) -> bool {
    let answer = reqwest::Client::new().head(url).send().await;
    let answer = answer.unwrap_or_else(|error| panic!("HEAD {url}: {error}"));
    answer.status() != 405
}

/// A header as text; empty when it is not there.
fn header(answer: &reqwest::Response, name: HeaderName) -> &str {
    let value = answer.headers().get(name);
    value.map_or("", |value| value.to_str().unwrap_or_default())
}

fn check_references(document: &Value, part: &Value) {
    match part {
        Value::Object(fields) => {
            if let Some(Value::String(reference)) = fields.get("$ref") {
                let found = document.pointer(reference.trim_start_matches('#'));
                assert!(found.is_some(), "{reference} leads nowhere");
            }
            fields
                .values()
                .for_each(|field| check_references(document, field));
        }
        Value::Array(items) => items
            .iter()
            .for_each(|item| check_references(document, item)),
        _ => {}
    }
}
