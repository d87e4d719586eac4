//! The names of codes.

use certbind_httpapi_abi::win32;
use windows_sys::Win32::Foundation::{
    ERROR_GEN_FAILURE, ERROR_INSUFFICIENT_BUFFER, ERROR_INVALID_HANDLE, ERROR_MORE_DATA,
    ERROR_NOT_FOUND, ERROR_SUCCESS,
};

/// The name that Windows' headers have for a code that the API answers; none for one that it is not
/// known to answer.
///
/// ```
/// assert_eq!(certbind_trace::code_name(183), Some("ERROR_ALREADY_EXISTS"));
/// ```
#[must_use]
pub fn code_name(code: u32) -> Option<&'static str> {
    Some(match code {
        ERROR_SUCCESS => "ERROR_SUCCESS",
        win32::FILE_NOT_FOUND => "ERROR_FILE_NOT_FOUND",
        win32::ACCESS_DENIED => "ERROR_ACCESS_DENIED",
        ERROR_INVALID_HANDLE => "ERROR_INVALID_HANDLE",
        win32::NOT_READY => "ERROR_NOT_READY",
        ERROR_GEN_FAILURE => "ERROR_GEN_FAILURE",
        win32::SHARING_VIOLATION => "ERROR_SHARING_VIOLATION",
        win32::NOT_SUPPORTED => "ERROR_NOT_SUPPORTED",
        win32::INVALID_PARAMETER => "ERROR_INVALID_PARAMETER",
        win32::CALL_NOT_IMPLEMENTED => "ERROR_CALL_NOT_IMPLEMENTED",
        ERROR_INSUFFICIENT_BUFFER => "ERROR_INSUFFICIENT_BUFFER",
        win32::ALREADY_EXISTS => "ERROR_ALREADY_EXISTS",
        ERROR_MORE_DATA => "ERROR_MORE_DATA",
        win32::NO_MORE_ITEMS => "ERROR_NO_MORE_ITEMS",
        ERROR_NOT_FOUND => "ERROR_NOT_FOUND",
        win32::NO_SUCH_LOGON_SESSION => "ERROR_NO_SUCH_LOGON_SESSION",
        _ => return None,
    })
}
