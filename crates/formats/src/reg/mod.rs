//! A registry export: the `.reg` files that `reg export` and the registry editor write.
//!
//! The reader accepts exports of HTTP.sys's `Parameters` key, of keys under it, and of trees that
//! contain it: UTF-16 as Windows writes them, texts that were saved in another encoding, and the
//! ANSI format `REGEDIT4`. Keys and values that are not about bindings are ignored. The output can
//! be imported by `reg import`, and is deterministic: the same bindings give the same bytes.
//!
//! ```
//! use certbind_formats::{Export, ReadOptions, read, reg};
//! use certbind_core::{Binding, Record, Uuid};
//!
//! let hash = "5226dc6c54559761cd471b86eb51c096252c90f2".parse()?;
//! let record = Record::new(hash, Some("MY".parse()?), Uuid::nil());
//! let binding = Binding::new("hostnameport=www.contoso.com:443".parse()?, record)?;
//! let export = Export { bindings: vec![binding], ..Export::default() };
//!
//! let mut file = Vec::new();
//! reg::write(&mut file, &export)?;
//! assert!(file.starts_with(b"\xff\xfeW\0i\0n\0d\0o\0w\0s\0"));
//! assert_eq!(read(&file, &ReadOptions::default())?.export, export);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod key;
mod lines;
mod parse;
mod path;
mod read;
mod sets;
mod text;
mod write;

pub use read::read;
pub use write::write;

pub(crate) use read::is_reg;

/// The first line of exports since Windows 2000.
const UNICODE: &str = "Windows Registry Editor Version 5.00";

/// The first line of earlier exports: texts are in the ANSI code page, also those that are written
/// as bytes.
const ANSI: &str = "REGEDIT4";
