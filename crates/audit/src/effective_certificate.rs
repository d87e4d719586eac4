//! The properties of a binding that a client observes: everything except its application and its
//! spelling.

use certbind_core::Binding;
use certbind_migrate::FieldChange;

/// A binding, compared by the properties that a client observes.
#[derive(Clone, Copy)]
pub(crate) struct EffectiveCertificate<'a>(pub(crate) &'a Binding);

impl EffectiveCertificate<'_> {
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

impl PartialEq for EffectiveCertificate<'_> {
    fn eq(&self, other: &Self) -> bool {
        // A record of the central store differs from others in having no certificate, too.
        self.0.record().hash() == other.0.record().hash() && self.differences(*other).is_empty()
    }
}

impl Eq for EffectiveCertificate<'_> {}
