//! Records of the service configuration, and how they are named and asked for.

use super::listen::ListenAddress;
use super::sddl::SecurityDescriptor;
use super::url::UrlPrefix;
use super::value::{CacheKey, SettingKey, TimeoutKey};

/// Who may register a URL: a record of the URL namespace reservation store
/// (`HTTP_SERVICE_CONFIG_URLACL_SET`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UrlReservation {
    /// What is reserved.
    pub url: UrlPrefix,
    /// For whom.
    pub sddl: SecurityDescriptor,
}

/// What an `HTTP_SERVICE_CONFIG_ID` other than those of bindings is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ServiceKind {
    /// `HttpServiceConfigIPListenList` (0).
    ListenList,
    /// `HttpServiceConfigUrlAclInfo` (2).
    UrlReservation,
    /// `HttpServiceConfigTimeout` (3), since Windows Vista.
    Timeout,
    /// `HttpServiceConfigCache` (4), since Windows 7.
    Cache,
    /// `HttpServiceConfigSetting` (7). Not documented; its number follows those of Windows 8.
    Setting,
}

impl ServiceKind {
    /// All of them, in the order of their ids.
    pub const ALL: [Self; 5] = [
        Self::ListenList,
        Self::UrlReservation,
        Self::Timeout,
        Self::Cache,
        Self::Setting,
    ];
}

/// What a set is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServiceRecord {
    /// An address that HTTP.sys is to listen on.
    Listen(ListenAddress),
    /// A URL that somebody may register.
    Reservation(UrlReservation),
    /// A timeout of all connections, in seconds.
    Timeout(TimeoutKey, u16),
    /// A parameter of the response cache, in bytes.
    Cache(CacheKey, u32),
    /// A setting. What its number counts is not documented.
    Setting(SettingKey, u32),
}

/// What a deletion or an exact query is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServiceKey {
    /// An address of the listen list.
    Listen(ListenAddress),
    /// A URL.
    Reservation(UrlPrefix),
    /// A timeout.
    Timeout(TimeoutKey),
    /// A parameter of the response cache.
    Cache(CacheKey),
    /// A setting.
    Setting(SettingKey),
}

/// What a query asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServiceQuery {
    /// The whole listen list: there is no other question about it.
    ListenList,
    /// The reservation of a URL.
    Reservation(UrlPrefix),
    /// The reservation at an index.
    NextReservation(u32),
    /// A timeout.
    Timeout(TimeoutKey),
    /// A parameter of the response cache.
    Cache(CacheKey),
    /// A setting.
    Setting(SettingKey),
}

/// What a query gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServiceAnswer {
    /// The addresses that HTTP.sys listens on; all of the machine, if there is none.
    ListenList(Vec<ListenAddress>),
    /// A reservation.
    Reservation(UrlReservation),
    /// A timeout in seconds.
    Timeout(u16),
    /// The number of a cache parameter or a setting.
    Number(u32),
}

impl ServiceRecord {
    /// What it is found under.
    #[must_use]
    pub fn key(&self) -> ServiceKey {
        match self {
            Self::Listen(address) => ServiceKey::Listen(*address),
            Self::Reservation(reservation) => ServiceKey::Reservation(reservation.url.clone()),
            Self::Timeout(key, _) => ServiceKey::Timeout(*key),
            Self::Cache(key, _) => ServiceKey::Cache(*key),
            Self::Setting(key, _) => ServiceKey::Setting(*key),
        }
    }
}

impl ServiceKey {
    /// What it is a key of.
    #[must_use]
    pub fn kind(&self) -> ServiceKind {
        match self {
            Self::Listen(_) => ServiceKind::ListenList,
            Self::Reservation(_) => ServiceKind::UrlReservation,
            Self::Timeout(_) => ServiceKind::Timeout,
            Self::Cache(_) => ServiceKind::Cache,
            Self::Setting(_) => ServiceKind::Setting,
        }
    }
}

impl ServiceQuery {
    /// What it asks about.
    #[must_use]
    pub fn kind(&self) -> ServiceKind {
        match self {
            Self::ListenList => ServiceKind::ListenList,
            Self::Reservation(_) | Self::NextReservation(_) => ServiceKind::UrlReservation,
            Self::Timeout(_) => ServiceKind::Timeout,
            Self::Cache(_) => ServiceKind::Cache,
            Self::Setting(_) => ServiceKind::Setting,
        }
    }
}
