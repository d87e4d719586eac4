//! The options that a layout shows, and those that it does not.

use certbind_core::{
    Binding, CertCheckMode, ExtendedProperties, Kind, Property, PropertyType, Record, SslFlags,
};

use super::field::{Bit, Field};
use super::layout::Layout;
use super::property_fields::VALUES;

impl Layout {
    /// A binding as a listing of this layout shows it: options without a line are at their defaults.
    /// [`Layout::hidden`] names them.
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

    /// The options of a binding that a host with this layout does not show, by their names:
    /// `disable_http2`.
    #[must_use]
    pub fn hidden(&self, binding: &Binding) -> Vec<String> {
        let record = binding.record();
        let shows = |field| self.shows(binding.key().kind(), field);
        let mut lost: Vec<String> = Vec::new();
        let mut hidden_check = record.check_mode;
        let mut hidden_flags = record.flags;
        for field in Field::ALL {
            match field.bit() {
                Some(Bit::Check(bit) | Bit::CheckOff(bit)) if shows(field) => {
                    hidden_check.remove(bit);
                }
                Some(Bit::Flag(bit)) if shows(field) => hidden_flags.remove(bit),
                _ => {}
            }
        }
        if !shows(Field::UseFreshness) {
            // Such a host shows that a time has an effect by printing it.
            let in_force = record
                .check_mode
                .contains(CertCheckMode::USE_REVOCATION_FRESHNESS);
            hidden_check.remove(CertCheckMode::USE_REVOCATION_FRESHNESS);
            if in_force != (record.revocation_freshness_time != 0) {
                lost.push(if in_force {
                    "use_revocation_freshness with a time of 0".to_owned()
                } else {
                    "a revocation freshness time that has no effect".to_owned()
                });
            }
        }
        let unknown = |bits: u32| (bits != 0).then(|| format!("{bits:#x}"));
        lost.extend(
            hidden_check
                .iter_names()
                .map(|(name, _)| name.to_lowercase()),
        );
        lost.extend(unknown(hidden_check.unknown()).map(|bits| format!("check mode {bits}")));
        lost.extend(
            hidden_flags
                .iter_names()
                .map(|(name, _)| name.to_lowercase()),
        );
        lost.extend(unknown(hidden_flags.unknown()).map(|bits| format!("flags {bits}")));
        for (field, is_set) in [
            (Field::Freshness, record.revocation_freshness_time != 0),
            (Field::Timeout, record.url_retrieval_timeout != 0),
            (Field::CtlIdentifier, record.ctl_identifier.is_some()),
            (Field::CtlStoreName, record.ctl_store_name.is_some()),
            (Field::Hash, record.certificate.is_some()),
            (
                Field::StoreName,
                record
                    .certificate
                    .as_ref()
                    .is_some_and(|c| c.store_name.is_some()),
            ),
            (Field::AppId, true),
        ] {
            if is_set && !shows(field) {
                lost.push(field.label().to_owned());
            }
        }
        let properties = record.extended.iter().map(Property::property_type);
        let properties = properties.filter(|of| !self.shows_property(binding.key().kind(), *of));
        lost.extend(properties.map(|of| of.to_string()));
        lost
    }

    /// Whether records of a kind have a line for each value of an extended property.
    fn shows_property(&self, kind: Kind, of: PropertyType) -> bool {
        let number = usize::try_from(of.number()).ok();
        let fields = number.and_then(|number| VALUES.get(number));
        fields.is_some_and(|fields| fields.iter().all(|field| self.shows(kind, *field)))
    }

    /// Whether records of a kind have a line for a field.
    fn shows(&self, kind: Kind, field: Field) -> bool {
        let lines = self.records.get(&kind);
        lines.is_some_and(|lines| lines.iter().any(|line| line.field == Some(field)))
    }

    /// The flags of extended properties that a host shows, which have no line.
    pub(super) fn hidden_property_flags(&self, binding: &Binding) -> Vec<String> {
        let kind = binding.key().kind();
        let properties = binding.record().extended.iter();
        let shown = properties
            .filter(|set| set.flags != 0 && self.shows_property(kind, set.property_type()));
        shown
            .map(|set| {
                let of = set.property_type();
                format!("flags {:#x} of {of}: not shown by netsh", set.flags)
            })
            .collect()
    }

    /// A binding with the record `under`, and the values of `binding` that have a line.
    fn overlaid(
        &self,
        binding: &Binding,
        mut under: Record,
        property: impl Fn(PropertyType, Option<&Property>) -> Option<Property>,
    ) -> Binding {
        let shows = |field| self.shows(binding.key().kind(), field);
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
        let shows_property = |of: PropertyType| self.shows_property(binding.key().kind(), of);
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
    use proptest::sample::Index;

    use super::*;
    use crate::netsh::Release;

    /// The layout of a release that has bindings of this kind.
    fn layout(kind: Kind, index: Index) -> Layout {
        let layouts = Release::ALL.into_iter().map(Release::layout);
        let layouts = layouts.filter(|layout| layout.records.contains_key(&kind));
        let layouts: Vec<_> = layouts.collect();
        index.get(&layouts).clone()
    }

    /// Two bindings of one key.
    fn pair() -> impl Strategy<Value = (Binding, Binding)> {
        strategy::key().prop_flat_map(|key| {
            let binding = || strategy::binding_of(Just(key.clone()));
            (binding(), binding())
        })
    }

    proptest! {
        /// The listing has what it shows, and the completion has all: no option is lost or invented.
        #[test]
        fn shown_and_hidden_options_are_the_record(
            binding in strategy::binding(),
            release: Index,
        ) {
            let layout = layout(binding.key().kind(), release);
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
            (listed, other) in pair(),
            release: Index,
        ) {
            let layout = layout(listed.key().kind(), release);
            let shown = layout.as_shown(&listed);
            let completed = layout.completed(&shown, &other);
            prop_assert_eq!(layout.as_shown(&completed), shown);
        }
    }
}
