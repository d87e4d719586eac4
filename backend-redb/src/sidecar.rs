//! The sidecar file: a WAL next to the store's file.

use std::fs::{File, Metadata, OpenOptions, metadata, symlink_metadata};
use std::io::{self, Error, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use redb::StorageBackend;
use redb::backends::FileBackend;

use crate::atomic_file::sync_directory;

/// The path of a store's WAL, also in errors.
pub(crate) fn wal_path(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push("-log");
    name.into()
}

/// A file that exists while it has a length: growing it from 0 creates it, readable by its owner
/// alone, and the length 0 removes it. The store's lock covers its file but not its name: after
/// another store has taken that name, the sidecar under it belongs to the other store.
#[derive(Debug)]
pub(crate) struct SidecarFile {
    store: PathBuf,
    store_id: FileId,
    path: PathBuf,
    state: Mutex<State>,
}

/// Identifies a file independently of its name, where the system supports that.
type FileId = Option<(u64, u64)>;

#[derive(Debug)]
enum State {
    Closed,
    ReadOnly(FileBackend, FileId),
    /// Created by this store. The first sync makes its name durable.
    Created {
        file: FileBackend,
        id: FileId,
        name_synced: bool,
    },
}

impl SidecarFile {
    /// The WAL of the store at `path`, which may be a link to `file`.
    pub(crate) fn of(path: &Path, file: &Metadata) -> io::Result<Self> {
        let store = path.canonicalize()?;
        Ok(Self {
            path: wal_path(&store),
            store,
            store_id: file_id(file),
            state: Mutex::new(State::Closed),
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn create(&self) -> io::Result<State> {
        if !self.has_store() {
            return Err(Error::other("the store's file was renamed or replaced"));
        }
        let mut options = OpenOptions::new();
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        // An existing file is never written to.
        let file = options.read(true).write(true).create_new(true);
        let file = file.open(&self.path)?;
        #[cfg(unix)]
        if let Err(error) = self.give_to_owner(&file) {
            let _ = std::fs::remove_file(&self.path);
            return Err(error);
        }
        let (file, id) = backend(file)?;
        Ok(State::Created {
            file,
            id,
            name_synced: false,
        })
    }

    /// If root creates the WAL, the owner of the store gets it.
    #[cfg(unix)]
    fn give_to_owner(&self, log: &File) -> io::Result<()> {
        use std::os::unix::fs::{MetadataExt, fchown};

        let owner = metadata(&self.store)?.uid();
        match log.metadata()?.uid() == owner {
            true => Ok(()),
            false => fchown(log, Some(owner), None),
        }
    }

    /// Whether the store's file still has the name that it was opened by.
    fn has_store(&self) -> bool {
        metadata(&self.store).is_ok_and(|found| file_id(&found) == self.store_id)
    }

    /// Removes the file if it is the one that was open, or empty.
    fn remove(&self, state: State) -> io::Result<()> {
        let ours = symlink_metadata(&self.path).is_ok_and(|found| match &state {
            State::Closed => found.is_file() && found.len() == 0 && self.has_store(),
            State::ReadOnly(_, id) | State::Created { id, .. } => file_id(&found) == *id,
        });
        drop(state);
        if !ours {
            return Ok(());
        }
        match std::fs::remove_file(&self.path) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}

#[cfg(unix)]
fn file_id(metadata: &Metadata) -> FileId {
    use std::os::unix::fs::MetadataExt;

    Some((metadata.dev(), metadata.ino()))
}

#[cfg(not(unix))]
fn file_id(_: &Metadata) -> FileId {
    None
}

fn backend(file: File) -> io::Result<(FileBackend, FileId)> {
    let id = file_id(&file.metadata()?);
    Ok((FileBackend::new(file).map_err(Error::other)?, id))
}

impl StorageBackend for SidecarFile {
    fn len(&self) -> io::Result<u64> {
        if let State::ReadOnly(file, _) | State::Created { file, .. } = &*self.state() {
            return file.len();
        }
        match symlink_metadata(&self.path) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(0),
            Ok(metadata) if !metadata.is_file() => Err(Error::other("it is not a regular file")),
            metadata => Ok(metadata?.len()),
        }
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let mut state = self.state();
        if let State::Closed = *state {
            let (file, id) = backend(File::open(&self.path)?)?;
            *state = State::ReadOnly(file, id);
        }
        match &*state {
            State::ReadOnly(file, _) | State::Created { file, .. } => file.read(offset, out),
            State::Closed => Err(ErrorKind::NotFound.into()),
        }
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let mut state = self.state();
        if len == 0 {
            return self.remove(std::mem::replace(&mut *state, State::Closed));
        }
        if !matches!(*state, State::Created { .. }) {
            *state = self.create()?;
        }
        match &*state {
            State::Created { file, .. } => file.set_len(len),
            _ => Err(ErrorKind::NotFound.into()),
        }
    }

    fn sync_data(&self) -> io::Result<()> {
        let mut state = self.state();
        let State::Created {
            file, name_synced, ..
        } = &mut *state
        else {
            return Ok(());
        };
        file.sync_data()?;
        if !*name_synced {
            sync_directory(self.path.parent().unwrap_or(Path::new(".")))?;
            *name_synced = true;
        }
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        match &*self.state() {
            State::Created { file, .. } => file.write(offset, data),
            _ => Err(ErrorKind::NotFound.into()),
        }
    }
}
