//! The structures byte by byte, as `http.h` has them on x64: written here without the types and
//! the code that the crate uses.

#![allow(clippy::unwrap_used, reason = "tests may unwrap")]
#![cfg(target_pointer_width = "64")]
#![allow(unsafe_code, reason = "looks at structures as C programs see them")]

use std::ffi::c_void;
use std::slice;

use certbind_core::{
    Binding, BindingKey, CertCheckMode, CtlIdentifier, Kind, Record, SslFlags, StoreName, Uuid,
};
use certbind_httpapi_abi::client::{
    Query, Request, read_record, with_delete, with_query, with_set,
};
use certbind_httpapi_abi::server::{Answer, read_set};
use certbind_httpapi_abi::{config_id, kind_of};

/// A record in which no two fields are alike.
fn record(kind: Kind) -> Record {
    let hash = std::array::from_fn(|i| 0x50 + u8::try_from(i).unwrap());
    let app_id = Uuid::from_u128(0x0011_2233_4455_6677_8899_aabb_ccdd_eeff);
    let store_name = Some("WebHosting".parse().unwrap());
    let mut record = Record::new(hash.into(), store_name, app_id)
        .with_check_mode(CertCheckMode::from_bits_retain(0x1111_1111))
        .with_revocation_freshness_time(0x2222_2222)
        .with_url_retrieval_timeout(0x3333_3333)
        .with_ctl_identifier(CtlIdentifier::new("list").unwrap())
        .with_ctl_store_name(StoreName::new("ClientAuthIssuer").unwrap())
        .with_flags(SslFlags::from_bits_retain(0x4444_4444));
    record.certificate = record.certificate.filter(|_| kind.names_certificate());
    record
}

fn binding(key: &str) -> Binding {
    let key: BindingKey = key.parse().unwrap();
    let record = record(key.kind());
    Binding::new(key, record).unwrap()
}

/// The structure of so many bytes.
fn bytes<'a>(pointer: *const c_void, length: usize) -> &'a [u8] {
    // SAFETY: every use here is within the call or the buffer for which the pointer is valid.
    unsafe { slice::from_raw_parts(pointer.cast(), length) }
}

fn u32_at(bytes: &[u8], offset: usize) -> u32 {
    u32::from_le_bytes(bytes[offset..][..4].try_into().unwrap())
}

fn pointer_at(bytes: &[u8], offset: usize) -> *const c_void {
    let address = u64::from_le_bytes(bytes[offset..][..8].try_into().unwrap());
    std::ptr::with_exposed_provenance(usize::try_from(address).unwrap())
}

/// The string at a pointer, as ASCII.
fn text_at(bytes: &[u8], offset: usize) -> String {
    let pointer: *const u16 = pointer_at(bytes, offset).cast();
    let mut text = String::new();
    for i in 0.. {
        // SAFETY: the string ends with a NUL.
        match unsafe { pointer.wrapping_add(i).read() } {
            0 => return text,
            unit => text.push(char::from(u8::try_from(unit).unwrap())),
        }
    }
    unreachable!()
}

/// `HTTP_SERVICE_CONFIG_SSL_PARAM` at its offset in a structure.
fn check_param(set: &[u8], param: usize, names_certificate: bool) {
    let set = &set[param..][..80];
    if names_certificate {
        assert_eq!(u32_at(set, 0), 20);
        let hash: Vec<u8> = (0x50..0x64).collect();
        assert_eq!(bytes(pointer_at(set, 8), 20), hash);
        assert_eq!(text_at(set, 32), "WebHosting");
    } else {
        assert_eq!(u32_at(set, 0), 0);
        assert!(pointer_at(set, 8).is_null());
        assert!(pointer_at(set, 32).is_null());
    }
    assert_eq!(set[16..32], GUID);
    assert_eq!(u32_at(set, 40), 0x1111_1111);
    assert_eq!(u32_at(set, 44), 0x2222_2222);
    assert_eq!(u32_at(set, 48), 0x3333_3333);
    assert_eq!(text_at(set, 56), "list");
    assert_eq!(text_at(set, 64), "ClientAuthIssuer");
    assert_eq!(u32_at(set, 72), 0x4444_4444);
}

/// The application id of [`record`]: a GUID's first three numbers are little-endian.
const GUID: [u8; 16] = [
    0x33, 0x22, 0x11, 0x00, 0x55, 0x44, 0x77, 0x66, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff,
];

/// Where the record begins in a structure, and how long that is.
fn abi_layout(id: i32) -> (usize, usize) {
    match id {
        1 => (8, 88),
        6 => (128, 208),
        _ => (136, 216),
    }
}

const V4: &[u8] = &[2, 0, 0x01, 0xbb, 10, 20, 30, 40, 0, 0, 0, 0, 0, 0, 0, 0];
const V6: &[u8] = &[
    23, 0, 0x01, 0xbb, 0, 0, 0, 0, 0xfe, 0x80, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 0, 0,
];

fn check_set(key: &str, id: i32, set: &[u8]) {
    match id {
        1 if key.starts_with('[') => assert_eq!(bytes(pointer_at(set, 0), 28), V6),
        1 => assert_eq!(bytes(pointer_at(set, 0), 16), V4),
        _ => {
            assert_eq!(set[..8], [2, 0, 0x01, 0xbb, 0, 0, 0, 0]);
            assert!(set[8..128].iter().all(|byte| *byte == 0));
        }
    }
    if matches!(id, 5 | 11) {
        assert_eq!(text_at(set, 128), "www.contoso.com");
    }
    let (param, length) = abi_layout(id);
    assert_eq!(set.len(), length);
    check_param(set, param, matches!(id, 1 | 5));
}

const KEYS: [(&str, i32); 5] = [
    ("10.20.30.40:443", 1),
    ("[fe80::102:304:506:708%9]:443", 1),
    ("hostnameport=www.contoso.com:443", 5),
    ("ccs=443", 6),
    ("scopedccs=www.contoso.com:443", 11),
];

#[test]
fn requests_have_the_bytes_of_the_header() {
    for (key, id) in KEYS {
        let binding = binding(key);
        with_set(&binding, |request| {
            assert_eq!(request.id, id);
            check_set(key, id, bytes(request.pointer, request.length as usize));
        });
        with_delete(
            binding.key(),
            None,
            |Request {
                 id: found,
                 pointer,
                 length,
             }| {
                let set = bytes(pointer, length as usize);
                assert_eq!(found, id);
                let param = set.len() - 80;
                assert!(set[param..].iter().all(|byte| *byte == 0));
            },
        );
    }
}

#[test]
fn records_have_the_bytes_of_the_header() {
    for (key, id) in KEYS {
        let binding = binding(key);
        let answer = Answer::new(&binding);
        let size = answer.size() as usize;
        let mut buffer = vec![0xaa_u64; size.div_ceil(8) + 1];
        let output: *mut c_void = buffer.as_mut_ptr().cast();
        // SAFETY: the buffer is that long.
        unsafe { answer.write(output) };
        let (_, length) = abi_layout(id);
        check_set(key, id, bytes(output, length));
        assert_eq!(
            buffer.last(),
            Some(&0xaa),
            "nothing is written behind its size"
        );
    }
}

#[test]
fn queries_have_the_bytes_of_the_header() {
    for (key, id) in KEYS {
        let key: BindingKey = key.parse().unwrap();
        let (length, token_at) = match id {
            1 => (24, 16),
            6 => (144, 136),
            _ => (152, 144),
        };
        let kind = key.kind();
        with_query(
            Query::Next {
                kind,
                token: 0x0102_0304,
            },
            |request| {
                let query = bytes(request.pointer, request.length as usize);
                assert_eq!((request.id, query.len()), (id, length));
                assert_eq!(u32_at(query, 0), 1);
                assert_eq!(u32_at(query, token_at), 0x0102_0304);
            },
        );
        let host_spelling = None;
        with_query(
            Query::Exact {
                key: &key,
                host_spelling,
            },
            |request| {
                let query = bytes(request.pointer, request.length as usize);
                assert_eq!((request.id, query.len()), (id, length));
                assert_eq!(u32_at(query, 0), 0);
                match id {
                    1 if key.to_string().contains('[') => {
                        assert_eq!(bytes(pointer_at(query, 8), 28), V6);
                    }
                    1 => assert_eq!(bytes(pointer_at(query, 8), 16), V4),
                    _ => assert_eq!(query[8..16], [2, 0, 0x01, 0xbb, 0, 0, 0, 0]),
                }
                if matches!(id, 5 | 11) {
                    assert_eq!(text_at(query, 136), "www.contoso.com");
                }
            },
        );
    }
}

#[test]
fn a_request_made_by_hand_is_read() {
    let host: Vec<u16> = "WWW.Contoso.com\0".encode_utf16().collect();
    let hash: Vec<u8> = (1..=20).collect();
    let mut set = [0_u8; 216];
    set[..4].copy_from_slice(&[2, 0, 0x20, 0xfb]);
    set[128..136].copy_from_slice(&(host.as_ptr().expose_provenance() as u64).to_le_bytes());
    set[136] = 20;
    set[144..152].copy_from_slice(&(hash.as_ptr().expose_provenance() as u64).to_le_bytes());
    set[152..168].copy_from_slice(&[
        0x81, 0xe1, 0xc3, 0x4d, 0x4b, 0xe1, 0x21, 0x4a, 0xb0, 0x22, 0x59, 0xfc, 0x66, 0x9b, 0x09,
        0x14,
    ]);
    set[176] = 1;
    set[180] = 60;
    set[184] = 30;
    set[208] = 2;
    // SAFETY: the structure and the memory that its pointers point to are valid.
    let binding = unsafe { read_set(Kind::Sni, set.as_ptr().cast(), 216) }.unwrap();
    assert_eq!(
        binding.key().to_string(),
        "hostnameport=www.contoso.com:8443"
    );
    assert_eq!(binding.host_spelling(), Some("WWW.Contoso.com"));
    let record = binding.record();
    assert_eq!(
        record.hash().unwrap().to_string(),
        "0102030405060708090a0b0c0d0e0f1011121314"
    );
    assert_eq!(
        record.app_id.to_string(),
        "4dc3e181-e14b-4a21-b022-59fc669b0914"
    );
    assert_eq!(record.check_mode, CertCheckMode::NO_REVOCATION);
    assert_eq!(
        (
            record.revocation_freshness_time,
            record.url_retrieval_timeout
        ),
        (60, 30)
    );
    assert_eq!(record.flags, SslFlags::NEGOTIATE_CLIENT_CERT);
    assert_eq!(record.certificate.as_ref().unwrap().store_name, None);
}

/// The data that a query may put into a buffer: the structure, followed by the memory that its
/// pointers point to.
fn record_by_hand(key: &str, id: i32) -> Vec<u64> {
    let (param, length) = abi_layout(id);
    let mut buffer = vec![0_u64; 100];
    let start = buffer.as_ptr().addr() as u64;
    let mut bytes = vec![0_u8; length];
    let put = |bytes: &mut Vec<u8>, at: usize, what: &[u8]| {
        let address = start + bytes.len() as u64;
        bytes[at..at + 8].copy_from_slice(&address.to_le_bytes());
        bytes.extend(what);
        bytes.resize(bytes.len().next_multiple_of(8), 0);
    };
    let wide = |text: &str| -> Vec<u8> {
        let units = text.encode_utf16().chain([0]);
        units.flat_map(u16::to_le_bytes).collect()
    };
    match id {
        1 if key.contains('[') => put(&mut bytes, 0, V6),
        1 => put(&mut bytes, 0, V4),
        _ => bytes[..4].copy_from_slice(&[2, 0, 0x01, 0xbb]),
    }
    if matches!(id, 5 | 11) {
        put(&mut bytes, 128, &wide("www.contoso.com"));
    }
    if matches!(id, 1 | 5) {
        bytes[param] = 20;
        put(&mut bytes, param + 8, &(0x50..0x64).collect::<Vec<_>>());
        put(&mut bytes, param + 32, &wide("WebHosting"));
    }
    bytes[param + 16..param + 32].copy_from_slice(&GUID);
    bytes[param + 40..param + 44].fill(0x11);
    bytes[param + 44..param + 48].fill(0x22);
    bytes[param + 48..param + 52].fill(0x33);
    put(&mut bytes, param + 56, &wide("list"));
    put(&mut bytes, param + 64, &wide("ClientAuthIssuer"));
    bytes[param + 72..param + 76].fill(0x44);
    for (word, bytes) in buffer.iter_mut().zip(bytes.chunks_exact(8)) {
        *word = u64::from_le_bytes(bytes.try_into().unwrap());
    }
    buffer
}

#[test]
fn a_record_made_by_hand_is_read() {
    for (key, id) in KEYS {
        let buffer = record_by_hand(key, id);
        let binding = binding(key);
        let read = read_record(binding.key().kind(), bytes(buffer.as_ptr().cast(), 800));
        assert_eq!(read, Ok(binding));
    }
}

#[test]
fn ids_are_those_of_the_header() {
    let ids = Kind::ALL.map(config_id);
    assert_eq!(ids, [1, 5, 6, 11]);
    for id in -1..15 {
        assert_eq!(
            kind_of(id),
            Kind::ALL.into_iter().find(|kind| config_id(*kind) == id)
        );
    }
    assert_eq!(kind_of(i32::MAX), None);
}
