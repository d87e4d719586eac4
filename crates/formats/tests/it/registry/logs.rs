//! Transaction logs: which entries are replayed, in which order, and where replay stops.

use certbind_formats::hive::{LogFile, Recovery, recovered};
use certbind_formats::{ReadOptions, ReadOutcome, WarningKind, read};
use certbind_test_support::hive::log::{
    PAGE, Pages, changed_pages, dirty, entry, hash, log, old_log,
};
use certbind_test_support::hive::{Node, binding, file, key, sign, system};

use crate::listings::keys;

/// A hive with the bindings of some ports, and free room to grow in.
fn hive(ports: &[u16]) -> Vec<u8> {
    let family = Node {
        keys: ports
            .iter()
            .map(|port| binding(&format!("0.0.0.0:{port}")))
            .collect(),
        ..key("SslBindingInfo")
    };
    file(&system(vec![family]))
}

/// Versions of a hive, each with one binding more.
fn versions(count: u16) -> Vec<Vec<u8>> {
    let ports: Vec<u16> = (1..=count).collect();
    (1..=usize::from(count))
        .map(|count| hive(&ports[..count]))
        .collect()
}

/// The entries that make each version of the next, numbered from `first` on.
fn entries(versions: &[Vec<u8>], first: u32) -> Vec<Vec<u8>> {
    let pairs = versions.iter().zip(&versions[1..]);
    let numbered = pairs.zip(first..);
    numbered
        .map(|((before, after), number)| {
            entry(number, after.len() - PAGE, &changed_pages(before, after))
        })
        .collect()
}

fn logs<const N: usize>(logs: [(&str, Vec<u8>); N]) -> Vec<LogFile> {
    logs.into_iter()
        .map(|(name, bytes)| LogFile::new(name, bytes))
        .collect()
}

fn replay(hive: &[u8], logs: &[LogFile]) -> (ReadOutcome, Recovery) {
    let options = ReadOptions {
        logs: logs.to_vec(),
        ..ReadOptions::default()
    };
    let mut reading = read(hive, &options).unwrap();
    let recovery = reading.recovery.take().unwrap();
    (reading, recovery)
}

/// The ports of the bindings after replay, and its report.
fn ports(hive: &[u8], logs: &[LogFile]) -> (Vec<u16>, Recovery) {
    let (reading, recovery) = replay(hive, logs);
    let ports = keys(&reading);
    let ports = ports.iter().map(|key| {
        let (_, port) = key.rsplit_once(':').unwrap();
        port.parse().unwrap()
    });
    assert_eq!(
        reading
            .warnings
            .iter()
            .any(|it| it.kind == WarningKind::Pending),
        !recovery.is_complete(),
        "{:?} {recovery:?}",
        reading.warnings
    );
    (ports.collect(), recovery)
}

#[track_caller]
fn missing(recovery: &Recovery) -> &str {
    assert_eq!(recovery.missing.len(), 1, "{recovery:?}");
    assert!(!recovery.is_complete());
    &recovery.missing[0]
}

/// Both logs are replayed in the order of their entries, under any file names. The hive is then
/// byte for byte the last version, with both sequence numbers one after the last entry.
#[test]
fn logs_are_ordered_by_number() {
    let versions = versions(5);
    let all = entries(&versions, 8);
    let hive = dirty(&versions[0], 9, 8);
    let (older, newer) = (log(&hive, &all[..1]), log(&hive, &all[1..]));
    for logs in [
        logs([("S.LOG1", older.clone()), ("S.LOG2", newer.clone())]),
        logs([("S.LOG1", newer), ("S.LOG2", older)]),
    ] {
        let (found, recovery) = ports(&hive, &logs);
        assert_eq!(found, [1, 2, 3, 4, 5]);
        assert!(
            recovery.is_complete() && recovery.notes.is_empty(),
            "{recovery:?}"
        );
        let report = recovery.to_string();
        assert!(report.starts_with("replayed 1 entry of S.LOG"), "{report}");
        assert!(report.ends_with(" (9 to 11)"), "{report}");
        let (bytes, _) = recovered(&hive, &logs).unwrap();
        assert!(*bytes == dirty(&versions[4], 12, 12)[..]);
    }
}

#[test]
fn a_clean_hive_is_left_alone() {
    let versions = versions(2);
    let hive = &versions[0];
    let logs = logs([("S.LOG1", log(hive, &entries(&versions, 7)))]);
    let (found, recovery) = ports(hive, &logs);
    assert_eq!(found, [1]);
    assert_eq!(recovery, Recovery::default());
}

#[test]
fn a_dirty_hive_without_logs_is_a_warning() {
    let (found, recovery) = ports(&dirty(&hive(&[1]), 9, 8), &[]);
    assert_eq!(found, [1]);
    assert!(recovery.was_dirty && !recovery.is_complete());
    let empty = logs([("S.LOG1", Vec::new())]);
    let (reading, recovery) = replay(&dirty(&hive(&[1]), 9, 8), &empty);
    assert!(!recovery.is_complete());
    assert!(reading.warnings[0].what.contains(".LOG1, .LOG2"));
}

/// After two changes of logs the first entry has a higher number than the hive; Suhanov, "Missing log
/// entries for a dirty primary file".
#[test]
fn the_first_entry_may_have_a_higher_number() {
    let versions = versions(3);
    let hive = dirty(&versions[0], 1622, 1621);
    let logs = logs([("S.LOG1", log(&hive, &entries(&versions, 2107)))]);
    let (found, recovery) = ports(&hive, &logs);
    assert_eq!(found, [1, 2, 3]);
    assert!(recovery.is_complete(), "{recovery:?}");
}

#[test]
fn entries_that_the_hive_has_are_passed_over() {
    let versions = versions(4);
    let all = entries(&versions, 20);
    // The hive has entry 20 already.
    let hive = dirty(&versions[1], 22, 21);
    let logs = logs([("S.LOG1", log(&hive, &all))]);
    let (found, recovery) = ports(&hive, &logs);
    assert_eq!(found, [1, 2, 3, 4]);
    assert_eq!(
        (recovery.applied[0].first, recovery.applied[0].last),
        (21, 22)
    );
}

/// A log is written from its start each time, so that complete older entries follow the last one.
#[test]
fn older_entries_after_the_last_one_are_not_replayed() {
    let versions = versions(4);
    let new = entries(&versions, 30);
    let old = entry(
        12,
        versions[0].len() - PAGE,
        &changed_pages(&versions[1], &versions[0]),
    );
    let hive = dirty(&versions[0], 31, 30);
    for old in [vec![old.clone()], vec![old.clone(), old]] {
        let logs = logs([("S.LOG2", log(&hive, &[new.clone(), old].concat()))]);
        let (found, recovery) = ports(&hive, &logs);
        assert_eq!(found, [1, 2, 3, 4]);
        assert!(
            recovery.is_complete() && recovery.notes.is_empty(),
            "{recovery:?}"
        );
    }
}

#[test]
fn a_gap_between_logs_ends_the_replay() {
    let versions = versions(5);
    let all = entries(&versions, 8);
    let hive = dirty(&versions[0], 9, 8);
    let logs = logs([
        ("S.LOG1", log(&hive, &all[..2])),
        ("S.LOG2", log(&hive, &all[3..])),
    ]);
    let (found, recovery) = ports(&hive, &logs);
    assert_eq!(found, [1, 2, 3]);
    let what = missing(&recovery);
    assert!(
        what.contains("after entry 9: entry 10 is in no log"),
        "{what}"
    );
}

#[test]
fn a_gap_within_a_log_ends_the_replay() {
    let versions = versions(5);
    let mut all = entries(&versions, 8);
    all.remove(2);
    let hive = dirty(&versions[0], 9, 8);
    let (found, recovery) = ports(&hive, &logs([("S.LOG1", log(&hive, &all))]));
    assert_eq!(found, [1, 2, 3]);
    let what = missing(&recovery);
    assert!(what.contains("before entry 10 of S.LOG1"), "{what}");
}

#[test]
fn a_hive_newer_than_its_logs_is_not_changed() {
    let versions = versions(3);
    let hive = dirty(&versions[2], 51, 50);
    let logs = logs([("S.LOG1", log(&hive, &entries(&versions, 8)))]);
    let (found, recovery) = ports(&hive, &logs);
    assert_eq!(found, [1, 2, 3]);
    assert!(missing(&recovery).contains("expects entry 50, and the last one is 9"));
}

/// Sequence numbers are of 32 bits and start again at 0.
#[test]
fn sequence_numbers_wrap_around() {
    let versions = versions(4);
    let all = entries(&versions, 1);
    let numbered = all.into_iter().zip([u32::MAX - 1, u32::MAX, 0]);
    let all = numbered.map(|(mut entry, number)| {
        entry[12..16].copy_from_slice(&number.to_le_bytes());
        hash(&mut entry);
        entry
    });
    let all: Vec<_> = all.collect();
    let hive = dirty(&versions[0], u32::MAX, u32::MAX - 1);
    let logs = logs([
        ("S.LOG1", log(&hive, &all[2..])),
        ("S.LOG2", log(&hive, &all[..2])),
    ]);
    let (found, recovery) = ports(&hive, &logs);
    assert_eq!(found, [1, 2, 3, 4]);
    assert!(recovery.is_complete(), "{recovery:?}");
}

#[test]
fn a_hive_grows_to_the_length_of_its_last_entry() {
    let ports: Vec<u16> = (1..200).collect();
    let (small, large) = (hive(&[1]), hive(&ports));
    assert!(large.len() > small.len());
    let pages = changed_pages(&small, &large);
    let dirty = dirty(&small, 9, 8);
    let logs = logs([(
        "S.LOG1",
        log(&dirty, &[entry(8, large.len() - PAGE, &pages)]),
    )]);
    let (found, _) = self::ports(&dirty, &logs);
    assert_eq!(found, ports);
    let (bytes, _) = recovered(&dirty, &logs).unwrap();
    assert_eq!(bytes.len(), large.len());
    assert_eq!(bytes[40..44], large[40..44]);
}

/// A page far outside of the hive makes no memory of that size.
#[test]
fn growth_is_bounded_by_the_logs() {
    let hive = dirty(&hive(&[1]), 9, 8);
    let pages: Pages = vec![(0xffff_e000 - PAGE, vec![0; PAGE])];
    let logs = logs([("S.LOG1", log(&hive, &[entry(8, 0xffff_e000, &pages)]))]);
    let (found, recovery) = ports(&hive, &logs);
    assert_eq!(found, [1]);
    assert!(
        missing(&recovery).contains("do not account for"),
        "{recovery:?}"
    );
}

/// Windows drops an entry that was not wholly written, since its changes were never acknowledged.
#[test]
fn a_torn_last_entry_is_dropped() {
    let versions = versions(4);
    let all = entries(&versions, 8);
    let hive = dirty(&versions[0], 9, 8);
    let whole = log(&hive, &all);
    let start = whole.len() - all[2].len();
    for length in [
        start + 1,
        start + 39,
        start + 40,
        start + 600,
        whole.len() - 1,
    ] {
        let (found, recovery) = ports(&hive, &logs([("S.LOG1", whole[..length].to_vec())]));
        assert_eq!(found, [1, 2, 3], "{length}");
        assert!(recovery.is_complete(), "{recovery:?}");
        let is_seen = length >= start + 4;
        assert_eq!(recovery.notes.len(), usize::from(is_seen), "{recovery:?}");
    }
    let mut torn = whole;
    let last = torn.len() - 700;
    torn[last] ^= 1;
    let (found, recovery) = ports(&hive, &logs([("S.LOG1", torn)]));
    assert_eq!(found, [1, 2, 3]);
    assert!(recovery.notes[0].contains("10 of S.LOG1: the hash of the entry's pages is wrong"));
}

#[test]
fn damage_in_the_middle_ends_the_replay_and_is_reported() {
    let versions = versions(4);
    let all = entries(&versions, 8);
    let hive = dirty(&versions[0], 9, 8);
    let whole = log(&hive, &all);
    let second = 512 + all[0].len();
    // The signature, the number, a hash, a reference, a page.
    for at in [0, 12, 24, 32, 40, 700] {
        let mut damaged = whole.clone();
        damaged[second + at] ^= 4;
        let (found, recovery) = ports(&hive, &logs([("S.LOG1", damaged)]));
        assert_eq!(found, [1, 2], "{at}");
        assert!(
            missing(&recovery).contains("before entry 9 of S.LOG1"),
            "{recovery:?}"
        );
    }
}

/// A log that is not used may have had changes that the others lack.
#[test]
fn a_damaged_log_is_reported_if_another_one_is_replayed() {
    let versions = versions(4);
    let all = entries(&versions, 8);
    let hive = dirty(&versions[0], 9, 8);
    let mut older = log(&hive, &all[..1]);
    older[200] ^= 1;
    let newer = log(&hive, &all[1..]);
    let (_, recovery) = ports(&hive, &logs([("S.LOG1", older), ("S.LOG2", newer)]));
    assert_eq!(
        missing(&recovery),
        "S.LOG1 was not used: the checksum of its first block is wrong"
    );
}

#[test]
fn a_damaged_first_block_is_restored_from_the_newest_log() {
    let versions = versions(5);
    let all = entries(&versions, 8);
    let (first, second) = (dirty(&versions[0], 8, 8), dirty(&versions[0], 10, 10));
    let logs = logs([
        ("S.LOG2", log(&second, &all[2..])),
        ("S.LOG1", log(&first, &all[..2])),
    ]);
    for at in [4, 24, 28, 36, 40, 508] {
        let mut hive = first.clone();
        hive[at] ^= 0x40;
        let (found, recovery) = ports(&hive, &logs);
        assert_eq!(found, [1, 2, 3, 4, 5], "{at}");
        assert!(recovery.is_complete(), "{recovery:?}");
    }
}

/// The format before Windows 8.1: sectors of 512 bytes, by a bitmap.
#[test]
fn old_logs_are_replayed() {
    let (before, after) = (hive(&[1, 2]), hive(&[1, 3]));
    let hive = dirty(&before, 9, 8);
    let log = old_log(&before, &after);
    assert!(log.len() < 4 * PAGE, "sectors, not pages");
    let (found, recovery) = ports(&hive, &logs([("S.LOG", log.clone())]));
    assert_eq!(found, [1, 3]);
    assert!(recovery.is_complete(), "{recovery:?}");
    // The timestamp of a hive with a damaged first block is that of its first bin.
    let mut damaged = hive.clone();
    damaged[100] ^= 1;
    let (found, recovery) = ports(&damaged, &logs([("S.LOG", log.clone())]));
    assert_eq!(found, [1, 3]);
    assert!(recovery.is_complete(), "{recovery:?}");

    let mut unfinished = log.clone();
    unfinished[4] += 1;
    sign(&mut unfinished);
    let mut other = log.clone();
    other[12] += 1;
    sign(&mut other);
    let cut = log[..log.len() - 1].to_vec();
    for (log, what) in [
        (unfinished, "had not finished writing the log"),
        (other, "another state of the hive"),
        (cut, "truncated"),
    ] {
        let (found, recovery) = ports(&hive, &logs([("S.LOG", log)]));
        assert_eq!(found, [1, 2]);
        assert!(missing(&recovery).contains(what), "{recovery:?}");
    }
}

#[test]
fn other_files_are_no_logs() {
    let hive = dirty(&hive(&[1]), 9, 8);
    for (file, what) in [
        (b"MZ".to_vec(), "not a transaction log"),
        (hive.clone(), "it is a hive"),
    ] {
        let (found, recovery) = ports(&hive, &logs([("x", file)]));
        assert_eq!(found, [1]);
        assert!(missing(&recovery).contains(what), "{recovery:?}");
    }
}

/// A log that is damaged anywhere gives a version of the hive that the host had, and a report. Only
/// damage of the last entry's signature cannot be distinguished from the rest of an older log.
/// `CERTBIND_CASES=13` damages every byte; otherwise those of all headers, and every 13th of the
/// pages.
#[test]
fn a_log_damaged_at_any_byte_gives_an_earlier_version_and_reports_it() {
    let versions = versions(4);
    let all = entries(&versions, 8);
    let hive = dirty(&versions[0], 9, 8);
    let log = log(&hive, &all);
    let starts = all.iter().scan(512, |at, entry| {
        let start = *at;
        *at += entry.len();
        Some(start)
    });
    let starts: Vec<_> = starts.collect();
    let step = 13 / usize::try_from(certbind_test_support::cases(1).min(13)).unwrap();
    let is_header = |at: usize| {
        at < 512
            || starts
                .iter()
                .any(|start| (*start..start + 56).contains(&at))
    };
    let signature = starts[2]..starts[2] + 4;
    for at in (0..log.len()).filter(|at| is_header(*at) || at % step == 0) {
        let mut damaged = log.clone();
        damaged[at] ^= 1 << (at % 8);
        let damaged = logs([("S.LOG1", damaged)]);
        let (bytes, recovery) = recovered(&hive, &damaged).unwrap();
        let index = starts.iter().rposition(|start| *start <= at);
        let applied: usize = recovery.applied.iter().map(|log| log.entries).sum();
        assert_eq!(applied, index.unwrap_or(0), "{at}");
        assert!(bytes[PAGE..] == versions[applied][PAGE..], "{at}");
        match index {
            Some(2) => {
                assert!(recovery.is_complete(), "{at}: {recovery:?}");
                assert_eq!(recovery.notes.is_empty(), signature.contains(&at), "{at}");
            }
            _ => assert!(!recovery.is_complete(), "{at}: {recovery:?}"),
        }
    }
}

/// `CERTBIND_HIVES` is the folder `tests/data` of the crate nt_hive2 4.2.4. Windows 10 wrote
/// `RecoveredHive_Windows10` from the hive and logs next to it. `clean1` has a wrong checksum.
#[test]
#[ignore = "needs the test data of the crate nt_hive2"]
fn hives_are_as_windows_recovered_them() {
    let data = std::env::var("CERTBIND_HIVES").unwrap();
    let file = |name: &str| std::fs::read(format!("{data}/{name}")).unwrap();
    let windows = file("NewDirtyHive1/RecoveredHive_Windows10");
    for (folder, hive) in [
        ("NewDirtyHive1", "NewDirtyHive"),
        ("NewDirtyHive1", "NewDirtyHive.clean1"),
        ("NewDirtyHive2", "NewDirtyHive"),
    ] {
        let logs = ["NewDirtyHive.LOG1", "NewDirtyHive.LOG2"];
        let logs = logs.map(|name| (name, file(&format!("{folder}/{name}"))));
        let hive = file(&format!("{folder}/{hive}"));
        let (bytes, recovery) = recovered(&hive, &self::logs(logs)).unwrap();
        assert!(recovery.is_complete(), "{recovery:?}");
        let differing = bytes.iter().zip(&windows).filter(|(a, b)| a != b).count();
        println!(
            "{folder}: {recovery}; {} bytes, {differing} differ",
            bytes.len()
        );
        assert_eq!(bytes.len(), windows.len());
        assert_eq!(differing, 0);
    }
}
