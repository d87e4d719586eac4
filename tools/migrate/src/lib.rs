//! Comparing stores of TLS certificate bindings, and moving bindings between them.

mod diff;
mod field;

pub use diff::{Compared, Diff, diff};
pub use field::{FieldChange, Values};
