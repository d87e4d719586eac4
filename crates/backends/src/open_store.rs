//! A store that was opened, and the result of verifying it.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use certbind_core::history::History;
use certbind_core::{BindingStore, Scan, StoreError, Tables, Uuid};
use certbind_httpapi_abi::HttpApi;
use serde::Serialize;

/// A store that was opened.
pub struct OpenStore {
    bindings: Arc<dyn BindingStore>,
    tables: Option<Arc<dyn Tables>>,
    api: Option<Arc<dyn HttpApi>>,
    verify: Option<Box<Verify>>,
    layout_file: Option<(PathBuf, Uuid)>,
    history: Option<Arc<dyn History>>,
}

type Verify = dyn Fn() -> Result<CheckReport, StoreError> + Send + Sync;

impl OpenStore {
    /// A store of bindings alone.
    #[must_use]
    pub fn new(bindings: Arc<dyn BindingStore>) -> Self {
        Self {
            bindings,
            tables: None,
            api: None,
            verify: None,
            layout_file: None,
            history: None,
        }
    }

    /// The other service configuration of HTTP.sys, such as URL reservations. Without tables, commands
    /// of netsh that need them are errors.
    #[must_use]
    pub fn with_tables(self, tables: Arc<dyn Tables>) -> Self {
        Self {
            tables: Some(tables),
            ..self
        }
    }

    /// The HTTP Server API of the store. By default it is simulated over bindings and tables.
    #[must_use]
    pub fn with_api(self, api: Arc<dyn HttpApi>) -> Self {
        Self {
            api: Some(api),
            ..self
        }
    }

    /// How `certbind check` verifies the store. By default it reads every binding.
    #[must_use]
    pub fn with_check(
        self,
        verify: impl Fn() -> Result<CheckReport, StoreError> + Send + Sync + 'static,
    ) -> Self {
        Self {
            verify: Some(Box::new(verify)),
            ..self
        }
    }

    /// A file for the layout of the last imported listing, and the id of the store that it belongs to.
    #[must_use]
    pub fn with_layout_file(self, path: PathBuf, store: Uuid) -> Self {
        Self {
            layout_file: Some((path, store)),
            ..self
        }
    }

    /// The history of the bindings.
    #[must_use]
    pub fn with_history(self, history: Arc<dyn History>) -> Self {
        Self {
            history: Some(history),
            ..self
        }
    }

    /// The bindings.
    #[must_use]
    pub fn bindings(&self) -> &Arc<dyn BindingStore> {
        &self.bindings
    }

    /// The other service configuration of HTTP.sys, if the store contains it.
    #[must_use]
    pub fn tables(&self) -> Option<&Arc<dyn Tables>> {
        self.tables.as_ref()
    }

    /// The HTTP Server API of the store, if it has its own.
    #[must_use]
    pub fn api(&self) -> Option<&Arc<dyn HttpApi>> {
        self.api.as_ref()
    }

    /// The file for the layout of the last imported listing, and the id of the store.
    #[must_use]
    pub fn layout_file(&self) -> Option<(&Path, Uuid)> {
        let (path, store) = self.layout_file.as_ref()?;
        Some((path, *store))
    }

    /// The history of the bindings, if the store can keep one.
    #[must_use]
    pub fn history(&self) -> Option<&Arc<dyn History>> {
        self.history.as_ref()
    }

    /// Verifies the whole store.
    ///
    /// # Errors
    /// Any error that prevents it. Damage is reported, and is not an error.
    pub fn check(&self) -> Result<CheckReport, StoreError> {
        match &self.verify {
            Some(verify) => verify(),
            None => CheckReport::by_reading(&*self.bindings),
        }
    }
}

impl fmt::Debug for OpenStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenStore").finish_non_exhaustive()
    }
}

/// The result of verifying a store.
#[derive(Clone, Debug, Default, Serialize)]
pub struct CheckReport {
    /// The number of intact bindings.
    pub bindings: u64,
    /// The revision, if the store numbers them.
    pub revision: Option<u64>,
    /// The damage that was found.
    pub problems: Vec<String>,
}

impl CheckReport {
    /// Verifies a store by reading every binding.
    ///
    /// # Errors
    /// Any error of reading. Damage is reported, and is not an error.
    pub fn by_reading(store: &dyn BindingStore) -> Result<Self, StoreError> {
        let mut report = Self::default();
        for binding in store.scan(&Scan::all())? {
            match binding {
                Ok(_) => report.bindings += 1,
                Err(damage @ (StoreError::Corrupt { .. } | StoreError::Unreadable { .. })) => {
                    report.problems.push(damage.to_string());
                }
                Err(error) => return Err(error),
            }
        }
        Ok(report)
    }
}
