//! An observation of a host: its bindings, and when they were read.

use std::path::Path;

use certbind_backends::Access;
use certbind_core::{Binding, Scan, StoreError};
use jiff::Timestamp;

use crate::error::Error;
use crate::input::Input;
use crate::past::{Past, State};
use crate::recording::Interval;
use crate::stores::{Opened, StoreUrl};
use crate::warnings::warn_of;

/// The bindings of a host at a time. It is complete: a partial reading is an error.
pub(crate) struct Observation {
    /// The host, if the source names it.
    pub(crate) host: Option<String>,
    pub(crate) time: Interval,
    pub(crate) bindings: State,
    /// The history of the store itself, if it keeps one.
    pub(crate) past: Option<Past>,
}

impl Observation {
    /// Reads a store now.
    pub(crate) fn at_store(url: &StoreUrl) -> Result<Self, Error> {
        let began = Timestamp::now();
        let store = Opened::open(url, Access::Read)?;
        let mut bindings = State::new();
        for binding in store.bindings().scan(&Scan::all())? {
            let binding = binding.map_err(|error| match error {
                StoreError::Unreadable { .. } => Error::PartialLook {
                    origin: url.to_string(),
                    problem: error.to_string(),
                },
                error => error.into(),
            })?;
            bindings.insert(binding.key().clone(), binding);
        }
        let past = match store.history() {
            Some(_) => Some(Past::read(&store, url)?),
            None => None,
        };
        let time = Interval::new(began, Timestamp::now());
        Ok(Self {
            host: url.host(),
            time,
            bindings,
            past,
        })
    }

    /// Reads an export, which was made at `time` unless it contains its own time.
    pub(crate) fn at_export(path: &Path, time: Option<Interval>) -> Result<Self, Error> {
        let contents = Input::File(path.to_owned()).read()?;
        let header = contents.reading.as_ref().map(|it| &it.export.header);
        let captured = header.and_then(|it| it.captured_at);
        let captured = captured.map(|at| Interval::new(at, at));
        let time = captured.or(time).ok_or_else(|| Error::UndatedExport {
            path: path.to_owned(),
        })?;
        if let Some(reading) = &contents.reading {
            warn_of(reading);
            if reading
                .recovery
                .as_ref()
                .is_some_and(|it| !it.is_complete())
            {
                return Err(Error::PartialLook {
                    origin: path.display().to_string(),
                    problem: "changes that the host made are missing from the hive; put its \
                              transaction logs next to it"
                        .to_owned(),
                });
            }
        }
        Ok(Self {
            host: header.and_then(|it| it.host.clone()),
            time,
            bindings: by_key(contents.bindings),
            past: None,
        })
    }
}

fn by_key(bindings: Vec<Binding>) -> State {
    let bindings = bindings.into_iter();
    bindings.map(|it| (it.key().clone(), it)).collect()
}
