//! The environment variables that configure the library.
//!
//! A program that runs with more rights than its caller has takes no configuration from it: a
//! variable could have it write files, or load code.

#![cfg_attr(
    target_os = "linux",
    expect(unsafe_code, reason = "asks the C library")
)]

use std::env::VarError;
use std::ffi::OsString;

/// A variable that is set. None in a program with more rights than its caller.
pub(crate) fn variable(name: &str) -> Option<OsString> {
    let value = std::env::var_os(name).filter(|value| !value.is_empty());
    value.filter(|_| !is_privileged())
}

/// The same as text; empty where it is not set.
///
/// # Errors
/// It is not UTF-8.
pub(crate) fn text(name: &str) -> Result<String, OsString> {
    match std::env::var(name) {
        Ok(text) if !is_privileged() => Ok(text),
        Err(VarError::NotUnicode(found)) if !is_privileged() => Err(found),
        _ => Ok(String::new()),
    }
}

/// Whether the program runs with rights that its caller does not have: it is setuid or setgid, or
/// its file has capabilities. The kernel reports that in `AT_SECURE` (getauxval(3)).
#[cfg(target_os = "linux")]
fn is_privileged() -> bool {
    // SAFETY: it takes a number and reads a value that the kernel gave the process at its start.
    let secure = unsafe { libc::getauxval(libc::AT_SECURE) };
    secure != 0
}

/// The same where the kernel does not report it: by the identities of the process.
#[cfg(all(unix, not(target_os = "linux")))]
fn is_privileged() -> bool {
    use rustix::process::{getegid, geteuid, getgid, getuid};

    getuid() != geteuid() || getgid() != getegid()
}

/// Windows starts no program with more rights that takes the environment of its caller: UAC elevation
/// has the user's consent, and services have an environment of their own.
#[cfg(not(unix))]
fn is_privileged() -> bool {
    false
}
