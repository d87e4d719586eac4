//! `sync`: a store is made equal to the record that a fleet keeps of its host.

use std::io::ErrorKind;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use certbind_backends::Access;
use certbind_core::BindingKey;
use certbind_etcd::{EtcdStore, Watch};
use certbind_migrate::{Plan, Purpose, Step};
use serde_json::json;

use super::plan::{header, name, open_or_empty};
use crate::backends::etcd;
use crate::changes::{changed, counted, whole};
use crate::cli::output::Format;
use crate::cli::sync::Sync;
use crate::error::Error;
use crate::exit;
use crate::input::{Input, scan_all};
use crate::message::report;
use crate::plan_text;
use crate::print::{json_text, print, print_to_reader};
use crate::store_mistakes;
use crate::stores::Opened;
use crate::sync::{Decision, LocalChange, State, decide, digested};
use crate::terminal::escaped;

/// How often the store is read again when another program changes it in between.
const ATTEMPTS: u32 = 16;

/// The pause after an error, before it is tried again.
const PAUSE: Duration = Duration::from_secs(1);

pub(crate) fn run(arguments: &Sync) -> Result<u8, Error> {
    synchronize(arguments).map_err(|error| Error::Sync(Box::new(error)))
}

fn synchronize(arguments: &Sync) -> Result<u8, Error> {
    let sync = Agent::new(arguments)?;
    if arguments.watch {
        sync.watch()?;
        return Ok(exit::DONE);
    }
    let done = sync.once()?;
    print(&sync.report_text(&done)?)?;
    Ok(match done.left().is_empty() {
        true => exit::DONE,
        false => exit::NOT_IN_SYNC,
    })
}

struct Agent<'a> {
    arguments: &'a Sync,
    host: String,
    /// The store, for the file of the state.
    store: String,
    state: PathBuf,
}

/// The changes of one round, made or only planned.
struct Done {
    plan: Plan,
    local: Vec<LocalChange>,
    enforced: bool,
}

impl Done {
    /// The changes that stay.
    fn left(&self) -> &[LocalChange] {
        if self.enforced { &[] } else { &self.local }
    }
}

impl<'a> Agent<'a> {
    fn new(arguments: &'a Sync) -> Result<Self, Error> {
        let host = arguments.from.host.to_string();
        let store = name(&Input::Store(arguments.to.clone()));
        let state = match &arguments.state {
            Some(path) => path.clone(),
            None => State::place(&host, &store)?,
        };
        Ok(Self {
            arguments,
            host,
            store,
            state,
        })
    }

    /// The host's record. A host without a record in etcd is not the same as one without bindings.
    fn record(&self) -> Result<EtcdStore, Error> {
        let url = &self.arguments.from.url;
        etcd::open(url, Access::Read)?.ok_or_else(|| self.no_record())
    }

    fn no_record(&self) -> Error {
        let url = self.arguments.from.url.to_string();
        Error::NoStore {
            next_step: store_mistakes::missing_host(&url),
            path: url.into(),
        }
    }

    fn once(&self) -> Result<Done, Error> {
        self.round(&self.record()?)
    }

    fn round(&self, record: &EtcdStore) -> Result<Done, Error> {
        let mut attempt = 1;
        loop {
            match self.attempt(record) {
                Err(Error::Migrate(certbind_migrate::Error::Stale { .. }))
                    if attempt < ATTEMPTS =>
                {
                    attempt += 1;
                }
                done => return done,
            }
        }
    }

    fn attempt(&self, record: &EtcdStore) -> Result<Done, Error> {
        let state = State::read(&self.state, &self.host, &self.store)?;
        // A host that was removed from etcd during the watch no longer has a record.
        if record.revision()?.is_none() {
            return Err(self.no_record());
        }
        let fleet = scan_all(record)?;
        let store = match self.arguments.dry_run {
            true => open_or_empty(&self.arguments.to)?,
            false => Opened::open(&self.arguments.to, Access::Create)?,
        };
        let held = scan_all(store.bindings())?;
        let decision = decide(&state, &fleet, &held, self.arguments.enforce);
        let Decision {
            steps,
            local,
            same,
            before,
            after,
        } = decision;
        let source = self.arguments.from.url.to_string();
        let header = header(Purpose::Move, Some(source), self.store.clone());
        let left = match self.arguments.enforce {
            true => same,
            false => same + local.len() as u64,
        };
        let plan = Plan::new(header, steps, left, Vec::new())?;
        if !self.arguments.dry_run {
            if plan.changes().next().is_some() {
                // First: if the process ends at any point from now on, its changes are not mistaken
                // for those of another program.
                let begun = State {
                    taken: before,
                    taking: Some(fleet.iter().map(digested).collect()),
                };
                begun.keep(&self.state, &self.host, &self.store)?;
                certbind_migrate::apply(store.bindings(), &plan)?;
            }
            let now = State {
                taken: after,
                taking: None,
            };
            if plan.changes().next().is_some() || now != state {
                now.keep(&self.state, &self.host, &self.store)?;
            }
        }
        Ok(Done {
            plan,
            local,
            enforced: self.arguments.enforce,
        })
    }

    /// Continues until the process is ended, or the reader of its output has gone. An error is
    /// reported once, and the failed operation is tried again.
    fn watch(&self) -> Result<(), Error> {
        let mut last_reported: Option<Vec<LocalChange>> = None;
        let mut last_error = String::new();
        let mut watching: Option<(EtcdStore, Watch)> = None;
        loop {
            match self.watched(&mut watching) {
                Ok(done) => {
                    let news = last_reported.as_deref() != Some(done.left());
                    if news || done.plan.changes().next().is_some() || !last_error.is_empty() {
                        match print_to_reader(&self.report_text(&done)?) {
                            Err(error) if error.kind() == ErrorKind::BrokenPipe => return Ok(()),
                            printed => printed?,
                        }
                    }
                    last_reported = Some(done.left().to_vec());
                    last_error.clear();
                    let interval = Duration::from_secs(self.arguments.interval.get());
                    if let Some((_, watch)) = &mut watching
                        && let Err(error) = watch.next(interval)
                    {
                        watching = None;
                        self.complain(&error.into(), &mut last_error);
                    }
                }
                Err(error) => {
                    watching = None;
                    self.complain(&error, &mut last_error);
                }
            }
        }
    }

    /// One round, in which the watch began before the record was read.
    fn watched(&self, watching: &mut Option<(EtcdStore, Watch)>) -> Result<Done, Error> {
        let (record, _) = match watching {
            Some(watching) => watching,
            None => {
                let record = self.record()?;
                let watch = record.watch(record.cluster_revision()?);
                watching.insert((record, watch))
            }
        };
        self.round(record)
    }

    fn complain(&self, error: &Error, last: &mut String) {
        let said = error.to_string();
        if said != *last {
            report(&escaped(&said));
        }
        *last = said;
        thread::sleep(PAUSE);
    }

    fn report_text(&self, done: &Done) -> Result<String, Error> {
        match self.arguments.output.format {
            Format::Json => json_text(&self.as_json(done)),
            Format::Table => Ok(self.in_words(done)),
        }
    }

    fn in_words(&self, done: &Done) -> String {
        let mut text = match done.plan.changes().next() {
            Some(_) => plan_text::of(&done.plan),
            None => String::new(),
        };
        if !done.local.is_empty() {
            let outcome = match done.enforced {
                true => "reverted",
                false => "kept; --enforce reverts them",
            };
            let count = counted(done.local.len());
            text.push_str(&format!("\nLocal changes of {count}, {outcome}:\n"));
        }
        for change in &done.local {
            text.push_str(&match (&change.fleet, &change.local) {
                (Some(fleet), Some(local)) => changed(fleet, local),
                (None, Some(local)) => whole('+', local),
                (Some(fleet), None) => whole('-', fleet),
                (None, None) => String::new(),
            });
        }
        let rest = match done.left() {
            [] => "",
            _ => ", except for the local changes above",
        };
        let count = plan_text::changes(&done.plan);
        let store = escaped(&self.store).into_owned();
        let is_changed = done.plan.changes().next().is_some();
        text.push_str(&match (is_changed, self.arguments.dry_run) {
            (false, _) => format!("No change: {store} matches the host record{rest}\n"),
            (true, true) => {
                format!("Would change {count} in {store}; it would match the host record{rest}\n")
            }
            (true, false) => {
                format!("Changed {count} in {store}; it matches the host record{rest}\n")
            }
        });
        text
    }

    fn as_json(&self, done: &Done) -> serde_json::Value {
        let keys = |of: fn(&Step) -> bool| -> Vec<&BindingKey> {
            let steps = done.plan.steps().iter().filter(|step| of(step));
            steps.map(Step::key).collect()
        };
        json!({
            "host": self.host,
            "store": self.store,
            "dry_run": self.arguments.dry_run,
            "created": keys(|step| matches!(step, Step::Create { .. })),
            "replaced": keys(|step| matches!(step, Step::Replace { .. })),
            "deleted": keys(|step| matches!(step, Step::Delete { .. })),
            "local_changes": done.local,
            "enforced": done.enforced,
        })
    }
}
