//! The drop-in `httpapi.dll` and `libhttpapi.so`: the simulated HTTP Server API for programs that
//! call the real one, without Windows and without administrator rights.
//!
//! A process has one simulator, created at the first call and kept until the process ends. The
//! environment variable `CERTBIND_HTTPAPI` configures it: a store's URL (`redb:PATH`, `memory:`) or
//! the path of a TOML file (the [documentation] lists its fields); without it, an empty store in
//! memory. `include/certbind_httpapi.h` declares the functions by which a test harness controls it.
//!
//! ```text
//! CERTBIND_HTTPAPI=redb:bindings.redb LD_LIBRARY_PATH=/path/to/kit ./program
//! ```
//!
//! Use it to test programs in any language. Tests in Rust use `certbind-harness`, which runs
//! programs with this library, or `certbind-simulator` in the process of the test.
//!
//! `CERTBIND_TRACE` names a file to which every call is recorded. With `CERTBIND_PASS` nothing is
//! simulated: calls are forwarded to another library, such as the system's. A program with more
//! rights than its caller (setuid) ignores these variables.
//!
//! Nothing unwinds into C: a call that panics returns `ERROR_GEN_FAILURE` (31).
//!
//! [documentation]: https://github.com/certbind/certbind/blob/main/docs/simulator.md

mod config;
mod config_error;
mod config_file;
mod confined;
mod control;
mod environment;
mod exports;
mod forward;
mod handle;
#[cfg(windows)]
mod pinned;
mod process;
mod seed;
mod servers;
mod stores;
mod unimplemented;
mod wide;
