//! The code writes and reads the worked example of `docs/formats/snapshot.md`.

use certbind_core::{Binding, Record};
use certbind_formats::{Export, Header};

use super::{read_as_snapshot, written};

/// The bytes of the example: the text before `|` on its lines.
fn example() -> Vec<u8> {
    let document = include_str!("../../../../../docs/formats/snapshot.md");
    let block = document
        .split("```text\na snapshot of one binding\n")
        .nth(1);
    let block = block.expect("the example").split("```").next().unwrap();
    let columns = block.lines().filter_map(|line| line.split('|').next());
    columns
        .flat_map(str::split_whitespace)
        .map(|byte| u8::from_str_radix(byte, 16).expect("two hexadecimal digits"))
        .collect()
}

#[test]
fn a_snapshot_is_written_as_documented() {
    let hash = "5226dc6c54559761cd471b86eb51c096252c90f2".parse().unwrap();
    let iis = "4dc3e181-e14b-4a21-b022-59fc669b0914".parse().unwrap();
    let record = Record::new(hash, Some("MY".parse().unwrap()), iis);
    let export = Export {
        header: Header {
            host: Some("WEB-01".into()),
            ..Header::default()
        },
        bindings: vec![Binding::new("0.0.0.0:443".parse().unwrap(), record).unwrap()],
        ..Export::default()
    };
    let written = written(&export);
    assert_eq!(written, example());
    assert_eq!(read_as_snapshot(&example()).unwrap().export, export);
}
