//! PEM blocks (RFC 7468), as lenient as the programs that read them.

use std::borrow::Cow;

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

const BEGIN: &str = "-----BEGIN ";

/// One PEM block.
#[derive(Debug)]
pub(crate) struct Block<'a> {
    /// The label, such as `CERTIFICATE`.
    pub(crate) label: &'a str,
    /// The content; `None` if the block is not terminated or is not base64.
    pub(crate) content: Option<Vec<u8>>,
}

/// The text of a file in UTF-8 or, with a byte order mark, in UTF-16, which PowerShell writes.
pub(crate) fn text(bytes: &[u8]) -> Cow<'_, str> {
    let utf16 = |bytes: &[u8], read: fn([u8; 2]) -> u16| {
        let pairs = bytes.chunks_exact(2);
        let units: Vec<_> = pairs.map(|pair| read([pair[0], pair[1]])).collect();
        Cow::Owned(String::from_utf16_lossy(&units))
    };
    match bytes {
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes),
        [0xef, 0xbb, 0xbf, rest @ ..] => String::from_utf8_lossy(rest),
        _ => String::from_utf8_lossy(bytes),
    }
}

/// The blocks of a text, in order. A block may begin on the line on which another one ends.
pub(crate) fn blocks(text: &str) -> Vec<Block<'_>> {
    let mut blocks = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(BEGIN) {
        rest = &rest[at + BEGIN.len()..];
        let Some((label, after)) = rest.split_once("-----") else {
            break;
        };
        if label.contains('\n') {
            continue;
        }
        // A block that is not terminated ends where the next one begins.
        let body = &after[..after.find(BEGIN).unwrap_or(after.len())];
        let end = format!("-----END {label}-----");
        let content = body.find(&end).map(|end| &body[..end]).and_then(decode);
        blocks.push(Block { label, content });
        rest = after;
    }
    blocks
}

/// The content of a text that is base64 without BEGIN and END lines.
pub(crate) fn bare_base64(text: &str) -> Option<Vec<u8>> {
    decode(text).filter(|content| !content.is_empty())
}

/// Decodes base64. Lines with a colon are headers, such as `Proc-Type: 4,ENCRYPTED`.
fn decode(body: &str) -> Option<Vec<u8>> {
    let lines = body.lines().filter(|line| !line.contains(':'));
    let digits: String = lines.flat_map(str::split_whitespace).collect();
    let digits = digits.trim_end_matches('=');
    BASE64.decode(digits).ok()
}
