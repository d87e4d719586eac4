//! Service configuration: URL reservations, the IP listen list, timeouts, cache parameters and
//! settings.

use std::time::Duration;

use certbind_core::Result;
#[cfg(doc)]
use certbind_core::StoreError;
use certbind_httpapi_abi::HttpApi;
use certbind_httpapi_abi::client::{
    read_service_answer, with_service_delete, with_service_query, with_service_set,
};
use certbind_httpapi_abi::service::{
    ServiceAnswer, ServiceKey, ServiceQuery, ServiceRecord, UrlReservation,
};
use windows_sys::Win32::Foundation::NO_ERROR;

use crate::code::is_absent;
use crate::listing::{Reply, list};
use crate::read_failure::ReadFailure;
use crate::session::{Answer, Session, failed, unreadable};

/// How long the first retry of a query waits.
const RETRY_PAUSE: Duration = Duration::from_millis(5);

/// The other service configuration of an HTTP Server API, which stays initialised until this is
/// dropped.
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
    /// [`StoreError::Backend`] with the code of `HttpInitialize`.
    pub fn initialize(api: A) -> Result<Self> {
        let session = Session::initialize(api, RETRY_PAUSE)?;
        Ok(Self { session })
    }

    /// Sets a record (`HttpSetServiceConfiguration`).
    ///
    /// # Errors
    /// [`StoreError::Backend`] with Win32 code 183 for an address or a URL that is already
    /// configured, or with any other code.
    pub fn set(&self, record: &ServiceRecord) -> Result<()> {
        let code = with_service_set(record, |request| self.session.raw_set(request));
        done(code, || format!("setting {}", record.key()))
    }

    /// Deletes a record (`HttpDeleteServiceConfiguration`).
    ///
    /// # Errors
    /// [`StoreError::Backend`] with Win32 code 2 or 1168 for a record that does not exist, or with
    /// any other code.
    pub fn delete(&self, key: &ServiceKey) -> Result<()> {
        let code = with_service_delete(key, |request| self.session.raw_delete(request));
        done(code, || format!("deleting {key}"))
    }

    /// Queries a record, by both calls of `HttpQueryServiceConfiguration`. `None` if there is no
    /// such record, or an index is after the last one.
    ///
    /// # Errors
    /// [`StoreError::Backend`] with any other code; [`StoreError::Unreadable`] for a malformed answer.
    pub fn query(&self, query: &ServiceQuery) -> Result<Option<ServiceAnswer>> {
        match self.answer(query) {
            Answer::Found(answer) => Ok(Some(answer)),
            Answer::Malformed(cause) => Err(unreadable(query.to_string(), cause)),
            Answer::Code(code) if is_absent(code) => Ok(None),
            Answer::Code(code) => Err(failed(&format!("querying {query}"), code)),
        }
    }

    /// All reservations, in the order of their indices.
    ///
    /// # Errors
    /// [`StoreError::Unreadable`] for the first unreadable reservation, and for an enumeration that
    /// does not end.
    pub fn reservations(&self) -> Result<Vec<UrlReservation>> {
        let listing = list(|index| {
            let query = ServiceQuery::NextReservation(index);
            match self.answer(&query) {
                Answer::Found(ServiceAnswer::Reservation(found)) => {
                    Reply::Record(found.url.to_string(), found)
                }
                Answer::Found(_) => {
                    let message = "it is not a URL reservation".into();
                    Reply::Malformed(ReadFailure::Contradiction(message))
                }
                Answer::Malformed(cause) => Reply::Malformed(ReadFailure::Malformed(cause)),
                Answer::Code(code) => Reply::Code(code),
            }
        });
        if let Some(issue) = listing.issues.into_iter().next() {
            let what = format!("{} of the URL reservations", issue.subject);
            return Err(unreadable(what, issue.cause));
        }
        let found = listing.records.into_iter();
        Ok(found.map(|(_, _, reservation)| reservation).collect())
    }

    fn answer(&self, query: &ServiceQuery) -> Answer<ServiceAnswer> {
        let ask = |buffer: &mut [u64]| {
            with_service_query(query, |request| self.session.raw_query(request, buffer))
        };
        let read = |bytes: &[u8]| read_service_answer(query.kind(), bytes);
        self.session.query(ask, read)
    }
}

fn done(code: u32, action: impl FnOnce() -> String) -> Result<()> {
    match code {
        NO_ERROR => Ok(()),
        code => Err(failed(&action(), code)),
    }
}
