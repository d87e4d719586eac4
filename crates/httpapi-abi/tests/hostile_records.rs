//! For any buffer that a library returns from a query, reading it ends with a binding that is in
//! the buffer, or with an error.

#![allow(clippy::unwrap_used, reason = "tests may unwrap")]
#![allow(unsafe_code, reason = "acts as the other end of a C interface")]

mod cases;

use std::mem::offset_of;

use certbind_core::{Binding, Kind, Record, Uuid, strategy};
use certbind_httpapi_abi::client::read_record;
use certbind_httpapi_abi::server::Answer;
use proptest::prelude::*;
use proptest::sample::Index;
use windows_sys::Win32::Networking::HttpServer::{
    HTTP_SERVICE_CONFIG_SSL_CCS_SET as CcsSet, HTTP_SERVICE_CONFIG_SSL_PARAM as Param,
    HTTP_SERVICE_CONFIG_SSL_SET as SslSet, HTTP_SERVICE_CONFIG_SSL_SNI_SET as SniSet,
};

/// Where a kind's structure has its pointers.
fn pointers(kind: Kind) -> Vec<usize> {
    match kind {
        Kind::IpPort => vec![
            offset_of!(SslSet, KeyDesc.pIpPort),
            offset_of!(SslSet, ParamDesc.pSslHash),
            offset_of!(SslSet, ParamDesc.pSslCertStoreName),
            offset_of!(SslSet, ParamDesc.pDefaultSslCtlIdentifier),
            offset_of!(SslSet, ParamDesc.pDefaultSslCtlStoreName),
        ],
        Kind::Sni | Kind::ScopedCcs => vec![
            offset_of!(SniSet, KeyDesc.Host),
            offset_of!(SniSet, ParamDesc.pSslHash),
            offset_of!(SniSet, ParamDesc.pSslCertStoreName),
            offset_of!(SniSet, ParamDesc.pDefaultSslCtlIdentifier),
            offset_of!(SniSet, ParamDesc.pDefaultSslCtlStoreName),
        ],
        Kind::Ccs => vec![
            offset_of!(CcsSet, ParamDesc.pSslHash),
            offset_of!(CcsSet, ParamDesc.pSslCertStoreName),
            offset_of!(CcsSet, ParamDesc.pDefaultSslCtlIdentifier),
            offset_of!(CcsSet, ParamDesc.pDefaultSslCtlStoreName),
        ],
    }
}

/// The target of a modified pointer.
#[derive(Clone, Debug)]
enum Target {
    Null,
    Inside(Index),
    NearTheEnd(usize),
    BehindTheEnd(usize),
    BeforeTheStart(usize),
    Anywhere(usize),
}

fn target() -> impl Strategy<Value = Target> {
    prop_oneof![
        1 => Just(Target::Null),
        4 => any::<Index>().prop_map(Target::Inside),
        2 => (1..30_usize).prop_map(Target::NearTheEnd),
        1 => (0..64_usize).prop_map(Target::BehindTheEnd),
        1 => (1..64_usize).prop_map(Target::BeforeTheStart),
        1 => any::<usize>().prop_map(Target::Anywhere),
    ]
}

/// A modification of a buffer.
#[derive(Clone, Debug)]
struct Damage {
    targets: Vec<(Index, Target)>,
    bytes: Vec<(Index, u8)>,
}

impl Damage {
    fn strategy() -> impl Strategy<Value = Self> {
        let targets = prop::collection::vec((any::<Index>(), target()), 0..10);
        let bytes = prop::collection::vec((any::<Index>(), any::<u8>()), 0..4);
        (targets, bytes).prop_map(|(targets, bytes)| Self { targets, bytes })
    }

    fn inflict(&self, kind: Kind, buffer: &mut [u8]) {
        let start = buffer.as_ptr().addr();
        let end = start + buffer.len();
        let pointers = pointers(kind);
        for (which, target) in &self.targets {
            let address = match target {
                Target::Null => 0,
                Target::Inside(index) => start + index.index(buffer.len().max(1)),
                Target::NearTheEnd(distance) => end.wrapping_sub(*distance),
                Target::BehindTheEnd(distance) => end.wrapping_add(*distance),
                Target::BeforeTheStart(distance) => start.wrapping_sub(*distance),
                Target::Anywhere(address) => *address,
            };
            let offset = *which.get(&pointers);
            if let Some(pointer) = buffer.get_mut(offset..offset + size_of::<usize>()) {
                pointer.copy_from_slice(&address.to_ne_bytes());
            }
        }
        for (which, byte) in &self.bytes {
            if !buffer.is_empty() {
                let place = which.index(buffer.len());
                buffer[place] = *byte;
            }
        }
    }
}

/// Mostly zeros, small numbers and letters.
const NOISE: &[u8] = &[0, 0, 0, 0, 0, 0, 2, 20, 23, b'a', b'.'];

/// Gives a structure an address, the length of a hash, and pointers to the memory after it.
fn make_plausible(kind: Kind, record: &mut [u8], leads: &[Option<Index>]) {
    let pointers = pointers(kind);
    let address_at = if kind == Kind::IpPort { 216 } else { 0 };
    record[address_at..address_at + 8].copy_from_slice(&[2, 0, 1, 187, 0, 0, 0, 0]);
    if kind.names_certificate() {
        let hash_length = pointers[1] - offset_of!(Param, pSslHash);
        record[hash_length..hash_length + 4].copy_from_slice(&20_u32.to_ne_bytes());
    }
    let start = record.as_ptr().addr();
    for (offset, lead) in pointers.into_iter().zip(leads) {
        let behind = |lead: &Index| match (kind, offset) {
            (Kind::IpPort, 0) => 0,
            _ => lead.index(record.len() - 216),
        };
        let lead = lead.as_ref().map_or(0, |lead| start + 216 + behind(lead));
        record[offset..offset + size_of::<usize>()].copy_from_slice(&lead.to_ne_bytes());
    }
}

/// A record that was read contains no value that cannot be written and read again.
fn check(kind: Kind, buffer: &[u8]) -> Result<(), TestCaseError> {
    let Ok(binding) = read_record(kind, buffer) else {
        return Ok(());
    };
    prop_assert_eq!(binding.key().kind(), kind);
    let answer = Answer::new(&binding);
    let mut again = vec![0_u8; answer.size() as usize];
    // SAFETY: the buffer is that long.
    unsafe { answer.write(again.as_mut_ptr().cast()) };
    prop_assert_eq!(read_record(kind, &again), Ok(binding));
    Ok(())
}

proptest! {
    #![proptest_config(cases::config(2048))]

    #[test]
    fn bytes_at_random_are_read_or_refused(
        kind in prop::sample::select(Kind::ALL.to_vec()),
        head in prop_oneof![1 => cases::bytes(0..230, NOISE), 3 => cases::bytes(216..230, NOISE)],
        text in cases::text(0..200),
        leads in prop::collection::vec(prop::option::weighted(0.8, any::<Index>()), 5),
        plausible in any::<bool>(),
        damage in Damage::strategy(),
        shift in 0..8_usize,
    ) {
        let mut buffer = head;
        buffer.extend(text);
        let shift = shift.min(buffer.len());
        let record = &mut buffer[shift..];
        if plausible && record.len() > 240 {
            make_plausible(kind, record, &leads);
        }
        damage.inflict(kind, record);
        check(kind, &buffer[shift..])?;
    }

    #[test]
    fn records_with_damage_are_read_or_refused(
        key in strategy::few_keys(&Kind::ALL),
        hash in strategy::hash(),
        app_id in strategy::app_id(),
        damage in Damage::strategy(),
    ) {
        let kind = key.kind();
        let record = match kind.names_certificate() {
            true => Record::new(hash, "MY".parse().ok(), app_id),
            false => Record::central(app_id),
        };
        let binding = Binding::new(key, record).unwrap();
        let answer = Answer::new(&binding);
        let mut buffer = vec![0; answer.size() as usize];
        // SAFETY: the buffer is that long.
        unsafe { answer.write(buffer.as_mut_ptr().cast()) };
        prop_assert_eq!(read_record(kind, &buffer), Ok(binding));
        damage.inflict(kind, &mut buffer);
        check(kind, &buffer)?;
    }
}

#[test]
fn pointer_outside_the_buffer_is_refused() {
    let key = "hostnameport=a.example:443".parse().unwrap();
    let record = Record::new([1; 20].into(), "MY".parse().ok(), Uuid::from_u128(1));
    let binding = Binding::new(key, record).unwrap();
    let answer = Answer::new(&binding);
    let mut memory = vec![0_u8; answer.size() as usize * 3];
    let (from, to) = (memory.len() / 3, memory.len() / 3 * 2);
    for pointer in pointers(Kind::Sni) {
        // Into the structure itself, before the buffer, after it.
        let outside = [
            from + offset_of!(SniSet, ParamDesc),
            from - 2,
            to,
            to + 2,
            0,
        ];
        for place in outside {
            // SAFETY: the middle third is that long.
            unsafe { answer.write(memory[from..to].as_mut_ptr().cast()) };
            let address = memory.as_ptr().addr() + place;
            memory[from + pointer..][..8].copy_from_slice(&address.to_ne_bytes());
            let error = read_record(Kind::Sni, &memory[from..to]).unwrap_err();
            assert!(error.to_string().contains("not in the buffer"), "{error}");
        }
    }
}
