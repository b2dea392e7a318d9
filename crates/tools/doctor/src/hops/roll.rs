//! The roll that is followed by its trace id: the frontend returns the id; without a frontend,
//! dice-roller receives one.

use std::time::{SystemTime, UNIX_EPOCH};

use serde::Deserialize;
use signals::header::{HeaderName, HeaderValue};
use signals::{Ask, AskError};
use uuid::Uuid;

use crate::examination::Doctor;
use crate::report::Finding;

/// A roll that was made.
#[derive(Debug)]
pub(crate) struct Roll {
    /// 32 hex digits.
    pub(crate) trace_id: String,
    /// The service that received the request.
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
pub(crate) async fn roll(doctor: &Doctor<'_>) -> Result<(String, Roll), Finding> {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH);
    let began = since_1970.unwrap_or_default().as_secs();
    let (asked, base) = doctor.cli.services().swap_remove(0);
    let ask = doctor.reader(base).get("/roll", &[("die", "fair")]);
    let answer = match asked {
        "frontend" => ask.json().await,
        _ => in_own_trace(ask).await,
    };
    let answer: Answer = answer.map_err(|error| refused(doctor, asked, &error))?;
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
        None => Err(Finding {
            saw: format!("{saw} without a trace_id"),
            cause: "tracing is disabled in the frontend (OTEL_SDK_DISABLED)".to_owned(),
            command: doctor.kind.restart("frontend"),
        }),
    }
}

/// A service that answers without a trace id receives one: it then continues the trace of this
/// examination, which exports no span of its own.
async fn in_own_trace(ask: Ask) -> Result<Answer, AskError> {
    const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
    let trace_id = Uuid::new_v4().simple().to_string();
    let traceparent = format!("00-{trace_id}-{}-01", &trace_id[..16]);
    let traceparent = HeaderValue::try_from(traceparent).expect("hexadecimal digits");
    let answer: Answer = ask.header(TRACEPARENT, traceparent).json().await?;
    Ok(Answer {
        trace_id: Some(trace_id),
        ..answer
    })
}

/// The status indicates which hop of the roll failed.
fn refused(doctor: &Doctor<'_>, asked: &str, error: &AskError) -> Finding {
    let status = match error {
        AskError::Status { status, .. } => status.as_u16(),
        _ => 0,
    };
    let cause = match status {
        503 => "a service behind it is down",
        504 => "a service behind it does not respond",
        500 => "the roll failed in it",
        _ => return doctor.kind.no_answer(asked, error),
    };
    let mut behind = doctor.cli.service_names();
    behind.retain(|service| *service != "frontend");
    let command = doctor.kind.look_at(&behind.join(" "));
    let suspects = behind.join(" or ");
    Finding {
        saw: error.to_string(),
        cause: match asked {
            "frontend" => format!("the frontend works, and {cause}: {suspects}"),
            _ => format!("{asked} answers, and {cause}"),
        },
        command,
    }
}
