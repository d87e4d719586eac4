//! The functions of the HTTP Server API that are simulated, under their names.

#![expect(unsafe_code, reason = "a C interface")]

use std::ffi::c_void;

use windows_sys::Win32::Foundation::HANDLE;
use windows_sys::Win32::Networking::HttpServer::{
    HTTP_INITIALIZE, HTTP_SERVICE_CONFIG_ID, HTTPAPI_VERSION,
};
use windows_sys::Win32::System::IO::OVERLAPPED;

use crate::process;

/// `HttpInitialize`.
// SAFETY: no other symbol of a program has this name, unless it is the function replaced.
#[unsafe(no_mangle)]
unsafe extern "system" fn HttpInitialize(
    version: HTTPAPI_VERSION,
    flags: HTTP_INITIALIZE,
    reserved: *mut c_void,
) -> u32 {
    // SAFETY: the caller keeps the contract of the API, which is that of the trait.
    process::call(|api| unsafe { api.initialize(version, flags, reserved) })
}

/// `HttpTerminate`.
// SAFETY: as above.
#[unsafe(no_mangle)]
unsafe extern "system" fn HttpTerminate(flags: HTTP_INITIALIZE, reserved: *mut c_void) -> u32 {
    // SAFETY: as above.
    process::call(|api| unsafe { api.terminate(flags, reserved) })
}

/// `HttpSetServiceConfiguration`.
// SAFETY: as above.
#[unsafe(no_mangle)]
unsafe extern "system" fn HttpSetServiceConfiguration(
    handle: HANDLE,
    id: HTTP_SERVICE_CONFIG_ID,
    information: *const c_void,
    length: u32,
    overlapped: *const OVERLAPPED,
) -> u32 {
    // SAFETY: as above.
    process::call(|api| unsafe { api.set(handle, id, information, length, overlapped) })
}

/// `HttpUpdateServiceConfiguration`.
// SAFETY: as above.
#[unsafe(no_mangle)]
unsafe extern "system" fn HttpUpdateServiceConfiguration(
    handle: HANDLE,
    id: HTTP_SERVICE_CONFIG_ID,
    information: *const c_void,
    length: u32,
    overlapped: *const OVERLAPPED,
) -> u32 {
    // SAFETY: as above.
    process::call(|api| unsafe { api.update(handle, id, information, length, overlapped) })
}

/// `HttpDeleteServiceConfiguration`.
// SAFETY: as above.
#[unsafe(no_mangle)]
unsafe extern "system" fn HttpDeleteServiceConfiguration(
    handle: HANDLE,
    id: HTTP_SERVICE_CONFIG_ID,
    information: *const c_void,
    length: u32,
    overlapped: *const OVERLAPPED,
) -> u32 {
    // SAFETY: as above.
    process::call(|api| unsafe { api.delete(handle, id, information, length, overlapped) })
}

/// `HttpQueryServiceConfiguration`.
// SAFETY: as above.
#[unsafe(no_mangle)]
unsafe extern "system" fn HttpQueryServiceConfiguration(
    handle: HANDLE,
    id: HTTP_SERVICE_CONFIG_ID,
    input: *const c_void,
    input_length: u32,
    output: *mut c_void,
    output_length: u32,
    return_length: *mut u32,
    overlapped: *const OVERLAPPED,
) -> u32 {
    // SAFETY: as above.
    process::call(|api| unsafe {
        api.query(
            handle,
            id,
            input,
            input_length,
            output,
            output_length,
            return_length,
            overlapped,
        )
    })
}
