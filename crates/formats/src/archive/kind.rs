//! Telling compressed files and archives by their first bytes.

use std::io::{self, Read};

/// The number of bytes that identify every format: a tar file's magic ends there.
pub(super) const START: usize = 512;

/// The format of a file, by its first bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// gzip (RFC 1952).
    Gzip,
    /// xz (the .xz file format 1.2).
    Xz,
    /// zip (PKWARE APPNOTE.TXT).
    Zip,
    /// tar: ustar, pax or GNU.
    Tar,
    /// A compressed file, an archive or an image of a disk that is not read.
    Unsupported(&'static str),
    /// None of them.
    Plain,
}

/// The first bytes of formats that are not read, and their names.
const UNSUPPORTED: [(&[u8], &str); 11] = [
    (b"BZh", "a bzip2 file"),
    (b"\x28\xb5\x2f\xfd", "a Zstandard file"),
    (b"\x04\x22\x4d\x18", "an LZ4 file"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"Rar!\x1a\x07", "a RAR archive"),
    (b"MSCF", "a cabinet file"),
    (b"MSWIM\0\0\0", "a WIM image"),
    (b"EVF\x09\x0d\x0a\xff\0", "an image of a disk (EWF)"),
    (b"vhdxfile", "an image of a disk (VHDX)"),
    (b"KDMV", "an image of a disk (VMDK)"),
    (b"QFI\xfb", "an image of a disk (QCOW)"),
];

impl Kind {
    /// The kind of a file with this start. 512 bytes are enough to identify it.
    #[must_use]
    pub fn of(start: &[u8]) -> Self {
        const ZIP: [&[u8]; 3] = [b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08"];
        if start.starts_with(b"\x1f\x8b") {
            return Self::Gzip;
        }
        if start.starts_with(b"\xfd7zXZ\0") {
            return Self::Xz;
        }
        if ZIP.iter().any(|magic| start.starts_with(magic)) {
            return Self::Zip;
        }
        if start.get(257..262) == Some(b"ustar") || is_old_tar(start) {
            return Self::Tar;
        }
        let known = UNSUPPORTED
            .iter()
            .find(|(magic, _)| start.starts_with(magic));
        known.map_or(Self::Plain, |(_, name)| Self::Unsupported(name))
    }

    /// The name of the format.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Gzip => "a gzip file",
            Self::Xz => "an xz file",
            Self::Zip => "a zip archive",
            Self::Tar => "a tar archive",
            Self::Unsupported(name) => name,
            Self::Plain => "a file",
        }
    }
}

/// Whether this is a header of a tar archive without a magic, as before ustar, with a valid
/// checksum.
fn is_old_tar(start: &[u8]) -> bool {
    const CHECKSUM: std::ops::Range<usize> = 148..156;
    let (Some(header), true) = (start.get(..START), start.first() != Some(&0)) else {
        return false;
    };
    let digits = String::from_utf8_lossy(&header[CHECKSUM]);
    let stated = u32::from_str_radix(digits.trim_matches(['\0', ' ']), 8);
    let sum = header.iter().enumerate().map(|(at, byte)| match at {
        at if CHECKSUM.contains(&at) => u32::from(b' '),
        _ => u32::from(*byte),
    });
    stated == Ok(sum.sum())
}

/// The first bytes of a reader, as many as identify the format.
pub(super) fn start(content: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut start = Vec::with_capacity(START);
    content.take(START as u64).read_to_end(&mut start)?;
    Ok(start)
}
