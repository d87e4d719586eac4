//! The host's service configuration in a configuration file.

use std::fmt::Display;
use std::num::NonZeroU16;
use std::str::FromStr;

use certbind_httpapi_abi::service::{
    ListenAddress, SecurityDescriptor, ServiceRecord, TimeoutKey, UrlPrefix, UrlReservation,
};
use certbind_simulator::stock_reservations;
use serde::{Deserialize, Deserializer};

/// A value that is read from its text.
#[derive(Debug)]
pub(crate) struct Text<T>(T);

impl<'de, T: FromStr<Err: Display>> Deserialize<'de> for Text<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map(Self).map_err(serde::de::Error::custom)
    }
}

/// A URL, and the accounts that may register it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Reservation {
    url: Text<UrlPrefix>,
    sddl: Text<SecurityDescriptor>,
}

/// Timeouts, in seconds, under netsh's names.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Timeouts {
    idleconnectiontimeout: Option<NonZeroU16>,
    headerwaittimeout: Option<NonZeroU16>,
}

/// The records that a host starts with.
pub(crate) fn records(
    stock: bool,
    listen: Vec<Text<ListenAddress>>,
    reservations: Vec<Reservation>,
    timeouts: &Timeouts,
) -> Vec<ServiceRecord> {
    let listen = listen
        .into_iter()
        .map(|Text(address)| ServiceRecord::Listen(address));
    let reservations = reservations.into_iter().map(|Reservation { url, sddl }| {
        ServiceRecord::Reservation(UrlReservation {
            url: url.0,
            sddl: sddl.0,
        })
    });
    let timeouts = [
        (TimeoutKey::IdleConnection, timeouts.idleconnectiontimeout),
        (TimeoutKey::HeaderWait, timeouts.headerwaittimeout),
    ];
    let timeouts = timeouts.into_iter().filter_map(|(key, seconds)| {
        seconds.map(|seconds| ServiceRecord::Timeout(key, seconds.get()))
    });
    let stock = if stock {
        stock_reservations()
    } else {
        Vec::new()
    };
    let stock = stock.into_iter().map(ServiceRecord::Reservation);
    // One that is in the file too has the descriptor of the file.
    stock
        .chain(listen)
        .chain(reservations)
        .chain(timeouts)
        .collect()
}
