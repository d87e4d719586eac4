//! The backends that a program has.

use std::fmt;
use std::io;
use std::path::Path;

use crate::backend::StoreBackend;
use crate::memory::Memory;
#[cfg(feature = "redb")]
use crate::redb::Redb;

/// The backends of a program, in the order of its help.
#[derive(Clone)]
pub struct Registry(Vec<&'static dyn StoreBackend>);

impl Registry {
    /// A registry of these backends. Of two with one scheme the first is used.
    #[must_use]
    pub fn new(backends: impl IntoIterator<Item = &'static dyn StoreBackend>) -> Self {
        Self(backends.into_iter().collect())
    }

    /// The backends of this crate: the stores in which the drop-in library and the test harness
    /// keep the records of a simulated host.
    #[must_use]
    pub fn embedded() -> Self {
        let embedded: &[&'static dyn StoreBackend] = &[
            #[cfg(feature = "redb")]
            &const { Redb::new() },
            &Memory,
        ];
        Self::new(embedded.iter().copied())
    }

    /// Every backend.
    #[must_use]
    pub fn backends(&self) -> &[&'static dyn StoreBackend] {
        &self.0
    }

    /// The backend of a scheme.
    #[must_use]
    pub fn find(&self, scheme: &str) -> Option<&'static dyn StoreBackend> {
        let mut backends = self.0.iter().copied();
        backends.find(|backend| backend.scheme() == scheme)
    }

    /// Whether a text starts with the scheme of a backend. Any other text with a colon may be a path:
    /// that of a file on a drive of Windows.
    #[must_use]
    pub fn is_url(&self, text: &str) -> bool {
        let scheme = text.split_once(':').map(|(scheme, _)| scheme);
        scheme.is_some_and(|scheme| self.find(scheme).is_some())
    }

    /// The backend and the address of a URL.
    ///
    /// # Errors
    /// [`UrlError`] if no backend has the scheme, or the backend refuses the address.
    pub fn parse<'a>(
        &self,
        url: &'a str,
    ) -> Result<(&'static dyn StoreBackend, &'a str), UrlError> {
        let known = url
            .split_once(':')
            .and_then(|(scheme, address)| Some((self.find(scheme)?, address)));
        let (backend, address) = known.ok_or_else(|| UrlError::Scheme(self.forms()))?;
        backend.check_address(address).map_err(UrlError::Address)?;
        Ok((backend, address))
    }

    /// The backend whose store a file is.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn owner_of(&self, file: &Path) -> io::Result<Option<&'static dyn StoreBackend>> {
        for backend in &self.0 {
            if backend.owns(file)? {
                return Ok(Some(*backend));
            }
        }
        Ok(None)
    }

    /// Whether a file, which need not exist, is a part of a store of a backend.
    ///
    /// # Errors
    /// If a file cannot be read.
    pub fn is_part_of_a_store(&self, file: &Path) -> io::Result<bool> {
        for backend in &self.0 {
            if backend.owns_part(file)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The forms of every URL.
    fn forms(&self) -> String {
        let forms = self.0.iter().flat_map(|backend| backend.help());
        let forms: Vec<_> = forms.map(|(form, _)| *form).collect();
        match forms.split_last() {
            Some((last, [])) => (*last).to_owned(),
            Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
            None => String::new(),
        }
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let schemes = self.0.iter().map(|backend| backend.scheme());
        f.debug_list().entries(schemes).finish()
    }
}

/// The reason why a text is not the URL of a store.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UrlError {
    /// No backend has the scheme. The text lists the forms of every URL.
    #[error("expected {0}")]
    Scheme(String),
    /// The backend refuses the address, with this reason.
    #[error("{0}")]
    Address(String),
}

#[cfg(all(test, feature = "redb"))]
mod tests {
    use super::*;

    #[test]
    fn urls_lead_to_their_backend() {
        let registry = Registry::embedded();
        let (backend, address) = registry.parse("redb:C:\\a.redb").unwrap();
        assert_eq!((backend.scheme(), address), ("redb", "C:\\a.redb"));
        for (url, message) in [
            ("etcd:x", "expected redb:PATH or memory:"),
            ("a.redb", "expected redb:PATH or memory:"),
            ("redb:", "expected a path: redb:PATH"),
            ("memory:x", "expected memory: without an address"),
        ] {
            let error = registry.parse(url).err().expect("no URL of a store");
            assert_eq!(error.to_string(), message, "{url}");
        }
        let urls = ["redb:", "memory:x", "C:\\a.redb", "a.redb", "etcd:x"];
        let is_url = urls.map(|text| registry.is_url(text));
        assert_eq!(is_url, [true, true, false, false, false]);
        assert_eq!(format!("{registry:?}"), r#"["redb", "memory"]"#);
    }

    #[test]
    fn files_lead_to_their_owner() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bindings.redb");
        drop(certbind_redb::RedbStore::open(&path).unwrap());
        let owner = Registry::embedded().owner_of(&path).unwrap();
        assert_eq!(owner.map(StoreBackend::scheme), Some("redb"));
        std::fs::write(&path, "redb").unwrap();
        assert!(Registry::embedded().owner_of(&path).unwrap().is_none());
        assert!(
            Registry::embedded()
                .owner_of(&folder.path().join("none"))
                .is_err()
        );
    }
}
