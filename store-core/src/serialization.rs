//! Keys and bindings in serde (feature `serde`): readable text, the same in JSON and TOML.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

use crate::binding::{Binding, Certificate, Record};
use crate::extended::ExtendedProperties;
use crate::flags::{CertCheckMode, SslFlags};
use crate::hash::CertHash;
use crate::key::BindingKey;
use crate::kind::Kind;
use crate::names::{CtlIdentifier, StoreName, TlsName};

macro_rules! as_text {
    ($($type:ty),*) => {$(
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
                text.parse().map_err(D::Error::custom)
            }
        }
    )*};
}

as_text!(
    BindingKey,
    Kind,
    CertHash,
    StoreName,
    CtlIdentifier,
    TlsName
);

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct BindingFields {
    key: BindingKey,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    host_spelling: Option<String>,
    /// `null` if the certificate comes from the central certificate store.
    certificate: Option<CertificateFields>,
    app_id: Uuid,
    #[serde(default)]
    check_mode: CertCheckMode,
    #[serde(default)]
    revocation_freshness_time: u32,
    #[serde(default)]
    url_retrieval_timeout: u32,
    #[serde(default)]
    ctl_identifier: Option<CtlIdentifier>,
    #[serde(default)]
    ctl_store_name: Option<StoreName>,
    #[serde(default)]
    flags: SslFlags,
    #[serde(default, skip_serializing_if = "ExtendedProperties::is_empty")]
    extended: ExtendedProperties,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct CertificateFields {
    hash: CertHash,
    #[serde(default)]
    store_name: Option<StoreName>,
}

impl Serialize for Binding {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let record = self.record();
        let fields = BindingFields {
            key: self.key().clone(),
            host_spelling: self.host_spelling().map(Into::into),
            certificate: record
                .certificate
                .clone()
                .map(|certificate| CertificateFields {
                    hash: certificate.hash,
                    store_name: certificate.store_name,
                }),
            app_id: record.app_id,
            check_mode: record.check_mode,
            revocation_freshness_time: record.revocation_freshness_time,
            url_retrieval_timeout: record.url_retrieval_timeout,
            ctl_identifier: record.ctl_identifier.clone(),
            ctl_store_name: record.ctl_store_name.clone(),
            flags: record.flags,
            extended: record.extended.clone(),
        };
        fields.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Binding {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let fields = BindingFields::deserialize(deserializer)?;
        let record = Record {
            certificate: fields.certificate.map(|certificate| Certificate {
                hash: certificate.hash,
                store_name: certificate.store_name,
            }),
            app_id: fields.app_id,
            check_mode: fields.check_mode,
            revocation_freshness_time: fields.revocation_freshness_time,
            url_retrieval_timeout: fields.url_retrieval_timeout,
            ctl_identifier: fields.ctl_identifier,
            ctl_store_name: fields.ctl_store_name,
            flags: fields.flags,
            extended: fields.extended,
        };
        let binding = Self::new(fields.key, record).map_err(D::Error::custom)?;
        match fields.host_spelling {
            Some(host) => binding.with_host_spelling(&host).map_err(D::Error::custom),
            None => Ok(binding),
        }
    }
}

macro_rules! as_names {
    ($($type:ty),*) => {$(
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                to_names(self).serialize(serializer)
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                from_names(&Vec::deserialize(deserializer)?).map_err(D::Error::custom)
            }
        }
    )*};
}

as_names!(CertCheckMode, SslFlags);

/// Flags as a list of lower-case names. Bits without a name are one number `0x…`.
fn to_names<F: bitflags::Flags<Bits = u32>>(flags: &F) -> Vec<String> {
    let mut unknown = flags.bits();
    let mut names = Vec::new();
    for (name, flag) in flags.iter_names() {
        unknown &= !flag.bits();
        names.push(name.to_ascii_lowercase());
    }
    if unknown != 0 {
        names.push(format!("{unknown:#x}"));
    }
    names
}

/// The message with the names that are known, the most similar one first.
fn unknown_flag<F: bitflags::Flags<Bits = u32>>(name: &str) -> String {
    let known: Vec<String> = F::FLAGS
        .iter()
        .map(|flag| flag.name().to_ascii_lowercase())
        .filter(|name| !name.is_empty())
        .collect();
    format!(
        "{name:?} is not a known flag; expected one of {}",
        known.join(", ")
    )
}

fn from_names<F: bitflags::Flags<Bits = u32>>(names: &[String]) -> Result<F, String> {
    let mut bits = 0;
    for name in names {
        let hex = name
            .strip_prefix("0x")
            .map(|hex| u32::from_str_radix(hex, 16));
        bits |= match hex {
            Some(Ok(unknown)) => unknown,
            _ => F::from_name(&name.to_ascii_uppercase())
                .ok_or_else(|| unknown_flag::<F>(name))?
                .bits(),
        };
    }
    Ok(F::from_bits_retain(bits))
}
