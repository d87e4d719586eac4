//! A backend over a database: a store in SQLite. The tutorial in docs/backend.md explains it.

// ANCHOR: imports
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use certbind_core::codec::{
    KeyBytes, KeyRange, decode_binding, decode_key, encode_binding, key_after, scan_range,
};
use certbind_core::{
    Applied, Batch, Binding, BindingKey, BindingStore, Bindings, Capabilities, Change, Result,
    Scan, StoreError,
};
use rusqlite::{Connection, ErrorCode, OptionalExtension, Transaction, TransactionBehavior};
// ANCHOR_END: imports

// ANCHOR: schema
/// Encoded keys have the order of the keys, so the primary key is the order of a scan. `revision` has
/// one row: the number of the last change.
const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS binding (key BLOB PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS revision (number INTEGER NOT NULL);
    INSERT INTO revision SELECT 0 WHERE NOT EXISTS (SELECT * FROM revision);";

/// How many rows a scan reads at a time.
const PAGE: u32 = 256;

/// How long a handle waits for another one that writes.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
// ANCHOR_END: schema

// ANCHOR: open
/// A store in one SQLite database. Any number of handles, also of other processes, may be open.
pub struct SqliteStore {
    path: PathBuf,
    /// The connection that writes. One transaction at a time.
    writer: Mutex<Connection>,
    /// Connections for reading that no scan uses at the moment.
    idle: Mutex<Vec<Connection>>,
}

impl SqliteStore {
    /// Opens a store, and creates it if it does not exist.
    ///
    /// # Errors
    /// Any error of SQLite.
    pub fn open(path: &Path) -> Result<Self> {
        let writer = connect(path)?;
        writer
            .execute_batch(SCHEMA)
            .map_err(failed("create the tables"))?;
        Ok(Self {
            path: path.to_owned(),
            writer: Mutex::new(writer),
            idle: Mutex::default(),
        })
    }
}

/// A connection whose commits are durable: in WAL mode only `synchronous=FULL` syncs each of them.
fn connect(path: &Path) -> Result<Connection> {
    let connection = Connection::open(path).map_err(failed("open the database"))?;
    connection
        .busy_timeout(BUSY_TIMEOUT)
        .and_then(|()| connection.pragma_update(None, "journal_mode", "wal"))
        .and_then(|()| connection.pragma_update(None, "synchronous", "full"))
        .map_err(failed("configure the database"))?;
    Ok(connection)
}

/// An error of SQLite as the error of a store, with the operation that failed.
fn failed(action: &'static str) -> impl Fn(rusqlite::Error) -> StoreError {
    move |error| StoreError::backend(action, error)
}
// ANCHOR_END: open

// ANCHOR: reader
/// A read transaction, which ends when this is dropped. It owns its connection, so that a scan can
/// outlive the call that started it and blocks nobody.
struct Reader<'a> {
    store: &'a SqliteStore,
    connection: Option<Connection>,
}

impl<'a> Reader<'a> {
    fn begin(store: &'a SqliteStore) -> Result<Self> {
        let idle = lock(&store.idle).pop();
        let connection = idle.map_or_else(|| connect(&store.path), Ok)?;
        // SQLite takes the snapshot at the first read of a transaction, not at BEGIN.
        connection
            .execute_batch("BEGIN; SELECT number FROM revision;")
            .map_err(failed("begin to read"))?;
        Ok(Self {
            store,
            connection: Some(connection),
        })
    }

    fn connection(&self) -> &Connection {
        self.connection.as_ref().expect("present until the drop")
    }

    fn page(&self, range: &KeyRange) -> Result<Vec<Binding>> {
        // No encoded key starts with FF.
        let end = range.end.as_deref().unwrap_or(&[0xff]);
        let read = || {
            let mut statement = self.connection().prepare_cached(
                "SELECT key, value FROM binding WHERE key >= ? AND key < ? ORDER BY key LIMIT ?",
            )?;
            let rows = statement.query_map((&range.start, end, PAGE), |row| {
                Ok((row.get::<_, Vec<u8>>(0)?, row.get::<_, Vec<u8>>(1)?))
            })?;
            rows.collect::<rusqlite::Result<Vec<_>>>()
        };
        let rows = read().map_err(failed("scan"))?;
        rows.into_iter()
            .map(|(key, value)| Ok(decode_binding(decode_key(&key)?, &value)?))
            .collect()
    }
}

impl Drop for Reader<'_> {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take()
            && connection.execute_batch("ROLLBACK").is_ok()
        {
            lock(&self.store.idle).push(connection);
        }
    }
}

/// A panic in the source of a bulk load leaves no change: the transaction is rolled back.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
// ANCHOR_END: reader

// ANCHOR: write
/// The binding of a key, in a transaction.
fn get(connection: &Connection, key: &BindingKey) -> Result<Option<Binding>> {
    let mut statement = connection
        .prepare_cached("SELECT value FROM binding WHERE key = ?")
        .map_err(failed("read"))?;
    let value: Option<Vec<u8>> = statement
        .query_row([&*KeyBytes::of(key)], |row| row.get(0))
        .optional()
        .map_err(failed("read"))?;
    Ok(match value {
        Some(value) => Some(decode_binding(key.clone(), &value)?),
        None => None,
    })
}

/// Sets a key, or removes it.
fn set(connection: &Connection, key: &BindingKey, new: Option<&Binding>) -> Result<()> {
    let key = KeyBytes::of(key);
    let written = match new {
        Some(binding) => connection
            .prepare_cached("INSERT OR REPLACE INTO binding VALUES (?, ?)")
            .and_then(|mut statement| statement.execute((&*key, encode_binding(binding)))),
        None => connection
            .prepare_cached("DELETE FROM binding WHERE key = ?")
            .and_then(|mut statement| statement.execute([&*key])),
    };
    written.map(drop).map_err(failed("write"))
}

impl SqliteStore {
    /// Runs a change in a transaction that excludes other writers from its start. An error or a panic
    /// rolls it back.
    fn change<T>(&self, work: impl FnOnce(&Transaction<'_>) -> Result<T>) -> Result<(T, u64)> {
        let mut writer = lock(&self.writer);
        let transaction = writer
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(failed("begin to write"))?;
        let done = work(&transaction)?;
        let revision: i64 = transaction
            .query_row(
                "UPDATE revision SET number = number + 1 RETURNING number",
                [],
                |row| row.get(0),
            )
            .map_err(failed("count the revision"))?;
        transaction
            .commit()
            .map_err(|error| match error.sqlite_error_code() {
                // The commit may be in the file or not: the caller has to read again.
                Some(ErrorCode::SystemIoFailure) => StoreError::OutcomeUnknown {
                    store: self.path.display().to_string(),
                    source: std::io::Error::other(error),
                },
                // SQLite has rolled it back.
                _ => failed("commit")(error),
            })?;
        Ok((done, u64::try_from(revision).unwrap_or_default()))
    }
}
// ANCHOR_END: write

// ANCHOR: store
impl BindingStore for SqliteStore {
    fn capabilities(&self) -> Capabilities {
        Capabilities::full()
    }

    fn get(&self, key: &BindingKey) -> Result<Option<Binding>> {
        get(Reader::begin(self)?.connection(), key)
    }

    fn scan(&self, scan: &Scan) -> Result<Bindings<'_>> {
        let reader = Reader::begin(self)?;
        let mut range = scan_range(scan);
        let mut page = Vec::new().into_iter();
        Ok(Bindings::new(std::iter::from_fn(move || {
            if page.as_slice().is_empty() {
                match reader.page(range.as_ref()?) {
                    Ok(next) => page = next.into_iter(),
                    Err(error) => {
                        range = None;
                        return Some(Err(error));
                    }
                }
                match (page.as_slice().last(), &mut range) {
                    (Some(last), Some(rest)) => rest.start = key_after(&KeyBytes::of(last.key())),
                    _ => range = None,
                }
            }
            page.next().map(Ok)
        })))
    }

    fn apply(&self, batch: &Batch) -> Result<Applied> {
        if batch.is_empty() {
            return Ok(Applied::default());
        }
        let (applied, revision) = self.change(|transaction| {
            let applied = batch.check(|key| get(transaction, key))?;
            for change in batch.changes() {
                set(transaction, change.key(), change.new_value())?;
            }
            Ok(applied)
        })?;
        Ok(applied.at_revision(revision))
    }

    /// Without holding the changes: each is checked and written as it comes.
    fn bulk_load(&self, changes: &mut (dyn Iterator<Item = Result<Change>> + Send)) -> Result<u64> {
        let load = |transaction: &Transaction<'_>| {
            let (mut count, mut last) = (0, None);
            for change in changes {
                let change = change?;
                let key = change.key().clone();
                if last.is_some_and(|last| last >= key) {
                    return Err(StoreError::out_of_order(key));
                }
                change.check(get(transaction, &key)?.as_ref())?;
                set(transaction, &key, change.new_value())?;
                (count, last) = (count + 1, Some(key));
            }
            Ok(count)
        };
        Ok(self.change(load)?.0)
    }
}
// ANCHOR_END: store
