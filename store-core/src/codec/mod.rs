//! Keys and bindings as bytes, for backends that store bytes.
//!
//! Encoded keys have the order of the keys. Encoded values have a format version and a checksum
//! over key and value. The [file format] describes both byte by byte.
//!
//! [file format]: https://github.com/certbind/certbind/blob/main/docs/file-format.md
//!
//! ```
//! use certbind_core::codec::{decode_binding, decode_key, encode_binding, encode_key};
//! use certbind_core::{Binding, CertHash, Record, Uuid};
//!
//! let record = Record::new(CertHash::new([1; 20]), None, Uuid::nil());
//! let binding = Binding::new("0.0.0.0:443".parse()?, record)?;
//! let (key, value) = (encode_key(binding.key()), encode_binding(&binding));
//! assert_eq!(decode_binding(decode_key(&key)?, &value)?, binding);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod error;
mod extended;
mod key;
mod range;
mod value;
mod value_format;

pub use error::CodecError;
pub use key::{KeyBytes, append_key, decode_key, encode_key, kind_prefix};
pub use range::{KeyRange, key_after, scan_range};
pub use value::{append_entry, decode_binding, decode_with_key_bytes, encode_binding};
pub use value_format::VALUE_FORMAT;
