//! Whether a file is whole.

use redb::{ReadableDatabase, ReadableTableMetadata};
use store_core::{Result, StoreError};

use crate::errors::Cause;
use crate::format::BINDINGS;
use crate::snapshot::decoded_entry;
use crate::store::{Mode, RedbStore};

/// What a check found.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// How many bindings are whole.
    pub bindings: u64,
    /// What is not, a sentence each. Empty if all is well.
    pub problems: Vec<String>,
}

impl RedbStore {
    /// Reads the whole file: redb's own check sums, where it is open for writing, and every key
    /// and value.
    ///
    /// # Errors
    /// What keeps the file from being read; damage that was found is no error but in the report.
    pub fn check(&mut self) -> Result<Report> {
        let path = self.path.clone();
        let mut problems = Vec::new();
        if let Mode::Writable(committer) = &mut self.mode {
            match committer.database_mut().check_integrity() {
                Ok(true) => {}
                Ok(false) => problems.push(
                    "redb's check sums or its list of free pages were wrong; they were repaired"
                        .to_owned(),
                ),
                Err(error) => match Cause::from(error).at(&path) {
                    StoreError::Corrupt { detail, .. } => problems.push(detail),
                    error => return Err(error),
                },
            }
        }
        let read = || -> Result<_, Cause> {
            let transaction = match &self.mode {
                Mode::Writable(committer) => committer.database().begin_read()?,
                Mode::ReadOnly(database, _) => database.begin_read()?,
            };
            let table = transaction.open_table(BINDINGS)?;
            let mut bindings = 0;
            let mut damaged = Vec::new();
            for entry in table.range::<&[u8]>(..)? {
                let (key, value) = entry?;
                match decoded_entry(key.value(), value.value()) {
                    Ok(_) => bindings += 1,
                    Err(cause) => damaged.push(cause.at(&path).to_string()),
                }
            }
            let counted = bindings + damaged.len() as u64;
            if table.len()? != counted {
                damaged.push(format!(
                    "redb counts {} records and has {counted}",
                    table.len()?
                ));
            }
            Ok((bindings, damaged))
        };
        let (bindings, damaged) = read().map_err(|cause| cause.at(&path))?;
        problems.extend(damaged);
        Ok(Report { bindings, problems })
    }
}
