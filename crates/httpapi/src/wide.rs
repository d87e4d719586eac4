//! Strings in UTF-16.

#![expect(unsafe_code, reason = "a C interface")]

use certbind_httpapi_abi::service::MAX_URL_LENGTH;
use windows_sys::Win32::Foundation::ERROR_NOT_ENOUGH_MEMORY;

/// A string up to its zero; none if it is not UTF-16, or longer than any URL.
///
/// # Safety
/// `pointer` points to a string with a zero at its end; it need not be aligned.
pub(crate) unsafe fn read(pointer: *const u16) -> Option<String> {
    let mut units = Vec::new();
    loop {
        // SAFETY: no zero was read before it.
        let unit = unsafe { pointer.wrapping_add(units.len()).read_unaligned() };
        if unit == 0 {
            return String::from_utf16(&units).ok();
        }
        if units.len() > MAX_URL_LENGTH {
            return None;
        }
        units.push(unit);
    }
}

/// A string that the caller frees: with `HeapFree` of the process's heap on Windows, with `free` elsewhere.
pub(crate) fn allocate(text: &str) -> Result<*mut u16, u32> {
    let units: Vec<u16> = text.encode_utf16().chain([0]).collect();
    let bytes = units.len() * size_of::<u16>();
    // SAFETY: it takes a number.
    let place = unsafe { memory(bytes) }.cast::<u16>();
    if place.is_null() {
        return Err(ERROR_NOT_ENOUGH_MEMORY);
    }
    // SAFETY: the memory is large enough, and no other reference to it exists.
    unsafe { place.copy_from_nonoverlapping(units.as_ptr(), units.len()) };
    Ok(place)
}

#[cfg(not(windows))]
unsafe fn memory(bytes: usize) -> *mut std::ffi::c_void {
    unsafe extern "C" {
        fn malloc(bytes: usize) -> *mut std::ffi::c_void;
    }
    // SAFETY: it is the function of the C library.
    unsafe { malloc(bytes) }
}

#[cfg(windows)]
unsafe fn memory(bytes: usize) -> *mut std::ffi::c_void {
    use windows_sys::Win32::System::Memory::{GetProcessHeap, HeapAlloc};

    // SAFETY: it takes nothing.
    let heap = unsafe { GetProcessHeap() };
    // SAFETY: it is the heap of the process.
    unsafe { HeapAlloc(heap, 0, bytes) }
}
