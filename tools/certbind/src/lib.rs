//! The command line of certbind, as a library for its own binary.

pub mod netsh;
