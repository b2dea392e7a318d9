//! Does Prometheus scrape the services, and has it seen the roll?

use base_url::endpoint;
use signals::prometheus::Instant;
use stages::Component;

use crate::ask::patiently;
use crate::cli::Cli;
use crate::examination::Doctor;
use crate::hops::{Backend, counter, rolls_counted};
use crate::report::Finding;

pub(crate) async fn scraped(doctor: &Doctor<'_>) -> Result<String, Finding> {
    Backend::Prometheus.ready(doctor).await?;
    let counted = rolls_counted(doctor).await?;
    let patience = doctor.cli.patience;
    patiently(patience, || targets(doctor)).await?;
    patiently(patience, || arrived(doctor, counted)).await
}

/// Jobs outside KTRDR, by the beginning of their names.
fn wanted(cli: &Cli) -> Vec<&'static str> {
    let mut targets = cli.service_names();
    targets.extend(cli.stage.runs(Component::Postgres).then_some("postgres"));
    targets.extend(cli.usage_sink().map(|_| "usage-sink"));
    targets.push("prober");
    targets
}

/// Whether all targets are up.
async fn targets(doctor: &Doctor<'_>) -> Result<(), Finding> {
    let stage = doctor.cli.stage;
    let query = format!(r#"up{{job=~".+-stage{stage}"}}"#);
    let ups = query_now(doctor, &query).await?;
    for service in wanted(doctor.cli) {
        let job = stage.job(service);
        let of_job = |up: &&Instant| up.labels.get("job") == Some(&job);
        // A service may have several replicas.
        let worst = ups
            .iter()
            .filter(of_job)
            .min_by(|a, b| a.value.total_cmp(&b.value));
        match worst {
            Some(up) if up.value == 1.0 => {}
            Some(up) => {
                let instance = up.labels.get("instance").map_or("one", String::as_str);
                return Err(Finding {
                    saw: format!("the target {instance} of job {job} is down"),
                    cause: format!(
                        "Prometheus cannot reach {service}: not running, or on another network"
                    ),
                    command: doctor.kind.look_at(service),
                });
            }
            None => {
                return Err(Finding {
                    saw: format!("there is no target of job {job}"),
                    cause: "Prometheus has the targets of another stage, or has just started"
                        .to_owned(),
                    command: format!(
                        "docker compose exec prometheus cat /etc/prometheus/targets/stage.yml; {}",
                        doctor.kind.restart("prometheus")
                    ),
                });
            }
        }
    }
    Ok(())
}

async fn arrived(doctor: &Doctor<'_>, counted: f64) -> Result<String, Finding> {
    let stage = doctor.cli.stage;
    let job = format!(r#"job="{}","#, stage.job("dice-roller"));
    let query = counter::SERIES.replacen('{', &format!("{{{job}"), 1);
    let series = query_now(doctor, &query).await?;
    // Of all replicas: dice-roller's URL leads to one of them.
    let values = series.iter().map(|series| series.value);
    match values.reduce(|sum, value| sum + value) {
        Some(value) if value >= counted => {
            let targets = wanted(doctor.cli).len();
            Ok(format!("{targets} targets up, {value} rolls, as counted"))
        }
        value => Err(Finding {
            saw: format!(
                "Prometheus has {} rolls, dice-roller {counted}",
                value.unwrap_or_default()
            ),
            cause: "the scrape fails, or takes longer than this command waits (--patience)"
                .to_owned(),
            command: format!(
                "curl -s {}; {}",
                endpoint(&doctor.cli.prometheus_url, "/api/v1/targets", &[]),
                doctor.kind.look_at("prometheus")
            ),
        }),
    }
}

async fn query_now(doctor: &Doctor<'_>, query: &str) -> Result<Vec<Instant>, Finding> {
    let answer = doctor.prometheus().instant(query).await;
    answer.map_err(|error| doctor.kind.no_answer("prometheus", &error))
}
