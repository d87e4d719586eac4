//! The bindings of a server, and their changes.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use certbind_backends::Access;
use certbind_core::{Binding, BindingStore, Scan, StoreError};
use certbind_serve::BindingSource;

use crate::error::Error;
use crate::input::Input;
use crate::stores::Opened;
use crate::warnings::warn_of;

/// How long another process may keep a store to itself before that is an error.
const IN_USE: Duration = Duration::from_secs(2);

/// Timestamps of files may be this coarse: a younger file may change once more without a new one.
const TIMESTAMP: Duration = Duration::from_millis(100);

/// The bindings of an input.
pub(super) enum Source {
    Files(Files),
    Store(Arc<dyn BindingStore>),
}

/// A store that stays open reads its bindings from its server or library; one that is a file is opened
/// when the file has changed, so that others may write to it. A simulated HTTP.sys is the file of its
/// records: its library, once loaded, could lock it.
pub(super) fn source(input: Input) -> Result<Source, Error> {
    let input = match input {
        Input::Store(url) => Input::Store(url.records()),
        file => file,
    };
    let files = match &input {
        Input::File(path) => vec![path.clone()],
        Input::Store(url) => url.files(),
    };
    match input {
        Input::Store(url) if files.is_empty() => {
            let store = Opened::open(&url, Access::Read)?;
            Ok(Source::Store(store.into_shared()))
        }
        input => Ok(Source::Files(Files {
            input,
            files,
            seen: None,
            is_first: true,
            is_locked: false,
        })),
    }
}

/// Files that contain bindings.
pub(super) struct Files {
    input: Input,
    files: Vec<PathBuf>,
    /// Of each file, its time and length; `None` if it must be read again.
    seen: Option<Vec<Version>>,
    is_first: bool,
    /// Whether another process had the store to itself for longer than it may.
    is_locked: bool,
}

type Version = Option<(SystemTime, u64)>;

impl BindingSource for Files {
    fn may_have_changed(&mut self) -> bool {
        let now: Vec<_> = self.files.iter().map(|path| version(path)).collect();
        let changed = self.seen.as_ref() != Some(&now);
        let is_young =
            |(time, _): &(SystemTime, u64)| time.elapsed().is_ok_and(|age| age < TIMESTAMP);
        let settled = !now.iter().flatten().any(is_young);
        self.seen = settled.then_some(now);
        changed
    }

    fn read(&mut self) -> Result<Vec<Binding>, Box<dyn std::error::Error + Send + Sync>> {
        // The clients of a store that stays locked do not wait for it, each in turn.
        let patience = if self.is_locked {
            Duration::ZERO
        } else {
            IN_USE
        };
        let end = Instant::now() + patience;
        loop {
            match read(&self.input, self.is_first) {
                Err(Error::Store(StoreError::InUse { .. })) if Instant::now() < end => {
                    std::thread::sleep(Duration::from_millis(5));
                }
                Ok(bindings) => {
                    self.is_first = false;
                    self.is_locked = false;
                    return Ok(bindings);
                }
                Err(error) => {
                    // It is tried again, whether the file changes or not.
                    self.seen = None;
                    self.is_locked = matches!(error, Error::Store(StoreError::InUse { .. }));
                    return Err(error.to_string().into());
                }
            }
        }
    }
}

fn version(path: &Path) -> Version {
    let metadata = std::fs::metadata(path).ok()?;
    Some((metadata.modified().ok()?, metadata.len()))
}

fn read(input: &Input, warns: bool) -> Result<Vec<Binding>, Error> {
    match input {
        Input::Store(url) => {
            let store = Opened::open(url, Access::Read)?;
            let bindings = store.bindings().scan(&Scan::all())?;
            Ok(bindings.collect::<Result<_, _>>()?)
        }
        input => {
            let contents = input.read()?;
            if warns {
                contents.reading.iter().for_each(warn_of);
            }
            Ok(contents.bindings)
        }
    }
}
