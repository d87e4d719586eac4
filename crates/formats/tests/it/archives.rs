//! Compressed files and archives: read completely, or refused.

use certbind_formats::archive::{
    ArchiveError, Entry, EntryContent, Kind, Limits, Opened, is_archive, open,
};
use certbind_test_support::archive::{gz, tar, xz, zip};

const TEXT: &[u8] = b"IP:port : 0.0.0.0:443\r\n";

fn opened(bytes: &[u8]) -> Result<Opened, ArchiveError> {
    open(bytes, &Limits::default())
}

fn file(content: &[u8]) -> Result<Opened, ArchiveError> {
    Ok(Opened::File(content.to_vec()))
}

fn files(files: &[(&str, &[u8])]) -> Result<Opened, ArchiveError> {
    let entries = files.iter().map(|(path, content)| Entry {
        path: path.split('/').map(str::to_owned).collect(),
        content: EntryContent::File(content.to_vec()),
    });
    Ok(Opened::Entries(entries.collect()))
}

fn refused(bytes: &[u8], expected: &str) {
    let error = opened(bytes).unwrap_err().to_string();
    assert!(error.contains(expected), "{error}");
}

#[test]
fn every_format_is_read() {
    let set: &[(&str, &[u8])] = &[("web01/SYSTEM", b"regf"), ("web02.txt", TEXT)];
    for archive in [zip(set), tar(set), gz(&tar(set)), xz(&tar(set))] {
        assert_eq!(opened(&archive), files(set));
        assert_eq!(is_archive(&archive), Ok(true));
    }
    for compressed in [gz(TEXT), xz(TEXT), TEXT.to_vec()] {
        assert_eq!(opened(&compressed), file(TEXT));
        assert_eq!(is_archive(&compressed), Ok(false));
    }
    assert_eq!(opened(&zip(&[])), files(&[]));
    // As written by tar before POSIX.1-1988, and by `tar --format=v7`: without a magic.
    let mut old = tar(&[("web02.txt", TEXT)]);
    old[257..265].fill(0);
    old[148..156].fill(b' ');
    let sum: u32 = old[..512].iter().map(|byte| u32::from(*byte)).sum();
    old[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
    assert_eq!(opened(&old), files(&[("web02.txt", TEXT)]));
    assert_eq!(is_archive(&old), Ok(true));
}

#[test]
fn joined_members_and_streams_are_one_content() {
    let twice = [TEXT, TEXT].concat();
    assert_eq!(opened(&[gz(TEXT), gz(TEXT)].concat()), file(&twice));
    assert_eq!(opened(&[gz(TEXT), vec![0; 512]].concat()), file(TEXT));
    let padded = [xz(TEXT), vec![0; 8], xz(TEXT), vec![0; 4]].concat();
    assert_eq!(opened(&padded), file(&twice));
}

#[test]
fn joined_archives_are_refused() {
    let one = |name: &str| zip(&[(name, TEXT)]);
    assert!(opened(&[one("a.txt"), one("b.txt")].concat()).is_err());
    assert!(
        opened(&[b"MZ".to_vec(), one("a.txt")].concat())
            == file(&[b"MZ".to_vec(), one("a.txt")].concat())
    );
    refused(
        &[one("a.txt"), vec![0]].concat(),
        "the end of a zip archive",
    );
    let one = |name: &str| tar(&[(name, TEXT)]);
    refused(&[one("a.txt"), one("b.txt")].concat(), "belong to no entry");
    refused(&[gz(TEXT), b"more".to_vec()].concat(), "4 bytes at");
    assert!(opened(&[xz(TEXT), b"more".to_vec()].concat()).is_err());
}

/// As `zip -A` leaves an archive that follows another: the directory lists the second alone, and
/// its offsets fit.
#[test]
fn entries_that_the_directory_does_not_list_are_refused() {
    let (first, second) = (zip(&[("a.txt", TEXT)]), zip(&[("b.txt", TEXT)]));
    let mut joined = [first.clone(), second.clone()].concat();
    let shift = |bytes: &mut [u8], at: usize| {
        let old = u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
        let new = old + u32::try_from(first.len()).unwrap();
        bytes[at..at + 4].copy_from_slice(&new.to_le_bytes());
    };
    let end = joined.len() - 22;
    shift(&mut joined, end + 16);
    let start = u32::from_le_bytes(joined[end + 16..end + 20].try_into().unwrap());
    shift(&mut joined, start as usize + 42);
    assert!(opened(&joined).is_err());
    assert!(opened(&second).is_ok());
}

#[test]
fn an_archive_that_is_cut_is_refused() {
    let set: &[(&str, &[u8])] = &[("web01/SYSTEM", &[7; 700]), ("web02.txt", TEXT)];
    let archives = [zip(set), gz(&tar(set)), xz(&tar(set)), gz(TEXT), xz(TEXT)];
    for archive in archives {
        for length in 6..archive.len() {
            assert!(opened(&archive[..length]).is_err(), "{length}");
        }
    }
    let archive = tar(set);
    for length in 512..archive.len() {
        assert!(opened(&archive[..length]).is_err(), "{length}");
    }
}

#[test]
fn damage_in_a_compressed_file_is_found() {
    let set: &[(&str, &[u8])] = &[("web01/SYSTEM", &[7; 700]), ("web02.txt", TEXT)];
    for archive in [zip(set), gz(&tar(set)), xz(&tar(set))] {
        let whole = opened(&archive).unwrap();
        for at in 0..archive.len() {
            let mut damaged = archive.clone();
            damaged[at] ^= 0x41;
            if let Ok(Opened::Entries(entries)) = opened(&damaged) {
                // Names and times in a zip archive have no checksum.
                let contents = |entries: &[Entry]| -> Vec<_> {
                    entries.iter().map(|entry| entry.content.clone()).collect()
                };
                let Opened::Entries(whole) = &whole else {
                    panic!("an archive")
                };
                assert_eq!(contents(&entries), contents(whole), "{at}");
            }
        }
    }
}

#[test]
fn sparse_files_are_read_or_refused() {
    let gnu = include_bytes!("../fixtures/archives/gnu-sparse.tar.gz");
    let content = [vec![0; 1 << 20], b"abc".to_vec()].concat();
    assert_eq!(opened(gnu), files(&[("f", &content)]));
    let pax = include_bytes!("../fixtures/archives/pax-sparse.tar.gz");
    refused(pax, "sparse file in pax form");
}

#[test]
fn a_name_that_is_there_twice_is_refused() {
    refused(
        &tar(&[("a/b", TEXT), ("a/b", b"")]),
        "two entries of this name",
    );
    refused(
        &zip(&[("a/b", TEXT), ("a\\b", b"")]),
        "two entries of this name",
    );
    let mut twice = zip(&[("a/b", TEXT), ("a/c", TEXT)]);
    let mut at = 0;
    while let Some(found) = twice[at..].windows(3).position(|name| name == b"a/c") {
        at += found;
        twice[at..at + 3].copy_from_slice(b"a/b");
    }
    assert!(opened(&twice).is_err());
}

#[test]
fn names_are_parts_of_a_path() {
    assert_eq!(
        opened(&zip(&[("web01\\SYSTEM", TEXT)])),
        files(&[("web01/SYSTEM", TEXT)])
    );
    assert_eq!(
        opened(&tar(&[("./web01/SYSTEM", TEXT)])),
        files(&[("web01/SYSTEM", TEXT)])
    );
    refused(&zip(&[("web01/../SYSTEM", TEXT)]), "not a file name");
}

#[test]
fn encrypted_and_unknown_entries_are_refused() {
    let patched = |field: usize, value: u8| {
        let mut archive = zip(&[("a.txt", TEXT)]);
        let directory = archive
            .windows(4)
            .position(|it| it == b"PK\x01\x02")
            .unwrap();
        archive[field] = value;
        archive[directory + field + 2] = value;
        archive
    };
    refused(&patched(6, 1), "encrypted");
    refused(&patched(8, 12), "compressed with");
}

#[test]
fn unread_files_are_named() {
    refused(b"7z\xbc\xaf\x27\x1c", "a 7z archive");
    refused(b"BZh91AY", "a bzip2 file");
    refused(&gz(&gz(TEXT)), "contains a gzip file");
    refused(&xz(&zip(&[("a.txt", TEXT)])), "contains a zip archive");
    assert_eq!(Kind::of(b"regf"), Kind::Plain);
}

#[test]
fn limits_bound_unpacked_bytes() {
    let limits = Limits {
        max_bytes: 1 << 20,
        max_ratio: 100,
        free_bytes: 1 << 10,
        max_entries: 2,
    };
    let zeros = vec![0; 1 << 19];
    let set: &[(&str, &[u8])] = &[("a.txt", &zeros)];
    for archive in [
        gz(&zeros),
        xz(&zeros),
        zip(set),
        gz(&tar(set)),
        xz(&tar(set)),
    ] {
        let limit = (archive.len() * 100) as u64;
        let error = open(&archive, &limits).unwrap_err();
        assert_eq!(error, ArchiveError::TooLarge { limit });
        assert!(opened(&archive).is_ok());
    }
    let gnu = include_bytes!("../fixtures/archives/gnu-sparse.tar.gz");
    assert!(matches!(
        open(gnu, &limits),
        Err(ArchiveError::TooLarge { .. })
    ));
    let files: &[(&str, &[u8])] = &[("a", b"a"), ("b", b"b"), ("c", b"c")];
    for archive in [tar(files), zip(files)] {
        let error = open(&archive, &limits).unwrap_err();
        assert_eq!(error, ArchiveError::TooManyEntries { limit: 2 });
        assert_eq!(
            open(
                &archive,
                &Limits {
                    max_entries: 3,
                    ..limits
                }
            ),
            self::files(files)
        );
    }
}
