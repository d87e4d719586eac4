//! Builds requests.

use std::ffi::c_void;
use std::mem::size_of;
use std::net::SocketAddr;
use std::ptr;

use certbind_core::{Binding, BindingKey, Kind, Record};
use windows_sys::Win32::Networking::HttpServer::{
    HTTP_SERVICE_CONFIG_ID, HTTP_SERVICE_CONFIG_SSL_CCS_KEY, HTTP_SERVICE_CONFIG_SSL_CCS_QUERY,
    HTTP_SERVICE_CONFIG_SSL_CCS_SET, HTTP_SERVICE_CONFIG_SSL_KEY, HTTP_SERVICE_CONFIG_SSL_PARAM,
    HTTP_SERVICE_CONFIG_SSL_QUERY, HTTP_SERVICE_CONFIG_SSL_SET, HTTP_SERVICE_CONFIG_SSL_SNI_KEY,
    HTTP_SERVICE_CONFIG_SSL_SNI_QUERY, HTTP_SERVICE_CONFIG_SSL_SNI_SET,
    HttpServiceConfigQueryExact, HttpServiceConfigQueryNext,
};
use windows_sys::Win32::Networking::WinSock::{
    AF_INET, AF_INET6, IN_ADDR, IN_ADDR_0, IN6_ADDR, IN6_ADDR_0, SOCKADDR, SOCKADDR_IN,
    SOCKADDR_IN6, SOCKADDR_IN6_0, SOCKADDR_STORAGE,
};
use windows_sys::core::GUID;

use crate::config_id;

/// The arguments of a call: an id, a structure and its length. The structure, and the memory that
/// its pointers point to, is valid while the closure runs that borrows the request.
#[derive(Clone, Copy, Debug)]
pub struct Request {
    /// Which structure it is.
    pub id: HTTP_SERVICE_CONFIG_ID,
    /// The structure.
    pub pointer: *const c_void,
    /// Its length in bytes.
    pub length: u32,
}

/// The query to make.
#[derive(Clone, Copy, Debug)]
pub enum Query<'a> {
    /// The record of a key.
    Exact {
        /// The key.
        key: &'a BindingKey,
        /// The spelling of its host name in Windows, if it differs from the key's.
        host_spelling: Option<&'a str>,
    },
    /// The record at an index of the records of a kind.
    Next {
        /// The kind.
        kind: Kind,
        /// The index.
        token: u32,
    },
}

/// Calls `call` with the request to set or update `binding`, with the binding's spelling of the host
/// name.
pub fn with_set<R>(binding: &Binding, call: impl FnOnce(Request) -> R) -> R {
    let mut fields = Fields::new(binding.record());
    with_config(
        binding.key(),
        binding.host_spelling(),
        fields.param(binding.record()),
        call,
    )
}

/// Calls `call` with the request to delete the record of a key. `host_spelling` is the host name as
/// Windows spells it, if it differs from the key's. The structure is that of a set with an empty
/// record.
pub fn with_delete<R>(
    key: &BindingKey,
    host_spelling: Option<&str>,
    call: impl FnOnce(Request) -> R,
) -> R {
    let nothing = HTTP_SERVICE_CONFIG_SSL_PARAM::default();
    with_config(key, host_spelling, nothing, call)
}

/// Calls `call` with the request to query.
pub fn with_query<R>(query: Query<'_>, call: impl FnOnce(Request) -> R) -> R {
    match query {
        Query::Exact { key, host_spelling } => with_exact(key, host_spelling, call),
        Query::Next { kind, token } => with_next(kind, token, call),
    }
}

fn with_config<R>(
    key: &BindingKey,
    host_spelling: Option<&str>,
    param: HTTP_SERVICE_CONFIG_SSL_PARAM,
    call: impl FnOnce(Request) -> R,
) -> R {
    let kind = key.kind();
    match key {
        BindingKey::IpPort(endpoint) => with_address(endpoint.addr(), |address| {
            let set = HTTP_SERVICE_CONFIG_SSL_SET {
                KeyDesc: HTTP_SERVICE_CONFIG_SSL_KEY { pIpPort: address },
                ParamDesc: param,
            };
            call(Request::of(kind, &set))
        }),
        BindingKey::Sni(endpoint) | BindingKey::ScopedCcs(endpoint) => {
            let mut host = wide(host_spelling.unwrap_or(endpoint.host().as_str()));
            let set = HTTP_SERVICE_CONFIG_SSL_SNI_SET {
                KeyDesc: host_key(endpoint.port().get(), &mut host),
                ParamDesc: param,
            };
            call(Request::of(kind, &set))
        }
        BindingKey::Ccs(port) => {
            let set = HTTP_SERVICE_CONFIG_SSL_CCS_SET {
                KeyDesc: port_key(port.get()),
                ParamDesc: param,
            };
            call(Request::of(kind, &set))
        }
    }
}

fn with_exact<R>(
    key: &BindingKey,
    host_spelling: Option<&str>,
    call: impl FnOnce(Request) -> R,
) -> R {
    let kind = key.kind();
    match key {
        BindingKey::IpPort(endpoint) => with_address(endpoint.addr(), |address| {
            let query = HTTP_SERVICE_CONFIG_SSL_QUERY {
                QueryDesc: HttpServiceConfigQueryExact,
                KeyDesc: HTTP_SERVICE_CONFIG_SSL_KEY { pIpPort: address },
                dwToken: 0,
            };
            call(Request::of(kind, &query))
        }),
        BindingKey::Sni(endpoint) | BindingKey::ScopedCcs(endpoint) => {
            let mut host = wide(host_spelling.unwrap_or(endpoint.host().as_str()));
            let query = HTTP_SERVICE_CONFIG_SSL_SNI_QUERY {
                QueryDesc: HttpServiceConfigQueryExact,
                KeyDesc: host_key(endpoint.port().get(), &mut host),
                dwToken: 0,
            };
            call(Request::of(kind, &query))
        }
        BindingKey::Ccs(port) => {
            let query = HTTP_SERVICE_CONFIG_SSL_CCS_QUERY {
                QueryDesc: HttpServiceConfigQueryExact,
                KeyDesc: port_key(port.get()),
                dwToken: 0,
            };
            call(Request::of(kind, &query))
        }
    }
}

fn with_next<R>(kind: Kind, token: u32, call: impl FnOnce(Request) -> R) -> R {
    let next = HttpServiceConfigQueryNext;
    match kind {
        Kind::IpPort => {
            let query = HTTP_SERVICE_CONFIG_SSL_QUERY {
                QueryDesc: next,
                dwToken: token,
                ..HTTP_SERVICE_CONFIG_SSL_QUERY::default()
            };
            call(Request::of(kind, &query))
        }
        Kind::Sni | Kind::ScopedCcs => {
            let query = HTTP_SERVICE_CONFIG_SSL_SNI_QUERY {
                QueryDesc: next,
                dwToken: token,
                ..HTTP_SERVICE_CONFIG_SSL_SNI_QUERY::default()
            };
            call(Request::of(kind, &query))
        }
        Kind::Ccs => {
            let query = HTTP_SERVICE_CONFIG_SSL_CCS_QUERY {
                QueryDesc: next,
                dwToken: token,
                ..HTTP_SERVICE_CONFIG_SSL_CCS_QUERY::default()
            };
            call(Request::of(kind, &query))
        }
    }
}

impl Request {
    fn of<T>(kind: Kind, structure: &T) -> Self {
        Self::with_id(config_id(kind), structure)
    }

    pub(super) fn with_id<T>(id: HTTP_SERVICE_CONFIG_ID, structure: &T) -> Self {
        Self {
            id,
            pointer: ptr::from_ref(structure).cast(),
            length: u32::try_from(size_of::<T>()).expect("no structure has 300 bytes"),
        }
    }
}

/// The memory that the pointers of a record point to.
struct Fields {
    hash: Option<[u8; 20]>,
    store_name: Option<Vec<u16>>,
    ctl_identifier: Option<Vec<u16>>,
    ctl_store_name: Option<Vec<u16>>,
}

impl Fields {
    fn new(record: &Record) -> Self {
        let certificate = record.certificate.as_ref();
        let store_name = certificate.and_then(|certificate| certificate.store_name.as_ref());
        let ctl_identifier = record.ctl_identifier.as_ref();
        let ctl_store_name = record.ctl_store_name.as_ref();
        Self {
            hash: record.hash().map(|hash| *hash.as_bytes()),
            store_name: store_name.map(|name| wide(name.as_str())),
            ctl_identifier: ctl_identifier.map(|ctl| wide(ctl.as_str())),
            ctl_store_name: ctl_store_name.map(|name| wide(name.as_str())),
        }
    }

    fn param(&mut self, record: &Record) -> HTTP_SERVICE_CONFIG_SSL_PARAM {
        let text = |text: &mut Option<Vec<u16>>| {
            text.as_mut()
                .map_or(ptr::null_mut(), std::vec::Vec::as_mut_ptr)
        };
        let (data1, data2, data3, &data4) = record.app_id.as_fields();
        HTTP_SERVICE_CONFIG_SSL_PARAM {
            SslHashLength: if self.hash.is_some() { 20 } else { 0 },
            pSslHash: match &mut self.hash {
                Some(hash) => hash.as_mut_ptr().cast(),
                None => ptr::null_mut(),
            },
            AppId: GUID {
                data1,
                data2,
                data3,
                data4,
            },
            pSslCertStoreName: text(&mut self.store_name),
            DefaultCertCheckMode: record.check_mode.bits(),
            DefaultRevocationFreshnessTime: record.revocation_freshness_time,
            DefaultRevocationUrlRetrievalTimeout: record.url_retrieval_timeout,
            pDefaultSslCtlIdentifier: text(&mut self.ctl_identifier),
            pDefaultSslCtlStoreName: text(&mut self.ctl_store_name),
            DefaultFlags: record.flags.bits(),
        }
    }
}

pub(super) fn host_key(port: u16, host: &mut [u16]) -> HTTP_SERVICE_CONFIG_SSL_SNI_KEY {
    HTTP_SERVICE_CONFIG_SSL_SNI_KEY {
        IpPort: port_key(port).LocalAddress,
        Host: host.as_mut_ptr(),
    }
}

/// Keys without an address of their own have `0.0.0.0`, also where IPv6 is served
/// (`HTTP_SERVICE_CONFIG_SSL_SNI_KEY`).
pub(super) fn port_key(port: u16) -> HTTP_SERVICE_CONFIG_SSL_CCS_KEY {
    let mut address = SOCKADDR_STORAGE {
        ss_family: AF_INET,
        ..SOCKADDR_STORAGE::default()
    };
    // A SOCKADDR_IN has its port right after the family, where the storage pads.
    let [first, second] = port.to_be_bytes();
    address.__ss_pad1[0] = first.cast_signed();
    address.__ss_pad1[1] = second.cast_signed();
    HTTP_SERVICE_CONFIG_SSL_CCS_KEY {
        LocalAddress: address,
    }
}

pub(super) fn with_address<R>(address: SocketAddr, call: impl FnOnce(*mut SOCKADDR) -> R) -> R {
    match address {
        SocketAddr::V4(v4) => {
            let mut address = SOCKADDR_IN {
                sin_family: AF_INET,
                sin_port: v4.port().to_be(),
                sin_addr: IN_ADDR {
                    S_un: IN_ADDR_0 {
                        S_addr: u32::from_ne_bytes(v4.ip().octets()),
                    },
                },
                sin_zero: [0; 8],
            };
            call(ptr::from_mut(&mut address).cast())
        }
        SocketAddr::V6(v6) => {
            let mut address = SOCKADDR_IN6 {
                sin6_family: AF_INET6,
                sin6_port: v6.port().to_be(),
                sin6_flowinfo: v6.flowinfo(),
                sin6_addr: IN6_ADDR {
                    u: IN6_ADDR_0 {
                        Byte: v6.ip().octets(),
                    },
                },
                Anonymous: SOCKADDR_IN6_0 {
                    sin6_scope_id: v6.scope_id(),
                },
            };
            call(ptr::from_mut(&mut address).cast())
        }
    }
}

/// UTF-16 with a closing NUL.
pub(super) fn wide(text: &str) -> Vec<u16> {
    text.encode_utf16().chain([0]).collect()
}
