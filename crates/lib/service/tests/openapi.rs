//! The common answers of all operations, and their documentation.

use std::future::pending;

use axum::Json;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use service::{Document, Program, Query, Server, get_only};
use telemetry::http::Limits;
use telemetry::{Losses, Service};
use testkit::{Metrics, get};
use tokio::net::TcpListener;
use utoipa::ToSchema;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouterExt};
use utoipa_axum::routes;

const PROGRAM: Program = Program {
    service: Service {
        name: "harbour",
        version: "1.2.3",
    },
    about: "Knows ships",
};

#[derive(Serialize, ToSchema)]
struct Ship {
    name: String,
}

#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Filter {
    flag: Option<String>,
}

/// Every ship
#[utoipa::path(get, path = "/ships", params(Filter), responses(
    (status = 200, description = "All of them.", body = Ship),
    (status = 503, description = "There is fog."),
))]
async fn ships(Query(Filter { flag }): Query<Filter>) -> Json<Ship> {
    let name = flag.unwrap_or_default();
    Json(Ship { name })
}

/// Another ship
#[utoipa::path(post, path = "/ships", request_body = String, responses((status = 201)))]
async fn build() {}

/// Sink one
#[utoipa::path(get, path = "/sink", responses((status = 200, description = "It sank.")))]
async fn sink() {}

/// A server, its URL and its document.
async fn harbour() -> (String, Value) {
    let registry = telemetry::metrics::registry(PROGRAM.service, &Losses::default());
    let (own, api) = OpenApiRouter::new()
        .routes(routes!(ships, build))
        .routes(routes!(sink).map(get_only))
        .split_for_parts();
    let document = Document::new(PROGRAM, api);
    let about = serde_json::to_value(document.about()).expect("JSON");
    let endpoints = json!({
        "/healthz": "GET",
        "/metrics": "GET",
        "/openapi.json": "GET",
        "/ships": "GET, POST",
        "/sink": "GET",
    });
    assert_eq!(about["endpoints"], endpoints);
    assert_eq!(
        (&about["service"], &about["version"]),
        (&json!("harbour"), &json!("1.2.3"))
    );
    assert_eq!(about["name"], about["service"]);
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("bound"));
    let server = Server::documented(own, &registry, document, Limits::default());
    tokio::spawn(server.run(listener, pending()));
    let (status, document) = get(&format!("{url}/openapi.json")).await;
    assert_eq!(status, 200);
    (url, document)
}

fn statuses(operation: &Value) -> Vec<&str> {
    let responses = operation["responses"].as_object().expect("responses");
    responses.keys().map(String::as_str).collect()
}

#[tokio::test]
async fn every_operation_has_the_answers_of_the_layers_around_it() {
    let (_, document) = harbour().await;
    let paths = &document["paths"];
    let of = |path: &str, method: &str| statuses(&paths[path][method]);
    assert_eq!(of("/ships", "get"), ["200", "414", "422", "500", "503"]);
    assert_eq!(of("/ships", "post"), ["201", "408", "500", "503"]);
    assert_eq!(of("/sink", "get"), ["200", "500", "503"]);
    assert_eq!(of("/healthz", "get"), ["200"]);
    assert_eq!(of("/metrics", "get"), ["200"]);
    assert_eq!(of("/openapi.json", "get"), ["200", "503"]);
    for item in paths.as_object().expect("paths").values() {
        for operation in item.as_object().expect("methods").values() {
            for (status, answer) in operation["responses"].as_object().expect("responses") {
                let schema = &answer["content"]["application/json"]["schema"]["$ref"];
                let is_problem = *schema == "#/components/schemas/Problem";
                assert_eq!(is_problem, status.as_str() >= "400", "{operation}");
                let retry = &answer["headers"]["Retry-After"]["required"];
                assert_eq!(*retry == true, status == "503", "{operation}");
            }
        }
    }
    let fog = paths["/ships"]["get"]["responses"]["503"]["description"].as_str();
    let fog = fog.expect("a description");
    assert!(
        fog.starts_with("There is fog. Or: Too many requests"),
        "{fog}"
    );
}

#[tokio::test]
async fn documented_answers_have_series_from_the_start() {
    let (url, _) = harbour().await;
    let metrics = Metrics::scrape(&format!("{url}/metrics")).await;
    for (method, handler, status) in [("GET", "/ships", 422), ("POST", "/ships", 408)] {
        let labels = [
            &*format!("method=\"{method}\""),
            &format!("handler=\"{handler}\""),
            &format!("status=\"{status}\""),
        ];
        assert!(metrics.has("http_requests_total", &labels), "{labels:?}");
    }
}

#[tokio::test]
async fn a_wrong_method_is_answered_with_the_allowed_ones() {
    let (url, _) = harbour().await;
    for (method, path, allowed) in [
        ("POST", "/healthz", "GET,HEAD"),
        ("POST", "/metrics", "GET,HEAD"),
        ("POST", "/openapi.json", "GET,HEAD"),
        ("PUT", "/ships", "GET,HEAD,POST"),
        ("POST", "/sink", "GET"),
        ("HEAD", "/sink", "GET"),
    ] {
        let wrong = reqwest::Method::from_bytes(method.as_bytes()).expect("a method");
        let client = testkit::client();
        let answer = client.request(wrong, format!("{url}{path}")).send().await;
        let answer = answer.expect("an answer");
        assert_eq!(answer.status(), 405, "{method} {path}");
        assert_eq!(answer.headers()["allow"], allowed, "{method} {path}");
        let body = answer.text().await.expect("a body");
        let says_so = body.contains(&format!("{path} does not accept {method}"));
        assert!(says_so || method == "HEAD", "{method} {path}: {body}");
    }
}
