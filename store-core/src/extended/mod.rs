//! The extended properties of a binding: what the `…Ex` ids of the HTTP Server API configure.

mod error;
mod form;
mod headers;
mod performance;
mod restrictions;
mod tickets;

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use error::PropertyError;
pub use headers::{ErrorHeaders, Header};
pub use performance::PerformanceSetting;
pub use restrictions::{DisabledCrypto, TlsRestriction, TlsRestrictions};
pub use tickets::{SessionTicketKey, SessionTicketKeys};

/// The extended properties that are set of a binding, at most one of each type, in the order of
/// their types.
///
/// A property that is set to its default, without flags, is one that is not set: nothing that shows
/// properties, netsh and the API among them, is known to tell the two apart. None at all, as most
/// bindings have it, takes no memory beside the one pointer. Clones share what there is.
///
/// ```
/// use certbind_core::{ExtendedProperties, Property, PropertyType, PropertyValue};
///
/// let window = Property::from(PropertyValue::Http2Window { receive_window: 65_535 });
/// let set = ExtendedProperties::default().with(window);
/// assert_eq!(set.get(PropertyType::Http2Window).map(|set| set.flags), Some(0));
/// assert!(set.without(PropertyType::Http2Window).is_empty());
/// ```
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct ExtendedProperties(Option<Arc<Vec<Property>>>);

/// One extended property: `HTTP_SERVICE_CONFIG_SSL_PARAM_EX`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Property {
    /// `Flags`. No bit is documented; all are kept.
    pub flags: u64,
    /// What it is set to.
    pub value: PropertyValue,
}

/// What an extended property is set to, by its type: the members of the union in
/// `HTTP_SERVICE_CONFIG_SSL_PARAM_EX`.
///
/// A query names a type and nothing else, so a binding is taken to have one property of each type:
/// one performance setting, the error headers of one status code (inferred).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum PropertyValue {
    /// `HTTP2_WINDOW_SIZE_PARAM`.
    Http2Window {
        /// `Http2ReceiveWindowSize`, in bytes. Hosts show 1,048,576 where none is set.
        receive_window: u32,
    },
    /// `HTTP2_SETTINGS_LIMITS_PARAM`.
    Http2SettingsLimits {
        /// `Http2MaxSettingsPerFrame`. Hosts show 2,796,202 where none is set.
        max_per_frame: u32,
        /// `Http2MaxSettingsPerMinute`. Hosts show 4,294,967,295 where none is set.
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

/// The types of extended properties: `HTTP_SSL_SERVICE_CONFIG_EX_PARAM_TYPE`, and the `PropertyId`
/// of netsh.
///
/// Newer headers have a seventh, `ExParamTypeCertConfig`. It is not known here: no query asks for
/// it, and whatever a host has of it stays there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PropertyType {
    /// `ExParamTypeHttp2Window`, 0.
    Http2Window,
    /// `ExParamTypeHttp2SettingsLimits`, 1.
    Http2SettingsLimits,
    /// `ExParamTypeHttpPerformance`, 2.
    Performance,
    /// `ExParamTypeTlsRestrictions`, 3.
    TlsRestrictions,
    /// `ExParamTypeErrorHeaders`, 4.
    ErrorHeaders,
    /// `ExParamTypeTlsSessionTicketKeys`, 5.
    SessionTicketKeys,
}

impl ExtendedProperties {
    /// The most bytes that the lists of one property take, in structures of C.
    ///
    /// No limit is documented. With this one a binding fits into whatever holds bindings here.
    pub const MOST_BYTES: usize = 8 * 1024;

    /// These properties, in any order.
    ///
    /// # Errors
    /// [`PropertyError::Twice`] if two are of one type.
    pub fn new(properties: impl IntoIterator<Item = Property>) -> Result<Self, PropertyError> {
        let mut set: Vec<_> = properties.into_iter().collect();
        set.sort_by_key(Property::property_type);
        let twice = |pair: &&[Property]| pair[0].property_type() == pair[1].property_type();
        match set.windows(2).find(twice) {
            Some(pair) => Err(PropertyError::Twice {
                property: pair[0].property_type(),
            }),
            None => Ok(Self::of(set)),
        }
    }

    /// Whether none is set.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// The property of a type, if it is set.
    #[must_use]
    pub fn get(&self, property: PropertyType) -> Option<&Property> {
        self.iter().find(|set| set.property_type() == property)
    }

    /// Those that are set, in the order of their types.
    pub fn iter(&self) -> std::slice::Iter<'_, Property> {
        self.0.as_ref().map_or(&[][..], |set| set).iter()
    }

    /// The same with this property in the place of one of its type.
    #[must_use]
    pub fn with(&self, property: Property) -> Self {
        let mut set = self.others(property.property_type());
        set.push(property);
        set.sort_by_key(Property::property_type);
        Self::of(set)
    }

    /// The same without the property of this type.
    #[must_use]
    pub fn without(&self, property: PropertyType) -> Self {
        Self::of(self.others(property))
    }

    fn others(&self, property: PropertyType) -> Vec<Property> {
        let others = self.iter().filter(|set| set.property_type() != property);
        others.cloned().collect()
    }

    fn of(mut sorted: Vec<Property>) -> Self {
        sorted.retain(|property| !property.is_default());
        Self((!sorted.is_empty()).then(|| Arc::new(sorted)))
    }
}

impl<'a> IntoIterator for &'a ExtendedProperties {
    type Item = &'a Property;
    type IntoIter = std::slice::Iter<'a, Property>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl fmt::Debug for ExtendedProperties {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self).finish()
    }
}

impl Property {
    /// Whether it is what HTTP.sys has where none is set, as far as that is known.
    #[must_use]
    pub fn is_default(&self) -> bool {
        let default = self.property_type().default_value();
        self.flags == 0 && default.is_some_and(|default| default == self.value)
    }

    /// Which one it is.
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

/// Without flags, as netsh sets properties.
impl From<PropertyValue> for Property {
    fn from(value: PropertyValue) -> Self {
        Self { flags: 0, value }
    }
}

impl PropertyType {
    /// All of them, in order.
    pub const ALL: [Self; 6] = [
        Self::Http2Window,
        Self::Http2SettingsLimits,
        Self::Performance,
        Self::TlsRestrictions,
        Self::ErrorHeaders,
        Self::SessionTicketKeys,
    ];

    /// The number that Windows' headers give it.
    #[must_use]
    pub fn number(self) -> u32 {
        self as u32
    }

    /// The type with this number.
    #[must_use]
    pub fn from_number(number: u32) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.number() == number)
    }

    /// What HTTP.sys does where none is set, as far as hosts were seen to show it in `netsh http
    /// show sslcert`.
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

    /// The name that it has in exports and plans.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Http2Window => "http2_window",
            Self::Http2SettingsLimits => "http2_settings_limits",
            Self::Performance => "performance",
            Self::TlsRestrictions => "tls_restrictions",
            Self::ErrorHeaders => "error_headers",
            Self::SessionTicketKeys => "session_ticket_keys",
        }
    }
}

impl fmt::Display for PropertyType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// On one line, for people. Names and values stand in it as they are: escape it for a terminal. Of
/// session ticket keys it says how many there are and no more.
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

/// Bytes as hexadecimal digits.
struct Hex<'a>(&'a [u8]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// Refuses lists that take more than [`ExtendedProperties::MOST_BYTES`].
fn bounded(property: PropertyType, bytes: usize) -> Result<(), PropertyError> {
    let limit = ExtendedProperties::MOST_BYTES;
    if bytes > limit {
        return Err(PropertyError::Large { property, limit });
    }
    Ok(())
}
