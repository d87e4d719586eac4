//! The tables of the file. `docs/file-format.md` explains them.

use redb::{ReadableTable, TableDefinition, WriteTransaction};
use uuid::Uuid;

use crate::errors::Cause;

/// The format of files that this version writes.
pub const FORMAT: u32 = 1;

/// Keys and values as `store_core::codec` writes them.
pub(crate) const BINDINGS: TableDefinition<'static, &[u8], &[u8]> =
    TableDefinition::new("bindings");

/// What the file says of itself.
pub(crate) const META: TableDefinition<'static, &str, &[u8]> = TableDefinition::new("meta");

/// `format`: u32, little-endian.
pub(crate) const META_FORMAT: &str = "format";
/// `id`: the store's UUID, 16 bytes.
pub(crate) const META_ID: &str = "id";
/// `revision`: u64, little-endian; each commit raises it by one.
pub(crate) const META_REVISION: &str = "revision";
/// `note:NAME`: bytes that a tool keeps beside the bindings.
pub(crate) const META_NOTE: &str = "note:";

/// Makes the tables of an empty file.
pub(crate) fn create(transaction: &WriteTransaction) -> Result<(), Cause> {
    transaction.open_table(BINDINGS)?;
    let mut meta = transaction.open_table(META)?;
    meta.insert(META_FORMAT, &FORMAT.to_le_bytes()[..])?;
    meta.insert(META_ID, &Uuid::new_v4().as_bytes()[..])?;
    meta.insert(META_REVISION, &0_u64.to_le_bytes()[..])?;
    Ok(())
}

/// Reads a number or id of fixed length.
pub(crate) fn meta<const N: usize>(
    table: &impl ReadableTable<&'static str, &'static [u8]>,
    name: &'static str,
) -> Result<[u8; N], Cause> {
    let value = table.get(name)?.ok_or(Cause::Meta {
        name,
        problem: "missing",
    })?;
    let bytes = value.value().try_into();
    bytes.map_err(|_| Cause::Meta {
        name,
        problem: "of another length",
    })
}
