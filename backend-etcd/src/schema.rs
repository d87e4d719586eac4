//! The key schema in etcd.
//!
//! ```text
//! /certbind/v1/HOST/ KEY       a binding: the key's and the value's bytes of certbind_core::codec
//! /certbind/v1/.hosts/HOST     the host record: 01, and the id (16 bytes) of the host's last batch
//! ```
//!
//! The revision of a host is the one in which its host record was last written. No host's name
//! begins with a dot.

use certbind_core::codec::{
    CodecError, decode_binding, decode_key, encode_binding, encode_key, scan_range,
};
use certbind_core::{Binding, BindingKey, Result, Scan, StoreError};
use uuid::Uuid;

use crate::host::HostName;
use crate::rpc::KeyValue;

/// The prefix of every key.
pub(crate) const ROOT: &str = "/certbind/v1/";

/// The prefix of every host record.
pub(crate) const RECORDS: &str = "/certbind/v1/.hosts/";

/// The format of host records that is written.
const RECORD_FORMAT: u8 = 1;

/// The keys of one host.
#[derive(Clone, Debug)]
pub(crate) struct HostKeys {
    prefix: String,
    record: String,
}

impl HostKeys {
    pub(crate) fn of(host: &HostName) -> Self {
        Self {
            prefix: format!("{ROOT}{host}/"),
            record: format!("{RECORDS}{host}"),
        }
    }

    /// The prefix of the keys of its bindings.
    pub(crate) fn prefix(&self) -> &str {
        &self.prefix
    }

    /// The key of its host record.
    pub(crate) fn record(&self) -> Vec<u8> {
        self.record.clone().into_bytes()
    }

    /// The key of a binding.
    pub(crate) fn key(&self, key: &BindingKey) -> Vec<u8> {
        self.with(&encode_key(key))
    }

    fn with(&self, bytes: &[u8]) -> Vec<u8> {
        [self.prefix.as_bytes(), bytes].concat()
    }

    /// The binding of a key and its value.
    pub(crate) fn binding(&self, found: &KeyValue) -> Result<Binding> {
        let decoded = decode_binding(self.binding_key(&found.key)?, &found.value);
        decoded.map_err(|error| corrupt(&found.key, &error))
    }

    /// The binding key that an etcd key represents.
    pub(crate) fn binding_key(&self, key: &[u8]) -> Result<BindingKey> {
        let bytes = key.strip_prefix(self.prefix.as_bytes());
        let decoded = bytes
            .ok_or_else(|| CodecError::Malformed("it belongs to another host".to_owned()))
            .and_then(decode_key);
        decoded.map_err(|error| corrupt(key, &error))
    }

    /// The keys that a scan selects: the first, and the first after them. `None` if there are none.
    pub(crate) fn range(&self, scan: &Scan) -> Option<(Vec<u8>, Vec<u8>)> {
        let range = scan_range(scan)?;
        let end = match range.end {
            Some(end) => self.with(&end),
            None => prefix_end(self.prefix.as_bytes()),
        };
        Some((self.with(&range.start), end))
    }
}

/// The host whose binding has this key.
pub(crate) fn host_of(key: &[u8]) -> Result<HostName> {
    let rest = key.strip_prefix(ROOT.as_bytes()).unwrap_or_default();
    let name = rest.split(|byte| *byte == b'/').next();
    host(key, name.unwrap_or_default())
}

/// The host whose record has this key.
pub(crate) fn host_of_record(key: &[u8]) -> Result<HostName> {
    let name = key.strip_prefix(RECORDS.as_bytes());
    host(key, name.unwrap_or_default())
}

fn host(key: &[u8], name: &[u8]) -> Result<HostName> {
    let name = String::from_utf8_lossy(name);
    match HostName::new(&name) {
        Ok(host) if host.as_str() == name => Ok(host),
        _ => {
            let what = "not the name of a host".to_owned();
            Err(corrupt(key, &CodecError::Malformed(what)))
        }
    }
}

/// The bytes of a binding.
pub(crate) fn value(binding: &Binding) -> Vec<u8> {
    encode_binding(binding)
}

/// The end of the range of all keys with this prefix. The prefix must not end in `0xff`.
pub(crate) fn prefix_end(prefix: &[u8]) -> Vec<u8> {
    let mut end = prefix.to_vec();
    if let Some(last) = end.last_mut() {
        *last += 1;
    }
    end
}

/// A host record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct HostRecord {
    /// The revision in which it was written; 0: there is none.
    pub(crate) revision: i64,
    /// The id of the batch that wrote it.
    pub(crate) batch: Uuid,
}

impl HostRecord {
    /// The value of the record that this batch writes.
    pub(crate) fn value(batch: Uuid) -> Vec<u8> {
        [&[RECORD_FORMAT], batch.as_bytes().as_slice()].concat()
    }

    pub(crate) fn read(found: Option<&KeyValue>) -> Result<Self> {
        let Some(found) = found else {
            return Ok(Self::default());
        };
        let malformed = || CodecError::Malformed("not a host record".to_owned());
        let batch = match found.value.split_first() {
            Some((&RECORD_FORMAT, id)) => Uuid::from_slice(id).map_err(|_| malformed()),
            Some((&newer, _)) if newer > RECORD_FORMAT => {
                return Err(StoreError::NewerFormat {
                    path: readable(&found.key).into(),
                    found: newer.into(),
                    supported: RECORD_FORMAT.into(),
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

/// A key of etcd for messages: its prefix as text, and the binding key or its bytes.
fn readable(key: &[u8]) -> String {
    let slash = key
        .iter()
        .rposition(|byte| *byte == b'/')
        .map_or(0, |i| i + 1);
    // An address may contain the byte of a slash: the prefix ends at the slash after the host.
    let host = key.strip_prefix(ROOT.as_bytes()).unwrap_or_default();
    let end = host.iter().position(|byte| *byte == b'/');
    let slash = end.map_or(slash, |i| ROOT.len() + i + 1);
    let (prefix, bytes) = key.split_at(slash);
    match decode_key(bytes) {
        Ok(key) => format!("etcd:{}{key}", prefix.escape_ascii()),
        Err(_) => format!("etcd:{}{}", prefix.escape_ascii(), bytes.escape_ascii()),
    }
}

#[cfg(test)]
mod tests {
    use certbind_core::Kind;

    use super::*;

    fn keys_of_web01() -> HostKeys {
        HostKeys::of(&HostName::new("web01").unwrap())
    }

    fn key(text: &str) -> BindingKey {
        text.parse().unwrap()
    }

    #[test]
    fn ranges_match_scans() {
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
                let bytes = keys_of_web01().key(key);
                let within = keys_of_web01()
                    .range(scan)
                    .is_some_and(|(start, end)| start <= bytes && bytes < end);
                assert_eq!(within, scan.contains(key), "{key} in {scan:?}");
            }
            let other = HostKeys::of(&HostName::new("web01.contoso.com").unwrap());
            if let Some((start, end)) = keys_of_web01().range(scan) {
                let foreign = other.key(&keys[3]);
                assert!(foreign < start || end <= foreign, "{scan:?}");
                assert!(
                    keys_of_web01().record() < start || end <= keys_of_web01().record(),
                    "{scan:?}"
                );
            }
        }
    }

    #[test]
    fn damaged_keys_are_readable() {
        let bytes = keys_of_web01().key(&key("47.47.47.47:12079"));
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
    fn newer_host_records_are_refused() {
        let record = |value: &[u8]| {
            HostRecord::read(Some(&KeyValue {
                key: keys_of_web01().record(),
                mod_revision: 7,
                value: value.to_vec(),
            }))
        };
        let id = Uuid::from_bytes([3; 16]);
        let read = record(&HostRecord::value(id)).unwrap();
        assert_eq!((read.revision, read.batch), (7, id));
        assert!(matches!(
            record(&[2, 0]),
            Err(StoreError::NewerFormat { found: 2, .. })
        ));
        for value in [&[][..], &[1], &[0, 1], &[1; 16], &[1; 18]] {
            assert!(
                matches!(record(value), Err(StoreError::Corrupt { .. })),
                "{value:?}"
            );
        }
    }
}
