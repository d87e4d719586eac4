//! The buffer of a query of the HTTP Server API, with any contents.

use certbind_core::Kind;
use certbind_httpapi_abi::client::read_record;

use crate::{Outcome, Target};

pub(crate) const TARGET: Target = Target {
    name: "abi-record",
    longest: 512,
    read,
    seeds: || {
        Kind::ALL
            .iter()
            .zip(0..)
            .map(|(kind, n)| seed(*kind, n))
            .collect()
    },
    dictionary: &["\u{2}\0", "\u{17}\0", "\0\0", "\u{14}\0\0\0"],
    memory: |length| 8192 + 16 * length as u64,
};

/// The offsets of pointers, and the fields that a record has there, in order.
pub(super) const POINTERS: [(&[usize], usize); 4] = [
    (&[0, 16, 40, 64, 72], 88),
    (&[128, 144, 168, 192, 200], 216),
    (&[136, 160, 184, 192], 208),
    (&[128, 144, 168, 192, 200], 216),
];

/// A record whose pointers are offsets into the buffer: the reader of this target makes them
/// pointers.
fn seed(kind: Kind, n: u8) -> Vec<u8> {
    let (pointers, length) = POINTERS[usize::from(n)];
    let mut bytes = vec![n];
    bytes.resize(1 + length, 0);
    let address = [2, 0, 1, 187, 0, 0, 0, 0];
    if kind != Kind::IpPort {
        bytes[1..9].copy_from_slice(&address);
    }
    for at in pointers {
        let place = u64::try_from(bytes.len() - 1).expect("short");
        bytes[1 + at..1 + at + 8].copy_from_slice(&place.to_le_bytes());
        if kind == Kind::IpPort && *at == 0 {
            bytes.extend(address);
            bytes.extend([0; 8]);
        } else {
            bytes.extend("a.example\0\0\0".encode_utf16().flat_map(u16::to_le_bytes));
        }
    }
    if kind.names_certificate() {
        let param = if kind == Kind::IpPort { 8 } else { 136 };
        bytes[1 + param] = 20;
    }
    bytes
}

fn read(input: &[u8]) -> Outcome {
    let Some((first, record)) = input.split_first() else {
        return Outcome::of("empty");
    };
    let n = usize::from(first & 3);
    let mut buffer = record.to_vec();
    let start = buffer.as_ptr().addr() as u64;
    for at in POINTERS[n].0 {
        if let Some(pointer) = buffer.get_mut(*at..*at + 8) {
            let offset = u64::from_le_bytes(pointer.try_into().expect("eight bytes"));
            // Null stays null, and half of the other pointers may point anywhere.
            if offset != 0 && first & 0x80 == 0 {
                pointer.copy_from_slice(&start.wrapping_add(offset).to_le_bytes());
            }
        }
    }
    match read_record(Kind::ALL[n], &buffer) {
        Ok(binding) => {
            let record = binding.record();
            let texts = (
                record.ctl_identifier.is_some(),
                record.ctl_store_name.is_some(),
            );
            Outcome::of((binding.key().kind(), record.certificate.is_some(), texts))
        }
        Err(error) => Outcome::of((n, Outcome::error(error))),
    }
}
