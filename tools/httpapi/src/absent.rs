//! The functions of `httpapi.dll` that have nothing to do with bindings. They are exported, so
//! that a program which imports them starts, and answer `ERROR_CALL_NOT_IMPLEMENTED` (120).
//!
//! On x64 a function need not know how many arguments it was called with. On 32-bit Windows
//! (stdcall) it would have to: this library is for 64-bit programs.

#![expect(unsafe_code, reason = "a C interface")]

use store_core::win32;

macro_rules! absent {
    ($($name:ident)*) => {$(
        // SAFETY: no other symbol of a program has this name, unless it is the function replaced.
        #[unsafe(no_mangle)]
        extern "system" fn $name() -> u32 {
            win32::CALL_NOT_IMPLEMENTED
        }
    )*};
}

absent! {
    HttpAddFragmentToCache
    HttpAddUrl
    HttpAddUrlToUrlGroup
    HttpCancelHttpRequest
    HttpCloseRequestQueue
    HttpCloseServerSession
    HttpCloseUrlGroup
    HttpCreateHttpHandle
    HttpCreateRequestQueue
    HttpCreateServerSession
    HttpCreateUrlGroup
    HttpDeclarePush
    HttpDelegateRequestEx
    HttpFindUrlGroupId
    HttpFlushResponseCache
    HttpGetExtension
    HttpIsFeatureSupported
    HttpPrepareUrl
    HttpQueryRequestQueueProperty
    HttpQueryServerSessionProperty
    HttpQueryUrlGroupProperty
    HttpReadFragmentFromCache
    HttpReceiveClientCertificate
    HttpReceiveHttpRequest
    HttpReceiveRequestEntityBody
    HttpRemoveUrl
    HttpRemoveUrlFromUrlGroup
    HttpSendHttpResponse
    HttpSendResponseEntityBody
    HttpSetRequestProperty
    HttpSetRequestQueueProperty
    HttpSetServerSessionProperty
    HttpSetUrlGroupProperty
    HttpShutdownRequestQueue
    HttpWaitForDemandStart
    HttpWaitForDisconnect
    HttpWaitForDisconnectEx
}
