//! A chunk: one byte for its kind, four for its length, its content, and a SHA-256.

use sha2::{Digest, Sha256};

/// The bytes of a SHA-256.
pub(super) const HASH: usize = 32;

/// The bytes before a chunk's content.
pub(super) const FRONT: usize = 5;

/// The most bytes that the content of a chunk has.
pub(super) const MAX_LENGTH: usize = 128 * 1024;

/// The length at which a writer ends a chunk, unless one record alone is longer.
pub(super) const FULL: usize = 64 * 1024;

/// The kind of a chunk's content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A part of the head.
    HeaderChunk,
    /// Bindings.
    Bindings,
    /// How many bindings there were.
    End,
}

impl Kind {
    pub(super) const fn byte(self) -> u8 {
        match self {
            Self::HeaderChunk => b'H',
            Self::Bindings => b'B',
            Self::End => b'E',
        }
    }

    pub(super) fn of_byte(byte: u8) -> Option<Self> {
        [Self::HeaderChunk, Self::Bindings, Self::End]
            .into_iter()
            .find(|kind| kind.byte() == byte)
    }
}

/// The hash of a chunk: of its number, so that a missing, repeated or moved chunk is detected in
/// its place, and of its bytes before the hash.
pub(super) fn hash(number: u64, front_and_content: &[u8]) -> [u8; HASH] {
    let mut hasher = Sha256::new();
    hasher.update(number.to_le_bytes());
    hasher.update(front_and_content);
    hasher.finalize().into()
}
