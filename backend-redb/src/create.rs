//! Creating a new store.

use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;

use certbind_core::{Result, StoreError};
use redb::Builder;
use redb::backends::FileBackend;

use crate::atomic_file::AtomicFile;
use crate::errors::{ACCESS_ADVICE, Cause, catch_panic};
use crate::format;
use crate::settings::Settings;
use crate::storage::Storage;
use crate::write_through::{BackendHandle, WriteThrough};

/// Creates a store under a temporary identity and names it once it is complete, so that no crash
/// leaves an incomplete store. An existing file of that name is kept.
pub(crate) fn create(path: &Path, settings: &Settings) -> Result<()> {
    let directory = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    if let Err(error) = directory.metadata() {
        return Err(StoreError::io("find the directory", directory, error));
    }
    let failed = |error: std::io::Error| match error.kind() {
        ErrorKind::PermissionDenied => StoreError::AccessDenied {
            key: None,
            action: format!("creating {}", path.display()).into(),
            advice: ACCESS_ADVICE.into(),
            source: Some(error.into()),
        },
        _ => StoreError::io("create", path, error),
    };
    let file = AtomicFile::new_in(directory).map_err(failed)?;
    let storage = file.handle().map_err(failed)?;
    let storage = FileBackend::new(storage).map_err(|error| Cause::from(error).at(path))?;
    initialize(&Arc::new(Storage::exclusive(storage)), path, settings)?;
    match file.persist(path) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        made => made.map_err(failed),
    }
}

/// Creates the tables in an empty storage. A crash leaves it neither empty nor a store.
pub(crate) fn initialize(storage: &Arc<Storage>, path: &Path, settings: &Settings) -> Result<()> {
    let make = || -> Result<(), Cause> {
        let write_through = Arc::new(WriteThrough::new(Arc::clone(storage))?);
        let database = Builder::new()
            .set_cache_size(settings.cache_size)
            .create_with_backend(BackendHandle(write_through))?;
        let transaction = database.begin_write()?;
        format::create(&transaction)?;
        transaction.commit()?;
        Ok(database.close()?)
    };
    catch_panic(make).map_err(|cause| cause.at(path))
}
