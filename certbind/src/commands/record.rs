//! `record`: records the changes of a host, found by observing it repeatedly.

use std::io::ErrorKind;
use std::thread;
use std::time::Duration;

use certbind_core::StoreError;
use certbind_migrate::Comparison;
use serde_json::{Value, json};

use super::diff::as_json;
use crate::add_observation::{Outcome, Recorded, Target, differences};
use crate::changes::{counted, in_lines};
use crate::cli::output::Format;
use crate::cli::recording::Record;
use crate::error::Error;
use crate::exit;
use crate::input::Input;
use crate::message::report;
use crate::observation::Observation;
use crate::print::{json_text, print, print_to_reader};
use crate::recording::Interval;
use crate::stores::StoreUrl;
use crate::terminal::escaped;
use crate::{export_series, export_set};

/// How often a host is read again when another observation was recorded in the meantime.
const ATTEMPTS: u32 = 16;

pub(crate) fn run(arguments: &Record) -> Result<u8, Error> {
    let recorder = Recorder::new(arguments)?;
    if arguments.watch {
        recorder.watch()?;
        return Ok(exit::DONE);
    }
    let recorded = recorder.round()?;
    print(&recorder.report_text(&recorded)?)?;
    Ok(exit::DONE)
}

struct Recorder<'a> {
    arguments: &'a Record,
    target: Target<'a>,
    source: Source,
}

enum Source {
    Store(StoreUrl),
    /// Exports, which are searched again with each round.
    Exports(Vec<String>),
}

impl<'a> Recorder<'a> {
    fn new(arguments: &'a Record) -> Result<Self, Error> {
        let inputs = arguments.sources.iter().map(|it| it.parse::<Input>());
        let inputs: Vec<_> = inputs.flatten().map(Input::resolved).collect();
        let mut stores = inputs.into_iter().filter_map(|input| match input {
            Input::Store(url) => Some(url),
            Input::File(_) => None,
        });
        let source = match stores.next() {
            Some(_) if arguments.sources.len() > 1 => return Err(Error::SeveralSources),
            Some(url) if url.absolute() == arguments.into.0.absolute() => {
                let store = url.to_string();
                return Err(Error::RecordsItself { store });
            }
            Some(url) => Source::Store(url),
            None => Source::Exports(arguments.sources.clone()),
        };
        Ok(Self {
            arguments,
            target: Target::new(&arguments.into.0, arguments.host.as_deref())?,
            source,
        })
    }

    /// Makes one observation.
    fn round(&self) -> Result<Vec<Recorded>, Error> {
        match &self.source {
            Source::Store(url) => self.observe_store(url).map(|recorded| vec![recorded]),
            Source::Exports(exports) => self.exports(exports),
        }
    }

    fn observe_store(&self, url: &StoreUrl) -> Result<Recorded, Error> {
        let name = url.to_string();
        for _ in 1..ATTEMPTS {
            let observation = Observation::at_store(url)?;
            // Another program may have recorded a later observation.
            if let Outcome::Recorded(recorded) = self.target.add(&observation, &name)? {
                return Ok(recorded);
            }
        }
        let observation = Observation::at_store(url)?;
        match self.target.add(&observation, &name)? {
            Outcome::Recorded(recorded) => Ok(recorded),
            Outcome::Late(late) => Err(late.error(&observation, &name)),
        }
    }

    /// Exports that are recorded already are left out.
    fn exports(&self, exports: &[String]) -> Result<Vec<Recorded>, Error> {
        let paths = export_set::expand(exports)?;
        let time = self.arguments.time;
        if time.is_some() && paths.len() > 1 {
            return Err(Error::TimeOfSeveral);
        }
        let given = time.map(|at| Interval::new(at, at));
        let mut observations = Vec::new();
        for path in paths {
            let name = export_series::ExportName::of(&path);
            let mut observation = Observation::at_export(&path, given.or(name.time))?;
            observation.host = observation.host.or(name.host);
            observations.push((path.display().to_string(), observation));
        }
        observations
            .sort_by_key(|(_, observation)| (observation.time.began, observation.time.ended));
        // All or none: hosts and times are compared before the first one is recorded.
        let (hosts, times) = observations
            .iter()
            .map(|(name, observation)| {
                Ok((
                    self.target.host(observation, name)?,
                    (name, observation.time),
                ))
            })
            .collect::<Result<(Vec<_>, Vec<_>), Error>>()?;
        if let Some(at) =
            (1..hosts.len()).find(|at| hosts[*at].to_lowercase() != hosts[0].to_lowercase())
        {
            return Err(Error::ExportsOfTwoHosts {
                first: observations[0].0.clone(),
                second: observations[at].0.clone(),
                hosts: [hosts[0].clone(), hosts[at].clone()],
            });
        }
        if let Some(pair) = times.windows(2).find(|it| it[1].1.began < it[0].1.ended) {
            return Err(Error::ExportsAtOneTime {
                first: pair[0].0.clone(),
                second: pair[1].0.clone(),
            });
        }
        let mut all = Vec::new();
        for (name, observation) in &observations {
            match self.target.add(observation, name)? {
                Outcome::Recorded(recorded) => all.push(recorded),
                Outcome::Late(late) if late.is_recorded => {}
                Outcome::Late(late) => return Err(late.error(observation, name)),
            }
        }
        Ok(all)
    }

    /// Runs until the process is ended or its output is closed. A source that cannot be
    /// read is reported, once, and tried again.
    fn watch(&self) -> Result<(), Error> {
        let mut last_error = String::new();
        let mut is_first = true;
        loop {
            match self.round() {
                Ok(mut recorded) => {
                    recorded.retain(|it| is_first || !it.commits.is_empty());
                    if !recorded.is_empty() || is_first {
                        match print_to_reader(&self.report_text(&recorded)?) {
                            Err(error) if error.kind() == ErrorKind::BrokenPipe => return Ok(()),
                            printed => printed?,
                        }
                    }
                    is_first = false;
                    last_error.clear();
                }
                Err(error) if may_pass(&error) => {
                    let said = error.to_string();
                    if said != last_error {
                        report(&escaped(&said));
                    }
                    last_error = said;
                }
                Err(error) => return Err(error),
            }
            thread::sleep(Duration::from_secs(self.arguments.interval.get()));
        }
    }

    fn report_text(&self, recorded: &[Recorded]) -> Result<String, Error> {
        match self.arguments.output.format {
            Format::Json => json_text(&recorded.iter().map(json_of).collect::<Vec<_>>()),
            Format::Table if recorded.is_empty() => {
                Ok("Already recorded: no later reading\n".to_owned())
            }
            Format::Table => recorded.iter().map(in_words).collect(),
        }
    }
}

/// Whether a later observation may succeed.
fn may_pass(error: &Error) -> bool {
    match error {
        Error::Store(StoreError::Unsupported { .. }) => false,
        Error::Store(_)
        | Error::NoStore { .. }
        | Error::PartialLook { .. }
        | Error::OutOfOrder { .. }
        | Error::Input { .. }
        | Error::BrokenInput { .. }
        | Error::BrokenExport { .. }
        | Error::NoExport(_) => true,
        _ => false,
    }
}

fn in_words(recorded: &Recorded) -> Result<String, Error> {
    let host = escaped(&recorded.host).into_owned();
    let ended = recorded.observation.ended;
    let Some(since) = recorded.since else {
        let bindings = counted(recorded.bindings);
        return Ok(format!(
            "{host}: first reading, until {ended}: {bindings}\n"
        ));
    };
    if recorded.commits.is_empty() {
        return Ok(format!("{host}: no change from {since} to {ended}\n"));
    }
    let mut text = String::new();
    for commit in &recorded.commits {
        let revision = commit.revision;
        let by = match &commit.known {
            Some(known) => format!("made {}", escaped(known)),
            None => format!("made by unknown, between {since} and {ended}"),
        };
        text.push_str(&format!("{host}: revision {revision}  {by}\n"));
        let changes = differences(&commit.before, &commit.after)?;
        for line in changes.iter().map(in_lines).collect::<String>().lines() {
            text.push_str(&format!("  {line}\n"));
        }
    }
    Ok(text)
}

fn json_of(recorded: &Recorded) -> Value {
    let commits = recorded.commits.iter().map(|commit| {
        let changes: Vec<Comparison> =
            differences(&commit.before, &commit.after).unwrap_or_default();
        let mut changes = as_json(&changes);
        if let Some(changes) = changes.as_object_mut() {
            changes.remove("same");
        }
        json!({ "revision": commit.revision, "by": commit.known, "changes": changes })
    });
    json!({
        "host": recorded.host,
        "since": recorded.since,
        "until": recorded.observation.ended,
        "bindings": recorded.bindings,
        "commits": commits.collect::<Vec<_>>(),
    })
}
