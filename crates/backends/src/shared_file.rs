//! A store's file that several processes work on, as they do on the one HTTP.sys of a host.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use certbind_core::{
    Applied, Batch, Binding, BindingKey, BindingStore, Bindings, Capabilities, Result, Row,
    RowChange, Scan, StoreError, Tables,
};
use certbind_redb::{RedbBuilder, RedbStore, Verification};

/// How long a call waits for others. Each of them keeps the file open for one call.
const OPEN_TIMEOUT: Duration = Duration::from_secs(10);

/// A file that is open only while a call runs.
pub(crate) struct SharedFile {
    path: PathBuf,
    builder: RedbBuilder,
    capabilities: Capabilities,
}

impl SharedFile {
    /// The file at `path`, made and verified now.
    ///
    /// # Errors
    /// As [`RedbStore::open`]; [`StoreError::InUse`] only if another process keeps it open.
    pub(crate) fn new(path: PathBuf) -> Result<Self> {
        let store = retry_while_in_use(OPEN_TIMEOUT, || RedbStore::open(&path))?;
        Ok(Self {
            capabilities: store.capabilities(),
            // It was verified just now, and each call opens it again.
            builder: RedbStore::builder()
                .verification(Verification::HeaderOnly)
                .cache_size(1 << 20),
            path,
        })
    }

    fn read<T>(&self, read: impl FnOnce(&RedbStore) -> Result<T>) -> Result<T> {
        read(&retry_while_in_use(OPEN_TIMEOUT, || {
            self.builder.open_read_only(self.file())
        })?)
    }

    fn file(&self) -> &Path {
        &self.path
    }
}

/// Tries again while another process has the file open.
fn retry_while_in_use(
    timeout: Duration,
    open: impl Fn() -> Result<RedbStore>,
) -> Result<RedbStore> {
    let end = Instant::now() + timeout;
    loop {
        match open() {
            Err(StoreError::InUse { .. }) if Instant::now() < end => {
                std::thread::sleep(Duration::from_millis(1));
            }
            opened => return opened,
        }
    }
}

/// The provided methods are not forwarded. They read and write in separate calls, so that the iterator
/// of a bulk load can read the file.
impl BindingStore for SharedFile {
    fn capabilities(&self) -> Capabilities {
        self.capabilities.clone()
    }

    fn get(&self, key: &BindingKey) -> Result<Option<Binding>> {
        self.read(|store| store.get(key))
    }

    fn scan(&self, scan: &Scan) -> Result<Bindings<'_>> {
        let found = self.read(|store| store.scan(scan)?.collect::<Result<Vec<_>>>())?;
        Ok(Bindings::new(found.into_iter().map(Ok)))
    }

    fn apply(&self, batch: &Batch) -> Result<Applied> {
        let store = retry_while_in_use(OPEN_TIMEOUT, || self.builder.open_existing(self.file()))?;
        store.apply(batch)
    }
}

impl Tables for SharedFile {
    fn rows(&self, table: &str) -> Result<Vec<Row>> {
        self.read(|store| store.rows(table))
    }

    fn write(&self, changes: &[RowChange]) -> Result<bool> {
        let store = retry_while_in_use(OPEN_TIMEOUT, || self.builder.open_existing(self.file()))?;
        store.write(changes)
    }
}

#[cfg(test)]
mod tests {
    use certbind_core::{Record, RowPrecondition, Uuid};

    use super::*;

    fn binding(port: u16) -> Binding {
        let record = Record::new([7; 20].into(), None, Uuid::nil());
        Binding::new(format!("0.0.0.0:{port}").parse().unwrap(), record).unwrap()
    }

    #[test]
    fn several_work_on_one_file_and_lose_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bindings.redb");
        let stores: Vec<_> = (0..4)
            .map(|_| SharedFile::new(path.clone()).unwrap())
            .collect();
        std::thread::scope(|scope| {
            for (store, first) in stores.iter().zip([100, 200, 300, 400]) {
                scope.spawn(move || {
                    for port in first..first + 5 {
                        store.insert(binding(port)).unwrap();
                        assert!(store.get(binding(port).key()).unwrap().is_some());
                        let key = port.to_be_bytes();
                        let row = RowChange::put("ports", &key, &[])
                            .with_precondition(RowPrecondition::Absent);
                        assert!(store.write(&[row]).unwrap());
                    }
                });
            }
        });
        let found = stores[0].scan(&Scan::all()).unwrap();
        assert_eq!(found.count(), 20);
        assert_eq!(stores[0].rows("ports").unwrap().len(), 20);
    }

    #[test]
    fn lock_owner_is_named_after_the_wait() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bindings.redb");
        let _kept = RedbStore::open(&path).unwrap();
        let opened = retry_while_in_use(Duration::from_millis(20), || RedbStore::open(&path));
        assert!(
            matches!(opened, Err(StoreError::InUse { .. })),
            "{:?}",
            opened.err()
        );
    }
}
