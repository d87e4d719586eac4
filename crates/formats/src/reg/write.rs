//! Writing an export.

use std::fmt::Write as _;
use std::io::Write;

use certbind_core::Binding;

use super::UNICODE;
use crate::export::Export;
use crate::registry::{Data, PARAMETERS, REG_BINARY, Written, family_name, written};
use crate::write::{InexpressibleValue, WriteError, check_whole};

/// Writes the bindings of an export as `reg export` would write HTTP.sys's keys: UTF-16LE with a
/// byte order mark and CRLF, keys and values in the order of their names.
///
/// The keys are those of `CurrentControlSet`, and `Parameters` alone where there are no bindings.
/// Texts with control characters in them are written as bytes, which every importer reads alike.
/// The header of the export is not written.
///
/// # Errors
/// [`WriteError::Inexpressible`], before anything is written, for a duplicate key and for extended
/// properties; [`WriteError::NotWhole`] if parts of the store could not be read; [`WriteError::Io`]
/// if `out` fails.
pub fn write(out: &mut impl Write, export: &Export) -> Result<(), WriteError> {
    check_whole(export)?;
    let mut keys: Vec<(&Binding, Written)> = export
        .bindings
        .iter()
        .map(|binding| (binding, written(binding)))
        .collect();
    // As Windows sorts keys: without regard to case.
    keys.sort_by_cached_key(|(binding, key)| {
        (
            family_name(binding.key().kind()).to_ascii_uppercase(),
            key.name.to_ascii_uppercase(),
        )
    });
    let twice: Vec<_> = keys
        .windows(2)
        .filter(|pair| pair[0].0.key() == pair[1].0.key())
        .map(|pair| InexpressibleValue {
            key: pair[0].0.key().clone(),
            field: "key".to_owned(),
            reason: "it occurs twice, and a registry has each key once".to_owned(),
        })
        .collect();
    let extended = |binding: &&Binding| !binding.record().extended.is_empty();
    let extended = export.bindings.iter().filter(extended);
    let extended = extended.map(|binding| InexpressibleValue {
        key: binding.key().clone(),
        field: "extended properties".to_owned(),
        reason: "their format in the registry is unknown".to_owned(),
    });
    let refused: Vec<_> = twice.into_iter().chain(extended).collect();
    if !refused.is_empty() {
        return Err(WriteError::Inexpressible(refused));
    }
    let mut out = Utf16(out);
    out.0.write_all(&[0xff, 0xfe])?;
    out.line(UNICODE)?;
    out.line("")?;
    let parameters = PARAMETERS.join("\\");
    let parameters = format!("HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\{parameters}");
    if keys.is_empty() {
        // Without a key the export would contain no statement about bindings.
        out.line(&format!("[{parameters}]"))?;
        out.line("")?;
    }
    let mut family = None;
    for (binding, key) in &keys {
        let kind = binding.key().kind();
        let path = format!("{parameters}\\{}", family_name(kind));
        if family.replace(kind) != Some(kind) {
            out.line(&format!("[{path}]"))?;
            out.line("")?;
        }
        out.line(&format!("[{path}\\{}]", key.name))?;
        for (name, data) in &key.values {
            out.line(&value(name, data))?;
        }
        out.line("")?;
    }
    Ok(())
}

struct Utf16<'a, W>(&'a mut W);

impl<W: Write> Utf16<'_, W> {
    fn line(&mut self, text: &str) -> Result<(), WriteError> {
        let units = text.encode_utf16().chain([13, 10]);
        let bytes: Vec<u8> = units.flat_map(u16::to_le_bytes).collect();
        Ok(self.0.write_all(&bytes)?)
    }
}

/// A value's line, or lines.
fn value(name: &str, data: &Data<'_>) -> String {
    let start = format!("\"{name}\"=");
    if let Ok(number) = data.as_dword() {
        return format!("{start}dword:{number:08x}");
    }
    if let Ok(Some(text)) = data.as_text()
        && !text.chars().any(char::is_control)
    {
        let escaped = text.replace('\\', "\\\\").replace('"', "\\\"");
        return format!("{start}\"{escaped}\"");
    }
    let kind = match data.kind {
        REG_BINARY => "hex:".to_owned(),
        kind => format!("hex({kind:x}):"),
    };
    bytes(&format!("{start}{kind}"), &data.bytes)
}

/// Bytes after the start of their line. A line ends after the byte that fills it, as in `reg
/// export`.
fn bytes(start: &str, bytes: &[u8]) -> String {
    const FULL: usize = 77;
    let mut text = start.to_owned();
    let mut width = start.len();
    for (at, byte) in bytes.iter().enumerate() {
        let _ = write!(text, "{byte:02x}");
        if at + 1 == bytes.len() {
            break;
        }
        text.push(',');
        width += 3;
        if width >= FULL {
            text.push_str("\\\r\n  ");
            width = 2;
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_bytes_are_as_wide_as_exported_ones() {
        let export = include_bytes!("../../tests/fixtures/registry/wine-http.reg");
        let units = export.as_chunks::<2>().0.iter();
        let units: Vec<_> = units.map(|unit| u16::from_le_bytes(*unit)).collect();
        let text = String::from_utf16(&units).unwrap();
        let start = "\"http://+:80/x/\"=hex:";
        let exported = &text[text.find(start).unwrap()..];
        let exported = &exported[..exported.find("\r\n\r\n").unwrap()];
        let digits = exported[start.len()..].replace("\\\r\n  ", "");
        let data: Vec<_> = digits
            .split(',')
            .map(|byte| u8::from_str_radix(byte, 16).unwrap())
            .collect();
        assert!(exported.lines().count() > 3);
        assert_eq!(bytes(start, &data), exported);
    }
}
