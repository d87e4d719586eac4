//! The desired state: a short file for people, usually `bindings.toml` in a repository.
//!
//! It is TOML, YAML or JSON with the same fields, described by a JSON Schema ([`SCHEMA`]):
//!
//! ```
//! use certbind_formats::{Format, ReadOptions, read};
//!
//! let text = br#"
//! [groups]
//! shop = ["shop.contoso.com", "cart.contoso.com"]
//!
//! [defaults]
//! app = "IIS"
//! cert = "5226dc6c54559761cd471b86eb51c096252c90f2"
//!
//! [[binding]]
//! key = "0.0.0.0:443"
//!
//! [[binding]]             # without SNI the certificate above answers
//! group = "shop"
//! flags = ["disable_http2"]
//! "#;
//! let options = ReadOptions { format: Some(Format::Toml), ..ReadOptions::default() };
//! let reading = read(text, &options)?;
//! assert_eq!(reading.export.bindings.len(), 3);
//! # Ok::<(), certbind_formats::ReadError>(())
//! ```
//!
//! | field | value | without it |
//! |---|---|---|
//! | `key` | a key or a list of keys, as on the command line | |
//! | `host`, `group` | host names, or the names of groups of them | |
//! | `port` | the port of `host` and `group` | 443 |
//! | `app` | the name of an application, or a GUID | an error |
//! | `cert` | a hash, or a certificate file, relative to this file | an error |
//! | `subject` | the subject of a certificate in the folder `certificates` | |
//! | `store` | the certificate store; `""` is none, netsh's `(null)` | `MY` |
//! | others | as in a JSON export | the default of HTTP.sys |
//!
//! A field of an entry replaces the one of `[defaults]`. `manages` lists the applications whose
//! bindings the file owns: those, and no others, may be deleted because the file lacks them. Without
//! it, these are the applications of its bindings.

mod canonical;
mod certificates;
mod document;
mod fields;
mod options;
mod syntax;
mod tree;
mod write;

use crate::encoding::of_start;
use crate::error::ReadError;
use crate::export::{Export, Header};
use crate::format::Format;
use crate::options::ReadOptions;
use crate::read_outcome::ReadOutcome;

pub use canonical::canonical;
pub use write::write;

/// The JSON Schema of a desired state (draft 2020-12).
pub const SCHEMA: &str = include_str!("../../schema/bindings.json");

/// Reads a desired state in TOML, YAML or JSON.
///
/// # Errors
/// [`ReadError`]: the bytes are no such text, a field outside of the entries is broken, or, without
/// `keep_going`, an entry is.
pub fn read(bytes: &[u8], format: Format, options: &ReadOptions) -> Result<ReadOutcome, ReadError> {
    let encoding = options
        .encoding
        .map_or_else(|| of_start(bytes).0, |named| named.marked_as(bytes));
    let text = encoding
        .decode(bytes)
        .map_err(|place| ReadError::Encoding { encoding, place })?;
    let root = match format {
        Format::Toml => syntax::toml(&text),
        Format::Yaml => syntax::yaml(&text),
        _ => syntax::json(&text),
    };
    let root = root.map_err(ReadError::Malformed)?;
    let folder = options.folder.clone().unwrap_or_default();
    let document = document::read(&root, &folder).map_err(ReadError::Malformed)?;
    let errors = document.errors.into_errors();
    if !errors.is_empty() && !options.keep_going {
        return Err(ReadError::Broken(errors));
    }
    let (bindings, lines) = document.bindings.into_iter().unzip();
    Ok(ReadOutcome {
        export: Export {
            header: Header {
                host: document.host,
                ..Header::default()
            },
            bindings,
            ..Export::default()
        },
        lines,
        warnings: Vec::new(),
        errors,
        registry: std::collections::BTreeMap::new(),
        parameters: None,
        reservations: None,
        recovery: None,
        managed: Some(document.manages),
    })
}

fn in_brackets(text: &str) -> Option<&str> {
    text.strip_prefix('[')?.strip_suffix(']')
}

/// Whether a text is a desired state in TOML or YAML, by the first line that starts a section.
pub(crate) fn detect(text: &str) -> Option<Format> {
    const SECTIONS: [&str; 4] = ["applications", "binding", "defaults", "groups"];
    for line in text.lines() {
        let line = line.split('#').next().unwrap_or_default().trim_end();
        let is_section = |name: Option<&str>| name.is_some_and(|name| SECTIONS.contains(&name));
        let table = in_brackets(line);
        if is_section(table) || is_section(table.and_then(in_brackets)) {
            return Some(Format::Toml);
        }
        if is_section(line.strip_suffix(':')) {
            return Some(Format::Yaml);
        }
    }
    None
}
