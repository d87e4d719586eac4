//! Names of files and folders that come from data: hosts of a fleet, of exports and of archives.
//! Such a name cannot leave its folder, and is a valid file name on every system, since folders are
//! shared.

use certbind_certificates::is_reserved_on_windows;

/// The reason why a name is invalid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FileNameError {
    #[error("not a valid file name: use letters and digits, with . _ - between them")]
    Characters,
    #[error("Windows reserves this name for a device")]
    Device,
    #[error("Windows drops the dot or space at its end")]
    End,
}

/// Checks a name. Letters and digits of every script are allowed; it must not begin with a dot.
pub(crate) fn check(name: &str) -> Result<(), FileNameError> {
    let is_plain = |c: char| c.is_alphanumeric() || "._- ".contains(c);
    if name.is_empty() || name.starts_with(['.', ' ']) || !name.chars().all(is_plain) {
        return Err(FileNameError::Characters);
    }
    if is_reserved_on_windows(name) {
        return Err(FileNameError::Device);
    }
    match name.ends_with(['.', ' ']) {
        true => Err(FileNameError::End),
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_into_their_folder_alone() {
        for name in [
            "web01.contoso.com",
            "büro-1",
            "WEB_01",
            "web 01",
            "console",
            "com10",
        ] {
            assert_eq!(check(name), Ok(()), "{name}");
        }
        for (name, problem) in [
            ("", FileNameError::Characters),
            ("..", FileNameError::Characters),
            (".hidden", FileNameError::Characters),
            ("../web01", FileNameError::Characters),
            (r"a\b", FileNameError::Characters),
            (r"C:\web01", FileNameError::Characters),
            ("web01:stream", FileNameError::Characters),
            ("web\u{0}01", FileNameError::Characters),
            ("web\u{202e}01", FileNameError::Characters),
            ("CON", FileNameError::Device),
            ("nul", FileNameError::Device),
            ("aux.txt", FileNameError::Device),
            ("com1.contoso.com", FileNameError::Device),
            ("LPT\u{b9}", FileNameError::Device),
            ("web01.", FileNameError::End),
            ("web01 ", FileNameError::End),
        ] {
            assert_eq!(check(name), Err(problem), "{name:?}");
        }
    }
}
