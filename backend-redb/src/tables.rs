//! Other tables in the same file, as `docs/file-format.md` specifies them.

use certbind_core::{Result, Row, RowChange, StoreError, Tables};
use redb::{ReadTransaction, ReadableTable, TableDefinition, TableError, TableHandle};
use redb::{Table, WriteTransaction};

use crate::errors::Cause;
use crate::row::{decoded, encoded};
use crate::store::{Mode, RedbStore};

/// The prefix of their names in the file.
const PREFIX: &str = "other/";

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
