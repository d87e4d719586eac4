//! Other tables in the same file, as `docs/file-format.md` specifies them.

use certbind_core::codec::CodecError;
use certbind_core::{Result, Row, RowChange, StoreError, Tables};
use redb::{ReadTransaction, ReadableTable, TableDefinition, TableError, TableHandle};
use redb::{Table, WriteTransaction};

use crate::errors::{Cause, hex};
use crate::store::{Mode, RedbStore};

/// The prefix of their names in the file.
const PREFIX: &str = "other/";

/// The format of values, their first byte.
const FORMAT: u8 = 1;

impl Tables for RedbStore {
    fn rows(&self, table: &str) -> Result<Vec<Row>> {
        let read = |transaction: &ReadTransaction| rows(transaction, table);
        let found = match &self.mode {
            Mode::Writable(committer) => committer.inspect(read),
            Mode::ReadOnly(reader) => reader.inspect(read),
        };
        found.map_err(|cause| self.error(cause))
    }

    fn write(&self, changes: &[RowChange]) -> Result<bool> {
        match &self.mode {
            Mode::ReadOnly(_) => Err(StoreError::ReadOnly),
            Mode::Writable(_) if changes.is_empty() => Ok(true),
            Mode::Writable(committer) => {
                committer.write_tables(|transaction| write(transaction, changes))
            }
        }
    }
}

/// Reports every damaged row of every such table.
pub(crate) fn check(
    transaction: &ReadTransaction,
    report: &mut impl FnMut(Cause),
) -> Result<(), Cause> {
    for handle in transaction.list_tables()? {
        let Some(table) = handle.name().strip_prefix(PREFIX) else {
            continue;
        };
        let rows = transaction.open_table(definition(handle.name()))?;
        for row in rows.range::<&[u8]>(..)? {
            let (key, value) = row?;
            if let Err(cause) = decoded(table, key.value(), value.value()) {
                report(cause);
            }
        }
    }
    Ok(())
}

fn definition(name: &str) -> TableDefinition<'_, &'static [u8], &'static [u8]> {
    TableDefinition::new(name)
}

fn rows(transaction: &ReadTransaction, table: &str) -> Result<Vec<Row>, Cause> {
    let name = format!("{PREFIX}{table}");
    let found = match transaction.open_table(definition(&name)) {
        Err(TableError::TableDoesNotExist(_)) => return Ok(Vec::new()),
        found => found?,
    };
    let mut rows = Vec::new();
    for row in found.range::<&[u8]>(..)? {
        let (key, value) = row?;
        let (key, value) = (key.value(), value.value());
        rows.push((key.to_vec(), decoded(table, key, value)?.to_vec()));
    }
    Ok(rows)
}

/// Makes the changes. Returns false if a precondition fails; the transaction must not be committed
/// then.
fn write(transaction: &WriteTransaction, changes: &[RowChange]) -> Result<bool, Cause> {
    for change in changes {
        let name = format!("{PREFIX}{}", change.table);
        let mut rows: Table<'_, &[u8], &[u8]> = transaction.open_table(definition(&name))?;
        let key = change.key.as_slice();
        if !change.precondition.is_met_by(rows.get(key)?.is_some()) {
            return Ok(false);
        }
        match &change.value {
            Some(value) => rows.insert(key, encoded(key, value).as_slice())?,
            None => rows.remove(key)?,
        };
    }
    Ok(true)
}

/// The format, the value, and a checksum of the key and of both.
fn encoded(key: &[u8], value: &[u8]) -> Vec<u8> {
    let mut bytes = vec![FORMAT];
    bytes.extend(value);
    let sum = checksum(key, &bytes);
    bytes.extend(sum.to_le_bytes());
    bytes
}

fn decoded<'a>(table: &str, key: &[u8], bytes: &'a [u8]) -> Result<&'a [u8], Cause> {
    let damaged = |what: &'static str| Cause::Codec {
        record: format!("the row under {} in the table {table:?}", hex(key)),
        error: CodecError::Malformed(format!("the row is damaged: {what}")),
    };
    let (body, sum) = bytes
        .split_last_chunk()
        .ok_or_else(|| damaged("it is truncated"))?;
    if checksum(key, body) != u32::from_le_bytes(*sum) {
        return Err(damaged("its checksum is wrong"));
    }
    match body.split_first() {
        Some((&FORMAT, value)) => Ok(value),
        _ => Err(damaged("it has an unknown format")),
    }
}

fn checksum(key: &[u8], body: &[u8]) -> u32 {
    let mut sum = crc32fast::Hasher::new();
    sum.update(key);
    sum.update(body);
    sum.finalize()
}
