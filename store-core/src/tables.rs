//! Tables: small keys and values stored next to the bindings.

use std::collections::BTreeMap;
use std::sync::{PoisonError, RwLock};

use crate::error::Result;

/// Named tables of small keys and values, in the same file or server as a store's bindings.
///
/// They hold data of tools, such as URL reservations. The store does not interpret them, and the
/// guarantees of a [`BindingStore`] do not cover them. The first row creates a table; a table that
/// does not exist has no rows.
///
/// ```
/// use certbind_core::{RowChange, MemoryTables, RowPrecondition, Tables};
///
/// let tables = MemoryTables::new();
/// let change = RowChange::put("colours", b"sky", b"blue").with_precondition(RowPrecondition::Absent);
/// assert!(tables.write(&[change.clone()])?);
/// assert!(!tables.write(&[change])?, "the row exists now");
/// assert_eq!(tables.rows("colours")?, [(b"sky".to_vec(), b"blue".to_vec())]);
/// # Ok::<(), certbind_core::StoreError>(())
/// ```
///
/// [`BindingStore`]: crate::BindingStore
pub trait Tables: Send + Sync {
    /// The rows of a table at one instant, in the order of their keys.
    ///
    /// # Errors
    /// An error of reading; [`StoreError::Corrupt`](crate::StoreError::Corrupt) for a damaged row.
    fn rows(&self, table: &str) -> Result<Vec<Row>>;

    /// Applies all of the changes in their order, or none of them. Returns `false`, and changes
    /// nothing, if a precondition does not hold. After `true` the changes are as durable as a batch
    /// of bindings.
    ///
    /// # Errors
    /// An error of writing. Nothing was changed.
    fn write(&self, changes: &[RowChange]) -> Result<bool>;
}

/// A key and its value.
pub type Row = (Vec<u8>, Vec<u8>);

/// A change of one row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowChange {
    /// The table's name.
    pub table: String,
    /// The row's key.
    pub key: Vec<u8>,
    /// The condition on the current row.
    pub precondition: RowPrecondition,
    /// The new value; `None` removes the row.
    pub value: Option<Vec<u8>>,
}

/// The condition on a row under which a change of it applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowPrecondition {
    /// No condition.
    Any,
    /// No row under the key.
    Absent,
    /// A row exists under the key, with any value.
    Present,
}

impl RowPrecondition {
    /// Whether the condition holds for a row that is `present` or not.
    #[must_use]
    pub fn is_met_by(self, present: bool) -> bool {
        match self {
            Self::Any => true,
            Self::Absent => !present,
            Self::Present => present,
        }
    }
}

impl RowChange {
    /// Sets the value of a row, whether or not the row exists.
    #[must_use]
    pub fn put(table: &str, key: &[u8], value: &[u8]) -> Self {
        Self {
            table: table.to_owned(),
            key: key.to_owned(),
            precondition: RowPrecondition::Any,
            value: Some(value.to_owned()),
        }
    }

    /// Removes a row, whether or not it exists.
    #[must_use]
    pub fn remove(table: &str, key: &[u8]) -> Self {
        Self {
            value: None,
            ..Self::put(table, key, &[])
        }
    }

    /// Sets the precondition.
    #[must_use]
    pub fn with_precondition(self, precondition: RowPrecondition) -> Self {
        Self {
            precondition,
            ..self
        }
    }
}

/// Tables in memory. Their rows are lost when they are dropped.
#[derive(Debug, Default)]
pub struct MemoryTables(RwLock<BTreeMap<String, Rows>>);

type Rows = BTreeMap<Vec<u8>, Vec<u8>>;

impl MemoryTables {
    /// Creates an empty set of tables.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl Tables for MemoryTables {
    fn rows(&self, table: &str) -> Result<Vec<Row>> {
        let tables = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let rows = tables.get(table).into_iter().flatten();
        Ok(rows
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect())
    }

    fn write(&self, changes: &[RowChange]) -> Result<bool> {
        let mut tables = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let mut changed = tables.clone();
        for change in changes {
            let rows = changed.entry(change.table.clone()).or_default();
            if !change
                .precondition
                .is_met_by(rows.contains_key(&change.key))
            {
                return Ok(false);
            }
            match &change.value {
                Some(value) => rows.insert(change.key.clone(), value.clone()),
                None => rows.remove(&change.key),
            };
        }
        *tables = changed;
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_applied_in_order_and_atomically() {
        let tables = MemoryTables::new();
        let put = |key: &[u8]| RowChange::put("t", key, b"x");
        assert!(tables.write(&[put(b"a"), put(b"b")]).unwrap());
        let before = tables.rows("t").unwrap();
        let refused = [
            RowChange::remove("t", b"a"),
            RowChange::put("new", b"c", b"y"),
            put(b"b").with_precondition(RowPrecondition::Absent),
        ];
        assert!(!tables.write(&refused).unwrap());
        assert_eq!(tables.rows("t").unwrap(), before);
        assert_eq!(tables.rows("new").unwrap(), []);
        let accepted = [
            RowChange::remove("t", b"a").with_precondition(RowPrecondition::Present),
            put(b"a").with_precondition(RowPrecondition::Absent),
            RowChange::remove("t", b"none"),
        ];
        assert!(tables.write(&accepted).unwrap());
        assert_eq!(tables.rows("t").unwrap(), before);
    }
}
