//! Sources of bindings.

use std::sync::Arc;

use certbind_core::{Binding, BindingStore, Scan, StoreError};

/// The bindings that a server answers with, and a test for changes.
///
/// The server asks before each handshake whether the bindings may have changed, and reads them if so:
/// a change applies to the next handshake.
pub trait BindingSource: Send + 'static {
    /// Whether the bindings may have changed since they were last read. It must be quick: a server
    /// waits for it.
    fn may_have_changed(&mut self) -> bool;

    /// The bindings.
    ///
    /// # Errors
    /// The server reports the error, and continues with the bindings that it has.
    fn read(&mut self) -> Result<Vec<Binding>, Box<dyn std::error::Error + Send + Sync>>;
}

/// Bindings that do not change.
impl BindingSource for Vec<Binding> {
    fn may_have_changed(&mut self) -> bool {
        false
    }

    fn read(&mut self) -> Result<Vec<Binding>, Box<dyn std::error::Error + Send + Sync>> {
        Ok(self.clone())
    }
}

/// A store that stays open. It is scanned before each handshake; concurrent handshakes share a scan.
impl BindingSource for Arc<dyn BindingStore> {
    fn may_have_changed(&mut self) -> bool {
        true
    }

    fn read(&mut self) -> Result<Vec<Binding>, Box<dyn std::error::Error + Send + Sync>> {
        let bindings = self.scan(&Scan::all())?.collect::<Result<_, StoreError>>();
        Ok(bindings?)
    }
}
