//! Bindings as bytes: one format byte, bincode, a check sum. bincode is named here and in `extended`
//! alone.

use bincode::config;
use bincode::{BorrowDecode, Encode};
use uuid::Uuid;

use super::extended::Extended;
use super::key::{KeyBytes, append_key};
use super::{CodecError, malformed};
use crate::binding::{Binding, Certificate, Record};
use crate::extended::ExtendedProperties;
use crate::hash::CertHash;
use crate::key::BindingKey;
use crate::options::{CertCheckMode, SslFlags};
use crate::text::{CtlIdentifier, StoreName};

/// The newest format. It is written for records that have extended properties; others are written
/// in format 1, which knows none.
pub const VALUE_FORMAT: u8 = 2;

/// The format of records without extended properties.
const PLAIN: u8 = 1;

/// No value is longer.
const LIMIT: usize = 256 * 1024;

/// Most values are shorter.
const USUAL: usize = 96;

const CHECK_SUM: usize = 4;

/// The fields of format 1, in order. Texts are borrowed: what a damaged value claims for its length
/// allocates nothing.
#[derive(Encode, BorrowDecode)]
struct Format1<'a> {
    host_spelling: Option<&'a str>,
    certificate: Option<([u8; CertHash::LENGTH], Option<&'a str>)>,
    app_id: [u8; 16],
    check_mode: u32,
    revocation_freshness_time: u32,
    url_retrieval_timeout: u32,
    ctl_identifier: Option<&'a str>,
    ctl_store_name: Option<&'a str>,
    flags: u32,
}

/// Format 2: the fields of format 1, and the extended properties behind them, one at least.
type Format2<'a> = (Format1<'a>, Extended<'a>);

/// The bytes of a binding, without its key.
#[must_use]
pub fn encode_binding(binding: &Binding) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(USUAL);
    append_fields(binding, &mut bytes);
    let sum = check_sum(&KeyBytes::of(binding.key()), &bytes);
    bytes.extend(sum);
    bytes
}

/// Puts the bytes of a binding's key, and then of the binding, behind others. Gives the place where
/// the key ends.
pub fn append_entry(binding: &Binding, bytes: &mut Vec<u8>) -> usize {
    let start = bytes.len();
    append_key(binding.key(), bytes);
    let key_end = bytes.len();
    append_fields(binding, bytes);
    let sum = check_sum(&bytes[start..key_end], &bytes[key_end..]);
    bytes.extend(sum);
    key_end
}

fn append_fields(binding: &Binding, bytes: &mut Vec<u8>) {
    let record = binding.record();
    let fields = Format1 {
        host_spelling: binding.host_spelling(),
        certificate: record.certificate.as_ref().map(|certificate| {
            let store_name = certificate.store_name.as_ref();
            (
                *certificate.hash.as_bytes(),
                store_name.map(StoreName::as_str),
            )
        }),
        app_id: record.app_id.into_bytes(),
        check_mode: record.check_mode.bits(),
        revocation_freshness_time: record.revocation_freshness_time,
        url_retrieval_timeout: record.url_retrieval_timeout,
        ctl_identifier: record.ctl_identifier.as_ref().map(CtlIdentifier::as_str),
        ctl_store_name: record.ctl_store_name.as_ref().map(StoreName::as_str),
        flags: record.flags.bits(),
    };
    let written = if record.extended.is_empty() {
        bytes.push(PLAIN);
        bincode::encode_into_std_write(fields, bytes, config::standard())
    } else {
        bytes.push(VALUE_FORMAT);
        let fields: Format2<'_> = (fields, Extended::of(&record.extended));
        bincode::encode_into_std_write(fields, bytes, config::standard())
    };
    written.expect("every field has a form in bincode, and a Vec takes all");
}

/// The binding of `key` with these bytes.
///
/// # Errors
/// [`CodecError`] for bytes that [`encode_binding`] did not make for this key.
pub fn decode_binding(key: BindingKey, bytes: &[u8]) -> Result<Binding, CodecError> {
    let key_bytes = KeyBytes::of(&key);
    decode_at(key, &key_bytes, bytes)
}

/// As [`decode_binding`], for who has the key's bytes at hand: those that [`KeyBytes::of`] gives.
///
/// # Errors
/// [`CodecError`] for bytes that [`encode_binding`] did not make for a key with those bytes.
pub fn decode_at(key: BindingKey, key_bytes: &[u8], bytes: &[u8]) -> Result<Binding, CodecError> {
    debug_assert_eq!(*KeyBytes::of(&key), *key_bytes);
    let format = match bytes.first() {
        Some(&format @ (PLAIN | VALUE_FORMAT)) => format,
        Some(&found) if found > VALUE_FORMAT => return Err(CodecError::NewerFormat { found }),
        _ => return Err(malformed("the value has no format byte")),
    };
    let (body, sum) = bytes
        .split_last_chunk::<CHECK_SUM>()
        .ok_or_else(|| malformed("the value is cut short"))?;
    if check_sum(key_bytes, body) != *sum {
        return Err(CodecError::CheckSum);
    }
    let fields = body.get(1..).unwrap_or_default();
    if format == PLAIN {
        let found: Format1<'_> = whole(fields)?;
        return found.into_binding(key, ExtendedProperties::default());
    }
    let (found, extended): Format2<'_> = whole(fields)?;
    found.into_binding(key, extended.into_properties()?)
}

/// All of these bytes as fields.
fn whole<'a, T: BorrowDecode<'a, ()>>(fields: &'a [u8]) -> Result<T, CodecError> {
    let config = config::standard().with_limit::<LIMIT>();
    let (found, read) = bincode::borrow_decode_from_slice(fields, config).map_err(malformed)?;
    if read != fields.len() {
        return Err(malformed("there are bytes behind the value's end"));
    }
    Ok(found)
}

impl Format1<'_> {
    fn into_binding(
        self,
        key: BindingKey,
        extended: ExtendedProperties,
    ) -> Result<Binding, CodecError> {
        let store_name =
            |name: Option<&str>| name.map(StoreName::new).transpose().map_err(malformed);
        let certificate = match self.certificate {
            Some((hash, name)) => Some(Certificate {
                hash: CertHash::new(hash),
                store_name: store_name(name)?,
            }),
            None => None,
        };
        let ctl = self.ctl_identifier.map(CtlIdentifier::new);
        let record = Record {
            certificate,
            app_id: Uuid::from_bytes(self.app_id),
            check_mode: CertCheckMode::from_bits_retain(self.check_mode),
            revocation_freshness_time: self.revocation_freshness_time,
            url_retrieval_timeout: self.url_retrieval_timeout,
            ctl_identifier: ctl.transpose().map_err(malformed)?,
            ctl_store_name: store_name(self.ctl_store_name)?,
            flags: SslFlags::from_bits_retain(self.flags),
            extended,
        };
        let binding = Binding::new(key, record).map_err(malformed)?;
        match self.host_spelling {
            Some(host) => binding.with_host_spelling(host).map_err(malformed),
            None => Ok(binding),
        }
    }
}

/// CRC-32 (IEEE) of the key's bytes and the value's, so that a value under another key is noticed.
fn check_sum(key: &[u8], body: &[u8]) -> [u8; CHECK_SUM] {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(key);
    hasher.update(body);
    hasher.finalize().to_le_bytes()
}
