//! Compressed files and archives.

use certbind_formats::archive::{EntryContent, Kind, Limits, Opened, is_archive, open};
use certbind_test_support::archive::{gz, tar, xz, zip};

use crate::{Outcome, Target};

pub(crate) const TARGET: Target = Target {
    name: "archive",
    longest: 8_192,
    read: unpack,
    seeds,
    dictionary: &[
        "PK\u{1}\u{2}",
        "PK\u{3}\u{4}",
        "PK\u{5}\u{6}",
        "PK\u{6}\u{6}",
        "\u{1f}\u{8b}\u{8}",
        "\u{fd}7zXZ\0",
        "ustar",
        "../",
    ],
    // An xz file may require a dictionary of 96 MiB.
    memory: |length| (104 << 20) + 256 * length as u64,
};

fn seeds() -> Vec<Vec<u8>> {
    let set: &[(&str, &[u8])] = &[("web01/SYSTEM", &[7; 600]), ("web02.txt", b"IP:port")];
    vec![
        zip(set),
        tar(set),
        gz(&tar(set)),
        xz(&tar(set)),
        gz(b"IP:port"),
    ]
}

/// The limits hold, for any lengths in an archive.
fn unpack(input: &[u8]) -> Outcome {
    let limits = Limits {
        max_bytes: 1 << 20,
        free_bytes: 1 << 16,
        max_entries: 100,
        ..Limits::default()
    };
    let is_archive = is_archive(input);
    let opened = open(input, &limits);
    match &opened {
        Ok(Opened::File(bytes)) => assert!(bytes.len() <= 1 << 20, "beyond the limit"),
        Ok(Opened::Entries(entries)) => {
            let sizes = entries.iter().map(|entry| match &entry.content {
                EntryContent::File(bytes) => bytes.len(),
                EntryContent::Link => 0,
            });
            assert!(sizes.sum::<usize>() <= 1 << 20, "beyond the limit");
            assert!(entries.len() <= 100, "more than the limit");
            assert_eq!(is_archive, Ok(true), "it is opened as one");
        }
        Err(_) => {}
    }
    let opened = opened.map_err(|error| error.to_string());
    Outcome::of(match opened {
        Ok(Opened::File(_)) => format!("a file, from {:?}", Kind::of(input)),
        Ok(Opened::Entries(entries)) => format!("{} entries", entries.len()),
        Err(error) => error,
    })
}
