//! The data of a value: its type and its bytes.

use std::borrow::Cow;
use std::fmt;

use certbind_core::Uuid;

pub(crate) const REG_SZ: u32 = 1;
pub(crate) const REG_BINARY: u32 = 3;
pub(crate) const REG_DWORD: u32 = 4;

/// The data of a value are not of the expected type.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct DataError(String);

/// A value's type and bytes, as the registry has them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Data<'a> {
    pub(crate) kind: u32,
    pub(crate) bytes: Cow<'a, [u8]>,
}

impl Data<'static> {
    pub(crate) fn dword(number: u32) -> Self {
        Self {
            kind: REG_DWORD,
            bytes: number.to_le_bytes().to_vec().into(),
        }
    }

    pub(crate) fn binary(bytes: &[u8]) -> Self {
        Self {
            kind: REG_BINARY,
            bytes: bytes.to_vec().into(),
        }
    }

    /// A text: UTF-16, with a NUL at its end.
    pub(crate) fn text(text: &str) -> Self {
        let units = text.encode_utf16().chain([0]);
        Self {
            kind: REG_SZ,
            bytes: units.flat_map(u16::to_le_bytes).collect::<Vec<_>>().into(),
        }
    }
}

impl Data<'_> {
    /// The number.
    pub(crate) fn as_dword(&self) -> Result<u32, DataError> {
        match (self.kind, <[u8; 4]>::try_from(&*self.bytes)) {
            (REG_DWORD, Ok(bytes)) => Ok(u32::from_le_bytes(bytes)),
            _ => Err(self.instead_of("REG_DWORD of 4 bytes")),
        }
    }

    /// The text, without the NULs at its end; none where it is empty.
    pub(crate) fn as_text(&self) -> Result<Option<String>, DataError> {
        if self.kind != REG_SZ {
            return Err(self.instead_of("REG_SZ"));
        }
        let (units, []) = self.bytes.as_chunks::<2>() else {
            return Err(self.instead_of("whole UTF-16 units"));
        };
        let end = units.iter().rposition(|unit| *unit != [0, 0]);
        let units = &units[..end.map_or(0, |last| last + 1)];
        if units.iter().all(|[low, high]| *high == 0 && low.is_ascii()) {
            let text: String = units.iter().map(|[low, _]| char::from(*low)).collect();
            return Ok(Some(text).filter(|text| !text.is_empty()));
        }
        let units: Vec<_> = units.iter().map(|unit| u16::from_le_bytes(*unit)).collect();
        match String::from_utf16(&units) {
            Ok(text) => Ok(Some(text)),
            Err(_) => Err(DataError(
                "expected text, found a surrogate without its other half".to_owned(),
            )),
        }
    }

    /// The bytes.
    pub(super) fn as_binary(&self) -> Result<&[u8], DataError> {
        if self.kind == REG_BINARY {
            Ok(&self.bytes)
        } else {
            Err(self.instead_of("REG_BINARY"))
        }
    }

    /// The GUID: 16 bytes as they are in memory, or text.
    pub(super) fn as_guid(&self) -> Result<Uuid, DataError> {
        const EXPECTED: &str = "a GUID, in 16 bytes of REG_BINARY or as text";
        if self.kind == REG_BINARY {
            return Uuid::from_slice_le(&self.bytes).map_err(|_| self.instead_of(EXPECTED));
        }
        match self.as_text() {
            Ok(Some(text)) => text
                .parse()
                .map_err(|_| DataError(format!("expected {EXPECTED}, found {text:?}"))),
            _ => Err(self.instead_of(EXPECTED)),
        }
    }

    pub(super) fn instead_of(&self, expected: &str) -> DataError {
        let length = self.bytes.len();
        DataError(format!(
            "expected {expected}, found {} of {length} bytes",
            Type(self.kind)
        ))
    }
}

/// The name of a type of value.
pub(super) struct Type(pub(super) u32);

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const NAMES: [&str; 12] = [
            "REG_NONE",
            "REG_SZ",
            "REG_EXPAND_SZ",
            "REG_BINARY",
            "REG_DWORD",
            "REG_DWORD_BIG_ENDIAN",
            "REG_LINK",
            "REG_MULTI_SZ",
            "REG_RESOURCE_LIST",
            "REG_FULL_RESOURCE_DESCRIPTOR",
            "REG_RESOURCE_REQUIREMENTS_LIST",
            "REG_QWORD",
        ];
        match usize::try_from(self.0)
            .ok()
            .and_then(|kind| NAMES.get(kind))
        {
            Some(name) => f.write_str(name),
            None => write!(f, "a value of type {:#x}", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_ends_at_its_last_nul_and_may_lack_it() {
        let text = |bytes: &[u8]| {
            Data {
                kind: REG_SZ,
                bytes: bytes.into(),
            }
            .as_text()
        };
        assert_eq!(text(b"M\0Y\0\0\0"), Ok(Some("MY".into())));
        assert_eq!(text(b"M\0Y\0"), Ok(Some("MY".into())));
        assert_eq!(text(b"M\0Y\0\0\0\0\0"), Ok(Some("MY".into())));
        assert_eq!(text(b"M\0\0\0Y\0\0\0"), Ok(Some("M\0Y".into())));
        assert_eq!(text(b"\0\0"), Ok(None));
        assert_eq!(text(b""), Ok(None));
        assert!(text(b"M\0Y").is_err());
        assert!(text(b"\0\xd8").is_err());
    }

    #[test]
    fn a_guid_is_bytes_as_in_memory_or_text() {
        let iis: Uuid = "4dc3e181-e14b-4a21-b022-59fc669b0914".parse().unwrap();
        let bytes = [
            0x81, 0xe1, 0xc3, 0x4d, 0x4b, 0xe1, 0x21, 0x4a, 0xb0, 0x22, 0x59, 0xfc, 0x66, 0x9b,
            0x09, 0x14,
        ];
        assert_eq!(Data::binary(&bytes).as_guid(), Ok(iis));
        let text = Data::text("{4DC3E181-E14B-4A21-B022-59FC669B0914}");
        assert_eq!(text.as_guid(), Ok(iis));
        assert!(Data::binary(&bytes[1..]).as_guid().is_err());
        assert!(Data::text("IIS").as_guid().is_err());
        assert!(Data::dword(7).as_guid().is_err());
    }
}
