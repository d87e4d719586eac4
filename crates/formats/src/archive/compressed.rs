//! Compressed files: all their members, without other data.

use std::io::{self, Read};

use flate2::bufread::GzDecoder;
use lzma_rust2::XzReader;

use super::error::ArchiveError;
use super::kind::Kind;

/// The most memory for an xz file's dictionary, in KiB: that of `xz -9` is 64 MiB.
const XZ_MEMORY: u32 = 96 << 10;

/// The content of a gzip or xz file.
pub(super) fn reader(bytes: &[u8]) -> Result<Box<dyn Read + '_>, ArchiveError> {
    match Kind::of(bytes) {
        Kind::Gzip => Ok(Box::new(Gzip {
            length: bytes.len(),
            member: GzDecoder::new(bytes),
        })),
        Kind::Xz => Ok(Box::new(XzReader::new_mem_limit(bytes, true, XZ_MEMORY))),
        other => Err(ArchiveError::Unsupported {
            format: other.name(),
        }),
    }
}

/// The members of a gzip file, in sequence. After the last member there may be zeros, which tapes
/// and some tools add as padding and flate2's reader of several members reports as a damaged
/// header.
struct Gzip<'a> {
    length: usize,
    member: GzDecoder<&'a [u8]>,
}

impl Read for Gzip<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = self.member.read(into)?;
            if read > 0 || into.is_empty() {
                return Ok(read);
            }
            let rest = *self.member.get_ref();
            if rest.iter().all(|byte| *byte == 0) {
                return Ok(0);
            }
            if Kind::of(rest) != Kind::Gzip {
                return Err(io::Error::other(ArchiveError::LeftOver {
                    at: (self.length - rest.len()) as u64,
                    count: rest.len() as u64,
                }));
            }
            self.member = GzDecoder::new(rest);
        }
    }
}
