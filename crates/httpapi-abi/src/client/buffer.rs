//! Buffers that queries have filled: read without following a pointer.

use std::mem::offset_of;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};

use certbind_core::{BindingKey, Host, HostPort, Kind, MAX_HOST_LENGTH, Port};
use windows_sys::Win32::Networking::HttpServer::HTTP_SERVICE_CONFIG_SSL_SNI_KEY as SniKey;
use windows_sys::Win32::Networking::WinSock::{
    AF_INET, AF_INET6, SOCKADDR_IN as In, SOCKADDR_IN6 as In6,
};

/// The reason why a returned record is malformed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct MalformedReply(String);

pub(super) fn malformed(what: impl ToString) -> MalformedReply {
    MalformedReply(what.to_string())
}

/// A buffer that begins with a structure of `head` bytes, whose pointers point after the structure.
pub(super) struct Buffer<'a> {
    pub(super) head: usize,
    pub(super) buffer: &'a [u8],
}

impl Buffer<'_> {
    pub(super) fn bytes<const N: usize>(
        &self,
        offset: usize,
        what: &str,
    ) -> Result<[u8; N], MalformedReply> {
        self.buffer
            .get(offset..)
            .and_then(<[u8]>::first_chunk)
            .copied()
            .ok_or_else(|| malformed(format_args!("{what} does not end within the buffer")))
    }

    pub(super) fn u32(&self, offset: usize) -> Result<u32, MalformedReply> {
        self.bytes(offset, "the structure").map(u32::from_ne_bytes)
    }

    pub(super) fn u16(&self, offset: usize) -> Result<u16, MalformedReply> {
        self.bytes(offset, "the structure").map(u16::from_ne_bytes)
    }

    pub(super) fn u64(&self, offset: usize) -> Result<u64, MalformedReply> {
        self.bytes(offset, "the structure").map(u64::from_ne_bytes)
    }

    /// The `length` bytes that the pointer at `offset` points to. For a length of 0 the pointer is
    /// ignored.
    pub(super) fn run(
        &self,
        offset: usize,
        length: usize,
        what: &str,
    ) -> Result<&[u8], MalformedReply> {
        let at = self.place(offset, length, what)?;
        Ok(&self.buffer[at..at + length])
    }

    /// The place in the buffer of the `length` bytes that the pointer at `offset` points to.
    pub(super) fn place(
        &self,
        offset: usize,
        length: usize,
        what: &str,
    ) -> Result<usize, MalformedReply> {
        if length == 0 {
            return Ok(0);
        }
        let at = self.pointer(offset, what)?;
        let at = at.ok_or_else(|| malformed(format_args!("{what} is null")))?;
        let end = at
            .checked_add(length)
            .filter(|end| *end <= self.buffer.len());
        end.map(|_| at)
            .ok_or_else(|| malformed(format_args!("{what} does not end within the buffer")))
    }

    /// The place in the buffer that the pointer at `offset` points to; none for a null pointer.
    pub(super) fn pointer(
        &self,
        offset: usize,
        what: &str,
    ) -> Result<Option<usize>, MalformedReply> {
        let pointer = usize::from_ne_bytes(self.bytes(offset, "the structure")?);
        if pointer == 0 {
            return Ok(None);
        }
        pointer
            .checked_sub(self.buffer.as_ptr().addr())
            .filter(|place| (self.head..self.buffer.len()).contains(place))
            .map(Some)
            .ok_or_else(|| malformed(format_args!("{what} is not in the buffer")))
    }

    pub(super) fn address(&self, at: usize) -> Result<SocketAddr, MalformedReply> {
        let what = "the address";
        let family = u16::from_ne_bytes(self.bytes(at + offset_of!(In, sin_family), what)?);
        let port = u16::from_be_bytes(self.bytes(at + offset_of!(In, sin_port), what)?);
        match family {
            AF_INET => {
                let ip: [u8; 4] = self.bytes(at + offset_of!(In, sin_addr), what)?;
                Ok(SocketAddr::from((ip, port)))
            }
            AF_INET6 => {
                let ip: [u8; 16] = self.bytes(at + offset_of!(In6, sin6_addr), what)?;
                let scope = self.bytes(at + offset_of!(In6, Anonymous), what)?;
                let scope = u32::from_ne_bytes(scope);
                let v6 = SocketAddrV6::new(Ipv6Addr::from(ip), port, 0, scope);
                Ok(SocketAddr::V6(v6))
            }
            other => Err(malformed(format_args!("the address family is {other}"))),
        }
    }

    /// The port of an unspecified address, of either family.
    pub(super) fn any_address(&self, at: usize) -> Result<Port, MalformedReply> {
        match self.address(at)? {
            SocketAddr::V4(v4) if *v4.ip() == Ipv4Addr::UNSPECIFIED => {
                Port::new(v4.port()).map_err(malformed)
            }
            SocketAddr::V6(v6) if v6.ip().is_unspecified() => {
                Port::new(v6.port()).map_err(malformed)
            }
            other => Err(malformed(format_args!(
                "the address is {}, not 0.0.0.0",
                other.ip()
            ))),
        }
    }

    /// The key of a host name, and the name in its original spelling.
    pub(super) fn host_key(
        &self,
        kind: Kind,
        at: usize,
    ) -> Result<(BindingKey, String), MalformedReply> {
        let port = self.any_address(at + offset_of!(SniKey, IpPort))?;
        let host = at + offset_of!(SniKey, Host);
        let host = self.text(host, "the host name", MAX_HOST_LENGTH)?;
        let host = host.ok_or_else(|| malformed("the host name is null"))?;
        let endpoint = HostPort::new(Host::new(&host).map_err(malformed)?, port);
        let key = match kind {
            Kind::ScopedCcs => BindingKey::ScopedCcs(endpoint),
            _ => BindingKey::Sni(endpoint),
        };
        Ok((key, host))
    }

    /// The string that the pointer at `offset` points to, of at most `limit` units. Null and empty
    /// are both none.
    pub(super) fn text(
        &self,
        offset: usize,
        what: &str,
        limit: usize,
    ) -> Result<Option<String>, MalformedReply> {
        let Some(at) = self.pointer(offset, what)? else {
            return Ok(None);
        };
        let mut text = Vec::new();
        for unit in self.buffer.get(at..).unwrap_or_default().chunks_exact(2) {
            let unit = u16::from_ne_bytes([unit[0], unit[1]]);
            if unit == 0 {
                let text = String::from_utf16(&text)
                    .map_err(|_| malformed(format_args!("{what} is not UTF-16")))?;
                return Ok(Some(text).filter(|text| !text.is_empty()));
            }
            if text.len() == limit {
                let error = format_args!("{what} is longer than {limit} UTF-16 units");
                return Err(malformed(error));
            }
            text.push(unit);
        }
        let error = format_args!("{what} does not end within the buffer");
        Err(malformed(error))
    }
}
