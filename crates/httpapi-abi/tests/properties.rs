//! The structures of extended properties: each end reads the data that the other writes, byte for
//! byte as `http.h` and `schannel.h` specify, and any other input or output is an error.

#![allow(clippy::unwrap_used, reason = "tests may unwrap")]
#![allow(unsafe_code, reason = "acts as both ends of a C interface")]

mod cases;

use std::ffi::c_void;

use certbind_core::{
    Binding, BindingKey, Kind, Property, PropertyType, PropertyValue, SessionTicketKey,
    SessionTicketKeys, TlsRestriction, TlsRestrictions, strategy,
};
use certbind_httpapi_abi::client::{
    PropertyQuery, Request, read_property, with_delete_property, with_query_property,
    with_set_property,
};
use certbind_httpapi_abi::server::{
    PropertyAnswer, Query, RequestError, read_delete_property, read_query_property,
    read_set_property,
};
use certbind_httpapi_abi::{kind_of, property_id, property_kind_of};
use proptest::prelude::*;
use proptest::sample::{Index, select};

/// The bytes of a structure, moved to a place with the alignment of `shift`.
fn moved(pointer: *const c_void, length: u32, shift: usize) -> Vec<u8> {
    let mut place = vec![0; shift];
    // SAFETY: within the closure that borrows the structure.
    place.extend(unsafe { std::slice::from_raw_parts(pointer.cast::<u8>(), length as usize) });
    place
}

fn property() -> impl Strategy<Value = Property> {
    select(PropertyType::ALL.to_vec()).prop_flat_map(strategy::property)
}

fn window() -> Property {
    PropertyValue::Http2Window {
        receive_window: 0x0403_0201,
    }
    .into()
}

fn plain(key: &str) -> Binding {
    let key: BindingKey = key.parse().unwrap();
    let record = match key.kind().names_certificate() {
        true => certbind_core::Record::new([7; 20].into(), None, certbind_core::Uuid::nil()),
        false => certbind_core::Record::central(certbind_core::Uuid::nil()),
    };
    Binding::new(key, record).unwrap()
}

#[test]
fn the_ids_are_those_of_the_header() {
    for (kind, id) in Kind::ALL.into_iter().zip([8, 9, 10, 12]) {
        assert_eq!(property_id(kind), id);
        assert_eq!(property_kind_of(id), Some(kind));
        assert_eq!(kind_of(id), None);
    }
    for other in [0, 1, 5, 6, 7, 11, 13, -1] {
        assert_eq!(property_kind_of(other), None);
    }
}

#[cfg(target_pointer_width = "64")]
#[test]
fn set_request_matches_the_header() {
    for (key, length, family, param) in [
        ("10.1.2.3:443", 160, 2_u8, 128),
        ("[102:304:506:708:90a:b0c:d0e:f10%7]:443", 160, 23, 128),
        ("hostnameport=a.example:443", 168, 2, 136),
        ("ccs=443", 160, 2, 128),
        ("scopedccs=a.example:443", 168, 2, 136),
    ] {
        let binding = plain(key);
        let flags = 0x8877_6655_4433_2211;
        let property = Property { flags, ..window() };
        with_set_property(binding.key(), None, &property, |request| {
            assert_eq!(request.length, length, "{key}");
            let bytes = moved(request.pointer, request.length, 0);
            assert_eq!(bytes[..4], [family, 0, 1, 0xbb], "{key}");
            match family {
                23 => {
                    let address: Vec<u8> = (1..=16).collect();
                    assert_eq!(bytes[8..24], address);
                    assert_eq!(bytes[24..28], [7, 0, 0, 0]);
                }
                _ if key.starts_with("10.") => assert_eq!(bytes[4..8], [10, 1, 2, 3]),
                _ => assert_eq!(bytes[4..8], [0; 4]),
            }
            assert_eq!(bytes[param..param + 4], [0; 4], "the type");
            let expected = flags.to_le_bytes();
            assert_eq!(bytes[param + 8..param + 16], expected, "the flags");
            assert_eq!(bytes[param + 16..param + 20], [1, 2, 3, 4], "the window");
        });
    }
}

#[cfg(target_pointer_width = "64")]
#[test]
fn a_query_has_the_type_where_the_header_has_it() {
    for (kind, length, token) in [
        (Kind::IpPort, 144, 136),
        (Kind::Sni, 152, 144),
        (Kind::Ccs, 144, 136),
        (Kind::ScopedCcs, 152, 144),
    ] {
        let query = PropertyQuery::Next {
            kind,
            token: 0x0403_0201,
            property: PropertyType::SessionTicketKeys,
        };
        with_query_property(query, |request| {
            assert_eq!(request.length, length);
            let bytes = moved(request.pointer, request.length, 0);
            assert_eq!(bytes[..4], [1, 0, 0, 0]);
            assert_eq!(bytes[token..token + 4], [1, 2, 3, 4]);
            assert_eq!(bytes[token + 4..token + 8], [5, 0, 0, 0]);
        });
    }
}

#[cfg(target_pointer_width = "64")]
#[test]
fn session_ticket_key_matches_schannel() {
    let id = std::array::from_fn(|n| u8::try_from(n).unwrap());
    let key = SessionTicketKey::new(0x0403_0201, id, &[0xee; 32]).unwrap();
    let keys = SessionTicketKeys::new(vec![key]).unwrap();
    let answer = PropertyAnswer::new(
        &plain("ccs=443"),
        &PropertyValue::SessionTicketKeys(keys).into(),
    );
    let mut buffer = vec![0xff_u8; answer.size() as usize];
    // SAFETY: the buffer has the length of the answer.
    unsafe { answer.write(buffer.as_mut_ptr().cast()) };
    assert_eq!(buffer[128..132], [5, 0, 0, 0], "the type");
    assert_eq!(buffer[144..148], [1, 0, 0, 0], "the number of keys");
    let list = u64::from_le_bytes(buffer[152..160].try_into().unwrap());
    assert_eq!(list, buffer.as_ptr().expose_provenance() as u64 + 160);
    let key = &buffer[160..248];
    assert_eq!(key[..4], [1, 2, 3, 4]);
    assert_eq!(key[4..20], id);
    assert_eq!(key[20..52], [0xee; 32]);
    assert_eq!(key[52..84], [0; 32]);
    assert_eq!(key[84], 32);
}

#[test]
fn an_unknown_type_is_an_error() {
    for found in [6, 7, -1] {
        with_set_property(plain("ccs=443").key(), None, &window(), |request| {
            let mut bytes = moved(request.pointer, request.length, 0);
            bytes[128..132].copy_from_slice(&i32::to_ne_bytes(found));
            let (pointer, length) = (bytes.as_ptr().cast(), request.length);
            let fault = RequestError::PropertyType { found };
            // SAFETY: no pointer is in it.
            let set = unsafe { read_set_property(Kind::Ccs, pointer, length) };
            assert_eq!(set.unwrap_err(), fault);
            // SAFETY: as above.
            let delete = unsafe { read_delete_property(Kind::Ccs, pointer, length) };
            assert_eq!(delete.unwrap_err(), fault);
            assert_eq!(fault.win32_code(), 87);
        });
    }
}

#[test]
fn lists_of_lists_are_read_as_far_as_a_property_goes() {
    // A hundred restrictions of fifty algorithms each: with those of the first there is no room left,
    // and those of the others are nowhere.
    let one = TlsRestriction {
        disabled_crypto: vec![certbind_core::DisabledCrypto::default(); 50],
        ..TlsRestriction::default()
    };
    let one = PropertyValue::TlsRestrictions(TlsRestrictions::new(vec![one]).unwrap());
    let key = plain("ccs=443");
    with_set_property(key.key(), None, &one.into(), |request| {
        let mut bytes = moved(request.pointer, request.length, 0);
        let list = usize::from_ne_bytes(bytes[152..160].try_into().unwrap());
        // SAFETY: there is one restriction, borrowed by this closure.
        let restriction = unsafe {
            std::slice::from_raw_parts(std::ptr::with_exposed_provenance::<u8>(list), 40)
        };
        let mut many = restriction.repeat(100);
        for other in many[40..].chunks_exact_mut(40) {
            other[24..32].copy_from_slice(&8_usize.to_ne_bytes());
        }
        bytes[144..148].copy_from_slice(&100_u32.to_ne_bytes());
        let pointer = many.as_ptr().expose_provenance();
        bytes[152..160].copy_from_slice(&pointer.to_ne_bytes());
        // SAFETY: the bytes that are read are valid; the test checks that no more are read.
        let read = unsafe { read_set_property(Kind::Ccs, bytes.as_ptr().cast(), request.length) };
        assert!(matches!(read, Err(RequestError::Property(_))), "{read:?}");
    });
}

/// Mostly zeros and small numbers.
const NOISE: &[u8] = &[0, 0, 0, 0, 0, 0, 0, 1, 1, 2, 4, 16, b'a'];

proptest! {
    #![proptest_config(cases::config(512))]

    #[test]
    fn property_request_round_trips(
        binding in strategy::binding(), property in property(), shift in 0..9_usize,
    ) {
        let (key, kind) = (binding.key(), binding.key().kind());
        with_set_property(key, binding.host_spelling(), &property, |request| {
            let place = moved(request.pointer, request.length, shift);
            let place = place[shift..].as_ptr().cast();
            // SAFETY: the memory that the pointers point to is lent to this closure.
            let read = unsafe { read_set_property(kind, place, request.length) };
            assert_eq!(read, Ok((key.clone(), property.clone())));
            // SAFETY: as above.
            let read = unsafe { read_delete_property(kind, place, request.length) };
            assert_eq!(read, Ok((key.clone(), property.property_type())));
            let short = request.length - 1;
            let fault = RequestError::Short { found: short, needed: request.length };
            // SAFETY: at least the stated number of bytes is valid.
            let read = unsafe { read_set_property(kind, place, short) };
            assert_eq!(read, Err(fault));
        });
        let of = property.property_type();
        with_delete_property(key, binding.host_spelling(), of, |request: Request| {
            // SAFETY: the request is complete.
            let read = unsafe { read_delete_property(kind, request.pointer, request.length) };
            assert_eq!(read, Ok((key.clone(), of)));
        });
    }

    #[test]
    fn query_round_trips(
        binding in strategy::binding(),
        property in select(PropertyType::ALL.to_vec()),
        token in any::<u32>(),
        shift in 0..9_usize,
    ) {
        let (key, host_spelling) = (binding.key(), binding.host_spelling());
        let kind = key.kind();
        let read = |query| with_query_property(query, |request| {
            let place = moved(request.pointer, request.length, shift);
            // SAFETY: the memory that the pointers point to is lent to this closure.
            unsafe { read_query_property(kind, place[shift..].as_ptr().cast(), request.length) }
        });
        let exact = read(PropertyQuery::Exact { key, host_spelling, property });
        prop_assert_eq!(exact, Ok((Query::Exact(key.clone()), property)));
        let next = read(PropertyQuery::Next { kind, token, property });
        prop_assert_eq!(next, Ok((Query::Next(token), property)));
    }

    #[test]
    fn property_answer_round_trips(
        binding in strategy::binding(), property in property(), shift in 0..9_usize,
    ) {
        let answer = PropertyAnswer::new(&binding, &property);
        let end = shift + answer.size() as usize;
        let mut buffer = vec![0xff; end + 8];
        // SAFETY: the buffer is long enough.
        unsafe { answer.write(buffer[shift..end].as_mut_ptr().cast()) };
        prop_assert!(buffer[end..].iter().all(|byte| *byte == 0xff));
        let read = read_property(binding.key().kind(), &buffer[shift..end]);
        prop_assert_eq!(read, Ok((binding.key().clone(), property)));
    }

    #[test]
    fn answers_with_any_bytes_in_them_are_read_or_refused(
        binding in strategy::binding_of(strategy::few_keys(&Kind::ALL)),
        property in property(),
        spoiled in prop::collection::vec((any::<Index>(), select(NOISE.to_vec())), 0..6),
        cut in prop::option::of(any::<Index>()),
    ) {
        let answer = PropertyAnswer::new(&binding, &property);
        let mut buffer = vec![0_u8; answer.size() as usize];
        // SAFETY: the buffer is long enough.
        unsafe { answer.write(buffer.as_mut_ptr().cast()) };
        for (at, byte) in spoiled {
            let at = at.index(buffer.len());
            buffer[at] = byte;
        }
        let end = cut.map_or(buffer.len(), |cut| cut.index(buffer.len()));
        let _ = read_property(binding.key().kind(), &buffer[..end]);
    }

    #[test]
    fn valid_pointers_are_read_or_refused(
        kind in select(Kind::ALL.to_vec()),
        mut request in cases::bytes(160..168, NOISE),
        of in 0..7_u32,
        memory in cases::bytes(9_000..9_001, NOISE),
        counts in prop::collection::vec(prop_oneof![0..4_u32, Just(u32::MAX)], 2),
        has_memory in prop::bool::weighted(0.9),
    ) {
        // Of lists of numbers alone: pointers in lists could point anywhere.
        prop_assume!(!matches!(of, 3 | 4));
        let (key, param) = match kind {
            Kind::IpPort | Kind::Ccs => (None, 128),
            Kind::Sni | Kind::ScopedCcs => (Some(128), 136),
        };
        request.resize(168, 0);
        request[..8].copy_from_slice(&[2, 0, 1, 187, 0, 0, 0, 0]);
        let pointer = match has_memory {
            true => memory.as_ptr().expose_provenance(),
            false => 0,
        };
        if let Some(at) = key {
            let host = memory[8_990..].as_ptr().expose_provenance();
            request[at..at + 8].copy_from_slice(&host.to_ne_bytes());
        }
        request[param..param + 4].copy_from_slice(&of.to_ne_bytes());
        request[param + 16..param + 20].copy_from_slice(&counts[0].to_ne_bytes());
        request[param + 20..param + 24].copy_from_slice(&counts[1].to_ne_bytes());
        request[param + 24..param + 32].copy_from_slice(&pointer.to_ne_bytes());
        let memory_ends = memory.ends_with(&[0]);
        prop_assume!(memory_ends || key.is_none());
        // SAFETY: no property reads more than 8 KiB, the memory is longer, and ends with a NUL.
        if let Ok((key, property)) = unsafe { read_set_property(kind, request.as_ptr().cast(), 168) } {
            with_set_property(&key, None, &property, |again| {
                // SAFETY: the request is complete.
                let read = unsafe { read_set_property(kind, again.pointer, again.length) };
                assert_eq!(read, Ok((key.clone(), property.clone())));
            });
        }
    }
}
