//! `httpsys:`: the HTTP Server API of this host, or of a library.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use certbind_backends::{Access, OpenStore, StoreBackend};
use certbind_core::StoreError;
use certbind_httpapi_abi::HttpApi;
use certbind_httpsys::LibraryApi;

use crate::data_directory::{data_directory, system_folder};
use crate::host_store::HostStore;
use crate::message::warn;

/// The configuration of the simulator's library.
const SIMULATOR: &str = "CERTBIND_HTTPAPI";

/// The folder of the journal, for simulated hosts.
const JOURNAL: &str = "CERTBIND_JOURNAL";

/// The library to which it forwards calls.
const FORWARDED: &str = "CERTBIND_PASS";

pub(crate) struct HttpSys;

impl StoreBackend for HttpSys {
    fn scheme(&self) -> &'static str {
        "httpsys"
    }

    fn help(&self) -> &'static [(&'static str, &'static str)] {
        &[
            (
                "httpsys:",
                "HTTP.sys on this Windows host; changes need administrator rights",
            ),
            (
                "httpsys:LIBRARY",
                "a library with the HTTP Server API, such as the simulator's libhttpapi.so",
            ),
        ]
    }

    fn absolute(&self, address: &str, folder: &Path) -> String {
        if address.is_empty() {
            return String::new();
        }
        let path = folder.join(address);
        let absolute = std::path::absolute(&path).unwrap_or(path);
        absolute.display().to_string()
    }

    /// A library may simulate any host.
    fn host(&self, address: &str) -> Option<String> {
        match library(address) {
            Some(_) => None,
            None => whoami::hostname().ok(),
        }
    }

    /// An unfinished batch of an earlier run is undone when the store is opened for changes.
    fn open(&self, address: &str, access: Access) -> Result<Option<OpenStore>, StoreError> {
        let library = library(address);
        let is_read = access == Access::Read;
        if !is_used(library, cfg!(windows)) && std::env::var_os(JOURNAL).is_some() {
            warn(&format!(
                "{JOURNAL} is ignored: the journal of httpsys: is in the folder of the system"
            ));
        }
        let store = HostStore::open(load(library)?, &journal(library)?, is_read)?;
        let api = Arc::clone(store.api());
        Ok(Some(OpenStore::new(Arc::new(store)).with_api(api)))
    }

    /// The journal's folder is for the journal alone.
    fn owns_part(&self, file: &Path) -> io::Result<bool> {
        let folder = |path: &Path| match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder.canonicalize(),
            _ => Path::new(".").canonicalize(),
        };
        let own = [None, Some(Path::new(""))].map(|library| journal(library).ok());
        let own = own.into_iter().flatten();
        let own: Vec<_> = own.filter_map(|own| own.canonicalize().ok()).collect();
        Ok(folder(file).is_ok_and(|folder| own.contains(&folder)))
    }

    /// A plan may be from an unknown author, and a library's code runs when it is opened.
    fn may_be_named_by_plans(&self, address: &str) -> bool {
        address.is_empty()
    }

    fn api(&self, address: &str) -> Option<Result<Arc<dyn HttpApi>, StoreError>> {
        Some(load(library(address)).map(|api| Arc::new(api) as _))
    }

    /// A library that forwards calls does not simulate.
    fn simulator_configuration(&self, address: &str) -> Option<PathBuf> {
        library(address)?;
        let is_set = |name| std::env::var_os(name).filter(|value| !value.is_empty());
        match is_set(FORWARDED) {
            Some(_) => None,
            None => is_set(SIMULATOR).map(PathBuf::from),
        }
    }
}

fn library(address: &str) -> Option<&Path> {
    (!address.is_empty()).then(|| Path::new(address))
}

/// The folder for the journal of batches. Its content is replayed, so only administrators may write
/// to it: on Windows it has a list of its own, in a folder that the system names.
fn journal(library: Option<&Path>) -> Result<PathBuf, StoreError> {
    let named = std::env::var_os(JOURNAL).filter(|_| is_used(library, cfg!(windows)));
    if let Some(folder) = named {
        return Ok(folder.into());
    }
    let folder = match library {
        None => system_folder()?,
        Some(_) => data_directory()?,
    };
    Ok(folder.join("journal"))
}

/// Whether the environment may name the journal's folder. For the HTTP.sys of a Windows it may not: an
/// elevated process has the variables of its user.
fn is_used(library: Option<&Path>, is_windows: bool) -> bool {
    library.is_some() || !is_windows
}

fn load(library: Option<&Path>) -> Result<LibraryApi, StoreError> {
    match library {
        Some(path) => {
            #[expect(unsafe_code, reason = "a library's code runs when it is loaded")]
            // SAFETY: the user names the library, and vouches for it as for a program to run.
            unsafe {
                LibraryApi::load(path)
            }
        }
        #[cfg(windows)]
        None => LibraryApi::system(),
        #[cfg(not(windows))]
        None => Err(StoreError::Unsupported {
            what: "httpsys: (this is not Windows; name a library, httpsys:PATH)".into(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn environment_names_no_journal_of_a_real_windows() {
        let library = Some(Path::new("httpapi.dll"));
        assert!(!is_used(None, true));
        assert!(is_used(library, true) && is_used(library, false) && is_used(None, false));
    }
}
