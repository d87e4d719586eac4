//! Marvin32, the keyed checksum in the entries of transaction logs.
//!
//! The algorithm is public in the .NET runtime (`System.Marvin`, MIT); the seed is that of Suhanov's
//! specification of the registry's file format.

/// The seed of the hashes in transaction logs: the bytes `82 EF 4D 88 7A 4E 55 C5`, written as a number.
const SEED: u64 = 0x82ef_4d88_7a4e_55c5;

/// The hash of a part of a transaction log.
pub(super) fn log_hash(bytes: &[u8]) -> u64 {
    marvin32(SEED, bytes)
}

fn marvin32(seed: u64, bytes: &[u8]) -> u64 {
    let [low, high] = halves(seed);
    let mut state = State(low, high);
    let (words, rest) = bytes.as_chunks::<4>();
    for word in words {
        state.add(u32::from_le_bytes(*word));
    }
    // The end is marked by 0x80 after the last byte.
    let mut last = [0; 4];
    last[..rest.len()].copy_from_slice(rest);
    last[rest.len()] = 0x80;
    state.add(u32::from_le_bytes(last));
    state.mix();
    u64::from(state.0) | u64::from(state.1) << 32
}

fn halves(seed: u64) -> [u32; 2] {
    let bytes = seed.to_le_bytes();
    let (halves, _) = bytes.as_chunks::<4>();
    [u32::from_le_bytes(halves[0]), u32::from_le_bytes(halves[1])]
}

struct State(u32, u32);

impl State {
    fn add(&mut self, word: u32) {
        self.0 = self.0.wrapping_add(word);
        self.mix();
    }

    fn mix(&mut self) {
        let Self(a, b) = *self;
        let b = b ^ a;
        let a = a.rotate_left(20).wrapping_add(b);
        let b = b.rotate_left(9) ^ a;
        let a = a.rotate_left(27).wrapping_add(b);
        *self = Self(a, b.rotate_left(19));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The vectors of the .NET runtime's tests (MIT).
    #[test]
    fn hashes_are_those_of_the_published_vectors() {
        const PUBLISHED: [(&[u8], u64); 8] = [
            (&[], 0x30ed_35c1_00cd_3c7d),
            (&[0xaf], 0x48e7_3fc7_7d75_ddc1),
            (&[0xe7, 0x0f], 0xb5f6_e1fc_485d_bff8),
            (&[0x37, 0xf4, 0x95], 0xf0b0_7c78_9b8c_f7e8),
            (&[0x86, 0x42, 0xdc, 0x59], 0x7008_f2e8_7e9c_f556),
            (&[0x15, 0x3f, 0xb7, 0x98, 0x26], 0xe6c0_8c6d_a2af_a997),
            (&[0x09, 0x32, 0xe6, 0x24, 0x6c, 0x47], 0x6f04_bf1a_5ea2_4060),
            (
                &[0xab, 0x42, 0x7e, 0xa8, 0xd1, 0x0f, 0xc7],
                0xe118_47e4_f067_8c41,
            ),
        ];
        for (bytes, hash) in PUBLISHED {
            assert_eq!(marvin32(0x004f_b61a_001b_dbcc, bytes), hash, "{bytes:x?}");
        }
    }
}
