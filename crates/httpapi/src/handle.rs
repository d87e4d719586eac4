//! Handles of request queues.

#![cfg_attr(windows, expect(unsafe_code, reason = "handles are Windows' own"))]

/// A unique handle. On Windows it is one of the system, so that `CloseHandle` accepts it, as
/// programs of version 1 require; elsewhere it is a number.
#[cfg(not(windows))]
pub(crate) fn create() -> Result<usize, u32> {
    use std::sync::atomic::{AtomicUsize, Ordering};

    static NEXT: AtomicUsize = AtomicUsize::new(0x0001_0000);
    Ok(NEXT.fetch_add(4, Ordering::Relaxed))
}

#[cfg(not(windows))]
pub(crate) fn close(_: usize) {}

#[cfg(not(windows))]
pub(crate) fn is_open(_: usize) -> bool {
    true
}

#[cfg(windows)]
pub(crate) fn create() -> Result<usize, u32> {
    use windows_sys::Win32::Foundation::GetLastError;
    use windows_sys::Win32::System::Threading::CreateEventW;

    // SAFETY: all of its pointers may be null: an event without a name.
    let handle = unsafe { CreateEventW(std::ptr::null(), 1, 0, std::ptr::null()) };
    match handle.is_null() {
        // SAFETY: it takes nothing.
        true => Err(unsafe { GetLastError() }),
        false => Ok(handle as usize),
    }
}

#[cfg(windows)]
pub(crate) fn close(handle: usize) {
    // SAFETY: an invalid handle is refused.
    unsafe { windows_sys::Win32::Foundation::CloseHandle(handle as _) };
}

/// Whether the program has not closed a handle by `CloseHandle`. If it has, another object may have the handle since:
/// that is taken for the queue.
#[cfg(windows)]
pub(crate) fn is_open(handle: usize) -> bool {
    let mut flags = 0;
    // SAFETY: a handle that is none is refused.
    unsafe {
        windows_sys::Win32::Foundation::GetHandleInformation(handle as _, &raw mut flags) != 0
    }
}
