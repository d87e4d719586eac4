//! The C structures of the HTTP Server API (`http.h`), read and written from both ends.
//!
//! - [`client`] is the calling program: it builds requests and reads the records that queries
//!   return.
//! - [`server`] is the implementation of `httpapi.dll`: it reads requests and writes records.
//! - [`service`] has the values of the other service configuration: URL reservations, the IP listen
//!   list, timeouts, cache parameters and settings.
//! - [`HttpApi`] has one method per function of the API; [`win32`] maps its result codes to
//!   [`StoreError`](certbind_core::StoreError) and back.
//!
//! Use it to call the API from Rust without `certbind-httpsys`, or to implement the API.
//!
//! The two ends share only the structures, so that tests of one against the other find a mistake in
//! either. Sizes and offsets are checked at compile time, and against a C compiler's view of
//! another header by the tests of the drop-in library.
//!
//! ```
//! use certbind_core::Kind;
//! use certbind_httpapi_abi::{config_id, kind_of};
//!
//! assert_eq!(kind_of(config_id(Kind::Sni)), Some(Kind::Sni));
//! ```

mod abi_layout;
mod api;
pub mod client;
pub mod server;
pub mod service;
pub mod win32;

pub use api::HttpApi;

use certbind_core::Kind;
use windows_sys::Win32::Networking::HttpServer as http;

use crate::service::ServiceKind;

/// The `HTTP_SERVICE_CONFIG_ID` under which records of a kind are set, queried and deleted.
///
/// A scoped CCS record has no structures of its own: it takes those of SNI, with its own id.
#[must_use]
pub fn config_id(kind: Kind) -> http::HTTP_SERVICE_CONFIG_ID {
    match kind {
        Kind::IpPort => http::HttpServiceConfigSSLCertInfo,
        Kind::Sni => http::HttpServiceConfigSslSniCertInfo,
        Kind::Ccs => http::HttpServiceConfigSslCcsCertInfo,
        Kind::ScopedCcs => http::HttpServiceConfigSslScopedCcsCertInfo,
    }
}

/// The kind whose records an `HTTP_SERVICE_CONFIG_ID` is for; none for the ids that have nothing
/// to do with bindings, those of extended properties, and those that do not exist.
#[must_use]
pub fn kind_of(id: http::HTTP_SERVICE_CONFIG_ID) -> Option<Kind> {
    Kind::ALL.into_iter().find(|kind| config_id(*kind) == id)
}

/// The `HTTP_SERVICE_CONFIG_ID` of a kind of service configuration.
#[must_use]
pub fn service_id(kind: ServiceKind) -> http::HTTP_SERVICE_CONFIG_ID {
    match kind {
        ServiceKind::ListenList => http::HttpServiceConfigIPListenList,
        ServiceKind::UrlReservation => http::HttpServiceConfigUrlAclInfo,
        ServiceKind::Timeout => http::HttpServiceConfigTimeout,
        ServiceKind::Cache => http::HttpServiceConfigCache,
        ServiceKind::Setting => http::HttpServiceConfigSetting,
    }
}

/// The kind of service configuration of an `HTTP_SERVICE_CONFIG_ID`, if it is one.
#[must_use]
pub fn service_kind_of(id: http::HTTP_SERVICE_CONFIG_ID) -> Option<ServiceKind> {
    ServiceKind::ALL
        .into_iter()
        .find(|kind| service_id(*kind) == id)
}

/// The `HTTP_SERVICE_CONFIG_ID` under which extended properties of a kind are set, queried and
/// deleted.
///
/// Scoped CCS is taken to have the structures of SNI here too (inferred).
#[must_use]
pub fn property_id(kind: Kind) -> http::HTTP_SERVICE_CONFIG_ID {
    match kind {
        Kind::IpPort => http::HttpServiceConfigSslCertInfoEx,
        Kind::Sni => http::HttpServiceConfigSslSniCertInfoEx,
        Kind::Ccs => http::HttpServiceConfigSslCcsCertInfoEx,
        Kind::ScopedCcs => http::HttpServiceConfigSslScopedCcsCertInfoEx,
    }
}

/// The kind whose extended properties an `HTTP_SERVICE_CONFIG_ID` is for.
#[must_use]
pub fn property_kind_of(id: http::HTTP_SERVICE_CONFIG_ID) -> Option<Kind> {
    Kind::ALL.into_iter().find(|kind| property_id(*kind) == id)
}

/// The example of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
