//! Opening a file: what it has to be, and what is said of one that is not.

use std::fs::{File, OpenOptions};
use std::io::{Error, ErrorKind, Read};
use std::path::Path;
use std::sync::Arc;

use certbind_core::{Result, StoreError};
use redb::backends::FileBackend;
use redb::{Builder, Database};

use crate::beside::Beside;
use crate::commit::Committer;
use crate::create::{create, initialize};
use crate::direct::{Direct, Handle};
use crate::errors::{Cause, guarded};
use crate::format::{self, FORMAT, Identity};
use crate::log;
use crate::medium::Medium;
use crate::options::Options;
use crate::replay::Replay;
use crate::store::{Mode, Reader, RedbStore};
use crate::view::View;

/// What a redb file starts with.
const MAGIC: &[u8] = b"redb\x1a\x0a\xa9\x0d\x0a";

/// How much of a file is verified before it is trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verify {
    /// Every page that can be reached.
    Whole,
    /// What redb looks at anyway.
    Header,
}

pub(crate) fn open(path: &Path, options: &Options) -> Result<RedbStore> {
    match open_existing(path, options) {
        Err(StoreError::Io { source, .. }) if source.kind() == ErrorKind::NotFound => {
            create(path, options)?;
            open_existing(path, options)
        }
        opened => opened,
    }
}

pub(crate) fn open_existing(path: &Path, options: &Options) -> Result<RedbStore> {
    let file = open_file(path, OpenOptions::new().read(true).write(true))?;
    let medium = file_medium(path, file, false)?;
    writable(medium, path, options)
}

pub(crate) fn open_read_only(path: &Path, options: &Options) -> Result<RedbStore> {
    let file = open_file(path, OpenOptions::new().read(true))?;
    let medium = file_medium(path, file, true)?;
    let Seen {
        database,
        identity,
        replay,
    } = look(&medium, path, options)?;
    let open = || -> Result<_, Cause> {
        up_to_date(&database, replay.as_ref())?;
        Reader::new(database, medium, options)
    };
    let reader = guarded(open).map_err(|cause| cause.at(path))?;
    Ok(RedbStore::new(path, identity.id, Mode::ReadOnly(reader)))
}

pub(crate) fn open_backend(medium: Medium, name: &Path, options: &Options) -> Result<RedbStore> {
    let empty = medium
        .storage
        .len()
        .map_err(|error| StoreError::io("read", name, error))?
        == 0;
    let medium = Arc::new(medium);
    if empty {
        initialize(&medium, name, options)?;
    }
    writable(medium, name, options)
}

/// A database that reads from a medium and writes nothing to it, repaired in memory where the last
/// writer was cut off.
pub(crate) fn look_through(
    medium: &Arc<Medium>,
    verify: Verify,
    cache: usize,
) -> Result<Database, Cause> {
    let view = View::new(Arc::clone(medium))?;
    guarded(|| {
        Ok(Builder::new()
            .set_cache_size(cache)
            .set_check_integrity_on_open(verify == Verify::Whole)
            .create_with_backend(view)?)
    })
}

/// What is on a medium, seen without writing to it.
struct Seen {
    database: Database,
    identity: Identity,
    /// What the log has that the file has not, where the last writer was cut off.
    replay: Option<Replay>,
}

fn look(medium: &Arc<Medium>, path: &Path, options: &Options) -> Result<Seen> {
    let look = || -> Result<_, Cause> {
        let database = look_through(medium, options.verify, options.cache)?;
        let identity = Identity::read(&database)?;
        Ok((database, identity))
    };
    let (database, identity) = guarded(look).map_err(|cause| cause.at(path))?;
    if identity.format > FORMAT {
        return Err(StoreError::NewerFormat {
            path: path.to_owned(),
            found: identity.format,
            supported: FORMAT,
        });
    }
    let replay = match Replay::of_log(medium, &identity) {
        // One that cannot be read may be whole.
        Err(Cause::Log(_)) if options.without_log => Some(Replay::nothing(identity.revision)),
        Err(Cause::Log(problem)) => return Err(Cause::LogWanted(problem).at(path)),
        replay => replay.map_err(|cause| cause.at(path))?,
    };
    Ok(Seen {
        database,
        identity,
        replay,
    })
}

/// Brings what was seen to this format, and to the last commit.
pub(crate) fn up_to_date(database: &Database, replay: Option<&Replay>) -> Result<(), Cause> {
    format::upgrade(database)?;
    replay.map_or(Ok(()), |replay| replay.apply(database))
}

/// Opens what is on a medium for writing. It is looked at first without writing to it, and under
/// the lock that stays: redb marks a file as open, repairs it, and may even panic on its pages,
/// before one can ask what it is.
fn writable(medium: Arc<Medium>, path: &Path, options: &Options) -> Result<RedbStore> {
    let Seen {
        database: seen,
        identity,
        replay,
    } = look(&medium, path, options)?;
    let open = || -> Result<_, Cause> {
        drop(seen);
        let direct = Arc::new(Direct::new(Arc::clone(&medium))?);
        let database = Builder::new()
            .set_cache_size(options.cache)
            .create_with_backend(Handle(Arc::clone(&direct)))?;
        up_to_date(&database, replay.as_ref())?;
        // Nothing names what is there now. If it cannot go, it can stay.
        if let Some(log) = &medium.log
            && let Ok(true) = log::is_of(&**log, identity.id)
        {
            let _ = log.set_len(0);
        }
        Committer::new(database, direct, path, identity.id, options)
    };
    let committer = guarded(open).map_err(|cause| cause.at(path))?;
    Ok(RedbStore::new(
        path,
        identity.id,
        Mode::Writable(Box::new(committer)),
    ))
}

fn open_file(path: &Path, how: &OpenOptions) -> Result<File> {
    let denied = |error: Error| match error.kind() {
        ErrorKind::PermissionDenied => StoreError::AccessDenied {
            key: None,
            action: format!("opening {}", path.display()).into(),
        },
        _ if is_sharing_violation(&error) => {
            Cause::from(redb::DatabaseError::DatabaseAlreadyOpen).at(path)
        }
        _ => StoreError::io("open", path, error),
    };
    // Asked first: opening a pipe would wait for its other end.
    let metadata = std::fs::metadata(path).map_err(denied)?;
    if !metadata.is_file() {
        let what = if metadata.is_dir() {
            "a directory"
        } else {
            "no regular file"
        };
        return Err(corrupt(path, &format!("it is {what}")));
    }
    how.open(path).map_err(denied)
}

/// Looks at a file's first bytes, so that what is no redb file is told so in plain words.
fn file_medium(path: &Path, file: File, shared: bool) -> Result<Arc<Medium>> {
    let mut start = Vec::new();
    let read = (&file).take(MAGIC.len() as u64).read_to_end(&mut start);
    match read {
        // Where locks bind everybody, as on Windows, redb is left to say who has it.
        Err(error) if is_sharing_violation(&error) => {}
        Err(error) => return Err(StoreError::io("read", path, error)),
        Ok(0) => {
            let detail = "it is empty; if nothing is missing, delete it and a new store is made";
            return Err(corrupt(path, detail));
        }
        Ok(_) if start != MAGIC => return Err(corrupt(path, "it is no redb file")),
        Ok(_) => {}
    }
    let metadata = file.metadata();
    let metadata = metadata.map_err(|error| StoreError::io("look at", path, error))?;
    let storage = FileBackend::new(file).map_err(|error| Cause::from(error).at(path))?;
    let log = Beside::of(path, &metadata).map_err(|error| StoreError::io("find", path, error))?;
    Ok(Arc::new(Medium::new(storage, shared).with_log(log)))
}

fn is_sharing_violation(error: &Error) -> bool {
    // ERROR_SHARING_VIOLATION and ERROR_LOCK_VIOLATION of winerror.h.
    cfg!(windows) && matches!(error.raw_os_error(), Some(32 | 33))
}

fn corrupt(path: &Path, detail: &str) -> StoreError {
    StoreError::Corrupt {
        what: path.display().to_string(),
        detail: detail.to_owned(),
    }
}
