//! Faults that a crash shows: a store in a log file that writes or syncs too late.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::marker::PhantomData;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use certbind_conformance::Fixture;
use certbind_core::codec::{decode_binding, decode_key, encode_binding, encode_key};
use certbind_core::{
    Applied, Batch, Binding, BindingKey, BindingStore, Bindings, Capabilities, Change, MemoryStore,
    Outcome, Result, Scan, StoreError,
};
use tempfile::TempDir;

/// When a store writes a record.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum WriteTime {
    BeforeItAcknowledges,
    WhenItIsDropped,
    /// On a thread, a moment later.
    InTheBackground,
    /// In two halves, with a pause between them.
    InHalves,
}

/// When a store syncs its file.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum SyncTime {
    BeforeItAcknowledges,
    Never,
    EverySecondTime,
    NotAfterALoad,
}

/// The fault of a log.
pub(crate) trait LogFault: Send + Sync + 'static {
    const WRITE: WriteTime = WriteTime::BeforeItAcknowledges;
    const SYNC: SyncTime = SyncTime::BeforeItAcknowledges;
    /// Whether a record that was not written to its end is cut off when the log is opened.
    const RECOVERS: bool = true;
    /// Whether a batch is one record, and not one for each change.
    const ATOMIC: bool = true;
}

macro_rules! logs {
    ($($(#[$doc:meta])* $name:ident { $($constant:ident: $type:ty = $value:expr),* };)*) => {$(
        $(#[$doc])*
        pub(crate) struct $name;

        impl LogFault for $name {
            $(const $constant: $type = $value;)*
        }
    )*};
}

logs! {
    /// Without a fault.
    Whole {};
    CommitsWhenItIsDropped { WRITE: WriteTime = WriteTime::WhenItIsDropped };
    CommitsInTheBackground { WRITE: WriteTime = WriteTime::InTheBackground };
    WritesEachChangeAlone { WRITE: WriteTime = WriteTime::InHalves, ATOMIC: bool = false };
    DoesNotRecover { WRITE: WriteTime = WriteTime::InHalves, RECOVERS: bool = false };
    NeverSyncs { SYNC: SyncTime = SyncTime::Never };
    SyncsEverySecondChange { SYNC: SyncTime = SyncTime::EverySecondTime };
    DoesNotSyncLoads { SYNC: SyncTime = SyncTime::NotAfterALoad };
}

pub(crate) struct LogStore<Q> {
    rows: MemoryStore,
    log: Mutex<Log>,
    fault: PhantomData<Q>,
}

struct Log {
    file: File,
    /// Records to write when the store is dropped.
    late: Vec<u8>,
    count: u64,
}

impl<Q: LogFault> LogStore<Q> {
    fn open(path: &Path) -> Result<Self> {
        let failed = |source| StoreError::io("open", path, source);
        let mut options = OpenOptions::new();
        let options = options.read(true).append(true).create(true);
        let mut file = options.open(path).map_err(failed)?;
        // A child of another test has the lock of a closed store from its fork to its exec.
        let attempts = 200;
        let locks = |attempt| {
            if attempt > 0 {
                thread::sleep(Duration::from_millis(5));
            }
            file.try_lock().is_ok()
        };
        if !(0..attempts).any(locks) {
            return Err(StoreError::InUse {
                path: path.into(),
                owner: None,
            });
        }
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(failed)?;
        let rows = MemoryStore::new();
        let mut whole = 0;
        while let Some(record) = record(&bytes[whole..]) {
            whole += 4 + record.len();
            rows.apply(&decoded(record))?;
        }
        if whole < bytes.len() {
            if !Q::RECOVERS {
                let source = "the last record is incomplete".into();
                return Err(StoreError::Corrupt {
                    what: "the log".into(),
                    source,
                });
            }
            file.set_len(whole as u64).map_err(failed)?;
        }
        let log = Mutex::new(Log {
            file,
            late: Vec::new(),
            count: 0,
        });
        Ok(Self {
            rows,
            log,
            fault: PhantomData,
        })
    }

    fn write(&self, log: &mut Log, record: Vec<u8>, is_load: bool) -> std::io::Result<()> {
        match Q::WRITE {
            WriteTime::BeforeItAcknowledges => log.file.write_all(&record)?,
            WriteTime::InHalves => {
                let (first, second) = record.split_at(record.len() / 2);
                log.file.write_all(first)?;
                thread::sleep(Duration::from_millis(2));
                log.file.write_all(second)?;
            }
            WriteTime::WhenItIsDropped => log.late.extend(record),
            WriteTime::InTheBackground => {
                let mut file = log.file.try_clone()?;
                thread::spawn(move || {
                    thread::sleep(Duration::from_millis(30));
                    let _ = file.write_all(&record);
                });
            }
        }
        log.count += 1;
        let syncs = match Q::SYNC {
            SyncTime::BeforeItAcknowledges => true,
            SyncTime::Never => false,
            SyncTime::EverySecondTime => log.count.is_multiple_of(2),
            SyncTime::NotAfterALoad => !is_load,
        };
        if syncs {
            log.file.sync_data()?;
        }
        Ok(())
    }

    fn commit(&self, batch: &Batch, is_load: bool) -> Result<Applied> {
        let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        let applied = batch.check(|key| self.rows.get(key))?;
        if !batch.is_empty() {
            let records = match Q::ATOMIC {
                true => encoded(applied.outcomes()),
                false => applied.outcomes().chunks(1).flat_map(encoded).collect(),
            };
            let written = self.write(&mut log, records, is_load);
            written.map_err(|source| StoreError::io("write", Path::new("log"), source))?;
        }
        self.rows.apply(batch)
    }
}

impl<Q> Drop for LogStore<Q> {
    fn drop(&mut self) {
        let log = self.log.get_mut().unwrap_or_else(PoisonError::into_inner);
        let _ = log.file.write_all(&log.late);
    }
}

/// The first record of these bytes, if it is complete.
fn record(bytes: &[u8]) -> Option<&[u8]> {
    let length = u32::from_le_bytes(bytes.get(..4)?.try_into().ok()?);
    bytes.get(4..4 + usize::try_from(length).ok()?)
}

fn encoded(outcomes: &[Outcome]) -> Vec<u8> {
    let mut record = Vec::new();
    for outcome in outcomes {
        let value = outcome
            .after
            .as_ref()
            .map(encode_binding)
            .unwrap_or_default();
        for part in [encode_key(&outcome.key), value] {
            let length = u32::try_from(part.len()).expect("a short part");
            record.extend(length.to_le_bytes());
            record.extend(part);
        }
    }
    let length = u32::try_from(record.len()).expect("a short record");
    [length.to_le_bytes().as_slice(), &record].concat()
}

fn decoded(bytes: &[u8]) -> Batch {
    let mut changes = Vec::new();
    let mut rest = bytes;
    while let Some(key) = record(rest) {
        rest = &rest[4 + key.len()..];
        let value = record(rest).expect("a value for each key");
        rest = &rest[4 + value.len()..];
        let key = decode_key(key).expect("a key");
        let change = match value.is_empty() {
            true => Change::new(key, certbind_core::Precondition::Any, None),
            false => {
                let binding = decode_binding(key, value).expect("a binding");
                Ok(Change::put(binding))
            }
        };
        changes.push(change.expect("one key"));
    }
    Batch::new(changes).expect("each key once")
}

impl<Q: LogFault> BindingStore for LogStore<Q> {
    fn capabilities(&self) -> Capabilities {
        Capabilities::full()
    }

    fn get(&self, key: &BindingKey) -> Result<Option<Binding>> {
        self.rows.get(key)
    }

    fn scan(&self, scan: &Scan) -> Result<Bindings<'_>> {
        self.rows.scan(scan)
    }

    fn apply(&self, batch: &Batch) -> Result<Applied> {
        self.commit(batch, false)
    }

    fn bulk_load(&self, changes: &mut (dyn Iterator<Item = Result<Change>> + Send)) -> Result<u64> {
        let changes: Vec<Change> = changes.collect::<Result<_>>()?;
        if let Some(pair) = changes.windows(2).find(|two| two[0].key() >= two[1].key()) {
            return Err(StoreError::out_of_order(pair[1].key().clone()));
        }
        let count = changes.len() as u64;
        self.commit(&Batch::new(changes)?, true)?;
        Ok(count)
    }
}

/// A log in a folder of its own.
pub(crate) struct LogFixture<Q>(TempDir, PhantomData<Q>);

impl<Q: LogFault> Fixture for LogFixture<Q> {
    type Store = LogStore<Q>;

    const PERSIST_FAILURES: bool = false;

    fn new() -> Self {
        Self(TempDir::new().expect("a temporary directory"), PhantomData)
    }

    fn open(&self) -> Result<LogStore<Q>> {
        LogStore::open(&self.0.path().join("log"))
    }

    fn address(&self) -> Option<String> {
        let path = self.0.path().join("log");
        Some(path.to_str().expect("temporary paths are text").to_owned())
    }

    fn open_at(address: &str) -> Result<LogStore<Q>> {
        LogStore::open(Path::new(address))
    }
}
