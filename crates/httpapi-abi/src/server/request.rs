//! Decodes requests from the C interface.

#![expect(unsafe_code, reason = "reads structures that C programs made")]

use std::ffi::c_void;
use std::mem::size_of;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};
use std::ptr;

use certbind_core::{
    Binding, BindingKey, CertCheckMode, CertHash, Certificate, CtlIdentifier, Host, HostPort,
    IpPort, Kind, MAX_HOST_LENGTH, Port, Record, SslFlags, StoreName, Uuid,
};
use windows_sys::Win32::Networking::HttpServer::{
    HTTP_SERVICE_CONFIG_QUERY_TYPE, HTTP_SERVICE_CONFIG_SSL_CCS_QUERY,
    HTTP_SERVICE_CONFIG_SSL_CCS_SET, HTTP_SERVICE_CONFIG_SSL_KEY, HTTP_SERVICE_CONFIG_SSL_PARAM,
    HTTP_SERVICE_CONFIG_SSL_QUERY, HTTP_SERVICE_CONFIG_SSL_SET, HTTP_SERVICE_CONFIG_SSL_SNI_KEY,
    HTTP_SERVICE_CONFIG_SSL_SNI_QUERY, HTTP_SERVICE_CONFIG_SSL_SNI_SET,
    HttpServiceConfigQueryExact, HttpServiceConfigQueryNext,
};
use windows_sys::Win32::Networking::WinSock::{
    ADDRESS_FAMILY, AF_INET, AF_INET6, SOCKADDR_IN, SOCKADDR_IN6, SOCKADDR_STORAGE,
};

use super::request_error::RequestError;

/// The kind of a query and its key or token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Query {
    /// The record of a key (`HttpServiceConfigQueryExact`).
    Exact(BindingKey),
    /// The record at an index (`HttpServiceConfigQueryNext`): the query's `dwToken`.
    Next(u32),
}

/// Reads the binding of a set or an update.
///
/// An empty store name or CTL string is taken as a null one.
///
/// # Errors
/// [`RequestError`], with the invalid part.
///
/// # Safety
/// `information` is null, or valid for reads of `length` bytes. If those hold the structure of
/// `kind`, the pointers in it are null or valid for reads: of an address of the family that it
/// begins with, of `SslHashLength` bytes, of strings up to their closing NUL or their limit.
pub unsafe fn read_set(
    kind: Kind,
    information: *const c_void,
    length: u32,
) -> Result<Binding, RequestError> {
    let (key, spelling, param) = match kind {
        Kind::IpPort => {
            // SAFETY: the caller's guarantee.
            let set = unsafe { read::<HTTP_SERVICE_CONFIG_SSL_SET>(information, length) }?;
            // SAFETY: the caller's guarantee for the pointer in it.
            let key = unsafe { ip_port(&set.KeyDesc) }?;
            (key, None, set.ParamDesc)
        }
        Kind::Sni | Kind::ScopedCcs => {
            // SAFETY: the caller's guarantee.
            let set = unsafe { read::<HTTP_SERVICE_CONFIG_SSL_SNI_SET>(information, length) }?;
            // SAFETY: the caller's guarantee for the pointer in it.
            let (key, spelling) = unsafe { host_port(kind, &set.KeyDesc) }?;
            (key, Some(spelling), set.ParamDesc)
        }
        Kind::Ccs => {
            // SAFETY: the caller's guarantee.
            let set = unsafe { read::<HTTP_SERVICE_CONFIG_SSL_CCS_SET>(information, length) }?;
            let key = BindingKey::Ccs(any_address(&set.KeyDesc.LocalAddress)?);
            (key, None, set.ParamDesc)
        }
    };
    // SAFETY: the caller's guarantee for the pointers in it.
    let binding = Binding::new(key, unsafe { record(&param) }?)?;
    match spelling {
        Some(host) => Ok(binding.with_host_spelling(&host)?),
        None => Ok(binding),
    }
}

/// Reads the key of a deletion. The structure is that of a set; its record is not read.
///
/// # Errors
/// [`RequestError`], with the invalid part.
///
/// # Safety
/// As [`read_set`], of the key alone.
pub unsafe fn read_delete(
    kind: Kind,
    information: *const c_void,
    length: u32,
) -> Result<BindingKey, RequestError> {
    match kind {
        Kind::IpPort => {
            // SAFETY: the caller's guarantee.
            let set = unsafe { read::<HTTP_SERVICE_CONFIG_SSL_SET>(information, length) }?;
            // SAFETY: the caller's guarantee for the pointer in it.
            unsafe { ip_port(&set.KeyDesc) }
        }
        Kind::Sni | Kind::ScopedCcs => {
            // SAFETY: the caller's guarantee.
            let set = unsafe { read::<HTTP_SERVICE_CONFIG_SSL_SNI_SET>(information, length) }?;
            // SAFETY: the caller's guarantee for the pointer in it.
            unsafe { host_port(kind, &set.KeyDesc) }.map(|(key, _)| key)
        }
        Kind::Ccs => {
            // SAFETY: the caller's guarantee.
            let set = unsafe { read::<HTTP_SERVICE_CONFIG_SSL_CCS_SET>(information, length) }?;
            any_address(&set.KeyDesc.LocalAddress).map(BindingKey::Ccs)
        }
    }
}

/// Reads a query. Only the fields that its type requires are read: a next query's key may be
/// anything, as may an exact query's token.
///
/// # Errors
/// [`RequestError`], with the invalid part.
///
/// # Safety
/// As [`read_set`], of the query structure of `kind`, for an exact query.
pub unsafe fn read_query(
    kind: Kind,
    input: *const c_void,
    length: u32,
) -> Result<Query, RequestError> {
    match kind {
        Kind::IpPort => {
            // SAFETY: the caller's guarantee.
            let query = unsafe { read::<HTTP_SERVICE_CONFIG_SSL_QUERY>(input, length) }?;
            query_of(query.QueryDesc, query.dwToken, || {
                // SAFETY: the caller's guarantee for the pointer in it.
                unsafe { ip_port(&query.KeyDesc) }
            })
        }
        Kind::Sni | Kind::ScopedCcs => {
            // SAFETY: the caller's guarantee.
            let query = unsafe { read::<HTTP_SERVICE_CONFIG_SSL_SNI_QUERY>(input, length) }?;
            query_of(query.QueryDesc, query.dwToken, || {
                // SAFETY: the caller's guarantee for the pointer in it.
                unsafe { host_port(kind, &query.KeyDesc) }.map(|(key, _)| key)
            })
        }
        Kind::Ccs => {
            // SAFETY: the caller's guarantee.
            let query = unsafe { read::<HTTP_SERVICE_CONFIG_SSL_CCS_QUERY>(input, length) }?;
            query_of(query.QueryDesc, query.dwToken, || {
                any_address(&query.KeyDesc.LocalAddress).map(BindingKey::Ccs)
            })
        }
    }
}

#[expect(non_upper_case_globals, reason = "the constants are spelled so")]
pub(super) fn query_of(
    query: HTTP_SERVICE_CONFIG_QUERY_TYPE,
    token: u32,
    key: impl FnOnce() -> Result<BindingKey, RequestError>,
) -> Result<Query, RequestError> {
    match query {
        HttpServiceConfigQueryExact => key().map(Query::Exact),
        HttpServiceConfigQueryNext => Ok(Query::Next(token)),
        found => Err(RequestError::QueryType { found }),
    }
}

/// # Safety
/// `pointer` is null or valid for reads of `length` bytes, and any bytes make a `T`.
pub(super) unsafe fn read<T: Copy>(pointer: *const c_void, length: u32) -> Result<T, RequestError> {
    if pointer.is_null() {
        let what = "the structure";
        return Err(RequestError::Null { what });
    }
    let needed = u32::try_from(size_of::<T>()).unwrap_or(u32::MAX);
    if length < needed {
        let found = length;
        return Err(RequestError::Short { found, needed });
    }
    // SAFETY: the caller's guarantee, for at least as many bytes as a `T` has.
    Ok(unsafe { pointer.cast::<T>().read_unaligned() })
}

/// # Safety
/// The pointer in `key` is null or valid for reads of an address of the family it begins with.
unsafe fn ip_port(key: &HTTP_SERVICE_CONFIG_SSL_KEY) -> Result<BindingKey, RequestError> {
    let address = key.pIpPort;
    if address.is_null() {
        let what = "the address of the key";
        return Err(RequestError::Null { what });
    }
    // SAFETY: every address begins with its family.
    let family = unsafe { address.cast::<ADDRESS_FAMILY>().read_unaligned() };
    let address = match family {
        AF_INET => {
            // SAFETY: the caller's guarantee for this family.
            v4(unsafe { address.cast::<SOCKADDR_IN>().read_unaligned() })
        }
        family if is_ipv6(family) => {
            // SAFETY: the caller's guarantee for this family.
            v6(unsafe { address.cast::<SOCKADDR_IN6>().read_unaligned() })
        }
        found => return Err(RequestError::Family { found }),
    };
    Ok(BindingKey::IpPort(IpPort::new(address)?))
}

/// The number of IPv6 on Linux, which .NET writes there.
const LINUX_AF_INET6: ADDRESS_FAMILY = 10;

/// Whether this is the family of IPv6: by the number of Windows, and in libraries for Linux by that of Linux too.
pub(super) fn is_ipv6(family: ADDRESS_FAMILY) -> bool {
    family == AF_INET6 || is_linux_ipv6(family)
}

fn is_linux_ipv6(family: ADDRESS_FAMILY) -> bool {
    cfg!(target_os = "linux") && family == LINUX_AF_INET6
}

/// The family in which an exact query for a record names its IPv6 address, if it is not the one of Windows. The
/// answer is given in the same.
///
/// # Safety
/// As [`read_query`], which has taken `input`.
#[must_use]
pub unsafe fn foreign_family_of_query(kind: Kind, input: *const c_void) -> Option<u16> {
    if kind != Kind::IpPort {
        return None;
    }
    let query = input.cast::<HTTP_SERVICE_CONFIG_SSL_QUERY>();
    // SAFETY: `read_query` has read the whole structure.
    let query = unsafe { query.read_unaligned() };
    let address = query.KeyDesc.pIpPort;
    if query.QueryDesc != HttpServiceConfigQueryExact || address.is_null() {
        return None;
    }
    // SAFETY: `read_query` has read an address there, which begins with its family.
    let family = unsafe { address.cast::<ADDRESS_FAMILY>().read_unaligned() };
    is_linux_ipv6(family).then_some(family)
}

/// # Safety
/// The host in `key` is null or valid for reads up to its NUL or the limit.
pub(super) unsafe fn host_port(
    kind: Kind,
    key: &HTTP_SERVICE_CONFIG_SSL_SNI_KEY,
) -> Result<(BindingKey, String), RequestError> {
    let port = any_address(&key.IpPort)?;
    let what = "the host name";
    // SAFETY: the caller's guarantee.
    let spelling = unsafe { text(key.Host, what, MAX_HOST_LENGTH) }?;
    let spelling = spelling.ok_or(RequestError::Null { what })?;
    let endpoint = HostPort::new(Host::new(&spelling)?, port);
    let key = match kind {
        Kind::ScopedCcs => BindingKey::ScopedCcs(endpoint),
        _ => BindingKey::Sni(endpoint),
    };
    Ok((key, spelling))
}

/// The port of an address that has to be `0.0.0.0`, for either version of IP.
pub(super) fn any_address(storage: &SOCKADDR_STORAGE) -> Result<Port, RequestError> {
    if storage.ss_family != AF_INET {
        let found = storage.ss_family;
        return Err(RequestError::Family { found });
    }
    // SAFETY: the storage is longer than an IPv4 address, and any bytes make one.
    let address = unsafe {
        ptr::from_ref(storage)
            .cast::<SOCKADDR_IN>()
            .read_unaligned()
    };
    match v4(address) {
        SocketAddr::V4(found) if !found.ip().is_unspecified() => {
            Err(RequestError::Address { found: *found.ip() })
        }
        address => Ok(Port::new(address.port())?),
    }
}

pub(super) fn v4(address: SOCKADDR_IN) -> SocketAddr {
    // SAFETY: every member of the union has the same four bytes.
    let octets = unsafe { address.sin_addr.S_un.S_addr }.to_ne_bytes();
    SocketAddr::from((Ipv4Addr::from(octets), u16::from_be(address.sin_port)))
}

pub(super) fn v6(address: SOCKADDR_IN6) -> SocketAddr {
    // SAFETY: every member of the union has the same sixteen bytes.
    let octets = unsafe { address.sin6_addr.u.Byte };
    // SAFETY: every member of the union has the same four bytes.
    let scope = unsafe { address.Anonymous.sin6_scope_id };
    let port = u16::from_be(address.sin6_port);
    let flow = address.sin6_flowinfo;
    SocketAddr::V6(SocketAddrV6::new(Ipv6Addr::from(octets), port, flow, scope))
}

/// # Safety
/// The pointers in `param` are null or valid for reads: of `SslHashLength` bytes, of strings up to
/// their NUL or their limit.
unsafe fn record(param: &HTTP_SERVICE_CONFIG_SSL_PARAM) -> Result<Record, RequestError> {
    // SAFETY: the caller's guarantee.
    let hash = unsafe { hash(param) }?;
    let store = param.pSslCertStoreName;
    // SAFETY: the caller's guarantee.
    let store = unsafe { store_name(store, "the certificate store name") }?;
    let ctl_store = param.pDefaultSslCtlStoreName;
    // SAFETY: the caller's guarantee.
    let ctl_store = unsafe { store_name(ctl_store, "the CTL store name") }?;
    let ctl = param.pDefaultSslCtlIdentifier;
    // SAFETY: the caller's guarantee.
    let ctl = unsafe { text(ctl, "the CTL identifier", CtlIdentifier::MAX_LENGTH) }?;
    let guid = &param.AppId;
    let app_id = Uuid::from_fields(guid.data1, guid.data2, guid.data3, &guid.data4);
    let certificate = hash.map(|hash| Certificate::new(hash).with_store_name(store));
    let ctl = ctl.as_deref().map(CtlIdentifier::new).transpose()?;
    Ok(Record::central(app_id)
        .with_certificate(certificate)
        .with_check_mode(CertCheckMode::from_bits_retain(param.DefaultCertCheckMode))
        .with_revocation_freshness_time(param.DefaultRevocationFreshnessTime)
        .with_url_retrieval_timeout(param.DefaultRevocationUrlRetrievalTimeout)
        .with_ctl_identifier(ctl)
        .with_ctl_store_name(ctl_store)
        .with_flags(SslFlags::from_bits_retain(param.DefaultFlags)))
}

/// # Safety
/// The hash in `param` is null or valid for reads of `SslHashLength` bytes.
unsafe fn hash(param: &HTTP_SERVICE_CONFIG_SSL_PARAM) -> Result<Option<CertHash>, RequestError> {
    let found = param.SslHashLength;
    if found == 0 {
        return Ok(None);
    }
    if usize::try_from(found) != Ok(CertHash::LENGTH) {
        return Err(RequestError::Hash { found });
    }
    if param.pSslHash.is_null() {
        let what = "the hash";
        return Err(RequestError::Null { what });
    }
    let bytes = param.pSslHash.cast::<[u8; CertHash::LENGTH]>();
    // SAFETY: the caller's guarantee, for the length that was checked.
    Ok(Some(CertHash::new(unsafe { bytes.read_unaligned() })))
}

/// # Safety
/// As [`text`].
unsafe fn store_name(
    pointer: *const u16,
    what: &'static str,
) -> Result<Option<StoreName>, RequestError> {
    // SAFETY: the caller's guarantee.
    let name = unsafe { text(pointer, what, StoreName::MAX_LENGTH) }?;
    Ok(name.as_deref().map(StoreName::new).transpose()?)
}

/// A string of at most `limit` units before its NUL. Null and empty are both none.
///
/// # Safety
/// `pointer` is null, or valid for reads up to a NUL or of `limit` units and one more.
pub(super) unsafe fn text(
    pointer: *const u16,
    what: &'static str,
    limit: usize,
) -> Result<Option<String>, RequestError> {
    if pointer.is_null() {
        return Ok(None);
    }
    let mut units = Vec::new();
    for i in 0..=limit {
        // SAFETY: no unit before it was the NUL, and it is within the limit.
        let unit = unsafe { pointer.wrapping_add(i).read_unaligned() };
        if unit == 0 {
            let text = String::from_utf16(&units).map_err(|_| RequestError::Utf16 { what })?;
            return Ok(Some(text).filter(|text| !text.is_empty()));
        }
        units.push(unit);
    }
    Err(RequestError::Unterminated { what, limit })
}
