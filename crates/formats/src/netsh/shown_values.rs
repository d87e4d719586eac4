//! The options that a layout shows, and those that it does not.

use certbind_core::{
    Binding, CertCheckMode, ExtendedProperties, Property, PropertyType, Record, SslFlags,
};

use super::field::Field;
use super::layout::Layout;
use super::property_fields::VALUES;

impl Layout {
    /// A binding as a listing of this layout shows it: options without a line are at their defaults.
    /// [`Layout::warnings`] names them.
    #[must_use]
    pub fn as_shown(&self, binding: &Binding) -> Binding {
        let mut without = binding.record().clone();
        without.check_mode = CertCheckMode::empty();
        without.flags = SslFlags::empty();
        without.revocation_freshness_time = 0;
        without.url_retrieval_timeout = 0;
        without.ctl_identifier = None;
        without.ctl_store_name = None;
        without.extended = ExtendedProperties::default();
        if let Some(certificate) = &mut without.certificate {
            certificate.store_name = None;
        }
        self.overlaid(binding, without, |_, listed| listed.map(without_flags))
    }

    /// A binding that was read from a listing of this layout, with the options of `other` that the layout
    /// does not show. The certificate and the application are those of the listing.
    #[must_use]
    pub fn completed(&self, listed: &Binding, other: &Binding) -> Binding {
        let mut hidden = other.record().clone();
        hidden.app_id = listed.record().app_id;
        hidden.certificate.clone_from(&listed.record().certificate);
        // The flags of a property have no line, nor has a property at its default.
        let with_flags = |of: PropertyType, listed: Option<&Property>| {
            let value = listed.map(|property| property.value.clone());
            let known = other.record().extended.get(of);
            let known =
                known.filter(|known| value.or(of.default_value()) == Some(known.value.clone()));
            known.or(listed).cloned()
        };
        self.overlaid(listed, hidden, with_flags)
    }

    /// A binding with the record `under`, and the values of `binding` that have a line.
    fn overlaid(
        &self,
        binding: &Binding,
        mut under: Record,
        property: impl Fn(PropertyType, Option<&Property>) -> Option<Property>,
    ) -> Binding {
        let lines = self.records.get(&binding.key().kind());
        let shows =
            |field| lines.is_some_and(|lines| lines.iter().any(|line| line.field == Some(field)));
        let record = binding.record();
        for field in Field::ALL {
            if let Some(bit) = field.bit().filter(|_| shows(field)) {
                let is_on = bit.is_shown_on(record.check_mode, record.flags);
                bit.take(is_on, &mut under.check_mode, &mut under.flags);
            }
        }
        if shows(Field::Freshness) {
            under.revocation_freshness_time = record.revocation_freshness_time;
        }
        if shows(Field::Timeout) {
            under.url_retrieval_timeout = record.url_retrieval_timeout;
        }
        if !shows(Field::UseFreshness) {
            // Such a host shows that a time is in force by printing it.
            let is_in_force = under.revocation_freshness_time != 0;
            let flag = CertCheckMode::USE_REVOCATION_FRESHNESS;
            under.check_mode.set(flag, is_in_force);
        }
        if shows(Field::CtlIdentifier) {
            under.ctl_identifier.clone_from(&record.ctl_identifier);
        }
        if shows(Field::CtlStoreName) {
            under.ctl_store_name.clone_from(&record.ctl_store_name);
        }
        if let (Some(under), Some(shown)) = (&mut under.certificate, &record.certificate)
            && shows(Field::StoreName)
        {
            under.store_name.clone_from(&shown.store_name);
        }
        let shows_property = |of: PropertyType| {
            let number = usize::try_from(of.number());
            let fields = number.ok().and_then(|number| VALUES.get(number));
            fields.is_some_and(|fields| fields.iter().all(|field| shows(*field)))
        };
        let shown = PropertyType::ALL
            .into_iter()
            .filter(|of| shows_property(*of));
        let shown = shown.filter_map(|of| property(of, record.extended.get(of)));
        let hidden = under.extended.iter();
        let hidden = hidden.filter(|set| !shows_property(set.property_type()));
        let all = shown.chain(hidden.cloned()).collect::<Vec<_>>();
        under.extended = ExtendedProperties::new(all).unwrap_or_default();
        // A value of another valid record leaves a record valid.
        let overlaid = binding.clone().with_record(under);
        overlaid.unwrap_or_else(|_| binding.clone())
    }
}

fn without_flags(property: &Property) -> Property {
    let mut property = property.clone();
    property.flags = 0;
    property
}

#[cfg(test)]
mod tests {
    use certbind_core::strategy;
    use proptest::prelude::*;

    use super::*;
    use crate::netsh::Release;

    proptest! {
        /// The listing has what it shows, and the completion has all: no option is lost or invented.
        #[test]
        fn shown_and_hidden_options_are_the_record(
            binding in strategy::binding(),
            release in proptest::sample::select(Release::ALL.to_vec()),
        ) {
            let layout = release.layout();
            prop_assume!(layout.records.contains_key(&binding.key().kind()));
            let shown = layout.as_shown(&binding);
            prop_assert!(layout.warnings(&shown).is_empty());
            prop_assert_eq!(layout.as_shown(&shown), shown.clone());
            let completed = layout.completed(&shown, &binding);
            let mut expected = binding.record().clone();
            // As the listing has them.
            expected.certificate.clone_from(&shown.record().certificate);
            if !layout.warnings(&binding).is_empty() {
                let flag = CertCheckMode::USE_REVOCATION_FRESHNESS;
                expected.check_mode.set(flag, completed.record().check_mode.contains(flag));
            }
            prop_assert_eq!(completed.record(), &expected);
        }

        /// Options of the other binding that the layout shows do not come in.
        #[test]
        fn the_listing_wins_where_it_shows_an_option(
            listed in strategy::binding(),
            other in strategy::binding(),
            release in proptest::sample::select(Release::ALL.to_vec()),
        ) {
            prop_assume!(listed.key().kind() == other.key().kind());
            let layout = release.layout();
            prop_assume!(layout.records.contains_key(&listed.key().kind()));
            let shown = layout.as_shown(&listed);
            let completed = layout.completed(&shown, &other);
            prop_assert_eq!(layout.as_shown(&completed), shown);
        }
    }
}
