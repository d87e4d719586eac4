//! ForwardTarget calls on to another library, such as the `httpapi.dll` of a real Windows.

#![expect(unsafe_code, reason = "loads a library")]

use std::ffi::c_void;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use certbind_httpsys::LibraryApi;
use libloading::Library;

use crate::environment;

/// The library to which calls are forwarded.
pub(crate) struct ForwardTarget {
    pub(crate) api: Arc<LibraryApi>,
    library: Library,
}

impl ForwardTarget {
    /// The library at `path`; none if that is this very library, which cannot forward calls to
    /// itself: a copy of it that the environment names simulates.
    ///
    /// # Errors
    /// The reason why it cannot be loaded.
    pub(crate) fn to(path: &Path) -> Result<Option<Self>, String> {
        if !path.is_absolute() {
            // Windows would take a bare name for the library of that name that is loaded: this one.
            return Err(format!("{path:?} is not an absolute path"));
        }
        // SAFETY: the user who sets the environment names the library, and vouches for it.
        let library = unsafe { Library::new(path) };
        let library = library.map_err(|error| format!("{path:?} cannot be loaded: {error}"))?;
        if is_this(&library) {
            return Ok(None);
        }
        // SAFETY: as above.
        let api = unsafe { LibraryApi::load(path) }.map_err(|error| error.to_string())?;
        Ok(Some(Self {
            api: Arc::new(api),
            library,
        }))
    }

    /// Where one of its functions is.
    pub(crate) fn function(&self, name: &str) -> Option<*const c_void> {
        address(&self.library, name)
    }
}

fn address(library: &Library, name: &str) -> Option<*const c_void> {
    // SAFETY: the pointer is not called here.
    let symbol = unsafe { library.get::<*const c_void>(name) };
    symbol.ok().map(|symbol| *symbol)
}

/// Of each copy of this library there is one.
static COPY: u8 = 0;

type Copy = unsafe extern "C" fn() -> *const u8;

/// An address inside this copy of the library. An exported function is not suitable: in a program
/// that is linked with one copy, references by name from another copy resolve to the first.
// SAFETY: the name begins with ours.
#[unsafe(no_mangle)]
extern "C" fn CertbindHttpApiCopy() -> *const u8 {
    &raw const COPY
}

fn is_this(library: &Library) -> bool {
    // SAFETY: a function of that name is one of ours.
    let copy = unsafe { library.get::<Copy>("CertbindHttpApiCopy") };
    // SAFETY: as above.
    copy.is_ok_and(|copy| unsafe { copy() } == &raw const COPY)
}

/// The library that the environment names.
pub(crate) fn of_environment() -> Result<Option<ForwardTarget>, String> {
    match environment::variable(VARIABLE) {
        Some(path) => {
            ForwardTarget::to(&PathBuf::from(path)).map_err(|what| format!("{VARIABLE}: {what}"))
        }
        None => Ok(None),
    }
}

/// Whether the environment requests forwarding, by this copy of the library or another.
pub(crate) fn is_requested() -> bool {
    environment::variable(VARIABLE).is_some()
}

const VARIABLE: &str = "CERTBIND_PASS";
