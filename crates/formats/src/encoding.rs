//! How the text of an export is written in bytes.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use encoding_rs::mem::{decode_latin1, encode_latin1_lossy, is_str_latin1};
use oem_cp::code_table::{DECODING_TABLE_CP_MAP, ENCODING_TABLE_CP_MAP};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A character encoding, and whether a byte order mark comes first.
///
/// Named as `utf-8`, `utf-16le`, `utf-16be`, by a WHATWG label such as `windows-1252` or
/// `shift_jis`, or by the number of a Windows code page such as `850` or `cp850`; the suffix `+bom`
/// means a byte order mark. `bytes` is text whose characters beyond ASCII are in an unknown code
/// page: such bytes are preserved unchanged.
///
/// ```
/// use certbind_formats::Encoding;
///
/// let german_console: Encoding = "850".parse()?;
/// assert_eq!(german_console.to_string(), "cp850");
/// # Ok::<(), certbind_formats::UnknownEncoding>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Encoding {
    charset: Charset,
    bom: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Charset {
    Utf16Le,
    Utf16Be,
    Bytes,
    Oem(u16),
    /// UTF-8 among them.
    Whatwg(&'static encoding_rs::Encoding),
}

/// Code pages that a Windows console or editor writes, likelier ones first. The words of a text
/// determine its code page.
const CODE_PAGES: &[u16] = &[
    1252, 850, 1250, 852, 1251, 866, 1254, 857, 1253, 737, 932, 936, 949, 950, 437, 860, 863, 865,
    1257, 775, 1255, 862, 1256, 720, 1258,
];

impl Default for Encoding {
    fn default() -> Self {
        Self::UTF_8
    }
}

impl Encoding {
    /// UTF-8 without a byte order mark.
    pub const UTF_8: Self = Self {
        charset: Charset::Whatwg(encoding_rs::UTF_8),
        bom: false,
    };

    /// Bytes beyond ASCII are preserved unchanged.
    pub(crate) const BYTES: Self = Self {
        charset: Charset::Bytes,
        bom: false,
    };

    /// The encodings that text in an unknown code page may be in.
    pub(crate) fn code_pages() -> impl Iterator<Item = Self> {
        CODE_PAGES
            .iter()
            .filter_map(|number| of_code_page(*number))
            .map(|charset| Self {
                charset,
                bom: false,
            })
    }

    /// The bytes in one unit.
    pub(crate) fn unit(self) -> usize {
        match self.charset {
            Charset::Utf16Le | Charset::Utf16Be => 2,
            _ => 1,
        }
    }

    /// Whether characters beyond ASCII cannot be decoded.
    pub(crate) fn is_unknown(self) -> bool {
        self.charset == Charset::Bytes
    }

    /// The text of `bytes`, without a byte order mark.
    ///
    /// # Errors
    /// The place of the first byte that has no meaning in this encoding.
    pub(crate) fn decode(self, bytes: &[u8]) -> Result<Cow<'_, str>, usize> {
        self.decode_behind_mark(&bytes[self.mark_in(bytes)..])
    }

    fn decode_behind_mark(self, bytes: &[u8]) -> Result<Cow<'_, str>, usize> {
        match self.charset {
            Charset::Bytes => Ok(decode_latin1(bytes)),
            Charset::Utf16Le => decode_utf16(bytes, u16::from_le_bytes).map(Cow::Owned),
            Charset::Utf16Be => decode_utf16(bytes, u16::from_be_bytes).map(Cow::Owned),
            Charset::Oem(number) => DECODING_TABLE_CP_MAP
                .get(&number)
                .and_then(|table| table.decode_string_checked(bytes))
                .map(Cow::Owned)
                .ok_or(0),
            Charset::Whatwg(encoding) if encoding == encoding_rs::UTF_8 => {
                std::str::from_utf8(bytes)
                    .map(Cow::Borrowed)
                    .map_err(|error| error.valid_up_to())
            }
            Charset::Whatwg(encoding) => encoding
                .decode_without_bom_handling_and_without_replacement(bytes)
                .ok_or(0),
        }
    }

    /// The text of a part of a longer one: a byte order mark at its start is text.
    pub(crate) fn decode_part(self, bytes: &[u8]) -> Option<Cow<'_, str>> {
        self.decode_behind_mark(bytes).ok()
    }

    /// The number of bytes up to the end of the last complete line. Only in UTF-16 can the byte of
    /// a line feed be a part of another character.
    pub(crate) fn whole_lines(self, bytes: &[u8]) -> usize {
        let unit: &[u8] = match self.charset {
            Charset::Utf16Le => &[b'\n', 0],
            Charset::Utf16Be => &[0, b'\n'],
            _ => {
                return bytes
                    .iter()
                    .rposition(|b| *b == b'\n')
                    .map_or(0, |at| at + 1);
            }
        };
        let pairs = bytes.chunks_exact(2);
        let last = pairs.rev().position(|pair| pair == unit);
        last.map_or(0, |at| (bytes.len() / 2 - at) * 2)
    }

    /// The length of the line that `bytes` begin with, its end included.
    pub(crate) fn line_length(self, bytes: &[u8]) -> usize {
        let unit: &[u8] = match self.charset {
            Charset::Utf16Le => &[b'\n', 0],
            Charset::Utf16Be => &[0, b'\n'],
            _ => b"\n",
        };
        let mut units = bytes.chunks(unit.len());
        let end = units.position(|found| found == unit);
        end.map_or(bytes.len(), |at| (at + 1) * unit.len())
    }

    /// The text of `bytes` as far as it can be decoded, and whether all of it could be. `bytes`
    /// contains no byte order mark.
    pub(crate) fn decode_lossily(self, bytes: &[u8]) -> (Cow<'_, str>, bool) {
        let of_units = |unit: fn([u8; 2]) -> u16| {
            let (pairs, rest) = bytes.as_chunks::<2>();
            let mut is_whole = rest.is_empty();
            let units = pairs.iter().map(|pair| unit(*pair));
            let characters = char::decode_utf16(units).map(|character| {
                is_whole &= character.is_ok();
                character.unwrap_or(char::REPLACEMENT_CHARACTER)
            });
            let text = characters.collect::<String>();
            (text.into(), is_whole)
        };
        match self.charset {
            Charset::Utf16Le => of_units(u16::from_le_bytes),
            Charset::Utf16Be => of_units(u16::from_be_bytes),
            Charset::Bytes => (decode_latin1(bytes), bytes.is_ascii()),
            _ => match self.decode(bytes) {
                Ok(text) => (text, true),
                Err(_) => (decode_latin1(bytes), false),
            },
        }
    }

    /// The bytes of `text`, without a byte order mark.
    ///
    /// # Errors
    /// The error is the first character that the encoding does not have.
    pub(crate) fn encode(self, text: &str) -> Result<Cow<'_, [u8]>, char> {
        match self.charset {
            Charset::Bytes if is_str_latin1(text) => Ok(encode_latin1_lossy(text)),
            Charset::Bytes => Err(text
                .chars()
                .find(|c| u32::from(*c) > 0xff)
                .unwrap_or_default()),
            Charset::Utf16Le => Ok(text.encode_utf16().flat_map(u16::to_le_bytes).collect()),
            Charset::Utf16Be => Ok(text.encode_utf16().flat_map(u16::to_be_bytes).collect()),
            Charset::Oem(number) => {
                let table = ENCODING_TABLE_CP_MAP.get(&number);
                text.chars()
                    .map(|c| match table {
                        _ if c.is_ascii() => u8::try_from(c).map_err(|_| c),
                        Some(table) => table.get(&c).copied().ok_or(c),
                        None => Err(c),
                    })
                    .collect::<Result<Vec<u8>, char>>()
                    .map(Cow::Owned)
            }
            Charset::Whatwg(encoding) => {
                // Without this, `encode` would write a character that is missing as `&#…;`.
                let missing = |c: &char| encoding.encode(c.encode_utf8(&mut [0; 4])).2;
                match encoding.encode(text) {
                    (bytes, _, false) => Ok(bytes),
                    _ => Err(text.chars().find(missing).unwrap_or_default()),
                }
            }
        }
    }

    /// The byte order mark that comes first, if any.
    pub(crate) fn mark(self) -> &'static [u8] {
        match self.charset {
            _ if !self.bom => &[],
            Charset::Utf16Le => &[0xff, 0xfe],
            Charset::Utf16Be => &[0xfe, 0xff],
            _ => &[0xef, 0xbb, 0xbf],
        }
    }

    fn mark_in(self, bytes: &[u8]) -> usize {
        let with_mark = Self { bom: true, ..self };
        let is_unicode = self.unit() == 2 || self.charset == Self::UTF_8.charset;
        if is_unicode && bytes.starts_with(with_mark.mark()) {
            with_mark.mark().len()
        } else {
            0
        }
    }

    /// This encoding, with a byte order mark where `bytes` begin with one.
    pub(crate) fn marked_as(self, bytes: &[u8]) -> Self {
        let bom = self.mark_in(bytes) > 0;
        Self { bom, ..self }
    }
}

/// The encoding of `bytes` as determined by their start, and where the text begins: UTF-16 by its
/// byte order mark, or by the zero bytes of ASCII in it; else UTF-8.
pub(crate) fn of_start(bytes: &[u8]) -> (Encoding, usize) {
    let utf16 = |charset| Encoding {
        charset,
        bom: false,
    };
    let zeros = |odd: usize| {
        let start = bytes.get(..bytes.len().min(4096)).unwrap_or_default();
        start
            .iter()
            .skip(odd)
            .step_by(2)
            .filter(|b| **b == 0)
            .count()
            * 4
            > start.len()
    };
    let encoding = match bytes {
        [0xff, 0xfe, ..] => utf16(Charset::Utf16Le),
        [0xfe, 0xff, ..] => utf16(Charset::Utf16Be),
        _ => match (zeros(0), zeros(1)) {
            (false, true) => utf16(Charset::Utf16Le),
            (true, false) => utf16(Charset::Utf16Be),
            _ => Encoding::UTF_8,
        },
    };
    (encoding.marked_as(bytes), encoding.mark_in(bytes))
}

fn decode_utf16(bytes: &[u8], unit: impl Fn([u8; 2]) -> u16) -> Result<String, usize> {
    let (units, rest) = bytes.as_chunks::<2>();
    let mut text = String::with_capacity(units.len());
    let mut place = 0;
    for character in char::decode_utf16(units.iter().map(|pair| unit(*pair))) {
        let character = character.map_err(|_| place)?;
        place += 2 * character.len_utf16();
        text.push(character);
    }
    if rest.is_empty() {
        Ok(text)
    } else {
        Err(place)
    }
}

fn of_code_page(number: u16) -> Option<Charset> {
    let label = match number {
        1200 => return Some(Charset::Utf16Le),
        1201 => return Some(Charset::Utf16Be),
        65001 => "utf-8",
        932 => "shift_jis",
        936 => "gbk",
        949 => "euc-kr",
        950 => "big5",
        1250..=1258 => &format!("windows-{number}"),
        _ => {
            return DECODING_TABLE_CP_MAP
                .contains_key(&number)
                .then_some(Charset::Oem(number));
        }
    };
    encoding_rs::Encoding::for_label(label.as_bytes()).map(Charset::Whatwg)
}

/// No encoding has this name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is not an encoding; name one as utf-8, utf-16le, windows-1252, or by the number of a \
     Windows code page such as 850"
)]
pub struct UnknownEncoding(String);

impl FromStr for Encoding {
    type Err = UnknownEncoding;

    fn from_str(name: &str) -> Result<Self, UnknownEncoding> {
        let lower = name.to_ascii_lowercase();
        let (label, bom) = match lower.strip_suffix("+bom") {
            Some(label) => (label, true),
            None => (lower.as_str(), false),
        };
        let number = label.strip_prefix("cp").unwrap_or(label).parse::<u16>();
        let charset = match (label, number) {
            ("bytes", _) => Some(Charset::Bytes),
            ("utf-16" | "utf-16le", _) => Some(Charset::Utf16Le),
            ("utf-16be", _) => Some(Charset::Utf16Be),
            (_, Ok(number)) => of_code_page(number),
            _ => encoding_rs::Encoding::for_label(label.as_bytes())
                .filter(|encoding| {
                    encoding.output_encoding() == *encoding && encoding.is_ascii_compatible()
                })
                .map(Charset::Whatwg),
        };
        charset
            .map(|charset| Self { charset, bom })
            .filter(|encoding| {
                !bom || encoding.unit() == 2 || charset == Self::UTF_8.charset.into()
            })
            .ok_or_else(|| UnknownEncoding(name.to_owned()))
    }
}

impl fmt::Display for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.charset {
            Charset::Utf16Le => f.write_str("utf-16le"),
            Charset::Utf16Be => f.write_str("utf-16be"),
            Charset::Bytes => f.write_str("bytes"),
            Charset::Oem(number) => write!(f, "cp{number}"),
            Charset::Whatwg(encoding) => f.write_str(&encoding.name().to_ascii_lowercase()),
        }?;
        f.write_str(if self.bom { "+bom" } else { "" })
    }
}

impl Serialize for Encoding {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Encoding {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = Cow::<str>::deserialize(deserializer)?;
        name.parse().map_err(serde::de::Error::custom)
    }
}
