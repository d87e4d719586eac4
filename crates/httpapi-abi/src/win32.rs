//! Win32 result codes of the HTTP Server API, and the corresponding [`StoreError`]s.
//!
//! The names and numbers are those of `winerror.h`, without the prefix `ERROR_`.
//!
//! ```
//! use certbind_core::StoreError;
//! use certbind_httpapi_abi::win32::{self, ToWin32};
//!
//! let key = "0.0.0.0:443".parse()?;
//! let error = win32::store_error(win32::ALREADY_EXISTS, &key, "setting");
//! assert!(matches!(error, StoreError::AlreadyExists { .. }));
//! assert_eq!(error.win32_code(), 183);
//! # Ok::<(), certbind_core::KeyError>(())
//! ```

use std::borrow::Cow;
use std::io::ErrorKind;

use certbind_core::{BindingKey, StoreError};

/// `ERROR_FILE_NOT_FOUND`: the key is not bound.
pub const FILE_NOT_FOUND: u32 = 2;
/// `ERROR_ACCESS_DENIED`.
pub const ACCESS_DENIED: u32 = 5;
/// `ERROR_WRITE_PROTECT`.
pub const WRITE_PROTECT: u32 = 19;
/// `ERROR_NOT_READY`.
pub const NOT_READY: u32 = 21;
/// `ERROR_SHARING_VIOLATION`.
pub const SHARING_VIOLATION: u32 = 32;
/// `ERROR_NOT_SUPPORTED`.
pub const NOT_SUPPORTED: u32 = 50;
/// `ERROR_INVALID_PARAMETER`.
pub const INVALID_PARAMETER: u32 = 87;
/// `ERROR_DISK_FULL`.
pub const DISK_FULL: u32 = 112;
/// `ERROR_CALL_NOT_IMPLEMENTED`: this Windows lacks the function.
pub const CALL_NOT_IMPLEMENTED: u32 = 120;
/// `ERROR_BUSY`.
pub const BUSY: u32 = 170;
/// `ERROR_ALREADY_EXISTS`: the key is bound.
pub const ALREADY_EXISTS: u32 = 183;
/// `ERROR_NO_MORE_ITEMS`: the end of an enumeration.
pub const NO_MORE_ITEMS: u32 = 259;
/// `ERROR_IO_DEVICE`.
pub const IO_DEVICE: u32 = 1117;
/// `ERROR_OLD_WIN_VERSION`: the format is too new.
pub const OLD_WIN_VERSION: u32 = 1150;
/// `ERROR_REVISION_MISMATCH`.
pub const REVISION_MISMATCH: u32 = 1306;
/// `ERROR_NO_SUCH_LOGON_SESSION`: the certificate or its private key cannot be used.
pub const NO_SUCH_LOGON_SESSION: u32 = 1312;
/// `ERROR_FILE_CORRUPT`.
pub const FILE_CORRUPT: u32 = 1392;

/// A Win32 code for which [`StoreError`] has no variant: the source of
/// [`StoreError::Backend`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Win32 error {code}{}", meaning(*code))]
pub struct Win32Error {
    /// The code.
    pub code: u32,
}

impl Win32Error {
    /// [`StoreError::Backend`] with this code as its source; `action` is the operation that failed,
    /// as in "setting".
    #[must_use]
    pub fn during(
        self,
        key: Option<BindingKey>,
        action: impl Into<Cow<'static, str>>,
    ) -> StoreError {
        StoreError::Backend {
            key,
            action: action.into(),
            source: Box::new(self),
        }
    }
}

/// The meaning of a code that calls of the HTTP Server API are known to return, and the next step.
fn meaning(code: u32) -> &'static str {
    match code {
        FILE_NOT_FOUND => " (not found)",
        ACCESS_DENIED => " (access denied; run as administrator)",
        NOT_SUPPORTED | CALL_NOT_IMPLEMENTED => " (this Windows does not have the function)",
        INVALID_PARAMETER => " (a parameter is incorrect)",
        ALREADY_EXISTS => " (already exists)",
        1058 => " (the HTTP service is disabled)",
        1062 => " (the HTTP service is not started; run: net start http)",
        _ => "",
    }
}

/// The Win32 code of an error.
pub trait ToWin32 {
    /// The code that HTTP.sys returns in this case; where it has no such case, the nearest.
    #[must_use]
    fn win32_code(&self) -> u32;
}

impl ToWin32 for StoreError {
    fn win32_code(&self) -> u32 {
        match self {
            Self::AlreadyExists { .. } => ALREADY_EXISTS,
            Self::NotFound { .. } => FILE_NOT_FOUND,
            Self::Conflict { .. } => REVISION_MISMATCH,
            Self::AccessDenied { .. } => ACCESS_DENIED,
            Self::CertificateUnavailable { .. } => NO_SUCH_LOGON_SESSION,
            Self::Invalid { .. } | Self::InvalidBinding(_) => INVALID_PARAMETER,
            Self::Unsupported { .. } => NOT_SUPPORTED,
            Self::ReadOnly => WRITE_PROTECT,
            Self::InUse { .. } => SHARING_VIOLATION,
            Self::NewerFormat { .. } => OLD_WIN_VERSION,
            Self::Corrupt { .. } | Self::Unreadable { .. } => FILE_CORRUPT,
            Self::Unstable { .. } => BUSY,
            Self::Unavailable { .. } => NOT_READY,
            Self::NotRestored { source, .. } => source.win32_code(),
            Self::Io { source, .. } => match source.kind() {
                ErrorKind::StorageFull | ErrorKind::QuotaExceeded => DISK_FULL,
                ErrorKind::PermissionDenied => ACCESS_DENIED,
                ErrorKind::ReadOnlyFilesystem => WRITE_PROTECT,
                _ => IO_DEVICE,
            },
            Self::Backend { source, .. } => source
                .downcast_ref::<Win32Error>()
                .map_or(IO_DEVICE, |error| error.code),
            _ => IO_DEVICE,
        }
    }
}

/// The error of a call that needs an administrator.
pub fn access_denied(key: Option<BindingKey>, action: impl Into<Cow<'static, str>>) -> StoreError {
    StoreError::AccessDenied {
        key,
        action: action.into(),
        advice: "run as administrator".into(),
        source: Some(Box::new(Win32Error {
            code: ACCESS_DENIED,
        })),
    }
}

/// The error that a call of the HTTP Server API for `key` means by `code`; `action` is the
/// operation that failed, as in "setting".
///
/// For every error of HTTP.sys, [`win32_code`](ToWin32::win32_code) returns the same code.
#[must_use]
pub fn store_error(code: u32, key: &BindingKey, action: &'static str) -> StoreError {
    let key = key.clone();
    match code {
        ALREADY_EXISTS => StoreError::AlreadyExists { key, found: None },
        FILE_NOT_FOUND => StoreError::NotFound { key },
        ACCESS_DENIED => access_denied(Some(key), action),
        NO_SUCH_LOGON_SESSION => StoreError::CertificateUnavailable {
            key,
            certificate: None,
        },
        INVALID_PARAMETER => StoreError::invalid(key, "a parameter is incorrect"),
        NOT_SUPPORTED => StoreError::Unsupported {
            what: format!("{action} {key}").into(),
        },
        code => Win32Error { code }.during(Some(key), action),
    }
}
