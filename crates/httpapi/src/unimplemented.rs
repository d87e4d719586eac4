//! The functions of `httpapi.dll` that receive requests, answer them, and read or set properties.
//! They are exported, so that a program which imports them starts, and return
//! `ERROR_CALL_NOT_IMPLEMENTED` (120), unless calls are forwarded to a library with these
//! functions.
//!
//! On 64-bit systems every one of their arguments is an integer or a pointer and fits a register
//! (the version too, a structure of four bytes), so that only their number matters. On 32-bit
//! Windows (stdcall) it would not suffice: this library is for 64-bit programs.

#![expect(unsafe_code, reason = "a C interface")]

use certbind_httpapi_abi::win32;

use crate::process;

macro_rules! unimplemented_functions {
    ($($name:ident($($argument:ident)*))*) => {$(
        // SAFETY: no other symbol of a program has this name, unless it is the function replaced.
        #[unsafe(no_mangle)]
        unsafe extern "system" fn $name($($argument: usize),*) -> usize {
            type Function = unsafe extern "system" fn($(word!($argument)),*) -> usize;
            process::server(stringify!($name), |_| win32::CALL_NOT_IMPLEMENTED as usize, |function| {
                // SAFETY: it is the function of this name, which takes this number of arguments.
                let function = unsafe {
                    std::mem::transmute::<*const std::ffi::c_void, Function>(function)
                };
                // SAFETY: the caller's guarantee is that of the function.
                unsafe { function($($argument),*) }
            })
        }
    )*};
}

macro_rules! word {
    ($argument:ident) => {
        usize
    };
}

unimplemented_functions! {
    HttpAddFragmentToCache(a b c d e)
    HttpCancelHttpRequest(a b c)
    HttpDeclarePush(a b c d e f)
    HttpDelegateRequestEx(a b c d e f)
    HttpFindUrlGroupId(a b c)
    HttpFlushResponseCache(a b c d)
    HttpGetExtension(a b c d)
    HttpQueryRequestQueueProperty(a b c d e f g)
    HttpQueryServerSessionProperty(a b c d e)
    HttpQueryUrlGroupProperty(a b c d e)
    HttpReadFragmentFromCache(a b c d e f g)
    HttpReceiveClientCertificate(a b c d e f g)
    HttpReceiveHttpRequest(a b c d e f g)
    HttpReceiveRequestEntityBody(a b c d e f g)
    HttpSendHttpResponse(a b c d e f g h i j)
    HttpSendResponseEntityBody(a b c d e f g h i j)
    HttpSetRequestProperty(a b c d e f)
    HttpSetRequestQueueProperty(a b c d e f)
    HttpSetServerSessionProperty(a b c d)
    HttpWaitForDemandStart(a b)
    HttpWaitForDisconnect(a b c)
    HttpWaitForDisconnectEx(a b c d)
}
