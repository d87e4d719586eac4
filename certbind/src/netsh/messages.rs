//! The messages of netsh, line for line. Sentences are Windows's own; blank lines around them are
//! inferred.

use certbind_core::StoreError;
use certbind_httpapi_abi::win32::{self, ToWin32};

/// The output and exit code of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Answer {
    /// Lines that end with a line feed.
    pub(super) text: String,
    pub(super) code: u8,
}

/// It is done.
pub(super) const DONE: u8 = 0;
/// It failed.
pub(super) const FAILED: u8 = 1;

impl Answer {
    pub(super) fn done(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            code: DONE,
        }
    }

    pub(super) fn failed(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            code: FAILED,
        }
    }

    /// The same with the error's own message in a line after it, if it is not contained.
    pub(super) fn with_error_line(mut self, error: &StoreError) -> Self {
        let error_line = error_line(error);
        if !self.text.contains(&error_line) {
            self.text.truncate(self.text.trim_end().len());
            self.text.push_str(&format!("\n{error_line}\n"));
        }
        self
    }
}

fn error_line(error: &StoreError) -> String {
    format!("({error})\n")
}

/// Above the first record of a listing, and above the message that there is none.
const TITLE: &str = "
SSL Certificate bindings:
-------------------------
";

/// `add`, `delete` and `update` succeeded; `done` is the word for it.
pub(super) fn success(done: &str) -> Answer {
    Answer::done(format!("\nSSL Certificate successfully {done}\n\n"))
}

/// The store refused the operation; `what` is the noun for it.
pub(super) fn failure(what: &str, error: &StoreError) -> Answer {
    let code = error.win32_code();
    let reason = reason(error);
    failed(&format!("SSL Certificate {what}"), code, &reason)
}

/// A refusal: the sentence, the system's text, and two blank lines, since the system's text ends with
/// a line end of its own (ets2-telemetry-server compares the whole text).
pub(super) fn failed(what: &str, code: u32, reason: &str) -> Answer {
    let reason = match reason.trim_end() {
        "" => String::new(),
        reason => format!("{reason}\n\n"),
    };
    Answer::failed(format!("\n{what} failed, Error: {code}\n{reason}\n"))
}

/// There is nothing to show.
pub(super) fn not_shown(error: &StoreError) -> Answer {
    Answer::failed(format!("{TITLE}\n{}\n", reason(error)))
}

/// The system's text for an error, and the error's own message where HTTP.sys has no such error and
/// the system's text is too general. With line ends.
pub(super) fn reason(error: &StoreError) -> String {
    let mut reason = String::new();
    if let Some(text) = system_text(error.win32_code()) {
        reason.push_str(text);
        reason.push('\n');
    }
    let is_of_http_sys = matches!(
        error,
        StoreError::AlreadyExists { .. }
            | StoreError::NotFound { .. }
            | StoreError::AccessDenied { .. }
            | StoreError::CertificateUnavailable { .. }
            | StoreError::Invalid { .. }
            | StoreError::Unsupported { .. }
    ) || is_win32(error);
    if !is_of_http_sys {
        reason.push_str(&error_line(error));
    }
    reason
}

fn is_win32(error: &StoreError) -> bool {
    matches!(error, StoreError::Backend { source, .. } if source.is::<win32::Win32Error>())
}

/// A value is invalid.
pub(super) fn bad_value() -> Answer {
    Answer::failed("\nThe parameter is incorrect.\n\n")
}

/// An argument is missing or unknown; `help` is the correct usage.
pub(super) fn bad_syntax(help: &str) -> Answer {
    Answer::failed(format!(
        "One or more essential parameters were not entered.
Verify the required parameters, and reenter them.
The syntax supplied for this command is not valid. Check help for the correct syntax.
{help}"
    ))
}

/// There is no such command, or not in this release.
pub(super) fn not_found(words: &[String]) -> Answer {
    Answer::failed(format!(
        "The following command was not found: {}.\n",
        words.join(" ")
    ))
}

/// Not messages of Windows: a file that cannot be read.
pub(super) fn unreadable(what: &str, why: &str) -> Answer {
    Answer::failed(format!("\n{what}: {why}\n\n"))
}

/// The text that `FormatMessage` returns for a Win32 code.
pub(super) fn system_text(code: u32) -> Option<&'static str> {
    Some(match code {
        win32::FILE_NOT_FOUND => "The system cannot find the file specified.",
        win32::ACCESS_DENIED => "Access is denied.",
        6 => "The handle is invalid.",
        win32::WRITE_PROTECT => "The media is write protected.",
        win32::NOT_READY => "The device is not ready.",
        win32::SHARING_VIOLATION => {
            "The process cannot access the file because it is being used by another process."
        }
        win32::NOT_SUPPORTED => "The request is not supported.",
        win32::INVALID_PARAMETER => "The parameter is incorrect.",
        win32::DISK_FULL => "There is not enough space on the disk.",
        win32::CALL_NOT_IMPLEMENTED => "This function is not supported on this system.",
        122 => "The data area passed to a system call is too small.",
        win32::BUSY => "The requested resource is in use.",
        win32::ALREADY_EXISTS => "Cannot create a file when that file already exists.",
        234 => "More data is available.",
        win32::NO_MORE_ITEMS => "No more data is available.",
        1168 => "Element not found.",
        win32::IO_DEVICE => "The request could not be performed because of an I/O device error.",
        win32::OLD_WIN_VERSION => "The specified program requires a newer version of Windows.",
        win32::REVISION_MISMATCH => "Indicates two revision levels are incompatible.",
        win32::NO_SUCH_LOGON_SESSION => {
            "A specified logon session does not exist. It may already have been terminated."
        }
        win32::FILE_CORRUPT => "The file or directory is corrupted and unreadable.",
        _ => return None,
    })
}
