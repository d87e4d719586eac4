//! A failing case is shrunk, printed, and saved where the crate that runs the suite can commit it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;

use certbind_conformance::Fixture;
use certbind_core::{
    Applied, Batch, Binding, BindingKey, BindingStore, Bindings, Capabilities, MemoryStore, Result,
    Scan, StoreError,
};
use tempfile::TempDir;

/// Cannot contain two bindings at the same time.
#[derive(Default)]
struct HoldsOne {
    inner: MemoryStore,
    writer: Mutex<()>,
}

impl BindingStore for HoldsOne {
    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }

    fn get(&self, key: &BindingKey) -> Result<Option<Binding>> {
        self.inner.get(key)
    }

    fn scan(&self, scan: &Scan) -> Result<Bindings<'_>> {
        self.inner.scan(scan)
    }

    fn apply(&self, batch: &Batch) -> Result<Applied> {
        let _writer = self.writer.lock().expect("no panic");
        let applied = self.inner.apply(batch)?;
        if self.inner.scan(&Scan::all())?.count() > 1 {
            self.inner.apply(&applied.inverse())?;
            return Err(StoreError::unavailable("it is full"));
        }
        Ok(applied)
    }
}

struct Full;

impl Fixture for Full {
    type Store = HoldsOne;

    fn new() -> Self {
        Self
    }

    fn open(&self) -> Result<HoldsOne> {
        Ok(HoldsOne::default())
    }
}

/// The only test here, since the current folder is that of the whole process.
#[test]
fn failure_is_shrunk_and_its_seed_saved() {
    let folder = TempDir::new().expect("a temporary directory");
    std::env::set_current_dir(folder.path()).expect("the folder is there");
    let run = || {
        let check = certbind_conformance::sequences_follow_the_model::<Full>;
        let panic = catch_unwind(AssertUnwindSafe(check)).expect_err("the store is wrong");
        *panic.downcast::<String>().expect("the panic is text")
    };

    let said = run();
    assert!(said.contains("minimal failing input"), "{said}");
    assert!(said.contains("it is full"), "{said}");
    // Two bindings are needed, by one batch or two operations. If two were shrunk in another order,
    // one without an effect may remain; sequences begin with dozens.
    let (_, smallest) = said.split_once("minimal").expect("it was there");
    let steps = smallest.matches("Do(").count();
    assert!((1..=4).contains(&steps), "{steps} steps: {said}");

    let kept = folder
        .path()
        .join("proptest-regressions/failure-persistence-Full.sequences.txt");
    let seeds = || {
        let text = std::fs::read_to_string(&kept).expect("the seed is kept");
        text.lines().filter(|line| line.starts_with("cc ")).count()
    };
    assert_eq!(seeds(), 1);

    // It is tried first from then on, and kept once.
    let again = run();
    assert!(again.contains("it is full"), "{again}");
    assert_eq!(seeds(), 1);
    // Windows does not remove the current folder of a process.
    std::env::set_current_dir(std::env::temp_dir()).expect("a folder");
}
