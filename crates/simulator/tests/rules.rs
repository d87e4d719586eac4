//! The codes of the functions, call by call, and their precedence where several apply.

#![allow(clippy::unwrap_used, reason = "tests may unwrap")]
#![expect(unsafe_code, reason = "calls a C interface")]

mod caller;

use std::collections::HashSet;
use std::ptr;

use caller::{Caller, Function, UNTOUCHED, binding, simulator};
use certbind_core::{BindingStore, CertHash, Kind};
use certbind_httpapi_abi::HttpApi;
use certbind_httpapi_abi::client::{Query, with_query, with_set};
use certbind_httpapi_abi::config_id;
use certbind_simulator::{Call, Inventory, Privilege, Profile};

const KEYS: [&str; 4] = [
    "[::1]:443",
    "hostnameport=a.example:443",
    "ccs=443",
    "scopedccs=a.example:443",
];

#[test]
fn every_kind_is_set_queried_updated_and_deleted() {
    let simulator = simulator();
    let caller = Caller::new(&simulator);
    for key in KEYS {
        let bound = binding(key);
        let kind = bound.key().kind();
        assert_eq!(caller.exact(bound.key()), 2, "{key}");
        assert_eq!(caller.next(kind, 0), 259, "{key}");
        assert_eq!(caller.asks(Function::Update, &bound), 2, "{key}");
        assert_eq!(caller.asks(Function::Delete, &bound), 2, "{key}");
        assert_eq!(caller.asks(Function::Set, &bound), 0, "{key}");
        assert_eq!(caller.asks(Function::Set, &bound), 183, "{key}");
        assert_eq!(caller.exact(bound.key()), 122, "{key}");
        assert_eq!(caller.next(kind, 0), 122, "{key}");
        assert_eq!(caller.next(kind, 1), 259, "{key}");
        assert_eq!(caller.next(kind, u32::MAX), 259, "{key}");
        assert_eq!(caller.asks(Function::Update, &bound), 0, "{key}");
        assert_eq!(caller.asks(Function::Delete, &bound), 0, "{key}");
        assert_eq!(caller.exact(bound.key()), 2, "{key}");
    }
}

#[test]
fn query_needs_its_exact_size() {
    let simulator = simulator();
    let caller = Caller::new(&simulator);
    for key in KEYS {
        let bound = binding(key);
        assert_eq!(caller.asks(Function::Set, &bound), 0);
        let query = Query::Exact {
            key: bound.key(),
            host_spelling: None,
        };
        let (code, needed) = caller.queries(query, None);
        assert_eq!(code, 122);
        let mut output = vec![0xAA; needed as usize];
        let (code, again) = caller.queries(query, output.split_last_mut().map(|(_, few)| few));
        assert_eq!((code, again), (122, needed));
        assert!(
            output.iter().all(|byte| *byte == 0xAA),
            "nothing is written"
        );
        assert_eq!(caller.queries(query, Some(&mut output)), (0, needed));
    }
    let missing = "0.0.0.0:1".parse().unwrap();
    let query = Query::Exact {
        key: &missing,
        host_spelling: None,
    };
    assert_eq!(caller.queries(query, Some(&mut [0; 8])), (2, UNTOUCHED));
}

#[test]
fn the_length_that_is_needed_need_not_be_asked_for() {
    let simulator = simulator();
    let caller = Caller::new(&simulator);
    assert_eq!(caller.asks(Function::Set, &binding("ccs=443")), 0);
    let query = Query::Next {
        kind: Kind::Ccs,
        token: 0,
    };
    // SAFETY: the request is complete; there is no output.
    let code = with_query(query, |request| unsafe {
        HttpApi::query(
            &simulator,
            ptr::null_mut(),
            request.id,
            request.pointer,
            request.length,
            ptr::null_mut(),
            0,
            ptr::null_mut(),
            ptr::null(),
        )
    });
    assert_eq!(code, 122);
}

/// Each line adds an error to those of the line before, from the last check to the first: the
/// answer is always the code of the first check that fails.
#[test]
fn the_first_check_that_fails_is_the_one_that_answers() {
    let other = HashSet::from([CertHash::new([2; 20])]);
    let bound = binding("0.0.0.0:443");
    let id = config_id(Kind::IpPort);
    let host = |privilege| {
        let simulator = simulator().inventory(Inventory::Only(other.clone()));
        simulator.privilege(privilege)
    };
    let simulator = host(Privilege::Administrator);
    assert_eq!(Caller::new(&simulator).asks(Function::Set, &bound), 1312);
    simulator.insert(bound.clone()).unwrap();
    assert_eq!(Caller::new(&simulator).asks(Function::Set, &bound), 183);
    let simulator = host(Privilege::StandardUser);
    simulator.insert(bound.clone()).unwrap();
    let mut caller = Caller::new(&simulator);
    assert_eq!(caller.asks(Function::Set, &bound), 5);
    // A key that is none.
    let zeros = [0_u8; 88];
    let set = |caller: &Caller<'_>, id, length| {
        // SAFETY: that many bytes are valid, and the pointers in them are null.
        unsafe { caller.change(Function::Set, id, zeros.as_ptr().cast(), length) }
    };
    assert_eq!(set(&caller, id, 88), 87);
    assert_eq!(set(&caller, id, 10), 122);
    assert_eq!(set(&caller, 99, 10), 87);
    caller.overlapped = ptr::dangling();
    assert_eq!(set(&caller, 99, 10), 87);
    caller.handle = ptr::dangling_mut();
    assert_eq!(set(&caller, 99, 10), 6);
    // A key that is bound, for a function that this Windows lacks.
    let old = host(Privilege::StandardUser).profile(Profile::Windows10V1607);
    caller.api = &old;
    assert_eq!(caller.asks(Function::Update, &bound), 120);
}

#[test]
fn every_function_refuses_handle_and_overlapped() {
    let simulator = simulator();
    let fine = Caller::new(&simulator);
    let bound = binding("0.0.0.0:443");
    let handle = Caller {
        handle: ptr::dangling_mut(),
        ..fine
    };
    assert_eq!(handle.asks(Function::Set, &bound), 6);
    assert_eq!(handle.asks(Function::Update, &bound), 6);
    assert_eq!(handle.asks(Function::Delete, &bound), 87);
    assert_eq!(handle.exact(bound.key()), 87);
    let overlapped = Caller {
        overlapped: ptr::dangling(),
        ..fine
    };
    assert_eq!(overlapped.asks(Function::Set, &bound), 87);
    assert_eq!(overlapped.asks(Function::Update, &bound), 87);
    assert_eq!(overlapped.asks(Function::Delete, &bound), 87);
    assert_eq!(overlapped.exact(bound.key()), 87);
}

#[test]
fn missing_kind_is_an_invalid_parameter() {
    for (profile, lacks) in [
        (Profile::Windows7, &KEYS[1..]),
        (Profile::Windows10V1607, &KEYS[3..]),
        (Profile::Server2022, &[]),
    ] {
        let simulator = simulator().profile(profile);
        let caller = Caller::new(&simulator);
        for key in KEYS {
            let bound = binding(key);
            let missing = lacks.contains(&key);
            let codes = [
                caller.next(bound.key().kind(), 0),
                caller.exact(bound.key()),
                caller.asks(Function::Delete, &bound),
                caller.asks(Function::Set, &bound),
            ];
            let expected = if missing { [87; 4] } else { [259, 2, 2, 0] };
            assert_eq!(codes, expected, "{profile} {key}");
        }
        // A query of an unsupported kind is counted as the query that it is.
        assert_eq!(simulator.calls(Call::QueryNext), 4, "{profile}");
        assert_eq!(simulator.calls(Call::QueryExact), 4, "{profile}");
    }
}

#[test]
fn structure_size_is_that_of_its_kind() {
    let simulator = simulator();
    let caller = Caller::new(&simulator);
    let code = with_set(&binding("0.0.0.0:443"), |request| {
        // SAFETY: that many bytes are valid.
        unsafe {
            caller.change(
                Function::Set,
                config_id(Kind::Sni),
                request.pointer,
                request.length,
            )
        }
    });
    assert_eq!(code, 122);
}
