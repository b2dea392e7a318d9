//! Logs and traces: from our programs through Alloy to Loki, Tempo and Jaeger.

use crate::files::{Service, addresses, alloy, assert_reachable, service, services, yaml};

/// The value of every `key = "value"` in Alloy's file.
fn values(key: &str) -> Vec<String> {
    let config = alloy();
    let pairs = config.lines().filter_map(|line| line.split_once('='));
    pairs
        .filter(|(name, _)| name.trim() == key)
        .map(|(_, value)| value.trim().trim_matches('"').to_owned())
        .collect()
}

#[test]
fn spans_are_sent_to_a_receiver_of_alloy() {
    let endpoints = values("endpoint");
    for service in services() {
        if let Some(url) = service.environment("OTEL_EXPORTER_OTLP_ENDPOINT") {
            assert_eq!(url, "http://alloy:4318", "{}", service.name);
        }
    }
    for port in [4317, 4318] {
        let address = format!("0.0.0.0:{port}");
        assert!(
            endpoints.contains(&address),
            "alloy does not listen on {address}"
        );
    }
}

/// Without the root span, a trace has no parent for its spans. The doctor, the driver, drills
/// and the switch of faults create no spans.
#[test]
fn every_program_of_ours_that_creates_spans_exports_them() {
    let ours = services().into_iter().filter(Service::is_ours);
    for service in ours {
        let endpoint = service.environment("OTEL_EXPORTER_OTLP_ENDPOINT");
        let silent = ["doctor", "drill", "faults", "ktrdr-driver"].contains(&service.name.as_str());
        assert_eq!(endpoint.is_none(), silent, "{}", service.name);
    }
}

#[test]
fn alloy_forwards_to_containers_that_listen() {
    let config = alloy();
    let mut all: Vec<String> = addresses(&config)
        .into_iter()
        .filter(|address| !address.starts_with("localhost"))
        .map(str::to_owned)
        .collect();
    let endpoints = values("endpoint").into_iter();
    let endpoints = endpoints.filter(|endpoint| !endpoint.starts_with("0.0.0.0"));
    all.extend(endpoints.map(|endpoint| endpoint.trim_start_matches("http://").to_owned()));
    assert!(all.len() >= 5, "{all:?}");
    for address in all {
        assert_reachable(&address, "stack/alloy");
    }
    assert_eq!(
        values("url"),
        [
            "http://loki:3100/loki/api/v1/push",
            "http://prometheus:9090/api/v1/write"
        ]
    );
}

#[test]
fn tempo_and_jaeger_accept_what_alloy_forwards() {
    let tempo = yaml("stack/tempo/tempo.yaml");
    let protocols = &tempo["distributor"]["receivers"]["otlp"]["protocols"];
    assert_eq!(protocols["grpc"]["endpoint"], "0.0.0.0:4317");
    let jaeger = yaml("stack/jaeger/jaeger.yaml");
    let protocols = &jaeger["receivers"]["otlp"]["protocols"];
    assert_eq!(protocols["grpc"]["endpoint"], "0.0.0.0:4317");
}

#[test]
fn stores_listen_on_the_ports_that_are_published() {
    for name in ["loki", "tempo"] {
        let config = yaml(&format!("stack/{name}/{name}.yaml"));
        let port = config["server"]["http_listen_port"].as_u64();
        let (_, published) = service(name).ports()[0];
        assert_eq!(port, Some(published.into()), "{name}");
    }
    let alloy = service("alloy").list("command").join(" ");
    assert!(
        alloy.contains("--server.http.listen-addr=0.0.0.0:12345"),
        "{alloy}"
    );
}

#[test]
fn every_program_reads_the_mounted_file() {
    for name in ["loki", "tempo", "prometheus", "jaeger", "postgres"] {
        let service = service(name);
        let command = service.list("command").join(" ");
        let mounts = service.binds();
        let used = mounts
            .iter()
            .any(|(_, target, _)| command.contains(target.as_str()));
        assert!(used, "{name}: {command} names none of {mounts:?}");
    }
}

/// JSON lines only: the load generators print text for people.
#[test]
fn lines_are_collected_from_all_services() {
    for service in services() {
        let collected = service.label("observability.logs").as_deref() == Some("true");
        let serves = service.is_ours() && service.environment("LISTEN_ADDR").is_some();
        assert_eq!(collected, serves, "{}", service.name);
    }
    let config = alloy();
    assert!(config.contains(r#"values = ["observability.logs=true"]"#));
}

#[test]
fn labels_that_alloy_reads_are_labels_that_containers_have() {
    let config = alloy();
    let prefix = "__meta_docker_container_label_";
    let starts = config
        .match_indices(prefix)
        .map(|(at, _)| &config[at + prefix.len()..]);
    let read: Vec<&str> = starts
        .filter_map(|rest| rest.split_once('"').map(|(name, _)| name))
        .collect();
    assert_eq!(read, ["observability_service", "observability_job"]);
    for service in services() {
        if service.label("observability.logs").is_none() {
            continue;
        }
        for name in &read {
            let label = name.replace('_', ".");
            assert!(
                service.label(&label).is_some(),
                "{}: no {label}",
                service.name
            );
        }
    }
}

/// The text between the braces of Alloy's first block with that name.
fn block(name: &str) -> String {
    let config = alloy();
    let (_, rest) = config.split_once(&format!("{name} {{")).expect("a block");
    let (body, _) = rest.split_once("\n\t}").expect("an end");
    body.to_owned()
}

/// Every label value creates a stream, so ids of requests must not be labels.
#[test]
fn ids_are_metadata_and_only_the_level_is_a_label() {
    let json = block("stage.json");
    for field in ["timestamp", "level", "trace_id", "span_id"] {
        assert!(json.contains(field), "alloy does not read {field}");
    }
    let labels = block("stage.labels");
    assert!(
        labels.contains("level") && !labels.contains("_id"),
        "{labels}"
    );
    let metadata = block("stage.structured_metadata");
    assert!(
        metadata.contains("trace_id") && metadata.contains("span_id"),
        "{metadata}"
    );
}

#[test]
fn jaeger_is_labelled_as_a_receiver_of_traces() {
    let label = service("jaeger").label("observability.traces");
    assert_eq!(label.as_deref(), Some("true"));
    assert!(alloy().contains(r#"values = ["observability.traces=true"]"#));
}

#[test]
fn the_proxy_is_reached_at_its_port_and_admits_alloy() {
    assert_eq!(values("host"), vec!["tcp://docker-proxy:2375"; 5]);
    let command = service("docker-proxy").list("command");
    assert!(
        command.iter().any(|flag| flag == "-allowfrom=alloy"),
        "{command:?}"
    );
    assert!(
        !command.iter().any(|flag| flag.contains("-allowPOST")),
        "{command:?}"
    );
}
