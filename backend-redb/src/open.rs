//! Opens a file after checking its format.

use std::fs::{File, OpenOptions};
use std::io::{Error, ErrorKind, Read};
use std::path::Path;
use std::sync::Arc;

use certbind_core::{Result, StoreError};
use redb::backends::FileBackend;
use redb::{Builder, Database};

use crate::commit::Committer;
use crate::create::{create, initialize};
use crate::errors::{ACCESS_ADVICE, Cause, catch_panic};
use crate::events::{self, Stopwatch};
use crate::format::{self, FORMAT, Identity, READ_AS_IT_IS};
use crate::overlay::Overlay;
use crate::page_verifier::PageVerifier;
use crate::redb_header::MAGIC;
use crate::replay::Replay;
use crate::settings::{DamagedWal, Settings, Verification};
use crate::sidecar::SidecarFile;
use crate::storage::{LockMode, Storage};
use crate::store::{Mode, Reader, RedbStore};
use crate::wal;
use crate::write_through::{BackendHandle, WriteThrough};

pub(crate) fn open(path: &Path, settings: &Settings) -> Result<RedbStore> {
    match open_existing(path, settings) {
        Err(StoreError::Io { source, .. }) if source.kind() == ErrorKind::NotFound => {
            create(path, settings)?;
            open_existing(path, settings)
        }
        opened => opened,
    }
}

pub(crate) fn open_existing(path: &Path, settings: &Settings) -> Result<RedbStore> {
    let file = open_file(path, OpenOptions::new().read(true).write(true))?;
    let storage = file_storage(path, file, LockMode::Exclusive)?;
    writable(storage, path, settings)
}

pub(crate) fn open_read_only(path: &Path, settings: &Settings) -> Result<RedbStore> {
    let file = open_file(path, OpenOptions::new().read(true))?;
    read_only(file_storage(path, file, LockMode::Shared)?, path, settings)
}

/// Opens a storage for reading.
fn read_only(storage: Arc<Storage>, path: &Path, settings: &Settings) -> Result<RedbStore> {
    let time = Stopwatch::start();
    let Inspection {
        database,
        identity,
        replay,
    } = inspect(&storage, path, settings, settings.verification)?;
    let open = || -> Result<_, Cause> {
        if identity.format < READ_AS_IT_IS {
            format::upgrade(&database)?;
        }
        replay.map_or(Ok(()), |replay| replay.apply(&database))?;
        Reader::new(database, storage, settings)
    };
    let reader = catch_panic(open).map_err(|cause| cause.at(path))?;
    let store = RedbStore::new(path, identity.id, Mode::ReadOnly(reader));
    events::opened(path, store.revision(), false, time);
    Ok(store)
}

pub(crate) fn open_backend_read_only(
    storage: Storage,
    name: &Path,
    settings: &Settings,
) -> Result<RedbStore> {
    read_only(Arc::new(storage), name, settings)
}

pub(crate) fn open_backend(
    storage: Storage,
    name: &Path,
    settings: &Settings,
) -> Result<RedbStore> {
    let empty = storage
        .file
        .len()
        .map_err(|error| StoreError::io("read", name, error))?
        == 0;
    let storage = Arc::new(storage);
    if empty {
        initialize(&storage, name, settings)?;
    }
    writable(storage, name, settings)
}

/// A database that reads a storage without writing to it. A repair after a crash stays in memory.
pub(crate) fn open_overlay(
    storage: &Arc<Storage>,
    verification: Verification,
    cache: usize,
) -> Result<Database, Cause> {
    let open = |overlay: Overlay, whole: bool| {
        catch_panic(|| {
            Ok(Builder::new()
                .set_cache_size(cache)
                .set_check_integrity_on_open(whole)
                .create_with_backend(overlay)?)
        })
    };
    let overlay = || Overlay::new(Arc::clone(storage));
    if verification == Verification::PagesAsRead {
        let verifier = Arc::new(PageVerifier::default());
        let opened = open(overlay()?.verifying(Arc::clone(&verifier)), false);
        if !verifier.needs_whole_file() {
            return opened;
        }
    }
    open(overlay()?, verification != Verification::HeaderOnly)
}

/// A storage that was inspected without writing to it.
struct Inspection {
    database: Database,
    identity: Identity,
    /// The changes of the WAL that are not in the file, after a crash.
    replay: Option<Replay>,
}

fn inspect(
    storage: &Arc<Storage>,
    path: &Path,
    settings: &Settings,
    mut verification: Verification,
) -> Result<Inspection> {
    let inspect = |verification| {
        let inspect = || -> Result<_, Cause> {
            let database = open_overlay(storage, verification, settings.cache_size)?;
            let identity = Identity::read(&database)?;
            Ok((database, identity))
        };
        catch_panic(inspect).map_err(|cause| cause.at(path))
    };
    let (mut database, mut identity) = inspect(verification)?;
    // An upgrade and a replay change pages, which are then no longer those of the file.
    let is_changed = identity.format < READ_AS_IT_IS || identity.wal.is_some();
    if is_changed && verification == Verification::PagesAsRead {
        verification = Verification::WholeFile;
        drop(database);
        (database, identity) = inspect(verification)?;
    }
    if identity.format > FORMAT {
        return Err(StoreError::NewerFormat {
            path: path.to_owned(),
            found: identity.format,
            supported: FORMAT,
        });
    }
    let replay = match Replay::read(storage, &identity) {
        // A WAL that cannot be read may be intact.
        Err(Cause::Wal(problem)) if settings.damaged_wal == DamagedWal::Discard => {
            events::discarding_wal(path, identity.revision, problem);
            Some(Replay::empty(identity.revision))
        }
        Err(Cause::Wal(problem)) => return Err(Cause::WalRequired(problem).at(path)),
        replay => replay.map_err(|cause| cause.at(path))?,
    };
    if let Some(replay) = &replay {
        events::replaying(path, identity.revision, replay.revision());
    }
    Ok(Inspection {
        database,
        identity,
        replay,
    })
}

/// Upgrades the format, and replays the WAL.
pub(crate) fn upgrade_and_replay(
    database: &Database,
    replay: Option<&Replay>,
) -> Result<(), Cause> {
    format::upgrade(database)?;
    replay.map_or(Ok(()), |replay| replay.apply(database))
}

/// Opens a storage for writing. It is inspected first, without writing, under the lock that stays:
/// redb marks a file as open, repairs it, and may panic on its pages before its contents can be
/// checked.
fn writable(storage: Arc<Storage>, path: &Path, settings: &Settings) -> Result<RedbStore> {
    let time = Stopwatch::start();
    // Pages are trusted later, when they are changed.
    let verification = match settings.verification {
        Verification::PagesAsRead => Verification::WholeFile,
        other => other,
    };
    let Inspection {
        database: inspected,
        identity,
        replay,
    } = inspect(&storage, path, settings, verification)?;
    let open = || -> Result<_, Cause> {
        drop(inspected);
        let write_through = Arc::new(WriteThrough::new(Arc::clone(&storage))?);
        if write_through.needs_recovery() {
            events::repairing(path);
        }
        let database = Builder::new()
            .set_cache_size(settings.cache_size)
            .create_with_backend(BackendHandle(Arc::clone(&write_through)))?;
        write_through.check_header_write()?;
        upgrade_and_replay(&database, replay.as_ref())?;
        // No file names this WAL. If it cannot be removed, it may stay.
        if let Some(orphan) = &storage.wal
            && let Ok(true) = wal::belongs_to(&**orphan, identity.id)
        {
            let _ = orphan.set_len(0);
        }
        Committer::new(database, write_through, path, identity.id, settings)
    };
    let committer = catch_panic(open).map_err(|cause| cause.at(path))?;
    let store = RedbStore::new(path, identity.id, Mode::Writable(Box::new(committer)));
    events::opened(path, store.revision(), true, time);
    Ok(store)
}

fn open_file(path: &Path, how: &OpenOptions) -> Result<File> {
    let denied = |error: Error| match error.kind() {
        ErrorKind::PermissionDenied => StoreError::AccessDenied {
            key: None,
            action: format!("opening {}", path.display()).into(),
            advice: ACCESS_ADVICE.into(),
            source: Some(error.into()),
        },
        _ if is_sharing_violation(&error) => {
            Cause::from(redb::DatabaseError::DatabaseAlreadyOpen).at(path)
        }
        _ => StoreError::io("open", path, error),
    };
    // Checked first, since opening a pipe would block.
    let metadata = std::fs::metadata(path).map_err(denied)?;
    if !metadata.is_file() {
        let what = if metadata.is_dir() {
            "a directory"
        } else {
            "not a regular file"
        };
        return Err(corrupt(path, &format!("it is {what}")));
    }
    how.open(path).map_err(denied)
}

/// Checks a file's first bytes, so that a foreign file gets a clear error.
fn file_storage(path: &Path, file: File, locks: LockMode) -> Result<Arc<Storage>> {
    let mut start = Vec::new();
    let read = (&file).take(MAGIC.len() as u64).read_to_end(&mut start);
    match read {
        // Where locks are mandatory, as on Windows, redb reports that the file is in use.
        Err(error) if is_sharing_violation(&error) => {}
        Err(error) => return Err(StoreError::io("read", path, error)),
        Ok(0) => {
            let detail = "it is empty; if nothing is missing, delete it and open again to create a new store";
            return Err(corrupt(path, detail));
        }
        Ok(_) if start != MAGIC => return Err(corrupt(path, "missing redb header")),
        Ok(_) => {}
    }
    let metadata = file.metadata();
    let metadata = metadata.map_err(|error| StoreError::io("look at", path, error))?;
    let storage = FileBackend::new(file).map_err(|error| Cause::from(error).at(path))?;
    let wal =
        SidecarFile::of(path, &metadata).map_err(|error| StoreError::io("find", path, error))?;
    Ok(Arc::new(Storage::new(storage, locks).with_wal(wal)))
}

fn is_sharing_violation(error: &Error) -> bool {
    // ERROR_SHARING_VIOLATION and ERROR_LOCK_VIOLATION of winerror.h.
    cfg!(windows) && matches!(error.raw_os_error(), Some(32 | 33))
}

fn corrupt(path: &Path, detail: &str) -> StoreError {
    StoreError::corrupt(path.display().to_string(), detail)
}
