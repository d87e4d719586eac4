//! Service configuration other than bindings, through the C structures: each end reads the data
//! that the other writes, and any other data is an error.

#![allow(clippy::unwrap_used, reason = "tests may unwrap")]
#![expect(unsafe_code, reason = "acts as a C program")]

mod cases;

use std::ptr;

use certbind_httpapi_abi::client::{
    Request, read_service_answer, with_service_delete, with_service_query, with_service_set,
};
use certbind_httpapi_abi::server::{
    RequestError, ServiceReply, read_service_delete, read_service_query, read_service_set,
};
use certbind_httpapi_abi::service::{
    CacheKey, ListenAddress, MAX_URL_LENGTH, ServiceAnswer, ServiceKey, ServiceKind, ServiceQuery,
    ServiceRecord, SettingKey, TimeoutKey, UrlReservation,
};
use certbind_httpapi_abi::{kind_of, service_id, service_kind_of};
use proptest::prelude::*;
use proptest::sample::select;

fn address() -> impl Strategy<Value = ListenAddress> {
    prop_oneof![
        any::<std::net::Ipv4Addr>().prop_map(ListenAddress::from),
        (any::<std::net::Ipv6Addr>(), any::<u32>())
            .prop_map(|(ip, scope)| ListenAddress::v6(ip, scope)),
    ]
}

fn reservation() -> impl Strategy<Value = UrlReservation> {
    let host = select(vec![
        "+",
        "*",
        "www.contoso.com",
        "[::1]",
        "10.0.0.1",
        "bücher.example",
    ]);
    let sddl = select(vec![
        "D:(A;;GX;;;WD)",
        "D:",
        "D:P(A;;GA;;;S-1-5-80-1-2-3-4-5)(D;;GX;;;AN)",
    ]);
    (
        select(vec!["http", "https"]),
        host,
        1..=u16::MAX,
        "(/[a-zA-Z0-9._~-]{0,9}){0,3}",
        sddl,
    )
        .prop_map(|(scheme, host, port, path, sddl)| UrlReservation {
            url: format!("{scheme}://{host}:{port}{path}/").parse().unwrap(),
            sddl: sddl.parse().unwrap(),
        })
}

fn record() -> impl Strategy<Value = ServiceRecord> {
    prop_oneof![
        address().prop_map(ServiceRecord::Listen),
        reservation().prop_map(ServiceRecord::Reservation),
        (select(TimeoutKey::ALL.to_vec()), 1..=u16::MAX)
            .prop_map(|(key, seconds)| ServiceRecord::Timeout(key, seconds)),
        (select(CacheKey::ALL.to_vec()), any::<u32>())
            .prop_map(|(key, bytes)| ServiceRecord::Cache(key, bytes)),
        any::<u32>().prop_map(|value| ServiceRecord::Setting(SettingKey::TlsThrottle, value)),
    ]
}

fn query() -> impl Strategy<Value = ServiceQuery> {
    prop_oneof![
        Just(ServiceQuery::ListenList),
        reservation().prop_map(|reservation| ServiceQuery::Reservation(reservation.url)),
        any::<u32>().prop_map(ServiceQuery::NextReservation),
        select(TimeoutKey::ALL.to_vec()).prop_map(ServiceQuery::Timeout),
        select(CacheKey::ALL.to_vec()).prop_map(ServiceQuery::Cache),
        Just(ServiceQuery::Setting(SettingKey::TlsThrottle)),
    ]
}

fn answer() -> impl Strategy<Value = (ServiceKind, ServiceAnswer)> {
    prop_oneof![
        prop::collection::vec(address(), 0..5)
            .prop_map(|list| (ServiceKind::ListenList, ServiceAnswer::ListenList(list))),
        reservation().prop_map(|found| {
            (
                ServiceKind::UrlReservation,
                ServiceAnswer::Reservation(found),
            )
        }),
        any::<u16>().prop_map(|seconds| (ServiceKind::Timeout, ServiceAnswer::Timeout(seconds))),
        any::<u32>().prop_map(|number| (ServiceKind::Cache, ServiceAnswer::Number(number))),
        any::<u32>().prop_map(|number| (ServiceKind::Setting, ServiceAnswer::Number(number))),
    ]
}

proptest! {
    #![proptest_config(cases::config(512))]

    #[test]
    fn request_round_trips(record in record(), query in query()) {
        let kind = record.key().kind();
        let read = with_service_set(&record, |Request { id, pointer, length }| {
            assert_eq!(id, service_id(kind));
            // SAFETY: the request is complete.
            unsafe { read_service_set(kind, pointer, length) }
        });
        prop_assert_eq!(read.unwrap(), record.clone());
        let read = with_service_delete(&record.key(), |Request { pointer, length, .. }| {
            // SAFETY: the request is complete.
            unsafe { read_service_delete(kind, pointer, length) }
        });
        prop_assert_eq!(read.unwrap(), record.key());
        let read = with_service_query(&query, |Request { id, pointer, length }| {
            assert_eq!(service_kind_of(id), Some(query.kind()));
            // SAFETY: the request is complete.
            unsafe { read_service_query(query.kind(), pointer, length) }
        });
        prop_assert_eq!(read.unwrap(), query);
    }

    #[test]
    fn printed_line_round_trips(record in record(), query in query()) {
        prop_assert_eq!(record.to_string().parse::<ServiceRecord>().unwrap(), record.clone());
        prop_assert_eq!(record.key().to_string().parse::<ServiceKey>().unwrap(), record.key());
        prop_assert_eq!(query.to_string().parse::<ServiceQuery>().unwrap(), query);
    }

    #[test]
    fn any_line_is_read_or_refused(
        kind in "(urlacl|iplisten|timeout|cacheparam|setting)?",
        name in "(headerwaittimeout|sslthrottle|index|http://\\+:80/|::)?",
        rest in ".{0,12}",
    ) {
        let line = format!("{kind} {name} {rest}");
        let (record, query) = (line.parse::<ServiceRecord>(), line.parse::<ServiceQuery>());
        // A record that was read is printed as text that parses to the same record.
        if let Ok(record) = record {
            prop_assert_eq!(record.to_string().parse::<ServiceRecord>().unwrap(), record);
        }
        if let Ok(query) = query {
            prop_assert_eq!(query.to_string().parse::<ServiceQuery>().unwrap(), query);
        }
    }

    #[test]
    fn answer_round_trips((kind, answer) in answer(), spare in 0..3_usize) {
        let reply = ServiceReply::new(&answer);
        // A timeout is read from a buffer that was zeroed.
        let rest = match kind {
            ServiceKind::Timeout => 0,
            _ => 0xAAAA_AAAA_AAAA_AAAA_u64,
        };
        let mut buffer = vec![rest; (reply.size() as usize).div_ceil(8) + spare];
        // SAFETY: the buffer has at least so many bytes.
        unsafe { reply.write(buffer.as_mut_ptr().cast()) };
        // SAFETY: the same memory, as bytes.
        let bytes = unsafe {
            std::slice::from_raw_parts(buffer.as_ptr().cast::<u8>(), size_of_val(&*buffer))
        };
        let found = read_service_answer(kind, bytes).unwrap();
        if let (ServiceAnswer::Reservation(found), ServiceAnswer::Reservation(given)) =
            (&found, &answer)
        {
            prop_assert_eq!(found.url.as_str(), given.url.as_str(), "the spelling");
        }
        prop_assert_eq!(found, answer);
    }

    #[test]
    fn bytes_at_random_are_an_answer_or_an_error(
        kind in select(ServiceKind::ALL.to_vec()),
        mut bytes in prop::collection::vec(any::<u8>(), 0..300),
        pointers in prop::option::of((0..320_usize, 0..320_usize)),
    ) {
        if let Some((url, sddl)) = pointers {
            for (at, offset) in [(0, url), (size_of::<usize>(), sddl)] {
                let pointer = bytes.as_ptr().wrapping_add(offset).expose_provenance();
                if let Some(place) = bytes.get_mut(at..at + size_of::<usize>()) {
                    place.copy_from_slice(&pointer.to_ne_bytes());
                }
            }
        }
        // It neither panics nor reads outside the buffer.
        let _ = read_service_answer(kind, &bytes);
    }
}

#[test]
fn unterminated_text_is_refused_at_its_limit() {
    // Not one unit more than may be read, so that a memory checker notices a read beyond it.
    let endless = vec![u16::from(b'a'); MAX_URL_LENGTH + 1].into_boxed_slice();
    let words = [endless.as_ptr(), ptr::null()];
    let length = u32::try_from(size_of_val(&words)).unwrap();
    // SAFETY: the structure is valid, and the text as long as its limit and one more.
    let read =
        unsafe { read_service_delete(ServiceKind::UrlReservation, words.as_ptr().cast(), length) };
    assert!(
        matches!(read, Err(RequestError::Unterminated { .. })),
        "{read:?}"
    );
}

#[test]
fn list_longer_than_the_buffer_is_an_error() {
    let list = ServiceAnswer::ListenList(vec![std::net::Ipv4Addr::LOCALHOST.into()]);
    let reply = ServiceReply::new(&list);
    let mut buffer = vec![0_u8; reply.size() as usize];
    // SAFETY: the buffer has so many bytes.
    unsafe { reply.write(buffer.as_mut_ptr().cast()) };
    assert_eq!(
        read_service_answer(ServiceKind::ListenList, &buffer).unwrap(),
        list
    );
    for count in [2_u32, u32::MAX] {
        buffer[..4].copy_from_slice(&count.to_ne_bytes());
        assert!(read_service_answer(ServiceKind::ListenList, &buffer).is_err());
    }
}

/// Microsoft's pages of the function and of the structure disagree on the answer of a query.
#[test]
fn timeout_is_read_by_itself_and_from_its_structure() {
    let read = |words: [u16; 4]| {
        let bytes: Vec<_> = words.into_iter().flat_map(u16::to_ne_bytes).collect();
        read_service_answer(ServiceKind::Timeout, &bytes)
    };
    for (words, seconds) in [
        ([120, 0, 0, 0], 120),
        ([1, 0, 0, 0], 1),
        ([0, 0, 120, 0], 120),
        ([1, 0, 120, 0], 120),
        ([1, 0, 1, 0], 1),
    ] {
        assert_eq!(
            read(words).unwrap(),
            ServiceAnswer::Timeout(seconds),
            "{words:?}"
        );
    }
    for neither in [[120, 0, 120, 0], [120, 1, 0, 0], [2, 0, 1, 0]] {
        assert!(read(neither).is_err(), "{neither:?}");
    }
}

#[test]
fn no_id_is_for_bindings_and_for_something_else() {
    let kinds: Vec<_> = (0..14)
        .map(|id| (kind_of(id), service_kind_of(id)))
        .collect();
    assert!(
        kinds
            .iter()
            .all(|(binding, service)| binding.is_none() || service.is_none())
    );
    let service: Vec<_> = kinds
        .into_iter()
        .filter_map(|(_, service)| service)
        .collect();
    assert_eq!(service, ServiceKind::ALL);
}
