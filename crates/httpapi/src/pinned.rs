//! Keeps the library loaded. Windows unloads a library when the program frees it, without dropping
//! its statics: the simulator would be lost with its store's file open and locked. On Linux a
//! library of Rust's stays, since threads have destructors in it.

#![allow(unsafe_code, reason = "keeps the library loaded")]

use windows_sys::Win32::System::LibraryLoader::{
    GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS, GET_MODULE_HANDLE_EX_FLAG_PIN, GetModuleHandleExW,
};

/// Keeps the library that this is in loaded until the process ends.
pub(crate) fn pin() {
    let mut library = std::ptr::null_mut();
    let flags = GET_MODULE_HANDLE_EX_FLAG_PIN | GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS;
    let address = pin as *const () as *const u16;
    // SAFETY: with FROM_ADDRESS any address in a library is allowed for its name, and this function
    // is in one. `library` is written to, and lives longer than the call.
    let pinned = unsafe { GetModuleHandleExW(flags, address, &raw mut library) };
    debug_assert_ne!(pinned, 0, "an address in a library that is loaded");
}
