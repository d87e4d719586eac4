//! What stands in files of certificates: hashes, subjects, the names that certificates are for, how
//! long they are valid and how strong they are.
//!
//! PEM files, with as many certificates as they hold, and DER files are read. A certificate that
//! breaks the letter of RFC 5280 is read as far as that goes: Windows binds those as well.
//!
//! ```
//! use certbind_certificates::{Name, of_file};
//!
//! let pem = include_bytes!("../tests/fixtures/www-2025.pem");
//! let certificate = &of_file(pem)[0];
//! assert_eq!(certificate.subject(), "CN=www.contoso.com,O=Contoso");
//! assert!(certificate.names().contains(&Name::Dns("contoso.com".into())));
//! ```

mod certificate;
mod folder;
mod hash;
mod strength;
mod usage;
mod validity;

pub use certificate::{Certificate, Name, each_of_file, of_file};
pub use folder::{Folder, FolderError};
pub use hash::{NoCertificate, hash_of_file};
pub use strength::{PublicKey, Signature};
pub use usage::ServerUse;
pub use validity::Validity;

/// The examples of the README are tests too.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
