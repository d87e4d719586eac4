//! Opening a file: what it has to be, and what is said of one that is not.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use redb::{Builder, Database, DatabaseError, ReadableDatabase, StorageBackend};
use store_core::{Result, StoreError, Uuid};

use crate::commit::Committer;
use crate::errors::Cause;
use crate::format::{self, BINDINGS, FORMAT, META, META_FORMAT, META_ID};
use crate::snapshot::Snapshot;
use crate::store::{Mode, RedbStore};

/// What a redb file starts with.
const MAGIC: &[u8] = b"redb\x1a\x0a\xa9\x0d\x0a";

/// Memory for pages, in bytes: a store of some hundred thousand bindings.
const CACHE: usize = 64 << 20;

impl RedbStore {
    /// Opens a file for reading and writing, and makes it if it is not there: readable by its
    /// owner alone, where the system has such modes.
    ///
    /// A file that its last writer left in a crash is repaired first.
    ///
    /// # Errors
    /// [`StoreError::InUse`] if somebody has it open, [`StoreError::NewerFormat`],
    /// [`StoreError::Corrupt`] for a file that is damaged, cut short or no binding store, and
    /// [`StoreError::Io`]. In all these cases the file is as it was.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        match Self::open_existing(path) {
            Err(StoreError::Io { source, .. }) if source.kind() == ErrorKind::NotFound => {
                create(path)?;
                Self::open_existing(path)
            }
            opened => opened,
        }
    }

    /// Opens a file that is there for reading and writing.
    ///
    /// # Errors
    /// As [`open`](Self::open); [`StoreError::Io`] if it is not there.
    pub fn open_existing(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let file = OpenOptions::new().read(true).write(true).open(path);
        look(path, file)?;
        // A look with a read-only handle first: it finds a newer format before anything, a repair
        // included, is written.
        match guarded(path, || builder().open_read_only(path)) {
            Ok(database) => {
                let read = || -> Result<_, Cause> { identify(&database) };
                read()
                    .map_err(|cause| cause.at(path))
                    .and_then(|found| known(path, found))?;
            }
            Err(StoreError::Unavailable { .. }) => {}
            Err(error) => return Err(error),
        }
        let database = guarded(path, || builder().open(path))?;
        Self::writable(database, path)
    }

    /// Opens a file for reading. Others may read it at the same time, and nobody may write.
    ///
    /// # Errors
    /// As [`open_existing`](Self::open_existing); [`StoreError::Unavailable`] for a file that its
    /// last writer left in a crash: opening it for writing repairs it.
    pub fn open_read_only(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        look(path, File::open(path))?;
        let database = guarded(path, || builder().open_read_only(path))?;
        let read = || -> Result<_, Cause> {
            let found = identify(&database)?;
            Ok((found, Snapshot::take(&database)?))
        };
        let (found, snapshot) = read().map_err(|cause| cause.at(path))?;
        Ok(Self {
            path: path.to_owned(),
            id: known(path, found)?,
            mode: Mode::ReadOnly(database, snapshot.into()),
        })
    }

    /// Opens a store in something else than a file; what is empty becomes a store. `name` stands
    /// for the path in errors.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn with_backend(backend: impl StorageBackend, name: impl AsRef<Path>) -> Result<Self> {
        let name = name.as_ref();
        let database = guarded(name, || builder().create_with_backend(backend))?;
        initialize(&database).map_err(|cause| cause.at(name))?;
        Self::writable(database, name)
    }

    fn writable(database: Database, path: &Path) -> Result<Self> {
        let found = identify(&database).map_err(|cause| cause.at(path))?;
        let id = known(path, found)?;
        let owned = path.to_owned();
        Ok(Self {
            path: path.to_owned(),
            id,
            mode: Mode::Writable(Committer::new(database, move |cause| cause.at(&owned))?),
        })
    }
}

fn builder() -> Builder {
    let mut builder = Builder::new();
    builder.set_cache_size(CACHE);
    builder
}

/// Looks at the first bytes, so that what is no redb file is told so before redb touches it.
fn look(path: &Path, file: std::io::Result<File>) -> Result<()> {
    let corrupt = |detail: &str| StoreError::Corrupt {
        what: path.display().to_string(),
        detail: detail.to_owned(),
    };
    let io = |error| StoreError::io("open", path, error);
    let mut file = file.map_err(io)?;
    let metadata = file.metadata().map_err(io)?;
    if !metadata.is_file() {
        return Err(corrupt("it is no file"));
    }
    let mut start = Vec::new();
    (&mut file)
        .take(MAGIC.len() as u64)
        .read_to_end(&mut start)
        .map_err(io)?;
    if start.is_empty() {
        return Err(corrupt("it is empty; delete it to have a new store made"));
    }
    if start != MAGIC {
        return Err(corrupt("it is no redb file"));
    }
    Ok(())
}

/// Opens a database. redb may panic on a damaged file; that is an error like others.
fn guarded<T>(path: &Path, open: impl FnOnce() -> Result<T, DatabaseError>) -> Result<T> {
    match catch_unwind(AssertUnwindSafe(open)) {
        Ok(Ok(opened)) => Ok(opened),
        Ok(Err(DatabaseError::RepairAborted)) => Err(StoreError::Unavailable {
            reason: "its last writer did not close it; open it for writing once to repair it"
                .into(),
        }),
        Ok(Err(error)) => Err(Cause::from(error).at(path)),
        Err(_) => Err(StoreError::Corrupt {
            what: path.display().to_string(),
            detail: "redb cannot make sense of it".to_owned(),
        }),
    }
}

/// The format and the id that a database says it has.
fn identify(database: &impl ReadableDatabase) -> Result<(u32, Uuid), Cause> {
    let transaction = database.begin_read()?;
    let meta = transaction.open_table(META)?;
    let format = u32::from_le_bytes(format::meta(&meta, META_FORMAT)?);
    if format <= FORMAT {
        transaction.open_table(BINDINGS)?;
    }
    Ok((format, Uuid::from_bytes(format::meta(&meta, META_ID)?)))
}

fn known(path: &Path, (found, id): (u32, Uuid)) -> Result<Uuid> {
    if found > FORMAT {
        return Err(StoreError::NewerFormat {
            path: path.to_owned(),
            found,
            supported: FORMAT,
        });
    }
    Ok(id)
}

/// Makes a store under another name and moves it to its place, so that no crash leaves a file
/// there that is no store. If somebody else is faster, theirs stays.
fn create(path: &Path) -> Result<()> {
    let io = |error| StoreError::io("make", path, error);
    let directory = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    // Temporary files are readable by their owner alone.
    let file = tempfile::Builder::new()
        .prefix(".certbind-")
        .tempfile_in(directory)
        .map_err(io)?;
    let database = guarded(path, || builder().create(file.path()))?;
    let initialized = initialize(&database).and_then(|()| Ok(database.close()?));
    initialized.map_err(|cause| cause.at(path))?;
    match file.persist_noclobber(path) {
        Ok(file) => file.sync_all().map_err(io)?,
        Err(error) if error.error.kind() == ErrorKind::AlreadyExists => return Ok(()),
        Err(error) => return Err(io(error.error)),
    }
    #[cfg(unix)]
    File::open(directory)
        .and_then(|directory| directory.sync_all())
        .map_err(io)?;
    Ok(())
}

/// Makes the tables of a database that has none.
fn initialize(database: &Database) -> Result<(), Cause> {
    let transaction = database.begin_write()?;
    if transaction.list_tables()?.next().is_none() {
        format::create(&transaction)?;
        transaction.commit()?;
    } else {
        transaction.abort()?;
    }
    Ok(())
}
