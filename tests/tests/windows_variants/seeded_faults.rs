//! The checks find a faulty store.

#![allow(unsafe_code, reason = "implements a C interface")]

use std::ffi::c_void;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use certbind_core::{
    Applied, Batch, Binding, BindingKey, BindingStore, Bindings, Capabilities, Result, Scan,
    StoreError,
};
use certbind_httpapi_abi::HttpApi;
use certbind_httpapi_abi::win32;
use certbind_httpsys::HttpSysStore;
use certbind_simulator::Simulator;
use windows_sys::Win32::Foundation::HANDLE;
use windows_sys::Win32::Networking::HttpServer::{HTTPAPI_VERSION, HttpServiceConfigQueryNext};
use windows_sys::Win32::System::IO::OVERLAPPED;

use crate::check::{TestedStore, try_variant};
use crate::host::Store;

/// The fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Faulty {
    /// A batch reports the requested bindings, without regard to the ones read back.
    BelievesTheCall,
    /// An enumeration ends at the first index that is answered 2.
    EndsAtTwo,
}

impl Faulty {
    pub(crate) fn over(self, store: &Store) -> Box<dyn BindingStore + '_> {
        match self {
            Self::BelievesTheCall => Box::new(Believing(store)),
            Self::EndsAtTwo => {
                let api = EndsAtTwo(Arc::clone(store.api()));
                Box::new(HttpSysStore::builder(api).open().expect("a store"))
            }
        }
    }
}

/// A store that reports a batch as done, without regard to the bindings read back.
struct Believing<'a>(&'a Store);

impl BindingStore for Believing<'_> {
    fn capabilities(&self) -> Capabilities {
        self.0.capabilities()
    }

    fn get(&self, key: &BindingKey) -> Result<Option<Binding>> {
        self.0.get(key)
    }

    fn scan(&self, scan: &Scan) -> Result<Bindings<'_>> {
        self.0.scan(scan)
    }

    fn apply(&self, batch: &Batch) -> Result<Applied> {
        match self.0.apply(batch) {
            Err(StoreError::Backend { .. }) | Ok(_) => batch
                .check(|key| self.0.get(key))
                .or_else(|_| Ok(Applied::default())),
            refused => refused,
        }
    }
}

/// An API whose enumerations end at 2, as for a program that mistakes it for 259.
struct EndsAtTwo(Arc<Simulator>);

impl HttpApi for EndsAtTwo {
    unsafe fn initialize(&self, version: HTTPAPI_VERSION, flags: u32, none: *mut c_void) -> u32 {
        // SAFETY: the caller's guarantee.
        unsafe { self.0.initialize(version, flags, none) }
    }

    unsafe fn terminate(&self, flags: u32, none: *mut c_void) -> u32 {
        // SAFETY: the caller's guarantee.
        unsafe { self.0.terminate(flags, none) }
    }

    unsafe fn set(
        &self,
        handle: HANDLE,
        id: i32,
        information: *const c_void,
        length: u32,
        overlapped: *const OVERLAPPED,
    ) -> u32 {
        // SAFETY: the caller's guarantee.
        unsafe { self.0.set(handle, id, information, length, overlapped) }
    }

    unsafe fn delete(
        &self,
        handle: HANDLE,
        id: i32,
        information: *const c_void,
        length: u32,
        overlapped: *const OVERLAPPED,
    ) -> u32 {
        // SAFETY: the caller's guarantee.
        unsafe { self.0.delete(handle, id, information, length, overlapped) }
    }

    unsafe fn query(
        &self,
        handle: HANDLE,
        id: i32,
        input: *const c_void,
        input_length: u32,
        output: *mut c_void,
        output_length: u32,
        return_length: *mut u32,
        overlapped: *const OVERLAPPED,
    ) -> u32 {
        let (input_of, output_of) = ((input, input_length), (output, output_length));
        // SAFETY: the caller's guarantee.
        let code = unsafe {
            self.0.query(
                handle,
                id,
                input_of.0,
                input_of.1,
                output_of.0,
                output_of.1,
                return_length,
                overlapped,
            )
        };
        // SAFETY: every query structure begins with its type.
        let is_next = unsafe { input.cast::<i32>().read_unaligned() } == HttpServiceConfigQueryNext;
        match code {
            win32::FILE_NOT_FOUND if is_next => win32::NO_MORE_ITEMS,
            code => code,
        }
    }

    unsafe fn update(
        &self,
        handle: HANDLE,
        id: i32,
        information: *const c_void,
        length: u32,
        overlapped: *const OVERLAPPED,
    ) -> u32 {
        // SAFETY: the caller's guarantee.
        unsafe { HttpApi::update(&self.0, handle, id, information, length, overlapped) }
    }

    fn has_update(&self) -> bool {
        self.0.has_update()
    }
}

fn is_found(fault: Faulty, variant: &[crate::Answer]) -> bool {
    (1..20).any(|seed| {
        let tried = || try_variant(variant, seed, TestedStore::With(fault));
        catch_unwind(AssertUnwindSafe(tried)).is_err()
    })
}

#[test]
fn believing_the_answer_of_a_call_is_found() {
    assert!(is_found(Faulty::BelievesTheCall, &[("set", "forgets")]));
    assert!(is_found(Faulty::BelievesTheCall, &[("update", "nothing")]));
}

#[test]
fn ending_at_2_is_found() {
    assert!(is_found(Faulty::EndsAtTwo, &[("index", "hole-2")]));
}
