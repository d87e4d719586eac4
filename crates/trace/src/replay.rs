//! Making the calls of a trace again.

#![expect(unsafe_code, reason = "calls a C interface")]

use std::ffi::c_void;
use std::ptr::{null, null_mut};

use certbind_httpapi_abi::HttpApi;
use certbind_httpapi_abi::client::{
    PropertyQuery, Query, Request, read_property, read_record, with_delete, with_delete_property,
    with_query, with_query_property, with_service_delete, with_service_query, with_service_set,
    with_set, with_set_property,
};
use certbind_httpapi_abi::{kind_of, property_kind_of};
use windows_sys::Win32::Foundation::{ERROR_INSUFFICIENT_BUFFER, ERROR_MORE_DATA, ERROR_SUCCESS};
use windows_sys::Win32::Networking::HttpServer::{HTTP_SERVICE_CONFIG_ID, HTTPAPI_VERSION};

use crate::entry::{Argument, Entry, Function, KeyProperty, QueryResult};

/// The result of replaying a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReplayOutcome {
    /// The answer equals that of the trace, as far as the trace contains it.
    Same,
    /// The answer differs.
    Differs {
        /// The code.
        result: u32,
        /// The answer of a query.
        found: Option<QueryResult>,
    },
    /// The call was not made: the trace does not contain its argument.
    Left,
}

/// More bytes than any record takes. A trace of unknown origin may state a buffer larger than the
/// available memory.
const MAX_BUFFER: u32 = 1 << 20;

/// Makes the calls of a trace again, one after the other.
///
/// A query is made with a buffer of the recorded size, except that one which returned a record gets
/// a buffer for any record: the size of a record differs between Windows and the simulator. Calls
/// of several processes in one trace are made in the order of its lines, to one API.
pub fn replay<'a>(
    api: &'a dyn HttpApi,
    entries: &'a [(usize, Entry)],
) -> impl Iterator<Item = ReplayOutcome> + 'a {
    entries.iter().map(|(_, entry)| match call(api, entry) {
        None => ReplayOutcome::Left,
        Some((result, found)) if agrees(entry, result, found.as_ref()) => ReplayOutcome::Same,
        Some((result, found)) => ReplayOutcome::Differs { result, found },
    })
}

/// The trace may lack the answer of a query: some programs request no length.
fn agrees(entry: &Entry, result: u32, found: Option<&QueryResult>) -> bool {
    result == entry.result && (entry.found.is_none() || entry.found.as_ref() == found)
}

fn call(api: &dyn HttpApi, entry: &Entry) -> Option<(u32, Option<QueryResult>)> {
    let result = match (&entry.call, &entry.argument) {
        (
            Function::Initialize,
            Argument::Version {
                major,
                minor,
                flags,
            },
        ) => {
            let version = HTTPAPI_VERSION {
                HttpApiMajorVersion: *major,
                HttpApiMinorVersion: *minor,
            };
            // SAFETY: the reserved argument is null.
            unsafe { api.initialize(version, *flags, null_mut()) }
        }
        (Function::Terminate, Argument::Flags(flags)) => {
            // SAFETY: the reserved argument is null.
            unsafe { api.terminate(*flags, null_mut()) }
        }
        (function, Argument::Binding(binding)) => {
            with_set(binding, |request| change(api, function, request))?
        }
        (function, Argument::Property(KeyProperty { key, property })) => {
            with_set_property(key, None, property, |request| {
                change(api, function, request)
            })?
        }
        (Function::Delete, Argument::Key(key)) => {
            with_delete(key, None, |request| change(api, &entry.call, request))?
        }
        (Function::Delete, Argument::PropertyKey { key, property }) => {
            with_delete_property(key, None, *property, |request| {
                change(api, &entry.call, request)
            })?
        }
        (Function::Query, Argument::PropertyKey { key, property }) => {
            let query = PropertyQuery::Exact {
                key,
                host_spelling: None,
                property: *property,
            };
            return Some(with_query_property(query, |request| {
                queried(api, request, entry)
            }));
        }
        (Function::Query, Argument::PropertyIndex { index, property }) => {
            let query = PropertyQuery::Next {
                kind: property_kind_of(entry.id?)?,
                token: *index,
                property: *property,
            };
            return Some(with_query_property(query, |request| {
                queried(api, request, entry)
            }));
        }
        (Function::Query, Argument::Key(key)) => {
            let query = Query::Exact {
                key,
                host_spelling: None,
            };
            return Some(with_query(query, |request| queried(api, request, entry)));
        }
        (Function::Query, Argument::Index(token)) => {
            let kind = kind_of(entry.id?)?;
            let query = Query::Next {
                kind,
                token: *token,
            };
            return Some(with_query(query, |request| queried(api, request, entry)));
        }
        (Function::Query, Argument::Service(what)) => {
            with_service_query(&what.parse().ok()?, |request| {
                let (mut buffer, bytes) = room(api, request, entry);
                ask_for(api, request, &mut buffer, bytes).0
            })
        }
        (Function::Delete, Argument::Service(what)) => {
            with_service_delete(&what.parse().ok()?, |request| {
                change(api, &entry.call, request)
            })?
        }
        (function, Argument::Service(what)) => with_service_set(&what.parse().ok()?, |request| {
            change(api, function, request)
        })?,
        _ => return None,
    };
    Some((result, None))
}

/// A call that takes a set structure; none of another function.
fn change(api: &dyn HttpApi, function: &Function, request: Request) -> Option<u32> {
    let Request {
        id,
        pointer,
        length,
    } = request;
    Some(match function {
        // SAFETY: the request is a structure of this id, there while the closure runs.
        Function::Set => unsafe { api.set(null_mut(), id, pointer, length, null()) },
        // SAFETY: as above.
        Function::Update => unsafe { api.update(null_mut(), id, pointer, length, null()) },
        // SAFETY: as above.
        Function::Delete => unsafe { api.delete(null_mut(), id, pointer, length, null()) },
        _ => return None,
    })
}

fn queried(api: &dyn HttpApi, request: Request, entry: &Entry) -> (u32, Option<QueryResult>) {
    let (mut buffer, bytes) = room(api, request, entry);
    let (result, _) = ask_for(api, request, &mut buffer, bytes);
    (result, found(request.id, result, &buffer))
}

/// The buffer for an answer, and the length to pass: the whole buffer if the recorded query
/// succeeded, and otherwise as little as the program passed.
fn room(api: &dyn HttpApi, request: Request, entry: &Entry) -> (Vec<u64>, u32) {
    // Of words, so that it has the alignment of records.
    let words = |bytes: u32| vec![0_u64; (bytes as usize).div_ceil(size_of::<u64>())];
    if entry.result != ERROR_SUCCESS {
        let bytes = entry.room.unwrap_or(0).min(MAX_BUFFER);
        return (words(bytes), bytes);
    }
    let buffer = words(ask_for(api, request, &mut [], 0).1);
    let bytes = u32::try_from(size_of_val(&*buffer)).unwrap_or(u32::MAX);
    (buffer, bytes)
}

/// The answer of a query that returned 0.
fn found(id: HTTP_SERVICE_CONFIG_ID, result: u32, buffer: &[u64]) -> Option<QueryResult> {
    if result != ERROR_SUCCESS {
        return None;
    }
    let length = size_of_val(buffer);
    // SAFETY: the same memory, as bytes.
    let bytes = unsafe { std::slice::from_raw_parts(buffer.as_ptr().cast::<u8>(), length) };
    decode_buffer(id, bytes)
}

/// The answer of a query in a buffer, if it can be decoded and recorded.
pub(crate) fn decode_buffer(id: HTTP_SERVICE_CONFIG_ID, bytes: &[u8]) -> Option<QueryResult> {
    if let Some(kind) = kind_of(id) {
        return read_record(kind, bytes).ok().map(QueryResult::Binding);
    }
    let (key, property) = read_property(property_kind_of(id)?, bytes).ok()?;
    KeyProperty::open(key, property).map(QueryResult::Property)
}

/// The code and, where that is 122 (for timeouts 234), how many bytes it takes.
fn ask_for(api: &dyn HttpApi, request: Request, buffer: &mut [u64], bytes: u32) -> (u32, u32) {
    let bytes = bytes.min(u32::try_from(size_of_val(buffer)).unwrap_or(u32::MAX));
    let output = if bytes == 0 {
        null_mut()
    } else {
        buffer.as_mut_ptr().cast::<c_void>()
    };
    let mut needed = 0;
    // SAFETY: the request is valid while the closure runs that borrows it, and the buffer has at
    // least so many bytes.
    let result = unsafe {
        api.query(
            null_mut(),
            request.id,
            request.pointer,
            request.length,
            output,
            bytes,
            &raw mut needed,
            null(),
        )
    };
    let needed = if matches!(result, ERROR_INSUFFICIENT_BUFFER | ERROR_MORE_DATA) {
        needed
    } else {
        0
    };
    (result, needed)
}
