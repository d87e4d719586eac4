//! An initialised HTTP Server API, and its functions with their arguments in order.

#![expect(unsafe_code, reason = "calls the HTTP Server API")]

use std::ptr;
use std::slice;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

use certbind_core::{BoxError, Kind, PropertyType, Result, StoreError};
use certbind_httpapi_abi::HttpApi;
use certbind_httpapi_abi::client::{MalformedReply, Request};
use certbind_httpapi_abi::win32::{self, Win32Error};
use windows_sys::Win32::Foundation::NO_ERROR;
use windows_sys::Win32::Networking::HttpServer::{HTTP_INITIALIZE_CONFIG, HTTPAPI_VERSION};

use crate::code::{is_too_small, is_transient};

/// Configuration takes version 1.0, also for kinds of record introduced later.
const VERSION_1: HTTPAPI_VERSION = HTTPAPI_VERSION {
    HttpApiMajorVersion: 1,
    HttpApiMinorVersion: 0,
};

/// How often a query is made again with a larger buffer, in case a record grows.
const QUERY_ATTEMPTS: u32 = 16;

/// How often a call that was answered with a transient code is made again.
const TRANSIENT_RETRIES: u32 = 3;

/// The size of a query's first buffer, in bytes: enough for any record without a long CTL.
const INITIAL_BUFFER: u32 = 1024;

/// The largest buffer of a query: several times the largest record.
const MAX_BUFFER: u32 = 4 * 1024 * 1024;

/// An HTTP Server API that has been initialised, and is terminated when this is dropped.
pub(crate) struct Session<A: HttpApi> {
    api: A,
    retry_pause: Duration,
    /// How many calls were made.
    calls: AtomicU32,
    /// For each kind of key, whether a record can be replaced in one call, as far as is known.
    updates: [AtomicBool; Kind::ALL.len()],
    /// For each kind of key, whether an update was seen to replace the whole record.
    replaces: [AtomicBool; Kind::ALL.len()],
    has_properties: bool,
    /// For each kind and type, whether this Windows was seen to know it.
    known_types: [[AtomicBool; PropertyType::ALL.len()]; Kind::ALL.len()],
    /// For each kind and type, whether an exact query was seen to answer that a property is not set.
    reliable: [[AtomicBool; PropertyType::ALL.len()]; Kind::ALL.len()],
    /// For queries of the records of each kind.
    records_budget: [RetryBudget; Kind::ALL.len()],
    /// For queries of extended properties.
    properties_budget: RetryBudget,
}

/// Whether queries of one sort are made again after a transient code. After the limit of retries is
/// reached, queries of that sort are not retried until one is answered: on a Windows that refuses
/// all of them, a list would otherwise wait for each record.
#[derive(Default)]
pub(crate) struct RetryBudget {
    is_exhausted: AtomicBool,
}

impl RetryBudget {
    fn retries(&self) -> u32 {
        match self.is_exhausted.load(Ordering::Relaxed) {
            true => 0,
            false => TRANSIENT_RETRIES,
        }
    }

    fn learn_from<T>(&self, answer: &Answer<T>) {
        match answer {
            Answer::Code(code) if is_transient(*code) => {
                self.is_exhausted.store(true, Ordering::Relaxed);
            }
            _ => self.is_exhausted.store(false, Ordering::Relaxed),
        }
    }
}

/// The answer of a query.
#[derive(Debug)]
pub(crate) enum Answer<T> {
    Found(T),
    /// A success whose record makes no sense.
    Malformed(MalformedReply),
    Code(u32),
}

impl<A: HttpApi> Session<A> {
    pub(crate) fn initialize(api: A, retry_pause: Duration) -> Result<Self> {
        Self::try_initialize(api, retry_pause)
            .map_err(|code| failed("initialising the HTTP Server API", code))
    }

    /// The same, or the code that the API answered.
    pub(crate) fn try_initialize(api: A, retry_pause: Duration) -> Result<Self, u32> {
        // SAFETY: there is nothing to point to.
        let code = unsafe { api.initialize(VERSION_1, HTTP_INITIALIZE_CONFIG, ptr::null_mut()) };
        if code != NO_ERROR {
            return Err(code);
        }
        let has_update = api.has_update();
        Ok(Self {
            api,
            retry_pause,
            calls: AtomicU32::new(1),
            updates: std::array::from_fn(|_| AtomicBool::new(has_update)),
            replaces: Default::default(),
            has_properties: false,
            known_types: Default::default(),
            reliable: Default::default(),
            records_budget: Default::default(),
            properties_budget: RetryBudget::default(),
        })
    }

    /// The same, once it is known whether this Windows has extended properties.
    pub(crate) fn with_properties(mut self, has_properties: bool) -> Self {
        self.has_properties = has_properties;
        self
    }

    pub(crate) fn has_properties(&self) -> bool {
        self.has_properties
    }

    pub(crate) fn updates(&self, kind: Kind) -> bool {
        self.updates[kind as usize].load(Ordering::Relaxed)
    }

    /// Whether an update of this kind was seen to replace the whole record. For any other kind a
    /// crash may leave a mixture.
    pub(crate) fn replaces(&self, kind: Kind) -> bool {
        self.replaces[kind as usize].load(Ordering::Relaxed)
    }

    pub(crate) fn seen_to_replace(&self, kind: Kind) {
        self.replaces[kind as usize].store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_known_type(&self, kind: Kind, property: PropertyType) -> bool {
        self.known_types[kind as usize][property as usize].load(Ordering::Relaxed)
    }

    pub(crate) fn seen_type(&self, kind: Kind, property: PropertyType) {
        self.known_types[kind as usize][property as usize].store(true, Ordering::Relaxed);
    }

    pub(crate) fn exact_is_reliable(&self, kind: Kind, property: PropertyType) -> bool {
        self.reliable[kind as usize][property as usize].load(Ordering::Relaxed)
    }

    pub(crate) fn seen_reliable(&self, kind: Kind, property: PropertyType) {
        self.reliable[kind as usize][property as usize].store(true, Ordering::Relaxed);
    }

    pub(crate) fn records_budget(&self, kind: Kind) -> &RetryBudget {
        &self.records_budget[kind as usize]
    }

    pub(crate) fn properties_budget(&self) -> &RetryBudget {
        &self.properties_budget
    }

    /// From now on, records of this kind are deleted and set again instead of updated.
    pub(crate) fn without_updates(&self, kind: Kind) {
        self.updates[kind as usize].store(false, Ordering::Relaxed);
    }

    /// How many calls were made, with that of the initialisation.
    pub(crate) fn calls(&self) -> u32 {
        self.calls.load(Ordering::Relaxed)
    }

    fn count(&self) {
        self.calls.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn api(&self) -> &A {
        &self.api
    }

    /// Waits before something is tried again for the `attempt`th time.
    pub(crate) fn pause(&self, attempt: u32) {
        thread::sleep(self.retry_pause * 2_u32.saturating_pow(attempt.min(8)));
    }

    /// The answer of a query, repeated with a larger buffer if it requests one, and after a pause
    /// if the code is transient.
    pub(crate) fn query<T>(
        &self,
        ask: impl Fn(&mut [u64]) -> (u32, u32),
        read: impl Fn(&[u8]) -> Result<T, MalformedReply>,
    ) -> Answer<T> {
        self.try_query(TRANSIENT_RETRIES, ask, read)
    }

    /// The same for one of many queries, which share their budget.
    pub(crate) fn query_of<T>(
        &self,
        budget: &RetryBudget,
        ask: impl Fn(&mut [u64]) -> (u32, u32),
        read: impl Fn(&[u8]) -> Result<T, MalformedReply>,
    ) -> Answer<T> {
        let answer = self.try_query(budget.retries(), ask, read);
        budget.learn_from(&answer);
        answer
    }

    fn try_query<T>(
        &self,
        max_retries: u32,
        ask: impl Fn(&mut [u64]) -> (u32, u32),
        read: impl Fn(&[u8]) -> Result<T, MalformedReply>,
    ) -> Answer<T> {
        let mut size = INITIAL_BUFFER;
        let mut retries = 0;
        let mut last = NO_ERROR;
        for _ in 0..QUERY_ATTEMPTS {
            let mut buffer = vec![0; size as usize / size_of::<u64>()];
            let (code, needed) = ask(&mut buffer);
            last = code;
            match code {
                NO_ERROR => {
                    // SAFETY: the bytes of the words, which live as long.
                    let bytes = unsafe {
                        slice::from_raw_parts(buffer.as_ptr().cast(), size_of_val(&*buffer))
                    };
                    return read(bytes).map_or_else(Answer::Malformed, Answer::Found);
                }
                // The requested length is not trusted: it may be too small, or nonsense.
                code if is_too_small(code) && size < MAX_BUFFER => {
                    let asked = if needed <= MAX_BUFFER { needed } else { 0 };
                    size = asked.max(2 * size).next_multiple_of(8).min(MAX_BUFFER);
                }
                code if is_transient(code) && retries < max_retries => {
                    self.pause(retries);
                    retries += 1;
                }
                code => return Answer::Code(code),
            }
        }
        Answer::Code(last)
    }

    /// Makes a call that changes something, and repeats it while it is refused with a transient
    /// code and `is_undone` confirms that it had no effect.
    pub(crate) fn change(&self, call: impl Fn() -> u32, is_undone: impl Fn() -> bool) -> u32 {
        let mut retries = 0;
        loop {
            let code = call();
            if !is_transient(code) || retries == TRANSIENT_RETRIES || !is_undone() {
                return code;
            }
            self.pause(retries);
            retries += 1;
        }
    }

    /// The code of a query, and how many bytes its answer has.
    pub(crate) fn raw_query(&self, request: Request, buffer: &mut [u64]) -> (u32, u32) {
        self.query_once(request, buffer, 0)
    }

    /// The same without a retry. `needed` is the length where the call does not return one.
    pub(crate) fn query_once(
        &self,
        request: Request,
        buffer: &mut [u64],
        mut needed: u32,
    ) -> (u32, u32) {
        self.count();
        let room = u32::try_from(size_of_val(buffer)).expect("no buffer is larger than MAX_BUFFER");
        let output = match room {
            0 => ptr::null_mut(),
            _ => buffer.as_mut_ptr().cast(),
        };
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
        self.count();
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
        self.count();
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
        self.count();
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
        // SAFETY: there is nothing to point to. A failure cannot be reported to anyone.
        unsafe { self.api.terminate(HTTP_INITIALIZE_CONFIG, ptr::null_mut()) };
    }
}

/// The error of a call that is not about one key.
pub(crate) fn failed(action: &str, code: u32) -> StoreError {
    let (key, action) = (None, action.to_owned());
    match code {
        win32::ACCESS_DENIED => win32::access_denied(key, action),
        code => Win32Error { code }.during(key, action),
    }
}

/// The error of a part that could not be read.
pub(crate) fn unreadable(what: String, cause: impl Into<BoxError>) -> StoreError {
    StoreError::Unreadable {
        what,
        source: cause.into(),
    }
}
