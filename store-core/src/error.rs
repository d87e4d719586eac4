//! [`StoreError`], the error type of all stores.

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
    /// An error of the backend's own, such as one of its database or of an operating system's API.
    #[error("{} failed: {source}", of(key.as_ref(), action))]
    Backend {
        /// The key, where there is one.
        key: Option<BindingKey>,
        /// The operation that failed, as in "setting".
        action: Cow<'static, str>,
        /// The backend's error.
        source: Box<dyn std::error::Error + Send + Sync>,
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

    /// [`Invalid`](Self::Invalid) for the key of a change that [`bulk_load`](crate::BindingStore::bulk_load)
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

    /// [`Backend`](Self::Backend) for an operation on the whole store.
    pub fn backend(
        action: impl Into<Cow<'static, str>>,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self::Backend {
            key: None,
            action: action.into(),
            source: source.into(),
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
