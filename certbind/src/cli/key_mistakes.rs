//! Common mistakes in keys: each message contains the correct input.

use std::net::Ipv6Addr;

/// The message for a text that is not a key, if the mistake is a known one.
pub(super) fn find(text: &str) -> Option<String> {
    let (tag, value) = match text.split_once('=') {
        Some((tag, value)) => (Some(tag), value),
        None => (None, text),
    };
    if let Some((scheme, rest)) = value.split_once("://") {
        return Some(url(scheme, rest));
    }
    if let Some(rest) = value.strip_prefix("*:") {
        return (tag.is_none_or(|tag| tag.eq_ignore_ascii_case("ipport"))).then(|| {
            format!(
                "\"*\" is no address; every address is 0.0.0.0:{rest} and [::]:{rest}, and every host name \
                 with a certificate of the central store is ccs={rest}"
            )
        });
    }
    if let Some(named) = named_zone(value) {
        return Some(named);
    }
    if let Some(brackets) = brackets(value) {
        return Some(brackets);
    }
    port(tag, value)
}

fn url(scheme: &str, rest: &str) -> String {
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    let key = match (authority.contains(':'), scheme) {
        (true, _) => authority.to_owned(),
        (false, _) => format!("{authority}:443"),
    };
    format!("a key is no URL; type hostnameport={key}")
}

/// `[fe80::1%eth0]:443`: HTTP.sys knows zones by their numbers.
fn named_zone(value: &str) -> Option<String> {
    let (address, rest) = value.strip_prefix('[')?.split_once('%')?;
    let (zone, port) = rest.split_once("]:")?;
    address.parse::<Ipv6Addr>().ok()?;
    zone.parse::<u32>().is_err().then(|| {
        format!(
            "the zone {zone:?} is no number; type the index of the network interface, as in \
             [{address}%4]:{port} (`netsh interface ipv6 show interfaces` lists them)"
        )
    })
}

/// An IPv6 address whose brackets are missing, or one of them.
fn brackets(value: &str) -> Option<String> {
    if value.starts_with('[') && value.contains(']') {
        return None;
    }
    let plain: String = value.chars().filter(|it| !"[]".contains(*it)).collect();
    let message = |address: &str, port: &str| {
        format!("an IPv6 address is written in brackets; type [{address}]:{port}")
    };
    if let Some((address, port)) = plain.rsplit_once(':')
        && port.parse::<u16>().is_ok_and(|port| port > 0)
        && address.parse::<Ipv6Addr>().is_ok()
    {
        return Some(message(address, port));
    }
    let address = plain.parse::<Ipv6Addr>().ok()?;
    Some(message(&address.to_string(), "443"))
}

fn port(tag: Option<&str>, value: &str) -> Option<String> {
    let port = match (tag, value.rsplit_once(':')) {
        (_, Some((_, port))) => port,
        (Some(tag), None) if tag.eq_ignore_ascii_case("ccs") => value,
        _ => return None,
    };
    let is_number = !port.is_empty() && port.bytes().all(|it| it.is_ascii_digit());
    let is_port = port.parse::<u16>().is_ok_and(|port| port > 0);
    (is_number && !is_port).then(|| {
        format!("the port {port} is not from 1 to 65535; type the port on which the host listens")
    })
}

#[cfg(test)]
mod tests {
    use super::find;

    #[test]
    fn other_texts_have_no_known_mistake() {
        for text in [
            "",
            "=",
            "443",
            "www.contoso.com",
            "ipport=",
            "[::1]",
            "ipprt=0.0.0.0:443",
        ] {
            assert_eq!(find(text), None, "{text}");
        }
    }
}
