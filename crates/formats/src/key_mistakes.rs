//! Common mistakes in keys: each message contains the correct input.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use certbind_core::{BindingKey, Host, Kind};

/// Less alike than this, a word is not a typo of another.
const ALIKE: f64 = 0.6;

/// The message for a text that is not a key, with the correct input: for a common mistake, or a key
/// that is similar.
///
/// ```
/// use certbind_formats::key_mistake;
///
/// let message = key_mistake("www.contoso.com:443").expect("a host name without its kind");
/// assert!(message.ends_with("did you mean hostnameport=www.contoso.com:443?"));
/// let message = key_mistake("::1:443").expect("an address without brackets");
/// assert!(message.ends_with("type [::1]:443"));
/// ```
#[must_use]
pub fn key_mistake(text: &str) -> Option<String> {
    let Err(problem) = text.parse::<BindingKey>() else {
        return None;
    };
    common(text).or_else(|| meant(text).map(|key| format!("{problem}; did you mean {key}?")))
}

/// The message for a common mistake.
fn common(text: &str) -> Option<String> {
    let (tag, value) = match text.split_once('=') {
        Some((tag, value)) => (Some(tag), value),
        None => (None, text),
    };
    if let Some((_, rest)) = value.split_once("://") {
        return Some(url(rest));
    }
    let tagged = |kinds: &[&str]| {
        tag.is_some_and(|tag| kinds.iter().any(|kind| tag.eq_ignore_ascii_case(kind)))
    };
    if tagged(&["hostnameport", "scopedccs"]) {
        return of_host(tag.unwrap_or_default(), value).or_else(|| port(tag, value));
    }
    if tag.is_none() || tagged(&["ipport"]) {
        if let Some((start @ ("*" | "+" | ""), rest)) = value.split_once(':')
            && rest.parse::<u16>().is_ok_and(|port| port > 0)
        {
            return Some(every_address(start, rest));
        }
        if let Some(broken) = ipv4(value) {
            return Some(broken);
        }
    }
    named_zone(value)
        .or_else(|| brackets(value))
        .or_else(|| port(tag, value))
}

/// `*:443` and `+:443`, which are wildcards of URL reservations and of other servers, and `:443`.
fn every_address(start: &str, port: &str) -> String {
    let found = match start {
        "" => "the address is missing".to_owned(),
        wildcard => format!("{wildcard:?} is not an address"),
    };
    format!(
        "{found}; every address is 0.0.0.0:{port} and [::]:{port}, and every host name with a \
         certificate of the central store is ccs={port}"
    )
}

/// An IPv4 address that is none, with or without a port.
fn ipv4(value: &str) -> Option<String> {
    let (address, port) = value.split_once(':').unwrap_or((value, "443"));
    let is_numbers = |it: char| it.is_ascii_digit() || it == '.';
    let is_meant = address.contains('.') && address.chars().all(is_numbers);
    (is_meant && address.parse::<Ipv4Addr>().is_err()).then(|| {
        format!(
            "{address:?} is not an IPv4 address, which has four numbers from 0 to 255 without leading \
             zeros, as in 10.0.0.5:{port}"
        )
    })
}

/// A host name without its port, or an address in its place.
fn of_host(tag: &str, value: &str) -> Option<String> {
    let tag = tag.to_ascii_lowercase();
    if value.starts_with('[') {
        let address = value.parse::<SocketAddr>().ok();
        let address = address.or_else(|| format!("{value}:443").parse().ok())?;
        return Some(format!(
            "an address is not a host name; type ipport={address}"
        ));
    }
    (!value.contains(':') && Host::new(value).is_ok())
        .then(|| format!("the port is missing; type {tag}={value}:443"))
}

/// A URL: what follows its scheme.
fn url(rest: &str) -> String {
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    let authority = authority.trim_end_matches(':');
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.is_empty() && !port.contains(']') => (host, port),
        _ => (authority, "443"),
    };
    match host {
        "*" | "+" => format!("a key is not a URL; every address is 0.0.0.0:{port} and [::]:{port}"),
        host if host.starts_with('[') || host.parse::<Ipv4Addr>().is_ok() => {
            format!("a key is not a URL; type ipport={host}:{port}")
        }
        host => format!("a key is not a URL; type hostnameport={host}:{port}"),
    }
}

/// `[fe80::1%eth0]:443`: HTTP.sys knows zones by their numbers.
fn named_zone(value: &str) -> Option<String> {
    let (address, rest) = value.strip_prefix('[')?.split_once('%')?;
    let (zone, port) = rest.split_once("]:")?;
    address.parse::<Ipv6Addr>().ok()?;
    zone.parse::<u32>()
        .is_err()
        .then(|| unnumbered_zone(address, zone, port))
}

fn unnumbered_zone(address: &str, zone: &str, port: &str) -> String {
    format!(
        "the zone {zone:?} is not a number; type the index of the network interface, as in \
         [{address}%4]:{port} (`netsh interface ipv6 show interfaces` lists them)"
    )
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
    {
        let (plain, zone) = address.split_once('%').unwrap_or((address, "0"));
        if plain.parse::<Ipv6Addr>().is_ok() {
            return Some(match zone.parse::<u32>() {
                Ok(_) => message(address, port),
                Err(_) => unnumbered_zone(plain, zone, port),
            });
        }
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

/// The key that was probably meant: with the tag most similar to the given one or, for a value
/// alone, the tag that it fits.
fn meant(text: &str) -> Option<BindingKey> {
    let tags = Kind::ALL.map(|kind| (kind.to_string(), kind));
    match text.split_once(['=', '/']) {
        Some((tag, value)) => {
            let tag = tag.to_ascii_lowercase();
            // "hostname=…" is short for one, and "ip=…" for another.
            let likeness = |known: &str| match known.starts_with(&tag) && !tag.is_empty() {
                true => 1.0,
                false => strsim::normalized_damerau_levenshtein(known, &tag),
            };
            let mut kinds: Vec<_> = tags
                .iter()
                .map(|(known, kind)| (likeness(known), *kind))
                .filter(|(likeness, _)| *likeness >= ALIKE)
                .collect();
            kinds.sort_by(|a, b| b.0.total_cmp(&a.0));
            let keys = kinds
                .iter()
                .filter_map(|(_, kind)| BindingKey::parse_as(*kind, value).ok());
            keys.into_iter().next()
        }
        None => [Kind::Ccs, Kind::IpPort, Kind::Sni]
            .into_iter()
            .find_map(|kind| {
                let with_port = format!("{text}:443");
                let parsed = BindingKey::parse_as(kind, text);
                parsed
                    .or_else(|_| BindingKey::parse_as(kind, &with_port))
                    .ok()
            }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistyped_key_suggests_the_right_one() {
        for (typed, meant) in [
            ("ipprt=0.0.0.0:443", "ipport=0.0.0.0:443"),
            ("IPPORTS=[::]:443", "ipport=[::]:443"),
            (
                "hostname=www.contoso.com:443",
                "hostnameport=www.contoso.com:443",
            ),
            (
                "host=www.contoso.com:443",
                "hostnameport=www.contoso.com:443",
            ),
            ("csc=443", "ccs=443"),
            (
                "scoped=www.contoso.com:443",
                "scopedccs=www.contoso.com:443",
            ),
            ("www.contoso.com:443", "hostnameport=www.contoso.com:443"),
            ("www.contoso.com", "hostnameport=www.contoso.com:443"),
            ("10.0.0.5", "ipport=10.0.0.5:443"),
            ("443", "ccs=443"),
        ] {
            let problem = key_mistake(typed).unwrap();
            let suggestion = format!("did you mean {meant}?");
            assert!(problem.ends_with(&suggestion), "{typed}: {problem}");
        }
    }

    #[test]
    fn keys_and_unrecognizable_texts_have_no_message() {
        for text in [
            "0.0.0.0:443",
            "ccs=443",
            "",
            "=",
            "certificate=443",
            "ipport=",
        ] {
            assert_eq!(key_mistake(text), None, "{text}");
        }
    }

    #[test]
    fn other_texts_have_no_common_mistake() {
        for text in [
            "",
            "=",
            "443",
            "www.contoso.com",
            "ipport=",
            "[::1]",
            "ipprt=0.0.0.0:443",
        ] {
            assert_eq!(common(text), None, "{text}");
        }
    }
}
