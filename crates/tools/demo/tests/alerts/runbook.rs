//! The queries of an alert's runbook, asked while the alert fires: a person who follows it gets an
//! answer to each.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use signals::AskError;
use signals::tempo::{Search, Tempo};

use crate::compressed;
use crate::observer::Observer;

/// How far back traces are searched.
const WINDOW: Duration = Duration::from_secs(600);

/// What the queries of a runbook found.
#[derive(Debug, Default)]
pub(crate) struct Answers {
    /// The number of queries that found something.
    found: usize,
    /// The queries that found nothing: of the likely causes, most are not this one.
    empty: Vec<String>,
    /// The number of queries for which nothing here can answer: LogQL needs a Loki.
    not_asked: usize,
    /// What is wrong.
    pub(crate) problems: Vec<String>,
}

impl fmt::Display for Answers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = self.found + self.empty.len() + self.not_asked + self.problems.len();
        write!(f, "{} of {all}", self.found)?;
        match self.not_asked {
            0 => Ok(()),
            number => write!(f, ", {number} not asked"),
        }
    }
}

/// Asks every query of the runbook for `alert`. The first one must find something.
pub(crate) async fn ask(alert: &str, observer: &Observer, tempo: Option<&Tempo>) -> Answers {
    let runbooks = slo::runbook::read_all().expect("the runbooks can be read");
    let runbook = runbooks.into_iter().find(|runbook| runbook.alert == alert);
    let mut answers = Answers::default();
    for section in runbook.expect("every alert has a runbook").sections {
        for query in section.queries() {
            let number = match (query.language.as_str(), tempo) {
                ("promql", _) => Some(observer.count(&compressed::query(&query.text)).await),
                ("traceql", Some(tempo)) => traces(tempo, &query.text).await,
                _ => None,
            };
            match number {
                None => answers.not_asked += 1,
                Some(Err(error)) => answers.problems.push(format!("{}: {error}", query.text)),
                Some(Ok(0)) if section.heading == "First query" => {
                    let problem = format!("{}: the first query finds nothing", query.text);
                    answers.problems.push(problem);
                }
                Some(Ok(0)) => answers.empty.push(query.text),
                Some(Ok(_)) => answers.found += 1,
            }
        }
    }
    answers
}

/// The number of traces found; none if the stand-in for Tempo does not support the query.
async fn traces(tempo: &Tempo, query: &str) -> Option<Result<usize, AskError>> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let now = now.expect("the clock is past 1970").as_secs();
    let search = Search {
        query,
        start: now - WINDOW.as_secs(),
        end: now + 1,
        limit: 20,
        spans: 1,
    };
    match tempo.search(&search).await {
        Err(AskError::Status { detail, .. }) if detail.contains("does not support") => None,
        found => Some(found.map(|found| found.len())),
    }
}
