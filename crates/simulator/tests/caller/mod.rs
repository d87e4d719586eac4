//! Calls the simulator as a C program would, with any argument spoiled.

#![allow(dead_code, reason = "no test uses all of it")]

use std::ffi::c_void;
use std::ptr;
use std::sync::Arc;

use certbind_core::{Binding, BindingKey, CertHash, Kind, MemoryStore, Record, Uuid};
use certbind_httpapi_abi::HttpApi;
use certbind_httpapi_abi::client::{Query, Request, with_delete, with_query, with_set};
use certbind_simulator::Simulator;
use windows_sys::Win32::Foundation::HANDLE;
use windows_sys::Win32::Networking::HttpServer::{
    HTTP_INITIALIZE, HTTP_INITIALIZE_CONFIG, HTTP_SERVICE_CONFIG_ID, HTTPAPI_VERSION,
};
use windows_sys::Win32::System::IO::OVERLAPPED;

/// A simulator with nothing in it.
pub(crate) fn simulator() -> Simulator {
    Simulator::new(Arc::new(MemoryStore::new()))
}

/// A key with a typical binding for its kind.
pub(crate) fn binding(key: &str) -> Binding {
    let key: BindingKey = key.parse().unwrap();
    let record = if key.kind().names_certificate() {
        Record::new(CertHash::new([1; 20]), None, Uuid::nil())
    } else {
        Record::central(Uuid::nil())
    };
    Binding::new(key, record).unwrap()
}

/// The functions that take a set structure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Function {
    Set,
    Update,
    Delete,
}

/// The rights of the caller, and which of the arguments that have to be null are not.
#[derive(Clone, Copy)]
pub(crate) struct Caller<'a> {
    pub(crate) api: &'a Simulator,
    pub(crate) handle: HANDLE,
    pub(crate) overlapped: *const OVERLAPPED,
}

impl<'a> Caller<'a> {
    /// A caller that has initialized the API for configuration.
    pub(crate) fn new(api: &'a Simulator) -> Self {
        Self::with(api, HTTP_INITIALIZE_CONFIG)
    }

    /// A caller that has initialized the API.
    pub(crate) fn with(api: &'a Simulator, flags: HTTP_INITIALIZE) -> Self {
        let version = HTTPAPI_VERSION {
            HttpApiMajorVersion: 1,
            HttpApiMinorVersion: 0,
        };
        // SAFETY: the reserved argument is null.
        let code = unsafe { HttpApi::initialize(api, version, flags, ptr::null_mut()) };
        assert_eq!(code, 0);
        Self {
            api,
            handle: ptr::null_mut(),
            overlapped: ptr::null(),
        }
    }

    /// A call of a function that takes a set structure.
    ///
    /// # Safety
    /// As the function of the API.
    pub(crate) unsafe fn change(
        &self,
        function: Function,
        id: HTTP_SERVICE_CONFIG_ID,
        information: *const c_void,
        length: u32,
    ) -> u32 {
        let (api, handle, overlapped) = (self.api, self.handle, self.overlapped);
        match function {
            // SAFETY: the caller's promise.
            Function::Set => unsafe {
                HttpApi::set(api, handle, id, information, length, overlapped)
            },
            // SAFETY: the caller's promise.
            Function::Update => unsafe {
                HttpApi::update(api, handle, id, information, length, overlapped)
            },
            // SAFETY: the caller's promise.
            Function::Delete => unsafe {
                HttpApi::delete(api, handle, id, information, length, overlapped)
            },
        }
    }

    /// A change whose structure is well formed.
    pub(crate) fn asks(&self, function: Function, binding: &Binding) -> u32 {
        // SAFETY: the request is complete.
        let call = |request: Request| unsafe {
            self.change(function, request.id, request.pointer, request.length)
        };
        match function {
            Function::Delete => with_delete(binding.key(), None, call),
            Function::Set | Function::Update => with_set(binding, call),
        }
    }

    /// A query whose request is well formed, and the size that it requests.
    pub(crate) fn queries(&self, query: Query<'_>, output: Option<&mut [u8]>) -> (u32, u32) {
        let (pointer, length) = output.map_or((ptr::null_mut(), 0), |output| {
            (output.as_mut_ptr(), u32::try_from(output.len()).unwrap())
        });
        let mut needed = UNTOUCHED;
        // SAFETY: the request is complete, and the output is as long as stated.
        let code = with_query(query, |request| unsafe {
            HttpApi::query(
                self.api,
                self.handle,
                request.id,
                request.pointer,
                request.length,
                pointer.cast(),
                length,
                &raw mut needed,
                self.overlapped,
            )
        });
        (code, needed)
    }

    /// The sizing call for a key.
    pub(crate) fn exact(&self, key: &BindingKey) -> u32 {
        let host_spelling = None;
        self.queries(Query::Exact { key, host_spelling }, None).0
    }

    /// The sizing call for an index.
    pub(crate) fn next(&self, kind: Kind, token: u32) -> u32 {
        self.queries(Query::Next { kind, token }, None).0
    }
}

/// The needed length before a call.
pub(crate) const UNTOUCHED: u32 = 0x5EED_5EED;
