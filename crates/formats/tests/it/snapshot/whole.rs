//! A complete snapshot restores the written bindings.

use std::io::{self, Write};

use certbind_core::{Binding, BindingStore, MemoryStore, Scan};
use certbind_formats::netsh::Release;
use certbind_formats::snapshot::{Reader, Writer, verify};
use certbind_formats::{Export, Format, Header, ReadOptions, WriteError, detect, read, snapshot};
use proptest::prelude::*;
use sha2::{Digest, Sha256};

use super::frames::frames;
use super::{binding, pushed, small, written};
use crate::listings::{cases, host};

fn header() -> impl Strategy<Value = Header> {
    let text = || proptest::option::of(".{0,40}");
    let time = proptest::option::of(-377_705_023_201_i64..=253_402_207_200);
    (text(), time, text(), text()).prop_map(|(host, time, source, tool)| Header {
        host,
        captured_at: time.map(|time| jiff::Timestamp::from_second(time).unwrap()),
        source,
        tool,
    })
}

proptest! {
    #![proptest_config(cases(256))]

    #[test]
    fn a_snapshot_gives_every_binding_back(
        bindings in proptest::collection::vec(certbind_core::strategy::binding(), 0..12),
        header in header(),
        has_layout in any::<bool>(),
    ) {
        let store = MemoryStore::new();
        for binding in bindings.iter().cloned() {
            store.put(binding).unwrap();
        }
        let export = Export {
            header,
            bindings: store.scan(&Scan::all()).unwrap().collect::<Result<_, _>>().unwrap(),
            layout: has_layout.then(|| Release::Server2025.layout()),
            ..Export::default()
        };

        // In any order, in one call.
        let mut shuffled = export.clone();
        shuffled.bindings.reverse();
        let file = written(&shuffled);
        let reading = read(&file, &ReadOptions::default()).unwrap();
        prop_assert_eq!(&reading.export, &export);
        prop_assert!(reading.warnings.is_empty() && reading.errors.is_empty());

        // In the order of a store's scan, one by one.
        let mut writer = Writer::new(Vec::new(), &export.header, export.layout.as_ref()).unwrap();
        for binding in store.scan(&Scan::all()).unwrap() {
            writer.push(&binding.unwrap()).unwrap();
        }
        prop_assert_eq!(&writer.finish().unwrap(), &file);
        let mut reader = Reader::verified(io::Cursor::new(&file)).unwrap();
        prop_assert_eq!(reader.header(), &export.header);
        prop_assert_eq!(reader.layout(), export.layout.as_ref());
        let back: Vec<_> = reader.by_ref().collect::<Result<_, _>>().unwrap();
        prop_assert_eq!(&back, &export.bindings);
        prop_assert!(reader.next().is_none());
        prop_assert_eq!(verify(file.as_slice()).unwrap().bindings, back.len() as u64);
    }
}

#[test]
fn snapshot_is_distinguished_from_other_formats() {
    let file = small(1);
    assert_eq!(detect(&file), Format::Snapshot);
    for at in 0..12 {
        let mut file = file.clone();
        file[at] ^= 0x20;
        assert_eq!(detect(&file), Format::Snapshot, "with byte {at} altered");
    }
    assert_eq!(detect(&file[..7]), Format::Snapshot);
    assert_eq!(detect(host().as_bytes()), Format::Netsh);
    assert_eq!(detect(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"), Format::Netsh);
    assert_eq!("snapshot".parse(), Ok(Format::Snapshot));
}

/// Bindings whose records have 1024 bytes, so that 64 of them fill a chunk.
fn round(count: u16) -> Vec<Binding> {
    let length = |binding: &Binding| frames(&pushed([binding.clone()]))[1].content.len();
    let more = 1024 - length(&binding(1, 700)) + 700;
    assert_eq!(length(&binding(1, more)), 1024);
    (1..=count).map(|port| binding(port, more)).collect()
}

#[test]
fn chunks_end_between_bindings() {
    for (bindings, chunks) in [
        (0, vec![]),
        (1, vec![1]),
        (63, vec![63]),
        (64, vec![64]),
        (65, vec![64, 1]),
        (128, vec![64, 64]),
        (129, vec![64, 64, 1]),
    ] {
        let bindings = round(bindings);
        let file = pushed(bindings.clone());
        let frames = frames(&file);
        let found: Vec<_> = frames.iter().filter(|frame| frame.kind == b'B').collect();
        let found: Vec<_> = found.iter().map(|frame| frame.content.len()).collect();
        let expected: Vec<_> = chunks.iter().map(|count| count * 1024).collect();
        assert_eq!(found, expected, "{} bindings", bindings.len());
        assert_eq!((frames[0].kind, frames.last().unwrap().kind), (b'H', b'E'));
        let back: Result<Vec<_>, _> = Reader::new(file.as_slice()).unwrap().collect();
        assert_eq!(back.unwrap(), bindings);
    }
}

#[test]
fn the_longest_record_has_a_chunk_of_its_own() {
    let mut long = binding(2, 0).record().clone();
    long.ctl_identifier = Some("\u{ffff}".repeat(32_767).parse().unwrap());
    let long = Binding::new(binding(2, 0).key().clone(), long).unwrap();
    let bindings = [binding(1, 0), long, binding(3, 0)];
    let file = pushed(bindings.clone());
    assert_eq!(frames(&file).len(), 1 + 3 + 1);
    let back: Result<Vec<_>, _> = Reader::new(file.as_slice()).unwrap().collect();
    assert_eq!(back.unwrap(), bindings);
}

#[test]
fn a_long_layout_takes_several_chunks() {
    let bindings: Vec<_> = (1..4000).map(|port| binding(port, 0)).collect();
    let mut layout = serde_json::to_value(Release::Server2022.layout()).unwrap();
    let order = bindings
        .iter()
        .rev()
        .map(|binding| binding.key().to_string());
    layout["order"] = order.collect();
    let export = Export {
        bindings,
        layout: Some(serde_json::from_value(layout).unwrap()),
        ..Export::default()
    };
    let file = written(&export);
    let heads = frames(&file)
        .iter()
        .filter(|frame| frame.kind == b'H')
        .count();
    assert!(heads > 1, "{heads}");
    let reading = read(&file, &ReadOptions::default()).unwrap();
    assert_eq!(reading.export, export);
}

#[test]
fn the_last_bytes_are_the_sha_256_of_all_others() {
    let file = small(3);
    let (all, last) = file.split_at(file.len() - 32);
    assert_eq!(Sha256::digest(all)[..], *last);
    let verified = verify(file.as_slice()).unwrap();
    assert_eq!((verified.bindings, &verified.sha256[..]), (3, last));
}

#[test]
fn out_of_order_record_is_refused_alone() {
    let mut writer = Writer::new(Vec::new(), &Header::default(), None).unwrap();
    writer.push(&binding(2, 0)).unwrap();
    for port in [2, 1] {
        let error = writer.push(&binding(port, 0)).unwrap_err();
        assert!(matches!(error, WriteError::Unordered { .. }), "{error}");
        let named = format!("ipport=10.0.0.1:{port} came after ipport=10.0.0.1:2");
        assert!(error.to_string().contains(&named), "{error}");
    }
    writer.push(&binding(3, 0)).unwrap();
    let file = writer.finish().unwrap();
    assert_eq!(file, pushed([binding(2, 0), binding(3, 0)]));

    let twice = Export {
        bindings: vec![binding(2, 0), binding(1, 0), binding(2, 0)],
        ..Export::default()
    };
    let mut out = Vec::new();
    let error = snapshot::write(&mut out, &twice).unwrap_err();
    assert!(matches!(error, WriteError::Unordered { .. }), "{error}");
    assert!(out.is_empty(), "nothing is written");
}

/// Takes so many bytes.
struct Full(usize);

impl Write for Full {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = bytes.len().min(self.0);
        self.0 -= taken;
        if taken == 0 {
            return Err(io::ErrorKind::StorageFull.into());
        }
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn failed_snapshot_is_never_finished() {
    let bindings = round(130);
    let length = pushed(bindings.clone()).len();
    for room in (0..length).step_by(length / 97) {
        let finished = Writer::new(Full(room), &Header::default(), None).and_then(|mut writer| {
            for binding in &bindings {
                // An error here is to show at the end as well.
                let _ = writer.push(binding);
            }
            writer.finish()
        });
        assert!(matches!(finished, Err(WriteError::Io(_))), "{room}");
    }
    let mut writer = Writer::new(Full(length), &Header::default(), None).unwrap();
    bindings
        .iter()
        .for_each(|binding| writer.push(binding).unwrap());
    writer.finish().unwrap();
}

#[test]
fn a_snapshot_is_finished_once_it_is_flushed() {
    struct Unflushed;
    impl Write for Unflushed {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Err(io::ErrorKind::StorageFull.into())
        }
    }
    let writer = Writer::new(Unflushed, &Header::default(), None).unwrap();
    assert!(matches!(writer.finish(), Err(WriteError::Io(_))));
}
