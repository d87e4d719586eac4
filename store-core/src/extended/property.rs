//! One extended property and its value.

use std::fmt;

use super::headers::ErrorHeaders;
use super::performance::PerformanceSetting;
use super::property_type::PropertyType;
use super::restrictions::TlsRestrictions;
use super::tickets::SessionTicketKeys;

/// One extended property: `HTTP_SERVICE_CONFIG_SSL_PARAM_EX`.
///
/// ```
/// use certbind_core::{Property, PropertyType, PropertyValue};
///
/// let window = Property::from(PropertyValue::Http2Window { receive_window: 65_535 });
/// assert_eq!(window.property_type(), PropertyType::Http2Window);
/// assert_eq!(window.to_string(), "65535 bytes");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Property {
    /// `Flags`. Windows documents no bit; all bits are kept.
    pub flags: u64,
    /// The value.
    pub value: PropertyValue,
}

/// The value of an extended property: a member of the union in
/// `HTTP_SERVICE_CONFIG_SSL_PARAM_EX`, by type.
///
/// A query names only a type, so a binding is assumed to have one property of each type: one
/// performance setting, and the error headers of one status code (inferred).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum PropertyValue {
    /// `HTTP2_WINDOW_SIZE_PARAM`.
    Http2Window {
        /// `Http2ReceiveWindowSize`, in bytes. The default is 1,048,576, as hosts show it.
        receive_window: u32,
    },
    /// `HTTP2_SETTINGS_LIMITS_PARAM`.
    Http2SettingsLimits {
        /// `Http2MaxSettingsPerFrame`. The default is 2,796,202, as hosts show it.
        max_per_frame: u32,
        /// `Http2MaxSettingsPerMinute`. The default is 4,294,967,295, as hosts show it.
        max_per_minute: u32,
    },
    /// `HTTP_PERFORMANCE_PARAM`.
    Performance(PerformanceSetting),
    /// `HTTP_TLS_RESTRICTIONS_PARAM`.
    TlsRestrictions(TlsRestrictions),
    /// `HTTP_ERROR_HEADERS_PARAM`.
    ErrorHeaders(ErrorHeaders),
    /// `HTTP_TLS_SESSION_TICKET_KEYS_PARAM`.
    SessionTicketKeys(SessionTicketKeys),
}

impl Property {
    /// Whether it has the default value of HTTP.sys, if that is known, and no flags.
    #[must_use]
    pub fn is_default(&self) -> bool {
        let default = self.property_type().default_value();
        self.flags == 0 && default.is_some_and(|default| default == self.value)
    }

    /// The type.
    #[must_use]
    pub fn property_type(&self) -> PropertyType {
        match &self.value {
            PropertyValue::Http2Window { .. } => PropertyType::Http2Window,
            PropertyValue::Http2SettingsLimits { .. } => PropertyType::Http2SettingsLimits,
            PropertyValue::Performance(_) => PropertyType::Performance,
            PropertyValue::TlsRestrictions(_) => PropertyType::TlsRestrictions,
            PropertyValue::ErrorHeaders(_) => PropertyType::ErrorHeaders,
            PropertyValue::SessionTicketKeys(_) => PropertyType::SessionTicketKeys,
        }
    }
}

/// A property without flags, as netsh sets it.
impl From<PropertyValue> for Property {
    fn from(value: PropertyValue) -> Self {
        Self { flags: 0, value }
    }
}

impl PropertyType {
    /// The default value of HTTP.sys, as `netsh http show sslcert` prints it on hosts; `None` if it
    /// is unknown.
    #[must_use]
    pub fn default_value(self) -> Option<PropertyValue> {
        match self {
            Self::Http2Window => Some(PropertyValue::Http2Window {
                receive_window: 1_048_576,
            }),
            Self::Http2SettingsLimits => Some(PropertyValue::Http2SettingsLimits {
                max_per_frame: 2_796_202,
                max_per_minute: u32::MAX,
            }),
            _ => None,
        }
    }
}

/// Prints the property on one line. Names and values are not escaped: escape the line for a
/// terminal. Session ticket keys are secret, so only their number is printed.
impl fmt::Display for Property {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.value {
            PropertyValue::Http2Window { receive_window } => write!(f, "{receive_window} bytes"),
            PropertyValue::Http2SettingsLimits {
                max_per_frame,
                max_per_minute,
            } => write!(f, "{max_per_frame} a frame, {max_per_minute} a minute"),
            PropertyValue::Performance(setting) => setting.fmt(f),
            PropertyValue::TlsRestrictions(restrictions) => restrictions.fmt(f),
            PropertyValue::ErrorHeaders(headers) => headers.fmt(f),
            PropertyValue::SessionTicketKeys(keys) => keys.fmt(f),
        }?;
        match self.flags {
            0 => Ok(()),
            flags => write!(f, ", flags {flags:#x}"),
        }
    }
}
