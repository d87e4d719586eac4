//! What stands where in etcd.
//!
//! ```text
//! /certbind/v1/HOST/ KEY       a binding: the key's and the value's bytes of certbind_core::codec
//! /certbind/v1/.hosts/HOST     the host's head: 01, and the id (16 bytes) of its last batch
//! ```
//!
//! The revision in which a head was last written is that of the host. No host's name begins with a
//! dot.

use std::ops::Bound;

use certbind_core::codec::{
    CodecError, decode_binding, decode_key, encode_binding, encode_key, kind_prefix,
};
use certbind_core::{Binding, BindingKey, Result, Scan, StoreError};
use uuid::Uuid;

use crate::host::HostName;
use crate::rpc::KeyValue;

/// In front of every key.
pub(crate) const ROOT: &str = "/certbind/v1/";

/// In front of every head.
pub(crate) const HEADS: &str = "/certbind/v1/.hosts/";

/// The format of heads that is written.
const HEAD_FORMAT: u8 = 1;

/// The place of one host.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    prefix: String,
    head: String,
}

impl Place {
    pub(crate) fn of(host: &HostName) -> Self {
        Self {
            prefix: format!("{ROOT}{host}/"),
            head: format!("{HEADS}{host}"),
        }
    }

    /// What stands in front of the keys of its bindings.
    pub(crate) fn prefix(&self) -> &str {
        &self.prefix
    }

    /// The key of its head.
    pub(crate) fn head(&self) -> Vec<u8> {
        self.head.clone().into_bytes()
    }

    /// The key of a binding.
    pub(crate) fn key(&self, key: &BindingKey) -> Vec<u8> {
        self.with(&encode_key(key))
    }

    fn with(&self, bytes: &[u8]) -> Vec<u8> {
        [self.prefix.as_bytes(), bytes].concat()
    }

    /// The binding that stands there.
    pub(crate) fn binding(&self, found: &KeyValue) -> Result<Binding> {
        let decoded = decode_binding(self.binding_key(&found.key)?, &found.value);
        decoded.map_err(|error| corrupt(&found.key, &error))
    }

    /// The key of the binding that stands there.
    pub(crate) fn binding_key(&self, key: &[u8]) -> Result<BindingKey> {
        let bytes = key.strip_prefix(self.prefix.as_bytes());
        let decoded = bytes
            .ok_or_else(|| CodecError::Malformed("it is another host's".to_owned()))
            .and_then(decode_key);
        decoded.map_err(|error| corrupt(key, &error))
    }

    /// The keys that a scan asks for: from the first on, before the second. None: nothing.
    pub(crate) fn range(&self, scan: &Scan) -> Option<(Vec<u8>, Vec<u8>)> {
        if scan.is_empty() {
            return None;
        }
        // Kinds are numbered from 1 on.
        let (first, last) = match scan.kind().map(kind_prefix) {
            Some(kind) => (self.with(&[kind]), self.with(&[kind + 1])),
            None => (self.with(&[]), prefix_end(self.prefix.as_bytes())),
        };
        let behind = |key: &BindingKey| [self.key(key), vec![0]].concat();
        let (start, end) = scan.bounds();
        let start = match start {
            Bound::Included(key) => first.max(self.key(key)),
            Bound::Excluded(key) => first.max(behind(key)),
            Bound::Unbounded => first,
        };
        let end = match end {
            Bound::Included(key) => last.min(behind(key)),
            Bound::Excluded(key) => last.min(self.key(key)),
            Bound::Unbounded => last,
        };
        (start < end).then_some((start, end))
    }
}

/// Whose binding stands there.
pub(crate) fn host_of(key: &[u8]) -> Result<HostName> {
    let rest = key.strip_prefix(ROOT.as_bytes()).unwrap_or_default();
    let name = rest.split(|byte| *byte == b'/').next();
    host(key, name.unwrap_or_default())
}

/// Whose head stands there.
pub(crate) fn host_of_head(key: &[u8]) -> Result<HostName> {
    let name = key.strip_prefix(HEADS.as_bytes());
    host(key, name.unwrap_or_default())
}

fn host(key: &[u8], name: &[u8]) -> Result<HostName> {
    let name = String::from_utf8_lossy(name);
    match HostName::new(&name) {
        Ok(host) if host.as_str() == name => Ok(host),
        _ => {
            let what = "no host has this name".to_owned();
            Err(corrupt(key, &CodecError::Malformed(what)))
        }
    }
}

/// The bytes of a binding.
pub(crate) fn value(binding: &Binding) -> Vec<u8> {
    encode_binding(binding)
}

/// The first key behind all with this prefix, which ends in a byte that is not the last one.
pub(crate) fn prefix_end(prefix: &[u8]) -> Vec<u8> {
    let mut end = prefix.to_vec();
    if let Some(last) = end.last_mut() {
        *last += 1;
    }
    end
}

/// What a host's head says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Head {
    /// The revision in which it was written; 0: there is none.
    pub(crate) revision: i64,
    /// The id of the batch that wrote it.
    pub(crate) batch: Uuid,
}

impl Head {
    /// The value of a head that this batch writes.
    pub(crate) fn value(batch: Uuid) -> Vec<u8> {
        [&[HEAD_FORMAT], batch.as_bytes().as_slice()].concat()
    }

    pub(crate) fn read(found: Option<&KeyValue>) -> Result<Self> {
        let Some(found) = found else {
            return Ok(Self::default());
        };
        let malformed = || CodecError::Malformed("no head of a host has this form".to_owned());
        let batch = match found.value.split_first() {
            Some((&HEAD_FORMAT, id)) => Uuid::from_slice(id).map_err(|_| malformed()),
            Some((&newer, _)) if newer > HEAD_FORMAT => {
                return Err(StoreError::NewerFormat {
                    path: readable(&found.key).into(),
                    found: newer.into(),
                    supported: HEAD_FORMAT.into(),
                });
            }
            _ => Err(malformed()),
        };
        Ok(Self {
            revision: found.mod_revision,
            batch: batch.map_err(|error| corrupt(&found.key, &error))?,
        })
    }
}

pub(crate) fn corrupt(key: &[u8], error: &CodecError) -> StoreError {
    StoreError::corrupt(readable(key), error.clone())
}

/// A key of etcd, for people: the text of its place, and the binding's key or its bytes.
fn readable(key: &[u8]) -> String {
    let slash = key
        .iter()
        .rposition(|byte| *byte == b'/')
        .map_or(0, |i| i + 1);
    // An address may have the byte of a slash in it: the place ends at the slash behind the host.
    let host = key.strip_prefix(ROOT.as_bytes()).unwrap_or_default();
    let end = host.iter().position(|byte| *byte == b'/');
    let slash = end.map_or(slash, |i| ROOT.len() + i + 1);
    let (place, bytes) = key.split_at(slash);
    match decode_key(bytes) {
        Ok(key) => format!("etcd:{}{key}", place.escape_ascii()),
        Err(_) => format!("etcd:{}{}", place.escape_ascii(), bytes.escape_ascii()),
    }
}

#[cfg(test)]
mod tests {
    use certbind_core::Kind;

    use super::*;

    fn place() -> Place {
        Place::of(&HostName::new("web01").unwrap())
    }

    fn key(text: &str) -> BindingKey {
        text.parse().unwrap()
    }

    #[test]
    fn a_range_has_the_keys_of_its_scan_alone() {
        let keys = [
            "0.0.0.0:443",
            "47.47.47.47:12079",
            "[::]:443",
            "hostnameport=www.contoso.com:443",
            "ccs=443",
            "scopedccs=a.contoso.com:443",
        ]
        .map(key);
        let scans = [
            Scan::all(),
            Scan::all().of_kind(Kind::Sni),
            Scan::all().of_kind(Kind::ScopedCcs),
            Scan::range(keys[1].clone()..=keys[3].clone()),
            Scan::range(keys[1].clone()..keys[3].clone()),
            Scan::all().after(keys[2].clone()),
            Scan::range(keys[2].clone()..).of_kind(Kind::IpPort),
            Scan::range(..keys[0].clone()).of_kind(Kind::Ccs),
        ];
        for scan in &scans {
            for key in &keys {
                let bytes = place().key(key);
                let within = place()
                    .range(scan)
                    .is_some_and(|(start, end)| start <= bytes && bytes < end);
                assert_eq!(within, scan.contains(key), "{key} in {scan:?}");
            }
            let other = Place::of(&HostName::new("web01.contoso.com").unwrap());
            if let Some((start, end)) = place().range(scan) {
                let foreign = other.key(&keys[3]);
                assert!(foreign < start || end <= foreign, "{scan:?}");
                assert!(place().head() < start || end <= place().head(), "{scan:?}");
            }
        }
    }

    #[test]
    fn a_damaged_key_is_named_as_people_write_it() {
        let bytes = place().key(&key("47.47.47.47:12079"));
        assert_eq!(
            readable(&bytes),
            "etcd:/certbind/v1/web01/ipport=47.47.47.47:12079"
        );
        assert_eq!(
            readable(b"/certbind/v1/web01/\x09\x1b[2J"),
            r"etcd:/certbind/v1/web01/\t\x1b[2J"
        );
    }

    #[test]
    fn a_newer_head_is_refused_by_its_format() {
        let head = |value: &[u8]| {
            Head::read(Some(&KeyValue {
                key: place().head(),
                mod_revision: 7,
                value: value.to_vec(),
            }))
        };
        let id = Uuid::from_bytes([3; 16]);
        let read = head(&Head::value(id)).unwrap();
        assert_eq!((read.revision, read.batch), (7, id));
        assert!(matches!(
            head(&[2, 0]),
            Err(StoreError::NewerFormat { found: 2, .. })
        ));
        for value in [&[][..], &[1], &[0, 1], &[1; 16], &[1; 18]] {
            assert!(
                matches!(head(value), Err(StoreError::Corrupt { .. })),
                "{value:?}"
            );
        }
    }
}
