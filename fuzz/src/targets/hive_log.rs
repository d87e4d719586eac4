//! Transaction logs of hives.

use std::sync::LazyLock;

use certbind_formats::hive::{LogFile, recovered};
use certbind_formats::{Format, ReadOptions, read, read_owned};
use certbind_test_support::hive::log::{PAGE, changed_pages, dirty, entry, hash, log, old_log};
use certbind_test_support::hive::{binding, file, key, system};

use crate::{Outcome, Target};

pub(crate) const TARGET: Target = Target {
    name: "hive-log",
    longest: 32_768,
    read: replay,
    seeds,
    dictionary: &[
        "regf",
        "HvLE",
        "DIRT",
        "hbin",
        "\u{6}\0\0\0",
        "\0\u{10}\0\0",
    ],
    memory: |length| (2 << 20) + 256 * length as u64,
};

/// A dirty hive, and the next two versions of it.
static HIVES: LazyLock<[Vec<u8>; 3]> = LazyLock::new(|| {
    let hive = |ports: &[u16]| {
        let family = ports.iter().fold(key("SslBindingInfo"), |family, port| {
            family.key(binding(&format!("0.0.0.0:{port}")))
        });
        file(&system(vec![family]))
    };
    [dirty(&hive(&[1]), 9, 8), hive(&[1, 2]), hive(&[1, 2, 3])]
});

fn seeds() -> Vec<Vec<u8>> {
    let [hive, second, third] = &*HIVES;
    let entry = |number, before: &[u8], after: &[u8]| {
        entry(number, after.len() - PAGE, &changed_pages(before, after))
    };
    let entries = [entry(8, hive, second), entry(9, second, third)];
    vec![
        log(hive, &entries),
        log(hive, &entries[1..]),
        old_log(hive, second),
    ]
}

/// Replays a log, unchanged and with valid hashes in every entry, so that damage gets past them.
fn replay(input: &[u8]) -> Outcome {
    let mut hashed = input.to_vec();
    for at in (512..hashed.len().saturating_sub(40)).step_by(512) {
        if hashed[at..].starts_with(b"HvLE") {
            hash(&mut hashed[at..]);
        }
    }
    // Most inputs have valid hashes, or no entry: both are then the same log.
    let rehashed = (hashed != input).then_some(hashed);
    let logs = [Some(input.to_vec()), rehashed].into_iter().flatten();
    let outcomes = logs.map(|log| {
        let length = log.len();
        let hive = &HIVES[0];
        let logs = vec![LogFile::new("LOG1", log)];
        let (bytes, recovery) = recovered(hive, &logs).expect("the hive is one");
        assert!(
            bytes.len() <= hive.len() + length,
            "growth is bounded by the log"
        );
        assert!(recovery.was_dirty);
        let is_current = recovered(&bytes, &[]).expect("still a hive").1;
        assert_eq!(is_current.was_dirty, recovery.applied.is_empty());
        let options = ReadOptions {
            format: Some(Format::Hive),
            keep_going: true,
            logs,
            ..ReadOptions::default()
        };
        let read = read(hive, &options);
        let owned = read_owned(hive.clone(), &options);
        assert!(read == owned, "in place as in a copy");
        let read = read.map(|reading| reading.export.bindings.len().min(4));
        let applied: usize = recovery.applied.iter().map(|log| log.entries).sum();
        (
            recovery.missing,
            applied.min(4),
            read.map_err(|error| error.to_string()),
        )
    });
    Outcome::of(outcomes.collect::<Vec<_>>())
}
