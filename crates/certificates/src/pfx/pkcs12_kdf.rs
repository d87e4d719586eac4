//! The key derivation of PKCS #12 with SHA-1 (RFC 7292, appendix B.2).

use sha1::{Digest, Sha1};

/// The use of derived bytes: the `ID` of the standard.
#[derive(Clone, Copy)]
pub(super) enum Purpose {
    Key = 1,
    InitializationVector = 2,
}

/// The length of a block of SHA-1 in bytes: `v` of the standard.
const BLOCK: usize = 64;

/// Derives bytes from a password in its encoded form.
pub(super) fn derive(
    purpose: Purpose,
    password: &[u8],
    salt: &[u8],
    iterations: u32,
    output: &mut [u8],
) {
    let mut input = filled(salt);
    input.extend(filled(password));
    let diversifier = [purpose as u8; BLOCK];
    for part in output.chunks_mut(20) {
        let first = Sha1::new_with_prefix(diversifier).chain_update(&input);
        let mut hash = first.finalize();
        for _ in 1..iterations {
            hash = Sha1::digest(hash);
        }
        part.copy_from_slice(&hash[..part.len()]);
        let addend: Vec<u8> = hash.iter().copied().cycle().take(BLOCK).collect();
        for block in input.chunks_mut(BLOCK) {
            add_one_and(block, &addend);
        }
    }
}

/// Repeats bytes until they fill blocks.
fn filled(bytes: &[u8]) -> Vec<u8> {
    let length = bytes.len().next_multiple_of(BLOCK);
    bytes.iter().copied().cycle().take(length).collect()
}

/// `block = block + addend + 1`, as big-endian numbers without the carry.
fn add_one_and(block: &mut [u8], addend: &[u8]) {
    let mut carry = 1_u16;
    for (byte, add) in block.iter_mut().zip(addend).rev() {
        let sum = u16::from(*byte) + u16::from(*add) + carry;
        let [high, low] = sum.to_be_bytes();
        *byte = low;
        carry = u16::from(high);
    }
}
