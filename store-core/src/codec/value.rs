//! Bindings as bytes: one format byte, bincode, a checksum. Only this module and `extended` use
//! bincode.

use bincode::config;
use bincode::enc::write::Writer;
use bincode::error::EncodeError;
use bincode::{BorrowDecode, Encode};
use uuid::Uuid;

use super::error::{CodecError, invalid_binding, invalid_text, malformed};
use super::extended::Extended;
use super::key::{KeyBytes, append_key};
use super::value_format::{PLAIN, VALUE_FORMAT};
use crate::binding::{Binding, Certificate, Record};
use crate::extended::ExtendedProperties;
use crate::flags::{CertCheckMode, SslFlags};
use crate::hash::CertHash;
use crate::key::BindingKey;
use crate::names::{CtlIdentifier, StoreName};

/// The maximum length of a value in bytes.
const LIMIT: usize = 256 * 1024;

/// The length of most values in bytes, or more.
const USUAL: usize = 96;

const CHECKSUM: usize = 4;

/// The fields of format 1, in order. Texts are borrowed, so that an invalid length in a damaged
/// value allocates nothing.
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

/// Format 2: the fields of format 1, followed by at least one extended property.
type Format2<'a> = (Format1<'a>, Extended<'a>);

/// Encodes a binding without its key.
#[must_use]
pub fn encode_binding(binding: &Binding) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(USUAL);
    append_fields(binding, &mut bytes);
    let sum = checksum(&KeyBytes::of(binding.key()), &bytes);
    bytes.extend(sum);
    bytes
}

/// Appends an encoded key and its encoded binding to `bytes`. Returns the index where the key ends.
pub fn append_entry(binding: &Binding, bytes: &mut Vec<u8>) -> usize {
    let start = bytes.len();
    append_key(binding.key(), bytes);
    let key_end = bytes.len();
    append_fields(binding, bytes);
    let sum = checksum(&bytes[start..key_end], &bytes[key_end..]);
    bytes.extend(sum);
    key_end
}

/// Appends encoded fields. bincode's own writer of a `Vec` takes twice as many instructions.
struct Appender<'a>(&'a mut Vec<u8>);

impl Writer for Appender<'_> {
    fn write(&mut self, bytes: &[u8]) -> Result<(), EncodeError> {
        self.0.extend_from_slice(bytes);
        Ok(())
    }
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
        bincode::encode_into_writer(fields, Appender(bytes), config::standard())
    } else {
        bytes.push(VALUE_FORMAT);
        let fields: Format2<'_> = (fields, Extended::of(&record.extended));
        bincode::encode_into_writer(fields, Appender(bytes), config::standard())
    };
    written.expect("every field has an encoding in bincode, and writing to a Vec cannot fail");
}

/// Decodes the binding of `key`.
///
/// # Errors
/// [`CodecError`] for bytes that [`encode_binding`] did not produce for this key.
pub fn decode_binding(key: BindingKey, bytes: &[u8]) -> Result<Binding, CodecError> {
    let key_bytes = KeyBytes::of(&key);
    decode_with_key_bytes(key, &key_bytes, bytes)
}

/// Decodes the binding of `key`, whose encoded form is `key_bytes`. Faster than [`decode_binding`] for
/// callers that have both.
///
/// # Errors
/// [`CodecError`] for bytes that [`encode_binding`] did not produce for this key.
pub fn decode_with_key_bytes(
    key: BindingKey,
    key_bytes: &[u8],
    bytes: &[u8],
) -> Result<Binding, CodecError> {
    debug_assert_eq!(*KeyBytes::of(&key), *key_bytes);
    let format = match bytes.first() {
        Some(&format @ (PLAIN | VALUE_FORMAT)) => format,
        Some(&found) if found > VALUE_FORMAT => return Err(CodecError::NewerFormat { found }),
        _ => return Err(malformed("the value has no format byte")),
    };
    let (body, sum) = bytes
        .split_last_chunk::<CHECKSUM>()
        .ok_or_else(|| malformed("the value is truncated"))?;
    if checksum(key_bytes, body) != *sum {
        return Err(CodecError::Checksum);
    }
    let fields = body.get(1..).unwrap_or_default();
    if format == PLAIN {
        let found: Format1<'_> = whole(fields)?;
        return found.into_binding(key, ExtendedProperties::default());
    }
    let (found, extended): Format2<'_> = whole(fields)?;
    found.into_binding(key, extended.into_properties()?)
}

/// Decodes fields that take up all of these bytes.
fn whole<'a, T: BorrowDecode<'a, ()>>(fields: &'a [u8]) -> Result<T, CodecError> {
    let config = config::standard().with_limit::<LIMIT>();
    let (found, read) = bincode::borrow_decode_from_slice(fields, config).map_err(malformed)?;
    if read != fields.len() {
        return Err(malformed("there are bytes after the end of the value"));
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
            |name: Option<&str>| name.map(StoreName::new).transpose().map_err(invalid_text);
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
            ctl_identifier: ctl.transpose().map_err(invalid_text)?,
            ctl_store_name: store_name(self.ctl_store_name)?,
            flags: SslFlags::from_bits_retain(self.flags),
            extended,
        };
        let binding = Binding::new(key, record).map_err(invalid_binding)?;
        match self.host_spelling {
            Some(host) => binding.with_host_spelling(host).map_err(invalid_binding),
            None => Ok(binding),
        }
    }
}

/// CRC-32 (IEEE) of the encoded key and value, which also detects a value stored under another key.
fn checksum(key: &[u8], body: &[u8]) -> [u8; CHECKSUM] {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(key);
    hasher.update(body);
    hasher.finalize().to_le_bytes()
}
