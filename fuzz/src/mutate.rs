//! Damage.

use fastrand::Rng;

use crate::Target;

/// Numbers at whose edges readers fail.
const EDGES: [u64; 12] = [
    0,
    1,
    0x7f,
    0x80,
    0xff,
    0x7fff,
    0xffff,
    0x4000_0000,
    0x7fff_ffff,
    0xffff_ffff,
    0x7fff_ffff_ffff_ffff,
    u64::MAX,
];

/// An input derived from others: one of them, damaged in a few places.
pub(crate) fn damaged(corpus: &[Vec<u8>], target: &Target, rng: &mut Rng) -> Vec<u8> {
    if corpus.is_empty() || rng.u8(..32) == 0 {
        let length = rng.usize(..64);
        return (0..length).map(|_| rng.u8(..)).collect();
    }
    let mut input = corpus[rng.usize(..corpus.len())].clone();
    for _ in 0..=rng.usize(..6) {
        damage(&mut input, corpus, target.dictionary, rng);
        input.truncate(target.longest);
    }
    input
}

fn damage(input: &mut Vec<u8>, corpus: &[Vec<u8>], dictionary: &[&str], rng: &mut Rng) {
    let at = rng.usize(..=input.len());
    match rng.u8(..12) {
        0 | 1 if at < input.len() => input[at] ^= 1 << rng.u8(..8),
        2 if at < input.len() => input[at] = rng.u8(..),
        3 => input.insert(at, rng.u8(..)),
        4 => {
            let end = (at + 1 + rng.usize(..16)).min(input.len());
            input.drain(at..end);
        }
        5 => input.truncate(at),
        6 | 7 if !dictionary.is_empty() => {
            let word = dictionary[rng.usize(..dictionary.len())].bytes();
            // Replaces the bytes or inserts before them.
            let end = if rng.bool() {
                at
            } else {
                (at + word.len()).min(input.len())
            };
            input.splice(at..end, word);
        }
        8 => number(input, at, rng),
        9 => lines(input, rng),
        10 => {
            let other = &corpus[rng.usize(..corpus.len())];
            let from = rng.usize(..=other.len());
            let to = (from + rng.usize(..256)).min(other.len());
            let end = if rng.bool() { at } else { input.len() };
            input.splice(at..end, other[from..to].iter().copied());
        }
        _ => {
            let end = (at + 1 + rng.usize(..64)).min(input.len());
            let piece = input[at..end].to_vec();
            for _ in 0..1 + rng.usize(..3) {
                input.splice(at..at, piece.iter().copied());
            }
        }
    }
}

/// Writes a number at an edge there, in binary or in digits.
fn number(input: &mut Vec<u8>, at: usize, rng: &mut Rng) {
    let edge = EDGES[rng.usize(..EDGES.len())];
    let edge = edge.wrapping_add(rng.u64(..3)).wrapping_sub(1);
    let bytes = match rng.u8(..4) {
        0 => edge.to_string().into_bytes(),
        1 => edge.to_le_bytes()[..2].to_vec(),
        2 => edge.to_le_bytes()[..4].to_vec(),
        _ => edge.to_le_bytes().to_vec(),
    };
    let end = (at + bytes.len()).min(input.len());
    input.splice(at..end, bytes);
}

/// Removes, duplicates or moves a line.
fn lines(input: &mut Vec<u8>, rng: &mut Rng) {
    let mut lines: Vec<_> = input.split_inclusive(|byte| *byte == b'\n').collect();
    if lines.is_empty() {
        return;
    }
    let (one, other) = (rng.usize(..lines.len()), rng.usize(..lines.len()));
    match rng.u8(..3) {
        0 => drop(lines.remove(one)),
        1 => lines.insert(other, lines[one]),
        _ => lines.swap(one, other),
    }
    *input = lines.concat();
}
