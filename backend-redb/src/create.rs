//! Making a new store.

use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;

use certbind_core::{Result, StoreError};
use redb::Builder;
use redb::backends::FileBackend;

use crate::direct::{Direct, Handle};
use crate::errors::{Cause, guarded};
use crate::format;
use crate::medium::Medium;
use crate::options::Options;
use crate::unfinished::Unfinished;

/// Makes a store and gives it its name when it is whole, so that no crash leaves a file there that
/// is no store. If somebody else is faster, theirs stays.
pub(crate) fn create(path: &Path, options: &Options) -> Result<()> {
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
            action: format!("making {}", path.display()).into(),
        },
        _ => StoreError::io("make", path, error),
    };
    let unfinished = Unfinished::new_in(directory).map_err(failed)?;
    let storage = unfinished.handle().map_err(failed)?;
    let storage = FileBackend::new(storage).map_err(|error| Cause::from(error).at(path))?;
    initialize(&Arc::new(Medium::new(storage, false)), path, options)?;
    match unfinished.persist(path) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        made => made.map_err(failed),
    }
}

/// Makes the tables on an empty medium. A crash meanwhile leaves one that is neither empty nor a
/// store.
pub(crate) fn initialize(medium: &Arc<Medium>, path: &Path, options: &Options) -> Result<()> {
    let make = || -> Result<(), Cause> {
        let direct = Arc::new(Direct::new(Arc::clone(medium))?);
        let database = Builder::new()
            .set_cache_size(options.cache)
            .create_with_backend(Handle(direct))?;
        let transaction = database.begin_write()?;
        format::create(&transaction)?;
        transaction.commit()?;
        Ok(database.close()?)
    };
    guarded(make).map_err(|cause| cause.at(path))
}
