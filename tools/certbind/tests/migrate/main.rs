//! Comparing and moving bindings, by the program.
#![allow(missing_docs, clippy::unwrap_used)]

mod bench;
mod diff;
