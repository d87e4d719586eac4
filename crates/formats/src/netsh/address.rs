//! Addresses as Windows writes them.

use std::fmt::Write as _;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use certbind_core::{Binding, BindingKey};

/// The key of a binding as netsh prints it: the host in its original spelling, an address as
/// `RtlIpv6AddressToStringEx` writes it.
#[must_use]
pub fn key_text(binding: &Binding) -> String {
    match binding.key() {
        BindingKey::IpPort(endpoint) => match endpoint.addr() {
            SocketAddr::V4(addr) => addr.to_string(),
            SocketAddr::V6(addr) => {
                let mut text = format!("[{}", ipv6_text(*addr.ip()));
                if addr.scope_id() != 0 {
                    let _ = write!(text, "%{}", addr.scope_id());
                }
                let _ = write!(text, "]:{}", addr.port());
                text
            }
        },
        _ => binding.spelled_key(),
    }
}

/// An IPv6 address as `RtlIpv6AddressToString` writes it. That is Rust's form too, but for the
/// addresses with an IPv4 address inside: Windows writes IPv4-compatible, IPv4-translated and
/// ISATAP ones with dots, and IPv4-mapped ones only if the IPv4 address is above 0.0.255.255.
///
/// ```
/// let text = certbind_formats::netsh::ipv6_text("::1:80".parse()?);
/// assert_eq!(text, "::0.1.0.128");
/// # Ok::<(), std::net::AddrParseError>(())
/// ```
#[must_use]
pub fn ipv6_text(ip: Ipv6Addr) -> String {
    let words = ip.segments();
    let [.., a, b, c, d] = ip.octets();
    let v4 = Ipv4Addr::new(a, b, c, d);
    match words {
        [0, 0, 0, 0, 0, 0, high, _] if high != 0 => format!("::{v4}"),
        [0, 0, 0, 0, 0xffff, 0, high, _] if high != 0 => format!("::ffff:0:{v4}"),
        [0, 0, 0, 0, 0, 0xffff, 0, low] => format!("::ffff:0:{low:x}"),
        [_, _, _, _, 0 | 0x200, 0x5efe, _, _] => {
            // Only the words before the dotted part are shortened; ones at the end keep Rust from
            // shortening there.
            let head = [
                words[0], words[1], words[2], words[3], words[4], words[5], 1, 1,
            ];
            let head = Ipv6Addr::from(head).to_string();
            let head = head.strip_suffix(":1:1").unwrap_or(&head);
            format!("{head}:{v4}")
        }
        _ => ip.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_written_as_windows_does() {
        let cases = [
            ("::", "::"),
            ("::1", "::1"),
            ("::1.2.3.4", "::1.2.3.4"),
            ("::0.0.3.4", "::304"),
            ("::ffff:1.2.3.4", "::ffff:1.2.3.4"),
            ("::ffff:0.0.3.4", "::ffff:0:304"),
            ("::ffff:0:1.2.3.4", "::ffff:0:1.2.3.4"),
            ("fe80::5efe:192.0.2.1", "fe80::5efe:192.0.2.1"),
            ("::5efe:10.0.0.1", "::5efe:10.0.0.1"),
            ("2001:db8::200:5efe:10.0.0.1", "2001:db8::200:5efe:10.0.0.1"),
            ("fe80::5efe:0.0.0.0", "fe80::5efe:0.0.0.0"),
            ("2001:db8:0:1::1", "2001:db8:0:1::1"),
            ("1:0:0:2:0:0:0:3", "1:0:0:2::3"),
        ];
        for (read, written) in cases {
            assert_eq!(ipv6_text(read.parse().unwrap()), written);
        }
    }
}
