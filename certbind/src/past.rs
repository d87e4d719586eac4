//! Earlier states of a store, by its history.

use std::collections::BTreeMap;
use std::str::FromStr;

use certbind_core::history::{Commit, Found, Unknown, rewind};
use certbind_core::{Binding, BindingKey};
use jiff::Timestamp;

use crate::error::Error;
use crate::input::scan_all;
use crate::instant::instant;
use crate::message::note;
use crate::recording::Recording;
use crate::stores::{Opened, StoreUrl};

/// A point in the history of a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum At {
    /// Right after the commit of this revision; 0 is the new, empty store.
    Revision(u64),
    /// The last revision at this time.
    Time(Timestamp),
}

impl FromStr for At {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(revision) = text.parse() {
            return Ok(Self::Revision(revision));
        }
        let time = instant(text).map(Self::Time);
        time.map_err(|problem| format!("expected a revision or a time: {problem}"))
    }
}

/// The bindings at a time.
pub(crate) type State = BTreeMap<BindingKey, Binding>;

/// A store with its history.
pub(crate) struct Past {
    pub(crate) revision: u64,
    pub(crate) bindings: State,
    /// The newest first.
    pub(crate) commits: Vec<Commit>,
    /// That of the host, if the store is a recording.
    pub(crate) recording: Option<Recording>,
}

impl Past {
    pub(crate) fn read(store: &Opened, url: &StoreUrl) -> Result<Self, Error> {
        let history = store.history().ok_or_else(|| Error::NoHistory {
            store: url.to_string(),
        })?;
        let bindings = scan_all(store.bindings())?.into_iter();
        Ok(Self {
            revision: history.revision()?,
            bindings: bindings.map(|it| (it.key().clone(), it)).collect(),
            commits: history.commits()?,
            recording: store.recording()?,
        })
    }

    pub(crate) fn commit(&self, revision: u64) -> Result<&Commit, Error> {
        let mut commits = self.commits.iter();
        let found = commits.find(|commit| commit.revision == revision);
        found.ok_or_else(|| self.missing(revision))
    }

    /// The revision at a point. For a recording, a note reports the parts unknown at that time.
    pub(crate) fn revision_at(&self, at: &At) -> Result<u64, Error> {
        let revision = self.quietly_revision_at(at)?;
        if let At::Time(time) = at
            && let Some(what) = self.uncertainty(*time, revision)
        {
            note(&what);
        }
        Ok(revision)
    }

    /// The same without a note.
    pub(crate) fn quietly_revision_at(&self, at: &At) -> Result<u64, Error> {
        let time = match at {
            At::Revision(revision) if *revision > self.revision => {
                return Err(self.missing(*revision));
            }
            At::Revision(0) => return self.check_looked_at(None).map(|()| 0),
            At::Revision(revision) => return Ok(*revision),
            At::Time(time) => *time,
        };
        self.check_looked_at(Some(time))?;
        for revision in (1..=self.revision).rev() {
            let made = Timestamp::try_from(self.commit(revision)?.time);
            if made.is_ok_and(|made| made <= time) {
                return Ok(revision);
            }
        }
        Ok(0)
    }

    /// The bindings after the commit of a revision.
    pub(crate) fn state(&self, revision: u64) -> Result<State, Error> {
        let mut state = self.bindings.clone();
        match rewind(&mut state, &self.commits, self.revision, revision) {
            Ok(()) => Ok(state),
            Err(Unknown::Missing(missing)) => Err(self.missing(missing)),
            Err(Unknown::TooLong(revision)) => Err(Error::NotKept { revision }),
        }
    }

    /// The bindings before the first observation are unknown; `None` is the time before everything.
    fn check_looked_at(&self, time: Option<Timestamp>) -> Result<(), Error> {
        let Some(recording) = &self.recording else {
            return Ok(());
        };
        match (recording.first_look, time) {
            (Some(first), Some(time)) if first <= time => Ok(()),
            (first, _) => Err(Error::BeforeFirstLook {
                host: recording.host.clone(),
                first,
            }),
        }
    }

    /// The reason why the bindings at a time may differ from those of the last revision before it.
    fn uncertainty(&self, time: Timestamp, revision: u64) -> Option<String> {
        let last = self.recording.as_ref()?.last_look?;
        if time > last.ended {
            return Some(format!(
                "the last look ended at {}; later changes are unknown",
                last.ended
            ));
        }
        let next = self.commit(revision + 1).ok()?;
        let Some(Found::Since(since)) = next.found else {
            return None;
        };
        let [since, ended] = [since, next.time].map(|it| Timestamp::try_from(it).ok());
        let (since, ended) = (since?, ended?);
        (since < time).then(|| {
            format!(
                "the changes of revision {} were made between {since} and {ended}, which includes this \
                 time; shown without them",
                next.revision
            )
        })
    }

    fn missing(&self, revision: u64) -> Error {
        Error::NotInHistory {
            revision,
            current: self.revision,
            oldest: self.commits.last().map(|commit| commit.revision),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_are_revisions_times_or_dates() {
        assert_eq!("12".parse(), Ok(At::Revision(12)));
        let midnight = At::Time("2026-11-29T00:00:00Z".parse().unwrap());
        assert_eq!("2026-11-29".parse(), Ok(midnight.clone()));
        assert_eq!("2026-11-29T01:00:00+01:00".parse(), Ok(midnight));
        for wrong in ["", "-1", "yesterday", "2026-13-01", "2026-11-29T00:00:00"] {
            assert!(wrong.parse::<At>().is_err(), "{wrong}");
        }
    }
}
