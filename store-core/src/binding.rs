//! A binding: a key and the record that HTTP.sys keeps for it.

use std::fmt;
use std::sync::Arc;

use uuid::Uuid;

use crate::extended::ExtendedProperties;
use crate::flags::{CertCheckMode, SslFlags};
use crate::hash::CertHash;
use crate::host::Host;
use crate::key::BindingKey;
use crate::kind::Kind;
use crate::names::{CtlIdentifier, StoreName};

/// A certificate binding: a key and its record. Clones share both.
///
/// A binding that HTTP.sys cannot hold cannot be constructed: a record names a certificate exactly
/// when its kind of key does ([`Kind::names_certificate`]).
///
/// ```
/// use certbind_core::{Binding, CertHash, Record, SslFlags, Uuid};
///
/// let record = Record::new(CertHash::new([0x52; 20]), Some("MY".parse()?), Uuid::nil())
///     .with_flags(SslFlags::DISABLE_HTTP2)
///     .with_url_retrieval_timeout(5_000);
/// let binding = Binding::new("0.0.0.0:443".parse()?, record)?;
/// assert_eq!(binding.key().to_string(), "ipport=0.0.0.0:443");
/// assert_eq!(binding.record().url_retrieval_timeout, 5_000);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Binding(Arc<Shared>);

#[derive(Clone, PartialEq, Eq, Hash)]
struct Shared {
    key: BindingKey,
    host_spelling: Option<Box<str>>,
    record: Record,
}

/// The data bound to a key: the fields of `HTTP_SERVICE_CONFIG_SSL_PARAM`, and the extended
/// properties.
///
/// Create one with [`new`](Self::new) or [`central`](Self::central) and the `with_…` methods.
///
/// ```
/// use certbind_core::{CertCheckMode, CertHash, Record, Uuid};
///
/// let record = Record::new(CertHash::new([7; 20]), None, Uuid::nil())
///     .with_check_mode(CertCheckMode::USE_REVOCATION_FRESHNESS)
///     .with_revocation_freshness_time(3_600);
/// assert!(record.has_options());
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Record {
    /// The certificate; `None` if HTTP.sys takes it from the central certificate store.
    pub certificate: Option<Certificate>,
    /// The application that owns the binding. Any GUID is valid, also the nil GUID; it is not part
    /// of the key.
    pub app_id: Uuid,
    /// The checks of client certificates.
    pub check_mode: CertCheckMode,
    /// The maximum age of a cached revocation list, in seconds; 0: until the list expires. It is in
    /// effect only with [`CertCheckMode::USE_REVOCATION_FRESHNESS`].
    pub revocation_freshness_time: u32,
    /// The timeout of retrieving a revocation list, in milliseconds; 0: the default of Windows.
    pub url_retrieval_timeout: u32,
    /// The certificate trust list with the issuers that client certificates may come from.
    pub ctl_identifier: Option<CtlIdentifier>,
    /// The certificate store that contains this list. AD FS bindings have it without an identifier.
    pub ctl_store_name: Option<StoreName>,
    /// Further flags.
    pub flags: SslFlags,
    /// The extended properties.
    pub extended: ExtendedProperties,
}

/// The certificate that a record names.
///
/// ```
/// use certbind_core::{CertHash, Certificate, StoreName};
///
/// let certificate = Certificate::new(CertHash::new([7; 20])).with_store_name(StoreName::new("WebHosting")?);
/// assert_eq!(certificate.store_name.unwrap().as_str(), "WebHosting");
/// # Ok::<(), certbind_core::TextError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Certificate {
    /// The certificate's hash.
    pub hash: CertHash,
    /// The certificate store that contains it, in its original spelling. HTTP.sys distinguishes an
    /// absent name (netsh prints `(null)`) from `MY`, and searches `MY` for both.
    pub store_name: Option<StoreName>,
}

impl Certificate {
    /// The certificate with this hash, without a store name.
    #[must_use]
    pub fn new(hash: CertHash) -> Self {
        Self {
            hash,
            store_name: None,
        }
    }

    /// Sets the name of the certificate store, or removes it.
    #[must_use]
    pub fn with_store_name(self, store_name: impl Into<Option<StoreName>>) -> Self {
        Self {
            store_name: store_name.into(),
            ..self
        }
    }
}

impl Record {
    /// A record that names a certificate, with the defaults of every option.
    #[must_use]
    pub fn new(hash: CertHash, store_name: Option<StoreName>, app_id: Uuid) -> Self {
        Self {
            certificate: Some(Certificate { hash, store_name }),
            ..Self::central(app_id)
        }
    }

    /// A record whose certificate comes from the central certificate store, with the defaults of
    /// every option.
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

    /// Sets the certificate, or removes it.
    #[must_use]
    pub fn with_certificate(mut self, certificate: impl Into<Option<Certificate>>) -> Self {
        self.certificate = certificate.into();
        self
    }

    /// Sets the application id.
    #[must_use]
    pub fn with_app_id(mut self, app_id: Uuid) -> Self {
        self.app_id = app_id;
        self
    }

    /// Sets the checks of client certificates.
    #[must_use]
    pub fn with_check_mode(mut self, check_mode: CertCheckMode) -> Self {
        self.check_mode = check_mode;
        self
    }

    /// Sets the maximum age of a cached revocation list, in seconds.
    #[must_use]
    pub fn with_revocation_freshness_time(mut self, seconds: u32) -> Self {
        self.revocation_freshness_time = seconds;
        self
    }

    /// Sets the timeout of retrieving a revocation list, in milliseconds.
    #[must_use]
    pub fn with_url_retrieval_timeout(mut self, milliseconds: u32) -> Self {
        self.url_retrieval_timeout = milliseconds;
        self
    }

    /// Sets the identifier of the certificate trust list, or removes it.
    #[must_use]
    pub fn with_ctl_identifier(mut self, identifier: impl Into<Option<CtlIdentifier>>) -> Self {
        self.ctl_identifier = identifier.into();
        self
    }

    /// Sets the certificate store that contains the certificate trust list, or removes it.
    #[must_use]
    pub fn with_ctl_store_name(mut self, name: impl Into<Option<StoreName>>) -> Self {
        self.ctl_store_name = name.into();
        self
    }

    /// Sets the flags.
    #[must_use]
    pub fn with_flags(mut self, flags: SslFlags) -> Self {
        self.flags = flags;
        self
    }

    /// Sets the extended properties.
    #[must_use]
    pub fn with_extended(mut self, extended: ExtendedProperties) -> Self {
        self.extended = extended;
        self
    }

    /// Whether any option differs from its default. The certificate, the application id and the
    /// extended properties are not options.
    #[must_use]
    pub fn has_options(&self) -> bool {
        let plain = Self {
            certificate: self.certificate.clone(),
            extended: self.extended.clone(),
            ..Self::central(self.app_id)
        };
        *self != plain
    }

    /// The hash of the certificate, if the record names one.
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
    /// [`BindingError::Certificate`] if the record names a certificate and the kind of key does
    /// not, or the reverse.
    pub fn new(key: BindingKey, record: Record) -> Result<Self, BindingError> {
        check(&key, &record)?;
        Ok(Self(Arc::new(Shared {
            key,
            host_spelling: None,
            record,
        })))
    }

    /// Sets the spelling of the host name in Windows, such as `SNI.IIS8.com` or `bücher.example`;
    /// the key has the canonical form. HTTP.sys returns that spelling.
    ///
    /// # Errors
    /// [`BindingError::Spelling`] if it is not a spelling of the key's host name.
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

    /// Replaces the record, and keeps the key and the spelling of its host name.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn with_record(mut self, record: Record) -> Result<Self, BindingError> {
        check(self.key(), &record)?;
        Arc::make_mut(&mut self.0).record = record;
        Ok(self)
    }

    /// The key.
    #[must_use]
    pub fn key(&self) -> &BindingKey {
        &self.0.key
    }

    /// The record.
    #[must_use]
    pub fn record(&self) -> &Record {
        &self.0.record
    }

    /// The spelling of the host name in Windows, if it differs from the key's.
    #[must_use]
    pub fn host_spelling(&self) -> Option<&str> {
        self.0.host_spelling.as_deref()
    }

    /// The key's text without its tag, with the host name in the spelling of Windows: the text
    /// that netsh prints.
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

/// The reason why a key and a record do not form a binding.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BindingError {
    /// The record names a certificate and the kind of key does not, or the reverse.
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
    /// The spelling is that of another host name.
    #[error("{spelling:?} is not a spelling of the host name of {key}")]
    Spelling {
        /// The key.
        key: BindingKey,
        /// The spelling.
        spelling: String,
    },
}
