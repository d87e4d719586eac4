//! The key and values that represent a binding.

use certbind_core::{Binding, Kind};

use super::data::Data;
use super::names::key_name;
use super::values::{
    APP_ID, CERT_HASH, CERT_STORE_NAME, CHECK_MODE, CTL_IDENTIFIER, CTL_STORE_NAME, FLAGS,
    FRESHNESS_TIME, HOSTNAME_PORT, RETRIEVAL_TIMEOUT,
};

/// A binding's key.
#[derive(Debug)]
pub(crate) struct Written {
    /// The key's own name.
    pub(crate) name: String,
    /// Its values, in the order of their names.
    pub(crate) values: Vec<(&'static str, Data<'static>)>,
}

/// The key of a binding. Zeros are written as well: when it overwrites an older record, none of
/// that record's options remain.
pub(crate) fn written(binding: &Binding) -> Written {
    let record = binding.record();
    let certificate = record.certificate.as_ref();
    let store_name = certificate.and_then(|certificate| certificate.store_name.as_ref());
    let has_host = matches!(binding.key().kind(), Kind::Sni | Kind::ScopedCcs);
    let number = |name, number| Some((name, Data::dword(number)));
    let values = [
        Some((APP_ID, Data::binary(&record.app_id.to_bytes_le()))),
        number(FLAGS, record.flags.bits()),
        number(CHECK_MODE, record.check_mode.bits()),
        record
            .ctl_identifier
            .as_ref()
            .map(|text| (CTL_IDENTIFIER, Data::text(text.as_str()))),
        record
            .ctl_store_name
            .as_ref()
            .map(|name| (CTL_STORE_NAME, Data::text(name.as_str()))),
        number(FRESHNESS_TIME, record.revocation_freshness_time),
        number(RETRIEVAL_TIMEOUT, record.url_retrieval_timeout),
        has_host.then(|| (HOSTNAME_PORT, Data::text(&binding.spelled_key()))),
        certificate.map(|certificate| (CERT_HASH, Data::binary(certificate.hash.as_bytes()))),
        store_name.map(|name| (CERT_STORE_NAME, Data::text(name.as_str()))),
    ];
    Written {
        name: key_name(binding),
        values: values.into_iter().flatten().collect(),
    }
}
