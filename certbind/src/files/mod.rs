//! The files that exports are read from: on the disk, compressed, and in archives. A path may
//! continue into an archive like into a folder: `set.zip/web01/SYSTEM`. Archives are opened in
//! memory.

mod archive;
mod cache;
mod disk;
mod names;
mod stdin;

use std::fs::File;
use std::io::{self, Read, Seek};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use certbind_formats::archive::{Kind, Limits, Opened, open};
use certbind_formats::{Format, detect};

use archive::Archive;

use crate::read_file;

pub(crate) use names::{stem, without_archive, without_compression};
pub(crate) use stdin::is_standard_input;

/// An entry of a folder or an archive.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) path: PathBuf,
    /// Whether it is a folder, or a link to one.
    pub(crate) is_folder: bool,
    pub(crate) is_link: bool,
}

impl Entry {
    /// The name, as text.
    pub(crate) fn name(&self) -> String {
        let name = self.path.file_name().unwrap_or_default();
        name.to_string_lossy().into_owned()
    }
}

/// The target of a path.
enum Place {
    Folder,
    File,
    /// Into an archive, or to all of it.
    Archive(Arc<Archive>, Vec<String>),
}

/// Whether a path is a folder, an archive, or a folder in one. An archive that cannot be opened is
/// one: reading its entries gives the error.
pub(crate) fn is_folder(path: &Path) -> bool {
    if is_standard_input(path) {
        return stdin::archive().is_some();
    }
    match std::fs::metadata(path) {
        Ok(found) if found.is_dir() => true,
        Ok(found) => found.is_file() && disk::is_archive(path),
        Err(_) => match place(path) {
            Ok(Place::Archive(archive, inner)) => archive.is_folder(&inner),
            _ => false,
        },
    }
}

/// Whether a path is a file, or a file in an archive.
pub(crate) fn is_file(path: &Path) -> bool {
    match std::fs::metadata(path) {
        Ok(found) => found.is_file() && !disk::is_archive(path),
        Err(_) => match place(path) {
            Ok(Place::Archive(archive, inner)) => archive.file(&inner).is_ok(),
            _ => false,
        },
    }
}

/// Whether a path means an entry of an archive, or an archive.
pub(crate) fn is_in_archive(path: &Path) -> bool {
    matches!(place(path), Ok(Place::Archive(..)))
}

/// Whether there is something at a path.
pub(crate) fn exists(path: &Path) -> bool {
    path.exists() || is_file(path) || is_folder(path)
}

/// The entries of a folder or an archive, in the order of their names.
pub(crate) fn entries(folder: &Path) -> io::Result<Vec<Entry>> {
    let mut entries = match place(folder)? {
        Place::Archive(archive, inner) => archive.entries(folder, &inner)?,
        Place::Folder | Place::File => disk::entries(folder)?,
    };
    entries.sort_by(|a, b| a.path.file_name().cmp(&b.path.file_name()));
    Ok(entries)
}

/// Reads standard input and keeps it, so that an archive on it is opened as the folder `-`.
pub(crate) fn keep_standard_input() {
    stdin::keep();
}

/// The bytes of a file, unpacked if it is compressed; `-` is standard input.
///
/// # Errors
/// It cannot be read or unpacked, or it is an archive.
pub(crate) fn read(path: &Path) -> io::Result<Vec<u8>> {
    if is_standard_input(path) {
        let most = read_file::MOST_PIPED;
        let kept = stdin::take();
        let bytes = kept.unwrap_or_else(|| read_file::bounded(&mut io::stdin().lock(), most))?;
        return unpacked(bytes);
    }
    match place(path)? {
        Place::Archive(archive, inner) => unpacked(archive.file(&inner)?.to_vec()),
        Place::Folder | Place::File => unpacked(read_file::read(path)?),
    }
}

/// A hive that is a file of its own on the disk, neither compressed nor in an archive.
pub(crate) fn open_hive(path: &Path) -> Option<File> {
    if is_standard_input(path) {
        return None;
    }
    let mut file = read_file::open(path).ok()?;
    let mut start = [0; 512];
    let is_hive = file.metadata().is_ok_and(|found| found.is_file())
        && file.read_exact(&mut start).is_ok()
        && detect(&start) == Format::Hive;
    (is_hive && file.rewind().is_ok()).then_some(file)
}

/// The bytes of a file that was read, unpacked if it is compressed.
///
/// # Errors
/// As [`read`].
pub(crate) fn unpacked(bytes: Vec<u8>) -> io::Result<Vec<u8>> {
    let archive = |kind: Kind| {
        let kind = kind.name();
        io::Error::other(format!(
            "this is {kind}, which is not opened in an archive or on standard input; unpack it, and \
             name the files"
        ))
    };
    match Kind::of(&bytes) {
        Kind::Plain => return Ok(bytes),
        kind @ (Kind::Zip | Kind::Tar) => return Err(archive(kind)),
        _ => {}
    }
    match open(&bytes, &Limits::default()).map_err(io::Error::other)? {
        Opened::File(bytes) => Ok(bytes),
        Opened::Entries(_) => Err(archive(Kind::Tar)),
    }
}

/// Whether a file on the disk begins like a compressed file or an archive.
pub(crate) fn is_packed(path: &Path) -> bool {
    disk::start(path).is_ok_and(|start| Kind::of(&start) != Kind::Plain)
}

fn place(path: &Path) -> io::Result<Place> {
    let standard_input = path.strip_prefix("-").ok().zip(stdin::archive());
    if let Some((inner, archive)) = standard_input {
        return Ok(Place::Archive(archive, parts(inner)));
    }
    let error = match std::fs::metadata(path) {
        Ok(found) if found.is_dir() => return Ok(Place::Folder),
        Ok(found) if found.is_file() && disk::is_archive(path) => {
            return Ok(Place::Archive(cache::opened(path)?, Vec::new()));
        }
        Ok(_) => return Ok(Place::File),
        Err(error) => error,
    };
    let archive = path.ancestors().skip(1).find(|path| path.is_file());
    let Some(archive) = archive.filter(|path| disk::is_archive(path)) else {
        return Err(error);
    };
    let inner = path.strip_prefix(archive).unwrap_or(path);
    Ok(Place::Archive(cache::opened(archive)?, parts(inner)))
}

/// The names of the folders of a path in an archive, and of its file.
fn parts(inner: &Path) -> Vec<String> {
    let parts = inner.components();
    parts
        .map(|part| part.as_os_str().to_string_lossy().into_owned())
        .collect()
}
