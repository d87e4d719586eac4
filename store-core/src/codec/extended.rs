//! The extended properties in a value of format 2.

use bincode::{BorrowDecode, Encode};

use super::error::{CodecError, invalid_property, invalid_text, malformed};
use crate::extended::{
    DisabledCrypto, ErrorHeaders, ExtendedProperties, Header, PerformanceSetting, Property,
    PropertyValue, SessionTicketKey, SessionTicketKeys, TlsRestriction, TlsRestrictions,
};
use crate::names::TlsName;

/// The properties in the order of their types.
#[derive(Encode, BorrowDecode)]
pub(super) struct Extended<'a>(Vec<(u64, Value<'a>)>);

/// A value, preceded by the number of its type. Texts and bytes are borrowed.
#[derive(Encode, BorrowDecode)]
enum Value<'a> {
    Http2Window(u32),
    Http2SettingsLimits(u32, u32),
    Performance(i32, &'a [u8]),
    TlsRestrictions(Vec<Restriction<'a>>),
    ErrorHeaders(u16, Vec<(&'a str, &'a [u8])>),
    SessionTicketKeys(Vec<(u32, [u8; SessionTicketKey::ID_LENGTH], &'a [u8])>),
}

#[derive(Encode, BorrowDecode)]
struct Restriction<'a> {
    alpn_ids: Vec<&'a str>,
    disabled_protocols: u32,
    disabled_crypto: Vec<Crypto<'a>>,
    flags: u32,
}

#[derive(Encode, BorrowDecode)]
struct Crypto<'a> {
    usage: i32,
    algorithm: Option<&'a str>,
    chaining_modes: Vec<&'a str>,
    min_bits: u32,
    max_bits: u32,
}

impl<'a> Extended<'a> {
    pub(super) fn of(properties: &'a ExtendedProperties) -> Self {
        let encode = |property: &'a Property| (property.flags, Value::of(&property.value));
        Self(properties.iter().map(encode).collect())
    }

    /// # Errors
    /// [`CodecError`] for data that [`of`](Self::of) did not produce.
    pub(super) fn into_properties(self) -> Result<ExtendedProperties, CodecError> {
        let mut set = Vec::new();
        for (flags, value) in self.0 {
            let value = value.into_value()?;
            set.push(Property { flags, value });
        }
        let is_default = set.iter().any(Property::is_default);
        if set.is_empty() || is_default || !set.is_sorted_by_key(Property::property_type) {
            return Err(malformed("the extended properties are not in order"));
        }
        ExtendedProperties::new(set).map_err(invalid_property)
    }
}

impl<'a> Value<'a> {
    fn of(value: &'a PropertyValue) -> Self {
        match value {
            PropertyValue::Http2Window { receive_window } => Self::Http2Window(*receive_window),
            PropertyValue::Http2SettingsLimits {
                max_per_frame,
                max_per_minute,
            } => Self::Http2SettingsLimits(*max_per_frame, *max_per_minute),
            PropertyValue::Performance(setting) => {
                Self::Performance(setting.kind(), setting.buffer())
            }
            PropertyValue::TlsRestrictions(all) => {
                Self::TlsRestrictions(all.as_slice().iter().map(Restriction::of).collect())
            }
            PropertyValue::ErrorHeaders(all) => {
                let headers = all.headers().iter();
                let headers = headers.map(|header| (header.name(), header.value()));
                Self::ErrorHeaders(all.status(), headers.collect())
            }
            PropertyValue::SessionTicketKeys(all) => {
                let keys = all.as_slice().iter();
                let keys = keys.map(|key| (key.version(), *key.id(), key.material()));
                Self::SessionTicketKeys(keys.collect())
            }
        }
    }

    fn into_value(self) -> Result<PropertyValue, CodecError> {
        Ok(match self {
            Self::Http2Window(receive_window) => PropertyValue::Http2Window { receive_window },
            Self::Http2SettingsLimits(max_per_frame, max_per_minute) => {
                PropertyValue::Http2SettingsLimits {
                    max_per_frame,
                    max_per_minute,
                }
            }
            Self::Performance(kind, buffer) => {
                let setting = PerformanceSetting::new(kind, buffer);
                PropertyValue::Performance(setting.map_err(invalid_property)?)
            }
            Self::TlsRestrictions(all) => {
                let all = all.into_iter().map(Restriction::into_restriction);
                let all = TlsRestrictions::new(all.collect::<Result<_, _>>()?);
                PropertyValue::TlsRestrictions(all.map_err(invalid_property)?)
            }
            Self::ErrorHeaders(status, headers) => {
                let headers = headers.into_iter();
                let headers = headers.map(|(name, value)| Header::new(name, value));
                let headers = headers
                    .collect::<Result<_, _>>()
                    .map_err(invalid_property)?;
                let headers = ErrorHeaders::new(status, headers);
                PropertyValue::ErrorHeaders(headers.map_err(invalid_property)?)
            }
            Self::SessionTicketKeys(keys) => {
                let keys = keys.into_iter();
                let keys =
                    keys.map(|(version, id, secret)| SessionTicketKey::new(version, id, secret));
                let keys = keys.collect::<Result<_, _>>().map_err(invalid_property)?;
                let keys = SessionTicketKeys::new(keys);
                PropertyValue::SessionTicketKeys(keys.map_err(invalid_property)?)
            }
        })
    }
}

impl<'a> Restriction<'a> {
    fn of(restriction: &'a TlsRestriction) -> Self {
        Self {
            alpn_ids: texts(&restriction.alpn_ids),
            disabled_protocols: restriction.disabled_protocols,
            disabled_crypto: restriction.disabled_crypto.iter().map(Crypto::of).collect(),
            flags: restriction.flags,
        }
    }

    fn into_restriction(self) -> Result<TlsRestriction, CodecError> {
        let crypto = self.disabled_crypto.into_iter().map(Crypto::into_crypto);
        Ok(TlsRestriction {
            alpn_ids: names(self.alpn_ids)?,
            disabled_protocols: self.disabled_protocols,
            disabled_crypto: crypto.collect::<Result<_, _>>()?,
            flags: self.flags,
        })
    }
}

impl<'a> Crypto<'a> {
    fn of(crypto: &'a DisabledCrypto) -> Self {
        Self {
            usage: crypto.usage,
            algorithm: crypto.algorithm.as_ref().map(TlsName::as_str),
            chaining_modes: texts(&crypto.chaining_modes),
            min_bits: crypto.min_bits,
            max_bits: crypto.max_bits,
        }
    }

    fn into_crypto(self) -> Result<DisabledCrypto, CodecError> {
        let algorithm = self.algorithm.map(TlsName::new);
        Ok(DisabledCrypto {
            usage: self.usage,
            algorithm: algorithm.transpose().map_err(invalid_text)?,
            chaining_modes: names(self.chaining_modes)?,
            min_bits: self.min_bits,
            max_bits: self.max_bits,
        })
    }
}

fn texts(names: &[TlsName]) -> Vec<&str> {
    names.iter().map(TlsName::as_str).collect()
}

fn names(texts: Vec<&str>) -> Result<Vec<TlsName>, CodecError> {
    let names = texts.into_iter().map(TlsName::new);
    names.collect::<Result<_, _>>().map_err(invalid_text)
}
