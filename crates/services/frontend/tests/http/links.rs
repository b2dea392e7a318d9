//! Links into Grafana: present if a Grafana is configured, absent otherwise.

use serde_json::Value;
use url::Url;

use crate::server::{alone, browse, start};

async fn page(grafana: Option<&str>, dashboard: Option<&str>) -> String {
    let url = start(frontend::Config {
        grafana_url: grafana.map(|url| Url::parse(url).expect("a URL")),
        grafana_dashboard: dashboard.map(str::to_owned),
        ..alone()
    })
    .await;
    browse(&format!("{url}/")).await.text().await.expect("text")
}

/// The links, with their entities resolved.
fn links(html: &str) -> Vec<String> {
    let (_, nav) = html.split_once("<nav").expect("a panel");
    let hrefs = nav
        .split("href=\"")
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap_or(""));
    hrefs
        .take(3)
        .map(|link| link.replace("&#38;", "&"))
        .collect()
}

/// The data source, and the text of the query, of a link to Explore.
fn explored(link: &str) -> (String, String) {
    let url = Url::parse(link).expect("a URL");
    let value = |name: &str| {
        let found = url.query_pairs().find(|(key, _)| key == name);
        found
            .unwrap_or_else(|| panic!("{name} in {link}"))
            .1
            .into_owned()
    };
    assert_eq!(
        (value("schemaVersion"), value("orgId")),
        ("1".to_owned(), "1".to_owned())
    );
    let panes: Value = serde_json::from_str(&value("panes")).expect("JSON");
    let pane = panes
        .as_object()
        .expect("panes")
        .values()
        .next()
        .expect("one");
    let query = &pane["queries"][0];
    assert_eq!(query["datasource"]["uid"], pane["datasource"]);
    let text = query["expr"]
        .as_str()
        .or(query["query"].as_str())
        .expect("a query");
    (
        pane["datasource"].as_str().expect("a uid").to_owned(),
        text.to_owned(),
    )
}

#[tokio::test]
async fn without_a_grafana_there_is_no_panel() {
    assert!(
        !page(None, Some("rolls"))
            .await
            .contains("Where to look next")
    );
}

#[tokio::test]
async fn the_links_lead_to_the_dashboard_the_trace_and_its_lines() {
    let links = links(&page(Some("http://grafana.test/sub/"), Some("rolls")).await);
    assert_eq!(
        links[0],
        "http://grafana.test/sub/d/rolls?from=now-15m&to=now"
    );
    assert!(
        links[1].starts_with("http://grafana.test/sub/explore?"),
        "{}",
        links[1]
    );
    assert_eq!(
        explored(&links[1]),
        ("tempo".to_owned(), "TRACE_ID".to_owned())
    );
    let (source, query) = explored(&links[2]);
    assert_eq!(source, "loki");
    assert_eq!(query, "{service_name=~\".+\"} | trace_id=\"TRACE_ID\"");
}

#[tokio::test]
async fn without_a_dashboard_the_link_is_grafanas_home() {
    let links = links(&page(Some("https://grafana.test"), None).await);
    assert_eq!(links[0], "https://grafana.test/");
}
