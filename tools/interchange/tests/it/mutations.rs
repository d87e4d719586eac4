//! Damaged listings: never a panic, and never another binding without a word.

use std::collections::BTreeMap;

use interchange::{Export, LossKind, ReadOptions, Reading, json, netsh, read};
use proptest::prelude::*;
use proptest::sample::{Index, select};

use crate::languages::{FRENCH, GERMAN};
use crate::listings::{cases, host, read_text, sample};

#[derive(Clone, Debug)]
enum Damage {
    Delete(Index),
    Repeat(Index),
    Swap(Index),
    Insert(Index, &'static str),
    /// A bit of a label.
    Flip(Index, u8),
}

fn damage() -> impl Strategy<Value = Damage> {
    let strange = select(vec![
        "",
        "C:\\>",
        "    Colour                       : green",
        "-----",
    ]);
    prop_oneof![
        any::<Index>().prop_map(Damage::Delete),
        any::<Index>().prop_map(Damage::Repeat),
        any::<Index>().prop_map(Damage::Swap),
        (any::<Index>(), strange).prop_map(|(at, line)| Damage::Insert(at, line)),
        (any::<Index>(), 0_u8..8).prop_map(|(at, bit)| Damage::Flip(at, bit)),
    ]
}

fn listing() -> impl Strategy<Value = String> {
    select(vec![
        host(),
        FRENCH.to_owned(),
        sample("06-extended-properties.txt"),
        sample("15-sni-double-spaced.txt"),
        sample("05-old-layout-options.txt")
            .replace("{0}", "192.0.2.1:8443")
            .replace("{1}", "61d34f532da121bbab64723c4871e72c92f03735")
            .replace("{2}", "{4dc3e181-e14b-4a21-b022-59fc669b0914}"),
    ])
}

fn apply(text: &str, damage: &Damage) -> Vec<u8> {
    let mut lines: Vec<&str> = text.split('\n').collect();
    let count = lines.len();
    match damage {
        Damage::Delete(at) => {
            lines.remove(at.index(count));
        }
        Damage::Repeat(at) => {
            let at = at.index(count);
            lines.insert(at, lines[at]);
        }
        Damage::Swap(at) => {
            let at = at.index(count - 1);
            lines.swap(at, at + 1);
        }
        Damage::Insert(at, line) => lines.insert(at.index(count), line),
        Damage::Flip(at, bit) => {
            // Only bytes of labels: what is behind the separator is a value, and may well change.
            let places: Vec<_> = text
                .split_inclusive('\n')
                .scan(0, |start, line| {
                    let at = *start;
                    *start += line.len();
                    Some((at, line))
                })
                .flat_map(|(start, line)| {
                    let label = line.find(" :").unwrap_or(0);
                    start..start + line[..label].trim_end().len()
                })
                .collect();
            let mut bytes = text.as_bytes().to_vec();
            bytes[places[at.index(places.len())]] ^= 1 << bit;
            return bytes;
        }
    }
    lines.join("\n").into_bytes()
}

/// How often each kind of loss is reported.
fn told(reading: &Reading) -> BTreeMap<LossKind, usize> {
    let mut told = BTreeMap::new();
    for loss in &reading.losses {
        *told.entry(loss.kind).or_default() += 1;
    }
    told
}

#[test]
fn a_listing_that_is_another_one_the_second_time_is_not_told_anything_of() {
    let text = sample("06-extended-properties.txt");
    for second in [Err(std::io::ErrorKind::NotFound.into()), Ok(&b"\xff"[..])] {
        let mut passes = [Ok(text.as_bytes()), second].into_iter();
        let twice = netsh::read_twice(|| passes.next().unwrap(), &ReadOptions::default());
        assert_eq!(twice, Ok(None));
    }
}

proptest! {
    #![proptest_config(cases(256))]

    #[test]
    fn damage_to_one_line_is_harmless_or_reported(text in listing(), damage in damage()) {
        let whole = read_text(&text).unwrap();
        let options = ReadOptions { keep_going: true, ..ReadOptions::default() };
        let Ok(reading) = read(&apply(&text, &damage), &options) else {
            return Ok(());
        };
        if reading.errors.is_empty() && told(&reading) == told(&whole) {
            prop_assert_eq!(reading.export.bindings, whole.export.bindings);
        }
    }

    #[test]
    fn a_listing_is_read_in_two_passes_as_it_is_as_a_whole(text in listing()) {
        let options = ReadOptions::default();
        let twice = netsh::read_twice(|| Ok(text.as_bytes()), &options);
        prop_assert_eq!(twice.transpose(), Some(netsh::read(text.as_bytes(), &options)));
        let marked = format!("\u{feff}{text}");
        prop_assert_eq!(netsh::read_twice(|| Ok(marked.as_bytes()), &options), Ok(None));
    }

    #[test]
    fn nothing_makes_the_readers_panic(
        text in listing(),
        damages in proptest::collection::vec(damage(), 1..20),
        cut in any::<Index>(),
        flips in proptest::collection::vec((any::<Index>(), 0_u8..8), 0..4),
    ) {
        let mut text = text;
        for damage in &damages {
            text = String::from_utf8_lossy(&apply(&text, damage)).into_owned();
        }
        let mut bytes = text.into_bytes();
        bytes.truncate(cut.index(bytes.len() + 1));
        for (at, bit) in &flips {
            if !bytes.is_empty() {
                let at = at.index(bytes.len());
                bytes[at] ^= 1 << bit;
            }
        }
        let _ = read(&bytes, &ReadOptions::default());
        let keep_going = ReadOptions { keep_going: true, ..ReadOptions::default() };
        for options in [&ReadOptions::default(), &keep_going] {
            if let Some(twice) = netsh::read_twice(|| Ok(bytes.as_slice()), options).transpose() {
                prop_assert_eq!(twice, netsh::read(&bytes, options));
            }
        }
        if let Ok(reading) = read(&bytes, &keep_going)
            && let Some(layout) = &reading.export.layout
        {
            let _ = interchange::netsh::write(&mut Vec::new(), &reading.export, layout);
        }
    }

    #[test]
    fn bytes_of_any_kind_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = read(&bytes, &ReadOptions::default());
    }

    #[test]
    fn damaged_json_is_read_or_refused(at in any::<Index>(), bit in 0_u8..8) {
        let export: Export = read_text(GERMAN).unwrap().export;
        let mut bytes = Vec::new();
        json::write(&mut bytes, &export).unwrap();
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        for keep_going in [true, false] {
            let _ = read(&bytes, &ReadOptions { keep_going, ..ReadOptions::default() });
        }
    }
}
