//! Notices about an operation that succeeded.

use std::fmt;

use certbind_core::{Binding, BindingKey, CtlIdentifier, Record, StoreName};
use certbind_httpapi_abi::win32::Win32Error;

/// A condition that an operation of the store met and that is not an error. See
/// [`HttpSysStore::take_notices`](crate::HttpSysStore::take_notices).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Notice {
    /// Windows stores the binding in another form, without a loss.
    StoredAs {
        /// The key.
        key: BindingKey,
        /// The binding that was written.
        wanted: Binding,
        /// The binding that was read back.
        found: Binding,
    },
    /// A call returned an error, but took effect.
    HappenedDespiteError {
        /// The key.
        key: BindingKey,
        /// The operation, as in "setting".
        action: &'static str,
        /// The code.
        code: u32,
    },
    /// A batch was interrupted, or is in progress in another process, and is not undone yet:
    /// bindings may be partly changed. The next change undoes it.
    PendingBatch {
        /// The reason why it was not undone.
        reason: String,
    },
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::StoredAs { key, wanted, found } => {
                write!(f, "{key}: {}", StoredDifferently::new(wanted, found))
            }
            Self::HappenedDespiteError { key, action, code } => write!(
                f,
                "{key}: {action} returned {}, but took effect",
                Win32Error { code: *code }
            ),
            Self::PendingBatch { reason } => write!(
                f,
                "an interrupted batch is not rolled back yet, so bindings may be partially \
                 changed: \
                 {reason}"
            ),
        }
    }
}

/// How a stored binding differs from the one that was written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Windows stores it as {0}")]
pub struct StoredDifferently(String);

impl StoredDifferently {
    pub(crate) fn new(wanted: &Binding, found: &Binding) -> Self {
        let mut differences = Vec::new();
        let mut differs = |name: &str, found: String, wanted: String| {
            if found != wanted {
                differences.push(format!("{name} {found} instead of {wanted}"));
            }
        };
        differs("key", found.spelled_key(), wanted.spelled_key());
        let (a, b) = (found.record(), wanted.record());
        let store = |record: &Record| {
            let certificate = record.certificate.as_ref();
            let name = certificate.and_then(|certificate| certificate.store_name.as_ref());
            name.map_or_else(
                || "(null)".into(),
                |name| name.as_str().escape_debug().to_string(),
            )
        };
        let hash = |record: &Record| {
            record
                .hash()
                .map_or_else(|| "(none)".into(), ToString::to_string)
        };
        let hex = |bits: u32| format!("{bits:#x}");
        let text = |name: Option<&str>| {
            name.map_or_else(|| "(null)".into(), |name| name.escape_debug().to_string())
        };
        differs("certificate", hash(a), hash(b));
        differs("certificate store", store(a), store(b));
        differs("application", a.app_id.to_string(), b.app_id.to_string());
        differs("flags", hex(a.flags.bits()), hex(b.flags.bits()));
        differs(
            "check mode",
            hex(a.check_mode.bits()),
            hex(b.check_mode.bits()),
        );
        let freshness = |record: &Record| record.revocation_freshness_time.to_string();
        differs("revocation freshness time", freshness(a), freshness(b));
        let timeout = |record: &Record| record.url_retrieval_timeout.to_string();
        differs("URL retrieval timeout", timeout(a), timeout(b));
        let ctl = |record: &Record| text(record.ctl_identifier.as_ref().map(CtlIdentifier::as_str));
        differs("CTL identifier", ctl(a), ctl(b));
        let ctl = |record: &Record| text(record.ctl_store_name.as_ref().map(StoreName::as_str));
        differs("CTL store", ctl(a), ctl(b));
        if a.extended != b.extended {
            differences.push("other extended properties".into());
        }
        if differences.is_empty() {
            differences.push("it was written".into());
        }
        Self(differences.join(", "))
    }
}
