//! Numbers that apply to all of HTTP.sys.

use windows_sys::Win32::Networking::HttpServer as http;

/// A timeout (`HTTP_SERVICE_CONFIG_TIMEOUT_KEY`). Its value is a number of seconds, at least 1
/// (`HTTP_SERVICE_CONFIG_TIMEOUT_SET`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TimeoutKey {
    /// `IdleConnectionTimeout`: how long a connection may be idle.
    IdleConnection,
    /// `HeaderWaitTimeout`: how long the headers of a request may take.
    HeaderWait,
}

impl TimeoutKey {
    /// Both timeouts.
    pub const ALL: [Self; 2] = [Self::IdleConnection, Self::HeaderWait];

    /// The default in seconds. `netsh http show servicestate` lists 120 on hosts.
    pub const DEFAULT: u16 = 120;

    /// The number of the key in `http.h`.
    #[must_use]
    pub fn number(self) -> i32 {
        match self {
            Self::IdleConnection => http::IdleConnectionTimeout,
            Self::HeaderWait => http::HeaderWaitTimeout,
        }
    }

    /// The name of the key in netsh.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::IdleConnection => "idleconnectiontimeout",
            Self::HeaderWait => "headerwaittimeout",
        }
    }
}

/// A parameter of the cache of responses (`HTTP_SERVICE_CONFIG_CACHE_KEY`), in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CacheKey {
    /// `MaxCacheResponseSize`: the largest response that is kept.
    MaxResponseSize,
    /// `CacheRangeChunkSize`: in which pieces ranges of one are.
    RangeChunkSize,
}

impl CacheKey {
    /// Both cache parameters.
    pub const ALL: [Self; 2] = [Self::MaxResponseSize, Self::RangeChunkSize];

    /// The default in bytes. That of the largest response is seen on a host; that the other is the
    /// same is inferred.
    pub const DEFAULT: u32 = 262_144;

    /// The number of the key in `http.h`.
    #[must_use]
    pub fn number(self) -> i32 {
        match self {
            Self::MaxResponseSize => http::MaxCacheResponseSize,
            Self::RangeChunkSize => http::CacheRangeChunkSize,
        }
    }

    /// The name of the key in netsh.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::MaxResponseSize => "maxcacheresponsesize",
            Self::RangeChunkSize => "cacherangechunksize",
        }
    }
}

/// A setting (`HTTP_SERVICE_CONFIG_SETTING_KEY`), except `HttpNone` (0).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SettingKey {
    /// `HttpTlsThrottle`: the throttling limit for TLS connections.
    TlsThrottle,
}

impl SettingKey {
    /// The only setting.
    pub const ALL: [Self; 1] = [Self::TlsThrottle];

    /// The default (inferred).
    pub const DEFAULT: u32 = 0;

    /// The number of the key in `http.h`.
    #[must_use]
    pub fn number(self) -> i32 {
        match self {
            Self::TlsThrottle => http::HttpTlsThrottle,
        }
    }

    /// The name of the key in netsh.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::TlsThrottle => "sslthrottle",
        }
    }
}
