//! The bytes of a snapshot, checked chunk by chunk.

use std::io::Read;

use sha2::{Digest, Sha256};

use super::chunk::{FRONT, HASH, Kind, MAX_LENGTH, hash};
use super::error::{SnapshotError, SnapshotPosition, hex};
use super::{MAGIC, VERSION, is_meant};

/// A snapshot, as far as it was read.
pub(super) struct Source<R> {
    inner: R,
    /// How many bytes were read.
    offset: u64,
    /// How many chunks were begun.
    chunks: u64,
    in_chunk: bool,
    whole: Sha256,
}

/// A chunk with a valid hash.
pub(super) struct Chunk {
    pub(super) kind: Kind,
    /// Its number, and where its content begins.
    pub(super) place: SnapshotPosition,
    /// The bytes before the content, and the content.
    bytes: Vec<u8>,
}

impl Chunk {
    pub(super) fn content(&self) -> &[u8] {
        self.bytes.get(FRONT..).unwrap_or_default()
    }

    /// Its memory, for the next.
    pub(super) fn memory(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.bytes)
    }
}

impl<R: Read> Source<R> {
    /// The snapshot that `inner` has, read to its first chunk.
    pub(super) fn new(inner: R) -> Result<Self, SnapshotError> {
        let mut source = Self {
            inner,
            offset: 0,
            chunks: 0,
            in_chunk: false,
            whole: Sha256::new(),
        };
        let mut magic = Vec::new();
        let is_whole = source.fill(&mut magic, MAGIC.len())?;
        if magic != MAGIC {
            return Err(source.no_snapshot(&magic));
        }
        let mut version = Vec::new();
        if !(is_whole && source.fill(&mut version, 4)?) {
            return Err(source.cut_short("its version"));
        }
        match version.try_into().map(u32::from_le_bytes) {
            Ok(1..=VERSION) => Ok(source),
            Ok(found) if found > VERSION => Err(SnapshotError::NewerVersion {
                found,
                supported: VERSION,
            }),
            _ => Err(source.damaged_at(MAGIC.len() as u64, "there is no version 0")),
        }
    }

    /// The next chunk, in the memory of one that was read before.
    pub(super) fn next(&mut self, mut bytes: Vec<u8>) -> Result<Chunk, SnapshotError> {
        let start = self.offset;
        let number = self.chunks;
        self.chunks += 1;
        self.in_chunk = true;
        bytes.clear();
        if !self.fill(&mut bytes, FRONT)? {
            return Err(self.cut_short("a chunk, and the last of them to be of the kind E"));
        }
        let (kind, length) = match *bytes.as_slice() {
            [kind, a, b, c, d] => (kind, u32::from_le_bytes([a, b, c, d])),
            _ => return Err(self.cut_short("a chunk")),
        };
        let kind = Kind::of_byte(kind).ok_or_else(|| {
            self.damaged_at(
                start,
                &format!("expected a chunk of the kind H, B or E, found the byte {kind:02x}"),
            )
        })?;
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        if length == 0 || length > MAX_LENGTH {
            let what =
                format!("expected a chunk of 1 to {MAX_LENGTH} bytes, found one of {length}");
            return Err(self.damaged_at(start + 1, &what));
        }
        if !self.fill(&mut bytes, length)? {
            return Err(self.cut_short(&format!("a chunk with {length} bytes of content")));
        }
        let mut kept = Vec::with_capacity(HASH);
        if !self.fill(&mut kept, HASH)? {
            return Err(self.cut_short("the chunk's SHA-256"));
        }
        let made = hash(number, &bytes);
        if made != *kept {
            return Err(self.damaged_at(start, &mismatch("the chunk", &made, &kept)));
        }
        self.in_chunk = false;
        Ok(Chunk {
            kind,
            place: SnapshotPosition {
                byte: start + FRONT as u64,
                chunk: Some(number),
            },
            bytes,
        })
    }

    /// Reads the part after the last chunk, and returns the hash of everything before it.
    pub(super) fn end(&mut self) -> Result<[u8; HASH], SnapshotError> {
        let start = self.offset;
        let made: [u8; HASH] = self.whole.clone().finalize().into();
        let mut kept = Vec::with_capacity(HASH);
        if !self.fill(&mut kept, HASH)? {
            return Err(self.cut_short("the SHA-256 of the whole"));
        }
        if made != *kept {
            return Err(self.damaged_at(start, &mismatch("the file before it", &made, &kept)));
        }
        let end = self.offset;
        if self.fill(&mut Vec::new(), 1)? {
            return Err(self.damaged_at(end, "expected the end of the file, found more bytes"));
        }
        Ok(made)
    }

    /// Reads up to `wanted` bytes, allocating memory as data arrives. Returns whether the source
    /// had all of them.
    fn fill(&mut self, buffer: &mut Vec<u8>, wanted: usize) -> Result<bool, SnapshotError> {
        let before = buffer.len();
        let found = self.inner.by_ref().take(wanted as u64).read_to_end(buffer);
        let found_bytes = buffer.get(before..).unwrap_or_default();
        self.whole.update(found_bytes);
        self.offset += found_bytes.len() as u64;
        let found = found.map_err(|source| SnapshotError::Io {
            place: self.place(self.offset),
            source,
        })?;
        Ok(found == wanted)
    }

    fn no_snapshot(&self, found: &[u8]) -> SnapshotError {
        if found.is_empty() {
            return SnapshotError::Unrecognised {
                found: "nothing".to_owned(),
            };
        }
        if MAGIC.starts_with(found) {
            return self.cut_short("a snapshot");
        }
        if !is_meant(found) {
            return SnapshotError::Unrecognised {
                found: format!("a file that begins with the bytes {}", hex(found)),
            };
        }
        let differs = found
            .iter()
            .zip(MAGIC)
            .position(|(found, magic)| *found != magic);
        let what = format!(
            "expected the bytes {}, found {}; a transfer in text mode causes this",
            hex(&MAGIC),
            hex(found)
        );
        self.damaged_at(differs.unwrap_or(found.len()) as u64, &what)
    }

    fn place(&self, byte: u64) -> SnapshotPosition {
        SnapshotPosition {
            byte,
            chunk: self.in_chunk.then(|| self.chunks - 1),
        }
    }

    fn damaged_at(&self, byte: u64, what: &str) -> SnapshotError {
        SnapshotError::Damaged {
            place: self.place(byte),
            what: what.to_owned(),
            source: None,
        }
    }

    fn cut_short(&self, expected: &str) -> SnapshotError {
        let what = format!("expected {expected}, found the end of the file: it is truncated");
        self.damaged_at(self.offset, &what)
    }
}

fn mismatch(what: &str, made: &[u8], kept: &[u8]) -> String {
    format!(
        "expected {what} to have the SHA-256 {}, found {}: it is damaged or was altered",
        hex(kept),
        hex(made)
    )
}
