//! Reading of input files, so that each ends: a device has no end, and a named pipe may have no writer.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

/// The most bytes that are read from a pipe, whose length is unknown beforehand.
pub(crate) const MOST_PIPED: u64 = 1 << 30;

/// The most bytes of a pipe that are copied to a temporary file.
pub(crate) const MOST_COPIED: u64 = 8 << 30;

/// Opens a file, or a descriptor that the process was given (`/dev/stdin`, `<(command)` of a shell).
///
/// # Errors
/// If it is a device or a named pipe, or cannot be opened.
pub(crate) fn open(path: &Path) -> io::Result<File> {
    let found = fs::metadata(path)?;
    if !found.is_file() && !found.is_dir() && !is_given(path) {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "it is a device, a named pipe or a socket, which may have no end; name a file, or - for standard \
             input",
        ));
    }
    File::open(path)
}

/// The bytes of a file.
///
/// # Errors
/// As [`open`], and if a pipe has more than [`MOST_PIPED`] bytes.
pub(crate) fn read(path: impl AsRef<Path>) -> io::Result<Vec<u8>> {
    let mut file = open(path.as_ref())?;
    let length = file.metadata()?.len();
    // A pipe has none, and neither has a file of /proc.
    if length > 0 {
        let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or(0));
        file.read_to_end(&mut bytes)?;
        return Ok(bytes);
    }
    bounded(&mut file, MOST_PIPED)
}

/// The text of a file.
///
/// # Errors
/// As [`read`], and if it is not UTF-8.
pub(crate) fn read_text(path: impl AsRef<Path>) -> io::Result<String> {
    let text = String::from_utf8(read(path)?);
    text.map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "it is not UTF-8"))
}

/// All bytes up to the end.
///
/// # Errors
/// If there are more than `most`.
pub(crate) fn bounded(input: &mut dyn Read, most: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    input.take(most + 1).read_to_end(&mut bytes)?;
    match bytes.len() as u64 > most {
        true => Err(too_long(most)),
        false => Ok(bytes),
    }
}

/// The error for a pipe that has more bytes than that.
pub(crate) fn too_long(most: u64) -> io::Error {
    let what = format!("it has more than {most} bytes; save it to a file, and name the file");
    io::Error::new(io::ErrorKind::FileTooLarge, what)
}

/// Whether a path refers to an open descriptor of this process, or to an empty file.
fn is_given(path: &Path) -> bool {
    let folders = ["/dev/fd", "/proc/self/fd"];
    let files = ["/dev/stdin", "/dev/null"];
    files.iter().any(|file| path == Path::new(file))
        || folders.iter().any(|folder| path.starts_with(folder))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endless_input_is_refused_at_its_bound() {
        assert_eq!(bounded(&mut &[7; 100][..], 100).unwrap(), [7; 100]);
        let error = bounded(&mut io::repeat(0), 100).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::FileTooLarge);
    }

    #[cfg(unix)]
    #[test]
    fn devices_are_no_files() {
        for device in ["/dev/zero", "/dev/tty"] {
            let error = read(Path::new(device)).unwrap_err().to_string();
            assert!(error.contains("device"), "{device}: {error}");
        }
    }
}
