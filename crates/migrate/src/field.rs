//! The differences between two bindings of one key.

use std::fmt;

use certbind_core::{
    Binding, CertCheckMode, CertHash, CtlIdentifier, Property, PropertyType, SslFlags, StoreName,
    Uuid,
};
use certbind_formats::hidden::unseen_difference;
use serde::Serialize;

/// A field that changes, and its values. As JSON: `{"field": "hash", "before": …, "after": …}`,
/// with values as a binding's JSON has them, those of extended properties in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "field", rename_all = "snake_case")]
#[non_exhaustive]
pub enum FieldChange {
    /// The spelling of the host name in Windows; none if it equals the key's.
    HostSpelling(Values<Option<String>>),
    /// The certificate.
    Hash(Values<CertHash>),
    /// The store that the certificate is in.
    StoreName(Values<Option<StoreName>>),
    /// The application that made the binding.
    AppId(Values<Uuid>),
    /// How client certificates are checked.
    CheckMode(Values<CertCheckMode>),
    /// In seconds.
    RevocationFreshnessTime(Values<u32>),
    /// In milliseconds.
    UrlRetrievalTimeout(Values<u32>),
    /// The list of issuers of client certificates.
    CtlIdentifier(Values<Option<CtlIdentifier>>),
    /// The store of that list.
    CtlStoreName(Values<Option<StoreName>>),
    /// The other flags.
    Flags(Values<SslFlags>),
    /// An extended property.
    Extended(ExtendedChange),
}

/// The change of an extended property. Values are described in words, those of session ticket keys
/// by their number: they are secrets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ExtendedChange {
    /// Which property.
    pub property: PropertyType,
    /// Its value; none where it is not set.
    #[serde(flatten)]
    pub values: Values<Option<String>>,
}

/// The two values of a field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Values<T> {
    /// The old value.
    pub before: T,
    /// The new value.
    pub after: T,
}

impl FieldChange {
    /// The fields in which two bindings of one key differ, in the order of a record.
    #[must_use]
    pub fn between(before: &Binding, after: &Binding) -> Vec<Self> {
        let (old, new) = (before.record(), after.record());
        let spelled = |binding: &Binding| binding.host_spelling().map(str::to_owned);
        let certificates = old.certificate.as_ref().zip(new.certificate.as_ref());
        let extended = PropertyType::ALL.into_iter();
        let extended = extended.filter_map(|property| {
            let values = Values::of(old.extended.get(property), new.extended.get(property))?;
            let arrow = |set: Option<&Property>| set.map(ToString::to_string);
            let values = Values {
                before: arrow(values.before),
                after: arrow(values.after),
            };
            Some(Self::Extended(ExtendedChange { property, values }))
        });
        [
            Values::of(spelled(before), spelled(after)).map(Self::HostSpelling),
            certificates
                .and_then(|(a, b)| Values::of(a.hash, b.hash))
                .map(Self::Hash),
            certificates
                .and_then(|(a, b)| Values::of(a.store_name.clone(), b.store_name.clone()))
                .map(Self::StoreName),
            Values::of(old.app_id, new.app_id).map(Self::AppId),
            Values::of(old.check_mode, new.check_mode).map(Self::CheckMode),
            Values::of(old.revocation_freshness_time, new.revocation_freshness_time)
                .map(Self::RevocationFreshnessTime),
            Values::of(old.url_retrieval_timeout, new.url_retrieval_timeout)
                .map(Self::UrlRetrievalTimeout),
            Values::of(old.ctl_identifier.clone(), new.ctl_identifier.clone())
                .map(Self::CtlIdentifier),
            Values::of(old.ctl_store_name.clone(), new.ctl_store_name.clone())
                .map(Self::CtlStoreName),
            Values::of(old.flags, new.flags).map(Self::Flags),
        ]
        .into_iter()
        .flatten()
        .chain(extended)
        .collect()
    }

    /// The name of the field, for people.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::HostSpelling(_) => "host spelled",
            Self::Hash(_) => "certificate",
            Self::StoreName(_) => "store name",
            Self::AppId(_) => "application",
            Self::CheckMode(_) => "check mode",
            Self::RevocationFreshnessTime(_) => "freshness time",
            Self::UrlRetrievalTimeout(_) => "url retrieval timeout",
            Self::CtlIdentifier(_) => "ctl identifier",
            Self::CtlStoreName(_) => "ctl store name",
            Self::Flags(_) => "flags",
            Self::Extended(change) => match change.property {
                PropertyType::Http2Window => "http/2 window",
                PropertyType::Http2SettingsLimits => "http/2 settings",
                PropertyType::Performance => "performance",
                PropertyType::TlsRestrictions => "tls restrictions",
                PropertyType::ErrorHeaders => "error headers",
                PropertyType::SessionTicketKeys => "session ticket keys",
            },
        }
    }

    /// The change itself, on one line, for people: `old -> new`; for bits, the set and the cleared
    /// ones. Texts of the bindings are not escaped: escape it for a terminal.
    #[must_use]
    pub fn change(&self) -> String {
        match self {
            Self::HostSpelling(values) => {
                values.arrow(|text| text.as_deref().unwrap_or("as in the key").to_owned())
            }
            Self::Hash(values) => values.arrow(ToString::to_string),
            Self::StoreName(values) | Self::CtlStoreName(values) => values.arrow(optional),
            Self::AppId(values) => values.arrow(|id| format!("{{{id}}}")),
            Self::CheckMode(values) => bits(values),
            Self::RevocationFreshnessTime(values) => values.arrow(|time| format!("{time} s")),
            Self::UrlRetrievalTimeout(values) => values.arrow(|time| format!("{time} ms")),
            Self::CtlIdentifier(values) => values.arrow(optional),
            Self::Flags(values) => bits(values),
            Self::Extended(ExtendedChange { values, .. }) => {
                let arrow = values.arrow(|set| set.as_deref().unwrap_or("not set").to_owned());
                match values.before == values.after {
                    true => arrow + " (others)",
                    false => arrow,
                }
            }
        }
    }
}

impl fmt::Display for FieldChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name(), self.change())
    }
}

impl<T: PartialEq> Values<T> {
    fn of(before: T, after: T) -> Option<Self> {
        (before != after).then_some(Self { before, after })
    }
}

impl<T> Values<T> {
    fn arrow(&self, value: impl Fn(&T) -> String) -> String {
        let (before, after) = (value(&self.before), value(&self.after));
        match unseen_difference(&before, &after) {
            Some(difference) => format!("{before} -> {after} ({difference})"),
            None => format!("{before} -> {after}"),
        }
    }
}

/// A name that may be absent, as netsh prints it.
fn optional<T: ToString>(name: &Option<T>) -> String {
    name.as_ref().map_or("(null)".into(), ToString::to_string)
}

trait Bits: Copy {
    fn all_bits(self) -> u32;
    fn named(self) -> Vec<(&'static str, u32)>;
}

macro_rules! bits {
    ($($type:ty),*) => {$(
        impl Bits for $type {
            fn all_bits(self) -> u32 {
                self.bits()
            }

            fn named(self) -> Vec<(&'static str, u32)> {
                self.iter_names().map(|(name, flag)| (name, flag.bits())).collect()
            }
        }
    )*};
}

bits!(CertCheckMode, SslFlags);

/// `+disable_http2 -reject +0x10000`.
fn bits<T: Bits>(values: &Values<T>) -> String {
    let arrow = |sign: char, has: T, lacks: T| {
        let mut unnamed = has.all_bits() & !lacks.all_bits();
        let mut words = Vec::new();
        for (name, bit) in has.named() {
            if unnamed & bit != 0 {
                unnamed &= !bit;
                words.push(format!("{sign}{}", name.to_ascii_lowercase()));
            }
        }
        if unnamed != 0 {
            words.push(format!("{sign}{unnamed:#x}"));
        }
        words
    };
    let mut words = arrow('+', values.after, values.before);
    words.extend(arrow('-', values.before, values.after));
    words.join(" ")
}
