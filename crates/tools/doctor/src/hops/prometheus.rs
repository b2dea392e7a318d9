//! Does Prometheus scrape the services, and has it seen the roll?

use reqwest::Client;
use serde::Deserialize;
use serde_json::Value;
use stages::Component;
use url::Url;

use crate::ask::{Silence, endpoint, json, patiently};
use crate::cli::Cli;
use crate::examination::Doctor;
use crate::hops::{counter, ready, rolls_counted};
use crate::report::Trouble;

#[derive(Deserialize)]
struct Answer {
    data: Data,
}

#[derive(Deserialize)]
struct Data {
    result: Vec<Series>,
}

#[derive(Deserialize)]
struct Series {
    #[serde(default)]
    metric: Value,
    value: (f64, String),
}

pub(crate) async fn scraped(doctor: &Doctor<'_>) -> Result<String, Trouble> {
    ready(doctor, "prometheus").await?;
    let counted = rolls_counted(doctor).await?;
    let patience = doctor.cli.patience;
    patiently(patience, || targets(doctor)).await?;
    patiently(patience, || arrived(doctor, counted)).await
}

/// What the stage has beside KTRDR, by the beginning of the name of its job.
fn wanted(cli: &Cli) -> Vec<&'static str> {
    let mut targets = cli.service_names();
    targets.extend(cli.stage.runs(Component::Postgres).then_some("postgres"));
    targets.extend(cli.usage_sink().map(|_| "usage-sink"));
    targets
}

/// All targets are up.
async fn targets(doctor: &Doctor<'_>) -> Result<(), Trouble> {
    let stage = doctor.cli.stage;
    let query = format!(r#"up{{job=~".+-stage{stage}"}}"#);
    let ups = query_now(doctor, &query).await?;
    for service in wanted(doctor.cli) {
        let job = stage.job(service);
        match ups.iter().find(|up| up.metric["job"] == job.as_str()) {
            Some(Series { value: (_, up), .. }) if up == "1" => {}
            Some(_) => {
                return Err(Trouble {
                    saw: format!("the target of job {job} is down"),
                    cause: format!(
                        "Prometheus cannot reach {service}: not running, or on another network"
                    ),
                    command: doctor.kind.look_at(service),
                });
            }
            None => {
                return Err(Trouble {
                    saw: format!("there is no target of job {job}"),
                    cause: "Prometheus has the targets of another stage, or just started"
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

async fn arrived(doctor: &Doctor<'_>, counted: f64) -> Result<String, Trouble> {
    let stage = doctor.cli.stage;
    let job = format!(r#"job="{}","#, stage.job("dice-roller"));
    let query = counter::SERIES.replacen('{', &format!("{{{job}"), 1);
    let series = query_now(doctor, &query).await?;
    let value: Option<f64> = series
        .first()
        .and_then(|series| series.value.1.parse().ok());
    match value {
        Some(value) if value >= counted => {
            let targets = wanted(doctor.cli).len();
            Ok(format!("{targets} targets up, {value} rolls, as counted"))
        }
        _ => Err(Trouble {
            saw: format!(
                "Prometheus has {} rolls, dice-roller {counted}",
                value.unwrap_or_default()
            ),
            cause: "the scrape fails, or takes longer than the patience of this examination"
                .to_owned(),
            command: format!(
                "curl -s {}; {}",
                endpoint(&doctor.cli.prometheus_url, "/api/v1/targets", &[]),
                doctor.kind.look_at("prometheus")
            ),
        }),
    }
}

async fn query_now(doctor: &Doctor<'_>, query: &str) -> Result<Vec<Series>, Trouble> {
    let url = endpoint(
        &doctor.cli.prometheus_url,
        "/api/v1/query",
        &[("query", query)],
    );
    let answer = ask(&doctor.client, url).await;
    answer.map_err(|silence| doctor.kind.silent("prometheus", &silence))
}

async fn ask(client: &Client, url: Url) -> Result<Vec<Series>, Silence> {
    let answer: Answer = json(client, url).await?;
    Ok(answer.data.result)
}
