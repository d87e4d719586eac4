//! Reading a store of which some parts cannot be read.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use certbind_core::{
    Applied, Batch, Binding, BindingKey, BindingStore, Bindings, Capabilities, Result, Scan,
    StoreError,
};

use crate::exit;
use crate::message::warn;
use crate::terminal::escaped;

/// A store whose scans omit unreadable parts, and collect their errors.
pub(crate) struct Readable<'a> {
    store: &'a dyn BindingStore,
    errors: Mutex<BTreeSet<String>>,
}

impl<'a> Readable<'a> {
    pub(crate) fn new(store: &'a dyn BindingStore) -> Self {
        Self {
            store,
            errors: Mutex::default(),
        }
    }

    /// Prints a warning for each part that could not be read. The exit code of the command.
    pub(crate) fn report(&self) -> u8 {
        let errors = self.errors.lock().unwrap_or_else(PoisonError::into_inner);
        for error in &*errors {
            warn(&escaped(error));
        }
        match errors.is_empty() {
            true => exit::DONE,
            false => exit::PARTLY_READ,
        }
    }

    /// The unreadable parts so far, and the reasons.
    pub(crate) fn unread(&self) -> Vec<String> {
        let errors = self.errors.lock().unwrap_or_else(PoisonError::into_inner);
        errors.iter().cloned().collect()
    }

    fn keep(&self, error: &StoreError) {
        let mut errors = self.errors.lock().unwrap_or_else(PoisonError::into_inner);
        errors.insert(error.to_string());
    }
}

impl BindingStore for Readable<'_> {
    fn capabilities(&self) -> Capabilities {
        self.store.capabilities()
    }

    /// The binding as far as it can be read.
    fn get(&self, key: &BindingKey) -> Result<Option<Binding>> {
        let error = match self.store.get(key) {
            Err(error @ StoreError::Unreadable { .. }) => error,
            found => return found,
        };
        self.keep(&error);
        for binding in self.scan(&Scan::all().of_kind(key.kind()))? {
            let binding = binding?;
            if binding.key() == key {
                return Ok(Some(binding));
            }
        }
        Err(error)
    }

    fn scan(&self, scan: &Scan) -> Result<Bindings<'_>> {
        let found = self.store.scan(scan)?;
        Ok(Bindings::new(found.filter(|found| match found {
            Err(error @ StoreError::Unreadable { .. }) => {
                self.keep(error);
                false
            }
            _ => true,
        })))
    }

    fn apply(&self, batch: &Batch) -> Result<Applied> {
        self.store.apply(batch)
    }
}
