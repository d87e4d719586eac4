//! Reading a printed listing back, before anyone relies on it.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, BufRead};

use certbind_core::codec::encode_binding;
use certbind_core::{Binding, CertCheckMode, ExtendedProperties, Property, SslFlags};

use super::field::Field;
use super::layout::Layout;
use super::layout_check::{Labels, check_words};
use super::listing::{Listing, ListingError};
use super::property_fields::VALUES;
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
        self.add_shown(&as_shown(binding, layout));
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

/// A binding as a listing of this layout shows it: without the values that have no line.
fn as_shown(binding: &Binding, layout: &Layout) -> Binding {
    let lines = layout.records.get(&binding.key().kind());
    let shows =
        |field| lines.is_some_and(|lines| lines.iter().any(|line| line.field == Some(field)));
    let mut record = binding.record().clone();
    let (mut check_mode, mut flags) = (CertCheckMode::empty(), SslFlags::empty());
    for field in Field::ALL {
        if let Some(bit) = field.bit().filter(|_| shows(field)) {
            let is_on = bit.is_shown_on(record.check_mode, record.flags);
            bit.take(is_on, &mut check_mode, &mut flags);
        }
    }
    for (field, value) in [
        (Field::Freshness, &mut record.revocation_freshness_time),
        (Field::Timeout, &mut record.url_retrieval_timeout),
    ] {
        if !shows(field) {
            *value = 0;
        }
    }
    if !shows(Field::UseFreshness) {
        // Such a host shows that a time is in force by printing it.
        let is_in_force = record.revocation_freshness_time != 0;
        check_mode.set(CertCheckMode::USE_REVOCATION_FRESHNESS, is_in_force);
    }
    record.check_mode = check_mode;
    record.flags = flags;
    record.ctl_identifier = record
        .ctl_identifier
        .filter(|_| shows(Field::CtlIdentifier));
    record.ctl_store_name = record.ctl_store_name.filter(|_| shows(Field::CtlStoreName));
    if let Some(certificate) = record
        .certificate
        .as_mut()
        .filter(|_| !shows(Field::StoreName))
    {
        certificate.store_name = None;
    }
    let properties = record.extended.iter().filter(|set| {
        let number = usize::try_from(set.property_type().number());
        let fields = number.ok().and_then(|number| VALUES.get(number));
        fields.is_some_and(|fields| fields.iter().all(|field| shows(*field)))
    });
    let without_flags = |set: &Property| {
        let mut set = set.clone();
        set.flags = 0;
        set
    };
    record.extended = ExtendedProperties::new(properties.map(without_flags)).unwrap_or_default();
    // A value less leaves a record valid.
    binding
        .clone()
        .with_record(record)
        .unwrap_or_else(|_| binding.clone())
}
