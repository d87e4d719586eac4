//! The values of a record that are not those of its host, each by the label of its line.

use certbind_core::{
    CertCheckMode, CtlIdentifier, PropertyValue, Record, SslFlags, StoreName, Uuid,
};

/// The values that a record has, and its host has not: neither the host's nor at the default.
pub(super) fn wrong_values(was: &Record, is: &Record) -> Vec<&'static str> {
    let (was, is) = (values(was), values(is));
    let default = values(&Record::central(Uuid::nil()));
    let all = was.into_iter().zip(is).zip(default);
    let wrong = all.filter(|((was, is), default)| is != was && is != default);
    wrong.map(|((was, _), _)| was.0).collect()
}

/// Every value but the key, the certificate's hash and the application, after the label of its line.
fn values(record: &Record) -> Vec<(&'static str, Option<String>)> {
    let mut values = Vec::new();
    let (shown_checks, mut other_checks) = (record.check_mode, record.check_mode);
    for (bit, label) in CHECKS {
        other_checks.remove(bit);
        values.push((label, shown_checks.contains(bit).then(String::new)));
    }
    let (shown_flags, mut other_flags) = (record.flags, record.flags);
    for (bit, label) in FLAGS {
        other_flags.remove(bit);
        values.push((label, shown_flags.contains(bit).then(String::new)));
    }
    let mut number = |label, number: u32, default| {
        values.push((label, (number != default).then(|| number.to_string())));
    };
    number("no line", other_checks.bits(), 0);
    number("no line", other_flags.bits(), 0);
    let (freshness, timeout) = (
        record.revocation_freshness_time,
        record.url_retrieval_timeout,
    );
    number("Revocation Freshness Time", freshness, 0);
    number("URL Retrieval Timeout", timeout, 0);
    for ((label, default), shown) in PROPERTIES.into_iter().zip(properties(record)) {
        number(label, shown, default);
    }
    for (label, name) in NAMES.into_iter().zip(names(record)) {
        values.push((label, name.map(str::to_owned)));
    }
    values
}

const CHECKS: [(CertCheckMode, &str); 6] = [
    (
        CertCheckMode::NO_REVOCATION,
        "Verify Client Certificate Revocation",
    ),
    (
        CertCheckMode::CACHED_REVOCATION,
        "Verify Revocation Using Cached Client Certificate Only",
    ),
    (
        CertCheckMode::USE_REVOCATION_FRESHNESS,
        "Use Revocation Freshness Time",
    ),
    (
        CertCheckMode::CACHED_URLS,
        "Verify Revocation Using Cached URLs Only",
    ),
    (CertCheckMode::NO_AIA, "Disable Authority Info Access"),
    (CertCheckMode::NO_USAGE_CHECK, "Usage Check"),
];

const FLAGS: [(SslFlags, &str); 14] = [
    (SslFlags::USE_DS_MAPPER, "DS Mapper Usage"),
    (
        SslFlags::NEGOTIATE_CLIENT_CERT,
        "Negotiate Client Certificate",
    ),
    (SslFlags::REJECT, "Reject Connections"),
    (SslFlags::DISABLE_HTTP2, "Disable HTTP2"),
    (SslFlags::DISABLE_QUIC, "Disable QUIC"),
    (SslFlags::DISABLE_TLS12, "Disable TLS1.2"),
    (SslFlags::DISABLE_TLS13, "Disable TLS1.3"),
    (SslFlags::DISABLE_OCSP_STAPLING, "Disable OCSP Stapling"),
    (SslFlags::ENABLE_TOKEN_BINDING, "Enable Token Binding"),
    (SslFlags::LOG_EXTENDED_EVENTS, "Log Extended Events"),
    (SslFlags::DISABLE_LEGACY_TLS, "Disable Legacy TLS Versions"),
    (SslFlags::ENABLE_SESSION_TICKET, "Enable Session Ticket"),
    (SslFlags::DISABLE_SESSION_ID, "Disable Session ID"),
    (
        SslFlags::ENABLE_CACHE_CLIENT_HELLO,
        "Enable Caching Client Hello",
    ),
];

/// The values that netsh prints where they are not set.
const PROPERTIES: [(&str, u32); 3] = [
    ("Receive Window", 1_048_576),
    ("Max Settings Per Frame", 2_796_202),
    ("Max Settings Per Minute", u32::MAX),
];

const NAMES: [&str; 3] = ["Certificate Store Name", "Ctl Identifier", "Ctl Store Name"];

fn properties(record: &Record) -> [u32; 3] {
    let mut shown = PROPERTIES.map(|(_, default)| default);
    for property in &record.extended {
        match property.value {
            PropertyValue::Http2Window { receive_window } => shown[0] = receive_window,
            PropertyValue::Http2SettingsLimits {
                max_per_frame,
                max_per_minute,
            } => (shown[1], shown[2]) = (max_per_frame, max_per_minute),
            _ => {}
        }
    }
    shown
}

pub(super) fn names(record: &Record) -> [Option<&str>; 3] {
    let certificate = record.certificate.as_ref();
    let store = certificate.and_then(|certificate| certificate.store_name.as_ref());
    [
        store.map(StoreName::as_str),
        record.ctl_identifier.as_ref().map(CtlIdentifier::as_str),
        record.ctl_store_name.as_ref().map(StoreName::as_str),
    ]
}
