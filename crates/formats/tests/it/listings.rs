//! Reading and printing back, and listings to do it with.

use certbind_core::{Binding, BindingKey};
use certbind_formats::netsh::{self, Layout};
use certbind_formats::{ConversionWarning, Export, ReadError, ReadOptions, ReadOutcome, read};

/// A published sample.
pub(crate) fn sample(name: &str) -> String {
    let path = format!("{}/tests/fixtures/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(path).unwrap()
}

/// The transcript that the repository ships.
pub(crate) fn host() -> String {
    let path = "../../examples/host-2022.txt";
    std::fs::read_to_string(path).unwrap()
}

pub(crate) fn read_text(text: &str) -> Result<ReadOutcome, ReadError> {
    read(text.as_bytes(), &ReadOptions::default())
}

pub(crate) fn layout(reading: &ReadOutcome) -> &Layout {
    reading.export.layout.as_ref().expect("a layout was learnt")
}

pub(crate) fn print(export: &Export, layout: &Layout) -> (Vec<u8>, Vec<ConversionWarning>) {
    let mut out = Vec::new();
    let warnings = netsh::write(&mut out, export, layout).unwrap();
    (out, warnings)
}

/// Reads a listing, asserts that it prints back byte for byte, and returns the result.
#[track_caller]
pub(crate) fn prints_back(bytes: &[u8], options: &ReadOptions) -> ReadOutcome {
    let reading = read(bytes, options).unwrap();
    let (back, warnings) = print(&reading.export, layout(&reading));
    if back != bytes {
        let show = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        pretty_difference(&show(bytes), &show(&back));
        panic!("it printed back otherwise");
    }
    assert_eq!(
        warnings,
        [],
        "a learnt layout shows what it was learnt from"
    );
    reading
}

fn pretty_difference(found: &str, back: &str) {
    for (number, (found, back)) in found.lines().zip(back.lines()).enumerate() {
        if found != back {
            println!("line {}:\n  {found:?}\n  {back:?}", number + 1);
        }
    }
}

/// How many cases a property is tried with: `CERTBIND_CASES` times as many where that is set.
pub(crate) fn cases(count: u32) -> proptest::test_runner::Config {
    proptest::test_runner::Config::with_cases(certbind_test_support::cases(count))
}

pub(crate) fn keys(reading: &ReadOutcome) -> Vec<String> {
    let bindings = reading.export.bindings.iter();
    bindings.map(|binding| binding.key().to_string()).collect()
}

pub(crate) fn bound<'a>(reading: &'a ReadOutcome, key: &str) -> &'a Binding {
    let key: BindingKey = key.parse().unwrap();
    let mut bindings = reading.export.bindings.iter();
    bindings.find(|binding| *binding.key() == key).unwrap()
}

pub(crate) fn export(bindings: Vec<Binding>) -> Export {
    Export {
        bindings,
        ..Export::default()
    }
}
