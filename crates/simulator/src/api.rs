//! The functions as a C program calls them.

#![expect(unsafe_code, reason = "implements a C interface")]

use std::ffi::c_void;
use std::sync::PoisonError;

use certbind_core::Kind;
use certbind_httpapi_abi::HttpApi;
use certbind_httpapi_abi::server::{
    Answer, PropertyAnswer, Query, RequestError, foreign_family_of_query, read_delete,
    read_delete_property, read_query, read_query_property, read_set, read_set_property,
};
use certbind_httpapi_abi::service::ServiceKind;
use certbind_httpapi_abi::win32;
use certbind_httpapi_abi::{kind_of, property_kind_of, service_kind_of};
use windows_sys::Win32::Foundation::{
    ERROR_INSUFFICIENT_BUFFER, ERROR_INVALID_HANDLE, ERROR_SUCCESS, HANDLE,
};
use windows_sys::Win32::Networking::HttpServer::{
    HTTP_INITIALIZE, HTTP_INITIALIZE_CONFIG, HTTP_INITIALIZE_SERVER, HTTP_SERVICE_CONFIG_ID,
    HTTP_SERVICE_CONFIG_QUERY_TYPE, HTTPAPI_VERSION, HttpServiceConfigQueryNext,
};
use windows_sys::Win32::System::IO::OVERLAPPED;

use crate::faults::Call;
use crate::simulator::Simulator;
use crate::windows;

impl HttpApi for Simulator {
    unsafe fn initialize(
        &self,
        version: HTTPAPI_VERSION,
        flags: HTTP_INITIALIZE,
        reserved: *mut c_void,
    ) -> u32 {
        answer(|| {
            self.begin(Call::Initialize)?;
            let known = matches!(version.HttpApiMajorVersion, 1 | 2);
            if !known || version.HttpApiMinorVersion != 0 || !reserved.is_null() {
                return Err(win32::INVALID_PARAMETER);
            }
            let mut counts = self
                .initialized
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            counts[slot(flags)?] += 1;
            Ok(())
        })
    }

    unsafe fn terminate(&self, flags: HTTP_INITIALIZE, reserved: *mut c_void) -> u32 {
        answer(|| {
            let mut counts = self
                .initialized
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            let count = &mut counts[slot(flags)?];
            if *count == 0 || !reserved.is_null() {
                return Err(win32::INVALID_PARAMETER);
            }
            *count -= 1;
            Ok(())
        })
    }

    unsafe fn set(
        &self,
        handle: HANDLE,
        id: HTTP_SERVICE_CONFIG_ID,
        information: *const c_void,
        length: u32,
        overlapped: *const OVERLAPPED,
    ) -> u32 {
        answer(|| {
            self.begin(Call::Set)?;
            reserved(handle, overlapped, ERROR_INVALID_HANDLE)?;
            let kind = match self.target(id)? {
                Target::Records(kind) => kind,
                Target::Properties(kind) => {
                    // SAFETY: the caller's promise.
                    let set = unsafe { read_set_property(kind, information, length) };
                    let (key, property) = set.map_err(code)?;
                    return self.set_property(&key, property, Call::Set);
                }
                Target::Service(kind) => {
                    // SAFETY: the caller's promise.
                    return unsafe { self.set_service(kind, information, length) };
                }
            };
            // SAFETY: the caller's promise.
            let binding = unsafe { read_set(kind, information, length) };
            self.set(binding.map_err(code)?)
        })
    }

    unsafe fn delete(
        &self,
        handle: HANDLE,
        id: HTTP_SERVICE_CONFIG_ID,
        information: *const c_void,
        length: u32,
        overlapped: *const OVERLAPPED,
    ) -> u32 {
        answer(|| {
            self.begin(Call::Delete)?;
            reserved(handle, overlapped, win32::INVALID_PARAMETER)?;
            let kind = match self.target(id)? {
                Target::Records(kind) => kind,
                Target::Properties(kind) => {
                    // SAFETY: the caller's promise.
                    let deletion = unsafe { read_delete_property(kind, information, length) };
                    let (key, property) = deletion.map_err(code)?;
                    return self.delete_property(&key, property);
                }
                Target::Service(kind) => {
                    // SAFETY: the caller's promise.
                    return unsafe { self.delete_service(kind, information, length) };
                }
            };
            // SAFETY: the caller's promise.
            let key = unsafe { read_delete(kind, information, length) };
            self.delete(&key.map_err(code)?)
        })
    }

    unsafe fn query(
        &self,
        handle: HANDLE,
        id: HTTP_SERVICE_CONFIG_ID,
        input: *const c_void,
        input_length: u32,
        output: *mut c_void,
        output_length: u32,
        return_length: *mut u32,
        overlapped: *const OVERLAPPED,
    ) -> u32 {
        answer(|| {
            // SAFETY: the caller's promise.
            self.begin(unsafe { type_of_query(id, input, input_length) })?;
            reserved(handle, overlapped, win32::INVALID_PARAMETER)?;
            let windows = self.windows();
            let room = |size: u32| {
                let needed = match windows.needed_length {
                    // A little more than the caller's buffer.
                    "growing" if output_length < GROWN => {
                        size.max(output_length.saturating_add(16))
                    }
                    _ => size,
                };
                let told = match windows.needed_length {
                    "too-small" => Some(needed / 2),
                    "zero" => Some(0),
                    "huge" => Some(u32::MAX),
                    "untouched" => None,
                    _ => Some(needed),
                };
                if let Some(told) = told.filter(|_| !return_length.is_null()) {
                    // SAFETY: the caller's promise; it need not be aligned.
                    unsafe { return_length.write_unaligned(told) };
                }
                let is_null = output.is_null();
                let answer = if is_null {
                    windows.null_buffer
                } else {
                    windows.small_buffer
                };
                match is_null || output_length < needed {
                    true => Err(windows::code(answer).unwrap_or(ERROR_INSUFFICIENT_BUFFER)),
                    false => Ok(()),
                }
            };
            match self.target(id)? {
                Target::Records(kind) => {
                    // SAFETY: the caller's promise.
                    let query = unsafe { read_query(kind, input, input_length) };
                    let (binding, is_listed) = match query.map_err(code)? {
                        Query::Exact(key) => match self.exact(&key) {
                            Ok(found) => (found, false),
                            Err(_) => match self.missing(&key)? {
                                Some(found) => (found, false),
                                None => return Ok(()),
                            },
                        },
                        Query::Next(index) => (self.at(kind, index)?, true),
                    };
                    let binding = self.spelled(binding, is_listed)?;
                    // SAFETY: the caller's promise; the query was read.
                    let family = unsafe { foreign_family_of_query(kind, input) };
                    let found = Answer::new(&binding);
                    let found = match family {
                        Some(family) => found.in_family(family),
                        None => found,
                    };
                    room(found.size() + self.padding())?;
                    // SAFETY: the caller's promise; there is room for all of it.
                    unsafe { found.write(output) };
                    let is_odd = self.is_odd(&binding);
                    // SAFETY: the record was written just now, and there is room for the padding.
                    unsafe { self.disguise(kind, is_odd, output, found.size()) };
                }
                Target::Properties(kind) => {
                    // SAFETY: the caller's promise.
                    let query = unsafe { read_query_property(kind, input, input_length) };
                    let (query, of) = query.map_err(code)?;
                    let key_answer = match query {
                        Query::Exact(_) => windows.property_key,
                        Query::Next(_) => "given",
                    };
                    self.type_refusal(of)?;
                    let (binding, property) = match query {
                        Query::Exact(key) => match self.exact_property(&key, of)? {
                            Some(found) => found,
                            None => return Ok(()),
                        },
                        Query::Next(index) => self.property_at(kind, of, index)?,
                    };
                    let found = PropertyAnswer::new(&binding, &property);
                    room(found.size() + self.padding())?;
                    // SAFETY: the caller's promise; there is room for all of it.
                    unsafe { found.write(output) };
                    // SAFETY: the property was written just now, and there is room for the padding.
                    unsafe { self.disguise_property(kind, key_answer, output, found.size()) };
                }
                Target::Service(kind) => {
                    let (input, output) = ((input, input_length), (output, output_length));
                    // SAFETY: the caller's promise.
                    return unsafe { self.query_service(kind, input, output, return_length) };
                }
            }
            Ok(())
        })
    }

    unsafe fn update(
        &self,
        handle: HANDLE,
        id: HTTP_SERVICE_CONFIG_ID,
        information: *const c_void,
        length: u32,
        overlapped: *const OVERLAPPED,
    ) -> u32 {
        answer(|| {
            self.begin(Call::Update)?;
            if !self.version().has_update() {
                return Err(win32::CALL_NOT_IMPLEMENTED);
            }
            reserved(handle, overlapped, ERROR_INVALID_HANDLE)?;
            let kind = match self.target(id)? {
                Target::Records(kind) => kind,
                Target::Properties(kind) => {
                    // SAFETY: the caller's promise.
                    let set = unsafe { read_set_property(kind, information, length) };
                    let (key, property) = set.map_err(code)?;
                    return self.set_property(&key, property, Call::Update);
                }
                Target::Service(_) => return Err(win32::INVALID_PARAMETER),
            };
            // SAFETY: the caller's promise.
            let binding = unsafe { read_set(kind, information, length) };
            self.update(binding.map_err(code)?)
        })
    }

    fn has_update(&self) -> bool {
        self.version().has_update() && self.windows().update_any != "not-exported"
    }

    fn is_multi_process(&self) -> bool {
        self.store().capabilities().multi_process
    }
}

impl Simulator {
    /// The target of an id, if the API is initialized for configuration and this Windows supports
    /// the id.
    fn target(&self, id: HTTP_SERVICE_CONFIG_ID) -> Result<Target, u32> {
        let counts = self
            .initialized
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if counts[HTTP_INITIALIZE_CONFIG as usize] == 0 && counts[BOTH as usize] == 0 {
            return Err(ERROR_INVALID_HANDLE);
        }
        let version = self.version();
        let known = |kind: &Kind| version.has_kind(*kind);
        let records = kind_of(id).filter(known).map(Target::Records);
        let properties = property_kind_of(id).filter(known);
        let properties = properties.filter(|_| version.has_properties());
        if let Some(Target::Records(kind)) = records {
            self.id_refusal(kind, false)?;
        }
        if let Some(kind) = properties {
            self.id_refusal(kind, true)?;
        }
        records
            .or(properties.map(Target::Properties))
            .or(self.service_kind(id).map(Target::Service))
            .ok_or(win32::INVALID_PARAMETER)
    }
}

/// The records under an id.
enum Target {
    /// The records of a kind.
    Records(Kind),
    /// The extended properties of a kind.
    Properties(Kind),
    /// Service configuration other than bindings.
    Service(ServiceKind),
}

/// The size of a buffer that every growing answer fits into.
const GROWN: u32 = 16 * 1024;

const BOTH: HTTP_INITIALIZE = HTTP_INITIALIZE_CONFIG | HTTP_INITIALIZE_SERVER;

/// Where initializations with these flags are counted.
fn slot(flags: HTTP_INITIALIZE) -> Result<usize, u32> {
    match flags {
        HTTP_INITIALIZE_CONFIG | HTTP_INITIALIZE_SERVER | BOTH => Ok(flags as usize),
        _ => Err(win32::INVALID_PARAMETER),
    }
}

/// The call that a query counts as, well formed or not. The query structures of bindings and of URL
/// reservations begin with the type; all other queries name a key.
///
/// # Safety
/// `input` is null or valid for reads of `length` bytes.
unsafe fn type_of_query(id: HTTP_SERVICE_CONFIG_ID, input: *const c_void, length: u32) -> Call {
    if !matches!(
        service_kind_of(id),
        None | Some(ServiceKind::UrlReservation)
    ) {
        return Call::QueryExact;
    }
    let input = input.cast::<HTTP_SERVICE_CONFIG_QUERY_TYPE>();
    if input.is_null() || (length as usize) < size_of::<HTTP_SERVICE_CONFIG_QUERY_TYPE>() {
        return Call::QueryExact;
    }
    // SAFETY: that many bytes are valid; they need not be aligned.
    if unsafe { input.read_unaligned() } == HttpServiceConfigQueryNext {
        Call::QueryNext
    } else {
        Call::QueryExact
    }
}

/// The reserved arguments are null; a handle is answered with the code that the function has for it.
fn reserved(handle: HANDLE, overlapped: *const OVERLAPPED, for_handle: u32) -> Result<(), u32> {
    if !handle.is_null() {
        return Err(for_handle);
    }
    overlapped
        .is_null()
        .then_some(())
        .ok_or(win32::INVALID_PARAMETER)
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn code(fault: RequestError) -> u32 {
    fault.win32_code()
}

fn answer(call: impl FnOnce() -> Result<(), u32>) -> u32 {
    call().err().unwrap_or(ERROR_SUCCESS)
}
