//! Many searches, compared with a naive evaluation of the same queries: over every span, without
//! an index, without a summary, in words of this test's own.

mod model;
mod query;

use std::collections::BTreeMap;

use rand::rngs::SmallRng;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use serde_json::{Value as Json, json};

use crate::server::Server;
use crate::spans::{START, START_SECONDS};
use model::{Known, Sent};
use query::Query;

/// Sends the spans of 150 traces in random order, a few in each request, some of them twice.
async fn send(server: &Server, random: &mut SmallRng) -> Vec<Sent> {
    let traces = (1..=150_u128).flat_map(|trace| Sent::trace(trace, random));
    let mut spans: Vec<Sent> = traces.collect();
    spans.shuffle(random);
    let mut rest = &spans[..];
    while !rest.is_empty() {
        let (request, later) = rest.split_at(rest.len().min(random.random_range(1..10)));
        let batches: Vec<_> = request.iter().map(Sent::batch).collect();
        if random.random_ratio(1, 10) {
            server.export(batches.clone()).await;
        }
        server.export(batches).await;
        rest = later;
    }
    spans
}

/// The spans that are stored, by trace, in order of arrival.
fn known(server: &Server, sent: &[Sent]) -> Vec<Known> {
    let sent: BTreeMap<_, _> = sent
        .iter()
        .map(|span| ((span.trace, span.id), span))
        .collect();
    let find = |trace: u128, id: u64| sent[&(trace, id)].clone();
    let hex = |id: String| u128::from_str_radix(&id, 16).expect("hex");
    let traces = server.store.traces().into_iter().map(|trace| {
        let id = hex(trace.id().to_string());
        let spans = trace.spans().iter().map(|span| hex(span.id().to_string()));
        let spans = spans.map(|span| find(id, u64::try_from(span).expect("64 bits")));
        Known::new(id, spans.collect())
    });
    traces.collect()
}

/// What a search should return, without the attributes of spans.
fn expected(
    known: &[Known],
    query: &Query,
    window: Option<(u64, u64)>,
    limits: (usize, usize),
) -> Json {
    let (limit, spss) = limits;
    let mut found: Vec<(&Known, Vec<&Sent>)> = known
        .iter()
        .filter(|trace| window.is_none_or(|window| trace.overlaps(window)))
        .map(|trace| (trace, trace.matching(query)))
        .filter(|(_, spans)| !spans.is_empty())
        .collect();
    // The sort is stable: of traces with the same start, the first to arrive comes first.
    found.sort_by_key(|(trace, _)| std::cmp::Reverse(trace.start()));
    let traces = found.iter().take(limit).map(|(trace, spans)| {
        let shown = spans.iter().take(spss);
        let shown: Vec<_> = shown.map(|span| format!("{:016x}", span.id)).collect();
        json!([trace.metadata(), spans.len(), shown])
    });
    traces.collect()
}

/// The same from the answer.
fn returned(answer: &Json) -> Json {
    let traces = answer["traces"].as_array().expect("traces").iter();
    let traces = traces.map(|trace| {
        let set = &trace["spanSets"][0];
        let shown = set["spans"].as_array().expect("spans").iter();
        let shown: Vec<_> = shown.map(|span| span["spanID"].clone()).collect();
        let fields = [
            "traceID",
            "rootServiceName",
            "rootTraceName",
            "startTimeUnixNano",
            "durationMs",
        ];
        json!([
            fields.map(|field| trace[field].clone()),
            set["matched"],
            shown
        ])
    });
    traces.collect()
}

async fn compare(server: &Server, known: &[Known], random: &mut SmallRng) -> usize {
    let mut hits = 0;
    for _ in 0..300 {
        let query = Query::random(random, 2);
        let window = random.random_bool(0.3).then(|| {
            let start = START_SECONDS + random.random_range(0..4);
            (start, start + random.random_range(1..4))
        });
        let limits = (random.random_range(1..40), random.random_range(1..10));
        let (text, limit, spss) = (
            query.to_string(),
            limits.0.to_string(),
            limits.1.to_string(),
        );
        let mut parameters = vec![("q", text.as_str()), ("limit", &limit), ("spss", &spss)];
        let times = window.map(|(start, end)| (start.to_string(), end.to_string()));
        if let Some((start, end)) = &times {
            parameters.extend([("start", start.as_str()), ("end", end.as_str())]);
        }
        let answer = server.json("/api/search", &parameters).await;
        let expected = expected(known, &query, window, limits);
        assert_eq!(returned(&answer), expected, "{parameters:?}");
        hits += usize::from(expected != json!([]));
    }
    hits
}

#[tokio::test]
async fn searches_agree_with_a_naive_evaluation() {
    for (seed, room) in [(1, 10_000), (2, 10_000), (3, 300)] {
        let mut random = SmallRng::seed_from_u64(seed);
        let server = Server::start(room).await;
        let sent = send(&server, &mut random).await;
        let known = known(&server, &sent);
        let spans: usize = known.iter().map(Known::len).sum();
        assert_eq!(spans == sent.len(), room > 300, "{spans} of {}", sent.len());
        let hits = compare(&server, &known, &mut random).await;
        assert!(
            (100..280).contains(&hits),
            "some queries find traces: {hits}"
        );
    }
    assert_eq!(START % 1_000_000_000, 0, "windows are whole seconds");
}
