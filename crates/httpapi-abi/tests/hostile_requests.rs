//! Any request of a C program whose pointers are valid is read or refused; and no byte is read
//! beyond the lengths that the interface specifies.

#![allow(clippy::unwrap_used, reason = "tests may unwrap")]
#![allow(unsafe_code, reason = "acts as a C program")]

mod cases;

use std::mem::offset_of;
use std::ptr;

use certbind_core::{Binding, BindingKey, CtlIdentifier, Kind, MAX_HOST_LENGTH, Record, StoreName};
use certbind_httpapi_abi::client::with_set;
use certbind_httpapi_abi::server::{RequestError, read_delete, read_query, read_set};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use windows_sys::Win32::Networking::HttpServer::{
    HTTP_SERVICE_CONFIG_SSL_CCS_QUERY as CcsQuery, HTTP_SERVICE_CONFIG_SSL_CCS_SET as CcsSet,
    HTTP_SERVICE_CONFIG_SSL_QUERY as SslQuery, HTTP_SERVICE_CONFIG_SSL_SET as SslSet,
    HTTP_SERVICE_CONFIG_SSL_SNI_QUERY as SniQuery, HTTP_SERVICE_CONFIG_SSL_SNI_SET as SniSet,
};

/// The offsets of the pointers in the structures of a set and a query of a kind.
fn pointers(kind: Kind, query: bool) -> Vec<usize> {
    match (kind, query) {
        (Kind::IpPort, true) => vec![offset_of!(SslQuery, KeyDesc.pIpPort)],
        (Kind::IpPort, false) => vec![
            offset_of!(SslSet, KeyDesc.pIpPort),
            offset_of!(SslSet, ParamDesc.pSslHash),
            offset_of!(SslSet, ParamDesc.pSslCertStoreName),
            offset_of!(SslSet, ParamDesc.pDefaultSslCtlIdentifier),
            offset_of!(SslSet, ParamDesc.pDefaultSslCtlStoreName),
        ],
        (Kind::Sni | Kind::ScopedCcs, true) => vec![offset_of!(SniQuery, KeyDesc.Host)],
        (Kind::Sni | Kind::ScopedCcs, false) => vec![
            offset_of!(SniSet, KeyDesc.Host),
            offset_of!(SniSet, ParamDesc.pSslHash),
            offset_of!(SniSet, ParamDesc.pSslCertStoreName),
            offset_of!(SniSet, ParamDesc.pDefaultSslCtlIdentifier),
            offset_of!(SniSet, ParamDesc.pDefaultSslCtlStoreName),
        ],
        (Kind::Ccs, true) => vec![],
        (Kind::Ccs, false) => vec![
            offset_of!(CcsSet, ParamDesc.pSslHash),
            offset_of!(CcsSet, ParamDesc.pSslCertStoreName),
            offset_of!(CcsSet, ParamDesc.pDefaultSslCtlIdentifier),
            offset_of!(CcsSet, ParamDesc.pDefaultSslCtlStoreName),
        ],
    }
}

/// Where the address is, if it is in the structure.
fn address_at(kind: Kind, query: bool) -> Option<usize> {
    match (kind, query) {
        (Kind::IpPort, _) => None,
        (Kind::Sni | Kind::ScopedCcs, true) => Some(offset_of!(SniQuery, KeyDesc)),
        (Kind::Ccs, true) => Some(offset_of!(CcsQuery, KeyDesc)),
        (_, false) => Some(0),
    }
}

/// Mostly zeros, small numbers and letters.
const NOISE: &[u8] = &[0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 20, 23, b'a'];

/// Memory that pointers may point to, with a NUL at its end that ends every string.
fn memory() -> impl Strategy<Value = Vec<u8>> {
    (any::<bool>(), cases::text(0..300)).prop_map(|(address, text)| {
        let mut memory = if address {
            vec![2, 0, 1, 187, 10, 0, 0, 1]
        } else {
            vec![]
        };
        memory.extend(text);
        memory.extend([0; 32]);
        memory
    })
}

proptest! {
    #![proptest_config(cases::config(2048))]

    #[test]
    fn bytes_at_random_are_read_or_refused(
        kind in select(Kind::ALL.to_vec()),
        query in any::<bool>(),
        mut request in prop_oneof![
            1 => cases::bytes(0..256, NOISE),
            4 => cases::bytes(240..256, NOISE),
        ],
        memory in memory(),
        targets in prop::collection::vec(prop::option::weighted(0.8, any::<Index>()), 5),
        shift in 0..8_usize,
        address in prop::option::weighted(0.9, Just([2, 0, 1, 187, 0, 0, 0, 0])),
        hash in prop::option::weighted(0.5, Just(20_u32)),
    ) {
        let shift = shift.min(request.len());
        let structure = &mut request[shift..];
        for (offset, target) in pointers(kind, query).into_iter().zip(targets) {
            // Before the last 32 bytes: an address or a hash is complete.
            let target = target.map_or(ptr::null(), |index| match (kind, offset) {
                (Kind::IpPort, 0) => memory.as_ptr(),
                _ =>
                memory[index.index(memory.len() - 31)..].as_ptr(),
            });
            if let Some(pointer) = structure.get_mut(offset..offset + size_of::<usize>()) {
                pointer.copy_from_slice(&target.expose_provenance().to_ne_bytes());
            }
        }
        if let (Some(at), Some(address)) = (address_at(kind, query), address)
            && let Some(place) = structure.get_mut(at..at + address.len())
        {
            place.copy_from_slice(&address);
        }
        let param = match kind {
            Kind::IpPort => offset_of!(SslSet, ParamDesc),
            Kind::Sni | Kind::ScopedCcs => offset_of!(SniSet, ParamDesc),
            Kind::Ccs => offset_of!(CcsSet, ParamDesc),
        };
        if let (false, Some(hash), Some(length)) = (query, hash, structure.get_mut(param..param + 4)) {
            length.copy_from_slice(&hash.to_ne_bytes());
        }
        let (pointer, length) = (structure.as_ptr().cast(), u32::try_from(structure.len()).unwrap());
        if query {
            // SAFETY: that many bytes are valid, and all pointers in them are valid.
            let _ = unsafe { read_query(kind, pointer, length) };
            return Ok(());
        }
        // SAFETY: that many bytes are valid, and all pointers in them are valid.
        let key = unsafe { read_delete(kind, pointer, length) };
        // SAFETY: that many bytes are valid, and all pointers in them are valid.
        match unsafe { read_set(kind, pointer, length) } {
            Ok(binding) => {
                prop_assert_eq!(key.as_ref(), Ok(binding.key()));
                // A request that was read can be written again.
                let again = with_set(&binding, |request| {
                    // SAFETY: the request is complete.
                    unsafe { read_set(kind, request.pointer, request.length) }
                });
                prop_assert_eq!(again, Ok(binding));
            }
            Err(fault) => prop_assert!(matches!(fault.win32_code(), 87 | 122)),
        }
    }
}

/// A record whose four strings are so long, and end or do not.
fn set_with(text: &[u16], at: usize) -> Result<Binding, RequestError> {
    let key: BindingKey = "hostnameport=a:1".parse().unwrap();
    let record = Record::new([1; 20].into(), None, certbind_core::Uuid::nil());
    let binding = Binding::new(key, record).unwrap();
    with_set(&binding, |request| {
        // SAFETY: the request is complete.
        let mut set = unsafe { request.pointer.cast::<SniSet>().read() };
        let text = text.as_ptr().cast_mut();
        match at {
            0 => set.KeyDesc.Host = text,
            1 => set.ParamDesc.pSslCertStoreName = text,
            2 => set.ParamDesc.pDefaultSslCtlStoreName = text,
            _ => set.ParamDesc.pDefaultSslCtlIdentifier = text,
        }
        // SAFETY: the text is as long as its limit and one more, or ends.
        unsafe { read_set(Kind::Sni, ptr::from_ref(&set).cast(), request.length) }
    })
}

const LIMITS: [usize; 4] = [
    MAX_HOST_LENGTH,
    StoreName::MAX_LENGTH,
    StoreName::MAX_LENGTH,
    CtlIdentifier::MAX_LENGTH,
];

#[test]
fn a_string_is_read_up_to_its_limit_and_no_further() {
    for (at, limit) in LIMITS.into_iter().enumerate() {
        // Exactly this much memory, which valgrind checks.
        let endless = vec![u16::from(b'x'); limit + 1].into_boxed_slice();
        let fault = set_with(&endless, at).unwrap_err();
        let RequestError::Unterminated { limit: found, .. } = fault else {
            panic!("{fault}");
        };
        assert_eq!((found, fault.win32_code()), (limit, 87));
        let mut longest = endless.clone();
        longest[limit] = 0;
        set_with(&longest, at).unwrap();
    }
}

#[test]
fn a_string_that_is_not_utf_16_is_an_error() {
    for at in 0..4 {
        let fault = set_with(&[0xd800, 0x41, 0], at).unwrap_err();
        assert!(matches!(fault, RequestError::Utf16 { .. }), "{fault}");
    }
}

#[test]
fn an_empty_string_is_an_absent_one_but_no_host_name() {
    let fault = set_with(&[0], 0).unwrap_err();
    assert!(
        matches!(
            fault,
            RequestError::Null {
                what: "the host name"
            }
        ),
        "{fault}"
    );
    for at in 1..4 {
        let record = set_with(&[0], at).unwrap().record().clone();
        assert_eq!(record.certificate.unwrap().store_name, None);
        assert_eq!((record.ctl_identifier, record.ctl_store_name), (None, None));
    }
}

/// The fault of a request of `key` once `spoil` has been at it.
fn spoiled(key: &str, spoil: impl FnOnce(&mut [u8])) -> RequestError {
    let key: BindingKey = key.parse().unwrap();
    let app_id = certbind_core::Uuid::nil();
    let record = match key.kind().names_certificate() {
        true => Record::new([1; 20].into(), None, app_id),
        false => Record::central(app_id),
    };
    let kind = key.kind();
    let binding = Binding::new(key, record).unwrap();
    with_set(&binding, |request| {
        let length = request.length as usize;
        // SAFETY: the request is that long.
        let set = unsafe { std::slice::from_raw_parts(request.pointer.cast::<u8>(), length) };
        let mut set = set.to_vec();
        spoil(&mut set);
        // SAFETY: the damage affects numbers, and pointers that become null.
        unsafe { read_set(kind, set.as_ptr().cast(), request.length) }.unwrap_err()
    })
}

#[test]
fn faults_of_a_key_are_distinguished() {
    for key in ["hostnameport=a:1", "ccs=1", "scopedccs=a:1"] {
        let family = spoiled(key, |set| set[0] = 23);
        assert_eq!(family, RequestError::Family { found: 23 });
        let address = spoiled(key, |set| set[7] = 1);
        assert_eq!(
            address,
            RequestError::Address {
                found: [0, 0, 0, 1].into()
            }
        );
        let port = spoiled(key, |set| set[3] = 0);
        assert!(matches!(port, RequestError::Key(_)), "{port}");
    }
    let address = spoiled("0.0.0.0:1", |set| set[..size_of::<usize>()].fill(0));
    assert!(matches!(address, RequestError::Null { .. }), "{address}");
}

#[test]
fn hash_has_twenty_bytes() {
    let at = offset_of!(SniSet, ParamDesc.SslHashLength);
    for length in [1_u32, 19, 21, 32, u32::MAX] {
        let fault = spoiled("hostnameport=a:1", |set| {
            set[at..at + 4].copy_from_slice(&length.to_ne_bytes());
        });
        assert_eq!(fault, RequestError::Hash { found: length });
    }
    let none = spoiled("hostnameport=a:1", |set| set[at] = 0);
    assert!(matches!(none, RequestError::Binding(_)), "{none}");
    let null = offset_of!(SniSet, ParamDesc.pSslHash);
    let null = spoiled("hostnameport=a:1", |set| {
        set[null..null + size_of::<usize>()].fill(0);
    });
    assert!(
        matches!(null, RequestError::Null { what: "the hash" }),
        "{null}"
    );
    let hash = [1_u8; 20];
    let there = spoiled("scopedccs=a:1", |set| {
        set[at] = 20;
        let at = offset_of!(SniSet, ParamDesc.pSslHash);
        let address = hash.as_ptr().expose_provenance().to_ne_bytes();
        set[at..at + address.len()].copy_from_slice(&address);
    });
    assert!(matches!(there, RequestError::Binding(_)), "{there}");
}

#[test]
fn a_query_is_exact_or_next() {
    for found in [2, 3, -1, i32::MAX] {
        let query = CcsQuery {
            QueryDesc: found,
            ..CcsQuery::default()
        };
        let length = u32::try_from(size_of::<CcsQuery>()).unwrap();
        // SAFETY: the query is complete.
        let read = unsafe { read_query(Kind::Ccs, ptr::from_ref(&query).cast(), length) };
        assert_eq!(read, Err(RequestError::QueryType { found }));
    }
}
