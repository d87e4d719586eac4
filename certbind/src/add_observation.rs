//! Adds observations of a host to a recording.

use std::time::{Duration, SystemTime};

use certbind_backends::Access;
use certbind_core::history::{Author, Found, Origin};
use certbind_core::{Batch, Change};
use certbind_migrate::Comparison;
use jiff::Timestamp;

use crate::error::Error;
use crate::history;
use crate::observation::Observation;
use crate::past::{At, Past, State};
use crate::recording::{Interval, Recording};
use crate::stores::{Opened, StoreUrl};

/// The recording, which is open only while an observation is added to it.
pub(crate) struct Target<'a> {
    url: &'a StoreUrl,
    /// The host by the command line.
    host: Option<&'a str>,
}

/// An observation that was recorded.
pub(crate) struct Recorded {
    pub(crate) host: String,
    pub(crate) observation: Interval,
    /// When the previous observation began; `None` for the first.
    pub(crate) since: Option<Timestamp>,
    pub(crate) bindings: usize,
    pub(crate) commits: Vec<RecordedCommit>,
}

/// A commit of a recording.
pub(crate) struct RecordedCommit {
    pub(crate) revision: u64,
    /// When and by whom it was made, if that is known.
    pub(crate) known: Option<String>,
    pub(crate) before: State,
    pub(crate) after: State,
}

pub(crate) enum Outcome {
    Recorded(Recorded),
    Late(Late),
}

/// An observation that began before the last one ended, and was not recorded.
pub(crate) struct Late {
    host: String,
    last: Interval,
    /// Whether the recording has the same bindings for that time.
    pub(crate) is_recorded: bool,
}

impl Late {
    pub(crate) fn error(&self, observation: &Observation, name: &str) -> Error {
        Error::OutOfOrder {
            source_name: name.to_owned(),
            host: self.host.clone(),
            began: observation.time.began,
            last: self.last.ended,
            differs: !self.is_recorded,
        }
    }
}

impl<'a> Target<'a> {
    pub(crate) fn new(url: &'a StoreUrl, host: Option<&'a str>) -> Result<Self, Error> {
        match history::options() {
            Some(_) => Ok(Self { url, host }),
            None => Err(Error::RecordsWithoutHistory),
        }
    }

    /// The host of an observation.
    pub(crate) fn host(&self, observation: &Observation, name: &str) -> Result<String, Error> {
        let host = self.host.map(ToOwned::to_owned);
        host.or_else(|| observation.host.clone())
            .ok_or_else(|| Error::UnnamedHost {
                source_name: name.to_owned(),
            })
    }

    /// Adds an observation. The recording is locked during the call.
    pub(crate) fn add(&self, observation: &Observation, name: &str) -> Result<Outcome, Error> {
        let host = self.host(observation, name)?;
        let store = Opened::open_recording(self.url, Access::Create)?;
        let past = Past::read(&store, self.url)?;
        let mut recording = self.recording(&store, &past, &host, name)?;
        if let Some(last) = recording.last_look
            && observation.time.began < last.ended
        {
            return Ok(Outcome::Late(Late {
                host,
                is_recorded: is_recorded(&past, observation),
                last,
            }));
        }
        let since = recording.last_look.map(|last| last.began);
        let mut commits = Vec::new();
        let mut before = past.bindings.clone();
        for (origin, known, after) in steps(&past, observation, &recording) {
            let batch = batch(&before, &after)?;
            if batch.is_empty() {
                continue;
            }
            let history = store.history().ok_or_else(|| Error::NoHistory {
                store: self.url.to_string(),
            })?;
            let revision = history.apply_from(&batch, &origin)?.revision();
            commits.push(RecordedCommit {
                revision: revision.unwrap_or_default(),
                known,
                before,
                after: after.clone(),
            });
            before = after;
        }
        // Last: if this is interrupted, the interval of the next observation is too long, but true.
        recording.first_look = recording.first_look.or(Some(observation.time.ended));
        recording.last_look = Some(observation.time);
        recording.source_revision = observation.past.as_ref().map(|past| past.revision);
        recording.revision = commits.last().map_or(past.revision, |it| it.revision);
        store.set_recording(&recording)?;
        Ok(Outcome::Recorded(Recorded {
            host: recording.host,
            observation: observation.time,
            since,
            bindings: observation.bindings.len(),
            commits,
        }))
    }

    /// The row of the recording. A new one is written before the first commit, which is then known to be
    /// of a recording.
    fn recording(
        &self,
        store: &Opened,
        past: &Past,
        host: &str,
        name: &str,
    ) -> Result<Recording, Error> {
        let Some(recording) = past.recording.clone() else {
            if past.revision > 0 || !past.bindings.is_empty() {
                return Err(Error::NotARecording {
                    store: self.url.to_string(),
                });
            }
            let recording = Recording::new(host);
            store.set_recording(&recording)?;
            return Ok(recording);
        };
        if recording.host.to_lowercase() != host.to_lowercase() {
            return Err(Error::OtherHost {
                store: self.url.to_string(),
                recorded: recording.host,
                source_name: name.to_owned(),
                found: host.to_owned(),
            });
        }
        let is_foreign = |revision: &u64| {
            let commit = past.commit(*revision);
            !commit.is_ok_and(|commit| commit.found.is_some())
        };
        match (recording.revision + 1..=past.revision).find(is_foreign) {
            Some(revision) => Err(Error::ForeignCommit {
                store: self.url.to_string(),
                revision,
            }),
            None => Ok(recording),
        }
    }
}

/// The differences between two states.
pub(crate) fn differences(before: &State, after: &State) -> Result<Vec<Comparison>, Error> {
    let [before, after] = [before, after].map(|it| it.values().cloned().map(Ok));
    let mut compared: Vec<_> =
        certbind_migrate::diff(before, after).collect::<Result<_, certbind_core::StoreError>>()?;
    compared.retain(|it| !matches!(it, Comparison::Same(_)));
    Ok(compared)
}

fn batch(before: &State, after: &State) -> Result<Batch, Error> {
    let changes = differences(before, after)?.into_iter().map(|it| match it {
        Comparison::Removed(binding) => Change::remove(binding.key().clone()),
        Comparison::Added(binding) | Comparison::Same(binding) => Change::put(binding),
        Comparison::Changed { after, .. } => Change::put(after),
    });
    Ok(Batch::new(changes)?)
}

/// The commits to make: their origins, by whom they were made if that is known, and the bindings after
/// each.
fn steps(
    past: &Past,
    observation: &Observation,
    recording: &Recording,
) -> Vec<(Origin, Option<String>, State)> {
    if let Some(steps) = steps_of_history(past, observation, recording) {
        return steps;
    }
    let found = match recording.last_look {
        Some(last) => Found::Since(system_time(last.began)),
        None => Found::FirstLook,
    };
    let origin = Origin {
        author: Author {
            host: recording.host.clone(),
            ..Author::default()
        },
        time: system_time(observation.time.ended),
        found,
    };
    vec![(origin, None, observation.bindings.clone())]
}

/// Observations have whole milliseconds, as commits do.
fn system_time(time: Timestamp) -> SystemTime {
    let distance = Duration::from_millis(time.as_millisecond().unsigned_abs());
    match time.as_millisecond() {
        0.. => SystemTime::UNIX_EPOCH + distance,
        _ => SystemTime::UNIX_EPOCH - distance,
    }
}

/// The commits of a store with a history, if it is known without a gap since the last observation.
/// The author of a change is never guessed.
fn steps_of_history(
    past: &Past,
    observation: &Observation,
    recording: &Recording,
) -> Option<Vec<(Origin, Option<String>, State)>> {
    let source = observation.past.as_ref()?;
    let last = recording.source_revision?;
    if source.recording.is_some() || source.state(last).ok()? != past.bindings {
        return None;
    }
    let steps = (last + 1..=source.revision).map(|revision| {
        let commit = source.commit(revision).ok()?;
        let origin = Origin {
            author: commit.author.clone(),
            time: commit.time,
            found: Found::History,
        };
        let author = &commit.author;
        let time = Timestamp::try_from(commit.time).ok()?;
        let known = format!(
            "{time:.0} by {}@{}: {}",
            author.user, author.host, author.command
        );
        Some((origin, Some(known), source.state(revision).ok()?))
    });
    steps.collect()
}

/// Whether the recording has the bindings of an observation for its time.
fn is_recorded(past: &Past, observation: &Observation) -> bool {
    let revision = past.quietly_revision_at(&At::Time(observation.time.ended));
    let state = revision.and_then(|revision| past.state(revision));
    state.is_ok_and(|state| state == observation.bindings)
}
