//! [`StoreError`], the error type of every store.

use std::borrow::Cow;
use std::error::Error;
use std::io;
use std::path::{Path, PathBuf};

use crate::binding::{Binding, BindingError, Certificate};
use crate::key::BindingKey;
use crate::kind::Kind;

/// The result of a store's methods.
pub type Result<T, E = StoreError> = std::result::Result<T, E>;

/// An error of any type, as the cause of a [`StoreError`].
///
/// Texts convert as well: `StoreError::corrupt(path, "the file is empty")`.
pub type BoxError = Box<dyn Error + Send + Sync + 'static>;

/// The reason why a store operation failed.
///
/// Nothing was changed, unless the variant says so. The message has three parts: what failed, the
/// value that was found, and the next step. It contains the message of its cause, which
/// [`source`](Error::source) returns as well for programs that inspect it.
///
/// ```
/// use certbind_core::{BindingKey, BindingStore, MemoryStore, StoreError};
///
/// let key: BindingKey = "0.0.0.0:443".parse()?;
/// match MemoryStore::new().remove(&key) {
///     Err(StoreError::NotFound { key }) => assert_eq!(key.to_string(), "ipport=0.0.0.0:443"),
///     other => panic!("{other:?}"),
/// }
/// # Ok::<(), certbind_core::KeyError>(())
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The key is already bound.
    #[error(
        "{key} is already {}; update or delete it instead",
        found.as_deref().map_or_else(|| "bound".into(), |found| state(Some(found)))
    )]
    AlreadyExists {
        /// The key.
        key: BindingKey,
        /// The current binding, if the backend knows it.
        found: Option<Box<Binding>>,
    },
    /// The key is not bound.
    #[error("{key} is not bound")]
    NotFound {
        /// The key.
        key: BindingKey,
    },
    /// The current binding of the key is not the expected one.
    #[error(
        "{key} has changed: {}; read it again and retry",
        change(expected, found.as_deref())
    )]
    Conflict {
        /// The key.
        key: BindingKey,
        /// The binding that the change expected.
        expected: Box<Binding>,
        /// The current binding; `None` if the key is not bound.
        found: Option<Box<Binding>>,
    },
    /// The caller lacks a permission.
    #[error("{} is not permitted; {advice}", of(key.as_ref(), action))]
    AccessDenied {
        /// The key, if the operation concerned one.
        key: Option<BindingKey>,
        /// The operation, as in "setting".
        action: Cow<'static, str>,
        /// The next step, which depends on the backend: "run as administrator" for HTTP.sys.
        advice: Cow<'static, str>,
        /// The backend's error, if it has more to say.
        source: Option<BoxError>,
    },
    /// HTTP.sys cannot use the certificate: it is not in its certificate store, or its private key
    /// is missing, is in a user's key store, or is not readable.
    #[error("{key}: {}", unusable(certificate.as_ref()))]
    CertificateUnavailable {
        /// The key.
        key: BindingKey,
        /// The certificate, if it is known.
        certificate: Option<Certificate>,
    },
    /// The request is invalid.
    #[error("{}{reason}", key.as_ref().map(|key| format!("{key}: ")).unwrap_or_default())]
    Invalid {
        /// The key, if the request concerned one.
        key: Option<BindingKey>,
        /// The reason why the value is invalid.
        reason: Cow<'static, str>,
    },
    /// A key and a record do not form a binding.
    #[error(transparent)]
    InvalidBinding(#[from] BindingError),
    /// The store does not support the operation; see [`Capabilities`](crate::Capabilities).
    #[error("{what} is not supported by this store")]
    Unsupported {
        /// The operation, as in "setting extended properties of ipport=0.0.0.0:443".
        what: Cow<'static, str>,
    },
    /// The store is open for reading only.
    #[error("the store is open for reading only; open it for writing to change it")]
    ReadOnly,
    /// Another process has the store open.
    #[error(
        "{} is in use by {}; close it there, or wait and try again",
        path.display(),
        owner.as_deref().unwrap_or("another process")
    )]
    InUse {
        /// The store's file.
        path: PathBuf,
        /// The id and name of the process that owns the lock, if they are known.
        owner: Option<String>,
    },
    /// The store was written in a newer format.
    #[error(
        "{} has format {found}, and this version reads formats up to {supported}; use a newer certbind",
        path.display()
    )]
    NewerFormat {
        /// The store's file.
        path: PathBuf,
        /// Its format.
        found: u32,
        /// The newest format that this version reads.
        supported: u32,
    },
    /// The file is damaged, or is not a store.
    #[error("{what} is damaged or not a binding store: {source}")]
    Corrupt {
        /// The file, table or record.
        what: String,
        /// The damage, such as a [`CodecError`](crate::codec::CodecError).
        source: BoxError,
    },
    /// A part of the store could not be read. A scan yields one of these for each such part, after
    /// all bindings that could be read.
    #[error("{what} cannot be read: {source}")]
    Unreadable {
        /// The part: a key, or the place of a record.
        what: String,
        /// The reason.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The store kept changing while it was read.
    #[error("the store kept changing while it was read ({attempts} attempts); try again")]
    Unstable {
        /// The number of times that the scan was started.
        attempts: u32,
    },
    /// The store cannot continue after an error. Acknowledged changes are kept.
    #[error("the store cannot be used until it is opened again: {source}")]
    Unavailable {
        /// The error that stopped the store.
        source: BoxError,
    },
    /// A change failed and could not be undone. **The binding of `key` was changed.**
    #[error("{source}; and {key} could not be restored to its earlier binding: {restore}")]
    NotRestored {
        /// The key whose binding was changed.
        key: BindingKey,
        /// Its earlier binding, if it was bound.
        before: Option<Box<Binding>>,
        /// The reason why the change failed.
        source: Box<StoreError>,
        /// The reason why restoring the binding failed.
        restore: Box<StoreError>,
    },
    /// The store stopped responding during a change. **The change may have been made.**
    #[error(
        "it is unknown whether the change was made, since {store} stopped responding: {source}; \
         read it again before you retry"
    )]
    OutcomeUnknown {
        /// The store.
        store: String,
        /// The error of the connection or file.
        source: io::Error,
    },
    /// The operating system failed to read or write.
    #[error("cannot {action}{}: {source}", path.as_ref().map(|p| format!(" {}", p.display())).unwrap_or_default())]
    Io {
        /// The operation, as in "read".
        action: Cow<'static, str>,
        /// The file, if the operation concerned one.
        path: Option<PathBuf>,
        /// The system's error.
        source: io::Error,
    },
    /// An error of the backend's own, such as one of its database or of an operating system's API.
    #[error("{} failed: {source}", of(key.as_ref(), action))]
    Backend {
        /// The key, if the operation concerned one.
        key: Option<BindingKey>,
        /// The operation, as in "setting".
        action: Cow<'static, str>,
        /// The backend's error.
        source: BoxError,
    },
}

impl StoreError {
    /// [`Invalid`](Self::Invalid) for a key.
    pub fn invalid(key: BindingKey, reason: impl Into<Cow<'static, str>>) -> Self {
        Self::Invalid {
            key: Some(key),
            reason: reason.into(),
        }
    }

    /// [`Invalid`](Self::Invalid) for a change whose key does not follow the previous one in
    /// [`bulk_load`](crate::BindingStore::bulk_load).
    #[must_use]
    pub fn out_of_order(key: BindingKey) -> Self {
        let reason = "a bulk load needs its changes in the canonical order of their keys, each key \
                      once, and this key does not follow the previous one";
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

    /// [`Corrupt`](Self::Corrupt) for the file, table or record `what`.
    pub fn corrupt(what: impl Into<String>, source: impl Into<BoxError>) -> Self {
        Self::Corrupt {
            what: what.into(),
            source: source.into(),
        }
    }

    /// [`Unavailable`](Self::Unavailable) after this error.
    pub fn unavailable(source: impl Into<BoxError>) -> Self {
        Self::Unavailable {
            source: source.into(),
        }
    }

    /// [`Backend`](Self::Backend) for an operation on the whole store.
    pub fn backend(action: impl Into<Cow<'static, str>>, source: impl Into<BoxError>) -> Self {
        Self::Backend {
            key: None,
            action: action.into(),
            source: source.into(),
        }
    }

    /// [`Io`](Self::Io) for the operation `action` on the file `path`.
    pub fn io(action: impl Into<Cow<'static, str>>, path: &Path, source: io::Error) -> Self {
        Self::Io {
            action: action.into(),
            path: Some(path.to_owned()),
            source,
        }
    }
}

fn of(key: Option<&BindingKey>, action: &str) -> String {
    match key {
        Some(key) => format!("{action} {key}"),
        None => action.to_owned(),
    }
}

/// Field by field, if there is something to compare.
fn change(expected: &Binding, found: Option<&Binding>) -> String {
    let Some(found) = found else {
        return format!("expected it {}, found it unbound", state(Some(expected)));
    };
    let differences = expected.differences(found);
    let differences: Vec<_> = differences.iter().map(ToString::to_string).collect();
    differences.join("; ")
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
