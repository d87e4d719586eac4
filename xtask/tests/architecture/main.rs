//! Dependencies point one way: between crates down the table of `docs/architecture.md`, and between
//! the modules of a crate never in a circle. The core has few dependencies.

mod crates;
mod cycles;
mod footprint;
mod modules;
