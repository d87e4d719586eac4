//! `bindingInformation` of an `https` binding: `ADDRESS:PORT:HOST`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use certbind_core::Port;

/// The address (none for all), the port and the host name.
///
/// # Errors
/// The expected syntax. White space is refused: whether IIS ignores it is not known.
pub(super) fn parse(text: &str) -> Result<(Option<IpAddr>, Port, Option<String>), String> {
    let expected = || {
        format!(
            "bindingInformation {text:?} is not ADDRESS:PORT:HOST, as in *:443: or \
             [::1]:443:www.contoso.com"
        )
    };
    if text.contains(char::is_whitespace) {
        return Err(expected());
    }
    let (start, host) = text.rsplit_once(':').ok_or_else(expected)?;
    let (address, port) = start.rsplit_once(':').ok_or_else(expected)?;
    let address = match address.strip_prefix('[') {
        Some(address) => {
            let address = address.strip_suffix(']').ok_or_else(expected)?;
            let address: Ipv6Addr = address.parse().map_err(|_| expected())?;
            Some(IpAddr::V6(address))
        }
        None if address.is_empty() || address == "*" => None,
        None => Some(IpAddr::V4(
            address.parse::<Ipv4Addr>().map_err(|_| expected())?,
        )),
    };
    let port = port.parse().map_err(|_| expected())?;
    let address = address.filter(|address| !address.is_unspecified());
    let host = Some(host).filter(|host| !host.is_empty());
    Ok((address, port, host.map(str::to_owned)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_ports_and_hosts_are_read_or_refused() {
        let parts = |text: &str| {
            parse(text).map(|(address, port, host)| {
                let address = address.map(|it| it.to_string());
                (
                    address.unwrap_or_default(),
                    port.to_string(),
                    host.unwrap_or_default(),
                )
            })
        };
        for (text, address, port, host) in [
            ("*:443:", "", "443", ""),
            (":443:", "", "443", ""),
            ("0.0.0.0:443:", "", "443", ""),
            ("[::]:443:", "", "443", ""),
            ("*:443:www.contoso.com", "", "443", "www.contoso.com"),
            ("10.0.0.5:8443:", "10.0.0.5", "8443", ""),
            ("[2001:db8::1]:443:a.test", "2001:db8::1", "443", "a.test"),
        ] {
            let expected = (address.to_owned(), port.to_owned(), host.to_owned());
            assert_eq!(parts(text), Ok(expected), "{text}");
        }
        for text in [
            "443",
            "*:443",
            "*:0:",
            "*:65536:",
            "2001:db8::1:443:",
            "[::1:443:",
            "10.0.0:443:",
            " *:443:",
            "*: 443:",
            "*:443:\u{a0}www",
        ] {
            assert!(parts(text).is_err(), "{text}");
        }
    }
}
