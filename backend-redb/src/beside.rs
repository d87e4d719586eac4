//! The file of a log, beside the store's: it is there while it has a length.

use std::fs::{File, OpenOptions, symlink_metadata};
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
/// Whoever uses it has the store locked.
#[derive(Debug)]
pub(crate) struct Beside {
    path: PathBuf,
    open: Mutex<Open>,
}

#[derive(Debug)]
enum Open {
    Not,
    ForReading(FileBackend),
    /// Made here. Its name is synced with it the first time.
    Made {
        file: FileBackend,
        named: bool,
    },
}

impl Beside {
    /// The log of the store at `path`, by whatever name it was opened.
    pub(crate) fn of(path: &Path) -> io::Result<Self> {
        Ok(Self {
            path: beside(&path.canonicalize()?),
            open: Mutex::new(Open::Not),
        })
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn make(&self) -> io::Result<FileBackend> {
        self.remove()?;
        let mut options = OpenOptions::new();
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        // What somebody else puts there meanwhile is not written to.
        let file = options.read(true).write(true).create_new(true);
        backend(file.open(&self.path)?)
    }

    fn remove(&self) -> io::Result<()> {
        match std::fs::remove_file(&self.path) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}

fn backend(file: File) -> io::Result<FileBackend> {
    FileBackend::new(file).map_err(Error::other)
}

impl StorageBackend for Beside {
    fn len(&self) -> io::Result<u64> {
        if let Open::ForReading(file) | Open::Made { file, .. } = &*self.open() {
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
            *open = Open::ForReading(backend(File::open(&self.path)?)?);
        }
        match &*open {
            Open::ForReading(file) | Open::Made { file, .. } => file.read(offset, out),
            Open::Not => Err(ErrorKind::NotFound.into()),
        }
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let mut open = self.open();
        if len == 0 {
            *open = Open::Not;
            return self.remove();
        }
        if !matches!(*open, Open::Made { .. }) {
            *open = Open::Not;
            let file = self.make()?;
            *open = Open::Made { file, named: false };
        }
        match &*open {
            Open::Made { file, .. } => file.set_len(len),
            _ => Err(ErrorKind::NotFound.into()),
        }
    }

    fn sync_data(&self) -> io::Result<()> {
        let mut open = self.open();
        let Open::Made { file, named } = &mut *open else {
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
