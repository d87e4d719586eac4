//! The registered backends.

use std::io;
use std::path::Path;
use std::sync::OnceLock;

use crate::backend::StoreBackend;
use crate::backends::BUILT_IN;

static BACKENDS: OnceLock<Vec<&'static dyn StoreBackend>> = OnceLock::new();

/// Adds backends to those of the program. Only the first call in a process has an effect.
pub(crate) fn register(additional: &[&'static dyn StoreBackend]) {
    BACKENDS.get_or_init(|| [BUILT_IN, additional].concat());
}

/// Every backend, in the order of the help.
pub(crate) fn backends() -> &'static [&'static dyn StoreBackend] {
    BACKENDS.get_or_init(|| BUILT_IN.to_vec())
}

/// The backend of a scheme.
pub(crate) fn find(scheme: &str) -> Option<&'static dyn StoreBackend> {
    let mut backends = backends().iter().copied();
    backends.find(|backend| backend.scheme() == scheme)
}

/// The backend whose store a file is.
pub(crate) fn owner_of(file: &Path) -> io::Result<Option<&'static dyn StoreBackend>> {
    for backend in backends() {
        if backend.owns(file)? {
            return Ok(Some(*backend));
        }
    }
    Ok(None)
}
