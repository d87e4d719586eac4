//! Decodes requests for extended properties from the C interface.

#![expect(unsafe_code, reason = "reads structures that C programs made")]

use std::ffi::c_void;

use certbind_core::{BindingKey, IpPort, Kind, Property, PropertyType};
use windows_sys::Win32::Networking::HttpServer::{
    HTTP_SERVICE_CONFIG_SSL_CCS_QUERY_EX, HTTP_SERVICE_CONFIG_SSL_CCS_SET_EX,
    HTTP_SERVICE_CONFIG_SSL_KEY_EX, HTTP_SERVICE_CONFIG_SSL_PARAM_EX,
    HTTP_SERVICE_CONFIG_SSL_QUERY_EX, HTTP_SERVICE_CONFIG_SSL_SET_EX,
    HTTP_SERVICE_CONFIG_SSL_SNI_QUERY_EX, HTTP_SERVICE_CONFIG_SSL_SNI_SET_EX,
    HTTP_SSL_SERVICE_CONFIG_EX_PARAM_TYPE,
};
use windows_sys::Win32::Networking::WinSock::{AF_INET, SOCKADDR_IN, SOCKADDR_IN6};

use super::property_value::value;
use super::request::{Query, any_address, host_port, is_ipv6, query_of, read, v4, v6};
use super::request_error::RequestError;

/// Reads the key and the property of a set or an update.
///
/// # Errors
/// [`RequestError`], with the invalid part.
///
/// # Safety
/// `information` is null, or valid for reads of `length` bytes. If those hold the structure of
/// `kind`, the pointers in it are null or valid for reads: of a host name up to its closing NUL or
/// its limit, and in the parameter for as many bytes as its type, counts and lengths specify.
pub unsafe fn read_set_property(
    kind: Kind,
    information: *const c_void,
    length: u32,
) -> Result<(BindingKey, Property), RequestError> {
    // SAFETY: the caller's guarantee.
    let (key, param) = unsafe { set(kind, information, length) }?;
    let property = property_type(param.ParamType)?;
    // SAFETY: the caller's guarantee for the pointers in it.
    let value = unsafe { value(property, &param.Anonymous) }?;
    let flags = param.Flags;
    Ok((key, Property { flags, value }))
}

/// Reads the property and the key of a deletion. The structure is that of a set; of its parameter
/// only the type is read.
///
/// # Errors
/// [`RequestError`], with the invalid part.
///
/// # Safety
/// As [`read_set_property`], of the key alone.
pub unsafe fn read_delete_property(
    kind: Kind,
    information: *const c_void,
    length: u32,
) -> Result<(BindingKey, PropertyType), RequestError> {
    // SAFETY: the caller's guarantee.
    let (key, param) = unsafe { set(kind, information, length) }?;
    Ok((key, property_type(param.ParamType)?))
}

/// Reads the property and the key that a query asks for. A next query's key may be anything, as may
/// an exact query's token.
///
/// # Errors
/// [`RequestError`], with the invalid part.
///
/// # Safety
/// As [`read_set_property`], of the query structure of `kind`, for an exact query.
pub unsafe fn read_query_property(
    kind: Kind,
    input: *const c_void,
    length: u32,
) -> Result<(Query, PropertyType), RequestError> {
    let (query, property) = match kind {
        Kind::IpPort => {
            // SAFETY: the caller's guarantee.
            let query = unsafe { read::<HTTP_SERVICE_CONFIG_SSL_QUERY_EX>(input, length) }?;
            let key = || ip_port(&query.KeyDesc);
            let asked = query_of(query.QueryDesc, query.dwToken, key);
            (asked?, query.ParamType)
        }
        Kind::Sni | Kind::ScopedCcs => {
            // SAFETY: the caller's guarantee.
            let query = unsafe { read::<HTTP_SERVICE_CONFIG_SSL_SNI_QUERY_EX>(input, length) }?;
            let asked = query_of(query.QueryDesc, query.dwToken, || {
                // SAFETY: the caller's guarantee for the pointer in it.
                unsafe { host_port(kind, &query.KeyDesc) }.map(|(key, _)| key)
            });
            (asked?, query.ParamType)
        }
        Kind::Ccs => {
            // SAFETY: the caller's guarantee.
            let query = unsafe { read::<HTTP_SERVICE_CONFIG_SSL_CCS_QUERY_EX>(input, length) }?;
            let key = || any_address(&query.KeyDesc.LocalAddress).map(BindingKey::Ccs);
            let asked = query_of(query.QueryDesc, query.dwToken, key);
            (asked?, query.ParamType)
        }
    };
    Ok((query, property_type(property)?))
}

/// # Safety
/// As [`read_set_property`], of the key.
unsafe fn set(
    kind: Kind,
    information: *const c_void,
    length: u32,
) -> Result<(BindingKey, HTTP_SERVICE_CONFIG_SSL_PARAM_EX), RequestError> {
    match kind {
        Kind::IpPort => {
            // SAFETY: the caller's guarantee.
            let set = unsafe { read::<HTTP_SERVICE_CONFIG_SSL_SET_EX>(information, length) }?;
            Ok((ip_port(&set.KeyDesc)?, set.ParamDesc))
        }
        Kind::Sni | Kind::ScopedCcs => {
            // SAFETY: the caller's guarantee.
            let set = unsafe { read::<HTTP_SERVICE_CONFIG_SSL_SNI_SET_EX>(information, length) }?;
            // SAFETY: the caller's guarantee for the pointer in it.
            let (key, _) = unsafe { host_port(kind, &set.KeyDesc) }?;
            Ok((key, set.ParamDesc))
        }
        Kind::Ccs => {
            // SAFETY: the caller's guarantee.
            let set = unsafe { read::<HTTP_SERVICE_CONFIG_SSL_CCS_SET_EX>(information, length) }?;
            let port = any_address(&set.KeyDesc.LocalAddress)?;
            Ok((BindingKey::Ccs(port), set.ParamDesc))
        }
    }
}

/// The address of a key that has it in itself.
fn ip_port(key: &HTTP_SERVICE_CONFIG_SSL_KEY_EX) -> Result<BindingKey, RequestError> {
    let storage = &raw const key.IpPort;
    let address = match key.IpPort.ss_family {
        AF_INET => {
            // SAFETY: the storage is longer than an IPv4 address, and any bytes make one.
            v4(unsafe { storage.cast::<SOCKADDR_IN>().read_unaligned() })
        }
        family if is_ipv6(family) => {
            // SAFETY: the storage is longer than an IPv6 address, and any bytes make one.
            v6(unsafe { storage.cast::<SOCKADDR_IN6>().read_unaligned() })
        }
        found => return Err(RequestError::Family { found }),
    };
    Ok(BindingKey::IpPort(IpPort::new(address)?))
}

fn property_type(
    found: HTTP_SSL_SERVICE_CONFIG_EX_PARAM_TYPE,
) -> Result<PropertyType, RequestError> {
    PropertyType::from_number(found.cast_unsigned()).ok_or(RequestError::PropertyType { found })
}
