//! A complete service configuration for tests.

use certbind_httpapi_abi::service::{
    CacheKey, ServiceRecord, SettingKey, TimeoutKey, UrlReservation,
};

/// One of each kind, two addresses.
pub(crate) fn records() -> Vec<ServiceRecord> {
    vec![
        ServiceRecord::Reservation(UrlReservation {
            url: "http://+:80/x/".parse().unwrap(),
            sddl: "D:(A;;GX;;;WD)".parse().unwrap(),
        }),
        ServiceRecord::Listen("10.0.0.1".parse().unwrap()),
        ServiceRecord::Listen("fe80::1%2".parse().unwrap()),
        ServiceRecord::Timeout(TimeoutKey::IdleConnection, 33),
        ServiceRecord::Cache(CacheKey::RangeChunkSize, 44),
        ServiceRecord::Setting(SettingKey::TlsThrottle, 55),
    ]
}
