//! The configuration of HTTP.sys other than bindings.

use certbind_httpapi_abi::service::{ListenAddress, ServiceRecord, UrlReservation};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The configuration of HTTP.sys other than bindings, from the registry of a host. Its records are
/// those that `netsh http show urlacl` and `iplisten` list and that the simulator stores.
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
    /// When the key of the reservations was last written.
    pub reservations_written: Option<Timestamp>,
    /// When the key `Parameters` was last written, which has the listen list and the switches.
    pub parameters_written: Option<Timestamp>,
}

impl Configuration {
    /// Whether it has no field that is set.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The records of the listen list and of the reservations.
    pub fn records(&self) -> impl Iterator<Item = ServiceRecord> {
        let addresses = self.listen_list.iter().copied().map(ServiceRecord::Listen);
        let reservations = self.url_reservations.iter().cloned();
        addresses.chain(reservations.map(ServiceRecord::Reservation))
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
            reservations_written: document.reservations_written,
            parameters_written: document.parameters_written,
        })
    }
}
