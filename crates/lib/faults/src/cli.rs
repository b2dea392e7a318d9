//! The command that switches faults: `on NAME`, `off [NAME]`, `list`.

mod list;

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use clap::Subcommand;

use crate::fault::Fault;
use crate::flags::{Flags, FlagsError};

/// A command about the faults of a running system.
#[derive(Debug, Clone, PartialEq, Subcommand)]
pub enum Command {
    /// Switch a fault on
    On {
        /// The fault, as `list` names it
        #[arg(value_name = "NAME")]
        fault: Fault,
        /// How strong it is, in the unit that `list` names [default: as `list` shows]
        #[arg(long, value_name = "NUMBER")]
        strength: Option<f64>,
    },
    /// Switch a fault off, or all of them
    Off {
        /// The fault; without a name, every fault
        #[arg(value_name = "NAME")]
        fault: Option<Fault>,
    },
    /// List the faults: what each one does, where to look, and what is on
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

/// The system whose faults are switched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct System {
    /// The file that its services watch.
    pub file: PathBuf,
    /// Its stage, 1 to 6, if that is known.
    pub stage: Option<u8>,
    /// How to start stage `{stage}`, as in `cargo run --release -- --stage {stage}`.
    pub start: &'static str,
    /// Faults that it does not have although its stage does, each with the reason.
    pub lacks: Vec<(Fault, String)>,
}

/// A command that was refused, or that failed.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// The file of flags cannot be used.
    #[error("{}{source}", place(file, source))]
    Flags {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        source: FlagsError,
    },
    /// The system cannot do that; the text says why.
    #[error("{0}")]
    Refused(String),
}

impl Command {
    /// Runs it and returns what to print.
    ///
    /// # Errors
    /// If the fault is not one of the system, the strength is out of range, a drill is running, or the
    /// file cannot be read or written.
    pub fn run(&self, system: &System) -> Result<String, CommandError> {
        match self {
            Self::On { fault, strength } => switch_on(system, *fault, *strength),
            Self::Off { fault: Some(fault) } => switch_off(system, *fault),
            Self::Off { fault: None } => {
                // Also when the file is malformed: this is the way out.
                system.write(&Flags::default())?;
                Ok("Every fault is off.\n".to_owned())
            }
            Self::List { json } => {
                let flags = system.read()?;
                Ok(match json {
                    true => list::json(&flags),
                    false => list::table(&flags, system.stage),
                })
            }
        }
    }
}

fn switch_on(system: &System, fault: Fault, strength: Option<f64>) -> Result<String, CommandError> {
    system.must_have(fault)?;
    let mut flags = revealed(system)?;
    let strength = flags.switch_on(fault, strength);
    let strength = strength.map_err(|error| CommandError::Refused(error.to_string()))?;
    system.write(&flags)?;
    let spec = fault.spec();
    let alert = spec.alert.name().unwrap_or("none, on purpose");
    Ok(format!(
        "{fault} is on{}: {}\nLook at {}. Alert: {alert}.\n",
        list::amount(spec, strength),
        spec.effect,
        spec.signal.look
    ))
}

fn switch_off(system: &System, fault: Fault) -> Result<String, CommandError> {
    let mut flags = revealed(system)?;
    let was_on = flags.switch_off(fault);
    system.write(&flags)?;
    Ok(match was_on {
        true => format!("{fault} is off.\n"),
        false => format!("{fault} was off already.\n"),
    })
}

/// The flags, unless a drill hides them.
fn revealed(system: &System) -> Result<Flags, CommandError> {
    let flags = system.read()?;
    if flags.is_hidden() {
        let reason = "a drill is running; end it first, or switch every fault off with `off`";
        return Err(CommandError::Refused(reason.to_owned()));
    }
    Ok(flags)
}

/// The file of an error that does not name it.
fn place(file: &Path, source: &FlagsError) -> String {
    match source {
        FlagsError::Malformed { .. } => format!("{}: ", file.display()),
        FlagsError::Read { .. } | FlagsError::Write { .. } => String::new(),
    }
}

impl System {
    /// What is on now.
    fn read(&self) -> Result<Flags, CommandError> {
        let flags = Flags::read(&self.file).map_err(|source| self.error(source))?;
        Ok(flags.in_force(SystemTime::now()))
    }

    fn write(&self, flags: &Flags) -> Result<(), CommandError> {
        flags.write(&self.file).map_err(|source| self.error(source))
    }

    fn error(&self, source: FlagsError) -> CommandError {
        CommandError::Flags {
            file: self.file.clone(),
            source,
        }
    }

    fn must_have(&self, fault: Fault) -> Result<(), CommandError> {
        let needed = fault.spec().stage;
        if let Some(stage) = self.stage.filter(|stage| *stage < needed) {
            let start = self.start.replace("{stage}", &needed.to_string());
            return Err(CommandError::Refused(format!(
                "{fault} needs stage {needed} or later, and this is stage {stage}; {start}"
            )));
        }
        let mut lacks = self.lacks.iter();
        match lacks.find(|(lacking, _)| *lacking == fault) {
            Some((_, reason)) => Err(CommandError::Refused(format!("{fault}: {reason}"))),
            None => Ok(()),
        }
    }
}
