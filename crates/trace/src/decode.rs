//! Decodes the arguments of a call, and the answer of a query.

#![expect(unsafe_code, reason = "reads what C programs pass")]

use std::ffi::c_void;

use certbind_core::Kind;
use certbind_httpapi_abi::server::{
    Query, RequestError, read_delete, read_delete_property, read_query, read_query_property,
    read_service_delete, read_service_query, read_service_set, read_set, read_set_property,
};
use certbind_httpapi_abi::service::ServiceKind;
use certbind_httpapi_abi::{kind_of, property_kind_of, service_kind_of};
use windows_sys::Win32::Foundation::ERROR_SUCCESS;
use windows_sys::Win32::Networking::HttpServer::HTTP_SERVICE_CONFIG_ID;

use crate::entry::{Argument, KeyProperty, QueryResult};
use crate::replay::decode_buffer;

/// The argument of a set or an update.
///
/// # Safety
/// The arguments are valid for the function of the API.
pub(crate) unsafe fn set(
    id: HTTP_SERVICE_CONFIG_ID,
    information: *const c_void,
    length: u32,
) -> Argument {
    decoded(
        id,
        |kind| {
            // SAFETY: the caller's promise.
            unsafe { read_set(kind, information, length) }.map(Argument::Binding)
        },
        |kind| {
            // SAFETY: the caller's promise.
            let set = unsafe { read_set_property(kind, information, length) };
            set.map(|(key, property)| {
                let secret = format!("session ticket keys of {key}, without their values");
                let open = KeyProperty::open(key, property);
                open.map_or(Argument::Undecoded(secret), Argument::Property)
            })
        },
        |kind| {
            // SAFETY: the caller's promise.
            unsafe { read_service_set(kind, information, length) }.map(|set| set.to_string())
        },
    )
}

/// The argument of a deletion.
///
/// # Safety
/// The arguments are valid for the function of the API.
pub(crate) unsafe fn delete(
    id: HTTP_SERVICE_CONFIG_ID,
    information: *const c_void,
    length: u32,
) -> Argument {
    decoded(
        id,
        |kind| {
            // SAFETY: the caller's promise.
            unsafe { read_delete(kind, information, length) }.map(Argument::Key)
        },
        |kind| {
            // SAFETY: the caller's promise.
            let deletion = unsafe { read_delete_property(kind, information, length) };
            deletion.map(|(key, property)| Argument::PropertyKey { key, property })
        },
        |kind| {
            // SAFETY: the caller's promise.
            let key = unsafe { read_service_delete(kind, information, length) };
            key.map(|key| key.to_string())
        },
    )
}

/// The argument of a query.
///
/// # Safety
/// The arguments are valid for the function of the API.
pub(crate) unsafe fn query(
    id: HTTP_SERVICE_CONFIG_ID,
    input: *const c_void,
    input_length: u32,
) -> Argument {
    decoded(
        id,
        |kind| {
            // SAFETY: the caller's promise.
            let query = unsafe { read_query(kind, input, input_length) };
            query.map(|query| match query {
                Query::Exact(key) => Argument::Key(key),
                Query::Next(index) => Argument::Index(index),
            })
        },
        |kind| {
            // SAFETY: the caller's promise.
            let query = unsafe { read_query_property(kind, input, input_length) };
            query.map(|(query, property)| match query {
                Query::Exact(key) => Argument::PropertyKey { key, property },
                Query::Next(index) => Argument::PropertyIndex { index, property },
            })
        },
        |kind| {
            // SAFETY: the caller's promise.
            let query = unsafe { read_service_query(kind, input, input_length) };
            query.map(|query| query.to_string())
        },
    )
}

/// The answer of a query, if there is one that can be decoded.
///
/// # Safety
/// `output` is null or valid for reads of `length` bytes, all of which are initialized if `result`
/// is 0.
pub(crate) unsafe fn found(
    id: HTTP_SERVICE_CONFIG_ID,
    result: u32,
    output: *mut c_void,
    length: u32,
) -> Option<QueryResult> {
    if result != ERROR_SUCCESS || output.is_null() {
        return None;
    }
    // SAFETY: the caller's promise.
    let buffer = unsafe { std::slice::from_raw_parts(output.cast::<u8>(), length as usize) };
    decode_buffer(id, buffer)
}

/// The argument, unless one that is reserved was given as well.
pub(crate) fn unless(reserved: bool, argument: Argument) -> Argument {
    if reserved {
        return Argument::Undecoded("a reserved argument is not null".into());
    }
    argument
}

fn decoded(
    id: HTTP_SERVICE_CONFIG_ID,
    record: impl FnOnce(Kind) -> Result<Argument, RequestError>,
    property: impl FnOnce(Kind) -> Result<Argument, RequestError>,
    service: impl FnOnce(ServiceKind) -> Result<String, RequestError>,
) -> Argument {
    let read = if let Some(kind) = kind_of(id) {
        record(kind)
    } else if let Some(kind) = property_kind_of(id) {
        property(kind)
    } else if let Some(kind) = service_kind_of(id) {
        service(kind).map(Argument::Service)
    } else {
        return Argument::Undecoded("not a configuration of bindings".into());
    };
    read.unwrap_or_else(|fault| Argument::Undecoded(fault.to_string()))
}
