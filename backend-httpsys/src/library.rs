//! The HTTP Server API in a dynamic library.

#![expect(unsafe_code, reason = "loads a library and calls its functions")]

use std::error::Error;
use std::ffi::c_void;
use std::io;
use std::path::Path;

use certbind_core::{Result, StoreError};
use certbind_httpapi_abi::win32;
use libloading::Library;
use windows_sys::Win32::Foundation::HANDLE;
use windows_sys::Win32::Networking::HttpServer::{
    HTTP_INITIALIZE, HTTP_SERVICE_CONFIG_ID, HTTPAPI_VERSION,
};
use windows_sys::Win32::System::IO::OVERLAPPED;

use certbind_httpapi_abi::HttpApi;

type Initialize = unsafe extern "system" fn(HTTPAPI_VERSION, HTTP_INITIALIZE, *mut c_void) -> u32;
type Terminate = unsafe extern "system" fn(HTTP_INITIALIZE, *mut c_void) -> u32;
type Configure = unsafe extern "system" fn(
    HANDLE,
    HTTP_SERVICE_CONFIG_ID,
    *const c_void,
    u32,
    *const OVERLAPPED,
) -> u32;
type Query = unsafe extern "system" fn(
    HANDLE,
    HTTP_SERVICE_CONFIG_ID,
    *const c_void,
    u32,
    *mut c_void,
    u32,
    *mut u32,
    *const OVERLAPPED,
) -> u32;

/// A dynamic library with the functions of the HTTP Server API: the system's `httpapi.dll`, or any
/// other that has the same interface, on any platform.
///
/// `HttpUpdateServiceConfiguration` may be missing, as it is before Windows 10, version 1703.
#[derive(Debug)]
pub struct LibraryApi {
    initialize: Initialize,
    terminate: Terminate,
    set: Configure,
    delete: Configure,
    query: Query,
    update: Option<Configure>,
    /// Keeps the functions where they are.
    _library: Library,
}

impl LibraryApi {
    /// The system's own `httpapi.dll` alone: it is searched in the system directory, never in the
    /// program's folder or the current directory, where it could be planted.
    ///
    /// # Errors
    /// [`StoreError::Io`] if it cannot be loaded.
    #[cfg(windows)]
    pub fn system() -> Result<Self> {
        use libloading::os::windows::{LOAD_LIBRARY_SEARCH_SYSTEM32, Library as WindowsLibrary};

        let name = Path::new("httpapi.dll");
        // SAFETY: the system's library may be loaded by any program and keeps its interface.
        let library =
            unsafe { WindowsLibrary::load_with_flags(name, LOAD_LIBRARY_SEARCH_SYSTEM32) };
        let library = library.map_err(|error| cannot("load", name, error))?;
        // SAFETY: the system's functions conform to the documentation.
        unsafe { Self::of(library.into(), name) }
    }

    /// The library at `path`. A relative path starts at the current directory; the system's search
    /// path is not used.
    ///
    /// # Errors
    /// [`StoreError::Io`] if it cannot be loaded or lacks one of the functions.
    ///
    /// # Safety
    /// Loading a library runs its code, in this process and with its rights. The file has to be a
    /// library that is safe to load in this way, and its exports with the names of the HTTP Server
    /// API have to conform to that interface.
    pub unsafe fn load(path: &Path) -> Result<Self> {
        let absolute = std::path::absolute(path);
        let absolute = absolute.map_err(|error| StoreError::io("find", path, error))?;
        // Opening a pipe would wait for a writer. A missing file is reported by the loader.
        if std::fs::metadata(&absolute).is_ok_and(|metadata| !metadata.is_file()) {
            let source = io::Error::other("it is not a regular file");
            return Err(StoreError::io("load", &absolute, source));
        }
        // SAFETY: the caller's guarantee.
        let library = unsafe { Library::new(&absolute) };
        let library = library.map_err(|error| cannot("load", &absolute, error))?;
        // SAFETY: the caller's guarantee.
        unsafe { Self::of(library, &absolute) }
    }

    /// # Safety
    /// The library's exports with the names of the HTTP Server API have that interface.
    unsafe fn of(library: Library, path: &Path) -> Result<Self> {
        /// # Safety
        /// A function of that name, if there is one, is an `F`.
        unsafe fn function<F: Copy>(library: &Library, name: &str, path: &Path) -> Result<F> {
            // SAFETY: the caller's guarantee.
            let function = unsafe { library.get::<F>(name) };
            let function = function
                .map_err(|error| cannot(&format!("find the function {name} of"), path, error))?;
            Ok(*function)
        }

        // SAFETY: the caller's guarantee; so for the others.
        let initialize = unsafe { function(&library, "HttpInitialize", path) }?;
        // SAFETY: as above.
        let terminate = unsafe { function(&library, "HttpTerminate", path) }?;
        // SAFETY: as above.
        let set = unsafe { function(&library, "HttpSetServiceConfiguration", path) }?;
        // SAFETY: as above.
        let delete = unsafe { function(&library, "HttpDeleteServiceConfiguration", path) }?;
        // SAFETY: as above.
        let query = unsafe { function(&library, "HttpQueryServiceConfiguration", path) }?;
        // SAFETY: as above.
        let update = unsafe { function(&library, "HttpUpdateServiceConfiguration", path) };
        Ok(Self {
            initialize,
            terminate,
            set,
            delete,
            query,
            update: update.ok(),
            _library: library,
        })
    }
}

fn cannot(action: &str, path: &Path, error: libloading::Error) -> StoreError {
    let source = io::Error::other(LoaderError(error));
    StoreError::io(action.to_owned(), path, source)
}

/// An error of the system's loader. Its message contains the reason, which libloading's own omits.
#[derive(Debug, thiserror::Error)]
#[error("{}", with_reason(.0))]
struct LoaderError(#[source] libloading::Error);

fn with_reason(error: &libloading::Error) -> String {
    match error.source() {
        Some(reason) => format!("{error}: {reason}"),
        None => error.to_string(),
    }
}

impl HttpApi for LibraryApi {
    unsafe fn initialize(
        &self,
        version: HTTPAPI_VERSION,
        flags: HTTP_INITIALIZE,
        reserved: *mut c_void,
    ) -> u32 {
        // SAFETY: the caller's guarantee is that of the function.
        unsafe { (self.initialize)(version, flags, reserved) }
    }

    unsafe fn terminate(&self, flags: HTTP_INITIALIZE, reserved: *mut c_void) -> u32 {
        // SAFETY: the caller's guarantee is that of the function.
        unsafe { (self.terminate)(flags, reserved) }
    }

    unsafe fn set(
        &self,
        handle: HANDLE,
        id: HTTP_SERVICE_CONFIG_ID,
        information: *const c_void,
        length: u32,
        overlapped: *const OVERLAPPED,
    ) -> u32 {
        // SAFETY: the caller's guarantee is that of the function.
        unsafe { (self.set)(handle, id, information, length, overlapped) }
    }

    unsafe fn delete(
        &self,
        handle: HANDLE,
        id: HTTP_SERVICE_CONFIG_ID,
        information: *const c_void,
        length: u32,
        overlapped: *const OVERLAPPED,
    ) -> u32 {
        // SAFETY: the caller's guarantee is that of the function.
        unsafe { (self.delete)(handle, id, information, length, overlapped) }
    }

    unsafe fn query(
        &self,
        handle: HANDLE,
        id: HTTP_SERVICE_CONFIG_ID,
        input: *const c_void,
        input_length: u32,
        output: *mut c_void,
        output_length: u32,
        return_length: *mut u32,
        overlapped: *const OVERLAPPED,
    ) -> u32 {
        // SAFETY: the caller's guarantee is that of the function.
        unsafe {
            (self.query)(
                handle,
                id,
                input,
                input_length,
                output,
                output_length,
                return_length,
                overlapped,
            )
        }
    }

    unsafe fn update(
        &self,
        handle: HANDLE,
        id: HTTP_SERVICE_CONFIG_ID,
        information: *const c_void,
        length: u32,
        overlapped: *const OVERLAPPED,
    ) -> u32 {
        match self.update {
            // SAFETY: the caller's guarantee is that of the function.
            Some(update) => unsafe { update(handle, id, information, length, overlapped) },
            None => win32::CALL_NOT_IMPLEMENTED,
        }
    }

    fn has_update(&self) -> bool {
        self.update.is_some()
    }
}
