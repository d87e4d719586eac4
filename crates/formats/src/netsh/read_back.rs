//! Reading a printed listing back, before anyone relies on it.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, BufRead};

use certbind_core::Binding;
use certbind_core::codec::encode_binding;

use super::layout::Layout;
use super::layout_check::{Labels, check_words};
use super::listing::{Listing, ListingError};
use crate::options::ReadOptions;
use crate::write::WriteError;

/// A digest of the bindings that a [`Writer`](super::Writer) has printed, in their order.
#[derive(Debug, Default)]
pub struct Printed {
    digest: DefaultHasher,
    count: u64,
}

impl Printed {
    pub(super) fn add(&mut self, binding: &Binding, layout: &Layout) {
        self.add_shown(&layout.as_shown(binding));
    }

    /// Reads the listing, which `open` opens from its start, and compares its records, in their
    /// order, with those printed. The values that the layout does not show ([`Layout::warnings`])
    /// are left out.
    ///
    /// # Errors
    /// [`WriteError::Misread`], [`WriteError::Unreadable`].
    pub fn check<R: BufRead>(
        &self,
        mut open: impl FnMut() -> io::Result<R>,
        layout: &Layout,
    ) -> Result<(), WriteError> {
        layout.check().map_err(unreadable)?;
        let options = ReadOptions {
            encoding: Some(layout.encoding),
            // Words of a language that is not known have to be named; a known one cannot be redefined.
            locale: check_words(&layout.words, Labels::Any)
                .is_ok()
                .then(|| layout.words.clone()),
            ..ReadOptions::default()
        };
        let listing = match Listing::prescan(&mut open, &options) {
            Ok(Some(listing)) => listing,
            // The titles of a host without bindings in a language that is not known are no listing.
            Err(ListingError::Read(_)) if self.count == 0 => return Ok(()),
            Ok(None) => return Err(WriteError::Misread),
            Err(error) => return Err(unreadable(error)),
        };
        let mut found = Self::default();
        for record in listing.bindings(open()?)? {
            found.add_shown(&record.map_err(unreadable)?.binding);
        }
        match found.count == self.count && found.digest.finish() == self.digest.finish() {
            true => Ok(()),
            false => Err(WriteError::Misread),
        }
    }

    fn add_shown(&mut self, binding: &Binding) {
        binding.key().hash(&mut self.digest);
        encode_binding(binding).hash(&mut self.digest);
        self.count += 1;
    }
}

fn unreadable(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> WriteError {
    WriteError::Unreadable(error.into())
}
