//! A registry key that contains bindings.

use super::path::{Place, Role};
use crate::registry::Found;

/// A key that contains bindings, with its parsed path.
#[derive(Debug)]
pub(super) struct Key {
    pub(super) place: Place,
    pub(super) found: Found<'static>,
}

impl Key {
    /// Whether damage in it may be damage of a binding: not in the settings of HTTP.sys and
    /// reservations.
    pub(super) fn is_of_bindings(&self) -> bool {
        !matches!(self.place.role, Role::Parameters(_) | Role::Reservations(_))
    }
}
