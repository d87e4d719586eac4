//! The form that extended properties have in serde: an object with a field for each that is set.
//!
//! Session ticket keys are in it, as nothing else could bring them back: whoever writes it into a
//! file keeps that from others.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{
    DisabledCrypto, ErrorHeaders, ExtendedProperties, Header, Hex, PerformanceSetting, Property,
    PropertyError, PropertyValue, SessionTicketKey, SessionTicketKeys, TlsRestriction,
    TlsRestrictions,
};
use crate::text::TlsName;

impl Serialize for ExtendedProperties {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut form = Form::default();
        for set in self {
            form.set(set);
        }
        form.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for ExtendedProperties {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let properties = Form::deserialize(deserializer)?.properties();
        Self::new(properties.map_err(D::Error::custom)?).map_err(D::Error::custom)
    }
}

/// As a set of one.
impl Serialize for Property {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut form = Form::default();
        form.set(self);
        form.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Property {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let properties = Form::deserialize(deserializer)?.properties();
        let [property] = <[Self; 1]>::try_from(properties.map_err(D::Error::custom)?)
            .map_err(|_| D::Error::custom("one extended property was expected"))?;
        Ok(property)
    }
}

#[derive(Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Form {
    #[serde(skip_serializing_if = "Option::is_none")]
    http2_window: Option<Http2WindowForm>,
    #[serde(skip_serializing_if = "Option::is_none")]
    http2_settings_limits: Option<Http2SettingsLimitsForm>,
    #[serde(skip_serializing_if = "Option::is_none")]
    performance: Option<PerformanceForm>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tls_restrictions: Option<TlsRestrictionsForm>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_headers: Option<ErrorHeadersForm>,
    #[serde(skip_serializing_if = "Option::is_none")]
    session_ticket_keys: Option<SessionTicketKeysForm>,
}

/// `Flags` as `0x…`: not every program reads 64 bits from a number of JSON.
#[derive(Default, PartialEq)]
struct Flags(u64);

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Http2WindowForm {
    receive_window: u32,
    #[serde(default, skip_serializing_if = "Flags::is_empty")]
    flags: Flags,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Http2SettingsLimitsForm {
    max_per_frame: u32,
    max_per_minute: u32,
    #[serde(default, skip_serializing_if = "Flags::is_empty")]
    flags: Flags,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PerformanceForm {
    setting: i32,
    /// Hexadecimal digits.
    buffer: String,
    #[serde(default, skip_serializing_if = "Flags::is_empty")]
    flags: Flags,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct TlsRestrictionsForm {
    restrictions: Vec<TlsRestrictionForm>,
    #[serde(default, skip_serializing_if = "Flags::is_empty")]
    flags: Flags,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct TlsRestrictionForm {
    #[serde(default)]
    alpn_ids: Vec<TlsName>,
    #[serde(default)]
    disabled_protocols: u32,
    #[serde(default)]
    disabled_crypto: Vec<DisabledCryptoForm>,
    #[serde(default)]
    restriction_flags: u32,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct DisabledCryptoForm {
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
struct ErrorHeadersForm {
    status: u16,
    headers: Vec<HeaderForm>,
    #[serde(default, skip_serializing_if = "Flags::is_empty")]
    flags: Flags,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct HeaderForm {
    name: String,
    /// In ISO 8859-1.
    value: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SessionTicketKeysForm {
    keys: Vec<SessionTicketKeyForm>,
    #[serde(default, skip_serializing_if = "Flags::is_empty")]
    flags: Flags,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SessionTicketKeyForm {
    version: u32,
    /// Hexadecimal digits.
    id: String,
    /// Hexadecimal digits.
    material: String,
}

impl Form {
    fn set(&mut self, property: &Property) {
        let flags = Flags(property.flags);
        match &property.value {
            &PropertyValue::Http2Window { receive_window } => {
                self.http2_window = Some(Http2WindowForm {
                    receive_window,
                    flags,
                });
            }
            &PropertyValue::Http2SettingsLimits {
                max_per_frame,
                max_per_minute,
            } => {
                self.http2_settings_limits = Some(Http2SettingsLimitsForm {
                    max_per_frame,
                    max_per_minute,
                    flags,
                });
            }
            PropertyValue::Performance(setting) => {
                self.performance = Some(PerformanceForm {
                    setting: setting.kind(),
                    buffer: Hex(setting.buffer()).to_string(),
                    flags,
                });
            }
            PropertyValue::TlsRestrictions(restrictions) => {
                let restrictions = restrictions.as_slice().iter();
                self.tls_restrictions = Some(TlsRestrictionsForm {
                    restrictions: restrictions.map(restriction).collect(),
                    flags,
                });
            }
            PropertyValue::ErrorHeaders(headers) => {
                let form = |header: &Header| HeaderForm {
                    name: header.name().into(),
                    value: header.value_text(),
                };
                self.error_headers = Some(ErrorHeadersForm {
                    status: headers.status(),
                    headers: headers.headers().iter().map(form).collect(),
                    flags,
                });
            }
            PropertyValue::SessionTicketKeys(keys) => {
                let form = |key: &SessionTicketKey| SessionTicketKeyForm {
                    version: key.version(),
                    id: Hex(key.id()).to_string(),
                    material: Hex(key.material()).to_string(),
                };
                self.session_ticket_keys = Some(SessionTicketKeysForm {
                    keys: keys.as_slice().iter().map(form).collect(),
                    flags,
                });
            }
        }
    }

    fn properties(self) -> Result<Vec<Property>, String> {
        let mut set = Vec::new();
        let mut put = |Flags(flags), value| set.push(Property { flags, value });
        if let Some(form) = self.http2_window {
            let receive_window = form.receive_window;
            put(form.flags, PropertyValue::Http2Window { receive_window });
        }
        if let Some(form) = self.http2_settings_limits {
            let value = PropertyValue::Http2SettingsLimits {
                max_per_frame: form.max_per_frame,
                max_per_minute: form.max_per_minute,
            };
            put(form.flags, value);
        }
        if let Some(form) = self.performance {
            let setting = PerformanceSetting::new(form.setting, &bytes(&form.buffer)?);
            put(
                form.flags,
                PropertyValue::Performance(setting.map_err(text)?),
            );
        }
        if let Some(form) = self.tls_restrictions {
            let restrictions = form.restrictions.into_iter().map(of_restriction).collect();
            let restrictions = TlsRestrictions::new(restrictions).map_err(text)?;
            put(form.flags, PropertyValue::TlsRestrictions(restrictions));
        }
        if let Some(form) = self.error_headers {
            let headers = form.headers.iter().map(of_header);
            let headers = ErrorHeaders::new(form.status, headers.collect::<Result<_, _>>()?);
            put(
                form.flags,
                PropertyValue::ErrorHeaders(headers.map_err(text)?),
            );
        }
        if let Some(form) = self.session_ticket_keys {
            let keys = form.keys.iter().map(of_key).collect::<Result<_, _>>()?;
            let keys = SessionTicketKeys::new(keys).map_err(text)?;
            put(form.flags, PropertyValue::SessionTicketKeys(keys));
        }
        Ok(set)
    }
}

fn restriction(restriction: &TlsRestriction) -> TlsRestrictionForm {
    let crypto = |crypto: &DisabledCrypto| DisabledCryptoForm {
        usage: crypto.usage,
        algorithm: crypto.algorithm.clone(),
        chaining_modes: crypto.chaining_modes.clone(),
        min_bits: crypto.min_bits,
        max_bits: crypto.max_bits,
    };
    TlsRestrictionForm {
        alpn_ids: restriction.alpn_ids.clone(),
        disabled_protocols: restriction.disabled_protocols,
        disabled_crypto: restriction.disabled_crypto.iter().map(crypto).collect(),
        restriction_flags: restriction.flags,
    }
}

fn of_restriction(form: TlsRestrictionForm) -> TlsRestriction {
    let crypto = |form: DisabledCryptoForm| DisabledCrypto {
        usage: form.usage,
        algorithm: form.algorithm,
        chaining_modes: form.chaining_modes,
        min_bits: form.min_bits,
        max_bits: form.max_bits,
    };
    TlsRestriction {
        alpn_ids: form.alpn_ids,
        disabled_protocols: form.disabled_protocols,
        disabled_crypto: form.disabled_crypto.into_iter().map(crypto).collect(),
        flags: form.restriction_flags,
    }
}

fn of_header(form: &HeaderForm) -> Result<Header, String> {
    let value = form.value.chars().map(u8::try_from);
    let value = value.collect::<Result<Vec<_>, _>>();
    let value = value.map_err(|_| format!("{:?} is not in ISO 8859-1", form.value))?;
    Header::new(&form.name, &value).map_err(text)
}

/// Errors name no digits: they may be those of a secret.
fn of_key(form: &SessionTicketKeyForm) -> Result<SessionTicketKey, String> {
    let id = bytes(&form.id)?.try_into();
    let id = id.map_err(|_| "the id of a session ticket key has 16 bytes".to_owned())?;
    SessionTicketKey::new(form.version, id, &bytes(&form.material)?).map_err(text)
}

fn bytes(hex: &str) -> Result<Vec<u8>, String> {
    let digits = hex.as_bytes().chunks(2).map(|pair| match pair {
        [high, low] => Some((digit(*high)? << 4) | digit(*low)?),
        _ => None,
    });
    let bytes: Option<_> = digits.collect();
    bytes.ok_or_else(|| "bytes are written as pairs of hexadecimal digits".to_owned())
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
        let wrong = || D::Error::custom(format!("{text:?} is no number of the form 0x…"));
        flags.map(Self).ok_or_else(wrong)
    }
}
