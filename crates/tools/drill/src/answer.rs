//! What the learner says: which service, what kind, and since when.

use std::str::FromStr;

use faults::Kind;

use crate::clock::Since;
use crate::system::{NONE, System};

/// An answer. A part that is missing gets no points.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Answer {
    /// One service or several; `none` if nothing is wrong.
    pub(crate) services: Vec<String>,
    /// None if there is no answer, `Some(None)` if nothing is wrong.
    pub(crate) kind: Option<Option<Kind>>,
    pub(crate) since: Option<Since>,
}

impl Answer {
    /// Whether it says that nothing is wrong.
    pub(crate) fn is_none(&self) -> bool {
        self.services.iter().any(|service| service == NONE)
    }

    /// Sets the services to a name, or several with `+` or spaces between them.
    ///
    /// # Errors
    /// If the system has no such service.
    pub(crate) fn set_services(&mut self, text: &str, system: &System) -> Result<(), String> {
        let known = system.services();
        let text = text.trim();
        if known.contains(&text) || text == NONE {
            self.services = vec![text.to_owned()];
            return Ok(());
        }
        let names: Vec<String> = split(text);
        if let Some(unknown) = names.iter().find(|name| !known.contains(&name.as_str())) {
            let known = known.join(", ");
            return Err(format!(
                "there is no service {unknown:?}; expected {NONE}, or of {known}"
            ));
        }
        self.services = names;
        Ok(())
    }

    /// Sets the kind to one of the names of [`Kind`], or to `none`.
    ///
    /// # Errors
    /// If there is no such kind.
    pub(crate) fn set_kind(&mut self, text: &str) -> Result<(), String> {
        self.kind = Some(kind(text)?);
        Ok(())
    }

    /// Refuses services that the system does not have.
    ///
    /// # Errors
    /// Names the service, and those that there are.
    pub(crate) fn check(&self, system: &System) -> Result<(), String> {
        let text = self.services.join("+");
        match text.as_str() {
            "" => Ok(()),
            text => Self::default().set_services(text, system),
        }
    }
}

fn split(text: &str) -> Vec<String> {
    let names = text.split([' ', '+', ',']);
    let names = names.filter(|name| !name.is_empty());
    let mut names: Vec<String> = names.map(str::to_owned).collect();
    names.sort();
    names.dedup();
    names
}

fn kind(text: &str) -> Result<Option<Kind>, String> {
    let text = text.trim();
    if text == NONE {
        return Ok(None);
    }
    let found = Kind::ALL.into_iter().find(|kind| kind.name() == text);
    found.map(Some).ok_or_else(|| {
        let known: Vec<&str> = Kind::ALL.into_iter().map(Kind::name).collect();
        let known = known.join(", ");
        format!("there is no kind {text:?}; expected {NONE} or one of {known}")
    })
}

/// `service=NAME,kind=KIND,since=TIME`, each at most once.
impl FromStr for Answer {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut answer = Self::default();
        for part in text.split(',') {
            let Some((name, value)) = part.split_once('=') else {
                return Err(format!(
                    "{part:?} is no part of an answer; expected service=NAME,kind=KIND,since=TIME"
                ));
            };
            match name.trim() {
                "service" if value == "every service" => answer.services = vec![value.to_owned()],
                "service" => answer.services = split(value),
                "kind" => answer.set_kind(value)?,
                "since" => answer.since = Some(value.parse()?),
                other => {
                    return Err(format!(
                        "{other:?} is no part of an answer; expected service, kind or since"
                    ));
                }
            }
        }
        Ok(answer)
    }
}
