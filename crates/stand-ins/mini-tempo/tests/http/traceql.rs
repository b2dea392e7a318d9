//! The spans that a TraceQL filter selects, and the errors for unsupported queries.

use serde_json::Value;

use crate::server::Server;
use crate::spans::roll;

/// The ids of the spans of `roll` that a query matches.
async fn matched(server: &Server, query: &str) -> Vec<u64> {
    let answer = server
        .json("/api/search", &[("q", query), ("spss", "100")])
        .await;
    let Some(spans) = answer["traces"][0]["spanSets"][0]["spans"].as_array() else {
        return Vec::new();
    };
    let id = |span: &Value| {
        u64::from_str_radix(span["spanID"].as_str().expect("an id"), 16).expect("hex")
    };
    spans.iter().map(id).collect()
}

#[tokio::test]
async fn filters_select_spans() {
    let server = Server::start(100).await;
    server.export(roll(1)).await;
    let cases: &[(&str, &[u64])] = &[
        ("{}", &[1, 2, 3, 4, 5]),
        ("  {  }  ", &[1, 2, 3, 4, 5]),
        ("{ resource.service.name = \"frontend\" }", &[1, 2]),
        ("{resource.service.name=`frontend`&&kind=client}", &[2]),
        ("{ resource.service.name != \"frontend\" }", &[3, 4, 5]),
        ("{ .service.name = \"die-service\" }", &[5]),
        ("{ span.service.name = \"frontend\" }", &[]),
        ("{ name = \"GET /roll\" }", &[1, 3]),
        ("{ span:name = \"roll\" }", &[4]),
        ("{ name > \"GET /roll\" }", &[4, 5]),
        ("{ kind = server && status = error }", &[3]),
        ("{ status != error }", &[1, 2, 4, 5]),
        ("{ status = unset && kind != internal }", &[1, 2]),
        ("{ duration > 20ms }", &[1, 2]),
        ("{ duration >= 20ms }", &[1, 2, 3]),
        ("{ duration < 0.02s }", &[4, 5]),
        ("{ duration <= 20000us }", &[3, 4, 5]),
        ("{ duration = 30000000 }", &[1]),
        (
            "{ traceDuration = 30ms && rootName = \"GET /roll\" }",
            &[1, 2, 3, 4, 5],
        ),
        ("{ traceDuration > 30ms }", &[]),
        (
            "{ rootServiceName = \"frontend\" && name = \"roll\" }",
            &[4],
        ),
        ("{ trace:rootService = \"dice-roller\" }", &[]),
        ("{ span.die.type = \"risky\" }", &[4]),
        ("{ .die.type != \"fair\" }", &[4]),
        ("{ span.async.roll_index = 0 }", &[4]),
        (
            "{ span.async.roll_index > -1 && span.async.roll_index < 0.5 }",
            &[4],
        ),
        ("{ span.die.weight = 0.5 }", &[4]),
        ("{ span.die.weight >= 1 }", &[]),
        ("{ span.die.error = true }", &[4]),
        ("{ span.die.error != true }", &[]),
        ("{ span.die.error = \"true\" }", &[]),
        ("{ span.die.error != \"true\" }", &[]),
        ("{ span.http.route != nil }", &[1, 3]),
        ("{ span.http.route = nil }", &[2, 4, 5]),
        ("{ kind = client || name = \"roll\" }", &[2, 4]),
        (
            "{ kind = client || name = \"roll\" && duration > 1s }",
            &[2],
        ),
        (
            "{ (kind = client || name = \"roll\") && duration < 20ms }",
            &[4],
        ),
        ("{ name = \"say \\\"hi\\\" } && {\" }", &[]),
    ];
    for (query, expected) in cases {
        assert_eq!(matched(&server, query).await, *expected, "{query}");
    }
}

#[tokio::test]
async fn a_query_can_be_long() {
    let server = Server::start(100).await;
    server.export(roll(1)).await;
    for (part, operator) in [("(name=`x`)", "||"), ("(name!=`x`)", "&&")] {
        let query = format!(
            "{{ {} {operator} name = `roll` }}",
            vec![part; 2_000].join(operator)
        );
        assert_eq!(matched(&server, &query).await, [4], "{operator}");
    }
}

#[tokio::test]
async fn a_span_shows_the_comparisons_that_hold_for_it() {
    let server = Server::start(100).await;
    server.export(roll(1)).await;
    let query = "{ .die.type = \"risky\" || kind = client || .die.type = \"fair\" }";
    let answer = server.json("/api/search", &[("q", query)]).await;
    let spans = &answer["traces"][0]["spanSets"][0]["spans"];
    assert_eq!(
        spans[0]["attributes"],
        serde_json::json!([{"key": "kind", "value": {"stringValue": "client"}}])
    );
    assert_eq!(
        spans[1]["attributes"],
        serde_json::json!([{"key": "die.type", "value": {"stringValue": "risky"}}])
    );
}

#[tokio::test]
async fn unsupported_syntax_is_named() {
    let server = Server::start(100).await;
    let nested = format!(
        "{{ {}name = \"x\"{} }}",
        "(".repeat(10_000),
        ")".repeat(10_000)
    );
    let cases = [
        ("{ name = \"x\" } | count() > 2", "pipelines"),
        ("{ name = \"x\" } | select(span.die.type)", "pipelines"),
        ("{} with (most_recent=true)", "hints"),
        (
            "{ name = \"x\" } && { name = \"y\" }",
            "operators between spansets",
        ),
        (
            "{ name = \"x\" } >> { name = \"y\" }",
            "structural operators",
        ),
        (
            "{ name = \"x\" } !> { name = \"y\" }",
            "structural operators",
        ),
        ("({ name = \"x\" })", "groups of spansets"),
        ("{ name =~ \"x.*\" }", "regular expressions"),
        ("{ name !~ \"x.*\" }", "regular expressions"),
        ("{ !(name = \"x\") }", "negation"),
        ("{ span.ok }", "without a comparison"),
        ("{ event:name = \"exception\" }", "`event:name`"),
        ("{ parent.die.type = \"fair\" }", "`parent.die.type`"),
        ("{ childCount > 2 }", "`childCount`"),
        ("{ true }", "`true`"),
        ("{ \"x\" = name }", "left side"),
        ("{ span.a = span.b }", "two attributes"),
        ("{ duration * 2 > 1s }", "arithmetic"),
        ("{ span.\"a b\" = 1 }", "quoted attribute names"),
        (&nested, "nested"),
    ];
    for (query, part) in cases {
        let body = server.refused(&[("q", query)]).await;
        assert!(
            body.starts_with("invalid q: mini-tempo, a stand-in for Tempo, does not support"),
            "{query}: {body}"
        );
        assert!(body.contains(part), "{query}: {body}");
        assert!(
            body.contains("It supports one spanset filter"),
            "{query}: {body}"
        );
    }
}

#[tokio::test]
async fn invalid_traceql_is_400_with_its_position() {
    let server = Server::start(100).await;
    let cases = [
        ("name = \"x\"", "expected `{` at position 1"),
        ("{ name = \"x\"", "expected `}` at position 13"),
        ("{ name = }", "expected a value at position 10"),
        (
            "{ name \"x\" }",
            "expected a comparison operator at position 8",
        ),
        (
            "{ name = \"x }",
            "unterminated or invalid string at position 10",
        ),
        (
            "{ name = x }",
            "`x` is not a value (text needs quotes) at position 10",
        ),
        ("{ duration > 5parsecs }", "`5parsecs` is not a value"),
        ("{ (name = \"x\" }", "expected `)` at position 15"),
        ("{ name = \"x\" && }", "expected an attribute or intrinsic"),
        (
            "{ name = \"ö\" } x",
            "expected the end of the query at position 16",
        ),
        (
            "{ duration = \"x\" }",
            "can never hold, `duration = \"x\"`, at position 3",
        ),
        (
            "{ status > error }",
            "can never hold, `status > error`, at position 3",
        ),
        (
            "{ name = \"y\" && kind = error }",
            "can never hold, `kind = error`, at position 17",
        ),
        ("{ span.ok > true }", "can never hold"),
    ];
    for (query, expected) in cases {
        let body = server.refused(&[("q", query)]).await;
        assert!(
            body.starts_with("invalid q: invalid TraceQL query: "),
            "{query}: {body}"
        );
        assert!(body.contains(expected), "{query}: {body}");
    }
}
