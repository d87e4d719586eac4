//! The folder `certbind` in the user's data directory.

use std::path::PathBuf;

use certbind_core::StoreError;
use etcetera::BaseStrategy;

/// The path of the folder, which may not exist yet.
pub(crate) fn data_directory() -> Result<PathBuf, StoreError> {
    let base = etcetera::choose_base_strategy().map_err(|error| StoreError::Unsupported {
        what: format!("a store without --store ({error})").into(),
    })?;
    Ok(base.data_dir().join("certbind"))
}
