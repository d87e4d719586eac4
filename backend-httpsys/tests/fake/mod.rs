//! A small HTTP Server API to test the store with: records in their order of insertion, and a hook
//! that is called before and after every call.

#![allow(dead_code, reason = "no test uses all of it")]
#![allow(unreachable_pub, reason = "shared by several tests")]
#![allow(unsafe_code, reason = "implements a C interface")]

use std::ffi::c_void;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use certbind_core::{Binding, BindingKey, Kind, Record};
use certbind_httpapi_abi::HttpApi;
use certbind_httpapi_abi::kind_of;
use certbind_httpapi_abi::server::{Answer, Query, read_delete, read_query, read_set};
use certbind_httpapi_abi::win32;
use certbind_httpsys::{HttpSysStore, Notice};
use windows_sys::Win32::Foundation::HANDLE;
use windows_sys::Win32::Networking::HttpServer::HTTPAPI_VERSION;
use windows_sys::Win32::System::IO::OVERLAPPED;

const INSUFFICIENT_BUFFER: u32 = 122;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    Set,
    Delete,
    Update,
    /// An exact query with a buffer, or one that only requests the size.
    Exact {
        room: u32,
    },
    Next {
        token: u32,
        room: u32,
    },
}

impl Call {
    pub fn writes(self) -> bool {
        matches!(self, Self::Set | Self::Delete | Self::Update)
    }
}

/// Is called before (`after: None`) and after (`after: Some(code)`) each call, may change the
/// records, may panic, and may return another code in place of the call or of its code.
pub type Hook = Box<dyn FnMut(Call, Option<u32>, &mut Vec<Binding>) -> Option<u32> + Send>;

pub struct Fake {
    records: Mutex<Vec<Binding>>,
    hook: Mutex<Option<Hook>>,
    log: Mutex<Vec<Call>>,
    initialized: Mutex<Vec<u32>>,
    exports_update: bool,
    implements_update: bool,
    kinds: Vec<Kind>,
    any_key: AtomicBool,
    stores_nothing: AtomicBool,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Fake {
    pub fn new() -> Arc<Self> {
        Self::with(true, true, &Kind::ALL)
    }

    /// As before Windows 10, version 1703.
    pub fn without_update() -> Arc<Self> {
        Self::with(false, false, &Kind::ALL)
    }

    /// A library that exports the function and answers 120.
    pub fn with_an_empty_update() -> Arc<Self> {
        Self::with(true, false, &Kind::ALL)
    }

    pub fn of_kinds(kinds: &[Kind]) -> Arc<Self> {
        Self::with(true, true, kinds)
    }

    fn with(exports_update: bool, implements_update: bool, kinds: &[Kind]) -> Arc<Self> {
        Arc::new(Self {
            records: Mutex::default(),
            hook: Mutex::default(),
            log: Mutex::default(),
            initialized: Mutex::default(),
            exports_update,
            implements_update,
            kinds: kinds.to_vec(),
            any_key: AtomicBool::new(false),
            stores_nothing: AtomicBool::new(false),
        })
    }

    pub fn records(&self) -> MutexGuard<'_, Vec<Binding>> {
        lock(&self.records)
    }

    /// The records in canonical order.
    pub fn sorted(&self) -> Vec<Binding> {
        let mut records = self.records().clone();
        records.sort_by(|a, b| a.key().cmp(b.key()));
        records
    }

    pub fn hook(
        &self,
        hook: impl FnMut(Call, Option<u32>, &mut Vec<Binding>) -> Option<u32> + Send + 'static,
    ) {
        *lock(&self.hook) = Some(Box::new(hook));
    }

    pub fn unhook(&self) {
        *lock(&self.hook) = None;
    }

    /// From now on an exact query is answered with the first record of its kind.
    pub fn answer_any_key(&self) {
        self.any_key.store(true, Ordering::Relaxed);
    }

    /// As Wine's: every query finds nothing, and sets succeed.
    pub fn store_nothing(&self) {
        self.stores_nothing.store(true, Ordering::Relaxed);
        self.hook(|call, _, _| match call.writes() {
            true => Some(0),
            false => Some(win32::FILE_NOT_FOUND),
        });
    }

    /// The calls since the log was last taken.
    pub fn take_log(&self) -> Vec<Call> {
        std::mem::take(&mut lock(&self.log))
    }

    /// The flags of the initialisations that have not been ended.
    pub fn initialized(&self) -> Vec<u32> {
        lock(&self.initialized).clone()
    }

    fn call(&self, call: Call, act: impl FnOnce(&mut Vec<Binding>) -> u32) -> u32 {
        lock(&self.log).push(call);
        let mut records = lock(&self.records);
        let mut hook = lock(&self.hook);
        let mut see = |after, records: &mut Vec<Binding>| {
            hook.as_mut().and_then(|hook| hook(call, after, records))
        };
        if let Some(code) = see(None, &mut records) {
            return code;
        }
        let code = act(&mut records);
        see(Some(code), &mut records).unwrap_or(code)
    }

    fn kind(&self, id: i32) -> Option<Kind> {
        kind_of(id).filter(|kind| self.kinds.contains(kind))
    }
}

fn place(records: &[Binding], key: &BindingKey) -> Option<usize> {
    records.iter().position(|binding| binding.key() == key)
}

impl HttpApi for Fake {
    unsafe fn initialize(&self, version: HTTPAPI_VERSION, flags: u32, _: *mut c_void) -> u32 {
        assert_eq!(
            (version.HttpApiMajorVersion, version.HttpApiMinorVersion),
            (1, 0)
        );
        lock(&self.initialized).push(flags);
        0
    }

    unsafe fn terminate(&self, flags: u32, _: *mut c_void) -> u32 {
        let mut initialized = lock(&self.initialized);
        let place = initialized.iter().position(|f| *f == flags);
        initialized.remove(place.expect("an initialisation with these flags"));
        0
    }

    unsafe fn set(
        &self,
        _: HANDLE,
        id: i32,
        information: *const c_void,
        length: u32,
        _: *const OVERLAPPED,
    ) -> u32 {
        let Some(kind) = self.kind(id) else {
            return win32::INVALID_PARAMETER;
        };
        // SAFETY: the caller's guarantee.
        let binding = unsafe { read_set(kind, information, length) }.expect("a request");
        self.call(Call::Set, |records| match place(records, binding.key()) {
            Some(_) => win32::ALREADY_EXISTS,
            None => {
                records.push(binding);
                0
            }
        })
    }

    unsafe fn delete(
        &self,
        _: HANDLE,
        id: i32,
        information: *const c_void,
        length: u32,
        _: *const OVERLAPPED,
    ) -> u32 {
        let Some(kind) = self.kind(id) else {
            return win32::INVALID_PARAMETER;
        };
        // SAFETY: the caller's guarantee.
        let key = unsafe { read_delete(kind, information, length) }.expect("a request");
        self.call(Call::Delete, |records| match place(records, &key) {
            Some(place) => {
                records.remove(place);
                0
            }
            None => win32::FILE_NOT_FOUND,
        })
    }

    unsafe fn query(
        &self,
        _: HANDLE,
        id: i32,
        input: *const c_void,
        input_length: u32,
        output: *mut c_void,
        output_length: u32,
        return_length: *mut u32,
        _: *const OVERLAPPED,
    ) -> u32 {
        let Some(kind) = self.kind(id) else {
            return match self.stores_nothing.load(Ordering::Relaxed) {
                true => win32::FILE_NOT_FOUND,
                false => win32::INVALID_PARAMETER,
            };
        };
        // SAFETY: the caller's guarantee.
        let query = unsafe { read_query(kind, input, input_length) }.expect("a query");
        let query = match query {
            Query::Exact(_) if self.any_key.load(Ordering::Relaxed) => Query::Next(0),
            query => query,
        };
        let room = output_length;
        let call = match query {
            Query::Exact(_) => Call::Exact { room },
            Query::Next(token) => Call::Next { token, room },
        };
        self.call(call, |records| {
            let (found, missing) = match query {
                Query::Exact(key) => (
                    place(records, &key).map(|place| &records[place]),
                    win32::FILE_NOT_FOUND,
                ),
                Query::Next(token) => (
                    records
                        .iter()
                        .filter(|binding| binding.key().kind() == kind)
                        .nth(token as usize),
                    win32::NO_MORE_ITEMS,
                ),
            };
            let Some(binding) = found else { return missing };
            let answer = Answer::new(binding);
            // SAFETY: the caller's guarantee.
            unsafe { return_length.write(answer.size()) };
            if output.is_null() || output_length < answer.size() {
                return INSUFFICIENT_BUFFER;
            }
            // SAFETY: the caller's guarantee, for at least so many bytes.
            unsafe { answer.write(output) };
            0
        })
    }

    unsafe fn update(
        &self,
        _: HANDLE,
        id: i32,
        information: *const c_void,
        length: u32,
        _: *const OVERLAPPED,
    ) -> u32 {
        if !self.implements_update {
            return win32::CALL_NOT_IMPLEMENTED;
        }
        let Some(kind) = self.kind(id) else {
            return win32::INVALID_PARAMETER;
        };
        // SAFETY: the caller's guarantee.
        let binding = unsafe { read_set(kind, information, length) }.expect("a request");
        self.call(Call::Update, |records| {
            match place(records, binding.key()) {
                Some(place) => {
                    // An update is not documented to change the spelling of the name: this one does
                    // not.
                    let record = binding.record().clone();
                    let kept = records[place].clone().with_record(record);
                    records[place] = kept.expect("a record of the same kind");
                    0
                }
                None => win32::FILE_NOT_FOUND,
            }
        })
    }

    fn has_update(&self) -> bool {
        self.exports_update
    }
}

pub fn open(fake: &Arc<Fake>, folder: &Path) -> HttpSysStore<Arc<Fake>> {
    try_open(fake, folder).expect("a store")
}

pub fn try_open(fake: &Arc<Fake>, folder: &Path) -> certbind_core::Result<HttpSysStore<Arc<Fake>>> {
    let journal = folder.join("journal");
    HttpSysStore::builder(Arc::clone(fake))
        .journal(journal)
        .retry_pause(std::time::Duration::ZERO)
        .open()
}

/// Why a batch that was cut off is not undone, as a store that opened nonetheless reports.
pub fn pending(store: &HttpSysStore<Arc<Fake>>) -> String {
    let notices = store.take_notices();
    let [Notice::PendingBatch { reason }] = &notices[..] else {
        panic!("{notices:?}");
    };
    reason.clone()
}

/// A binding of `key` whose certificate, or application, is number `n`.
pub fn binding(key: &str, n: u8) -> Binding {
    let key: BindingKey = key.parse().expect("a key");
    let app_id = certbind_core::Uuid::from_u128(n.into());
    let record = match key.kind().names_certificate() {
        true => Record::new([n; 20].into(), "MY".parse().ok(), app_id),
        false => Record::central(app_id),
    };
    Binding::new(key, record).expect("a record of that kind")
}
