//! The name of a reservation: a part of the URL namespace.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::net::{Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use certbind_core::Host;

use super::value_error::ServiceValueError;

/// The longest prefix, in UTF-16 units. Reservations are names of registry values, which have at
/// most 16,383; that HTTP.sys has no limit of its own below it is inferred.
pub const MAX_URL_LENGTH: usize = 16_383;

/// A `UrlPrefix` of the HTTP Server API, `scheme://host:port/relativeURI`.
///
/// The scheme is `http` or `https` in lower case; the host a name, an IPv4 address, an IPv6 address
/// in brackets, `+` for all hosts or `*` for hosts that no other prefix matches; the port is always
/// present ("UrlPrefix Strings" in Microsoft's documentation). The spelling is kept; two prefixes
/// are equal if they differ only in the case of host and path.
///
/// A path without a slash at its end gets one, as hosts were seen to store it; a prefix without any
/// path is invalid.
///
/// ```
/// use certbind_httpapi_abi::service::UrlPrefix;
///
/// let url: UrlPrefix = "http://+:8080/MyApp".parse()?;
/// assert_eq!(url.as_str(), "http://+:8080/MyApp/");
/// assert_eq!(url, "http://+:8080/myapp/".parse()?);
/// assert!("http://+:8080".parse::<UrlPrefix>().is_err());
/// # Ok::<(), certbind_httpapi_abi::service::ServiceValueError>(())
/// ```
#[derive(Clone, Debug)]
pub struct UrlPrefix {
    spelling: String,
    canonical: String,
}

impl UrlPrefix {
    /// The text in its original spelling.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.spelling
    }

    /// The form that is the same for all prefixes that are equal.
    #[must_use]
    pub fn canonical(&self) -> &str {
        &self.canonical
    }
}

impl FromStr for UrlPrefix {
    type Err = ServiceValueError;

    fn from_str(text: &str) -> Result<Self, ServiceValueError> {
        let (scheme, host, port, path) =
            parts(text).map_err(|reason| ServiceValueError::new("URL", text, reason))?;
        let path = path.to_lowercase();
        let mut prefix = Self {
            spelling: text.to_owned(),
            canonical: format!("{scheme}://{host}:{port}{path}"),
        };
        if !text.ends_with('/') {
            prefix.spelling.push('/');
            prefix.canonical.push('/');
        }
        if prefix.spelling.encode_utf16().nth(MAX_URL_LENGTH).is_some() {
            return Err(ServiceValueError::new("URL", text, "it is too long"));
        }
        Ok(prefix)
    }
}

/// Scheme, host in canonical form, port, path with its first slash.
fn parts(text: &str) -> Result<(&str, String, u16, &str), &'static str> {
    if text.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return Err("it contains a space or a control character");
    }
    if text.contains(['?', '#']) {
        return Err("it has a query or a fragment");
    }
    let (scheme, rest) = text.split_once("://").ok_or("it has no scheme")?;
    if !matches!(scheme, "http" | "https") {
        return Err("its scheme is neither http nor https");
    }
    let (authority, path) = match rest.find('/') {
        Some(slash) => rest.split_at(slash),
        None => return Err("it has no slash after its port"),
    };
    let (host, port) = authority.rsplit_once(':').ok_or("it has no port")?;
    let digits = !port.starts_with('0') && port.bytes().all(|byte| byte.is_ascii_digit());
    let port = port.parse().ok().filter(|_| digits);
    let port = port.ok_or("its port is not 1 to 65535")?;
    Ok((scheme, canonical_host(host)?, port, path))
}

fn canonical_host(host: &str) -> Result<String, &'static str> {
    const NONE: &str = "its host is not valid";
    if matches!(host, "+" | "*") {
        return Ok(host.to_owned());
    }
    if let Some(inner) = host.strip_prefix('[') {
        let inner = inner.strip_suffix(']').ok_or(NONE)?;
        let ip: Ipv6Addr = inner.parse().map_err(|_| NONE)?;
        return Ok(format!("[{ip}]"));
    }
    let looks_like_address = host
        .bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'.');
    if looks_like_address {
        let ip: Ipv4Addr = host.parse().map_err(|_| NONE)?;
        return Ok(ip.to_string());
    }
    if host.contains(['+', '@', '[', ']', '\\', '%']) {
        return Err(NONE);
    }
    let host = Host::new(host).map_err(|_| NONE)?;
    Ok(host.as_str().to_owned())
}

impl fmt::Display for UrlPrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.spelling)
    }
}

impl PartialEq for UrlPrefix {
    fn eq(&self, other: &Self) -> bool {
        self.canonical == other.canonical
    }
}

impl Eq for UrlPrefix {}

impl Hash for UrlPrefix {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.canonical.hash(state);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_host_syntax_is_preserved() {
        for text in [
            "http://+:80/",
            "https://*:443/",
            "http://localhost:5000/",
            "https://WWW.Contoso.com:443/App/",
            "http://10.0.0.1:8080/",
            "http://[::1]:8080/",
            "https://*.contoso.com:443/",
            "http://+:80/116B50EB-ECE2-41ac-8429-9F9E963361B7/",
            "https://+:443/sra_{BA195980-CD49-458b-9E23-C84EE0ADCD75}/",
        ] {
            assert_eq!(text.parse::<UrlPrefix>().unwrap().as_str(), text);
        }
    }

    #[test]
    fn prefixes_compare_without_case_and_spelling() {
        for (one, other) in [
            ("http://A.example:80/X/", "http://a.EXAMPLE:80/x/"),
            ("http://[0:0::1]:80/", "http://[::1]:80/"),
            ("http://+:80/x", "http://+:80/x/"),
        ] {
            let [one, other] = [one, other].map(|url| url.parse::<UrlPrefix>().unwrap());
            assert_eq!(one, other);
        }
        let [strong, weak] = ["http://+:80/", "http://*:80/"].map(str::parse::<UrlPrefix>);
        assert_ne!(strong, weak);
    }

    #[test]
    fn invalid_prefix_is_refused() {
        let long = format!("http://+:80/{}", "x".repeat(MAX_URL_LENGTH));
        for text in [
            "",
            "+:80/",
            "ftp://+:80/",
            "HTTP://+:80/",
            "http://+/",
            "http://:80/",
            "http://+:/",
            "http://+:0/",
            "http://+:080/",
            "http://+:65536/",
            "http://+:*/",
            "http://+:80",
            "http://++:80/",
            "http://10.0.0.256:80/",
            "http://[::1:80/",
            "http://+:80/a b/",
            "http://+:80/a\n/",
            "http://+:80/?q/",
            &long,
        ] {
            assert!(text.parse::<UrlPrefix>().is_err(), "{text}");
        }
    }
}
