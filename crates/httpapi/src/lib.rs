//! The drop-in `httpapi.dll` and `libhttpapi.so`: the simulated HTTP Server API for programs that
//! call the real one, without Windows and without administrator rights.
//!
//! A process has one simulator, created at the first call and kept until the process ends. The
//! environment variable `CERTBIND_HTTPAPI` configures it: a store's URL (`redb:PATH`, `memory:`) or
//! the path of a TOML file (its fields are in `docs/simulator.md`); without it, an empty store in
//! memory. `include/certbind_httpapi.h` declares the functions by which a test harness controls it.
//!
//! With `CERTBIND_TRACE` every call is written down, and with `CERTBIND_PASS` nothing is simulated: calls
//! are passed on to another library, such as the system's. A program with more rights than its caller
//! (setuid) takes none of these variables.
//!
//! Nothing unwinds into C: a call that panics answers `ERROR_GEN_FAILURE` (31).

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
