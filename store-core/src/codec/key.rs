//! Keys as bytes. Bytes have the order of the keys, so a range of keys is a range of bytes.
//!
//! ```text
//! ipport        01  04  address (4)   port (2)
//!               01  06  address (16)  port (2)  scope id (4)
//! hostnameport  02  labels from the right, 01 between them, 00 after the last  port (2)
//! ccs           03  port (2)
//! scopedccs     04  as hostnameport
//! ```
//!
//! Numbers are big-endian. Labels contain no byte below 21.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};
use std::ops::Deref;

use super::error::{CodecError, invalid_key, malformed};
use crate::host::{Host, HostPort, MAX_HOST_LENGTH};
use crate::ip_port::IpPort;
use crate::key::BindingKey;
use crate::kind::Kind;
use crate::port::Port;

const LABEL_END: u8 = 1;
const HOST_END: u8 = 0;

/// The first byte of every encoded key of a kind.
#[must_use]
pub fn kind_prefix(kind: Kind) -> u8 {
    match kind {
        Kind::IpPort => 1,
        Kind::Sni => 2,
        Kind::Ccs => 3,
        Kind::ScopedCcs => 4,
    }
}

/// Encodes a key.
#[must_use]
pub fn encode_key(key: &BindingKey) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(32);
    append_key(key, &mut bytes);
    bytes
}

/// Appends an encoded key to `bytes`.
pub fn append_key(key: &BindingKey, bytes: &mut Vec<u8>) {
    write_key(key, |part| bytes.extend(part));
}

/// The maximum length of an encoded key: a kind, a host name with its end, a port.
const MAX_KEY_LENGTH: usize = 1 + MAX_HOST_LENGTH + 1 + 2;

/// An encoded key on the stack: the bytes that [`encode_key`] returns, without an allocation.
///
/// ```
/// use certbind_core::codec::{KeyBytes, encode_key};
///
/// let key = "hostnameport=www.contoso.com:443".parse()?;
/// assert_eq!(*KeyBytes::of(&key), *encode_key(&key));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct KeyBytes {
    bytes: [u8; MAX_KEY_LENGTH],
    length: usize,
}

impl KeyBytes {
    /// Encodes a key.
    #[must_use]
    pub fn of(key: &BindingKey) -> Self {
        let mut bytes = [0; MAX_KEY_LENGTH];
        let mut length = 0;
        write_key(key, |part| {
            bytes[length..][..part.len()].copy_from_slice(part);
            length += part.len();
        });
        Self { bytes, length }
    }
}

impl Deref for KeyBytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

/// Passes the bytes of a key to `write`, part by part.
fn write_key(key: &BindingKey, mut write: impl FnMut(&[u8])) {
    write(&[kind_prefix(key.kind())]);
    match key {
        BindingKey::IpPort(endpoint) => match endpoint.addr() {
            SocketAddr::V4(addr) => {
                write(&[4]);
                write(&addr.ip().octets());
                write(&addr.port().to_be_bytes());
            }
            SocketAddr::V6(addr) => {
                write(&[6]);
                write(&addr.ip().octets());
                write(&addr.port().to_be_bytes());
                write(&addr.scope_id().to_be_bytes());
            }
        },
        BindingKey::Sni(endpoint) | BindingKey::ScopedCcs(endpoint) => {
            let host = endpoint.host().as_str().as_bytes();
            let mut end = host.len();
            // Not `rsplit`, which takes twice as many instructions: every `get` encodes a key.
            for at in (0..host.len()).rev().filter(|at| host[*at] == b'.') {
                write(&host[at + 1..end]);
                write(&[LABEL_END]);
                end = at;
            }
            write(&host[..end]);
            write(&[HOST_END]);
            write(&endpoint.port().get().to_be_bytes());
        }
        BindingKey::Ccs(port) => write(&port.get().to_be_bytes()),
    }
}

/// Decodes a key.
///
/// # Errors
/// [`CodecError`] for bytes that [`encode_key`] does not produce.
pub fn decode_key(bytes: &[u8]) -> Result<BindingKey, CodecError> {
    let (&kind, rest) = bytes
        .split_first()
        .ok_or_else(|| malformed("the key is empty"))?;
    let key = match kind {
        1 => BindingKey::IpPort(ip_port(rest)?),
        2 => BindingKey::Sni(host_port(rest)?),
        3 => BindingKey::Ccs(port(rest)?),
        4 => BindingKey::ScopedCcs(host_port(rest)?),
        other => return Err(malformed(format!("the key has the unknown kind {other}"))),
    };
    Ok(key)
}

fn ip_port(bytes: &[u8]) -> Result<IpPort, CodecError> {
    let port = |bytes: &[u8; 2]| u16::from_be_bytes(*bytes);
    let addr = match bytes {
        [4, a, b, c, d, rest @ ..] => {
            let rest = rest
                .try_into()
                .map_err(|_| malformed("an IPv4 key has 8 bytes"))?;
            SocketAddr::from((Ipv4Addr::new(*a, *b, *c, *d), port(rest)))
        }
        [6, rest @ ..] => {
            let error = |_| malformed("an IPv6 key has 24 bytes");
            let rest: &[u8; 22] = rest.try_into().map_err(error)?;
            let (ip, rest) = rest.split_first_chunk::<16>().expect("22 bytes hold 16");
            let (number, rest) = rest.split_first_chunk::<2>().expect("6 bytes hold 2");
            let scope = u32::from_be_bytes(rest.try_into().expect("4 bytes are left"));
            SocketAddr::V6(SocketAddrV6::new(
                Ipv6Addr::from(*ip),
                port(number),
                0,
                scope,
            ))
        }
        _ => return Err(malformed("the address is neither IPv4 nor IPv6")),
    };
    IpPort::new(addr).map_err(invalid_key)
}

fn host_port(bytes: &[u8]) -> Result<HostPort, CodecError> {
    let end = bytes.iter().position(|b| *b == HOST_END);
    let (labels, rest) =
        bytes.split_at(end.ok_or_else(|| malformed("the host name is not terminated"))?);
    let labels: Vec<&str> = labels
        .rsplit(|b| *b == LABEL_END)
        .map(std::str::from_utf8)
        .collect::<Result<_, _>>()
        .map_err(malformed)?;
    let name = labels.join(".");
    let host = Host::new(&name).map_err(invalid_key)?;
    if host.as_str() != name || labels.iter().any(|label| label.contains('.')) {
        return Err(malformed(format!(
            "the host name {name:?} is not canonical"
        )));
    }
    Ok(HostPort::new(host, port(&rest[1..])?))
}

fn port(bytes: &[u8]) -> Result<Port, CodecError> {
    let bytes = bytes
        .try_into()
        .map_err(|_| malformed("a port has 2 bytes"))?;
    Port::new(u16::from_be_bytes(bytes)).map_err(invalid_key)
}
