//! Any request of a C program to the HTTP Server API whose pointers are valid.

#![expect(unsafe_code, reason = "acts as a C program")]

use certbind_core::Kind;
use certbind_httpapi_abi::client::with_set;
use certbind_httpapi_abi::server::{read_delete, read_query, read_set};

use super::abi_record::{self, POINTERS};
use crate::{Outcome, Target};

pub(crate) const TARGET: Target = Target {
    name: "abi-request",
    longest: 512,
    read,
    seeds: abi_record::TARGET.seeds,
    dictionary: abi_record::TARGET.dictionary,
    memory: |length| 8192 + 16 * length as u64,
};

/// The bytes that end every string and contain every address and hash that a pointer may point to.
const END: usize = 32;

/// The first byte chooses the kind (bits 0 and 1), the place in memory (2 to 4), and whether it is
/// a query (5). A structure follows, and the memory that its pointers point to.
fn read(input: &[u8]) -> Outcome {
    let Some((first, rest)) = input.split_first() else {
        return Outcome::of("empty");
    };
    let n = usize::from(first & 3);
    let (kind, query) = (Kind::ALL[n], first & 0x20 != 0);
    let (pointers, length) = POINTERS[n];
    let (structure, memory) = rest.split_at(rest.len().min(length));
    let memory = [memory, &[0; END]].concat();
    let shift = usize::from(first >> 2 & 7);
    let mut request = vec![0; shift];
    request.extend(structure);
    let key: &[usize] = match (kind, query) {
        (Kind::IpPort, true) => &[8],
        (Kind::Sni | Kind::ScopedCcs, true) => &[136],
        (Kind::Ccs, true) => &[],
        (_, false) => pointers,
    };
    for at in key {
        if let Some(pointer) = request.get_mut(shift + at..shift + at + 8) {
            let offset = u64::from_le_bytes(pointer.try_into().expect("eight bytes"));
            let offset = usize::try_from(offset).expect("a 64-bit system");
            let place = offset.saturating_sub(length) % (memory.len() - END + 1);
            let target = match offset {
                0 => 0,
                _ => memory[place..].as_ptr().expose_provenance(),
            };
            pointer.copy_from_slice(&target.to_ne_bytes());
        }
    }
    let structure = &request[shift..];
    let length = u32::try_from(structure.len()).expect("it is short");
    let pointer = structure.as_ptr().cast();
    if query {
        // SAFETY: that many bytes are valid, and every pointer points to 32 bytes that end with
        // NULs.
        return match unsafe { read_query(kind, pointer, length) } {
            Ok(_) => Outcome::of((n, "a query")),
            Err(fault) => Outcome::of((n, format!("{fault:?}"))),
        };
    }
    // SAFETY: as above.
    let key = unsafe { read_delete(kind, pointer, length) };
    // SAFETY: as above.
    match unsafe { read_set(kind, pointer, length) } {
        Ok(binding) => {
            assert_eq!(key.as_ref(), Ok(binding.key()));
            let again = with_set(&binding, |request| {
                // SAFETY: the request is complete.
                unsafe { read_set(kind, request.pointer, request.length) }
            });
            assert_eq!(again.as_ref(), Ok(&binding));
            Outcome::of((
                n,
                binding.record().flags.is_empty(),
                binding.host_spelling().is_some(),
            ))
        }
        Err(fault) => Outcome::of((n, format!("{fault:?}"), key.is_ok())),
    }
}
