//! The smallest parts of an export: texts, numbers, bytes.

/// Whether the rest of a line consists of spaces and a comment.
pub(super) fn is_end(tail: &str) -> bool {
    let tail = tail.trim();
    tail.is_empty() || tail.starts_with(';')
}

/// Where the quotation mark is that closes a text.
pub(super) fn closing(text: &str) -> Option<usize> {
    let mut is_escaped = false;
    text.bytes().position(|byte| {
        let is_closing = byte == b'"' && !is_escaped;
        is_escaped = byte == b'\\' && !is_escaped;
        is_closing
    })
}

pub(super) fn unescaped(raw: &str) -> Result<String, String> {
    let mut text = String::with_capacity(raw.len());
    let mut characters = raw.chars();
    while let Some(character) = characters.next() {
        if character != '\\' {
            text.push(character);
            continue;
        }
        match characters.next() {
            Some(escaped @ ('\\' | '"')) => text.push(escaped),
            // Wine escapes line ends; Windows writes them unchanged.
            Some('n') => text.push('\n'),
            Some('r') => text.push('\r'),
            other => {
                let other =
                    other.map_or_else(|| "nothing".to_owned(), |other| format!("{other:?}"));
                return Err(format!(
                    "expected a backslash or quotation mark after a backslash, found {other}"
                ));
            }
        }
    }
    Ok(text)
}

pub(super) fn number(text: &str) -> Option<u32> {
    let digits = text
        .split_once(';')
        .map_or(text, |(digits, _)| digits)
        .trim();
    let is_number = digits.len() <= 8 && digits.bytes().all(|b| b.is_ascii_hexdigit());
    is_number
        .then(|| u32::from_str_radix(digits, 16).ok())
        .flatten()
}

pub(super) fn hex_byte(digits: &str) -> Option<u8> {
    let is_byte = digits.len() <= 2 && digits.bytes().all(|b| b.is_ascii_hexdigit());
    is_byte
        .then(|| u8::from_str_radix(digits, 16).ok())
        .flatten()
}

/// The start of a text, for a message.
pub(super) fn cut(text: &str) -> String {
    text.chars().take(40).collect()
}
