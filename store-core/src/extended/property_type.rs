//! The types of extended properties.

use std::fmt;

/// The types of extended properties: `HTTP_SSL_SERVICE_CONFIG_EX_PARAM_TYPE`, and the `PropertyId`
/// of netsh.
///
/// Newer headers have a seventh type, `ExParamTypeCertConfig`. It is not supported: certbind neither
/// queries nor changes it.
///
/// ```
/// use certbind_core::PropertyType;
///
/// assert_eq!(PropertyType::from_number(2), Some(PropertyType::Performance));
/// assert_eq!(PropertyType::Performance.name(), "performance");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case")
)]
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

impl PropertyType {
    /// All types, in the order of their numbers.
    pub const ALL: [Self; 6] = [
        Self::Http2Window,
        Self::Http2SettingsLimits,
        Self::Performance,
        Self::TlsRestrictions,
        Self::ErrorHeaders,
        Self::SessionTicketKeys,
    ];

    /// The number of the type in the headers of Windows.
    #[must_use]
    pub fn number(self) -> u32 {
        self as u32
    }

    /// The type with this number, if there is one.
    #[must_use]
    pub fn from_number(number: u32) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.number() == number)
    }

    /// The name of the type in exports and plans.
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
