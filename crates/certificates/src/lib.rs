//! Certificate files: the hashes, subjects, names, validity and strength of their certificates.
//!
//! [`CertificateFile`] reads PEM, DER, PFX (PKCS #12), PKCS #7 and serialized stores, as OpenSSL,
//! GnuTLS, NSS, the JDK, BouncyCastle, node-forge, .NET and Windows write them. A certificate that
//! violates RFC 5280 in its details is read as well, since Windows binds such certificates.
//!
//! Use it to find the hash of a certificate to bind, and to check a bound certificate. It does not
//! verify signatures or chains.
//!
//! ```
//! use certbind_certificates::{Name, of_file};
//!
//! let pem = include_bytes!("../tests/fixtures/www-2025.pem");
//! let certificate = &of_file(pem)[0];
//! assert_eq!(certificate.subject(), "CN=www.contoso.com,O=Contoso");
//! assert!(certificate.names().contains(&Name::Dns("contoso.com".into())));
//! ```

mod ber;
mod certificate;
mod file;
mod file_error;
mod folder;
mod hash;
mod leaf;
mod named_path;
mod other_formats;
mod part_error;
mod pem;
mod pfx;
mod pkcs7;
mod private_key;
mod serialized_store;
mod strength;
mod usage;
mod validity;

pub use certificate::{Certificate, Name};
pub use file::{CertificateFile, hash_of_file, of_file};
pub use file_error::FileError;
pub use folder::{Folder, FolderError};
pub use leaf::LeafError;
pub use named_path::{NamedPathError, check_named_path, is_reserved_on_windows, read_named_file};
pub use part_error::PartError;
pub use private_key::{PrivateKey, PrivateKeys};
pub use strength::{PublicKey, Signature};
pub use usage::ServerUse;
pub use validity::Validity;

/// The examples of the README are tests too.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
