//! The resource of Microsoft's Desired State Configuration (DSC) v3: one instance is one binding.
//!
//! DSC starts the program for each operation, as specified in the resource manifest. It sends one
//! JSON object on standard input and reads JSON lines from both outputs.

pub(crate) mod input;
pub(crate) mod instance;
mod properties;
pub(crate) mod schema;
pub(crate) mod state;

/// The resource manifest.
pub(crate) const MANIFEST: &str = include_str!("certbind.dsc.resource.json");
