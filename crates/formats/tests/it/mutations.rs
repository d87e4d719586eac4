//! Damaged listings: never a panic, and never another binding without a word.

use std::collections::BTreeMap;

use certbind_core::{Binding, Record, Uuid};
use certbind_formats::netsh::{Listing, ListingError};
use certbind_formats::{
    ConversionWarning, Export, ReadError, ReadOptions, ReadOutcome, WarningKind, json, netsh, read,
};
use proptest::prelude::*;
use proptest::sample::{Index, select};

use crate::encodings::{encoded, in_code_page};
use crate::languages::{GERMAN, ROMANCE};
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
        ROMANCE.to_owned(),
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
            // Only bytes of labels: the text after the separator is a value, which may change.
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

/// How often each kind of warning is reported.
fn told(reading: &ReadOutcome) -> BTreeMap<WarningKind, usize> {
    let mut told = BTreeMap::new();
    for warning in &reading.warnings {
        *told.entry(warning.kind).or_default() += 1;
    }
    told
}

/// The result of reading it record by record.
fn piecemeal(text: &[u8], options: &ReadOptions) -> Result<Option<ReadOutcome>, ReadError> {
    let listing = match Listing::prescan(|| Ok(text), options) {
        Err(ListingError::Read(error)) => return Err(error),
        looked => looked.expect("it is there, and short"),
    };
    let Some(mut listing) = listing else {
        return Ok(None);
    };
    let mut reading = ReadOutcome {
        export: Export::default(),
        lines: Vec::new(),
        warnings: listing.warnings().to_vec(),
        errors: listing.errors().to_vec(),
        registry: std::collections::BTreeMap::new(),
        parameters: None,
        reservations: None,
        recovery: None,
        managed: None,
    };
    let bindings = listing.bindings(text).expect("a mark, if there is one");
    for record in bindings {
        let record = record.expect("the same text");
        reading.export.bindings.push(record.binding);
        reading.lines.push(record.line);
        reading.warnings.extend(record.warnings);
    }
    reading.warnings.sort_by_key(ConversionWarning::place);
    let keys = reading.export.bindings.iter().map(Binding::key);
    assert_eq!(listing.is_sorted(), keys.is_sorted());
    let mut lost = listing.warnings().to_vec();
    let sorted = listing.sorted_bindings(text, |warning| lost.push(warning));
    let sorted: Vec<_> = sorted.expect("the same text").map(Result::unwrap).collect();
    let mut bindings = reading.export.bindings.clone();
    bindings.sort_by(|a, b| a.key().cmp(b.key()));
    assert_eq!(sorted, bindings);
    lost.sort_by_key(ConversionWarning::place);
    assert_eq!(lost, reading.warnings);
    let mut told = listing.warnings().to_vec();
    if let Some(recorded) = listing.take_recorded(|warning| told.push(warning)) {
        let recorded = recorded.map(Result::unwrap);
        let recorded = recorded.map(|record| {
            told.extend(record.warnings);
            (record.line, record.binding)
        });
        let lines = reading.lines.iter().copied();
        let mut expected: Vec<_> = lines.zip(reading.export.bindings.clone()).collect();
        expected.sort_by(|(_, a), (_, b)| a.key().cmp(b.key()));
        assert_eq!(recorded.collect::<Vec<_>>(), expected);
        told.sort_by_key(ConversionWarning::place);
        assert_eq!(told, reading.warnings);
    }
    reading.export.layout = listing.layout().cloned();
    let streamed = netsh::read_from(|| Ok(text), options);
    assert_eq!(streamed.unwrap().as_ref(), Some(&reading));
    Ok(Some(reading))
}

#[test]
fn duplicate_key_is_an_error_of_the_second_record() {
    let keep_going = ReadOptions {
        keep_going: true,
        ..ReadOptions::default()
    };
    let one = sample("06-extended-properties.txt");
    for (text, bindings, errors) in [
        (one.repeat(2), 1, 1),
        (host().repeat(2), 6, 6),
        (one + &host(), 6, 1),
    ] {
        let reading = piecemeal(text.as_bytes(), &keep_going).unwrap().unwrap();
        let found = (reading.export.bindings.len(), reading.errors.len());
        assert_eq!(found, (bindings, errors));
        for options in [&ReadOptions::default(), &keep_going] {
            let found = piecemeal(text.as_bytes(), options).transpose();
            assert_eq!(found, Some(netsh::read(text.as_bytes(), options)));
        }
    }
}

/// How often a listing is opened to read all of its bindings, and whether they were kept.
fn openings(text: &str) -> (usize, bool) {
    let mut opened = 0;
    let open = || {
        opened += 1;
        Ok(text.as_bytes())
    };
    let keep_going = ReadOptions {
        keep_going: true,
        ..ReadOptions::default()
    };
    let mut listing = Listing::prescan(open, &keep_going).unwrap().unwrap();
    let is_kept = listing.take_recorded(drop).is_some();
    piecemeal(text.as_bytes(), &keep_going).unwrap();
    (opened, is_kept)
}

#[test]
fn regular_listing_is_read_once() {
    // The lines of Server 2008 are not read by templates.
    let releases = netsh::Release::ALL.into_iter();
    for release in releases.filter(|release| *release != netsh::Release::Server2008) {
        let bindings = |ports: &mut dyn Iterator<Item = u16>| Export {
            bindings: ports
                .map(|port| {
                    let record = Record::new([7; 20].into(), None, Uuid::from_u128(port.into()));
                    Binding::new(format!("0.0.0.0:{port}").parse().unwrap(), record).unwrap()
                })
                .collect(),
            ..Export::default()
        };
        let print = |export: &Export, layout: &netsh::Layout| {
            let mut text = Vec::new();
            netsh::write(&mut text, export, layout).unwrap();
            String::from_utf8(text).unwrap()
        };
        let text = print(&bindings(&mut (1..400)), &release.layout());
        // Once for its start, which determines the encoding.
        assert_eq!(openings(&text), (2, true), "{release:?}");
        let start = text.find("    IP:port").unwrap();
        let mut records: Vec<_> = text[start..].split_inclusive("\r\n\r\n").collect();
        records.reverse();
        let turned = text[..start].to_owned() + &records.concat();
        // Which of its warnings come first would have to be kept, too.
        let has_warnings = !netsh::read(text.as_bytes(), &ReadOptions::default())
            .unwrap()
            .warnings
            .is_empty();
        assert_eq!(openings(&turned).1, !has_warnings, "{release:?}");
        // A duplicate is found at the end; then all keys are sorted, and the listing is read again.
        assert!(!openings(&(turned + records[7])).1, "{release:?}");
        let broken = text.replacen("Application ID", "Anwendung", 1);
        assert!(!openings(&broken).1, "{release:?}");
    }
}

#[test]
fn listing_changed_between_passes_is_an_error() {
    let text = host();
    let listing = Listing::prescan(|| Ok(text.as_bytes()), &ReadOptions::default());
    let listing = listing.unwrap().unwrap();
    let half = text.len() / 2;
    let half = text[..half].rfind("    IP:port").unwrap();
    let longer = format!("{text}\n{}", text[half..].replace(":443", ":4443"));
    for other in [
        "",
        &text[..half],
        &longer,
        "    IP:port                      : \u{0}\n",
    ] {
        let bindings = listing.bindings(other.as_bytes()).unwrap();
        let last = bindings.last().unwrap();
        let error = last.unwrap_err();
        assert!(error.to_string().contains("listing changed"), "{error}");
    }
    let broken = [&text.as_bytes()[..half], b"\xff"].concat();
    let last = listing.bindings(broken.as_slice()).unwrap().last().unwrap();
    assert!(last.unwrap_err().to_string().contains("not utf-8"));
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
    fn streamed_reading_equals_whole_reading(
        text in listing(),
        blank in select(vec!["\n\n", "\r\n\r\n"]),
        instead in select(vec!["\n\r\r\n", "\r\n\n", "\n\n", "\n\r\r\r\n"]),
        end in select(vec!["", "\r", "\r\r", "\n\r"]),
    ) {
        // As conversions of line ends leave them.
        let text = text.replace(blank, instead) + end;
        let options = ReadOptions::default();
        let whole = netsh::read(text.as_bytes(), &options);
        match piecemeal(text.as_bytes(), &options).transpose() {
            Some(found) => prop_assert_eq!(found, whole),
            // Noise is removed only from a listing that is read completely.
            None => prop_assert!(text.contains("\r\r")),
        }
    }

    #[test]
    fn streamed_reading_of_utf_16(
        // Characters that contain the byte of a line feed, and two whose halves resemble one.
        text in listing().prop_map(|text| {
            text.replace("Store", "\u{a0a} \u{10a} \u{a01} \u{100}\u{a01} \u{a01}\u{100}")
        }),
        // As where one file was appended to another.
        marked: Index,
        encoding in select(vec!["utf-8+bom", "utf-16le+bom", "utf-16le", "utf-16be+bom", "utf-16be"]),
        is_named: bool,
        cut in 0..3_usize,
    ) {
        let mut lines: Vec<_> = text.split('\n').collect();
        lines.insert(marked.index(lines.len()), "\u{feff}");
        let joined = lines.join("\n");
        let mut bytes = encoded(&joined.replacen("\u{feff}\n", "\u{feff}", 1), encoding);
        let encoding = is_named.then(|| encoding.parse().unwrap());
        let options = ReadOptions { encoding, ..ReadOptions::default() };
        let whole = netsh::read(&bytes, &options);
        match piecemeal(&bytes, &options).transpose() {
            Some(found) => prop_assert_eq!(found, whole),
            None => prop_assert!(whole.is_err()),
        }
        bytes.truncate(bytes.len() - cut);
        if let Some(piecemeal) = piecemeal(&bytes, &options).transpose() {
            prop_assert_eq!(piecemeal, netsh::read(&bytes, &options));
        }
    }

    #[test]
    fn streamed_reading_of_a_code_page(
        text in select(vec![ROMANCE, GERMAN]),
        name in select(vec!["windows-1252", "850", "437"]),
        is_named: bool,
    ) {
        let bytes = in_code_page(text, name);
        let encoding = is_named.then(|| name.parse().unwrap());
        let options = ReadOptions { encoding, ..ReadOptions::default() };
        if let Some(piecemeal) = piecemeal(&bytes, &options).transpose() {
            prop_assert_eq!(piecemeal, netsh::read(&bytes, &options));
        } else {
            // Its words determine its code page, if all of them are present.
            prop_assert!(!is_named && text == GERMAN);
        }
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
            if let Some(piecemeal) = piecemeal(&bytes, options).transpose() {
                prop_assert_eq!(piecemeal, netsh::read(&bytes, options));
            }
        }
        if let Ok(reading) = read(&bytes, &keep_going)
            && let Some(layout) = &reading.export.layout
        {
            let _ = certbind_formats::netsh::write(&mut Vec::new(), &reading.export, layout);
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
