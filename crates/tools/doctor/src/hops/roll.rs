//! The roll that is followed, known by its trace id: the frontend answers with one; where there is
//! no frontend, dice-roller is given one.

use std::time::{SystemTime, UNIX_EPOCH};

use serde::Deserialize;
use url::Url;
use uuid::Uuid;

use crate::ask::{Silence, endpoint, json, json_in_trace};
use crate::examination::Doctor;
use crate::report::Trouble;

/// A roll that was made.
#[derive(Debug)]
pub(crate) struct Roll {
    /// 32 hex digits.
    pub(crate) trace_id: String,
    /// The service that was asked for it.
    pub(crate) asked: &'static str,
    /// When it began, in whole seconds since 1970.
    pub(crate) began: u64,
}

#[derive(Deserialize)]
struct Answer {
    roll: i64,
    trace_id: Option<String>,
}

/// Rolls the die that never fails.
pub(crate) async fn roll(doctor: &Doctor<'_>) -> Result<(String, Roll), Trouble> {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH);
    let began = since_1970.unwrap_or_default().as_secs();
    let (asked, base) = doctor.cli.services().swap_remove(0);
    let url = endpoint(&base, "/roll", &[("die", "fair")]);
    let answer = match asked {
        "frontend" => json(&doctor.client, url).await,
        _ => untraced(doctor, url).await,
    };
    let answer = answer.map_err(|silence| refused(doctor, asked, &silence))?;
    let saw = format!("a {}", answer.roll);
    match answer.trace_id {
        Some(trace_id) => Ok((
            format!("{saw}, trace {trace_id}"),
            Roll {
                trace_id,
                asked,
                began,
            },
        )),
        None => Err(Trouble {
            saw: format!("{saw} without a trace_id"),
            cause: "tracing is switched off in the frontend (OTEL_SDK_DISABLED)".to_owned(),
            command: doctor.kind.restart("frontend"),
        }),
    }
}

/// A service that says no trace id is told one: it then continues the trace of this examination,
/// which sends no span of its own.
async fn untraced(doctor: &Doctor<'_>, url: Url) -> Result<Answer, Silence> {
    let trace_id = Uuid::new_v4().simple().to_string();
    let traceparent = format!("00-{trace_id}-{}-01", &trace_id[..16]);
    let answer = json_in_trace(&doctor.client, url, &traceparent).await;
    answer.map(|answer: Answer| Answer {
        trace_id: Some(trace_id),
        ..answer
    })
}

/// The status says which hop of the roll failed.
fn refused(doctor: &Doctor<'_>, asked: &str, silence: &Silence) -> Trouble {
    let cause = match silence {
        Silence::Status { status: 503, .. } => "a service behind it is down",
        Silence::Status { status: 504, .. } => "a service behind it hangs",
        Silence::Status { status: 500, .. } => "the roll failed inside",
        _ => return doctor.kind.silent(asked, silence),
    };
    let mut behind = doctor.cli.service_names();
    behind.retain(|service| *service != "frontend");
    let command = doctor.kind.look_at(&behind.join(" "));
    let suspects = behind.join(" or ");
    Trouble {
        saw: silence.to_string(),
        cause: match asked {
            "frontend" => format!("the frontend works, and {cause}: {suspects}"),
            _ => format!("{asked} answers, and {cause}"),
        },
        command,
    }
}
