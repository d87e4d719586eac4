//! Verifying a store by reading it.

use certbind_core::{BindingStore, Scan, StoreError};

use crate::backend::CheckReport;

/// Reads every binding. The first that is damaged ends it.
pub(crate) fn count(store: &dyn BindingStore) -> Result<CheckReport, StoreError> {
    let mut report = CheckReport::default();
    for binding in store.scan(&Scan::all())? {
        match binding {
            Ok(_) => report.bindings += 1,
            Err(damage @ (StoreError::Corrupt { .. } | StoreError::Unreadable { .. })) => {
                report.problems.push(damage.to_string());
            }
            Err(error) => return Err(error),
        }
    }
    Ok(report)
}
