//! Helpers that the targets of exports share.

use certbind_formats::{Export, Format, ReadOptions, ReadOutcome, read};

use crate::Outcome;

/// One input in this many is checked in every way.
const THOROUGH: u64 = 8;

/// Reads an export, all or nothing. One input in eight, as its bytes decide, is also read with
/// `keep_going`, written, and read again: the bindings are the same, where `write` can write them.
pub(super) fn keeps(
    input: &[u8],
    format: Format,
    write: impl Fn(&mut Vec<u8>, &Export) -> bool,
) -> Outcome {
    let options = |keep_going| ReadOptions {
        format: Some(format),
        keep_going,
        ..ReadOptions::default()
    };
    let whole = read(input, &options(false));
    if !Outcome::of(input).0.is_multiple_of(THOROUGH) {
        return match whole {
            Ok(whole) => of_whole(&whole),
            Err(error) => Outcome::error(error),
        };
    }
    let partly = read(input, &options(true));
    match (whole, partly) {
        (Ok(whole), Ok(partly)) => {
            assert_eq!(
                whole.export, partly.export,
                "keeping going changes nothing that is whole"
            );
            assert!(partly.errors.is_empty(), "{:?}", partly.errors);
            let mut written = Vec::new();
            if write(&mut written, &whole.export) {
                let again = read(&written, &options(false)).expect("what was written is read");
                assert_eq!(again.export.bindings, whole.export.bindings);
            }
            of_whole(&whole)
        }
        (Err(error), _) => Outcome::error(error),
        (Ok(_), Err(error)) => panic!("keeping going fails where all was read: {error}"),
    }
}

fn of_whole(whole: &ReadOutcome) -> Outcome {
    let kinds: Vec<_> = whole
        .warnings
        .iter()
        .map(|warning| warning.kind)
        .take(4)
        .collect();
    Outcome::of((whole.export.bindings.len().min(8), kinds))
}

/// Trees and texts of an input may take many times its size, and no more.
pub(super) fn memory(length: usize) -> u64 {
    (2 << 20) + 256 * length as u64
}
