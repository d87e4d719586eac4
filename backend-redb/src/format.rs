//! The tables of the file. `docs/file-format.md` explains them.

use redb::{Database, ReadableDatabase, ReadableTable, TableDefinition, WriteTransaction};
use store_core::Uuid;

use crate::errors::Cause;
use crate::runs;

/// The format of files that this version writes, and the newest that it reads.
pub const FORMAT: u32 = 2;

/// Runs of neighbouring bindings ([`crate::run`]), by their first keys.
pub(crate) const RUNS: TableDefinition<'static, &[u8], &[u8]> = TableDefinition::new("runs");

/// In format 1, each binding by its key.
const BINDINGS: TableDefinition<'static, &[u8], &[u8]> = TableDefinition::new("bindings");

/// What the file says of itself.
pub(crate) const META: TableDefinition<'static, &str, &[u8]> = TableDefinition::new("meta");

/// u32, little-endian.
const META_FORMAT: &str = "format";
/// The store's UUID, 16 bytes as they are written in text.
const META_ID: &str = "id";
/// u64, little-endian; each commit raises it by one.
const META_REVISION: &str = "revision";

/// What a file says it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) format: u32,
    /// The store's id; of a newer format, nothing but the format is known.
    pub(crate) id: Uuid,
}

impl Identity {
    pub(crate) fn read(database: &impl ReadableDatabase) -> Result<Self, Cause> {
        let transaction = database.begin_read()?;
        let meta = transaction.open_table(META)?;
        let format = u32::from_le_bytes(entry(&meta, META_FORMAT)?);
        if format > FORMAT {
            let id = Uuid::nil();
            return Ok(Self { format, id });
        }
        if format == 0 {
            return Err(Cause::Meta {
                name: META_FORMAT,
                problem: "0, which no format is",
            });
        }
        match format {
            1 => transaction.open_table(BINDINGS)?,
            _ => transaction.open_table(RUNS)?,
        };
        revision(&meta)?;
        let id = Uuid::from_bytes(entry(&meta, META_ID)?);
        Ok(Self { format, id })
    }
}

/// Makes the tables of an empty file.
pub(crate) fn create(transaction: &WriteTransaction) -> Result<(), Cause> {
    transaction.open_table(RUNS)?;
    let mut meta = transaction.open_table(META)?;
    meta.insert(META_FORMAT, &FORMAT.to_le_bytes()[..])?;
    meta.insert(META_ID, &Uuid::new_v4().as_bytes()[..])?;
    meta.insert(META_REVISION, &0_u64.to_le_bytes()[..])?;
    Ok(())
}

/// Brings a file of an older format to this one, in one transaction. The revision stays: it counts
/// what changed bindings.
pub(crate) fn upgrade(database: &Database) -> Result<(), Cause> {
    if Identity::read(database)?.format == FORMAT {
        return Ok(());
    }
    let transaction = database.begin_write()?;
    {
        let mut meta = transaction.open_table(META)?;
        meta.insert(META_FORMAT, &FORMAT.to_le_bytes()[..])?;
        let old = transaction.open_table(BINDINGS)?;
        let mut failed = None;
        let entries = old.range::<&[u8]>(..)?.map_while(|entry| match entry {
            Ok((key, value)) => Some((key.value().to_vec(), Some(value.value().to_vec()))),
            Err(error) => {
                failed = Some(error);
                None
            }
        });
        runs::write(&mut transaction.open_table(RUNS)?, entries)?;
        if let Some(error) = failed {
            return Err(error.into());
        }
    }
    transaction.delete_table(BINDINGS)?;
    Ok(transaction.commit()?)
}

/// How many commits the file has seen.
pub(crate) fn revision(
    meta: &impl ReadableTable<&'static str, &'static [u8]>,
) -> Result<u64, Cause> {
    Ok(u64::from_le_bytes(entry(meta, META_REVISION)?))
}

/// Counts a commit.
pub(crate) fn raise_revision(
    meta: &mut redb::Table<'_, &'static str, &'static [u8]>,
) -> Result<u64, Cause> {
    let raised = revision(meta)?.checked_add(1).ok_or(Cause::Meta {
        name: META_REVISION,
        problem: "at its end",
    })?;
    meta.insert(META_REVISION, &raised.to_le_bytes()[..])?;
    Ok(raised)
}

fn entry<const N: usize>(
    meta: &impl ReadableTable<&'static str, &'static [u8]>,
    name: &'static str,
) -> Result<[u8; N], Cause> {
    let value = meta.get(name)?.ok_or(Cause::Meta {
        name,
        problem: "missing",
    })?;
    value.value().try_into().map_err(|_| Cause::Meta {
        name,
        problem: "of a wrong length",
    })
}
