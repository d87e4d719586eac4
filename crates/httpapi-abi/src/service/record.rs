//! Records of the service configuration, their keys and their queries.

use super::listen::ListenAddress;
use super::sddl::SecurityDescriptor;
use super::url::UrlPrefix;
use super::value::{CacheKey, SettingKey, TimeoutKey};

/// The right to register a URL: a record of the URL namespace reservation store
/// (`HTTP_SERVICE_CONFIG_URLACL_SET`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UrlReservation {
    /// The reserved part of the URL namespace.
    pub url: UrlPrefix,
    /// For whom.
    pub sddl: SecurityDescriptor,
}

/// A kind of service configuration: an `HTTP_SERVICE_CONFIG_ID` other than those of bindings.
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

/// The record that a set writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServiceRecord {
    /// An address that HTTP.sys is to listen on.
    Listen(ListenAddress),
    /// A URL and the accounts that may register it.
    Reservation(UrlReservation),
    /// A timeout of all connections, in seconds.
    Timeout(TimeoutKey, u16),
    /// A parameter of the response cache, in bytes.
    Cache(CacheKey, u32),
    /// A setting. The unit of its number is not documented.
    Setting(SettingKey, u32),
}

/// The key of a deletion or an exact query.
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

/// A query of service configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServiceQuery {
    /// The whole listen list: other queries of it do not exist.
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

/// The answer to a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServiceAnswer {
    /// The addresses that HTTP.sys listens on; if empty, all addresses of the machine.
    ListenList(Vec<ListenAddress>),
    /// A reservation.
    Reservation(UrlReservation),
    /// A timeout in seconds.
    Timeout(u16),
    /// The number of a cache parameter or a setting.
    Number(u32),
}

impl ServiceRecord {
    /// The key of the record.
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
    /// The kind of the key.
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
    /// The kind of the query.
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
