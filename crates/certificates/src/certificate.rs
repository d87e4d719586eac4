//! One certificate.

use std::collections::BTreeSet;
use std::fmt;
use std::net::IpAddr;

use certbind_core::CertHash;
use x509_cert::certificate::{CertificateInner, Raw, TbsCertificateInner};
use x509_cert::der::asn1::OctetString;
use x509_cert::der::{Decode, Encode};
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::ext::pkix::{
    AuthorityKeyIdentifier, BasicConstraints, SubjectAltName, SubjectKeyIdentifier,
};

use crate::hash::hash_of_der;
use crate::strength::{PublicKey, Signature, public_key, signature};
use crate::usage::{ServerUse, server_use};
use crate::validity::Validity;

/// A certificate: its names, validity, key and use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    hash: CertHash,
    subject: String,
    names: BTreeSet<Name>,
    dotted: BTreeSet<String>,
    named_by_subject: bool,
    validity: Validity,
    public_key: PublicKey,
    signature: Signature,
    server_use: ServerUse,
    is_authority: bool,
    issuing: Issuing,
}

/// The fields that find the place of a certificate in a chain.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Issuing {
    subject: Box<[u8]>,
    issuer: Box<[u8]>,
    subject_key: Option<Box<[u8]>>,
    issuer_key: Option<Box<[u8]>>,
    has_alternative_names: bool,
}

/// A name that a certificate is for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Name {
    /// A DNS name in lower case and without a dot at its end, an internationalised one as A-labels; it
    /// may be a wildcard.
    Dns(String),
    /// An IP address.
    Ip(IpAddr),
}

impl Certificate {
    /// Parses a certificate in DER. `None` if the bytes are not a certificate.
    #[must_use]
    pub fn of_der(der: &[u8]) -> Option<Self> {
        let parsed = CertificateInner::<Raw>::from_der(der).ok()?;
        let tbs = parsed.tbs_certificate();
        let alternatives = tbs.get_extension::<SubjectAltName>().ok().flatten();
        let mut names: BTreeSet<_> = match &alternatives {
            Some((_, alternatives)) => alternatives.0.iter().filter_map(name).collect(),
            None => BTreeSet::new(),
        };
        // Certificates from before RFC 2818 have their name in the subject alone.
        let named_by_subject = names.is_empty();
        if named_by_subject && let Ok(Some(common)) = tbs.subject().common_name() {
            names.insert(of_text(common.value().as_ref()));
        }
        Some(Self {
            hash: hash_of_der(der),
            issuing: Issuing::of(tbs, alternatives.is_some())?,
            subject: tbs.subject().to_string(),
            dotted: alternatives.map_or_else(BTreeSet::new, |(_, it)| dotted(&it)),
            names,
            named_by_subject,
            validity: Validity::of(tbs.validity()),
            public_key: public_key(tbs.subject_public_key_info()),
            signature: signature(parsed.signature_algorithm()),
            server_use: server_use(tbs),
            is_authority: is_authority(tbs),
        })
    }

    /// Whether this certificate issued another one, by their names and key identifiers. The signature
    /// is not checked.
    #[must_use]
    pub fn issued(&self, other: &Self) -> bool {
        let keys = (&self.issuing.subject_key, &other.issuing.issuer_key);
        let (Some(own), Some(named)) = keys else {
            return self.hash != other.hash && self.issuing.subject == other.issuing.issuer;
        };
        self.hash != other.hash && self.issuing.subject == other.issuing.issuer && own == named
    }

    /// Whether it has subject alternative names, as certificates of servers do.
    pub(crate) fn has_alternative_names(&self) -> bool {
        self.issuing.has_alternative_names
    }

    /// The SHA-1 hash, by which bindings name it.
    #[must_use]
    pub fn hash(&self) -> &CertHash {
        &self.hash
    }

    /// The subject's distinguished name as text (RFC 4514). It may contain any character: escape it
    /// for a terminal.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// The DNS names and IP addresses of the subject alternative name; without any, the subject's
    /// common name.
    #[must_use]
    pub fn names(&self) -> &BTreeSet<Name> {
        &self.names
    }

    /// Whether it has neither a DNS name nor an IP address as subject alternative name. Its name is then
    /// the common name of its subject, which browsers ignore.
    #[must_use]
    pub fn named_by_subject(&self) -> bool {
        self.named_by_subject
    }

    /// The DNS names that it has with a dot at the end only, which many clients refuse. They are
    /// returned without the dot, as by [`names`](Self::names).
    #[must_use]
    pub fn names_with_trailing_dot(&self) -> &BTreeSet<String> {
        &self.dotted
    }

    /// Whether one of its names is for a host (RFC 6125, 6.4.3): a wildcard covers one label, and the
    /// same wildcard. A dot at the end of the host's name is ignored.
    #[must_use]
    pub fn covers(&self, host: &str) -> bool {
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        let has = |name: String| self.names.contains(&Name::Dns(name));
        let wildcard = host.split_once('.').filter(|(first, _)| !first.is_empty());
        has(host.clone())
            || wildcard.is_some_and(|(_, parent)| has(format!("*.{parent}")))
            || host
                .parse()
                .is_ok_and(|address| self.names.contains(&Name::Ip(address)))
    }

    /// From when to when it is valid.
    #[must_use]
    pub fn validity(&self) -> Validity {
        self.validity
    }

    /// The key that it is for.
    #[must_use]
    pub fn public_key(&self) -> &PublicKey {
        &self.public_key
    }

    /// The algorithm of the certificate's signature.
    #[must_use]
    pub fn signature(&self) -> &Signature {
        &self.signature
    }

    /// Whether servers may show it to their clients.
    #[must_use]
    pub fn server_use(&self) -> ServerUse {
        self.server_use
    }

    /// Whether it is one of an authority, which issues others: a root or an intermediate one.
    #[must_use]
    pub fn is_authority(&self) -> bool {
        self.is_authority
    }
}

impl Issuing {
    fn of(tbs: &TbsCertificateInner<Raw>, has_alternative_names: bool) -> Option<Self> {
        let subject_key = tbs.get_extension::<SubjectKeyIdentifier>().ok().flatten();
        let issuer_key = tbs.get_extension::<AuthorityKeyIdentifier>().ok().flatten();
        let issuer_key = issuer_key.and_then(|(_, id)| id.key_identifier);
        Some(Self {
            subject: tbs.subject().to_der().ok()?.into(),
            issuer: tbs.issuer().to_der().ok()?.into(),
            subject_key: subject_key.map(|(_, id)| id.0.as_bytes().into()),
            issuer_key: issuer_key.map(|id| id.as_bytes().into()),
            has_alternative_names,
        })
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dns(name) => f.write_str(name),
            Self::Ip(address) => address.fmt(f),
        }
    }
}

fn is_authority(tbs: &TbsCertificateInner<Raw>) -> bool {
    let constraints = tbs.get_extension::<BasicConstraints>().ok().flatten();
    constraints.is_some_and(|(_, constraints)| constraints.ca)
}

fn name(general: &GeneralName) -> Option<Name> {
    match general {
        GeneralName::DnsName(name) => {
            let name = name.as_str().trim_end_matches('.');
            Some(Name::Dns(name.to_ascii_lowercase()))
        }
        GeneralName::IpAddress(bytes) => address(bytes).map(Name::Ip),
        _ => None,
    }
}

/// The names that occur with a dot at the end, and not without it.
fn dotted(alternatives: &SubjectAltName) -> BTreeSet<String> {
    let dns = || {
        let names = alternatives.0.iter();
        names.filter_map(|name| match name {
            GeneralName::DnsName(name) => Some(name.as_str().to_ascii_lowercase()),
            _ => None,
        })
    };
    let plain: BTreeSet<_> = dns().filter(|name| !name.ends_with('.')).collect();
    let dotted = dns().filter_map(|name| Some(name.strip_suffix('.')?.to_owned()));
    dotted.filter(|name| !plain.contains(name)).collect()
}

fn address(bytes: &OctetString) -> Option<IpAddr> {
    let bytes = bytes.as_bytes();
    let v4 = <[u8; 4]>::try_from(bytes).map(IpAddr::from);
    v4.or_else(|_| <[u8; 16]>::try_from(bytes).map(IpAddr::from))
        .ok()
}

fn of_text(name: &str) -> Name {
    name.parse()
        .map_or_else(|_| Name::Dns(name.to_lowercase()), Name::Ip)
}
