//! The file of a log, beside the store's: it is there while it has a length.

use std::fs::{File, Metadata, OpenOptions, metadata, symlink_metadata};
use std::io::{self, Error, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use redb::StorageBackend;
use redb::backends::FileBackend;

use crate::unfinished::sync_directory;

/// The path of the log of what is at a path, or of what it stands for in errors.
pub(crate) fn beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push("-log");
    name.into()
}

/// A file that the first length makes, readable by its owner alone, and the length 0 removes.
/// Whoever uses it has the store locked, but not its name: where another store has come to that,
/// what is beside it is the other's.
#[derive(Debug)]
pub(crate) struct Beside {
    store: PathBuf,
    store_is: Identity,
    path: PathBuf,
    open: Mutex<Open>,
}

/// What tells a file from others of its name, where the system says.
type Identity = Option<(u64, u64)>;

#[derive(Debug)]
enum Open {
    Not,
    ForReading(FileBackend, Identity),
    /// Made here. Its name is synced with it the first time.
    Made {
        file: FileBackend,
        is: Identity,
        named: bool,
    },
}

impl Beside {
    /// The log of the store at `path`, by whatever name it was opened, which this file is.
    pub(crate) fn of(path: &Path, file: &Metadata) -> io::Result<Self> {
        let store = path.canonicalize()?;
        Ok(Self {
            path: beside(&store),
            store,
            store_is: identity(file),
            open: Mutex::new(Open::Not),
        })
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn make(&self) -> io::Result<Open> {
        if !self.has_store() {
            return Err(Error::other("its store has another name by now"));
        }
        let mut options = OpenOptions::new();
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        // What somebody else has put there is not written to.
        let file = options.read(true).write(true).create_new(true);
        let file = file.open(&self.path)?;
        #[cfg(unix)]
        if let Err(error) = self.give_to_owner(&file) {
            let _ = std::fs::remove_file(&self.path);
            return Err(error);
        }
        let (file, is) = backend(file)?;
        Ok(Open::Made {
            file,
            is,
            named: false,
        })
    }

    /// Whoever owns the store can read its log, if an administrator has made that.
    #[cfg(unix)]
    fn give_to_owner(&self, log: &File) -> io::Result<()> {
        use std::os::unix::fs::{MetadataExt, fchown};

        let owner = metadata(&self.store)?.uid();
        match log.metadata()?.uid() == owner {
            true => Ok(()),
            false => fchown(log, Some(owner), None),
        }
    }

    /// Whether the store still has the name that it was opened by.
    fn has_store(&self) -> bool {
        metadata(&self.store).is_ok_and(|found| identity(&found) == self.store_is)
    }

    /// Removes what is there, if it is what was open, or empty.
    fn remove(&self, open: Open) -> io::Result<()> {
        let ours = symlink_metadata(&self.path).is_ok_and(|found| match &open {
            Open::Not => found.is_file() && found.len() == 0 && self.has_store(),
            Open::ForReading(_, is) | Open::Made { is, .. } => identity(&found) == *is,
        });
        drop(open);
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
fn identity(metadata: &Metadata) -> Identity {
    use std::os::unix::fs::MetadataExt;

    Some((metadata.dev(), metadata.ino()))
}

#[cfg(not(unix))]
fn identity(_: &Metadata) -> Identity {
    None
}

fn backend(file: File) -> io::Result<(FileBackend, Identity)> {
    let is = identity(&file.metadata()?);
    Ok((FileBackend::new(file).map_err(Error::other)?, is))
}

impl StorageBackend for Beside {
    fn len(&self) -> io::Result<u64> {
        if let Open::ForReading(file, _) | Open::Made { file, .. } = &*self.open() {
            return file.len();
        }
        match symlink_metadata(&self.path) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(0),
            Ok(metadata) if !metadata.is_file() => Err(Error::other("it is no regular file")),
            metadata => Ok(metadata?.len()),
        }
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let mut open = self.open();
        if let Open::Not = *open {
            let (file, is) = backend(File::open(&self.path)?)?;
            *open = Open::ForReading(file, is);
        }
        match &*open {
            Open::ForReading(file, _) | Open::Made { file, .. } => file.read(offset, out),
            Open::Not => Err(ErrorKind::NotFound.into()),
        }
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let mut open = self.open();
        if len == 0 {
            return self.remove(std::mem::replace(&mut *open, Open::Not));
        }
        if !matches!(*open, Open::Made { .. }) {
            *open = self.make()?;
        }
        match &*open {
            Open::Made { file, .. } => file.set_len(len),
            _ => Err(ErrorKind::NotFound.into()),
        }
    }

    fn sync_data(&self) -> io::Result<()> {
        let mut open = self.open();
        let Open::Made { file, named, .. } = &mut *open else {
            return Ok(());
        };
        file.sync_data()?;
        if !*named {
            sync_directory(self.path.parent().unwrap_or(Path::new(".")))?;
            *named = true;
        }
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        match &*self.open() {
            Open::Made { file, .. } => file.write(offset, data),
            _ => Err(ErrorKind::NotFound.into()),
        }
    }
}
