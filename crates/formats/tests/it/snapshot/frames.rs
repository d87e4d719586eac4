//! Chunks parsed and assembled by the documentation alone.

use sha2::{Digest, Sha256};

pub(super) const START: &[u8; 16] = b"\x89cbsnap\r\n\x1a\n\0\x02\0\0\0";

/// A chunk, and where it is in the file.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Frame {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) kind: u8,
    pub(super) content: Vec<u8>,
}

/// The chunks of a complete file.
pub(super) fn frames(file: &[u8]) -> Vec<Frame> {
    let mut frames = Vec::new();
    let mut at = START.len();
    while at < file.len() - 32 {
        let length = u32::from_le_bytes(file[at + 1..at + 5].try_into().unwrap()) as usize;
        let end = at + 5 + length + 32;
        frames.push(Frame {
            start: at,
            end,
            kind: file[at],
            content: file[at + 5..at + 5 + length].to_vec(),
        });
        at = end;
    }
    assert_eq!(at, file.len() - 32);
    frames
}

/// A file with these chunks, with all hashes valid.
pub(super) fn file(chunks: &[(u8, Vec<u8>)]) -> Vec<u8> {
    let mut file = START.to_vec();
    for (number, (kind, content)) in chunks.iter().enumerate() {
        let mut chunk = vec![*kind];
        chunk.extend(u32::try_from(content.len()).unwrap().to_le_bytes());
        chunk.extend(content);
        let mut numbered = (number as u64).to_le_bytes().to_vec();
        numbered.extend(&chunk);
        file.extend(&chunk);
        file.extend(Sha256::digest(numbered));
    }
    let whole = Sha256::digest(&file);
    file.extend(whole);
    file
}

pub(super) fn record(key: &[u8], value: &[u8]) -> Vec<u8> {
    let mut record = u16::try_from(key.len()).unwrap().to_le_bytes().to_vec();
    record.extend(key);
    record.extend(u32::try_from(value.len()).unwrap().to_le_bytes());
    record.extend(value);
    record
}
