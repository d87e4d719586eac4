//! Writes records into the buffers of C programs.

#![expect(unsafe_code, reason = "writes into buffers of C programs")]

use std::ffi::c_void;
use std::mem::size_of;
use std::net::{Ipv4Addr, SocketAddr};
use std::ptr;

use certbind_core::{Binding, BindingKey, Port};
use windows_sys::Win32::Networking::HttpServer::{
    HTTP_SERVICE_CONFIG_SSL_CCS_SET, HTTP_SERVICE_CONFIG_SSL_PARAM, HTTP_SERVICE_CONFIG_SSL_SET,
    HTTP_SERVICE_CONFIG_SSL_SNI_SET,
};
use windows_sys::Win32::Networking::WinSock::{AF_INET, AF_INET6, SOCKADDR_STORAGE};
use windows_sys::core::GUID;

/// The data after the structure starts at multiples of this many bytes from the buffer's start.
pub(super) const ALIGNMENT: usize = 8;

/// The layout of a record in a caller's buffer: one structure, followed by the address, the hash
/// and the strings that its pointers point to.
#[derive(Debug)]
pub struct Answer<'a> {
    binding: &'a Binding,
    head: usize,
    /// The data after the structure, from `head` on.
    tail: Vec<u8>,
    address: Option<usize>,
    host: Option<usize>,
    hash: Option<usize>,
    store_name: Option<usize>,
    ctl_identifier: Option<usize>,
    ctl_store_name: Option<usize>,
}

/// A part of the data after the structure.
enum Part<'a> {
    Address(SocketAddr),
    Bytes(&'a [u8]),
    Text(&'a str),
}

impl<'a> Answer<'a> {
    /// Lays out the record of a binding as a C structure.
    #[must_use]
    pub fn new(binding: &'a Binding) -> Self {
        let (key, record) = (binding.key(), binding.record());
        let head = match key {
            BindingKey::IpPort(_) => size_of::<HTTP_SERVICE_CONFIG_SSL_SET>(),
            BindingKey::Sni(_) | BindingKey::ScopedCcs(_) => {
                size_of::<HTTP_SERVICE_CONFIG_SSL_SNI_SET>()
            }
            BindingKey::Ccs(_) => size_of::<HTTP_SERVICE_CONFIG_SSL_CCS_SET>(),
        };
        let head = head.next_multiple_of(ALIGNMENT);
        // Most have room in it.
        let mut tail = Vec::with_capacity(256);
        let mut put = |part: Part<'_>| {
            let offset = head + tail.len();
            match part {
                Part::Address(of) => push_address(&mut tail, of),
                Part::Bytes(bytes) => tail.extend(bytes),
                Part::Text(text) => push_wide(&mut tail, text),
            }
            tail.resize(tail.len().next_multiple_of(ALIGNMENT), 0);
            offset
        };
        let certificate = record.certificate.as_ref();
        let store_name = certificate.and_then(|certificate| certificate.store_name.as_ref());
        let ctl_identifier = record.ctl_identifier.as_ref();
        let ctl_store_name = record.ctl_store_name.as_ref();
        let host = key
            .host()
            .map(|host| binding.host_spelling().unwrap_or(host.as_str()));
        Self {
            address: match key {
                BindingKey::IpPort(endpoint) => Some(put(Part::Address(endpoint.addr()))),
                _ => None,
            },
            host: host.map(|host| put(Part::Text(host))),
            hash: record.hash().map(|hash| put(Part::Bytes(hash.as_bytes()))),
            store_name: store_name.map(|name| put(Part::Text(name.as_str()))),
            ctl_identifier: ctl_identifier.map(|ctl| put(Part::Text(ctl.as_str()))),
            ctl_store_name: ctl_store_name.map(|name| put(Part::Text(name.as_str()))),
            binding,
            head,
            tail,
        }
    }

    /// Sets the number of the address family that an IPv6 address in the record is written with.
    #[must_use]
    pub fn in_family(mut self, family: u16) -> Self {
        if let (BindingKey::IpPort(endpoint), Some(address)) = (self.binding.key(), self.address)
            && endpoint.addr().is_ipv6()
        {
            let at = address - self.head;
            self.tail[at..at + 2].copy_from_slice(&family.to_ne_bytes());
        }
        self
    }

    /// The size of the answer in bytes: the value of `*pReturnLength`.
    #[must_use]
    pub fn size(&self) -> u32 {
        u32::try_from(self.head + self.tail.len()).expect("every string has a limit")
    }

    /// Writes it. Its pointers point into the same buffer, which need not be aligned.
    ///
    /// # Safety
    /// `output` is valid for writes of [`size`](Self::size) bytes.
    pub unsafe fn write(&self, output: *mut c_void) {
        // SAFETY: the caller's guarantee; clears the padding between the fields as well.
        unsafe { output.cast::<u8>().write_bytes(0, self.head) };
        let tail = output.wrapping_byte_add(self.head).cast::<u8>();
        // SAFETY: the caller's guarantee for the data after the head; our bytes do not overlap it.
        unsafe { ptr::copy_nonoverlapping(self.tail.as_ptr(), tail, self.tail.len()) };
        let to = |offset: Option<usize>| {
            offset.map_or(ptr::null_mut(), |offset| output.wrapping_byte_add(offset))
        };
        let any = any_address(self.binding.key().port().get());
        match self.binding.key() {
            BindingKey::IpPort(_) => {
                let mut set = HTTP_SERVICE_CONFIG_SSL_SET::default();
                set.KeyDesc.pIpPort = to(self.address).cast();
                set.ParamDesc = self.param(to);
                let output = output.cast::<HTTP_SERVICE_CONFIG_SSL_SET>();
                // SAFETY: the caller's guarantee for the head, which this is.
                unsafe { output.write_unaligned(set) };
            }
            BindingKey::Sni(_) | BindingKey::ScopedCcs(_) => {
                let mut set = HTTP_SERVICE_CONFIG_SSL_SNI_SET::default();
                set.KeyDesc.IpPort = any;
                set.KeyDesc.Host = to(self.host).cast();
                set.ParamDesc = self.param(to);
                let output = output.cast::<HTTP_SERVICE_CONFIG_SSL_SNI_SET>();
                // SAFETY: the caller's guarantee for the head, which this is.
                unsafe { output.write_unaligned(set) };
            }
            BindingKey::Ccs(_) => {
                let mut set = HTTP_SERVICE_CONFIG_SSL_CCS_SET::default();
                set.KeyDesc.LocalAddress = any;
                set.ParamDesc = self.param(to);
                let output = output.cast::<HTTP_SERVICE_CONFIG_SSL_CCS_SET>();
                // SAFETY: the caller's guarantee for the head, which this is.
                unsafe { output.write_unaligned(set) };
            }
        }
    }

    fn param(&self, to: impl Fn(Option<usize>) -> *mut c_void) -> HTTP_SERVICE_CONFIG_SSL_PARAM {
        let record = self.binding.record();
        let (data1, data2, data3, data4) = record.app_id.as_fields();
        let hash_length = record.hash().map_or(0, |hash| hash.as_bytes().len());
        HTTP_SERVICE_CONFIG_SSL_PARAM {
            SslHashLength: u32::try_from(hash_length).expect("a hash has 20 bytes"),
            pSslHash: to(self.hash),
            AppId: GUID {
                data1,
                data2,
                data3,
                data4: *data4,
            },
            pSslCertStoreName: to(self.store_name).cast(),
            DefaultCertCheckMode: record.check_mode.bits(),
            DefaultRevocationFreshnessTime: record.revocation_freshness_time,
            DefaultRevocationUrlRetrievalTimeout: record.url_retrieval_timeout,
            pDefaultSslCtlIdentifier: to(self.ctl_identifier).cast(),
            pDefaultSslCtlStoreName: to(self.ctl_store_name).cast(),
            DefaultFlags: record.flags.bits(),
        }
    }
}

/// `0.0.0.0` at a port, as keys without an address of their own have it.
fn any_address(port: u16) -> SOCKADDR_STORAGE {
    let mut storage = SOCKADDR_STORAGE {
        ss_family: AF_INET,
        ..SOCKADDR_STORAGE::default()
    };
    let [high, low] = port.to_be_bytes().map(u8::cast_signed);
    storage.__ss_pad1[0] = high;
    storage.__ss_pad1[1] = low;
    storage
}

/// That address of a key that has none of its own.
pub(super) fn any(port: Port) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::UNSPECIFIED, port.get()))
}

/// The bytes of a `SOCKADDR_IN` or `SOCKADDR_IN6`.
pub(super) fn address(address: SocketAddr) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(28);
    push_address(&mut bytes, address);
    bytes
}

fn push_address(bytes: &mut Vec<u8>, address: SocketAddr) {
    match address {
        SocketAddr::V4(v4) => {
            bytes.extend(AF_INET.to_ne_bytes());
            bytes.extend(v4.port().to_be_bytes());
            bytes.extend(v4.ip().octets());
            bytes.extend([0; 8]);
        }
        SocketAddr::V6(v6) => {
            bytes.extend(AF_INET6.to_ne_bytes());
            bytes.extend(v6.port().to_be_bytes());
            bytes.extend(v6.flowinfo().to_ne_bytes());
            bytes.extend(v6.ip().octets());
            bytes.extend(v6.scope_id().to_ne_bytes());
        }
    }
}

/// UTF-16 with a closing NUL.
pub(super) fn wide(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    push_wide(&mut bytes, text);
    bytes
}

fn push_wide(bytes: &mut Vec<u8>, text: &str) {
    // No text has more units than bytes.
    bytes.reserve(2 * (text.len() + 1));
    for unit in text.encode_utf16().chain([0]) {
        bytes.extend(unit.to_ne_bytes());
    }
}
