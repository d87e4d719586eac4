//! One answer to a query of a record, down to its bytes.

use std::cell::Cell;
use std::mem::{offset_of, size_of};

use certbind_core::{Binding, Kind};
use certbind_httpapi_abi::HttpApi;
use certbind_httpapi_abi::client::{Query, read_record, with_query};
use windows_sys::Win32::Networking::HttpServer::{
    HTTP_SERVICE_CONFIG_SSL_CCS_KEY as CcsKey, HTTP_SERVICE_CONFIG_SSL_CCS_SET as CcsSet,
    HTTP_SERVICE_CONFIG_SSL_PARAM as Param, HTTP_SERVICE_CONFIG_SSL_SET as SslSet,
    HTTP_SERVICE_CONFIG_SSL_SNI_KEY as SniKey, HTTP_SERVICE_CONFIG_SSL_SNI_SET as SniSet,
};

use super::Doctor;
use crate::session::Answer;

/// The length that no call answers.
pub(super) const UNTOUCHED: u32 = 0x0BAD_0BAD;

const AF_INET: u16 = 2;
const AF_INET6: u16 = 23;

/// The observations about the bytes of an answer.
#[derive(Debug)]
pub(super) struct Record {
    pub(super) binding: Result<Binding, String>,
    /// A success without a record.
    pub(super) is_blank: bool,
    pub(super) pointers: Option<&'static str>,
    /// The address of a key that has none of its own.
    pub(super) address: Option<String>,
    pub(super) has_flow_label: bool,
    /// Whether the name of the certificate store is an empty text.
    pub(super) has_empty_store: bool,
    /// Whether there are bytes after the last text.
    pub(super) has_junk: bool,
}

impl<A: HttpApi> Doctor<A> {
    /// The answer to a query, with a buffer of the size that it requests.
    pub(super) fn record(&self, kind: Kind, query: Query<'_>) -> Answer<Record> {
        let printed = Cell::new(UNTOUCHED);
        let ask = |buffer: &mut [u64]| {
            let (code, length) = with_query(query, |request| {
                self.session.query_once(request, buffer, UNTOUCHED)
            });
            printed.set(length);
            let needed = if length == UNTOUCHED { 0 } else { length };
            (code, needed)
        };
        let read = |bytes: &[u8]| Ok(Record::read(kind, bytes, printed.get()));
        self.session.query(ask, read)
    }

    pub(super) fn nth(&self, kind: Kind, token: u32) -> Answer<Record> {
        self.record(kind, Query::Next { kind, token })
    }

    /// The code of a query with a buffer of this many bytes, and the returned length.
    pub(super) fn with_room(&self, query: Query<'_>, room: usize) -> (u32, u32) {
        let mut buffer = vec![0; room.div_ceil(size_of::<u64>())];
        with_query(query, |request| {
            self.session.query_once(request, &mut buffer, UNTOUCHED)
        })
    }
}

impl Record {
    fn read(kind: Kind, bytes: &[u8], printed: u32) -> Self {
        let binding = read_record(kind, bytes).map_err(|error| error.to_string());
        let (param, key_pointer, address) = match kind {
            Kind::IpPort => (
                offset_of!(SslSet, ParamDesc),
                Some(offset_of!(SslSet, KeyDesc.pIpPort)),
                None,
            ),
            Kind::Sni | Kind::ScopedCcs => (
                offset_of!(SniSet, ParamDesc),
                Some(offset_of!(SniSet, KeyDesc) + offset_of!(SniKey, Host)),
                Some(offset_of!(SniSet, KeyDesc) + offset_of!(SniKey, IpPort)),
            ),
            Kind::Ccs => (
                offset_of!(CcsSet, ParamDesc),
                None,
                Some(offset_of!(CcsSet, KeyDesc) + offset_of!(CcsKey, LocalAddress)),
            ),
        };
        let bytes = Bytes(bytes);
        let store = param + offset_of!(Param, pSslCertStoreName);
        let texts = [
            Some(store),
            Some(param + offset_of!(Param, pDefaultSslCtlIdentifier)),
            Some(param + offset_of!(Param, pDefaultSslCtlStoreName)),
            key_pointer.filter(|_| kind != Kind::IpPort),
        ];
        let texts = texts.into_iter().flatten();
        let ends = texts.filter_map(|text| bytes.text_end(bytes.target(text)?));
        let hash = bytes.target(param + offset_of!(Param, pSslHash));
        let hash = hash.map(|at| at + 20);
        let key = key_pointer.and_then(|key| bytes.target(key));
        let key_end = key.filter(|_| kind == Kind::IpPort).map(|at| at + 28);
        let end = ends.chain(hash).chain(key_end).max();
        let printed = usize::try_from(printed).unwrap_or(usize::MAX);
        let after = end.map(|end| end.next_multiple_of(8).min(bytes.0.len()));
        let after = after.map(|end| &bytes.0[end..printed.clamp(end, bytes.0.len())]);
        Self {
            binding,
            is_blank: bytes.0.iter().all(|byte| *byte == 0),
            pointers: key_pointer.and_then(|key| match bytes.word(key)? {
                0 => None,
                word if word < bytes.0.len() => Some("relative"),
                _ => bytes.target(key).map(|_| "absolute"),
            }),
            address: address.and_then(|at| bytes.address(at)),
            has_flow_label: key_end.is_some()
                && key.is_some_and(|at| {
                    bytes.short(at) == Some(AF_INET6)
                        && bytes.get(at + 4, 4).is_some_and(|label| label != [0; 4])
                }),
            has_empty_store: bytes
                .target(store)
                .is_some_and(|at| bytes.short(at) == Some(0)),
            has_junk: after.is_some_and(|after| after.iter().any(|byte| *byte != 0)),
        }
    }
}

struct Bytes<'a>(&'a [u8]);

impl Bytes<'_> {
    fn get(&self, at: usize, length: usize) -> Option<&[u8]> {
        self.0.get(at..at.checked_add(length)?)
    }

    fn short(&self, at: usize) -> Option<u16> {
        let bytes = self.get(at, 2)?;
        Some(u16::from_ne_bytes([bytes[0], bytes[1]]))
    }

    fn word(&self, at: usize) -> Option<usize> {
        let bytes = self.get(at, size_of::<usize>())?;
        Some(usize::from_ne_bytes(bytes.try_into().ok()?))
    }

    /// The offset in the buffer that a pointer points to.
    fn target(&self, pointer: usize) -> Option<usize> {
        let at = self.word(pointer)?.checked_sub(self.0.as_ptr().addr())?;
        (at < self.0.len()).then_some(at)
    }

    fn text_end(&self, at: usize) -> Option<usize> {
        let units = self.0.get(at..)?.chunks_exact(2);
        let length = units.take_while(|unit| **unit != [0, 0]).count();
        Some(at + 2 * (length + 1))
    }

    fn address(&self, at: usize) -> Option<String> {
        match self.short(at)? {
            AF_INET => {
                let octets: [u8; 4] = self.get(at + 4, 4)?.try_into().ok()?;
                Some(std::net::Ipv4Addr::from(octets).to_string())
            }
            AF_INET6 => {
                let octets: [u8; 16] = self.get(at + 8, 16)?.try_into().ok()?;
                Some(std::net::Ipv6Addr::from(octets).to_string())
            }
            family => Some(format!("family {family}")),
        }
    }
}
