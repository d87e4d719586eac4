//! Builds requests for extended properties.

use std::net::SocketAddr;

use certbind_core::{BindingKey, Kind, Property, PropertyType};
use windows_sys::Win32::Networking::HttpServer::{
    HTTP_SERVICE_CONFIG_SSL_CCS_QUERY_EX, HTTP_SERVICE_CONFIG_SSL_CCS_SET_EX,
    HTTP_SERVICE_CONFIG_SSL_KEY_EX, HTTP_SERVICE_CONFIG_SSL_PARAM_EX,
    HTTP_SERVICE_CONFIG_SSL_QUERY_EX, HTTP_SERVICE_CONFIG_SSL_SET_EX,
    HTTP_SERVICE_CONFIG_SSL_SNI_QUERY_EX, HTTP_SERVICE_CONFIG_SSL_SNI_SET_EX,
    HttpServiceConfigQueryExact, HttpServiceConfigQueryNext,
};
use windows_sys::Win32::Networking::WinSock::{AF_INET, AF_INET6, SOCKADDR_STORAGE};

use super::property_value::Value;
use super::request::{Request, host_key, port_key, wide};
use crate::property_id;

/// The extended property of a query.
#[derive(Clone, Copy, Debug)]
pub enum PropertyQuery<'a> {
    /// That of a key.
    Exact {
        /// The key.
        key: &'a BindingKey,
        /// The spelling of its host name in Windows, if it differs from the key's.
        host_spelling: Option<&'a str>,
        /// The property.
        property: PropertyType,
    },
    /// The one at an index of those of a kind of key that have it.
    Next {
        /// The kind.
        kind: Kind,
        /// The index.
        token: u32,
        /// The property.
        property: PropertyType,
    },
}

/// Calls `call` with the request to set or update a property of a key. `host_spelling` is the host
/// name as Windows spells it, if it differs from the key's.
pub fn with_set_property<R>(
    key: &BindingKey,
    host_spelling: Option<&str>,
    property: &Property,
    call: impl FnOnce(Request) -> R,
) -> R {
    let mut value = Value::default();
    let param = value.param(property);
    with_config(key, host_spelling, param, call)
}

/// Calls `call` with the request to delete a property of a key. The structure is that of a set with
/// only the type in its parameter.
pub fn with_delete_property<R>(
    key: &BindingKey,
    host_spelling: Option<&str>,
    property: PropertyType,
    call: impl FnOnce(Request) -> R,
) -> R {
    let param = HTTP_SERVICE_CONFIG_SSL_PARAM_EX {
        ParamType: property.number().cast_signed(),
        ..HTTP_SERVICE_CONFIG_SSL_PARAM_EX::default()
    };
    with_config(key, host_spelling, param, call)
}

/// Calls `call` with the request to query.
pub fn with_query_property<R>(query: PropertyQuery<'_>, call: impl FnOnce(Request) -> R) -> R {
    let (kind, mut host, ip) = match query {
        PropertyQuery::Exact {
            key, host_spelling, ..
        } => {
            let host = key
                .host()
                .map(|host| host_spelling.unwrap_or(host.as_str()));
            let ip = match key {
                BindingKey::IpPort(endpoint) => Some(endpoint.addr()),
                _ => None,
            };
            (key.kind(), host.map(wide), ip)
        }
        PropertyQuery::Next { kind, .. } => (kind, None, None),
    };
    let (desc, port, token, property) = match query {
        PropertyQuery::Exact { key, property, .. } => {
            let port = key.port().get();
            (HttpServiceConfigQueryExact, Some(port), 0, property)
        }
        PropertyQuery::Next {
            token, property, ..
        } => (HttpServiceConfigQueryNext, None, token, property),
    };
    let (id, property) = (property_id(kind), property.number().cast_signed());
    match kind {
        Kind::IpPort => {
            let query = HTTP_SERVICE_CONFIG_SSL_QUERY_EX {
                QueryDesc: desc,
                KeyDesc: ip.map(ip_key).unwrap_or_default(),
                dwToken: token,
                ParamType: property,
            };
            call(Request::with_id(id, &query))
        }
        Kind::Sni | Kind::ScopedCcs => {
            let key = port
                .zip(host.as_mut())
                .map(|(port, host)| host_key(port, host));
            let query = HTTP_SERVICE_CONFIG_SSL_SNI_QUERY_EX {
                QueryDesc: desc,
                KeyDesc: key.unwrap_or_default(),
                dwToken: token,
                ParamType: property,
            };
            call(Request::with_id(id, &query))
        }
        Kind::Ccs => {
            let query = HTTP_SERVICE_CONFIG_SSL_CCS_QUERY_EX {
                QueryDesc: desc,
                KeyDesc: port.map(port_key).unwrap_or_default(),
                dwToken: token,
                ParamType: property,
            };
            call(Request::with_id(id, &query))
        }
    }
}

fn with_config<R>(
    key: &BindingKey,
    host_spelling: Option<&str>,
    param: HTTP_SERVICE_CONFIG_SSL_PARAM_EX,
    call: impl FnOnce(Request) -> R,
) -> R {
    let id = property_id(key.kind());
    match key {
        BindingKey::IpPort(endpoint) => {
            let set = HTTP_SERVICE_CONFIG_SSL_SET_EX {
                KeyDesc: ip_key(endpoint.addr()),
                ParamDesc: param,
            };
            call(Request::with_id(id, &set))
        }
        BindingKey::Sni(endpoint) | BindingKey::ScopedCcs(endpoint) => {
            let mut host = wide(host_spelling.unwrap_or(endpoint.host().as_str()));
            let set = HTTP_SERVICE_CONFIG_SSL_SNI_SET_EX {
                KeyDesc: host_key(endpoint.port().get(), &mut host),
                ParamDesc: param,
            };
            call(Request::with_id(id, &set))
        }
        BindingKey::Ccs(port) => {
            let set = HTTP_SERVICE_CONFIG_SSL_CCS_SET_EX {
                KeyDesc: port_key(port.get()),
                ParamDesc: param,
            };
            call(Request::with_id(id, &set))
        }
    }
}

/// An address in the structure itself, where the key of a record has a pointer to one. Of a
/// `SOCKADDR_IN6` the address begins at byte 8 and the scope at byte 24.
fn ip_key(address: SocketAddr) -> HTTP_SERVICE_CONFIG_SSL_KEY_EX {
    let mut storage = SOCKADDR_STORAGE::default();
    let signed = |target: &mut [i8], bytes: &[u8]| {
        for (target, byte) in target.iter_mut().zip(bytes) {
            *target = byte.cast_signed();
        }
    };
    signed(&mut storage.__ss_pad1, &address.port().to_be_bytes());
    match address {
        SocketAddr::V4(v4) => {
            storage.ss_family = AF_INET;
            signed(&mut storage.__ss_pad1[2..], &v4.ip().octets());
        }
        SocketAddr::V6(v6) => {
            storage.ss_family = AF_INET6;
            signed(&mut storage.__ss_pad1[2..], &v6.flowinfo().to_ne_bytes());
            let octets = v6.ip().octets();
            let (first, last) = octets.split_first_chunk().expect("there are 16 bytes");
            storage.__ss_align = i64::from_ne_bytes(*first);
            signed(&mut storage.__ss_pad2, last);
            signed(&mut storage.__ss_pad2[8..], &v6.scope_id().to_ne_bytes());
        }
    }
    HTTP_SERVICE_CONFIG_SSL_KEY_EX { IpPort: storage }
}
