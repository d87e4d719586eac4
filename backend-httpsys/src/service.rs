//! Setting and asking, over any implementation of the API.

#![expect(unsafe_code, reason = "calls the HTTP Server API")]

use std::ptr;
use std::slice;

use certbind_core::{Result, StoreError};
use certbind_httpapi_abi::win32;
use windows_sys::Win32::Foundation::{ERROR_INSUFFICIENT_BUFFER, ERROR_MORE_DATA, NO_ERROR};

use crate::session::{Session, corrupt, failed};
use certbind_httpapi_abi::HttpApi;
use certbind_httpapi_abi::client::{
    Request, read_service_answer, with_service_delete, with_service_query, with_service_set,
};
use certbind_httpapi_abi::service::{
    ServiceAnswer, ServiceKey, ServiceQuery, ServiceRecord, UrlReservation,
};

/// How often a query is made again with the room that it asked for, in case a record grows.
const QUERY_ATTEMPTS: u32 = 8;

/// The room that a query starts with, in bytes.
const INITIAL_BUFFER: u32 = 1024;

/// The most room that a query is given: several times the largest record.
const MAX_BUFFER: u32 = 4 * 1024 * 1024;

/// What is configured beside bindings, over an HTTP Server API, which is initialised as long as
/// this is there.
///
/// Errors are [`StoreError::Backend`] with the code that the API answered, and
/// [`StoreError::AccessDenied`] for 5.
pub struct ServiceApi<A: HttpApi> {
    session: Session<A>,
}

impl<A: HttpApi> ServiceApi<A> {
    /// Initialises the API for configuration.
    ///
    /// # Errors
    /// The code that it answers.
    pub fn initialize(api: A) -> Result<Self> {
        let session = Session::initialize(api)?;
        Ok(Self { session })
    }

    /// `HttpSetServiceConfiguration`.
    ///
    /// # Errors
    /// Win32 code 183 for an address or a URL that is there already, and whatever else it answers.
    pub fn set(&self, record: &ServiceRecord) -> Result<()> {
        let code = with_service_set(record, |request| self.session.raw_set(request));
        done(code, || format!("setting {}", record.key()))
    }

    /// `HttpDeleteServiceConfiguration`.
    ///
    /// # Errors
    /// Win32 code 2 or 1168 for what is not there, and whatever else it answers.
    pub fn delete(&self, key: &ServiceKey) -> Result<()> {
        let code = with_service_delete(key, |request| self.session.raw_delete(request));
        done(code, || format!("deleting {key}"))
    }

    /// `HttpQueryServiceConfiguration`, both of its calls. None where there is nothing, or an index
    /// is behind the last record.
    ///
    /// # Errors
    /// What it answers otherwise; [`StoreError::Corrupt`] for an answer that makes no sense.
    pub fn query(&self, query: &ServiceQuery) -> Result<Option<ServiceAnswer>> {
        let mut room = INITIAL_BUFFER;
        for _ in 0..QUERY_ATTEMPTS {
            let mut buffer = vec![0_u64; room as usize / size_of::<u64>()];
            let (code, needed) = self.ask(query, &mut buffer);
            match code {
                NO_ERROR => {
                    // SAFETY: the bytes of the words, which are there as long.
                    let bytes = unsafe {
                        slice::from_raw_parts(buffer.as_ptr().cast(), size_of_val(&*buffer))
                    };
                    return read_service_answer(query.kind(), bytes)
                        .map(Some)
                        .map_err(|error| corrupt(&query.to_string(), error.to_string()));
                }
                win32::FILE_NOT_FOUND | win32::NO_MORE_ITEMS => return Ok(None),
                ERROR_INSUFFICIENT_BUFFER | ERROR_MORE_DATA if needed <= MAX_BUFFER => {
                    room = needed.max(2 * room).next_multiple_of(8).min(MAX_BUFFER);
                }
                code => return Err(failed(&format!("asking for {query}"), code)),
            }
        }
        Err(StoreError::Unstable {
            attempts: QUERY_ATTEMPTS,
        })
    }

    /// All reservations, in the order of their indices.
    ///
    /// # Errors
    /// As [`query`](Self::query).
    pub fn reservations(&self) -> Result<Vec<UrlReservation>> {
        let mut reservations = Vec::new();
        for index in 0.. {
            match self.query(&ServiceQuery::NextReservation(index))? {
                Some(ServiceAnswer::Reservation(reservation)) => reservations.push(reservation),
                _ => break,
            }
        }
        Ok(reservations)
    }

    /// The code, and how many bytes the answer has.
    fn ask(&self, query: &ServiceQuery, buffer: &mut [u64]) -> (u32, u32) {
        let room = u32::try_from(size_of_val(buffer)).expect("no buffer is larger than MAX_BUFFER");
        let mut needed = 0;
        let code = with_service_query(query, |request| {
            let Request {
                id,
                pointer,
                length,
            } = request;
            // SAFETY: the request is complete and stays until the call is over; the buffer has
            // `room` bytes.
            unsafe {
                self.session.api().query(
                    ptr::null_mut(),
                    id,
                    pointer,
                    length,
                    buffer.as_mut_ptr().cast(),
                    room,
                    &raw mut needed,
                    ptr::null(),
                )
            }
        });
        (code, needed)
    }
}

fn done(code: u32, action: impl FnOnce() -> String) -> Result<()> {
    match code {
        NO_ERROR => Ok(()),
        code => Err(failed(&action(), code)),
    }
}
