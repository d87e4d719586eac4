//! A registry key that holds bindings.

use super::path::Place;
use crate::registry::Found;

/// A key that holds bindings, with its parsed path.
#[derive(Debug)]
pub(super) struct Key {
    pub(super) place: Place,
    pub(super) found: Found,
}
