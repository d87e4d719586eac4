//! URL reservations, the IP listen list, timeouts, cache parameters and settings, call by call as C
//! programs make them: buffer sizes, bytes, and errors.

#![allow(clippy::unwrap_used, reason = "tests may unwrap")]
#![expect(unsafe_code, reason = "stands for a C program")]

mod caller;
mod configured;

use std::ffi::c_void;
use std::ptr;

use caller::{Caller, Function, UNTOUCHED, simulator};
use certbind_httpapi_abi::HttpApi;
use certbind_httpapi_abi::client::{Request, with_service_query};
use certbind_httpapi_abi::service::{CacheKey, ServiceKind, ServiceQuery, SettingKey, TimeoutKey};
use certbind_httpapi_abi::service_id;
use configured::records;
use proptest::prelude::*;
use proptest::sample::select;

fn queries() -> Vec<ServiceQuery> {
    vec![
        ServiceQuery::Reservation("http://+:80/x".parse().unwrap()),
        ServiceQuery::NextReservation(0),
        ServiceQuery::NextReservation(1),
        ServiceQuery::ListenList,
        ServiceQuery::Timeout(TimeoutKey::IdleConnection),
        ServiceQuery::Cache(CacheKey::RangeChunkSize),
        ServiceQuery::Setting(SettingKey::TlsThrottle),
    ]
}

/// The sizing call, and one with this much room; both codes and needed lengths, and the output.
fn ask(caller: &Caller<'_>, query: &ServiceQuery, output: &mut [u8]) -> (u32, u32) {
    let (pointer, room) = match output.len() {
        0 => (ptr::null_mut(), 0),
        room => (output.as_mut_ptr().cast(), u32::try_from(room).unwrap()),
    };
    let mut needed = UNTOUCHED;
    let code = with_service_query(
        query,
        |Request {
             id,
             pointer: input,
             length,
         }| {
            // SAFETY: the request is complete, and the output is as long as stated.
            unsafe {
                let (api, null) = (caller.api, ptr::null());
                let needed = &raw mut needed;
                HttpApi::query(
                    api,
                    caller.handle,
                    id,
                    input,
                    length,
                    pointer,
                    room,
                    needed,
                    null,
                )
            }
        },
    );
    (code, needed)
}

/// Timeouts have a code of their own.
#[test]
fn query_returns_the_needed_size() {
    let simulator = simulator();
    let caller = Caller::new(&simulator);
    let empty = ask(&caller, &ServiceQuery::ListenList, &mut []);
    assert_eq!(
        empty,
        (122, 136),
        "room for one address, as the structure has"
    );
    assert_eq!(ask(&caller, &queries()[0], &mut []), (2, UNTOUCHED));
    assert_eq!(ask(&caller, &queries()[1], &mut []), (259, UNTOUCHED));
    for record in records() {
        simulator.service().set(&record).unwrap();
    }
    let strings = 2 * ("http://+:80/x/".len() + 1 + "D:(A;;GX;;;WD)".len() + 1);
    let size = |bytes: usize| u32::try_from(bytes).unwrap();
    for (query, short, needed) in [
        (&queries()[0], 122, size(2 * size_of::<usize>() + strings)),
        (&queries()[3], 122, 8 + 2 * 128),
        (&queries()[4], 234, 2),
        (&queries()[5], 122, 4),
        (&queries()[6], 122, 4),
    ] {
        assert_eq!(ask(&caller, query, &mut []), (short, needed), "{query}");
        let mut output = vec![0xAA; needed as usize - 1];
        assert_eq!(ask(&caller, query, &mut output), (short, needed), "{query}");
        assert!(output.iter().all(|byte| *byte == 0xAA));
        assert_eq!(
            ask(&caller, query, &mut vec![0; needed as usize]).0,
            0,
            "{query}"
        );
    }
}

#[test]
fn bytes_of_answers_are_where_the_headers_have_them() {
    let simulator = simulator();
    let caller = Caller::new(&simulator);
    for record in records() {
        simulator.service().set(&record).unwrap();
    }
    let mut list = vec![0xAA; 400];
    assert_eq!(ask(&caller, &ServiceQuery::ListenList, &mut list).0, 0);
    assert_eq!(list[..8], [2, 0, 0, 0, 0, 0, 0, 0]);
    assert_eq!(
        list[8..24],
        [2, 0, 0, 0, 10, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]
    );
    let v6 = &list[8 + 128..][..28];
    assert_eq!(v6[..10], [23, 0, 0, 0, 0, 0, 0, 0, 0xfe, 0x80]);
    assert_eq!(v6[23..], [1, 2, 0, 0, 0]);
    assert!(list[8 + 256..].iter().all(|byte| *byte == 0xAA));
    let mut seconds = [0; 2];
    assert_eq!(ask(&caller, &queries()[4], &mut seconds).0, 0);
    assert_eq!(u16::from_ne_bytes(seconds), 33);
}

/// A structure of a C program, with a pointer or two to these texts.
fn change(caller: &Caller<'_>, function: Function, kind: ServiceKind, bytes: &[u8]) -> u32 {
    let (pointer, length) = (
        bytes.as_ptr().cast::<c_void>(),
        u32::try_from(bytes.len()).unwrap(),
    );
    // SAFETY: that many bytes are valid, and the pointers in them are null or point to complete
    // texts.
    unsafe { caller.change(function, service_id(kind), pointer, length) }
}

fn words(words: &[usize]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_ne_bytes()).collect()
}

#[test]
fn mistakes_of_c_programs_have_their_codes() {
    let simulator = simulator();
    let caller = Caller::new(&simulator);
    let wide = |text: &str| text.encode_utf16().chain([0]).collect::<Vec<u16>>();
    let (good, bad) = (wide("http://+:80/"), wide("http://+:80"));
    let (everyone, nonsense) = (wide("D:(A;;GX;;;WD)"), wide("Everyone"));
    let [good, bad, everyone, nonsense] =
        [&good, &bad, &everyone, &nonsense].map(|text| text.as_ptr().expose_provenance());
    let set = |url, sddl| {
        let bytes = words(&[url, sddl]);
        change(&caller, Function::Set, ServiceKind::UrlReservation, &bytes)
    };
    assert_eq!(set(0, everyone), 87);
    assert_eq!(set(good, 0), 87);
    assert_eq!(set(bad, everyone), 87);
    assert_eq!(set(good, nonsense), 87);
    let short = &words(&[good, everyone])[..2 * size_of::<usize>() - 1];
    assert_eq!(
        change(&caller, Function::Set, ServiceKind::UrlReservation, short),
        122
    );
    assert_eq!(set(good, everyone), 0);
    // A deletion reads only the URL.
    let bytes = words(&[good, 0]);
    assert_eq!(
        change(
            &caller,
            Function::Delete,
            ServiceKind::UrlReservation,
            &bytes
        ),
        0
    );

    let address = [2_u8, 0, 0x1f, 0x90, 10, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0];
    let other = [1_u8; 16];
    let listen = |length, address: &[u8]| {
        let bytes = words(&[length, address.as_ptr().expose_provenance()]);
        change(&caller, Function::Set, ServiceKind::ListenList, &bytes)
    };
    assert_eq!(listen(0, &address), 87);
    assert_eq!(listen(15, &address), 87, "shorter than the address");
    assert_eq!(listen(16, &other), 87, "no family of IP");
    assert_eq!(listen(16, &[23; 16]), 87);
    assert_eq!(listen(16, &address), 0, "a port is not looked at");

    let number = |kind, key: u32, value: u32| {
        let bytes = [key.to_ne_bytes(), value.to_ne_bytes()].concat();
        change(&caller, Function::Set, kind, &bytes)
    };
    assert_eq!(
        number(ServiceKind::Timeout, 0, 0),
        87,
        "must be greater than zero"
    );
    assert_eq!(number(ServiceKind::Timeout, 2, 1), 87);
    assert_eq!(number(ServiceKind::Cache, 2, 1), 87);
    assert_eq!(number(ServiceKind::Setting, 0, 1), 87, "HttpNone");
    assert_eq!(number(ServiceKind::Setting, 1, 0), 0);
    assert_eq!(
        change(&caller, Function::Set, ServiceKind::Timeout, &[0; 7]),
        122
    );
}

proptest! {
    #[test]
    fn query_writes_its_output_on_success_only(
        query in select(queries()),
        set in prop::sample::subsequence(records(), 0..=6),
        room in 0..400_usize,
        unaligned in 0..8_usize,
    ) {
        let simulator = simulator();
        let caller = Caller::new(&simulator);
        for record in set {
            simulator.service().set(&record).unwrap();
        }
        let mut output = vec![0xAA_u8; unaligned + room + 16];
        let (code, needed) = ask(&caller, &query, &mut output[unaligned..unaligned + room]);
        prop_assert!(matches!(code, 0 | 2 | 122 | 234 | 259), "{code}");
        let told = needed != UNTOUCHED;
        prop_assert_eq!(told, matches!(code, 0 | 122 | 234));
        let written = if code == 0 { needed as usize } else { 0 };
        prop_assert!(written <= room);
        prop_assert!(output[..unaligned].iter().all(|byte| *byte == 0xAA));
        prop_assert!(output[unaligned + written..].iter().all(|byte| *byte == 0xAA));
    }

    /// A refusal changes nothing.
    #[test]
    fn any_text_and_address_is_answered(
        url in prop_oneof![
            4 => "https?://(\\+|\\*|a\\.test|10\\.0\\.0\\.1|\\[::1\\]):[0-9]{1,5}(/[a-z]{0,3}){0,2}",
            1 => ".{0,20}",
        ],
        sddl in prop_oneof![
            4 => "D:(\\(A;;G[AX];;;(WD|NS|S-1-5-[0-9]{1,3}|XX)\\)){0,2}",
            1 => ".{0,20}",
        ],
        odd in prop::option::weighted(0.1, any::<u16>()),
        address in prop::collection::vec(any::<u8>(), 28),
        family in prop_oneof![Just(2_u16), Just(23), any::<u16>()],
        length in prop_oneof![Just(16_usize), Just(28), 0..=28_usize],
        functions in prop::collection::vec(
            select(vec![Function::Set, Function::Update, Function::Delete]), 1..4,
        ),
    ) {
        let simulator = simulator();
        let caller = Caller::new(&simulator);
        let config = simulator.service();
        // Sometimes no UTF-16, but always with an end.
        let wide = |text: &str| text.encode_utf16().chain(odd).chain([0]).collect::<Vec<u16>>();
        let (url, sddl) = (wide(&url), wide(&sddl));
        let texts = [&url, &sddl].map(|text| text.as_ptr().expose_provenance());
        let mut address = address;
        address[..2].copy_from_slice(&family.to_ne_bytes());
        let listened = [length, address.as_ptr().expose_provenance()];
        for function in functions {
            let state = || (config.url_reservations().unwrap(), config.listen_list().unwrap());
            let before = state();
            let code = change(&caller, function, ServiceKind::UrlReservation, &words(&texts));
            prop_assert!(matches!(code, 0 | 2 | 87 | 183), "{code}");
            prop_assert_eq!(code == 0, state() != before);
            let before = state();
            let code = change(&caller, function, ServiceKind::ListenList, &words(&listened));
            prop_assert!(matches!(code, 0 | 87 | 183 | 1168), "{code}");
            prop_assert_eq!(code == 0, state() != before);
        }
    }

    #[test]
    fn short_structures_and_noise_are_refused(
        kind in select(ServiceKind::ALL.to_vec()),
        function in select(vec![Function::Set, Function::Update, Function::Delete]),
        noise in prop::collection::vec(any::<u8>(), 0..7),
        null in any::<bool>(),
        length in any::<u32>(),
    ) {
        let simulator = simulator();
        let caller = Caller::new(&simulator);
        let (pointer, length) = match null {
            true => (ptr::null(), length),
            false => (noise.as_ptr().cast(), u32::try_from(noise.len()).unwrap()),
        };
        // SAFETY: that many bytes are valid, or the pointer is null.
        let code = unsafe { caller.change(function, service_id(kind), pointer, length) };
        prop_assert!(matches!(code, 87 | 122), "{code}");
        prop_assert_eq!(simulator.service().listen_list().unwrap(), []);
    }
}
