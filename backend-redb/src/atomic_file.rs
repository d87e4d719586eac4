//! A file that gets its name once it is complete.

use std::fs::File;
use std::io::{Error, Result};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

/// A new file, readable by its owner alone, that is removed unless it gets its name.
#[derive(Debug)]
pub(crate) struct AtomicFile {
    directory: PathBuf,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    /// It has no name, so nothing is left if the process ends.
    #[cfg(target_os = "linux")]
    Unnamed(File),
    /// The file has a temporary name, which is left over after a crash.
    Named(NamedTempFile),
}

impl AtomicFile {
    /// A file in this directory, without a name where the system and the file system support that.
    pub(crate) fn new_in(directory: &Path) -> Result<Self> {
        #[cfg(target_os = "linux")]
        if let Ok(file) = unnamed(directory) {
            let directory = directory.to_owned();
            let kind = Kind::Unnamed(file);
            return Ok(Self { directory, kind });
        }
        Self::named_in(directory)
    }

    fn named_in(directory: &Path) -> Result<Self> {
        let file = tempfile::Builder::new()
            .prefix(".certbind-")
            .suffix(".new")
            .tempfile_in(directory)?;
        let directory = directory.to_owned();
        let kind = Kind::Named(file);
        Ok(Self { directory, kind })
    }

    #[cfg(target_os = "linux")]
    fn copy_of(mut file: &File, directory: &Path) -> Result<Self> {
        let named = Self::named_in(directory)?;
        std::io::Seek::rewind(&mut file)?;
        std::io::copy(&mut file, &mut named.file())?;
        Ok(named)
    }

    /// Another handle of the file.
    pub(crate) fn handle(&self) -> Result<File> {
        match &self.kind {
            #[cfg(target_os = "linux")]
            Kind::Unnamed(file) => file.try_clone(),
            Kind::Named(file) => file.reopen(),
        }
    }

    fn file(&self) -> &File {
        match &self.kind {
            #[cfg(target_os = "linux")]
            Kind::Unnamed(file) => file,
            Kind::Named(file) => file.as_file(),
        }
    }

    /// Syncs the file and gives it this name in its directory, unless the name exists.
    ///
    /// # Errors
    /// [`AlreadyExists`](std::io::ErrorKind::AlreadyExists) if the name exists; any other error
    /// that prevents the naming. The file is removed then.
    pub(crate) fn persist(self, path: &Path) -> Result<()> {
        self.file().sync_all()?;
        match self.kind {
            #[cfg(target_os = "linux")]
            Kind::Unnamed(file) => match link(&file, path) {
                // It cannot be named, for example because /proc is not mounted: a copy with a name
                // can.
                Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
                    return Self::copy_of(&file, &self.directory)?.persist(path);
                }
                linked => linked?,
            },
            Kind::Named(file) => drop(file.persist_noclobber(path).map_err(Error::from)?),
        }
        sync_directory(&self.directory)
    }
}

#[cfg(target_os = "linux")]
fn unnamed(directory: &Path) -> Result<File> {
    use std::os::unix::fs::OpenOptionsExt;

    std::fs::OpenOptions::new()
        .read(true)
        .write(true)
        .mode(0o600)
        .custom_flags(rustix::fs::OFlags::TMPFILE.bits().cast_signed())
        .open(directory)
}

/// Gives an unnamed file its first name: open(2), `O_TMPFILE`.
#[cfg(target_os = "linux")]
fn link(file: &File, path: &Path) -> Result<()> {
    use std::os::fd::AsRawFd;

    use rustix::fs::{AtFlags, CWD, linkat};

    let file = format!("/proc/self/fd/{}", file.as_raw_fd());
    Ok(linkat(CWD, file, CWD, path, AtFlags::SYMLINK_FOLLOW)?)
}

#[cfg(unix)]
pub(crate) fn sync_directory(directory: &Path) -> Result<()> {
    File::open(directory)?.sync_all()
}

#[cfg(not(unix))]
pub(crate) fn sync_directory(_: &Path) -> Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::{ErrorKind, Write};

    use super::*;

    const KINDS: &[fn(&Path) -> AtomicFile] = &[
        |directory| written(AtomicFile::new_in(directory).unwrap()),
        |directory| written(AtomicFile::named_in(directory).unwrap()),
        #[cfg(target_os = "linux")]
        |directory| {
            let unnamed = written(AtomicFile::new_in(directory).unwrap());
            AtomicFile::copy_of(unnamed.file(), directory).unwrap()
        },
    ];

    fn written(file: AtomicFile) -> AtomicFile {
        file.file().write_all(b"whole").unwrap();
        file
    }

    fn names(directory: &Path) -> Vec<String> {
        let entries = std::fs::read_dir(directory).unwrap();
        entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect()
    }

    #[test]
    fn atomic_file_appears_under_its_name_only() {
        for make in KINDS {
            let directory = tempfile::tempdir().unwrap();
            let file = make(directory.path());
            file.persist(&directory.path().join("name")).unwrap();
            assert_eq!(names(directory.path()), ["name"]);
            let found = std::fs::read(directory.path().join("name")).unwrap();
            assert_eq!(found, b"whole");
        }
    }

    #[test]
    fn existing_name_is_not_replaced() {
        for make in KINDS {
            let directory = tempfile::tempdir().unwrap();
            let file = make(directory.path());
            let path = directory.path().join("name");
            std::fs::write(&path, "theirs").unwrap();
            let error = file.persist(&path).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::AlreadyExists);
            assert_eq!(names(directory.path()), ["name"]);
            assert_eq!(std::fs::read(&path).unwrap(), b"theirs");
        }
    }

    #[test]
    fn dropped_atomic_file_is_removed() {
        for make in KINDS {
            let directory = tempfile::tempdir().unwrap();
            drop(make(directory.path()));
            assert_eq!(names(directory.path()), Vec::<String>::new());
        }
    }
}
