//! The six functions of the HTTP Server API that bindings are kept with.

use std::ffi::c_void;
use std::sync::Arc;

use windows_sys::Win32::Foundation::HANDLE;
use windows_sys::Win32::Networking::HttpServer::{
    HTTP_INITIALIZE, HTTP_SERVICE_CONFIG_ID, HTTPAPI_VERSION,
};
use windows_sys::Win32::System::IO::OVERLAPPED;

/// The HTTP Server API, version 1.0, as far as bindings go: one method per function of
/// `httpapi.dll`, with the same parameters and the same return value, a Win32 code.
///
/// The service handle and the pointer to an `OVERLAPPED` are reserved and null
/// (`HttpSetServiceConfiguration`). Every function may be called from several threads at once.
///
/// # Safety
/// The methods take the arguments of the DLL's functions. For every one of them:
/// - a pointer with a length is valid for reads (`output`: for writes) of that many bytes, or null;
/// - `information` and `input` point to the structure that `id` requires, and the pointers in it
///   are null or valid, strings up to their closing NUL;
/// - `return_length` is null or valid for a write;
/// - nothing of this is written by another thread while the call runs.
///
/// Pointers need not be aligned if the implementation documents that; callers align them.
#[expect(unsafe_code, reason = "a C interface, taken as it is")]
pub trait HttpApi: Send + Sync {
    /// `HttpInitialize`. Calls nest; each needs a [`terminate`](Self::terminate) of its own.
    ///
    /// # Safety
    /// See the trait; `reserved` is null.
    unsafe fn initialize(
        &self,
        version: HTTPAPI_VERSION,
        flags: HTTP_INITIALIZE,
        reserved: *mut c_void,
    ) -> u32;

    /// `HttpTerminate`, with the flags of the [`initialize`](Self::initialize) that it ends.
    ///
    /// # Safety
    /// See the trait; `reserved` is null.
    unsafe fn terminate(&self, flags: HTTP_INITIALIZE, reserved: *mut c_void) -> u32;

    /// `HttpSetServiceConfiguration`: binds a key that is not bound; 183 if it is.
    ///
    /// # Safety
    /// See the trait.
    unsafe fn set(
        &self,
        handle: HANDLE,
        id: HTTP_SERVICE_CONFIG_ID,
        information: *const c_void,
        length: u32,
        overlapped: *const OVERLAPPED,
    ) -> u32;

    /// `HttpDeleteServiceConfiguration`: unbinds a key; 2 if it is not bound.
    ///
    /// # Safety
    /// See the trait.
    unsafe fn delete(
        &self,
        handle: HANDLE,
        id: HTTP_SERVICE_CONFIG_ID,
        information: *const c_void,
        length: u32,
        overlapped: *const OVERLAPPED,
    ) -> u32;

    /// `HttpQueryServiceConfiguration`: 0, or 122 with the required size in `return_length`; 2 for
    /// a key that is not bound, 259 after the last record.
    ///
    /// # Safety
    /// See the trait.
    #[expect(clippy::too_many_arguments, reason = "the function has so many")]
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
    ) -> u32;

    /// `HttpUpdateServiceConfiguration`: replaces the record of a key that is bound, in one step;
    /// 2 if it is not bound, 120 where there is no such function.
    ///
    /// # Safety
    /// See the trait.
    unsafe fn update(
        &self,
        handle: HANDLE,
        id: HTTP_SERVICE_CONFIG_ID,
        information: *const c_void,
        length: u32,
        overlapped: *const OVERLAPPED,
    ) -> u32;

    /// Whether there is an `HttpUpdateServiceConfiguration`: since Windows 10, version 1703.
    fn has_update(&self) -> bool;

    /// Whether other processes reach the same host, as they do on Windows. A simulated host may live
    /// in this process only.
    fn is_multi_process(&self) -> bool {
        true
    }
}

#[expect(unsafe_code, reason = "passes the calls on")]
impl<A: HttpApi + ?Sized> HttpApi for Arc<A> {
    unsafe fn initialize(
        &self,
        version: HTTPAPI_VERSION,
        flags: HTTP_INITIALIZE,
        reserved: *mut c_void,
    ) -> u32 {
        // SAFETY: the caller's guarantee is the same.
        unsafe { (**self).initialize(version, flags, reserved) }
    }

    unsafe fn terminate(&self, flags: HTTP_INITIALIZE, reserved: *mut c_void) -> u32 {
        // SAFETY: the caller's guarantee is the same.
        unsafe { (**self).terminate(flags, reserved) }
    }

    unsafe fn set(
        &self,
        handle: HANDLE,
        id: HTTP_SERVICE_CONFIG_ID,
        information: *const c_void,
        length: u32,
        overlapped: *const OVERLAPPED,
    ) -> u32 {
        // SAFETY: the caller's guarantee is the same.
        unsafe { (**self).set(handle, id, information, length, overlapped) }
    }

    unsafe fn delete(
        &self,
        handle: HANDLE,
        id: HTTP_SERVICE_CONFIG_ID,
        information: *const c_void,
        length: u32,
        overlapped: *const OVERLAPPED,
    ) -> u32 {
        // SAFETY: the caller's guarantee is the same.
        unsafe { (**self).delete(handle, id, information, length, overlapped) }
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
        // SAFETY: the caller's guarantee is the same.
        unsafe {
            (**self).query(
                handle,
                id,
                input,
                input_length,
                output,
                output_length,
                return_length,
                overlapped,
            )
        }
    }

    unsafe fn update(
        &self,
        handle: HANDLE,
        id: HTTP_SERVICE_CONFIG_ID,
        information: *const c_void,
        length: u32,
        overlapped: *const OVERLAPPED,
    ) -> u32 {
        // SAFETY: the caller's guarantee is the same.
        unsafe { (**self).update(handle, id, information, length, overlapped) }
    }

    fn has_update(&self) -> bool {
        (**self).has_update()
    }

    fn is_multi_process(&self) -> bool {
        (**self).is_multi_process()
    }
}
