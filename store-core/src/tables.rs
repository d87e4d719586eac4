//! Tables beside the bindings, for who keeps something else in the same place.

use std::collections::BTreeMap;
use std::sync::{PoisonError, RwLock};

use crate::error::Result;

/// Named tables of small keys and values, in the same place as a store's bindings. The store does
/// not know what is in them, and they are not part of what a [`BindingStore`] promises.
///
/// A table is there from its first row on. One that is not there has no rows.
///
/// ```
/// use certbind_core::{RowChange, MemoryTables, RowPrecondition, Tables};
///
/// let tables = MemoryTables::new();
/// let change = RowChange::put("colours", b"sky", b"blue").with_precondition(RowPrecondition::Absent);
/// assert!(tables.write(&[change.clone()])?);
/// assert!(!tables.write(&[change])?, "the sky has a colour by now");
/// assert_eq!(tables.rows("colours")?, [(b"sky".to_vec(), b"blue".to_vec())]);
/// # Ok::<(), certbind_core::StoreError>(())
/// ```
///
/// [`BindingStore`]: crate::BindingStore
pub trait Tables: Send + Sync {
    /// The rows of a table, in the order of their keys, all from one instant.
    ///
    /// # Errors
    /// Those of reading; [`StoreError::Corrupt`](crate::StoreError::Corrupt) for a row that is
    /// damaged.
    fn rows(&self, table: &str) -> Result<Vec<Row>>;

    /// Makes all of the changes, in their order, or none of them: it gives `false`, and has changed
    /// nothing, if one does not find what it needs. Once it gives `true` they are as durable as a
    /// batch of bindings.
    ///
    /// # Errors
    /// Those of writing. Nothing was changed then.
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
    /// A row under the key, whatever its value.
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
    /// Gives a row this value, whatever it has.
    #[must_use]
    pub fn put(table: &str, key: &[u8], value: &[u8]) -> Self {
        Self {
            table: table.to_owned(),
            key: key.to_owned(),
            precondition: RowPrecondition::Any,
            value: Some(value.to_owned()),
        }
    }

    /// Removes a row, which may be there or not.
    #[must_use]
    pub fn remove(table: &str, key: &[u8]) -> Self {
        Self {
            value: None,
            ..Self::put(table, key, &[])
        }
    }

    /// The same change, under this precondition.
    #[must_use]
    pub fn with_precondition(self, precondition: RowPrecondition) -> Self {
        Self {
            precondition,
            ..self
        }
    }
}

/// Tables in memory, which end with their value.
#[derive(Debug, Default)]
pub struct MemoryTables(RwLock<BTreeMap<String, Rows>>);

type Rows = BTreeMap<Vec<u8>, Vec<u8>>;

impl MemoryTables {
    /// No tables.
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
    fn edits_are_made_in_their_order_and_all_or_none_of_them() {
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
