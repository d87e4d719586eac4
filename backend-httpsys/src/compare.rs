//! Compares records as written with records as stored by Windows.

use certbind_core::{Binding, ExtendedProperties, Record, StoreName};

/// The flags that `http.h` names. A bit that Windows adds is none of these.
const KNOWN_FLAGS: u32 = 0xFFFF;

/// Whether two bindings are the same but for their extended properties.
pub(crate) fn same_but_properties(a: &Binding, b: &Binding) -> bool {
    a.key() == b.key() && a.host_spelling() == b.host_spelling() && plain(a) == plain(b)
}

/// Whether Windows may store `written` as `found` without a loss: with another spelling of a name,
/// a default where no value was given, or with an additional flag that this version does not know.
/// Extended properties are not compared.
pub(crate) fn is_stored_form(found: &Binding, written: &Binding) -> bool {
    let (a, b) = (found.record(), written.record());
    let or_default = |found: u32, written: u32| found == written || written == 0;
    let ctl_store = match (&a.ctl_store_name, &b.ctl_store_name) {
        (_, None) => true,
        (Some(a), Some(b)) => a.as_str().eq_ignore_ascii_case(b.as_str()),
        (None, Some(_)) => false,
    };
    found.key() == written.key()
        && same_certificate(a, b)
        && a.app_id == b.app_id
        && a.check_mode == b.check_mode
        && keeps_flags(a, b)
        && or_default(a.revocation_freshness_time, b.revocation_freshness_time)
        && or_default(a.url_retrieval_timeout, b.url_retrieval_timeout)
        && a.ctl_identifier == b.ctl_identifier
        && ctl_store
}

/// Whether Windows treats the two as equal, in whichever direction it has changed the record.
pub(crate) fn same_for_windows(found: Option<&Binding>, written: Option<&Binding>) -> bool {
    match (found, written) {
        (Some(found), Some(written)) => {
            is_stored_form(found, written) && found.record().extended == written.record().extended
        }
        (None, None) => true,
        _ => false,
    }
}

/// Whether each field of `found` is that of one of the two, as Windows may store it: the possible
/// state after a replacement that was interrupted between its calls, or in one that is applied in
/// part.
pub(crate) fn is_mixture(found: &Binding, a: &Binding, b: &Binding) -> bool {
    let (of, a, b) = (found.record(), a.record(), b.record());
    let either = |same: &dyn Fn(&Record) -> bool| same(a) || same(b);
    either(&|end| same_certificate(of, end))
        && either(&|end| end.app_id == of.app_id)
        && either(&|end| end.check_mode == of.check_mode)
        && either(&|end| end.revocation_freshness_time == of.revocation_freshness_time)
        && either(&|end| end.url_retrieval_timeout == of.url_retrieval_timeout)
        && either(&|end| end.ctl_identifier == of.ctl_identifier)
        && either(&|end| end.ctl_store_name == of.ctl_store_name)
        && either(&|end| keeps_flags(of, end))
        && of.extended.iter().all(|set| {
            let same = |end: &Record| end.extended.get(set.property_type()) == Some(set);
            either(&same)
        })
}

/// Whether the certificate that is found is the one that was written.
fn same_certificate(found: &Record, written: &Record) -> bool {
    match (&found.certificate, &written.certificate) {
        (Some(a), Some(b)) => {
            a.hash == b.hash && same_name(a.store_name.as_ref(), b.store_name.as_ref())
        }
        (None, None) => true,
        _ => false,
    }
}

/// Whether the flags found are those that were written, without any other flag that `http.h` names.
fn keeps_flags(found: &Record, written: &Record) -> bool {
    let (found, written) = (found.flags.bits(), written.flags.bits());
    written & !found == 0 && found & !written & KNOWN_FLAGS == 0
}

/// The record without extended properties.
pub(crate) fn plain(binding: &Binding) -> Record {
    let record = binding.record().clone();
    record.with_extended(ExtendedProperties::default())
}

/// An absent store name means `MY`, and case does not matter in one.
fn same_name(a: Option<&StoreName>, b: Option<&StoreName>) -> bool {
    let text = |name: Option<&StoreName>| {
        let name = name.map_or("MY", StoreName::as_str);
        name.to_ascii_lowercase()
    };
    text(a) == text(b)
}
