//! Values of tags.

use std::net::SocketAddr;

use certbind_httpapi_abi::service::ListenAddress;

use crate::netsh::abbreviation::unabbreviated;
use crate::netsh::grammar::Refusal;

/// An address. Microsoft's documentation has an example with a port, which the list has no place
/// for: it is left out.
pub(super) fn address(text: &str) -> Result<ListenAddress, Refusal> {
    if let Ok(address) = text.parse() {
        return Ok(address);
    }
    match text.parse() {
        Ok(SocketAddr::V4(v4)) => Ok((*v4.ip()).into()),
        Ok(SocketAddr::V6(v6)) => Ok(ListenAddress::v6(*v6.ip(), v6.scope_id())),
        Err(_) => Err(Refusal::Value),
    }
}

/// A number: decimal, or hexadecimal after `0x`.
pub(super) fn number(text: &str) -> Result<u32, Refusal> {
    let (digits, radix) = match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) => (digits, 16),
        None => (text, 10),
    };
    if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(Refusal::Value);
    }
    u32::from_str_radix(digits, radix).map_err(|_| Refusal::Value)
}

/// `yes` or `no`.
pub(in crate::netsh) fn yes_or_no(text: Option<&str>, otherwise: bool) -> Result<bool, Refusal> {
    match text {
        None => Ok(otherwise),
        Some(text) if text.eq_ignore_ascii_case("yes") => Ok(true),
        Some(text) if text.eq_ignore_ascii_case("no") => Ok(false),
        Some(_) => Err(Refusal::Value),
    }
}

/// The key of a name, or of the beginning of one.
pub(super) fn key<K: Copy, const N: usize>(
    text: &str,
    keys: [K; N],
    name: fn(K) -> &'static str,
) -> Result<K, Refusal> {
    let found = unabbreviated(text, keys.map(name)).ok_or(Refusal::Value)?;
    let key = keys.into_iter().find(|key| name(*key) == found);
    key.ok_or(Refusal::Value)
}
