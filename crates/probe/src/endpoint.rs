//! The endpoint at which a client reaches a binding.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use certbind_core::BindingKey;

/// An address to connect to, and the server name to send.
pub(crate) struct Endpoint {
    pub(crate) address: SocketAddr,
    pub(crate) name: Option<String>,
}

/// The endpoint of a key, or the reason why there is none. `address` is used where the key names
/// none.
pub(crate) fn of(key: &BindingKey, address: IpAddr) -> Result<Endpoint, &'static str> {
    let port = key.port().get();
    match key {
        BindingKey::IpPort(endpoint) => {
            let ip = match endpoint.ip() {
                ip if !ip.is_unspecified() => ip,
                IpAddr::V6(_) if address.is_ipv4() => Ipv6Addr::LOCALHOST.into(),
                _ => address,
            };
            Ok(Endpoint {
                address: SocketAddr::new(ip, port),
                // A name might select the binding of that name.
                name: None,
            })
        }
        BindingKey::Sni(endpoint) | BindingKey::ScopedCcs(endpoint) => {
            let host = endpoint.host().as_str();
            // One of the names that a wildcard matches.
            let name = match host.strip_prefix("*.") {
                Some(parent) => format!("certbind-probe.{parent}"),
                None => host.to_owned(),
            };
            Ok(Endpoint {
                address: SocketAddr::new(address, port),
                name: Some(name),
            })
        }
        BindingKey::Ccs(_) => {
            Err("the central certificate store answers by the name that is asked for")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_key_leads_where_its_clients_go() {
        let v4: IpAddr = "127.0.0.1".parse().unwrap();
        let v6: IpAddr = "fe80::1".parse().unwrap();
        for (key, address, place, name) in [
            ("10.0.0.5:8443", v4, "10.0.0.5:8443", None),
            ("0.0.0.0:443", v4, "127.0.0.1:443", None),
            ("[::]:443", v4, "[::1]:443", None),
            ("[::]:443", v6, "[fe80::1]:443", None),
            (
                "hostnameport=www.contoso.com:443",
                v4,
                "127.0.0.1:443",
                Some("www.contoso.com"),
            ),
            (
                "scopedccs=a.example:444",
                v6,
                "[fe80::1]:444",
                Some("a.example"),
            ),
            (
                "hostnameport=*.a.example:443",
                v4,
                "127.0.0.1:443",
                Some("certbind-probe.a.example"),
            ),
        ] {
            let endpoint = of(&key.parse().unwrap(), address).unwrap();
            assert_eq!(endpoint.address.to_string(), place, "{key}");
            assert_eq!(endpoint.name.as_deref(), name, "{key}");
        }
        assert!(of(&"ccs=443".parse().unwrap(), v4).is_err());
    }
}
