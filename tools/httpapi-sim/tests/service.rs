//! URL reservations, the IP listen list, timeouts, cache parameters and settings: what the
//! simulated API answers, through the client that sets and asks, and call by call.

#![allow(clippy::unwrap_used, reason = "tests may unwrap")]
#![expect(unsafe_code, reason = "stands for a C program")]

mod caller;

use std::ffi::c_void;
use std::ptr;
use std::sync::Arc;

use backend_httpsys::HttpApi;
use backend_httpsys::abi::client::{Request, with_service_query, with_service_set};
use backend_httpsys::abi::service_id;
use backend_httpsys::service::{
    CacheKey, ListenAddress, ServiceAnswer, ServiceApi, ServiceKey, ServiceKind, ServiceQuery,
    ServiceRecord, SettingKey, TimeoutKey, UrlReservation,
};
use caller::{Caller, Function, UNTOUCHED, simulator};
use httpapi_sim::{Call, Privilege, Profile, Simulator};
use proptest::prelude::*;
use proptest::sample::select;
use store_core::{MemoryTables, StoreError, Tables};

fn reservation(url: &str, sddl: &str) -> ServiceRecord {
    ServiceRecord::Reservation(UrlReservation {
        url: url.parse().unwrap(),
        sddl: sddl.parse().unwrap(),
    })
}

fn url(url: &str) -> ServiceKey {
    ServiceKey::Reservation(url.parse().unwrap())
}

fn listen(address: &str) -> ServiceRecord {
    ServiceRecord::Listen(address.parse().unwrap())
}

fn host(simulator: Simulator) -> (Arc<Simulator>, ServiceApi<Arc<Simulator>>) {
    let simulator = Arc::new(simulator);
    let api = ServiceApi::initialize(Arc::clone(&simulator)).unwrap();
    (simulator, api)
}

fn code<T: std::fmt::Debug>(result: Result<T, StoreError>) -> u32 {
    result.unwrap_err().win32_code()
}

#[test]
fn a_url_is_reserved_once_whatever_its_case_and_given_back_as_spelled() {
    let (_, api) = host(simulator());
    let record = reservation("http://+:8080/MyApp", "D:(A;;GX;;;S-1-5-20)");
    api.set(&record).unwrap();
    let again = reservation("http://+:8080/myapp/", "D:(A;;GA;;;WD)");
    assert_eq!(code(api.set(&again)), 183);
    // Another category of host is another reservation.
    api.set(&reservation("http://*:8080/MyApp/", "D:(A;;GX;;;WD)"))
        .unwrap();
    let found = api.query(&ServiceQuery::Reservation(
        "http://+:8080/MYAPP".parse().unwrap(),
    ));
    let Some(ServiceAnswer::Reservation(found)) = found.unwrap() else {
        panic!("it was reserved")
    };
    assert_eq!(found.url.as_str(), "http://+:8080/MyApp/");
    assert_eq!(found.sddl.to_string(), "D:(A;;GX;;;NS)");
    assert_eq!(api.reservations().unwrap().len(), 2);
    api.delete(&url("http://+:8080/MyApp")).unwrap();
    assert_eq!(code(api.delete(&url("http://+:8080/MyApp"))), 2);
    assert_eq!(api.reservations().unwrap().len(), 1);
}

#[test]
fn the_listen_list_has_each_address_once_in_the_order_of_coming() {
    let (_, api) = host(simulator());
    let list = || match api.query(&ServiceQuery::ListenList).unwrap() {
        Some(ServiceAnswer::ListenList(list)) => list,
        other => panic!("{other:?}"),
    };
    assert_eq!(list(), []);
    let addresses = ["192.168.33.1", "::", "127.0.0.1", "fe80::1%3", "fe80::1"];
    for address in addresses {
        api.set(&listen(address)).unwrap();
    }
    assert_eq!(code(api.set(&listen("::"))), 183);
    let shown: Vec<_> = list().iter().map(ListenAddress::to_string).collect();
    assert_eq!(shown, addresses);
    let key = listen("::").key();
    api.delete(&key).unwrap();
    assert_eq!(code(api.delete(&key)), 1168);
    api.set(&listen("::")).unwrap();
    assert_eq!(list().last().unwrap().to_string(), "::");
    assert_eq!(list().len(), 5);
}

#[test]
fn numbers_have_defaults_take_values_again_and_go_back() {
    let (_, api) = host(simulator());
    let ask = |query: &ServiceQuery| api.query(query).unwrap().unwrap();
    let timeout = ServiceQuery::Timeout(TimeoutKey::HeaderWait);
    assert_eq!(ask(&timeout), ServiceAnswer::Timeout(120));
    for seconds in [64, 65_535] {
        api.set(&ServiceRecord::Timeout(TimeoutKey::HeaderWait, seconds))
            .unwrap();
        assert_eq!(ask(&timeout), ServiceAnswer::Timeout(seconds));
    }
    let other = ServiceQuery::Timeout(TimeoutKey::IdleConnection);
    assert_eq!(ask(&other), ServiceAnswer::Timeout(120));
    let key = ServiceKey::Timeout(TimeoutKey::HeaderWait);
    api.delete(&key).unwrap();
    assert_eq!(ask(&timeout), ServiceAnswer::Timeout(120));
    assert_eq!(code(api.delete(&key)), 2);

    let size = ServiceQuery::Cache(CacheKey::MaxResponseSize);
    assert_eq!(ask(&size), ServiceAnswer::Number(262_144));
    api.set(&ServiceRecord::Cache(CacheKey::MaxResponseSize, 524_288))
        .unwrap();
    assert_eq!(ask(&size), ServiceAnswer::Number(524_288));
    let size = ServiceKey::Cache(CacheKey::MaxResponseSize);
    assert_eq!(
        code(api.delete(&size)),
        87,
        "documented for set and query alone"
    );

    api.set(&ServiceRecord::Setting(SettingKey::TlsThrottle, 7))
        .unwrap();
    let throttle = ServiceQuery::Setting(SettingKey::TlsThrottle);
    assert_eq!(ask(&throttle), ServiceAnswer::Number(7));
    api.delete(&ServiceKey::Setting(SettingKey::TlsThrottle))
        .unwrap();
    assert_eq!(ask(&throttle), ServiceAnswer::Number(0));
}

#[test]
fn a_standard_user_reads_and_changes_nothing() {
    let (simulator, api) = host(simulator().privilege(Privilege::StandardUser));
    let record = reservation("http://+:80/", "D:(A;;GX;;;WD)");
    simulator.service().set(&record).unwrap();
    assert_eq!(code(api.set(&listen("::"))), 5);
    assert_eq!(
        code(api.set(&ServiceRecord::Timeout(TimeoutKey::HeaderWait, 1))),
        5
    );
    assert_eq!(code(api.delete(&record.key())), 5);
    assert_eq!(api.reservations().unwrap().len(), 1);
}

#[test]
fn windows_7_has_no_settings_and_no_windows_updates_any_of_it() {
    let (_, api) = host(simulator().profile(Profile::Windows7));
    let throttle = ServiceQuery::Setting(SettingKey::TlsThrottle);
    assert_eq!(code(api.query(&throttle)), 87);
    api.query(&ServiceQuery::Cache(CacheKey::RangeChunkSize))
        .unwrap()
        .unwrap();
    let simulator = simulator();
    let caller = Caller::new(&simulator);
    for record in records() {
        let code = with_service_set(&record, |request| {
            // SAFETY: the request is complete.
            unsafe {
                caller.change(
                    Function::Update,
                    request.id,
                    request.pointer,
                    request.length,
                )
            }
        });
        assert_eq!(code, 87, "{record}");
    }
}

#[test]
fn faults_count_the_calls_and_queries_of_numbers_are_exact_ones() {
    let (simulator, api) = host(simulator());
    simulator.fail(Call::Set, 1, 5);
    assert_eq!(code(api.set(&listen("::"))), 5);
    api.set(&listen("::")).unwrap();
    // The key of this timeout has the number that means "next" where a query has a type.
    api.query(&ServiceQuery::Timeout(TimeoutKey::HeaderWait))
        .unwrap();
    assert_eq!(simulator.calls(Call::QueryNext), 0);
    assert_eq!(simulator.calls(Call::QueryExact), 1);
    api.query(&ServiceQuery::NextReservation(0)).unwrap();
    assert_eq!(simulator.calls(Call::QueryNext), 1);
}

#[test]
fn the_configuration_stays_in_its_tables() {
    let tables: Arc<dyn Tables> = Arc::new(MemoryTables::new());
    let (_, api) = host(simulator().tables(Arc::clone(&tables)));
    for record in records() {
        api.set(&record).unwrap();
    }
    let (other, _) = host(simulator().tables(tables));
    assert_eq!(other.service().url_reservations().unwrap().len(), 1);
    assert_eq!(other.service().listen_list().unwrap().len(), 2);
    assert_eq!(
        other.service().timeout(TimeoutKey::IdleConnection).unwrap(),
        33
    );
}

#[test]
fn a_host_is_seeded_once_and_keeps_what_has_become_of_it() {
    let simulator = simulator();
    let config = simulator.service();
    config.seed(&[]).unwrap();
    config.seed(&records()).unwrap();
    config.delete(&records()[0].key()).unwrap();
    config.seed(&records()).unwrap();
    assert_eq!(config.url_reservations().unwrap(), []);
    let list = config.listen_list().unwrap();
    assert_eq!(
        list.iter()
            .map(ListenAddress::to_string)
            .collect::<Vec<_>>(),
        ["10.0.0.1", "fe80::1%2"]
    );
}

#[test]
fn a_row_that_makes_no_sense_is_an_error_and_not_a_record() {
    use store_core::Edit;
    for (table, key, value) in [
        ("urlacl", &b"http://+:80/"[..], &b"http://+:81/\nD:"[..]),
        ("urlacl", b"http://+:80/", b"http://+:80/"),
        ("iplisten", b"12345", &[0; 8]),
        ("timeout", &[0, 0, 0, 0], &[0, 0, 1, 0]),
        ("cacheparam", &[0, 0, 0, 0], &[0; 3]),
    ] {
        let tables: Arc<dyn Tables> = Arc::new(MemoryTables::new());
        tables.write(&[Edit::put(table, key, value)]).unwrap();
        let (_, api) = host(simulator().tables(tables));
        let query = match table {
            "urlacl" => ServiceQuery::NextReservation(0),
            "iplisten" => ServiceQuery::ListenList,
            "timeout" => ServiceQuery::Timeout(TimeoutKey::IdleConnection),
            _ => ServiceQuery::Cache(CacheKey::MaxResponseSize),
        };
        assert_eq!(code(api.query(&query)), 1392, "{table}");
    }
}

/// One of each kind, two addresses.
fn records() -> Vec<ServiceRecord> {
    vec![
        reservation("http://+:80/x/", "D:(A;;GX;;;WD)"),
        listen("10.0.0.1"),
        listen("fe80::1%2"),
        ServiceRecord::Timeout(TimeoutKey::IdleConnection, 33),
        ServiceRecord::Cache(CacheKey::RangeChunkSize, 44),
        ServiceRecord::Setting(SettingKey::TlsThrottle, 55),
    ]
}

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
            // SAFETY: the request is complete, and the output is as long as is said.
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

#[test]
fn a_query_tells_how_much_room_it_takes_and_timeouts_have_a_code_of_their_own() {
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

/// A structure of a C program, with a pointer or two that lead to these texts.
fn change(caller: &Caller<'_>, function: Function, kind: ServiceKind, bytes: &[u8]) -> u32 {
    let (pointer, length) = (
        bytes.as_ptr().cast::<c_void>(),
        u32::try_from(bytes.len()).unwrap(),
    );
    // SAFETY: so many bytes are there, and the pointers in them are null or lead to whole texts.
    unsafe { caller.change(function, service_id(kind), pointer, length) }
}

fn words(words: &[usize]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_ne_bytes()).collect()
}

#[test]
fn what_c_programs_get_wrong_is_told_by_the_code_that_goes_with_it() {
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
    // A deletion looks at nothing but the URL.
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
    fn a_query_writes_into_its_output_alone_and_only_if_it_succeeds(
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

    #[test]
    fn whatever_texts_and_addresses_a_structure_leads_to_it_is_answered_and_a_refusal_changes_nothing(
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
    fn short_structures_and_noise_are_refused_and_change_nothing(
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
        // SAFETY: so many bytes are there, or the pointer is null.
        let code = unsafe { caller.change(function, service_id(kind), pointer, length) };
        prop_assert!(matches!(code, 87 | 122), "{code}");
        prop_assert_eq!(simulator.service().listen_list().unwrap(), []);
    }
}
