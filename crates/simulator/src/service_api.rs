//! The functions, when they are called for service configuration other than bindings.

#![expect(unsafe_code, reason = "implements a C interface")]

use std::ffi::c_void;

use certbind_httpapi_abi::server::{
    RequestError, ServiceReply, read_service_delete, read_service_query, read_service_set,
};
use certbind_httpapi_abi::service::{ServiceAnswer, ServiceKind, ServiceQuery};
use certbind_httpapi_abi::service_kind_of;
use certbind_httpapi_abi::win32::{self, ToWin32};
use windows_sys::Win32::Foundation::{ERROR_INSUFFICIENT_BUFFER, ERROR_MORE_DATA};
use windows_sys::Win32::Networking::HttpServer::HTTP_SERVICE_CONFIG_ID;

use crate::simulator::Simulator;
use crate::windows;

impl Simulator {
    /// The kind of service configuration of an id, if it is one and this Windows supports it.
    pub(crate) fn service_kind(&self, id: HTTP_SERVICE_CONFIG_ID) -> Option<ServiceKind> {
        service_kind_of(id).filter(|kind| self.version().has_service(*kind))
    }

    /// # Safety
    /// As `HttpSetServiceConfiguration`.
    pub(crate) unsafe fn set_service(
        &self,
        kind: ServiceKind,
        information: *const c_void,
        length: u32,
    ) -> Result<(), u32> {
        // SAFETY: the caller's promise.
        let record = unsafe { read_service_set(kind, information, length) };
        let record = record.map_err(|fault| fault.win32_code())?;
        self.may_change()?;
        self.service()
            .set(&record)
            .map_err(|error| error.win32_code())
    }

    /// # Safety
    /// As `HttpDeleteServiceConfiguration`.
    pub(crate) unsafe fn delete_service(
        &self,
        kind: ServiceKind,
        information: *const c_void,
        length: u32,
    ) -> Result<(), u32> {
        // SAFETY: the caller's promise.
        let key = unsafe { read_service_delete(kind, information, length) };
        let key = key.map_err(|fault| fault.win32_code())?;
        self.may_change()?;
        self.service()
            .delete(&key)
            .map_err(|error| error.win32_code())
    }

    /// # Safety
    /// As `HttpQueryServiceConfiguration`.
    pub(crate) unsafe fn query_service(
        &self,
        kind: ServiceKind,
        (input, input_length): (*const c_void, u32),
        (output, output_length): (*mut c_void, u32),
        return_length: *mut u32,
    ) -> Result<(), u32> {
        // SAFETY: the caller's promise.
        let query = unsafe { read_service_query(kind, input, input_length) };
        let query = query.map_err(|fault: RequestError| fault.win32_code())?;
        let query = match (query, self.windows().url_index) {
            (ServiceQuery::NextReservation(_), "ignored") => ServiceQuery::NextReservation(0),
            (ServiceQuery::NextReservation(index), "wraps") => {
                let all = self.service().url_reservations();
                let all = all.map_err(|error| error.win32_code())?.len();
                let all = u32::try_from(all).unwrap_or(u32::MAX);
                ServiceQuery::NextReservation(index.checked_rem(all).unwrap_or(index))
            }
            (query, _) => query,
        };
        let found = self
            .service()
            .query(&query)
            .map_err(|error| error.win32_code())?;
        let found = match (found, windows::code(self.windows().listen_list_empty)) {
            (Some(ServiceAnswer::ListenList(list)), Some(code)) if list.is_empty() => {
                return Err(code);
            }
            (found, _) => found,
        };
        let found = found.ok_or(match query {
            ServiceQuery::NextReservation(_) => win32::NO_MORE_ITEMS,
            _ => win32::FILE_NOT_FOUND,
        })?;
        let reply = ServiceReply::new(&found);
        if !return_length.is_null() {
            // SAFETY: the caller's promise; it need not be aligned.
            unsafe { return_length.write_unaligned(reply.size()) };
        }
        if output.is_null() || output_length < reply.size() {
            // Timeouts have a code of their own ("only returned when ConfigId is
            // HttpServiceConfigTimeout").
            return Err(match kind {
                ServiceKind::Timeout => ERROR_MORE_DATA,
                _ => ERROR_INSUFFICIENT_BUFFER,
            });
        }
        // SAFETY: the caller's promise; there is room for all of it.
        unsafe { reply.write(output) };
        Ok(())
    }
}
