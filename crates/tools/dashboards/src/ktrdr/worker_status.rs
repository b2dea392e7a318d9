//! Which workers exist, and what is their state?

use serde_json::json;

use super::system_overview::status_column;
use super::{OPERATIONS, WORKER_STATUS, layout};
use crate::model::colour::{BLUE, GREEN, Palette, RED, YELLOW, fixed};
use crate::model::dashboard::Dashboard;
use crate::model::link::Link;
use crate::model::panel::Panel;
use crate::model::target::{instant, query};
use crate::model::unit;
use crate::model::variable::Variable;
use crate::model::viz::Viz;

pub(super) const WORKER: Variable = Variable::Labels {
    name: "worker",
    label: "Worker",
    description: "The workers, as host:port, that the panels show.",
    query: r#"label_values(up{job="ktrdr-workers"}, instance)"#,
    all: ".+",
};

pub(super) fn dashboard() -> Dashboard {
    super::dashboard(
        WORKER_STATUS,
        "KTRDR - Worker Status",
        "The fleet: workers by type, their resource usage and their availability.",
        vec![WORKER],
        layout(
            [registered(), healthy(), backtest(), training()],
            matrix(),
            [cpu(), memory()],
            availability(),
        ),
    )
}

fn registered() -> Panel {
    Panel::new(
        Viz::Stat,
        "Registered Workers",
        "Workers in the backend's register, available or busy. Compare them with the healthy \
         ones: a process can be up without being registered.",
    )
    .target(instant(
        "registered",
        r#"sum(workers_registered{job="ktrdr-backend",state=~"available|busy"})"#,
    ))
    .unit(unit::COUNT)
    .decimals(0)
    .thresholds(BLUE, &[])
}

fn healthy() -> Panel {
    Panel::new(
        Viz::Stat,
        "Healthy Workers",
        "Workers that answer Prometheus, and their share of the selected ones. The colour \
         follows the share.",
    )
    .targets([
        instant(
            "up",
            r#"count(up{job="ktrdr-workers",instance=~"$worker"} == 1) or vector(0)"#,
        ),
        instant(
            "share",
            r#"100 * sum(up{job="ktrdr-workers",instance=~"$worker"}) / count(up{job="ktrdr-workers",instance=~"$worker"})"#,
        ),
    ])
    .unit(unit::COUNT)
    .decimals(0)
    .thresholds(RED, &[(50.0, YELLOW), (100.0, GREEN)])
    .field("up", &json!([fixed(BLUE)]))
    .field("share", &json!([{ "id": "unit", "value": unit::PERCENT }]))
}

fn backtest() -> Panel {
    Panel::new(
        Viz::Stat,
        "Backtest Workers",
        "Backtest workers that are up, of three. While none is up, backtests wait in the queue.",
    )
    .target(instant(
        "up",
        r#"count(up{job="ktrdr-workers",worker_type="backtest",instance=~"$worker"} == 1) or vector(0)"#,
    ))
    .unit(unit::COUNT)
    .decimals(0)
    .thresholds(RED, &[(1.0, BLUE)])
    .link(Link::dashboard("Operations", OPERATIONS, ""))
}

fn training() -> Panel {
    Panel::new(
        Viz::Stat,
        "Training Workers",
        "Training workers that are up, of three. While none is up, trainings wait in the queue.",
    )
    .target(instant(
        "up",
        r#"count(up{job="ktrdr-workers",worker_type="training",instance=~"$worker"} == 1) or vector(0)"#,
    ))
    .unit(unit::COUNT)
    .decimals(0)
    .thresholds(RED, &[(1.0, BLUE)])
    .link(Link::dashboard("Operations", OPERATIONS, ""))
}

fn matrix() -> Panel {
    Panel::new(
        Viz::Table,
        "Worker Health Matrix",
        "One row for each worker: its status and resource usage. Click a worker to see its \
         operations.",
    )
    .targets([
        instant(
            "up",
            r#"label_replace(sum by (instance, worker_type) (up{job="ktrdr-workers",instance=~"$worker"}), "port", "$1", "instance", ".*:([0-9]+)")"#,
        )
        .table(),
        instant(
            "memory",
            r#"max by (instance) (process_resident_memory_bytes{job="ktrdr-workers",instance=~"$worker"})"#,
        )
        .table(),
        instant(
            "CPU",
            r#"100 * max by (instance) (rate(process_cpu_seconds_total{job="ktrdr-workers",instance=~"$worker"}[$__rate_interval]))"#,
        )
        .table(),
    ])
    .unit(unit::TEXT)
    .transform(
        "joinByField",
        &json!({ "byField": "instance", "mode": "outer" }),
    )
    .transform("organize", &matrix_columns())
    .field(
        "Instance",
        &json!([{ "id": "links", "value": [
            Link::dashboard("Operations of this worker", OPERATIONS, "&var-worker=${__value.raw}").to_json(),
        ]}]),
    )
    .field("Status", &status_column())
    .field("Memory", &json!([{ "id": "unit", "value": unit::BYTES }]))
    .field(
        "CPU",
        &json!([{ "id": "unit", "value": unit::PERCENT }, { "id": "decimals", "value": 1 }]),
    )
}

fn matrix_columns() -> serde_json::Value {
    json!({
        "excludeByName": { "Time": true, "Time 1": true, "Time 2": true, "Time 3": true },
        "indexByName": {
            "instance": 0, "port": 1, "worker_type": 2, "Value #A": 3, "Value #B": 4, "Value #C": 5,
        },
        "renameByName": {
            "instance": "Instance",
            "port": "Port",
            "worker_type": "Type",
            "Value #A": "Status",
            "Value #B": "Memory",
            "Value #C": "CPU",
        },
    })
}

fn cpu() -> Panel {
    Panel::new(
        Viz::Lines,
        "Worker CPU Usage",
        "CPU time of each worker; 100 % is one core. Only workers that compute use CPU, idle \
         ones do not.",
    )
    .target(query(
        "{{instance}}",
        r#"100 * rate(process_cpu_seconds_total{job="ktrdr-workers",instance=~"$worker"}[$__rate_interval])"#,
    ))
    .unit(unit::PERCENT)
    .palette(Palette::Workers)
}

fn memory() -> Panel {
    Panel::new(
        Viz::Lines,
        "Worker Memory Usage",
        "Resident memory of each worker. If one line rises while the others stay level, that \
         worker leaks memory.",
    )
    .target(query(
        "{{instance}}",
        r#"process_resident_memory_bytes{job="ktrdr-workers",instance=~"$worker"}"#,
    ))
    .unit(unit::BYTES)
    .palette(Palette::Workers)
}

fn availability() -> Panel {
    Panel::new(
        Viz::StateTimeline,
        "Worker Availability",
        "When each worker was up and down. Gaps that begin together have a common cause, usually \
         outside of the workers.",
    )
    .target(query(
        "{{instance}}",
        r#"up{job="ktrdr-workers",instance=~"$worker"}"#,
    ))
    .unit(unit::COUNT)
    .word("1", "UP", GREEN)
    .word("0", "DOWN", RED)
}
