//! The configuration of HTTP.sys other than bindings, in the key `Parameters` and in `UrlAclInfo`
//! under it.

use certbind_httpapi_abi::service::{
    ListenAddress, SecurityDescriptor, TimeoutKey, UrlReservation,
};

use super::data::{DataError, REG_BINARY};
use super::found::{Found, Value};
use crate::configuration::Configuration;
use crate::report::{ConversionWarning, WarningKind};

/// The key of the URL reservations. A value's name is the URL, its data a self-relative security
/// descriptor. Known from public scripts and programs that read or repair it.
pub(crate) const RESERVATIONS: &str = "UrlAclInfo";
/// In the key of HTTP.sys itself: 0 disables HTTP/2 over TLS for the host. Microsoft's advisory on
/// CVE-2023-44487 gives it as a mitigation.
pub(crate) const HTTP2_OVER_TLS: &str = "EnableHttp2Tls";
/// The same without TLS, from the same advisory.
const HTTP2_CLEARTEXT: &str = "EnableHttp2Cleartext";
/// The addresses that HTTP.sys listens on: REG_MULTI_SZ. Known from public scripts that read it, and from
/// administrators' notes.
const LISTEN_LIST: &str = "ListenOnlyList";
/// The timeouts of HTTP.sys in seconds: REG_DWORD. The names are those of
/// `HTTP_SERVICE_CONFIG_TIMEOUT_KEY` in `http.h`; that HTTP.sys keeps them in `Parameters` under these
/// names, and in seconds, is inferred.
const TIMEOUTS: [(&str, TimeoutKey); 2] = [
    ("IdleConnectionTimeout", TimeoutKey::IdleConnection),
    ("HeaderWaitTimeout", TimeoutKey::HeaderWait),
];

/// Whether a value of `Parameters` is read.
pub(crate) fn is_setting(name: &str) -> bool {
    let [(idle, _), (header, _)] = TIMEOUTS;
    [HTTP2_OVER_TLS, HTTP2_CLEARTEXT, LISTEN_LIST, idle, header]
        .iter()
        .any(|known| known.eq_ignore_ascii_case(name))
}

impl Configuration {
    /// Takes the values of the key `Parameters`. An unreadable value is a warning, since it belongs
    /// to no binding.
    pub(crate) fn take_parameters(&mut self, found: &Found<'_>) -> Vec<ConversionWarning> {
        let mut warnings = Vec::new();
        let mut switch = |name: &str| {
            let value = found.value(name)?;
            match value.data.as_dword() {
                Ok(number) => Some(number != 0),
                Err(error) => {
                    warnings.push(unread(found, value, &error.to_string()));
                    None
                }
            }
        };
        self.http2_over_tls = switch(HTTP2_OVER_TLS);
        self.http2_cleartext = switch(HTTP2_CLEARTEXT);
        if let Some(value) = found.value(LISTEN_LIST) {
            match value.data.as_texts() {
                Ok(texts) => {
                    for text in texts {
                        match text.parse::<ListenAddress>() {
                            Ok(address) => self.listen_list.push(address),
                            Err(error) => warnings.push(unread(found, value, &error.to_string())),
                        }
                    }
                }
                Err(error) => warnings.push(unread(found, value, &error.to_string())),
            }
        }
        for (name, key) in TIMEOUTS {
            if let Some(value) = found.value(name) {
                warnings.push(self.take_timeout(found, value, key));
            }
        }
        self.parameters_written = found.time;
        warnings
    }

    /// Takes a timeout, with a warning that its place is inferred.
    fn take_timeout(
        &mut self,
        found: &Found<'_>,
        value: &Value<'_>,
        key: TimeoutKey,
    ) -> ConversionWarning {
        let number = match value.data.as_dword() {
            Ok(number) => number,
            Err(error) => return unread(found, value, &error.to_string()),
        };
        let Ok(seconds @ 1..) = u16::try_from(number) else {
            let what = format!("expected 1 to 65535 seconds, found {number}");
            return unread(found, value, &what);
        };
        match key {
            TimeoutKey::IdleConnection => self.idle_connection_timeout = Some(seconds),
            TimeoutKey::HeaderWait => self.header_wait_timeout = Some(seconds),
        }
        let what = format!(
            "{:?} was taken for {} in seconds; the place of timeouts in the registry is not documented",
            value.name,
            key.name()
        );
        found.warning(WarningKind::Inferred, value.line, what)
    }

    /// Takes the values of the key of reservations.
    pub(crate) fn take_reservations(&mut self, found: &Found<'_>) -> Vec<ConversionWarning> {
        let mut warnings = Vec::new();
        for value in found.values() {
            match reservation(value) {
                Ok(reservation) => self.url_reservations.push(reservation),
                Err(what) => warnings.push(unread(found, value, &what)),
            }
        }
        for error in found.errors.clone().into_errors() {
            warnings.push(found.warning(WarningKind::Skipped, None, error.what));
        }
        self.reservations_written = found.time;
        warnings
    }
}

fn reservation(value: &Value<'_>) -> Result<UrlReservation, String> {
    if value.data.kind != REG_BINARY {
        return Err("this reservation is not REG_BINARY".to_owned());
    }
    let url = value.name.parse().map_err(|error| format!("{error}"))?;
    let sddl = SecurityDescriptor::from_bytes(&value.data.bytes);
    let sddl = sddl.map_err(|error| error.to_string())?;
    Ok(UrlReservation { url, sddl })
}

fn unread(found: &Found<'_>, value: &Value<'_>, what: &str) -> ConversionWarning {
    let what = format!("{:?} was ignored: {what}", value.name);
    found.warning(WarningKind::Skipped, value.line, what)
}

impl super::data::Data<'_> {
    /// The texts of a list, without empty ones: each ends with a NUL, and the list with one more.
    fn as_texts(&self) -> Result<Vec<String>, DataError> {
        const REG_MULTI_SZ: u32 = 7;
        if self.kind != REG_MULTI_SZ {
            return Err(self.instead_of("REG_MULTI_SZ"));
        }
        let (units, []) = self.bytes.as_chunks::<2>() else {
            return Err(self.instead_of("whole UTF-16 units"));
        };
        let units: Vec<_> = units.iter().map(|unit| u16::from_le_bytes(*unit)).collect();
        let texts = units
            .split(|unit| *unit == 0)
            .filter(|text| !text.is_empty());
        let texts = texts.map(String::from_utf16);
        let texts = texts.collect::<Result<_, _>>();
        texts.map_err(|_| self.instead_of("texts in UTF-16"))
    }
}
