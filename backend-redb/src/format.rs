//! The tables of the file, as `docs/file-format.md` specifies them.

use certbind_core::Uuid;
use redb::{Database, ReadableDatabase, ReadableTable, TableDefinition, WriteTransaction};

use crate::block_writer;
use crate::changes::{CHUNK, Chunk};
use crate::errors::Cause;
use crate::wal::Nonce;

/// The format that this version writes, and the newest that it reads.
pub const FORMAT: u32 = 4;

/// From this format on, a file is read without an upgrade.
pub(crate) const READ_AS_IT_IS: u32 = 3;

/// Blocks of neighbouring bindings ([`crate::block`]), by their first keys. The table keeps the
/// name that blocks had first.
pub(crate) const BLOCKS: TableDefinition<'static, &[u8], &[u8]> = TableDefinition::new("runs");

/// In format 1, each binding by its key.
const BINDINGS: TableDefinition<'static, &[u8], &[u8]> = TableDefinition::new("bindings");

/// Metadata of the file.
pub(crate) const META: TableDefinition<'static, &str, &[u8]> = TableDefinition::new("meta");

/// u32, little-endian.
const META_FORMAT: &str = "format";
/// The store's UUID, 16 bytes in the order of its text.
const META_ID: &str = "id";
/// u64, little-endian; each commit increments it.
const META_REVISION: &str = "revision";
/// The nonce of the WAL, while there is one.
const META_WAL: &str = "log";

/// The metadata of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) format: u32,
    /// The store's id; nil if the format is newer.
    pub(crate) id: Uuid,
    pub(crate) revision: u64,
    /// The nonce of its WAL, if it has one.
    pub(crate) wal: Option<Nonce>,
}

impl Identity {
    pub(crate) fn read(database: &impl ReadableDatabase) -> Result<Self, Cause> {
        let transaction = database.begin_read()?;
        let meta = transaction.open_table(META)?;
        let format = u32::from_le_bytes(entry(&meta, META_FORMAT)?);
        if format > FORMAT {
            return Ok(Self {
                format,
                id: Uuid::nil(),
                revision: 0,
                wal: None,
            });
        }
        if format == 0 {
            return Err(Cause::Meta {
                name: META_FORMAT,
                problem: "0, which is not a format",
            });
        }
        match format {
            1 => transaction.open_table(BINDINGS)?,
            _ => transaction.open_table(BLOCKS)?,
        };
        let wal = match meta.get(META_WAL)? {
            Some(_) => Some(entry(&meta, META_WAL)?),
            None => None,
        };
        Ok(Self {
            format,
            id: Uuid::from_bytes(entry(&meta, META_ID)?),
            revision: revision(&meta)?,
            wal,
        })
    }
}

/// Creates the tables of an empty file.
pub(crate) fn create(transaction: &WriteTransaction) -> Result<(), Cause> {
    transaction.open_table(BLOCKS)?;
    let mut meta = transaction.open_table(META)?;
    meta.insert(META_FORMAT, &FORMAT.to_le_bytes()[..])?;
    meta.insert(META_ID, &Uuid::new_v4().as_bytes()[..])?;
    meta.insert(META_REVISION, &0_u64.to_le_bytes()[..])?;
    Ok(())
}

/// Upgrades a file of an older format in one transaction. The revision stays the same: it counts
/// changes of bindings.
pub(crate) fn upgrade(database: &Database) -> Result<(), Cause> {
    let format = Identity::read(database)?.format;
    if format == FORMAT {
        return Ok(());
    }
    let transaction = database.begin_write()?;
    transaction
        .open_table(META)?
        .insert(META_FORMAT, &FORMAT.to_le_bytes()[..])?;
    if format == 1 {
        into_blocks(&transaction)?;
    }
    Ok(transaction.commit()?)
}

/// Moves the bindings of format 1 into blocks.
fn into_blocks(transaction: &WriteTransaction) -> Result<(), Cause> {
    {
        let old = transaction.open_table(BINDINGS)?;
        let mut bindings = old.range::<&[u8]>(..)?;
        let mut failed = None;
        let mut chunks = std::iter::from_fn(|| {
            let mut chunk = Chunk::default();
            for binding in bindings.by_ref().take(CHUNK) {
                match binding {
                    Ok((key, value)) => chunk.push((key.value(), Some(value.value()))),
                    Err(error) => {
                        failed = Some(error);
                        return None;
                    }
                }
            }
            (!chunk.is_empty()).then_some(chunk)
        })
        .fuse();
        block_writer::write(&mut transaction.open_table(BLOCKS)?, &mut chunks)?;
        if let Some(error) = failed {
            return Err(error.into());
        }
    }
    transaction.delete_table(BINDINGS)?;
    Ok(())
}

/// The number of commits.
pub(crate) fn revision(
    meta: &impl ReadableTable<&'static str, &'static [u8]>,
) -> Result<u64, Cause> {
    Ok(u64::from_le_bytes(entry(meta, META_REVISION)?))
}

/// The revision of the next commit.
pub(crate) fn next_revision(last: u64) -> Result<u64, Cause> {
    last.checked_add(1).ok_or(Cause::Meta {
        name: META_REVISION,
        problem: "at its maximum",
    })
}

/// Records the revision that a transaction makes.
pub(crate) fn set_revision(
    meta: &mut redb::Table<'_, &'static str, &'static [u8]>,
    revision: u64,
) -> Result<(), Cause> {
    meta.insert(META_REVISION, &revision.to_le_bytes()[..])?;
    Ok(())
}

/// Records the nonce of the WAL, or that there is none.
pub(crate) fn set_wal_nonce(
    meta: &mut redb::Table<'_, &'static str, &'static [u8]>,
    wal: Option<Nonce>,
) -> Result<(), Cause> {
    match wal {
        Some(nonce) => meta.insert(META_WAL, &nonce[..])?,
        None => meta.remove(META_WAL)?,
    };
    Ok(())
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
        problem: "of the wrong length",
    })
}
