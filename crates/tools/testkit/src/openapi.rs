//! Checks that a service's OpenAPI document describes the service correctly.

use reqwest::header::{CONTENT_TYPE, HeaderMap};
use reqwest::redirect::Policy;
use reqwest::{Method, Url};
use serde_json::Value;

use crate::{client_with, get, schemathesis};

/// Compares the document of the service at `base` with the service:
///
/// * each of `examples`, a request as `/path` or as `POST /path` without a body, is answered with
///   the given status; status, media type and parameters are documented, and headers documented as
///   required are present. A whole URL addresses another instance of the service. The examples
///   cover answers that [`schemathesis()`] cannot trigger by chance;
/// * all checks of [`schemathesis()`] pass, except those disabled by `configuration`.
///
/// # Panics
/// At the first difference.
pub async fn check_openapi(base: &str, examples: &[(&str, u16)], configuration: &str) {
    let (status, document) = get(&format!("{base}/openapi.json")).await;
    assert_eq!(status, 200);
    assert_eq!(document["openapi"], "3.1.0");
    for (request, status) in examples {
        check_example(base, &document, request, *status).await;
    }
    schemathesis(base, configuration).await;
}

async fn check_example(base: &str, document: &Value, request: &str, expected: u16) {
    let (method, url) = method_and_url(base, request);
    let operation = operation(document, &method, url.path());
    let operation = operation.unwrap_or_else(|| panic!("{request} is not documented"));
    let (status, headers, body) = send(method, url.clone()).await;
    assert_eq!(status, expected, "{request}: {body}");

    let response = &operation["responses"][status.to_string()];
    assert!(
        response.is_object(),
        "{request}: {status} is not documented"
    );
    let media_type = media_type(&headers);
    let allowed = media_types(response);
    assert!(
        allowed.contains(&media_type),
        "{request}, {status}: {media_type:?} is none of {allowed:?}"
    );
    for (name, header) in response["headers"].as_object().into_iter().flatten() {
        let comes = headers.contains_key(name) || header["required"] != true;
        assert!(comes, "{request}, {status}: the header {name} is missing");
    }
    let parameters = operation["parameters"].as_array();
    let names: Vec<&Value> = parameters
        .into_iter()
        .flatten()
        .map(|p| &p["name"])
        .collect();
    for (name, _) in url.query_pairs().filter(|_| status < 400) {
        let documented = names.iter().any(|known| **known == *name);
        assert!(documented, "{request}: {name} is none of {names:?}");
    }
}

fn method_and_url(base: &str, request: &str) -> (Method, Url) {
    let (method, target) = match request.strip_prefix("POST ") {
        Some(target) => (Method::POST, target),
        None => (Method::GET, request),
    };
    let target = match target.starts_with('/') {
        true => format!("{base}{target}"),
        false => target.to_owned(),
    };
    (method, Url::parse(&target).expect("a URL"))
}

/// The documented operation for that method on the route that matches `path`.
fn operation<'a>(document: &'a Value, method: &Method, path: &str) -> Option<&'a Value> {
    let mut paths = document["paths"].as_object()?.iter();
    let (_, item) = paths.find(|(route, _)| matches(route, path))?;
    item.get(method.as_str().to_lowercase())
}

/// Whether `path` matches `route`, in which a part in braces matches anything.
fn matches(route: &str, path: &str) -> bool {
    let (route, path): (Vec<_>, Vec<_>) = (route.split('/').collect(), path.split('/').collect());
    let same = |(route, path): (&&str, &&str)| route.starts_with('{') || route == path;
    route.len() == path.len() && route.iter().zip(&path).all(same)
}

/// The documented media types of a response; the empty one for no content.
fn media_types(response: &Value) -> Vec<String> {
    match response["content"].as_object() {
        Some(content) => content.keys().cloned().collect(),
        None => vec![String::new()],
    }
}

/// The media type of an answer, without parameters; empty if there is none.
fn media_type(headers: &HeaderMap) -> String {
    let value = headers.get(CONTENT_TYPE).and_then(|it| it.to_str().ok());
    let media_type = value.and_then(|value| value.split(';').next());
    media_type.unwrap_or_default().to_owned()
}

/// The status, the headers and the body.
async fn send(method: Method, url: Url) -> (u16, HeaderMap, String) {
    let client = client_with(|it| it.redirect(Policy::none()));
    let answer = client.request(method, url).send().await;
    let answer = answer.unwrap_or_else(|error| panic!("{error}"));
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    (status, headers, answer.text().await.unwrap_or_default())
}
