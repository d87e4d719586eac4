//! Making the calls of a trace again.

#![expect(unsafe_code, reason = "calls a C interface")]

use std::ffi::c_void;
use std::ptr::{null, null_mut};

use backend_httpsys::HttpApi;
use backend_httpsys::abi::client::{
    Query, Request, read_record, with_delete, with_query, with_service_delete, with_service_query,
    with_service_set, with_set,
};
use backend_httpsys::abi::kind_of;
use store_core::{Binding, Kind};
use windows_sys::Win32::Foundation::{ERROR_INSUFFICIENT_BUFFER, ERROR_MORE_DATA, ERROR_SUCCESS};
use windows_sys::Win32::Networking::HttpServer::HTTPAPI_VERSION;

use crate::entry::{Argument, Entry, Function};

/// What became of a call of a trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Replayed {
    /// It was answered as in the trace.
    Same,
    /// It was answered otherwise.
    Differs {
        /// The code.
        result: u32,
        /// The record that a query gave.
        found: Option<Binding>,
    },
    /// It was not made: what it was called with is not in the trace.
    Left,
}

/// Makes the calls of a trace again, one after the other.
///
/// A query is made with as much room as it had, except that one which gave a record has room
/// for any: how much room a record takes differs between Windows and the simulator. Of several
/// processes in one trace the calls come in the order of its lines, to one API.
pub fn replay<'a>(
    api: &'a dyn HttpApi,
    entries: &'a [(usize, Entry)],
) -> impl Iterator<Item = Replayed> + 'a {
    entries.iter().map(|(_, entry)| match call(api, entry) {
        None => Replayed::Left,
        Some((result, found)) if result == entry.result && found == entry.found => Replayed::Same,
        Some((result, found)) => Replayed::Differs { result, found },
    })
}

fn call(api: &dyn HttpApi, entry: &Entry) -> Option<(u32, Option<Binding>)> {
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
        (Function::Set, Argument::Binding(binding)) => with_set(binding, |request| {
            let Request {
                id,
                pointer,
                length,
            } = request;
            // SAFETY: the request is a structure of this id, there while the closure runs.
            unsafe { api.set(null_mut(), id, pointer, length, null()) }
        }),
        (Function::Update, Argument::Binding(binding)) => with_set(binding, |request| {
            let Request {
                id,
                pointer,
                length,
            } = request;
            // SAFETY: as above.
            unsafe { api.update(null_mut(), id, pointer, length, null()) }
        }),
        (Function::Delete, Argument::Key(key)) => with_delete(key, None, |request| {
            let Request {
                id,
                pointer,
                length,
            } = request;
            // SAFETY: as above.
            unsafe { api.delete(null_mut(), id, pointer, length, null()) }
        }),
        (Function::Query, Argument::Key(key)) => {
            let query = Query::Exact {
                key,
                host_spelling: None,
            };
            return Some(queried(api, key.kind(), query, entry));
        }
        (Function::Query, Argument::Index(token)) => {
            let kind = kind_of(entry.id?)?;
            let query = Query::Next {
                kind,
                token: *token,
            };
            return Some(queried(api, kind, query, entry));
        }
        (function, Argument::Service(what)) => service(api, function, what, entry)?,
        _ => return None,
    };
    Some((result, None))
}

/// A call about something else than bindings, which the line of the trace says whole.
fn service(api: &dyn HttpApi, function: &Function, what: &str, entry: &Entry) -> Option<u32> {
    Some(match function {
        Function::Set => with_service_set(&what.parse().ok()?, |request| {
            let Request {
                id,
                pointer,
                length,
            } = request;
            // SAFETY: the request is a structure of this id, there while the closure runs.
            unsafe { api.set(null_mut(), id, pointer, length, null()) }
        }),
        Function::Update => with_service_set(&what.parse().ok()?, |request| {
            let Request {
                id,
                pointer,
                length,
            } = request;
            // SAFETY: as above.
            unsafe { api.update(null_mut(), id, pointer, length, null()) }
        }),
        Function::Delete => with_service_delete(&what.parse().ok()?, |request| {
            let Request {
                id,
                pointer,
                length,
            } = request;
            // SAFETY: as above.
            unsafe { api.delete(null_mut(), id, pointer, length, null()) }
        }),
        Function::Query => with_service_query(&what.parse().ok()?, |request| {
            let (mut buffer, bytes) = room(api, request, entry);
            ask_for(api, request, &mut buffer, bytes).0
        }),
        _ => return None,
    })
}

fn queried(
    api: &dyn HttpApi,
    kind: Kind,
    query: Query<'_>,
    entry: &Entry,
) -> (u32, Option<Binding>) {
    with_query(query, |request| {
        let (mut buffer, bytes) = room(api, request, entry);
        let (result, _) = ask_for(api, request, &mut buffer, bytes);
        (result, found(kind, result, &buffer))
    })
}

/// The room for an answer, and how much of it to tell: all that it takes where it was had, and
/// otherwise as little as there was.
fn room(api: &dyn HttpApi, request: Request, entry: &Entry) -> (Vec<u64>, u32) {
    // Of words, so that it is aligned as records want it.
    let words = |bytes: u32| vec![0_u64; (bytes as usize).div_ceil(size_of::<u64>())];
    if entry.result != ERROR_SUCCESS {
        let bytes = entry.room.unwrap_or(0);
        return (words(bytes), bytes);
    }
    let buffer = words(ask_for(api, request, &mut [], 0).1);
    let bytes = u32::try_from(size_of_val(&*buffer)).unwrap_or(u32::MAX);
    (buffer, bytes)
}

/// The record that an answer of 0 stands for.
fn found(kind: Kind, result: u32, buffer: &[u64]) -> Option<Binding> {
    if result != ERROR_SUCCESS {
        return None;
    }
    let length = size_of_val(buffer);
    // SAFETY: the same memory, as bytes.
    let bytes = unsafe { std::slice::from_raw_parts(buffer.as_ptr().cast::<u8>(), length) };
    read_record(kind, bytes).ok()
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
    // SAFETY: the request is there while the closure runs that it was lent to, and the buffer has
    // at least so many bytes.
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
