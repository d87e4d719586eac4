//! A binding: a key and the record that HTTP.sys keeps for it.

use std::fmt;
use std::sync::Arc;

use uuid::Uuid;

use crate::extended::ExtendedProperties;
use crate::hash::CertHash;
use crate::host::Host;
use crate::key::{BindingKey, Kind};
use crate::options::{CertCheckMode, SslFlags};
use crate::text::{CtlIdentifier, StoreName};

/// A key and its record: one certificate binding. Clones share it.
///
/// What HTTP.sys cannot hold cannot be built: a record names a certificate exactly when its kind
/// of key does ([`Kind::names_certificate`]).
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Binding(Arc<Shared>);

#[derive(Clone, PartialEq, Eq, Hash)]
struct Shared {
    key: BindingKey,
    host_spelling: Option<Box<str>>,
    record: Record,
}

/// All that is bound to a key: the fields of `HTTP_SERVICE_CONFIG_SSL_PARAM`, and the extended
/// properties beside it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Record {
    /// The certificate; none where it comes from the central certificate store.
    pub certificate: Option<Certificate>,
    /// Who made the binding. Any GUID, all zeros included; it is no part of the key.
    pub app_id: Uuid,
    /// How client certificates are checked.
    pub check_mode: CertCheckMode,
    /// How old a cached revocation list may be, in seconds; 0: until it expires. In force where
    /// [`CertCheckMode::USE_REVOCATION_FRESHNESS`] is set.
    pub revocation_freshness_time: u32,
    /// How long the retrieval of a revocation list may take, in milliseconds; 0: the default.
    pub url_retrieval_timeout: u32,
    /// The list of issuers that client certificates may come from.
    pub ctl_identifier: Option<CtlIdentifier>,
    /// The store that this list is in. Stands alone in AD FS bindings.
    pub ctl_store_name: Option<StoreName>,
    /// Everything else, as bits.
    pub flags: SslFlags,
    /// The extended properties that are set.
    pub extended: ExtendedProperties,
}

/// Which certificate a record names.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Certificate {
    /// The certificate's hash.
    pub hash: CertHash,
    /// The store that it is in, spelled as it was given. HTTP.sys keeps an absent name (netsh
    /// prints `(null)`) apart from `MY` and looks in `MY`.
    pub store_name: Option<StoreName>,
}

impl Record {
    /// A record that names a certificate, with every option at its default.
    #[must_use]
    pub fn new(hash: CertHash, store_name: Option<StoreName>, app_id: Uuid) -> Self {
        Self {
            certificate: Some(Certificate { hash, store_name }),
            ..Self::central(app_id)
        }
    }

    /// A record of the central certificate store, with every option at its default.
    #[must_use]
    pub fn central(app_id: Uuid) -> Self {
        Self {
            certificate: None,
            app_id,
            check_mode: CertCheckMode::empty(),
            revocation_freshness_time: 0,
            url_retrieval_timeout: 0,
            ctl_identifier: None,
            ctl_store_name: None,
            flags: SslFlags::empty(),
            extended: ExtendedProperties::default(),
        }
    }

    /// Whether any option is set: anything but the certificate and the application id. Extended
    /// properties are no options.
    #[must_use]
    pub fn has_options(&self) -> bool {
        let plain = Self {
            certificate: self.certificate.clone(),
            extended: self.extended.clone(),
            ..Self::central(self.app_id)
        };
        *self != plain
    }

    /// The hash of the certificate, where the record names one.
    #[must_use]
    pub fn hash(&self) -> Option<&CertHash> {
        self.certificate
            .as_ref()
            .map(|certificate| &certificate.hash)
    }
}

impl Binding {
    /// Binds `record` to `key`.
    ///
    /// # Errors
    /// [`BindingError::Certificate`] if the record names a certificate and the kind of key has
    /// none, or the other way round.
    pub fn new(key: BindingKey, record: Record) -> Result<Self, BindingError> {
        check(&key, &record)?;
        Ok(Self(Arc::new(Shared {
            key,
            host_spelling: None,
            record,
        })))
    }

    /// The same binding, with its host name spelled as Windows was given it: `SNI.IIS8.com` or
    /// `bücher.example`, where the key has the canonical form. HTTP.sys gives that spelling back.
    ///
    /// # Errors
    /// [`BindingError::Spelling`] if that is not the key's host name.
    pub fn with_host_spelling(mut self, spelling: &str) -> Result<Self, BindingError> {
        let host = Host::new(spelling).ok();
        if host.is_none() || host.as_ref() != self.key().host() {
            return Err(BindingError::Spelling {
                key: self.key().clone(),
                spelling: spelling.to_owned(),
            });
        }
        let canonical = host.is_some_and(|host| host.as_str() == spelling);
        Arc::make_mut(&mut self.0).host_spelling = (!canonical).then(|| spelling.into());
        Ok(self)
    }

    /// The same key and spelling with another record.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn with_record(mut self, record: Record) -> Result<Self, BindingError> {
        check(self.key(), &record)?;
        Arc::make_mut(&mut self.0).record = record;
        Ok(self)
    }

    /// What the record is bound to.
    #[must_use]
    pub fn key(&self) -> &BindingKey {
        &self.0.key
    }

    /// What is bound.
    #[must_use]
    pub fn record(&self) -> &Record {
        &self.0.record
    }

    /// The host name as Windows was given it, where that differs from the key's.
    #[must_use]
    pub fn host_spelling(&self) -> Option<&str> {
        self.0.host_spelling.as_deref()
    }

    /// The key without its tag, with the host as Windows spells it: what netsh prints.
    #[must_use]
    pub fn spelled_key(&self) -> String {
        match self.host_spelling() {
            Some(host) => format!("{host}:{}", self.key().port()),
            None => self.key().value(),
        }
    }
}

impl fmt::Debug for Binding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Binding")
            .field("key", self.key())
            .field("host_spelling", &self.host_spelling())
            .field("record", self.record())
            .finish()
    }
}

fn check(key: &BindingKey, record: &Record) -> Result<(), BindingError> {
    if record.certificate.is_some() == key.kind().names_certificate() {
        return Ok(());
    }
    Err(BindingError::Certificate { kind: key.kind() })
}

/// Why a key and a record make no binding.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BindingError {
    /// The record has a certificate and must not, or has none and must.
    #[error(
        "{} binding {} a certificate hash",
        match kind { Kind::IpPort => "an ipport", Kind::Sni => "a hostnameport",
                     Kind::Ccs => "a ccs", Kind::ScopedCcs => "a scopedccs" },
        if kind.names_certificate() { "needs" } else { "cannot have" }
    )]
    Certificate {
        /// The kind of key.
        kind: Kind,
    },
    /// The spelling is of another host name.
    #[error("{spelling:?} is not a spelling of the host name of {key}")]
    Spelling {
        /// The key.
        key: BindingKey,
        /// The spelling that does not fit.
        spelling: String,
    },
}
