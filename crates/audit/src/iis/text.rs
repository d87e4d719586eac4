//! The text of a configuration file: UTF-8, or UTF-16 by its mark or its first character.

use std::borrow::Cow;

/// The text of a file without its byte order mark.
///
/// # Errors
/// The reason, if the bytes are not valid text in the encoding, or the file declares another one.
pub(super) fn decode(bytes: &[u8]) -> Result<Cow<'_, str>, String> {
    let utf16 = |bytes: &[u8], unit: fn([u8; 2]) -> u16| {
        if !bytes.len().is_multiple_of(2) {
            return Err("it ends within a character of UTF-16".to_owned());
        }
        let units = bytes.chunks_exact(2).map(|pair| unit([pair[0], pair[1]]));
        char::decode_utf16(units)
            .collect::<Result<String, _>>()
            .map(Cow::Owned)
            .map_err(|error| format!("it is not UTF-16: {error}"))
    };
    match bytes {
        [0xFF, 0xFE, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xFE, 0xFF, rest @ ..] => utf16(rest, u16::from_be_bytes),
        [b'<', 0, ..] => utf16(bytes, u16::from_le_bytes),
        [0, b'<', ..] => utf16(bytes, u16::from_be_bytes),
        _ => utf8(bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes)),
    }
}

fn utf8(bytes: &[u8]) -> Result<Cow<'_, str>, String> {
    let text = std::str::from_utf8(bytes).map_err(|error| format!("it is not UTF-8: {error}"))?;
    // In another encoding the same bytes are other characters.
    match declared_encoding(text) {
        Some(encoding) if !text.is_ascii() && !encoding.eq_ignore_ascii_case("utf-8") => Err(
            format!("its encoding is {encoding:?}; save it as UTF-8 or UTF-16"),
        ),
        _ => Ok(Cow::Borrowed(text)),
    }
}

/// The encoding in the XML declaration.
fn declared_encoding(text: &str) -> Option<&str> {
    let declaration = text.strip_prefix("<?xml")?.split_once("?>")?.0;
    let value = declaration.split_once("encoding")?.1.trim_start();
    let value = value.strip_prefix('=')?.trim_start();
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    Some(value[1..].split_once(quote)?.0)
}
