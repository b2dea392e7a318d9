//! The links of a panel, and the searches in them.

use percent_encoding::percent_decode_str;
use serde_json::Value;

use super::board::{list, text};

/// Every address that the links of the panel's values lead to.
pub(crate) fn urls(panel: &Value) -> Vec<String> {
    let config = &panel["fieldConfig"];
    let overrides = list(config, "overrides").iter();
    let properties = overrides.flat_map(|o| list(o, "properties"));
    let own = list(&config["defaults"], "links").iter();
    own.chain(
        properties
            .filter(|property| property["id"] == "links")
            .flat_map(|property| list(property, "value")),
    )
    .map(|link| text(link, "url").to_owned())
    .collect()
}

/// The addresses of the links in a text panel.
pub(crate) fn urls_in_text(panel: &Value) -> Vec<String> {
    let content = text(&panel["options"], "content");
    let links = content.split("](").skip(1);
    links
        .filter_map(|rest| rest.split_once(')'))
        .map(|(url, _)| url.to_owned())
        .collect()
}

/// The TraceQL query of a link into Explore.
pub(crate) fn traceql(url: &str) -> Option<String> {
    let panes = url.strip_prefix("/explore?")?.split_once("panes=")?.1;
    let panes = percent_decode_str(panes).decode_utf8().ok()?;
    let panes: Value = serde_json::from_str(&panes).ok()?;
    let query = &panes["traces"]["queries"][0];
    let tempo = query["queryType"] == "traceql" && query["datasource"]["uid"] == "tempo";
    tempo.then(|| text(query, "query").to_owned())
}
