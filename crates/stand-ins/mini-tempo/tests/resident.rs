//! The resident memory of the process under hostile senders. This is a separate program, so that
//! nothing else uses its memory.

use mini_tempo::{Bounds, Store};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
use procfs::process::Process;
use prost::Message;
use tokio::net::TcpListener;

const MIB: u64 = 1 << 20;

/// The resident memory of this process, in bytes.
fn resident() -> u64 {
    let status = Process::myself().and_then(|process| process.status());
    let status = status.expect("/proc is available");
    status.vmrss.expect("a process has memory") * 1024
}

fn request(spans: Vec<Span>) -> Vec<u8> {
    let scope_spans = vec![ScopeSpans {
        spans,
        ..ScopeSpans::default()
    }];
    let resource_spans = vec![ResourceSpans {
        scope_spans,
        ..ResourceSpans::default()
    }];
    ExportTraceServiceRequest { resource_spans }.encode_to_vec()
}

fn span(trace: u128, id: u64, name: &str) -> Span {
    Span {
        trace_id: trace.to_be_bytes().to_vec(),
        span_id: id.to_be_bytes().to_vec(),
        name: name.to_owned(),
        ..Span::default()
    }
}

#[tokio::test]
async fn memory_stays_within_the_bound() {
    let store = Store::bounded(Bounds {
        spans: usize::MAX,
        bytes: 32 << 20,
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("it is bound");
    let url = format!("http://{address}/v1/traces");
    tokio::spawn(axum::serve(listener, mini_tempo::receiver(store.clone())).into_future());
    let client = testkit::client();
    let post = async |body: Vec<u8>| {
        let request = client.post(&url).body(body);
        let request = request.header("content-type", "application/x-protobuf");
        request.send().await.expect("an answer").status().as_u16()
    };
    assert_eq!(post(request(vec![span(1, 1, "first")])).await, 200);
    let before = resident();

    let name = "n".repeat(900_000);
    for trace in 1..=700 {
        assert_eq!(post(request(vec![span(trace, 1, &name)])).await, 200);
    }
    // Spans with almost no content, enough for 8,000 requests.
    for part in 0..20_u128 {
        let spans = (0..20_000).map(|n| span(1_000_000 + part * 20_000 + n, 1, ""));
        assert_eq!(post(request(spans.collect())).await, 200);
    }
    let after = resident();
    let counters = store.counters();
    assert!(counters.bytes_stored <= 32 * MIB, "{counters:?}");
    assert!(counters.bytes_stored > 31 * MIB, "it is full: {counters:?}");
    assert!(counters.traces_evicted > 300_000, "{counters:?}");
    let grown = after.saturating_sub(before) / MIB;
    assert!(grown < 128, "grew by {grown} MiB: {counters:?}");
    println!("grew by {grown} MiB");
}
