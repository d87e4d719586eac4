//! Result codes, classified by the conclusions that a caller may draw from them.
//!
//! Programs that run on real hosts agree on few of the codes of the HTTP Server API. So the store
//! draws only three conclusions: that something is absent, that this Windows does not have it, and
//! that a buffer is too small. Any other code means that the answer is unknown.

use certbind_httpapi_abi::win32;
use windows_sys::Win32::Foundation::{
    ERROR_BUFFER_OVERFLOW, ERROR_GEN_FAILURE, ERROR_INSUFFICIENT_BUFFER, ERROR_INVALID_FUNCTION,
    ERROR_IO_PENDING, ERROR_MORE_DATA, ERROR_NO_SYSTEM_RESOURCES, ERROR_NOT_FOUND,
    ERROR_PROC_NOT_FOUND,
};

/// `ERROR_INTERNAL_ERROR` and `RPC_S_CANNOT_SUPPORT`/`RPC_X_BAD_STUB_DATA`'s neighbours, which RPC
/// servers answer while they start or are short of memory.
const INTERNAL_ERROR: u32 = 1359;
const RPC_SERVER_UNAVAILABLE: u32 = 1722;
const RPC_INVALID_BOUND: u32 = 1734;

/// Whether the code means that there is no such record.
pub(crate) fn is_absent(code: u32) -> bool {
    matches!(
        code,
        win32::FILE_NOT_FOUND | win32::NO_MORE_ITEMS | ERROR_NOT_FOUND
    )
}

/// Whether the code says that this version of Windows does not support the request.
pub(crate) fn is_unsupported(code: u32) -> bool {
    matches!(
        code,
        ERROR_INVALID_FUNCTION
            | win32::NOT_SUPPORTED
            | win32::INVALID_PARAMETER
            | win32::CALL_NOT_IMPLEMENTED
            | ERROR_PROC_NOT_FOUND
    )
}

/// Whether the code says that the buffer is too small. 122 is documented; 234 was seen on Server
/// 2008 R2 (OctopusDeploy/Issues 554 and 876); the others are results of other functions.
pub(crate) fn is_too_small(code: u32) -> bool {
    matches!(
        code,
        ERROR_INSUFFICIENT_BUFFER | ERROR_MORE_DATA | ERROR_BUFFER_OVERFLOW | ERROR_BAD_LENGTH
    )
}

const ERROR_BAD_LENGTH: u32 = 24;

/// Whether the same call may succeed after a pause.
pub(crate) fn is_transient(code: u32) -> bool {
    matches!(
        code,
        ERROR_GEN_FAILURE
            | win32::BUSY
            | ERROR_IO_PENDING
            | INTERNAL_ERROR
            | ERROR_NO_SYSTEM_RESOURCES
            | RPC_SERVER_UNAVAILABLE
            | RPC_INVALID_BOUND
    )
}
