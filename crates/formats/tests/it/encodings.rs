//! Listings in every encoding that Windows writes them in.

use certbind_formats::{Encoding, ReadError, ReadOptions, read};

use crate::languages::{GERMAN, ROMANCE};
use crate::listings::{bound, host, keys, prints_back};

/// In UTF-8 or UTF-16, by the name that it has for readers.
pub(crate) fn encoded(text: &str, name: &str) -> Vec<u8> {
    let bom = name.ends_with("+bom");
    match name.contains("16") {
        true => utf16(text, bom, name.contains("le")),
        false => format!("{}{text}", if bom { "\u{feff}" } else { "" }).into_bytes(),
    }
}

fn utf16(text: &str, bom: bool, little: bool) -> Vec<u8> {
    let mark = bom.then_some('\u{feff}');
    let units = mark.into_iter().chain(text.chars()).collect::<String>();
    let bytes = |unit: u16| {
        if little {
            unit.to_le_bytes()
        } else {
            unit.to_be_bytes()
        }
    };
    units.encode_utf16().flat_map(bytes).collect()
}

#[test]
fn utf_16_prints_back_with_and_without_a_mark() {
    for text in [host(), GERMAN.replace('\n', "\r\n"), ROMANCE.to_owned()] {
        let count = keys(&prints_back(text.as_bytes(), &ReadOptions::default())).len();
        for bom in [true, false] {
            for little in [true, false] {
                let bytes = utf16(&text, bom, little);
                let reading = prints_back(&bytes, &ReadOptions::default());
                assert_eq!(reading.export.bindings.len(), count);
            }
        }
    }
}

#[test]
fn utf_8_prints_back_with_its_mark() {
    let text = format!("\u{feff}{}", host());
    prints_back(text.as_bytes(), &ReadOptions::default());
}

#[test]
fn both_kinds_of_line_end_print_back() {
    prints_back(host().as_bytes(), &ReadOptions::default());
    prints_back(host().replace('\r', "").as_bytes(), &ReadOptions::default());
    prints_back(host().trim_end().as_bytes(), &ReadOptions::default());
}

#[test]
fn a_lone_odd_line_end_is_reported() {
    let text = host().replacen('\r', "", 1);
    let reading = read(text.as_bytes(), &ReadOptions::default()).unwrap();
    let told = reading
        .warnings
        .iter()
        .any(|warning| warning.what.contains("another ending"));
    assert!(told, "{:?}", reading.warnings);
}

#[test]
fn labels_in_any_code_page_are_carried_through() {
    // Values in English, as on the French host: the meaning of the labels need not be known.
    for name in ["windows-1252", "850", "437"] {
        let bytes = in_code_page(ROMANCE, name);
        assert!(std::str::from_utf8(&bytes).is_err());
        let reading = prints_back(&bytes, &ReadOptions::default());
        assert_eq!(keys(&reading).len(), 2);
    }
}

#[test]
fn labels_determine_the_code_page() {
    let text = ROMANCE
        .replace("Disabled", "Désactivé")
        .replace("Enabled", "Activé");
    let expected = read(ROMANCE.as_bytes(), &ReadOptions::default()).unwrap();
    for name in ["windows-1252", "850"] {
        let reading = prints_back(&in_code_page(&text, name), &ReadOptions::default());
        assert_eq!(reading.export.bindings, expected.export.bindings);
    }
    let text = GERMAN
        .replace("Müllers Speicher", "MY")
        .replace("Deaktiviert", "Отключено")
        .replace("Aktiviert", "Включено")
        .replace(['ü', 'Ü'], "u");
    for name in ["windows-1251", "866"] {
        prints_back(&in_code_page(&text, name), &ReadOptions::default());
    }
    let text = text
        .replace("Отключено", "無効")
        .replace("Включено", "有効");
    prints_back(&in_code_page(&text, "932"), &ReadOptions::default());
}

/// Until the caller names the code page.
#[test]
fn name_in_an_unknown_code_page_is_refused() {
    for name in ["windows-1252", "850"] {
        let bytes = in_code_page(GERMAN, name);
        let ReadError::Broken(errors) = read(&bytes, &ReadOptions::default()).unwrap_err() else {
            panic!("a listing")
        };
        assert_eq!(errors.len(), 1);
        assert_eq!(errors[0].line, Some(5), "{errors:?}");
        assert!(errors[0].what.contains("name the encoding"), "{errors:?}");

        let options = ReadOptions {
            encoding: Some(name.parse().unwrap()),
            ..ReadOptions::default()
        };
        let reading = prints_back(&bytes, &options);
        let record = bound(&reading, "[::]:443").record();
        let store = record.certificate.as_ref().unwrap().store_name.clone();
        assert_eq!(store.unwrap().as_str(), "Müllers Speicher");
    }
}

#[test]
fn a_named_encoding_that_does_not_fit_is_an_error() {
    let options = ReadOptions {
        encoding: Some("utf-8".parse().unwrap()),
        ..ReadOptions::default()
    };
    let error = read(&in_code_page(GERMAN, "850"), &options).unwrap_err();
    assert!(matches!(error, ReadError::Encoding { .. }), "{error}");
    let half = utf16(&host(), true, true);
    let error = read(&half[..half.len() - 1], &ReadOptions::default()).unwrap_err();
    assert!(matches!(error, ReadError::Encoding { .. }), "{error}");
}

#[test]
fn encodings_are_named_in_one_way() {
    for (name, canonical) in [
        ("UTF8", "utf-8"),
        ("utf-8+bom", "utf-8+bom"),
        ("utf-16", "utf-16le"),
        ("1200", "utf-16le"),
        ("65001", "utf-8"),
        ("1252", "windows-1252"),
        ("latin1", "windows-1252"),
        ("cp437", "cp437"),
        ("932", "shift_jis"),
    ] {
        let encoding: Encoding = name.parse().unwrap();
        assert_eq!(encoding.to_string(), canonical);
        assert_eq!(canonical.parse(), Ok(encoding));
    }
    for name in ["", "cp1", "klingon", "iso-2022-jp", "windows-1252+bom"] {
        assert!(name.parse::<Encoding>().is_err(), "{name}");
    }
}

/// Encodes with the crate's own tables, by printing an inferred layout in that encoding.
pub(crate) fn in_code_page(text: &str, name: &str) -> Vec<u8> {
    let encoding: Encoding = name.parse().unwrap();
    let reading = read(text.as_bytes(), &ReadOptions::default()).unwrap();
    let layout = reading.export.layout.clone().unwrap();
    crate::listings::print(&reading.export, &layout.with_encoding(encoding)).0
}
