//! The configuration of HTTP.sys other than bindings.

use std::num::NonZeroU16;

use certbind_httpapi_abi::service::{ListenAddress, ServiceRecord, TimeoutKey, UrlReservation};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The configuration of HTTP.sys other than bindings, from the registry of a host. Its records are
/// those that `netsh http show urlacl`, `iplisten` and `timeout` list and that the simulator stores.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Document", into = "Document")]
pub struct Configuration {
    /// The URL reservations, in the order of their URLs.
    pub url_reservations: Vec<UrlReservation>,
    /// The addresses that HTTP.sys listens on; if empty, all addresses of the host.
    pub listen_list: Vec<ListenAddress>,
    /// `EnableHttp2Tls`: whether connections with TLS may have HTTP/2. `None` is the default of Windows.
    pub http2_over_tls: Option<bool>,
    /// `EnableHttp2Cleartext`: the same without TLS.
    pub http2_cleartext: Option<bool>,
    /// `IdleConnectionTimeout`, in seconds, at least 1.
    pub idle_connection_timeout: Option<u16>,
    /// `HeaderWaitTimeout`, in seconds, at least 1.
    pub header_wait_timeout: Option<u16>,
    /// When the key of the reservations was last written.
    pub reservations_written: Option<Timestamp>,
    /// When the key `Parameters` was last written, which has the listen list, the switches and the
    /// timeouts.
    pub parameters_written: Option<Timestamp>,
}

impl Configuration {
    /// Whether it has no field that is set.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// A timeout in seconds.
    #[must_use]
    pub fn timeout(&self, key: TimeoutKey) -> Option<u16> {
        match key {
            TimeoutKey::IdleConnection => self.idle_connection_timeout,
            TimeoutKey::HeaderWait => self.header_wait_timeout,
        }
    }

    /// The records of the listen list, the reservations and the timeouts.
    pub fn records(&self) -> impl Iterator<Item = ServiceRecord> {
        let addresses = self.listen_list.iter().copied().map(ServiceRecord::Listen);
        let reservations = self.url_reservations.iter().cloned();
        let timeouts = TimeoutKey::ALL.into_iter();
        let timeouts =
            timeouts.filter_map(|key| Some(ServiceRecord::Timeout(key, self.timeout(key)?)));
        let reservations = reservations.map(ServiceRecord::Reservation);
        addresses.chain(reservations).chain(timeouts)
    }
}

/// As JSON has it.
#[derive(Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[derive(Default)]
struct Document {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    url_reservations: Vec<Reservation>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    listen_list: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    http2_over_tls: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    http2_cleartext: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    idle_connection_timeout: Option<NonZeroU16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    header_wait_timeout: Option<NonZeroU16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reservations_written: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parameters_written: Option<Timestamp>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Reservation {
    url: String,
    sddl: String,
}

impl From<Configuration> for Document {
    fn from(found: Configuration) -> Self {
        let reservations = found.url_reservations.iter().map(|it| Reservation {
            url: it.url.as_str().to_owned(),
            sddl: it.sddl.to_string(),
        });
        Self {
            url_reservations: reservations.collect(),
            listen_list: found.listen_list.iter().map(ToString::to_string).collect(),
            http2_over_tls: found.http2_over_tls,
            http2_cleartext: found.http2_cleartext,
            idle_connection_timeout: found.idle_connection_timeout.and_then(NonZeroU16::new),
            header_wait_timeout: found.header_wait_timeout.and_then(NonZeroU16::new),
            reservations_written: found.reservations_written,
            parameters_written: found.parameters_written,
        }
    }
}

impl TryFrom<Document> for Configuration {
    type Error = String;

    fn try_from(document: Document) -> Result<Self, String> {
        let reservation = |it: Reservation| {
            let url = it.url.parse().map_err(|error| format!("{error}"))?;
            let sddl = it.sddl.parse().map_err(|error| format!("{error}"))?;
            Ok::<_, String>(UrlReservation { url, sddl })
        };
        let reservations = document.url_reservations.into_iter().map(reservation);
        let addresses = document.listen_list.iter();
        let addresses = addresses.map(|it| it.parse().map_err(|error| format!("{error}")));
        Ok(Self {
            url_reservations: reservations.collect::<Result<_, _>>()?,
            listen_list: addresses.collect::<Result<_, _>>()?,
            http2_over_tls: document.http2_over_tls,
            http2_cleartext: document.http2_cleartext,
            idle_connection_timeout: document.idle_connection_timeout.map(NonZeroU16::get),
            header_wait_timeout: document.header_wait_timeout.map(NonZeroU16::get),
            reservations_written: document.reservations_written,
            parameters_written: document.parameters_written,
        })
    }
}
