//! Extended properties in serde: an object with a field for each property that is set.
//!
//! It contains session ticket keys, which could not be restored otherwise. A file with them must be
//! private.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::error::PropertyError;
use super::headers::{ErrorHeaders, Header};
use super::hex::Hex;
use super::performance::PerformanceSetting;
use super::properties::ExtendedProperties;
use super::property::{Property, PropertyValue};
use super::restrictions::{DisabledCrypto, TlsRestriction, TlsRestrictions};
use super::tickets::{SessionTicketKey, SessionTicketKeys};
use crate::names::TlsName;

impl Serialize for ExtendedProperties {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = Fields::default();
        for set in self {
            fields.set(set);
        }
        fields.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for ExtendedProperties {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let properties = Fields::deserialize(deserializer)?.properties();
        Self::new(properties.map_err(D::Error::custom)?).map_err(D::Error::custom)
    }
}

/// Serialized as a set of one property.
impl Serialize for Property {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = Fields::default();
        fields.set(self);
        fields.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Property {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let properties = Fields::deserialize(deserializer)?.properties();
        let [property] = <[Self; 1]>::try_from(properties.map_err(D::Error::custom)?)
            .map_err(|_| D::Error::custom("expected exactly one extended property"))?;
        Ok(property)
    }
}

#[derive(Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Fields {
    #[serde(skip_serializing_if = "Option::is_none")]
    http2_window: Option<Http2WindowFields>,
    #[serde(skip_serializing_if = "Option::is_none")]
    http2_settings_limits: Option<Http2SettingsLimitsFields>,
    #[serde(skip_serializing_if = "Option::is_none")]
    performance: Option<PerformanceFields>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tls_restrictions: Option<TlsRestrictionsFields>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_headers: Option<ErrorHeadersFields>,
    #[serde(skip_serializing_if = "Option::is_none")]
    session_ticket_keys: Option<SessionTicketKeysFields>,
}

/// `Flags` as text `0x…`: many JSON parsers read numbers as 53 bits.
#[derive(Default, PartialEq)]
struct Flags(u64);

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Http2WindowFields {
    receive_window: u32,
    #[serde(default, skip_serializing_if = "Flags::is_empty")]
    flags: Flags,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Http2SettingsLimitsFields {
    max_per_frame: u32,
    max_per_minute: u32,
    #[serde(default, skip_serializing_if = "Flags::is_empty")]
    flags: Flags,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PerformanceFields {
    setting: i32,
    /// Hexadecimal digits.
    buffer: String,
    #[serde(default, skip_serializing_if = "Flags::is_empty")]
    flags: Flags,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct TlsRestrictionsFields {
    restrictions: Vec<TlsRestrictionFields>,
    #[serde(default, skip_serializing_if = "Flags::is_empty")]
    flags: Flags,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct TlsRestrictionFields {
    #[serde(default)]
    alpn_ids: Vec<TlsName>,
    #[serde(default)]
    disabled_protocols: u32,
    #[serde(default)]
    disabled_crypto: Vec<DisabledCryptoFields>,
    #[serde(default)]
    restriction_flags: u32,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct DisabledCryptoFields {
    usage: i32,
    algorithm: Option<TlsName>,
    #[serde(default)]
    chaining_modes: Vec<TlsName>,
    #[serde(default)]
    min_bits: u32,
    #[serde(default)]
    max_bits: u32,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ErrorHeadersFields {
    status: u16,
    headers: Vec<HeaderFields>,
    #[serde(default, skip_serializing_if = "Flags::is_empty")]
    flags: Flags,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct HeaderFields {
    name: String,
    /// Decoded as ISO 8859-1.
    value: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SessionTicketKeysFields {
    keys: Vec<SessionTicketKeyFields>,
    #[serde(default, skip_serializing_if = "Flags::is_empty")]
    flags: Flags,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SessionTicketKeyFields {
    version: u32,
    /// Hexadecimal digits.
    id: String,
    /// Hexadecimal digits.
    material: String,
}

impl Fields {
    fn set(&mut self, property: &Property) {
        let flags = Flags(property.flags);
        match &property.value {
            &PropertyValue::Http2Window { receive_window } => {
                self.http2_window = Some(Http2WindowFields {
                    receive_window,
                    flags,
                });
            }
            &PropertyValue::Http2SettingsLimits {
                max_per_frame,
                max_per_minute,
            } => {
                self.http2_settings_limits = Some(Http2SettingsLimitsFields {
                    max_per_frame,
                    max_per_minute,
                    flags,
                });
            }
            PropertyValue::Performance(setting) => {
                self.performance = Some(PerformanceFields {
                    setting: setting.kind(),
                    buffer: Hex(setting.buffer()).to_string(),
                    flags,
                });
            }
            PropertyValue::TlsRestrictions(restrictions) => {
                let restrictions = restrictions.as_slice().iter();
                self.tls_restrictions = Some(TlsRestrictionsFields {
                    restrictions: restrictions.map(restriction).collect(),
                    flags,
                });
            }
            PropertyValue::ErrorHeaders(headers) => {
                let fields = |header: &Header| HeaderFields {
                    name: header.name().into(),
                    value: header.value_text(),
                };
                self.error_headers = Some(ErrorHeadersFields {
                    status: headers.status(),
                    headers: headers.headers().iter().map(fields).collect(),
                    flags,
                });
            }
            PropertyValue::SessionTicketKeys(keys) => {
                let fields = |key: &SessionTicketKey| SessionTicketKeyFields {
                    version: key.version(),
                    id: Hex(key.id()).to_string(),
                    material: Hex(key.material()).to_string(),
                };
                self.session_ticket_keys = Some(SessionTicketKeysFields {
                    keys: keys.as_slice().iter().map(fields).collect(),
                    flags,
                });
            }
        }
    }

    fn properties(self) -> Result<Vec<Property>, String> {
        let mut set = Vec::new();
        let mut put = |Flags(flags), value| set.push(Property { flags, value });
        if let Some(fields) = self.http2_window {
            let receive_window = fields.receive_window;
            put(fields.flags, PropertyValue::Http2Window { receive_window });
        }
        if let Some(fields) = self.http2_settings_limits {
            let value = PropertyValue::Http2SettingsLimits {
                max_per_frame: fields.max_per_frame,
                max_per_minute: fields.max_per_minute,
            };
            put(fields.flags, value);
        }
        if let Some(fields) = self.performance {
            let setting = PerformanceSetting::new(fields.setting, &bytes(&fields.buffer)?);
            put(
                fields.flags,
                PropertyValue::Performance(setting.map_err(text)?),
            );
        }
        if let Some(fields) = self.tls_restrictions {
            let restrictions = fields
                .restrictions
                .into_iter()
                .map(of_restriction)
                .collect();
            let restrictions = TlsRestrictions::new(restrictions).map_err(text)?;
            put(fields.flags, PropertyValue::TlsRestrictions(restrictions));
        }
        if let Some(fields) = self.error_headers {
            let headers = fields.headers.iter().map(of_header);
            let headers = ErrorHeaders::new(fields.status, headers.collect::<Result<_, _>>()?);
            put(
                fields.flags,
                PropertyValue::ErrorHeaders(headers.map_err(text)?),
            );
        }
        if let Some(fields) = self.session_ticket_keys {
            let keys = fields.keys.iter().map(of_key).collect::<Result<_, _>>()?;
            let keys = SessionTicketKeys::new(keys).map_err(text)?;
            put(fields.flags, PropertyValue::SessionTicketKeys(keys));
        }
        Ok(set)
    }
}

fn restriction(restriction: &TlsRestriction) -> TlsRestrictionFields {
    let crypto = |crypto: &DisabledCrypto| DisabledCryptoFields {
        usage: crypto.usage,
        algorithm: crypto.algorithm.clone(),
        chaining_modes: crypto.chaining_modes.clone(),
        min_bits: crypto.min_bits,
        max_bits: crypto.max_bits,
    };
    TlsRestrictionFields {
        alpn_ids: restriction.alpn_ids.clone(),
        disabled_protocols: restriction.disabled_protocols,
        disabled_crypto: restriction.disabled_crypto.iter().map(crypto).collect(),
        restriction_flags: restriction.flags,
    }
}

fn of_restriction(fields: TlsRestrictionFields) -> TlsRestriction {
    let crypto = |fields: DisabledCryptoFields| DisabledCrypto {
        usage: fields.usage,
        algorithm: fields.algorithm,
        chaining_modes: fields.chaining_modes,
        min_bits: fields.min_bits,
        max_bits: fields.max_bits,
    };
    TlsRestriction {
        alpn_ids: fields.alpn_ids,
        disabled_protocols: fields.disabled_protocols,
        disabled_crypto: fields.disabled_crypto.into_iter().map(crypto).collect(),
        flags: fields.restriction_flags,
    }
}

fn of_header(fields: &HeaderFields) -> Result<Header, String> {
    let value = fields.value.chars().map(u8::try_from);
    let value = value.collect::<Result<Vec<_>, _>>();
    let value = value.map_err(|_| format!("{:?} cannot be encoded in ISO 8859-1", fields.value))?;
    Header::new(&fields.name, &value).map_err(text)
}

/// Error messages contain no digits, which may be those of a secret.
fn of_key(fields: &SessionTicketKeyFields) -> Result<SessionTicketKey, String> {
    let id = bytes(&fields.id)?.try_into();
    let id = id.map_err(|_| "the id of a session ticket key has 16 bytes".to_owned())?;
    SessionTicketKey::new(fields.version, id, &bytes(&fields.material)?).map_err(text)
}

fn bytes(hex: &str) -> Result<Vec<u8>, String> {
    let digits = hex.as_bytes().chunks(2).map(|pair| match pair {
        [high, low] => Some((digit(*high)? << 4) | digit(*low)?),
        _ => None,
    });
    let bytes: Option<_> = digits.collect();
    bytes.ok_or_else(|| "expected pairs of hexadecimal digits".to_owned())
}

fn digit(digit: u8) -> Option<u8> {
    let value = char::from(digit).to_digit(16)?;
    u8::try_from(value).ok()
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn text(error: PropertyError) -> String {
    error.to_string()
}

impl Flags {
    fn is_empty(&self) -> bool {
        self.0 == 0
    }
}

impl Serialize for Flags {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{:#x}", self.0))
    }
}

impl<'de> Deserialize<'de> for Flags {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let digits = text.strip_prefix("0x");
        let flags = digits.and_then(|digits| u64::from_str_radix(digits, 16).ok());
        let wrong = || D::Error::custom(format!("{text:?} is not a number like 0x1"));
        flags.map(Self).ok_or_else(wrong)
    }
}
