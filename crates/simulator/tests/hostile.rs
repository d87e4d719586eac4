//! Any request of a C program whose pointers are valid is answered with a code of the interface; a
//! refused request changes nothing and writes nothing.

#![allow(clippy::unwrap_used, reason = "tests may unwrap")]
#![expect(unsafe_code, reason = "stands for a C program")]

mod caller;

use std::ffi::c_void;
use std::mem::offset_of;
use std::ptr;

use caller::{Caller, Function, UNTOUCHED, simulator};
use certbind_core::{
    Binding, BindingKey, BindingStore, Kind, MAX_HOST_LENGTH, Record, Result, Scan, Uuid, strategy,
};
use certbind_httpapi_abi::HttpApi;
use certbind_httpapi_abi::client::{Query, Request, with_query, with_set};
use certbind_httpapi_abi::service::ServiceKind;
use certbind_httpapi_abi::{config_id, kind_of, property_kind_of, service_kind_of};
use certbind_simulator::Simulator;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::Config;
use windows_sys::Win32::Networking::HttpServer::{
    HTTP_SERVICE_CONFIG_SSL_CCS_SET as CcsSet, HTTP_SERVICE_CONFIG_SSL_PARAM as SslParam,
    HTTP_SERVICE_CONFIG_SSL_QUERY as SslQuery, HTTP_SERVICE_CONFIG_SSL_SET as SslSet,
    HTTP_SERVICE_CONFIG_SSL_SNI_QUERY as SniQuery, HTTP_SERVICE_CONFIG_SSL_SNI_SET as SniSet,
};

/// A byte of a structure that is another than it should be. Pointers are left alone, but where one
/// is nulled.
#[derive(Clone, Debug)]
enum Spoil {
    /// The type of a query, the family of an address in it, a token, a length.
    Word(usize, u32),
    /// A pointer or other field of a structure.
    Null(usize),
}

fn spoils() -> impl Strategy<Value = Vec<Spoil>> {
    let word = (0..216_usize, any::<u32>()).prop_map(|(at, word)| Spoil::Word(at & !3, word));
    let null = (0..216_usize).prop_map(|at| Spoil::Null(at & !7));
    prop::collection::vec(prop_oneof![1 => word, 1 => null], 0..3)
}

/// Whether this is the offset of a pointer or of the hash's length, which determines how many bytes
/// a pointer refers to: random bytes may replace neither.
fn is_pointer(kind: Kind, query: bool, at: usize) -> bool {
    let key = match (kind, query) {
        (Kind::IpPort, true) => Some(offset_of!(SslQuery, KeyDesc.pIpPort)),
        (Kind::IpPort, false) => Some(offset_of!(SslSet, KeyDesc.pIpPort)),
        (Kind::Sni | Kind::ScopedCcs, true) => Some(offset_of!(SniQuery, KeyDesc.Host)),
        (Kind::Sni | Kind::ScopedCcs, false) => Some(offset_of!(SniSet, KeyDesc.Host)),
        (Kind::Ccs, _) => None,
    };
    let param = match kind {
        Kind::IpPort => offset_of!(SslSet, ParamDesc),
        Kind::Sni | Kind::ScopedCcs => offset_of!(SniSet, ParamDesc),
        Kind::Ccs => offset_of!(CcsSet, ParamDesc),
    };
    let in_param = [
        offset_of!(SslParam, SslHashLength),
        offset_of!(SslParam, pSslHash),
        offset_of!(SslParam, pSslCertStoreName),
        offset_of!(SslParam, pDefaultSslCtlIdentifier),
        offset_of!(SslParam, pDefaultSslCtlStoreName),
    ];
    let in_param = in_param.map(|offset| param + offset);
    let in_param = in_param.into_iter().filter(|_| !query);
    key.into_iter()
        .chain(in_param)
        .any(|pointer| (pointer..pointer + size_of::<usize>()).contains(&at))
}

/// A copy of a request, spoiled, at a place that is not aligned.
struct Copy {
    bytes: Vec<u8>,
    shift: usize,
}

impl Copy {
    fn new(request: Request, kind: Kind, query: bool, spoils: &[Spoil], shift: usize) -> Self {
        let length = request.length as usize;
        let mut bytes = vec![0; shift + length];
        // SAFETY: the request is complete, and as long as stated.
        unsafe {
            ptr::copy_nonoverlapping(
                request.pointer.cast::<u8>(),
                bytes[shift..].as_mut_ptr(),
                length,
            );
        }
        for spoil in spoils {
            let structure = &mut bytes[shift..];
            match *spoil {
                Spoil::Word(at, word) if !is_pointer(kind, query, at) => {
                    if let Some(place) = structure.get_mut(at..at + 4) {
                        place.copy_from_slice(&word.to_ne_bytes());
                    }
                }
                Spoil::Word(..) => {}
                Spoil::Null(at) => {
                    if let Some(place) = structure.get_mut(at..at + 8) {
                        place.fill(0);
                    }
                }
            }
        }
        Self { bytes, shift }
    }

    fn pointer(&self) -> *const c_void {
        self.bytes[self.shift..].as_ptr().cast()
    }
}

/// A length: the actual one, a smaller one, or a far larger one, of which a function may read no
/// more than its structure.
fn length() -> impl Strategy<Value = Option<u32>> {
    prop_oneof![
        6 => Just(None),
        1 => (0..220_u32).prop_map(Some),
        1 => select(vec![0, u32::MAX, i32::MAX as u32]).prop_map(Some),
    ]
}

fn id(kind: Kind) -> impl Strategy<Value = i32> {
    prop_oneof![
        8 => Just(config_id(kind)),
        1 => -1..14_i32,
        1 => select(vec![i32::MIN, i32::MAX]),
    ]
}

/// The structures of other kinds, of extended properties and of service configuration are longer or
/// have pointers elsewhere: an id is used with a request only if it means the same structure, or
/// none.
fn goes_with(id: i32, kind: Kind) -> bool {
    property_kind_of(id).is_none()
        && service_kind_of(id).is_none()
        && kind_of(id).is_none_or(|other| other == kind)
}

fn bindings() -> impl Strategy<Value = Binding> {
    strategy::binding_of(strategy::few_keys(&Kind::ALL))
}

fn all(simulator: &Simulator) -> Vec<Binding> {
    let scan = simulator.scan(&Scan::all()).unwrap();
    scan.collect::<Result<_>>().unwrap()
}

/// `CERTBIND_CASES` times as many as by default.
fn cases() -> Config {
    Config {
        cases: certbind_test_support::cases(1024),
        failure_persistence: None,
        ..Config::default()
    }
}

fn dangling<T>(is: bool) -> *mut T {
    if is {
        ptr::dangling_mut()
    } else {
        ptr::null_mut()
    }
}

#[derive(Clone, Debug)]
struct Change {
    function: Function,
    binding: Binding,
    id: i32,
    spoils: Vec<Spoil>,
    length: Option<u32>,
    shift: usize,
    handle: bool,
    overlapped: bool,
}

fn change() -> impl Strategy<Value = Change> {
    let function = select(vec![Function::Set, Function::Update, Function::Delete]);
    bindings().prop_flat_map(move |binding| {
        let id = id(binding.key().kind());
        let reserved = prop::bool::weighted(0.05);
        let rest = (spoils(), length(), 0..8_usize, reserved, reserved);
        (function.clone(), Just(binding), id, rest).prop_map(
            |(function, binding, id, (spoils, length, shift, handle, overlapped))| Change {
                function,
                binding,
                id,
                spoils,
                length,
                shift,
                handle,
                overlapped,
            },
        )
    })
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn a_change_that_is_refused_has_changed_nothing(
        changes in prop::collection::vec(change(), 1..8),
    ) {
        let simulator = simulator();
        let caller = Caller::new(&simulator);
        for change in changes {
            let kind = change.binding.key().kind();
            if !goes_with(change.id, kind) {
                continue;
            }
            let caller = Caller {
                handle: dangling(change.handle),
                overlapped: dangling(change.overlapped),
                ..caller
            };
            let before = all(&simulator);
            let code = with_set(&change.binding, |request| {
                let copy = Copy::new(request, kind, false, &change.spoils, change.shift);
                let length = change.length.unwrap_or(request.length);
                // SAFETY: the structure is valid, as is the memory that its pointers point to.
                unsafe { caller.change(change.function, change.id, copy.pointer(), length) }
            });
            prop_assert!(matches!(code, 0 | 2 | 6 | 87 | 122 | 183), "{code}");
            prop_assert!(code == 0 || all(&simulator) == before, "{code}");
            if change.handle || change.overlapped || config_id(kind) != change.id {
                prop_assert!(matches!(code, 6 | 87), "{code}");
            }
        }
    }

    #[test]
    fn query_writes_its_output_on_success_only(
        bound in prop::collection::vec(bindings(), 0..6),
        binding in bindings(),
        next in prop::option::of(prop_oneof![0..4_u32, any::<u32>()]),
        spoils in spoils(),
        length in length(),
        shift in 0..8_usize,
        room in 0..800_usize,
        null in prop::bool::weighted(0.1),
        unaligned in 0..8_usize,
    ) {
        let simulator = simulator();
        for binding in bound {
            simulator.put(binding).unwrap();
        }
        let caller = Caller::new(&simulator);
        let kind = binding.key().kind();
        let key = binding.key();
        let query = next.map_or(
            Query::Exact { key, host_spelling: None },
            |token| Query::Next { kind, token },
        );
        const GUARD: usize = 16;
        let mut output = vec![0xAA_u8; unaligned + room + GUARD];
        let place = if null { ptr::null_mut() } else { output[unaligned..].as_mut_ptr() };
        let mut needed = [0xAA_u8; 5];
        let code = with_query(query, |request| {
            let copy = Copy::new(request, kind, true, &spoils, shift);
            // SAFETY: the structure is valid, as is the memory that its pointers point to; the
            // output has the stated length.
            unsafe {
                HttpApi::query(
                    caller.api,
                    ptr::null_mut(),
                    request.id,
                    copy.pointer(),
                    length.unwrap_or(request.length),
                    place.cast(),
                    u32::try_from(room).unwrap(),
                    needed[1..].as_mut_ptr().cast(),
                    ptr::null(),
                )
            }
        });
        prop_assert!(matches!(code, 0 | 2 | 87 | 122 | 259), "{code}");
        let (told, size) = (needed != [0xAA; 5], u32::from_ne_bytes(needed[1..].try_into().unwrap()));
        let (size, short) = (size as usize, null || room < size as usize);
        match code {
            0 => {
                prop_assert!(told && !short);
                let rest = &output[unaligned + size..];
                prop_assert!(rest.iter().all(|byte| *byte == 0xAA));
                prop_assert!(output[..unaligned].iter().all(|byte| *byte == 0xAA));
            }
            _ => {
                prop_assert!(output.iter().all(|byte| *byte == 0xAA));
                // 122 is also the code for a short request, which returns no length.
                prop_assert!(!told || (code == 122 && short));
            }
        }
    }

    #[test]
    fn noise_without_pointers_is_answered(
        function in 0..4_u8,
        id in any::<i32>(),
        noise in prop::collection::vec(any::<u8>(), 0..4),
        null in any::<bool>(),
        length in any::<u32>(),
    ) {
        let simulator = simulator();
        let caller = Caller::new(&simulator);
        // Too few bytes for any structure, or none, for any length that is passed.
        let (pointer, length) = if null {
            (ptr::null(), length)
        } else {
            (noise.as_ptr().cast(), u32::try_from(noise.len()).unwrap())
        };
        let function = match function {
            0 => Some(Function::Set),
            1 => Some(Function::Update),
            2 => Some(Function::Delete),
            _ => None,
        };
        let mut needed = UNTOUCHED;
        let code = match function {
            // SAFETY: that many bytes are valid, or the pointer is null.
            Some(function) => unsafe { caller.change(function, id, pointer, length) },
            // SAFETY: as above; there is no output.
            None => unsafe {
                HttpApi::query(
                    &simulator,
                    ptr::null_mut(),
                    id,
                    pointer,
                    length,
                    ptr::null_mut(),
                    u32::MAX,
                    &raw mut needed,
                    ptr::null(),
                )
            },
        };
        prop_assert!(matches!(code, 87 | 122), "{code}");
        // The listen list is queried without a structure.
        let asks = function.is_none() && service_kind_of(id) == Some(ServiceKind::ListenList);
        prop_assert_eq!(needed != UNTOUCHED, asks);
    }
}

#[test]
fn unterminated_host_is_refused_at_its_limit() {
    let simulator = simulator();
    let caller = Caller::new(&simulator);
    let key: BindingKey = "hostnameport=a:443".parse().unwrap();
    let record = Record::new([1; 20].into(), None, Uuid::nil());
    let binding = Binding::new(key, record).unwrap();
    // Not one unit more than may be read, so that a memory checker notices a read beyond it.
    let endless = vec![u16::from(b'a'); MAX_HOST_LENGTH + 1].into_boxed_slice();
    for function in [Function::Set, Function::Update, Function::Delete] {
        let code = with_set(&binding, |request| {
            let mut copy = Copy::new(request, Kind::Sni, false, &[], 0);
            let host = endless.as_ptr().expose_provenance().to_ne_bytes();
            let at = offset_of!(SniSet, KeyDesc.Host);
            copy.bytes[at..at + host.len()].copy_from_slice(&host);
            // SAFETY: the structure is valid; the host name is as long as its limit and one more.
            unsafe { caller.change(function, request.id, copy.pointer(), request.length) }
        });
        assert_eq!(code, 87, "{function:?}");
    }
}
