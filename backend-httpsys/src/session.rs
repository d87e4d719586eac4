//! The functions of the HTTP Server API with their arguments in order: what the store calls.

#![expect(unsafe_code, reason = "calls the HTTP Server API")]

use std::ptr;
use std::slice;
use std::sync::atomic::{AtomicBool, Ordering};

use certbind_core::{Binding, BindingKey, Kind, PropertyType, Result, StoreError};
use certbind_httpapi_abi::win32::{self, Win32Error};
use windows_sys::Win32::Foundation::{ERROR_INSUFFICIENT_BUFFER, NO_ERROR};
use windows_sys::Win32::Networking::HttpServer::{HTTP_INITIALIZE_CONFIG, HTTPAPI_VERSION};

use certbind_httpapi_abi::HttpApi;
use certbind_httpapi_abi::client::{
    PropertyQuery, Query, Request, read_record, with_delete, with_query, with_query_property,
    with_set,
};

/// Configuration takes version 1.0, also for the kinds of record that came later.
const VERSION_1: HTTPAPI_VERSION = HTTPAPI_VERSION {
    HttpApiMajorVersion: 1,
    HttpApiMinorVersion: 0,
};

/// How often a query is made again with the room that it asked for, in case a record grows.
const QUERY_ATTEMPTS: u32 = 8;

/// The room that a query starts with, in bytes: enough for any record without a long CTL.
const INITIAL_BUFFER: u32 = 1024;

/// The most room that a query is given: several times the largest record.
const MAX_BUFFER: u32 = 1024 * 1024;

/// An HTTP Server API that has been initialised, and is terminated in the end.
pub(crate) struct Session<A: HttpApi> {
    api: A,
    updates: AtomicBool,
    has_properties: bool,
}

impl<A: HttpApi> Session<A> {
    pub(crate) fn initialize(api: A) -> Result<Self> {
        // SAFETY: there is nothing to point to.
        let code = unsafe { api.initialize(VERSION_1, HTTP_INITIALIZE_CONFIG, ptr::null_mut()) };
        if code != NO_ERROR {
            return Err(failed("initialising the HTTP Server API", code));
        }
        let updates = AtomicBool::new(api.has_update());
        Ok(Self {
            api,
            updates,
            has_properties: false,
        })
    }

    /// The same, once it is asked whether this Windows has extended properties: without, they are
    /// left alone.
    pub(crate) fn with_properties_found(mut self) -> Self {
        self.has_properties = self.probe_properties();
        self
    }

    /// Whether this Windows is known to have extended properties.
    pub(crate) fn has_properties(&self) -> bool {
        self.has_properties
    }

    /// All kinds of key came before extended properties did, so one tells of the others.
    fn probe_properties(&self) -> bool {
        let query = PropertyQuery::Next {
            kind: Kind::IpPort,
            token: 0,
            property: PropertyType::Http2Window,
        };
        let (code, _) = with_query_property(query, |request| self.raw_query(request, &mut []));
        matches!(
            code,
            NO_ERROR | ERROR_INSUFFICIENT_BUFFER | win32::NO_MORE_ITEMS
        )
    }

    pub(crate) fn api(&self) -> &A {
        &self.api
    }

    /// Whether records of this kind are known to this Windows.
    pub(crate) fn probe(&self, kind: Kind) -> Result<bool> {
        let (code, _) = self.query(Query::Next { kind, token: 0 }, &mut []);
        match code {
            NO_ERROR | ERROR_INSUFFICIENT_BUFFER | win32::NO_MORE_ITEMS => Ok(true),
            win32::INVALID_PARAMETER => Ok(false),
            // Wine's stubs answer so to every query, and to every set that it is done.
            win32::FILE_NOT_FOUND => Err(StoreError::Unsupported {
                what: "keeping bindings in an HTTP Server API that stores nothing (Wine's)".into(),
            }),
            code => Err(failed_listing(kind, code)),
        }
    }

    /// Whether a record can be replaced in one call, as far as is known.
    pub(crate) fn updates(&self) -> bool {
        self.updates.load(Ordering::Relaxed)
    }

    pub(crate) fn set(&self, binding: &Binding) -> u32 {
        with_set(binding, |request| self.raw_set(request))
    }

    pub(crate) fn update(&self, binding: &Binding) -> u32 {
        let code = with_set(binding, |request| self.raw_update(request));
        if code == win32::CALL_NOT_IMPLEMENTED {
            self.updates.store(false, Ordering::Relaxed);
        }
        code
    }

    /// Deletes the record that `binding` was read from.
    pub(crate) fn delete(&self, binding: &Binding) -> u32 {
        let (key, host) = (binding.key(), binding.host_spelling());
        with_delete(key, host, |request| self.raw_delete(request))
    }

    /// The record of a key. One under an internationalised name is found in either of its forms,
    /// since HTTP.sys knows nothing of A-labels.
    pub(crate) fn get(&self, key: &BindingKey) -> Result<Option<Binding>> {
        let exact = |host_spelling| {
            let query = Query::Exact { key, host_spelling };
            let failed = |code| win32::store_error(code, key, "reading");
            let Some(binding) = self.record(key.kind(), query, failed, &|| key.to_string())? else {
                return Ok(None);
            };
            if binding.key() != key {
                let detail = format!("it is that of {}", binding.key());
                return Err(corrupt(&key.to_string(), detail));
            }
            Ok(Some(binding))
        };
        let mut found = exact(None)?;
        if found.is_none() {
            let host = key.host().map_or("", |host| host.as_str());
            found = match idna::domain_to_unicode(host) {
                (unicode, Ok(())) if unicode != host => exact(Some(&unicode))?,
                _ => None,
            };
        }
        found
            .map(|binding| self.with_properties(binding))
            .transpose()
    }

    /// The record at an index of those of a kind, without the properties of its key.
    pub(crate) fn nth(&self, kind: Kind, token: u32) -> Result<Option<Binding>> {
        let query = Query::Next { kind, token };
        let failed = |code| failed_listing(kind, code);
        self.record(kind, query, failed, &|| format!("{kind} number {token}"))
    }

    fn record(
        &self,
        kind: Kind,
        query: Query<'_>,
        failed: impl Fn(u32) -> StoreError,
        what: &dyn Fn() -> String,
    ) -> Result<Option<Binding>> {
        let ask = |buffer: &mut [u64]| self.query(query, buffer);
        let read = |bytes: &[u8]| {
            read_record(kind, bytes).map_err(|error| corrupt(&what(), error.to_string()))
        };
        self.answer(ask, read, |code| Some(failed(code)), what)
    }

    /// What a query answers, asked with as much room as it takes. A code is an error, or means that
    /// there is nothing.
    pub(crate) fn answer<T>(
        &self,
        ask: impl Fn(&mut [u64]) -> (u32, u32),
        read: impl FnOnce(&[u8]) -> Result<T>,
        failed: impl FnOnce(u32) -> Option<StoreError>,
        what: &dyn Fn() -> String,
    ) -> Result<Option<T>> {
        let mut room = INITIAL_BUFFER;
        for _ in 0..QUERY_ATTEMPTS {
            let mut buffer = vec![0; room as usize / size_of::<u64>()];
            let (code, needed) = ask(&mut buffer);
            match code {
                NO_ERROR => {
                    // SAFETY: the bytes of the words, which are there as long.
                    let bytes = unsafe {
                        slice::from_raw_parts(buffer.as_ptr().cast(), size_of_val(&*buffer))
                    };
                    return read(bytes).map(Some);
                }
                // Both mean that it is not there, whichever the query (as WiX takes them).
                win32::FILE_NOT_FOUND | win32::NO_MORE_ITEMS => return Ok(None),
                ERROR_INSUFFICIENT_BUFFER if needed <= MAX_BUFFER => {
                    room = needed.max(2 * room).next_multiple_of(8).min(MAX_BUFFER);
                }
                ERROR_INSUFFICIENT_BUFFER => {
                    return Err(corrupt(
                        &what(),
                        format!("it is said to have {needed} bytes"),
                    ));
                }
                code => return failed(code).map_or(Ok(None), Err),
            }
        }
        Err(StoreError::Unstable {
            attempts: QUERY_ATTEMPTS,
        })
    }

    /// The code, and how many bytes the record has.
    fn query(&self, query: Query<'_>, buffer: &mut [u64]) -> (u32, u32) {
        with_query(query, |request| self.raw_query(request, buffer))
    }

    /// The code of a query, and how many bytes its answer has.
    pub(crate) fn raw_query(&self, request: Request, buffer: &mut [u64]) -> (u32, u32) {
        let room = u32::try_from(size_of_val(buffer)).expect("no buffer is larger than MAX_BUFFER");
        let output = match room {
            0 => ptr::null_mut(),
            _ => buffer.as_mut_ptr().cast(),
        };
        let mut needed = 0;
        let Request {
            id,
            pointer,
            length,
        } = request;
        // SAFETY: the request is complete and stays until the call is over; the buffer has `room`
        // bytes, or is null and has none.
        let code = unsafe {
            self.api.query(
                ptr::null_mut(),
                id,
                pointer,
                length,
                output,
                room,
                &raw mut needed,
                ptr::null(),
            )
        };
        (code, needed)
    }

    pub(crate) fn raw_set(&self, request: Request) -> u32 {
        let Request {
            id,
            pointer,
            length,
        } = request;
        // SAFETY: the request is complete and stays until the call is over.
        unsafe {
            self.api
                .set(ptr::null_mut(), id, pointer, length, ptr::null())
        }
    }

    pub(crate) fn raw_update(&self, request: Request) -> u32 {
        let Request {
            id,
            pointer,
            length,
        } = request;
        // SAFETY: the request is complete and stays until the call is over.
        unsafe {
            self.api
                .update(ptr::null_mut(), id, pointer, length, ptr::null())
        }
    }

    pub(crate) fn raw_delete(&self, request: Request) -> u32 {
        let Request {
            id,
            pointer,
            length,
        } = request;
        // SAFETY: the request is complete and stays until the call is over.
        unsafe {
            self.api
                .delete(ptr::null_mut(), id, pointer, length, ptr::null())
        }
    }
}

impl<A: HttpApi> Drop for Session<A> {
    fn drop(&mut self) {
        // SAFETY: there is nothing to point to. There is nobody to tell of a failure either.
        unsafe { self.api.terminate(HTTP_INITIALIZE_CONFIG, ptr::null_mut()) };
    }
}

pub(crate) fn corrupt(record: &str, detail: String) -> StoreError {
    StoreError::corrupt(
        format!("the record that the HTTP Server API gave for {record}"),
        detail,
    )
}

pub(crate) fn failed_listing(kind: Kind, code: u32) -> StoreError {
    failed(&format!("listing the {kind} bindings"), code)
}

pub(crate) fn failed(action: &str, code: u32) -> StoreError {
    let (key, action) = (None, action.to_owned());
    match code {
        win32::ACCESS_DENIED => win32::access_denied(key, action),
        code => Win32Error { code }.during(key, action),
    }
}
