//! What a client meets at a binding: everything but who made it and how it is spelled.

use std::hash::{Hash, Hasher};

use migrate::FieldChange;
use store_core::Binding;

/// A binding, compared by what a client meets there.
#[derive(Clone, Copy)]
pub(crate) struct Answer<'a>(pub(crate) &'a Binding);

impl Answer<'_> {
    /// The names of the fields in which two answers differ.
    pub(crate) fn differences(self, other: Self) -> Vec<&'static str> {
        FieldChange::between(self.0, other.0)
            .iter()
            .filter(|change| {
                !matches!(
                    change,
                    FieldChange::AppId(_)
                        | FieldChange::HostSpelling(_)
                        | FieldChange::StoreName(_)
                )
            })
            .map(FieldChange::name)
            .collect()
    }
}

impl PartialEq for Answer<'_> {
    fn eq(&self, other: &Self) -> bool {
        let (a, b) = (self.0.record(), other.0.record());
        a.hash() == b.hash()
            && a.check_mode == b.check_mode
            && a.revocation_freshness_time == b.revocation_freshness_time
            && a.url_retrieval_timeout == b.url_retrieval_timeout
            && a.ctl_identifier == b.ctl_identifier
            && a.ctl_store_name == b.ctl_store_name
            && a.flags == b.flags
            && a.extended == b.extended
    }
}

impl Eq for Answer<'_> {}

impl Hash for Answer<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let record = self.0.record();
        record.hash().hash(state);
        record.flags.hash(state);
    }
}
