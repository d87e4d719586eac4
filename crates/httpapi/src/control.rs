//! The functions by which a test harness controls the simulator. `include/certbind_httpapi.h`
//! declares them for C.

#![expect(unsafe_code, reason = "a C interface")]

use std::ffi::{CStr, c_char, c_void};
use std::time::Duration;

use certbind_httpapi_abi::win32::{self, ToWin32};
use certbind_simulator::{Call, InstallError};
use windows_sys::Win32::Foundation::{ERROR_INSUFFICIENT_BUFFER, ERROR_SUCCESS, ERROR_WRITE_FAULT};

use crate::process;

/// Replaces the process's simulator, configured as by `CERTBIND_HTTPAPI`: null or empty for an
/// empty store in memory. Returns 0, 87 for text that is not UTF-8, 21 for a broken configuration.
///
/// # Safety
/// `configuration` is null or a string with a NUL at its end.
// SAFETY: the name begins with ours.
#[unsafe(no_mangle)]
unsafe extern "C" fn CertbindHttpApiConfigure(configuration: *const c_char) -> u32 {
    let text = if configuration.is_null() {
        Ok("")
    } else {
        // SAFETY: the caller's guarantee.
        unsafe { CStr::from_ptr(configuration) }.to_str()
    };
    let Ok(text) = text else {
        return win32::INVALID_PARAMETER;
    };
    match std::panic::catch_unwind(|| process::configure(text)) {
        Ok(Ok(())) => ERROR_SUCCESS,
        _ => win32::NOT_READY,
    }
}

/// Makes the `nth` call of a function from now on return `code` and do nothing. Returns 0; 87 for
/// an unknown function, and for `nth` 0, as the next call is the first; 21 without a simulator.
// SAFETY: the name begins with ours.
#[unsafe(no_mangle)]
extern "C" fn CertbindHttpApiFail(function: u32, nth: u64, code: u32) -> u32 {
    process::with(|simulator| match call(function) {
        Some(call) if nth > 0 => {
            simulator.fail(call, nth, code);
            ERROR_SUCCESS
        }
        _ => win32::INVALID_PARAMETER,
    })
}

/// Makes the `nth` call of a function from now on take that much longer. Returns the codes of
/// [`CertbindHttpApiFail`].
// SAFETY: the name begins with ours.
#[unsafe(no_mangle)]
extern "C" fn CertbindHttpApiDelay(function: u32, nth: u64, milliseconds: u32) -> u32 {
    process::with(|simulator| match call(function) {
        Some(call) if nth > 0 => {
            simulator.delay(call, nth, Duration::from_millis(milliseconds.into()));
            ERROR_SUCCESS
        }
        _ => win32::INVALID_PARAMETER,
    })
}

/// Calls `action` with `context` before the `nth` call of a function from now on, in the thread of
/// that call. Returns the codes of [`CertbindHttpApiFail`], and 87 without an action.
///
/// # Safety
/// `action` can be called with `context` from any thread, once, until another configuration is set;
/// it does not unwind.
// SAFETY: the name begins with ours.
#[unsafe(no_mangle)]
unsafe extern "C" fn CertbindHttpApiBefore(
    function: u32,
    nth: u64,
    action: Option<unsafe extern "C" fn(*mut c_void)>,
    context: *mut c_void,
) -> u32 {
    let context = Context(context);
    process::with(|simulator| match (call(function), action) {
        (Some(call), Some(action)) if nth > 0 => {
            simulator.before(call, nth, move || {
                let context = context;
                // SAFETY: the caller's guarantee.
                unsafe { action(context.0) };
            });
            ERROR_SUCCESS
        }
        _ => win32::INVALID_PARAMETER,
    })
}

/// The context that a C caller passes and gets back.
struct Context(*mut c_void);

// SAFETY: the caller guarantees that its action can be called with it from any thread.
unsafe impl Send for Context {}

/// Adds a certificate to those of the host, from the `length` bytes of a PEM, DER or PFX file
/// without a password. If the configuration names a folder of certificates it is written there, and
/// the next call of any program can bind it. Returns 0; 87 for null, and for bytes without a
/// certificate that can be bound; 29 if the folder cannot be written; 21 without a simulator.
///
/// # Safety
/// `file` is null or valid for reads of `length` bytes.
// SAFETY: the name begins with ours.
#[unsafe(no_mangle)]
unsafe extern "C" fn CertbindHttpApiInstallCertificate(file: *const c_void, length: usize) -> u32 {
    if file.is_null() || isize::try_from(length).is_err() {
        return win32::INVALID_PARAMETER;
    }
    // SAFETY: the caller's guarantee; bytes need no alignment, and the caller does not change them
    // during the call.
    let file = unsafe { std::slice::from_raw_parts(file.cast::<u8>(), length) };
    process::with(|simulator| match simulator.install_certificate(file) {
        Ok(_) => ERROR_SUCCESS,
        Err(InstallError::Certificate(_)) => win32::INVALID_PARAMETER,
        Err(_) => ERROR_WRITE_FAULT,
    })
}

/// How often a function was called; 0 for an unknown one.
// SAFETY: the name begins with ours.
#[unsafe(no_mangle)]
extern "C" fn CertbindHttpApiCalls(function: u32) -> u64 {
    let mut calls = 0;
    process::with(|simulator| {
        calls = call(function).map_or(0, |call| simulator.calls(call));
        ERROR_SUCCESS
    });
    calls
}

/// The reason why there is no simulator, in UTF-8 with a NUL at its end; empty if there is one.
/// Returns 0, or 122 if `length` bytes are too few.
///
/// # Safety
/// `buffer` is valid for writes of `length` bytes.
// SAFETY: the name begins with ours.
#[unsafe(no_mangle)]
unsafe extern "C" fn CertbindHttpApiError(buffer: *mut c_char, length: usize) -> u32 {
    let reason = match std::panic::catch_unwind(process::current) {
        Ok(made) => made.err().unwrap_or_default(),
        Err(_) => "a panic".to_owned(),
    };
    // SAFETY: the caller's guarantee.
    unsafe { copy(&reason, buffer, length) }
}

/// The `index`th URL that a program has registered, in their order, in UTF-8 with a NUL at its end; the number
/// of the program's process, and 1 if it is registered still. Answers 0; 122 if `length` bytes are too few; 259
/// after the last; 87 for a null pointer; 21 without a simulator.
///
/// # Safety
/// `buffer` is valid for writes of `length` bytes, `process` and `active` for a write.
// SAFETY: the name begins with ours.
#[unsafe(no_mangle)]
unsafe extern "C" fn CertbindHttpApiRegistration(
    index: u32,
    buffer: *mut c_char,
    length: usize,
    process: *mut u32,
    active: *mut u32,
) -> u32 {
    if process.is_null() || active.is_null() {
        return win32::INVALID_PARAMETER;
    }
    process::with(|simulator| {
        let all = match simulator.service().registrations() {
            Ok(all) => all,
            Err(error) => return error.win32_code(),
        };
        let found = usize::try_from(index).ok().and_then(|index| all.get(index));
        let Some(found) = found else {
            return win32::NO_MORE_ITEMS;
        };
        // SAFETY: the caller's guarantee.
        let code = unsafe { copy(found.url.as_str(), buffer, length) };
        if code == ERROR_SUCCESS {
            // SAFETY: as above; they need not be aligned.
            unsafe { process.write_unaligned(found.process) };
            // SAFETY: as above.
            unsafe { active.write_unaligned(found.is_active.into()) };
        }
        code
    })
}

/// Writes a text with a NUL at its end.
///
/// # Safety
/// `buffer` is valid for writes of `length` bytes.
unsafe fn copy(text: &str, buffer: *mut c_char, length: usize) -> u32 {
    if buffer.is_null() || length <= text.len() {
        return ERROR_INSUFFICIENT_BUFFER;
    }
    let buffer = buffer.cast::<u8>();
    // SAFETY: the caller's guarantee, for more bytes than the text has; that is memory of ours.
    unsafe { buffer.copy_from_nonoverlapping(text.as_ptr(), text.len()) };
    // SAFETY: the caller's guarantee, for the byte after those.
    unsafe { buffer.wrapping_add(text.len()).write(0) };
    ERROR_SUCCESS
}

fn call(function: u32) -> Option<Call> {
    usize::try_from(function)
        .ok()
        .and_then(|index| Call::ALL.get(index))
        .copied()
}
