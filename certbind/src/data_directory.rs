//! The folders `certbind` in the user's data directory and in the system's.

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

/// On Windows the folder of the system, which only administrators write to; elsewhere [`data_directory`].
pub(crate) fn system_folder() -> Result<PathBuf, StoreError> {
    #[cfg(windows)]
    return certbind_httpsys::system_folder()
        .map_err(|error| StoreError::io("find", std::path::Path::new("ProgramData"), error));
    #[cfg(not(windows))]
    data_directory()
}
