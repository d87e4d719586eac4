//! The library exports every function that programs import from `httpapi.dll`.

#![expect(unsafe_code, reason = "calls what a library exports")]

mod common;

use libloading::{Library, Symbol};

/// The functions that receive and answer requests, or read and set properties.
const ABSENT: &str = "
    HttpReceiveHttpRequest
    HttpReceiveRequestEntityBody HttpSendHttpResponse HttpSendResponseEntityBody
    HttpReceiveClientCertificate HttpCancelHttpRequest HttpWaitForDisconnect HttpWaitForDisconnectEx
    HttpWaitForDemandStart HttpFlushResponseCache HttpAddFragmentToCache HttpReadFragmentFromCache
    HttpQueryRequestQueueProperty HttpSetRequestQueueProperty HttpQueryServerSessionProperty
    HttpSetServerSessionProperty HttpQueryUrlGroupProperty
    HttpDeclarePush HttpDelegateRequestEx HttpFindUrlGroupId
    HttpSetRequestProperty HttpGetExtension";

const SIMULATED: &str = "
    HttpInitialize HttpTerminate HttpSetServiceConfiguration HttpUpdateServiceConfiguration
    HttpDeleteServiceConfiguration HttpQueryServiceConfiguration
    HttpCreateServerSession HttpCloseServerSession HttpCreateUrlGroup HttpCloseUrlGroup
    HttpAddUrlToUrlGroup HttpRemoveUrlFromUrlGroup HttpCreateRequestQueue HttpCloseRequestQueue
    HttpShutdownRequestQueue HttpCreateHttpHandle HttpAddUrl HttpRemoveUrl HttpSetUrlGroupProperty
    HttpPrepareUrl HttpIsFeatureSupported CertbindHttpApiRegistration
    CertbindHttpApiConfigure CertbindHttpApiFail CertbindHttpApiDelay CertbindHttpApiBefore
    CertbindHttpApiCalls CertbindHttpApiError CertbindHttpApiInstallCertificate";

type Any = unsafe extern "system" fn(usize, usize, usize, usize) -> u32;

fn found<'a>(library: &'a Library, name: &str) -> Symbol<'a, Any> {
    // SAFETY: on 64-bit systems any function may be called with four words.
    let symbol = unsafe { library.get(name.as_bytes()) };
    symbol.unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn unsimulated_functions_answer_not_implemented() {
    // SAFETY: it is the library that was just built, which does nothing when it is loaded.
    let library = unsafe { Library::new(common::library()) }.expect("the library loads");
    for name in ABSENT.split_whitespace() {
        let function = found(&library, name);
        // SAFETY: it reads no argument.
        assert_eq!(unsafe { function(1, 2, 3, 4) }, 120, "{name}");
    }
    for name in SIMULATED.split_whitespace() {
        found(&library, name);
    }
}
