//! The functions of servers that are simulated: sessions, URL groups, request queues, and URLs. No
//! requests arrive.
//!
//! Arguments are words, as in `unimplemented.rs`, so that a call can be forwarded unchanged.

#![expect(unsafe_code, reason = "a C interface")]

use std::cell::Cell;
use std::ffi::c_void;

use certbind_httpapi_abi::win32;
use certbind_simulator::{GroupProperty, Simulator};
use windows_sys::Win32::Networking::HttpServer::{
    HTTP_BINDING_INFO, HTTP_CREATE_REQUEST_QUEUE_FLAG_OPEN_EXISTING, HTTP_URL_FLAG_REMOVE_ALL,
    HTTPAPI_VERSION, HttpServerBindingProperty,
};

use crate::process;
use crate::{handle, wide};

macro_rules! server_functions {
    ($($name:ident($($argument:ident)*) |$simulator:ident| $body:block)*) => {$(
        // SAFETY: no other symbol of a program has this name, unless it is the function replaced.
        #[unsafe(no_mangle)]
        unsafe extern "system" fn $name($($argument: usize),*) -> usize {
            type Function = unsafe extern "system" fn($(word!($argument)),*) -> usize;
            // The caller keeps the contract of the API: pointers are null or valid.
            let simulate = |$simulator: &Simulator| -> Result<(), u32> {
                $simulator.close_abandoned_queues(handle::is_open)?;
                $body
            };
            process::server(
                stringify!($name),
                |simulator| simulate(simulator).map_or_else(|code| code as usize, |()| 0),
                |function| {
                    // SAFETY: it is the function of this name, which takes this number of
                    // arguments.
                    let function = unsafe {
                        std::mem::transmute::<*const c_void, Function>(function)
                    };
                    // SAFETY: the caller's guarantee is that of the function.
                    unsafe { function($($argument),*) }
                },
            )
        }
    )*};
}

macro_rules! word {
    ($argument:ident) => {
        usize
    };
}

server_functions! {
    HttpCreateServerSession(version session reserved) |simulator| {
        let session = place::<u64>(session)?;
        zero(low(reserved) as usize)?;
        let created = simulator.create_server_session(version_of(version))?;
        // SAFETY: the caller's guarantee; it need not be aligned.
        unsafe { session.write_unaligned(created) };
        Ok(())
    }

    HttpCloseServerSession(session) |simulator| {
        simulator.close_server_session(session as u64)
    }

    HttpCreateUrlGroup(session group reserved) |simulator| {
        let group = place::<u64>(group)?;
        zero(low(reserved) as usize)?;
        let created = simulator.create_url_group(session as u64)?;
        // SAFETY: as above.
        unsafe { group.write_unaligned(created) };
        Ok(())
    }

    HttpCloseUrlGroup(group) |simulator| {
        simulator.close_url_group(group as u64)
    }

    HttpAddUrlToUrlGroup(group url context reserved) |simulator| {
        // Only requests return it.
        let _ = context;
        zero(low(reserved) as usize)?;
        // SAFETY: as above.
        simulator.add_url_to_group(group as u64, &unsafe { text(url) }?)
    }

    HttpRemoveUrlFromUrlGroup(group url flags) |simulator| {
        let url = match low(flags) {
            // SAFETY: as above.
            0 => Some(unsafe { text(url) }?),
            HTTP_URL_FLAG_REMOVE_ALL if url == 0 => None,
            _ => return Err(win32::INVALID_PARAMETER),
        };
        simulator.remove_url_from_group(group as u64, url.as_deref())
    }

    HttpSetUrlGroupProperty(group property information length) |simulator| {
        let information = place::<c_void>(information)?;
        let length = low(length) as usize;
        if length == 0 {
            return Err(win32::INVALID_PARAMETER);
        }
        let property = low(property).cast_signed();
        let property = if property != HttpServerBindingProperty {
            GroupProperty::Other(property)
        } else if length < size_of::<HTTP_BINDING_INFO>() {
            return Err(win32::INVALID_PARAMETER);
        } else {
            // SAFETY: that many bytes are valid, by the caller's guarantee; it need not be aligned.
            let binding = unsafe { information.cast::<HTTP_BINDING_INFO>().read_unaligned() };
            let is_present = binding.Flags._bitfield & 1 != 0;
            GroupProperty::Queue(is_present.then_some(binding.RequestQueueHandle as usize))
        };
        simulator.set_url_group_property(group as u64, property)
    }

    HttpCreateRequestQueue(version name security flags queue) |simulator| {
        let queue = place::<usize>(queue)?;
        let flags = low(flags);
        // "must be NULL when opening an existing request queue"
        if flags & HTTP_CREATE_REQUEST_QUEUE_FLAG_OPEN_EXISTING != 0 {
            zero(security)?;
        }
        // SAFETY: as above.
        let name = if name == 0 { None } else { Some(unsafe { text(name) }?) };
        let create = |handle| {
            simulator.create_request_queue(version_of(version), name.as_deref(), flags, handle)
        };
        // SAFETY: as above.
        unsafe { made(queue, create) }
    }

    HttpCloseRequestQueue(queue) |simulator| {
        simulator.close_request_queue(queue)?;
        handle::close(queue);
        Ok(())
    }

    HttpShutdownRequestQueue(queue) |simulator| {
        simulator.shutdown_request_queue(queue)
    }

    HttpCreateHttpHandle(queue reserved) |simulator| {
        let queue = place::<usize>(queue)?;
        zero(low(reserved) as usize)?;
        // SAFETY: as above.
        unsafe { made(queue, |handle| simulator.create_http_handle(handle)) }
    }

    HttpAddUrl(queue url reserved) |simulator| {
        zero(reserved)?;
        // SAFETY: as above.
        simulator.add_url(queue, &unsafe { text(url) }?)
    }

    HttpRemoveUrl(queue url) |simulator| {
        // SAFETY: as above.
        simulator.remove_url(queue, &unsafe { text(url) }?)
    }

    HttpPrepareUrl(reserved flags url prepared) |simulator| {
        let prepared = place::<*mut u16>(prepared)?;
        zero(reserved)?;
        zero(low(flags) as usize)?;
        // SAFETY: as above.
        let text = simulator.prepare_url(&unsafe { text(url) }?)?;
        let allocated = wide::allocate(&text)?;
        // SAFETY: as above.
        unsafe { prepared.write_unaligned(allocated) };
        Ok(())
    }
}

/// `HttpIsFeatureSupported`, which answers a truth value: without a simulator there is no feature.
// SAFETY: as above.
#[unsafe(no_mangle)]
unsafe extern "system" fn HttpIsFeatureSupported(feature: i32) -> i32 {
    type Function = unsafe extern "system" fn(i32) -> i32;
    let answer = Cell::new(false);
    process::server(
        "HttpIsFeatureSupported",
        |simulator| {
            answer.set(simulator.is_feature_supported(feature));
            answer.get().into()
        },
        |function| {
            // SAFETY: it is the function of this name.
            let function = unsafe { std::mem::transmute::<*const c_void, Function>(function) };
            // SAFETY: it takes a number.
            answer.set(unsafe { function(feature) } != 0);
            answer.get().into()
        },
    );
    answer.get().into()
}

/// The pointer for a result, which must not be null.
fn place<T>(address: usize) -> Result<*mut T, u32> {
    let pointer = address as *mut T;
    match pointer.is_null() {
        true => Err(win32::INVALID_PARAMETER),
        false => Ok(pointer),
    }
}

/// A reserved argument.
fn zero(argument: usize) -> Result<(), u32> {
    match argument {
        0 => Ok(()),
        _ => Err(win32::INVALID_PARAMETER),
    }
}

/// # Safety
/// The address is null or that of a string with a zero at its end.
unsafe fn text(address: usize) -> Result<String, u32> {
    let pointer = place::<u16>(address)?;
    // SAFETY: the caller's guarantee.
    unsafe { wide::read(pointer) }.ok_or(win32::INVALID_PARAMETER)
}

/// An argument of 32 bits: the upper half of its word is not set.
fn low(word: usize) -> u32 {
    #[expect(clippy::cast_possible_truncation, reason = "as said")]
    let low = word as u32;
    low
}

/// Two numbers of 16 bits in one word.
fn version_of(word: usize) -> HTTPAPI_VERSION {
    let [major_low, major_high, minor_low, minor_high] = low(word).to_le_bytes();
    HTTPAPI_VERSION {
        HttpApiMajorVersion: u16::from_le_bytes([major_low, major_high]),
        HttpApiMinorVersion: u16::from_le_bytes([minor_low, minor_high]),
    }
}

/// A queue with a handle of its own, which is closed again if there is no queue.
///
/// # Safety
/// `queue` is valid for a write.
unsafe fn made(queue: *mut usize, make: impl FnOnce(usize) -> Result<(), u32>) -> Result<(), u32> {
    let handle = handle::create()?;
    if let Err(code) = make(handle) {
        handle::close(handle);
        return Err(code);
    }
    // SAFETY: the caller's guarantee; it need not be aligned.
    unsafe { queue.write_unaligned(handle) };
    Ok(())
}
