//! Reads records that queries have put into a buffer.

use std::mem::{offset_of, size_of};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};

use store_core::{
    Binding, BindingKey, CertCheckMode, CertHash, Certificate, CtlIdentifier, ExtendedProperties,
    Host, HostPort, IpPort, Kind, MAX_HOST_LENGTH, Port, Record, SslFlags, StoreName, Uuid,
};
use windows_sys::Win32::Networking::HttpServer::{
    HTTP_SERVICE_CONFIG_SSL_CCS_SET as CcsSet, HTTP_SERVICE_CONFIG_SSL_PARAM as Param,
    HTTP_SERVICE_CONFIG_SSL_SET as SslSet, HTTP_SERVICE_CONFIG_SSL_SNI_SET as SniSet,
};
use windows_sys::Win32::Networking::WinSock::{
    AF_INET, AF_INET6, SOCKADDR_IN as In, SOCKADDR_IN6 as In6,
};

/// What is wrong with a record that was given back.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Malformed(String);

fn malformed(what: impl ToString) -> Malformed {
    Malformed(what.to_string())
}

/// Reads the record of `kind` that a query has put into `buffer`. It has to be the very buffer of
/// the call, at the same place in memory: that is how the pointers in it are understood.
///
/// The buffer may hold anything. Empty strings are taken as absent.
///
/// # Errors
/// [`Malformed`] for a pointer that leads out of the buffer, and for whatever no binding can have.
pub fn read_record(kind: Kind, buffer: &[u8]) -> Result<Binding, Malformed> {
    let (head, param) = match kind {
        Kind::IpPort => (size_of::<SslSet>(), offset_of!(SslSet, ParamDesc)),
        Kind::Sni | Kind::ScopedCcs => (size_of::<SniSet>(), offset_of!(SniSet, ParamDesc)),
        Kind::Ccs => (size_of::<CcsSet>(), offset_of!(CcsSet, ParamDesc)),
    };
    let buffer = Buffer { head, buffer };
    let (key, spelling) = match kind {
        Kind::IpPort => {
            let at = buffer.pointer(offset_of!(SslSet, KeyDesc.pIpPort), "the address")?;
            let at = at.ok_or_else(|| malformed("the address is null"))?;
            let endpoint = IpPort::new(buffer.address(at)?).map_err(malformed)?;
            (BindingKey::IpPort(endpoint), None)
        }
        Kind::Sni | Kind::ScopedCcs => {
            let port = buffer.any_address(offset_of!(SniSet, KeyDesc.IpPort))?;
            let at = offset_of!(SniSet, KeyDesc.Host);
            let host = buffer.text(at, "the host name", MAX_HOST_LENGTH)?;
            let host = host.ok_or_else(|| malformed("the host name is null"))?;
            let endpoint = HostPort::new(Host::new(&host).map_err(malformed)?, port);
            match kind {
                Kind::ScopedCcs => (BindingKey::ScopedCcs(endpoint), Some(host)),
                _ => (BindingKey::Sni(endpoint), Some(host)),
            }
        }
        Kind::Ccs => {
            let port = buffer.any_address(offset_of!(CcsSet, KeyDesc.LocalAddress))?;
            (BindingKey::Ccs(port), None)
        }
    };
    let binding = Binding::new(key, buffer.record(param)?).map_err(malformed)?;
    match spelling {
        Some(host) => binding.with_host_spelling(&host).map_err(malformed),
        None => Ok(binding),
    }
}

/// A buffer that begins with a structure of `head` bytes, whose pointers lead behind it.
struct Buffer<'a> {
    head: usize,
    buffer: &'a [u8],
}

impl Buffer<'_> {
    fn bytes<const N: usize>(&self, offset: usize, what: &str) -> Result<[u8; N], Malformed> {
        self.buffer
            .get(offset..)
            .and_then(<[u8]>::first_chunk)
            .copied()
            .ok_or_else(|| malformed(format_args!("{what} does not end within the buffer")))
    }

    fn u32(&self, offset: usize) -> Result<u32, Malformed> {
        self.bytes(offset, "the structure").map(u32::from_ne_bytes)
    }

    fn u16(&self, offset: usize) -> Result<u16, Malformed> {
        self.bytes(offset, "the structure").map(u16::from_ne_bytes)
    }

    /// Where in the buffer the pointer at `offset` leads; null is nowhere.
    fn pointer(&self, offset: usize, what: &str) -> Result<Option<usize>, Malformed> {
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

    fn address(&self, at: usize) -> Result<SocketAddr, Malformed> {
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

    /// The port of an address that stands for all.
    fn any_address(&self, at: usize) -> Result<Port, Malformed> {
        match self.address(at)? {
            SocketAddr::V4(v4) if *v4.ip() == Ipv4Addr::UNSPECIFIED => {
                Port::new(v4.port()).map_err(malformed)
            }
            other => Err(malformed(format_args!(
                "the address is {}, not 0.0.0.0",
                other.ip()
            ))),
        }
    }

    fn record(&self, at: usize) -> Result<Record, Malformed> {
        let store = at + offset_of!(Param, pSslCertStoreName);
        let store_name = self.store_name(store, "the certificate store name")?;
        let ctl = at + offset_of!(Param, pDefaultSslCtlIdentifier);
        let ctl = self.text(ctl, "the CTL identifier", CtlIdentifier::MAX_LENGTH)?;
        let ctl = ctl.as_deref().map(CtlIdentifier::new);
        let ctl_store = at + offset_of!(Param, pDefaultSslCtlStoreName);
        let check_mode = self.u32(at + offset_of!(Param, DefaultCertCheckMode))?;
        let freshness = at + offset_of!(Param, DefaultRevocationFreshnessTime);
        let timeout = at + offset_of!(Param, DefaultRevocationUrlRetrievalTimeout);
        let flags = self.u32(at + offset_of!(Param, DefaultFlags))?;
        Ok(Record {
            certificate: self.hash(at)?.map(|hash| Certificate { hash, store_name }),
            app_id: self.guid(at + offset_of!(Param, AppId))?,
            check_mode: CertCheckMode::from_bits_retain(check_mode),
            revocation_freshness_time: self.u32(freshness)?,
            url_retrieval_timeout: self.u32(timeout)?,
            ctl_identifier: ctl.transpose().map_err(malformed)?,
            ctl_store_name: self.store_name(ctl_store, "the CTL store name")?,
            flags: SslFlags::from_bits_retain(flags),
            extended: ExtendedProperties::default(),
        })
    }

    fn hash(&self, param: usize) -> Result<Option<CertHash>, Malformed> {
        let length = self.u32(param + offset_of!(Param, SslHashLength))?;
        if length == 0 {
            return Ok(None);
        }
        if usize::try_from(length) != Ok(CertHash::LENGTH) {
            return Err(malformed(format_args!(
                "the hash has {length} bytes, not 20"
            )));
        }
        let at = self.pointer(param + offset_of!(Param, pSslHash), "the hash")?;
        let at = at.ok_or_else(|| malformed("the hash is null"))?;
        self.bytes(at, "the hash").map(CertHash::new).map(Some)
    }

    fn guid(&self, at: usize) -> Result<Uuid, Malformed> {
        let rest: [u8; 8] = self.bytes(at + 8, "the structure")?;
        Ok(Uuid::from_fields(
            self.u32(at)?,
            self.u16(at + 4)?,
            self.u16(at + 6)?,
            &rest,
        ))
    }

    fn store_name(&self, offset: usize, what: &str) -> Result<Option<StoreName>, Malformed> {
        let name = self.text(offset, what, StoreName::MAX_LENGTH)?;
        name.as_deref()
            .map(StoreName::new)
            .transpose()
            .map_err(malformed)
    }

    /// The string that the pointer at `offset` leads to, of at most `limit` units. Null and empty
    /// are both none.
    fn text(&self, offset: usize, what: &str, limit: usize) -> Result<Option<String>, Malformed> {
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
