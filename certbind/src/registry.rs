//! The backends of the program.

use std::sync::OnceLock;

use certbind_backends::{Registry, StoreBackend};

use crate::backends::BUILT_IN;

static REGISTRY: OnceLock<Registry> = OnceLock::new();

/// Adds backends to those of the program. Only the first call in a process has an effect.
pub(crate) fn register(additional: &[&'static dyn StoreBackend]) {
    REGISTRY.get_or_init(|| with(additional));
}

pub(crate) fn registry() -> &'static Registry {
    REGISTRY.get_or_init(|| with(&[]))
}

fn with(additional: &[&'static dyn StoreBackend]) -> Registry {
    Registry::new(BUILT_IN.iter().chain(additional).copied())
}
