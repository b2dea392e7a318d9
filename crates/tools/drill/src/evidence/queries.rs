//! The queries of traces and log lines that show each fault. The query of its metric is in the table
//! of faults.

use faults::Fault;

/// TraceQL, as both Tempo and mini-tempo support it; None for a fault that traces do not show.
pub(super) fn traces(fault: Fault) -> Option<String> {
    let query = match fault {
        Fault::SlowDieService => {
            r#"{ resource.service.name = "die-service" && kind = server && duration > 200ms }"#
        }
        Fault::FailingDieService | Fault::PoolLeak => {
            r#"{ resource.service.name = "die-service" && kind = server && status = error }"#
        }
        Fault::SlowDiceRoller | Fault::BlockedWorker => {
            r#"{ resource.service.name = "dice-roller" && kind = server && duration > 1200ms }"#
        }
        Fault::FailingDiceRoller => {
            r#"{ resource.service.name = "dice-roller" && kind = server && span.http.response.status_code = 503 }"#
        }
        Fault::RetryStorm => {
            r#"{ resource.service.name = "frontend" && kind = client && status = error }"#
        }
        Fault::LockedTable => r#"{ name = "SELECT dice" && status = error }"#,
        Fault::LostContext => r#"{ rootServiceName = "dice-roller" }"#,
        Fault::BadRelease => return Some(other_versions()),
        Fault::RefusingUsageSink => {
            r#"{ resource.service.name = "usage-sink" && kind = server && span.http.response.status_code = 503 }"#
        }
        // One six proves nothing: only many rolls show that a die is loaded.
        Fault::LoadedDie
        | Fault::MemoryLeak
        | Fault::LogFlood
        | Fault::LabelExplosion
        | Fault::DeadCollector
        | Fault::HungWorker => return None,
    };
    Some(query.to_owned())
}

/// Spans of another version than this one.
fn other_versions() -> String {
    let version = env!("CARGO_PKG_VERSION");
    format!(
        r#"{{ resource.service.name = "dice-roller" && resource.service.version != "{version}" }}"#
    )
}

/// LogQL; None for a fault that log lines do not show.
pub(super) fn logs(fault: Fault) -> Option<String> {
    let query = match fault {
        Fault::LogFlood => r#"{service_name="frontend"}"#,
        Fault::LoadedDie => r#"{service_name="prober"} |= "do not match""#,
        Fault::DeadCollector => r#"{service_name=~".+",level=~"WARN|ERROR"} |= "pan""#,
        Fault::SlowDieService
        | Fault::SlowDiceRoller
        | Fault::BlockedWorker
        | Fault::LostContext
        | Fault::LabelExplosion => return None,
        fault => {
            let service = fault.spec().service;
            return Some(format!(
                r#"{{service_name="{service}",level=~"WARN|ERROR"}}"#
            ));
        }
    };
    Some(query.to_owned())
}
