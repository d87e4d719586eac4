//! The lines before a record.

use certbind_core::Kind;

/// The lines before a record.
#[derive(Debug)]
pub(super) struct Gap {
    pub(super) last_kind: Option<Kind>,
    pub(super) lines: Vec<String>,
}
