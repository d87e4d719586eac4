//! Each end of the interface reads the data that the other end writes, for any value and alignment.

#![allow(clippy::unwrap_used, reason = "tests may unwrap")]
#![allow(unsafe_code, reason = "stands for both ends of a C interface")]

mod cases;

use std::ffi::c_void;

use certbind_core::{Binding, BindingKey, ExtendedProperties, Kind, strategy};
use certbind_httpapi_abi::client::{
    self, MalformedReply, read_record, with_delete, with_query, with_set,
};
use certbind_httpapi_abi::server::{
    Answer, Query, RequestError, read_delete, read_query, read_set,
};
use proptest::prelude::*;

/// The bytes of a structure, moved to a place with the alignment of `shift`.
fn moved(pointer: *const c_void, length: u32, shift: usize) -> Vec<u8> {
    let mut place = vec![0; shift];
    // SAFETY: within the closure that borrows the structure.
    place.extend(unsafe { std::slice::from_raw_parts(pointer.cast::<u8>(), length as usize) });
    place
}

/// The record of `binding` in a buffer with the alignment of `shift`, read back.
fn through_a_buffer(binding: &Binding, shift: usize) -> Result<Binding, MalformedReply> {
    let answer = Answer::new(binding);
    let mut buffer = vec![0xff; answer.size() as usize + shift + 8];
    let end = shift + answer.size() as usize;
    // SAFETY: the buffer is long enough.
    unsafe { answer.write(buffer[shift..end].as_mut_ptr().cast()) };
    assert!(buffer[end..].iter().all(|byte| *byte == 0xff));
    read_record(binding.key().kind(), &buffer[shift..end])
}

/// Any binding without extended properties: the structures of records have none.
fn plain() -> impl Strategy<Value = Binding> {
    strategy::binding().prop_map(|binding| {
        let mut record = binding.record().clone();
        record.extended = ExtendedProperties::default();
        binding.with_record(record).unwrap()
    })
}

proptest! {
    #![proptest_config(cases::config(512))]

    #[test]
    fn set_request_round_trips(binding in plain(), shift in 0..9_usize) {
        let kind = binding.key().kind();
        let read = with_set(&binding, |request| {
            let place = moved(request.pointer, request.length, shift);
            // SAFETY: the memory that the pointers point to is lent to this closure.
            unsafe { read_set(kind, place[shift..].as_ptr().cast(), request.length) }
        });
        prop_assert_eq!(read, Ok(binding));
    }

    #[test]
    fn delete_request_round_trips(binding in strategy::binding(), shift in 0..9_usize) {
        let key = binding.key();
        let read = with_delete(key, binding.host_spelling(), |request| {
            let place = moved(request.pointer, request.length, shift);
            // SAFETY: the memory that the pointers point to is lent to this closure.
            unsafe { read_delete(key.kind(), place[shift..].as_ptr().cast(), request.length) }
        });
        prop_assert_eq!(read.as_ref(), Ok(key));
    }

    #[test]
    fn query_round_trips(
        binding in strategy::binding(),
        token in any::<u32>(),
        shift in 0..9_usize,
    ) {
        let (key, host_spelling) = (binding.key(), binding.host_spelling());
        let kind = key.kind();
        let read = |query| with_query(query, |request| {
            let place = moved(request.pointer, request.length, shift);
            // SAFETY: the memory that the pointers point to is lent to this closure.
            unsafe { read_query(kind, place[shift..].as_ptr().cast(), request.length) }
        });
        let exact = read(client::Query::Exact { key, host_spelling });
        prop_assert_eq!(exact, Ok(Query::Exact(key.clone())));
        let next = read(client::Query::Next { kind, token });
        prop_assert_eq!(next, Ok(Query::Next(token)));
    }

    #[test]
    fn record_round_trips(binding in plain(), shift in 0..9_usize) {
        prop_assert_eq!(through_a_buffer(&binding, shift), Ok(binding));
    }

    #[test]
    fn a_structure_that_is_too_short_is_an_error(binding in strategy::binding(), cut in 1..250_u32) {
        let kind = binding.key().kind();
        with_set(&binding, |request| {
            let length = request.length.saturating_sub(cut);
            let fault = RequestError::Short { found: length, needed: request.length };
            assert_eq!(fault.win32_code(), 122);
            // SAFETY: at least the stated number of bytes is valid.
            let set = unsafe { read_set(kind, request.pointer, length) };
            assert_eq!(set.unwrap_err(), fault);
            // SAFETY: as above.
            let delete = unsafe { read_delete(kind, request.pointer, length) };
            assert_eq!(delete.unwrap_err(), fault);
        });
    }

    #[test]
    fn a_record_cut_short_is_malformed(binding in strategy::binding(), cut in any::<prop::sample::Index>()) {
        let kind = binding.key().kind();
        let answer = Answer::new(&binding);
        let mut buffer = vec![0_u8; answer.size() as usize];
        // SAFETY: the buffer is that long.
        unsafe { answer.write(buffer.as_mut_ptr().cast()) };
        // The last eight bytes may be padding after a hash or a string.
        let length = cut.index(buffer.len() - 8);
        let read = read_record(kind, &buffer[..length]);
        prop_assert!(read.is_err(), "{read:?}");
    }
}

#[test]
fn a_null_structure_is_an_error() {
    for kind in Kind::ALL {
        let null = std::ptr::null();
        // SAFETY: null is allowed.
        let set = unsafe { read_set(kind, null, 216) };
        // SAFETY: null is allowed.
        let delete = unsafe { read_delete(kind, null, u32::MAX) };
        // SAFETY: null is allowed.
        let query = unsafe { read_query(kind, null, 0) };
        for fault in [set.err(), delete.err(), query.err()] {
            let fault = fault.unwrap();
            assert!(matches!(fault, RequestError::Null { .. }), "{fault}");
            assert_eq!(fault.win32_code(), 87);
        }
    }
}

#[test]
fn ports_and_addresses_keep_their_byte_order() {
    for key in [
        "1.2.3.4:258",
        "[102:304::506]:258",
        "ccs=258",
        "hostnameport=a:258",
    ] {
        let key: BindingKey = key.parse().unwrap();
        with_query(
            client::Query::Exact {
                key: &key,
                host_spelling: None,
            },
            |request| {
                // SAFETY: the request is complete.
                let read = unsafe { read_query(key.kind(), request.pointer, request.length) };
                assert_eq!(read, Ok(Query::Exact(key.clone())));
            },
        );
    }
}
