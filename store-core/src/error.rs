//! The one error of stores, and the Win32 codes that go with it.

use std::borrow::Cow;
use std::io;
use std::path::{Path, PathBuf};

use crate::binding::{Binding, BindingError, Certificate};
use crate::key::{BindingKey, Kind};

/// What a store's methods return.
pub type Result<T, E = StoreError> = std::result::Result<T, E>;

/// Why a store did not do what it was asked to. Nothing was changed, unless the variant says so.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The key is bound already.
    #[error(
        "{key} is already {}; update or delete it instead",
        found.as_deref().map_or_else(|| "bound".into(), |found| state(Some(found)))
    )]
    AlreadyExists {
        /// The key.
        key: BindingKey,
        /// What it holds, where the backend knows.
        found: Option<Box<Binding>>,
    },
    /// The key is not bound.
    #[error("{key} is not bound")]
    NotFound {
        /// The key.
        key: BindingKey,
    },
    /// The key no longer holds what the change was made for.
    #[error(
        "{key} has changed: expected it {}, found it {}; read it again and decide anew",
        state(Some(expected)),
        state(found.as_deref())
    )]
    Conflict {
        /// The key.
        key: BindingKey,
        /// What it should have held.
        expected: Box<Binding>,
        /// What it holds.
        found: Option<Box<Binding>>,
    },
    /// The caller may not do this.
    #[error("{} not permitted; run as administrator or as the store's owner", of(key.as_ref(), action))]
    AccessDenied {
        /// The key, where there is one.
        key: Option<BindingKey>,
        /// What was tried.
        action: Cow<'static, str>,
    },
    /// HTTP.sys cannot use the certificate: it is not in its store, or its private key is missing,
    /// in a user's key store, or not readable.
    #[error("{key}: {}", unusable(certificate.as_ref()))]
    CertificateUnavailable {
        /// The key.
        key: BindingKey,
        /// The certificate, where it is known.
        certificate: Option<Certificate>,
    },
    /// The request makes no sense.
    #[error("{}{reason}", key.as_ref().map(|key| format!("{key}: ")).unwrap_or_default())]
    Invalid {
        /// The key, where there is one.
        key: Option<BindingKey>,
        /// What is wrong with it.
        reason: Cow<'static, str>,
    },
    /// This store cannot do that.
    #[error("{what} is not supported by this store")]
    Unsupported {
        /// What it cannot do.
        what: Cow<'static, str>,
    },
    /// The store is open for reading only.
    #[error("the store is open for reading only; open it for writing to change it")]
    ReadOnly,
    /// Another process has the store.
    #[error(
        "{} is in use by {}; close it there, or wait and try again",
        path.display(),
        holder.as_deref().unwrap_or("another process")
    )]
    InUse {
        /// The store's file.
        path: PathBuf,
        /// Who has it, where that can be told: a process's id and name.
        holder: Option<String>,
    },
    /// The store is of a format that this version does not know.
    #[error(
        "{} has format {found}, and this version knows formats up to {supported}; use a newer certbind",
        path.display()
    )]
    NewerFormat {
        /// The store's file.
        path: PathBuf,
        /// Its format.
        found: u32,
        /// The newest format that is known.
        supported: u32,
    },
    /// The file is no store, or a damaged one.
    #[error("{what} is damaged or no binding store: {detail}")]
    Corrupt {
        /// The file, table or record.
        what: String,
        /// What is wrong with it.
        detail: String,
    },
    /// The store kept changing while it was read.
    #[error("the store kept changing while it was read ({attempts} attempts); try again")]
    Unstable {
        /// How often the scan was started.
        attempts: u32,
    },
    /// The store has met an error that it cannot go on from; what was acknowledged is kept.
    #[error("the store refuses to go on until it is opened again: {reason}")]
    Unavailable {
        /// What happened.
        reason: Cow<'static, str>,
    },
    /// A change was refused, and what it had replaced could not be put back. **Something was
    /// changed.**
    #[error("{cause}; and {key} could not be restored to what it held: {restore}")]
    NotRestored {
        /// The key that is not as it was.
        key: BindingKey,
        /// What it held, if it was bound.
        before: Option<Box<Binding>>,
        /// Why the change failed.
        cause: Box<StoreError>,
        /// Why putting it back failed.
        restore: Box<StoreError>,
    },
    /// The store stopped answering while a change was on its way. **It may have been made.**
    #[error(
        "whether the change was made is not known, since {store} stopped answering: {source}; read \
         it again before you decide"
    )]
    OutcomeUnknown {
        /// The store.
        store: String,
        /// How it stopped answering.
        source: io::Error,
    },
    /// The operating system refused to read or write.
    #[error("cannot {action}{}: {source}", path.as_ref().map(|p| format!(" {}", p.display())).unwrap_or_default())]
    Io {
        /// What was tried.
        action: Cow<'static, str>,
        /// The file, where there is one.
        path: Option<PathBuf>,
        /// The system's error.
        source: io::Error,
    },
    /// A Win32 code without a variant of its own.
    #[error("{} failed with Win32 error {code}", of(key.as_ref(), action))]
    Win32 {
        /// The key, where there is one.
        key: Option<BindingKey>,
        /// What was tried.
        action: Cow<'static, str>,
        /// The code.
        code: u32,
    },
}

/// The Win32 codes that HTTP.sys answers with, and those that other errors are closest to
/// (`winerror.h`).
pub mod win32 {
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
}

impl StoreError {
    /// The Win32 code that HTTP.sys returns in this case; where it has no such case, the nearest.
    #[must_use]
    pub fn win32_code(&self) -> u32 {
        match self {
            Self::AlreadyExists { .. } => win32::ALREADY_EXISTS,
            Self::NotFound { .. } => win32::FILE_NOT_FOUND,
            Self::Conflict { .. } => win32::REVISION_MISMATCH,
            Self::AccessDenied { .. } => win32::ACCESS_DENIED,
            Self::CertificateUnavailable { .. } => win32::NO_SUCH_LOGON_SESSION,
            Self::Invalid { .. } => win32::INVALID_PARAMETER,
            Self::Unsupported { .. } => win32::NOT_SUPPORTED,
            Self::ReadOnly => win32::WRITE_PROTECT,
            Self::InUse { .. } => win32::SHARING_VIOLATION,
            Self::NewerFormat { .. } => win32::OLD_WIN_VERSION,
            Self::Corrupt { .. } => win32::FILE_CORRUPT,
            Self::Unstable { .. } => win32::BUSY,
            Self::Unavailable { .. } => win32::NOT_READY,
            Self::NotRestored { cause, .. } => cause.win32_code(),
            Self::OutcomeUnknown { .. } => win32::IO_DEVICE,
            Self::Io { source, .. } => match source.kind() {
                io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => win32::DISK_FULL,
                io::ErrorKind::PermissionDenied => win32::ACCESS_DENIED,
                io::ErrorKind::ReadOnlyFilesystem => win32::WRITE_PROTECT,
                _ => win32::IO_DEVICE,
            },
            Self::Win32 { code, .. } => *code,
        }
    }

    /// The error that a call of the HTTP Server API for `key` means by `code`; `action` says what
    /// was tried, as in "setting".
    ///
    /// For every error that HTTP.sys knows, [`win32_code`](Self::win32_code) gives the code back.
    #[must_use]
    pub fn from_win32(code: u32, key: &BindingKey, action: &'static str) -> Self {
        let key = key.clone();
        match code {
            win32::ALREADY_EXISTS => Self::AlreadyExists { key, found: None },
            win32::FILE_NOT_FOUND => Self::NotFound { key },
            win32::ACCESS_DENIED => Self::AccessDenied {
                key: Some(key),
                action: action.into(),
            },
            win32::NO_SUCH_LOGON_SESSION => Self::CertificateUnavailable {
                key,
                certificate: None,
            },
            win32::INVALID_PARAMETER => Self::invalid(key, "a parameter is incorrect"),
            win32::NOT_SUPPORTED => Self::Unsupported {
                what: format!("{action} {key}").into(),
            },
            code => Self::Win32 {
                key: Some(key),
                action: action.into(),
                code,
            },
        }
    }

    /// [`Invalid`](Self::Invalid) for a key.
    pub fn invalid(key: BindingKey, reason: impl Into<Cow<'static, str>>) -> Self {
        Self::Invalid {
            key: Some(key),
            reason: reason.into(),
        }
    }

    /// [`Invalid`](Self::Invalid) for the key of a change that [`load`](crate::BindingStore::load)
    /// cannot take where it comes.
    #[must_use]
    pub fn out_of_order(key: BindingKey) -> Self {
        let reason = "changes to load come in the canonical order of their keys, each key once, and \
                      this one does not come behind the one before";
        Self::invalid(key, reason)
    }

    /// [`Unsupported`](Self::Unsupported) for a kind of key.
    #[must_use]
    pub fn unsupported_kind(kind: Kind) -> Self {
        Self::Unsupported {
            what: format!("the kind {kind}").into(),
        }
    }

    /// [`Unsupported`](Self::Unsupported) for the extended properties of a binding.
    #[must_use]
    pub fn unsupported_extended(key: &BindingKey) -> Self {
        Self::Unsupported {
            what: format!("setting extended properties of {key}").into(),
        }
    }

    /// [`Io`](Self::Io) while doing `action` to `path`.
    pub fn io(action: impl Into<Cow<'static, str>>, path: &Path, source: io::Error) -> Self {
        Self::Io {
            action: action.into(),
            path: Some(path.to_owned()),
            source,
        }
    }
}

impl From<BindingError> for StoreError {
    fn from(error: BindingError) -> Self {
        Self::Invalid {
            key: None,
            reason: error.to_string().into(),
        }
    }
}

fn of(key: Option<&BindingKey>, action: &str) -> String {
    match key {
        Some(key) => format!("{action} {key}"),
        None => action.to_owned(),
    }
}

fn state(binding: Option<&Binding>) -> String {
    let Some(record) = binding.map(Binding::record) else {
        return "unbound".into();
    };
    match record.hash() {
        Some(hash) => format!("bound to {hash} by {{{}}}", record.app_id),
        None => format!("bound by {{{}}}", record.app_id),
    }
}

fn unusable(certificate: Option<&Certificate>) -> String {
    let (hash, store) = match certificate {
        Some(Certificate { hash, store_name }) => (
            format!(" {hash}"),
            store_name.as_ref().map_or("MY", |name| name.as_str()),
        ),
        None => (String::new(), "MY"),
    };
    format!(
        "the certificate{hash} cannot be used; import it with its private key into the store {} \
         of the local machine",
        store.escape_debug()
    )
}
