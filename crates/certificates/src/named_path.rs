//! Paths that input files name: their authors choose no other machine and no device.

use std::io;
use std::path::Path;

/// A path in an input file that must not be opened for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NamedPathError {
    /// `\\server\share`: to open it sends the user's credentials to that machine.
    #[error("it is a path of another machine or of a device, which only the command line may name")]
    Remote,
    /// `CON`, `C:\aux.txt`, `file:stream`: never a file in a folder on Windows.
    #[error("it is the name of a device or of a stream on Windows, not a file")]
    Device,
}

/// Checks a path that an input file names, by its text alone: no file is opened.
///
/// # Errors
/// [`NamedPathError`] for a UNC path and for the device namespaces `\\.\` and `\\?\`, with slashes of either
/// direction and on every system; on Windows also for names of devices and streams.
///
/// ```
/// use certbind_certificates::{NamedPathError, check_named_path};
///
/// assert_eq!(check_named_path("certs/www.pem"), Ok(()));
/// assert_eq!(check_named_path(r"\\server\share\www.pem"), Err(NamedPathError::Remote));
/// ```
pub fn check_named_path(path: &str) -> Result<(), NamedPathError> {
    check(path, cfg!(windows))
}

fn check(path: &str, is_windows: bool) -> Result<(), NamedPathError> {
    let is_slash = |c: char| c == '/' || c == '\\';
    let mut start = path.chars();
    if start.next().is_some_and(is_slash) && start.next().is_some_and(is_slash) {
        return Err(NamedPathError::Remote);
    }
    if !is_windows {
        return Ok(());
    }
    let mut rest = path;
    if let [drive, b':', ..] = path.as_bytes()
        && drive.is_ascii_alphabetic()
    {
        rest = &path[2..];
    }
    let is_device = |part: &str| part.contains(':') || is_reserved_on_windows(part);
    match rest.split(is_slash).any(is_device) {
        true => Err(NamedPathError::Device),
        false => Ok(()),
    }
}

/// Whether Windows takes a name for a device, in any folder and with any extension: `CON`, `nul.txt`,
/// `COM1`. Microsoft lists these names in "Naming Files, Paths, and Namespaces".
///
/// ```
/// assert!(certbind_certificates::is_reserved_on_windows("aux.txt"));
/// assert!(!certbind_certificates::is_reserved_on_windows("auxiliary.txt"));
/// ```
#[must_use]
pub fn is_reserved_on_windows(name: &str) -> bool {
    const NAMES: [&str; 7] = ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$", "CLOCK$"];
    let stem = name.split(['.', ':']).next().unwrap_or_default();
    let stem = stem.trim_end_matches(' ').to_ascii_uppercase();
    let numbered = |prefix| {
        let digit: Option<&str> = stem.strip_prefix(prefix);
        let mut digit = digit.unwrap_or_default().chars();
        let is_digit = |c: char| c.is_ascii_digit() || "\u{b9}\u{b2}\u{b3}".contains(c);
        digit.next().is_some_and(is_digit) && digit.next().is_none()
    };
    NAMES.contains(&&*stem) || numbered("COM") || numbered("LPT")
}

/// The bytes of a file that an input file names.
///
/// # Errors
/// If [`check_named_path`] refuses the name, it is not a regular file (a device may have no end), or
/// it cannot be read.
pub fn read_named_file(folder: &Path, name: &str) -> io::Result<Vec<u8>> {
    check_named_path(name).map_err(io::Error::other)?;
    let path = folder.join(name);
    if !std::fs::metadata(&path)?.is_file() {
        return Err(io::Error::other("it is not a regular file"));
    }
    std::fs::read(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_machine_is_refused_on_every_system() {
        for path in [
            r"\\server\share\a.pem",
            "//server/share/a.pem",
            r"\/server/share",
            r"/\server\share",
            r"\\?\UNC\server\share",
            r"\\.\pipe\a",
            "//?/C:/a",
        ] {
            for is_windows in [true, false] {
                assert_eq!(
                    check(path, is_windows),
                    Err(NamedPathError::Remote),
                    "{path}"
                );
            }
        }
        for path in [
            "/etc/ssl/a.pem",
            "a//b.pem",
            "../a.pem",
            r"C:\certs\a.pem",
            "C:a.pem",
            "",
        ] {
            for is_windows in [true, false] {
                assert_eq!(check(path, is_windows), Ok(()), "{path}");
            }
        }
    }

    #[test]
    fn devices_and_streams_are_refused_on_windows() {
        for path in [
            "NUL",
            r"certs\con",
            "aux.txt",
            "com1.a.pem",
            "LPT\u{b9}",
            "nul .pem",
            r"C:\a\prn",
            "a.pem:stream",
            r"C:\a:b",
            "CONIN$",
        ] {
            assert_eq!(check(path, true), Err(NamedPathError::Device), "{path}");
            assert_eq!(check(path, false), Ok(()), "{path}");
        }
        for path in ["console", "com10", "com", "nulls.pem", "lpt.pem"] {
            assert_eq!(check(path, true), Ok(()), "{path}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn devices_are_not_read() {
        let folder = Path::new("");
        let error = read_named_file(folder, "/dev/zero").unwrap_err();
        assert_eq!(error.to_string(), "it is not a regular file");
        let error = read_named_file(folder, "//server/share/a.pem").unwrap_err();
        assert!(error.to_string().contains("another machine"), "{error}");
    }
}
