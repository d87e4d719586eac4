//! The time of HTTP Server API calls: through `libhttpapi.so`, as C programs make them, and on the
//! simulator.

#![allow(clippy::unwrap_used, reason = "a figure of what failed is no figure")]
#![allow(unsafe_code, reason = "the calls are C's")]

use std::path::PathBuf;
use std::ptr;
use std::sync::{Arc, LazyLock};

use certbind_core::{
    Batch, Binding, BindingStore, CertHash, Change, Kind, MemoryStore, Record, Scan, Uuid,
};
use certbind_httpapi_abi::HttpApi;
use certbind_httpapi_abi::client::{Query, Request, with_query};
use certbind_httpsys::{HttpSysStore, LibraryApi};
use certbind_redb::RedbStore;
use certbind_simulator::Simulator;
use divan::{Bencher, black_box};
use tempfile::TempDir;
use windows_sys::Win32::Networking::HttpServer::{
    HTTP_INITIALIZE_CONFIG, HTTP_SERVICE_CONFIG_ID, HTTPAPI_VERSION,
};

/// Bindings in the store of the library.
const BINDINGS: u32 = 100_000;

fn main() {
    divan::main();
}

fn binding(n: u32) -> Binding {
    let key = format!("10.{}.{}.{}:443", n >> 16, n >> 8 & 255, n & 255);
    let store = Some("MY".parse().unwrap());
    let record = Record::new(CertHash::new([7; 20]), store, Uuid::nil());
    Binding::new(key.parse().unwrap(), record).unwrap()
}

fn batch(size: u32) -> Batch {
    Batch::new((0..size).map(|n| Change::insert(binding(n)))).unwrap()
}

/// The library, initialised, over a file.
static LIBRARY: LazyLock<(Arc<LibraryApi>, TempDir)> = LazyLock::new(|| {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("bindings.redb");
    RedbStore::open(&file)
        .unwrap()
        .apply(&batch(BINDINGS))
        .unwrap();
    // SAFETY: divan has not started threads for a benchmark that has none.
    unsafe { std::env::set_var("CERTBIND_HTTPAPI", format!("redb:{}", file.display())) };
    let program = std::env::current_exe().unwrap();
    let built: PathBuf = program.ancestors().nth(2).unwrap().join("libhttpapi.so");
    // SAFETY: it is ours, and has the functions by their signatures.
    let library = unsafe { LibraryApi::load(&built) }.unwrap();
    initialize(&library);
    (Arc::new(library), folder)
});

fn initialize(api: &impl HttpApi) {
    let version = HTTPAPI_VERSION {
        HttpApiMajorVersion: 1,
        HttpApiMinorVersion: 0,
    };
    // SAFETY: there is nothing to point to.
    let code = unsafe { api.initialize(version, HTTP_INITIALIZE_CONFIG, ptr::null_mut()) };
    assert_eq!(code, 0);
}

/// One call, with a buffer that is long enough.
fn ask(api: &impl HttpApi, query: Query<'_>, buffer: &mut [u64; 64]) -> u32 {
    with_query(query, |request: Request| {
        let id: HTTP_SERVICE_CONFIG_ID = request.id;
        let room = u32::try_from(size_of_val(buffer)).unwrap();
        let mut length = 0;
        // SAFETY: the request is complete for this call, and the buffer has `room` bytes.
        unsafe {
            api.query(
                ptr::null_mut(),
                id,
                request.pointer,
                request.length,
                buffer.as_mut_ptr().cast(),
                room,
                &raw mut length,
                ptr::null(),
            )
        }
    })
}

/// One after the other of so many, in no order.
#[divan::bench(args = [10_000, BINDINGS], sample_size = 1_000)]
fn query_one_through_the_library(bencher: Bencher<'_, '_>, asked: u32) {
    let (library, _folder) = &*LIBRARY;
    let keys: Vec<_> = (0..asked).map(|n| binding(n).key().clone()).collect();
    let (mut buffer, mut n) = ([0; 64], 0_usize);
    bencher.bench_local(|| {
        n = (n + 7_919) % keys.len();
        let query = Query::Exact {
            key: black_box(&keys[n]),
            host_spelling: None,
        };
        assert_eq!(ask(library, query, &mut buffer), 0);
    });
}

/// Linear in the number, where each index were looked for from the start it would be square.
#[divan::bench(args = [1_000, 10_000, 100_000])]
fn enumerate_by_index(bencher: Bencher<'_, '_>, size: u32) {
    let store = MemoryStore::new();
    store.apply(&batch(size)).unwrap();
    let simulator = Simulator::new(Arc::new(store));
    initialize(&simulator);
    let mut buffer = [0; 64];
    bencher
        .counter(divan::counter::ItemsCount::new(size))
        .bench_local(|| {
            for token in 0..size {
                let query = Query::Next {
                    kind: Kind::IpPort,
                    token,
                };
                assert_eq!(ask(&simulator, query, &mut buffer), 0);
            }
        });
}

#[divan::bench(sample_count = 10)]
fn scan_the_store_over_the_library(bencher: Bencher<'_, '_>) {
    let (library, folder) = &*LIBRARY;
    let journal = folder.path().to_owned();
    let store = HttpSysStore::builder(Arc::clone(library))
        .journal(journal)
        .open()
        .unwrap();
    bencher.bench_local(|| {
        let found = store.scan(&Scan::all()).unwrap().map(Result::unwrap);
        assert_eq!(found.count(), BINDINGS as usize);
    });
}
