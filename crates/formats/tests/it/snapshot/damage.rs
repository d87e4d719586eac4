//! Snapshots that are truncated or altered: refused, and where.

use std::io::{self, Cursor, Read, Seek, SeekFrom};

use certbind_formats::snapshot::{Reader, SnapshotError};
use certbind_formats::{ReadOptions, read};

use super::frames::{START, frames};
use super::{binding, damage, pushed, refused, small};

#[test]
fn a_file_cut_short_anywhere_is_refused_at_its_end() {
    let file = small(3);
    let frames = frames(&file);
    assert!(matches!(refused(b""), SnapshotError::Unrecognised { .. }));
    for length in 1..file.len() {
        let error = refused(&file[..length]);
        let (byte, chunk, what) = damage(&error);
        let expected = frames
            .iter()
            .position(|frame| (frame.start..frame.end).contains(&length));
        assert_eq!(byte, length as u64, "{error}");
        assert_eq!(chunk, expected.map(|number| number as u64), "{error}");
        assert!(what.contains("truncated"), "{error}");
        assert!(read(&file[..length], &ReadOptions::default()).is_err());
    }
}

#[test]
fn every_bit_that_flips_is_noticed_where_it_is() {
    let file = small(2);
    let frames = frames(&file);
    for at in 0..file.len() {
        for bit in 0..8 {
            let mut file = file.clone();
            file[at] ^= 1 << bit;
            let error = refused(&file);
            assert!(read(&file, &ReadOptions::default()).is_err());
            match at {
                0..12 => assert_eq!(damage(&error).0, at as u64, "{error}"),
                12..16 => assert!(
                    matches!(error, SnapshotError::NewerVersion { found, supported: 2 } if found > 2)
                        || damage(&error).0 == 12,
                    "{error}"
                ),
                _ => {
                    let number = frames
                        .iter()
                        .position(|frame| (frame.start..frame.end).contains(&at));
                    let (byte, chunk, _) = damage(&error);
                    assert_eq!(
                        chunk,
                        number.map(|number| number as u64),
                        "byte {at}: {error}"
                    );
                    if chunk.is_none() {
                        assert_eq!(byte, file.len() as u64 - 32, "byte {at}: {error}");
                    }
                }
            }
        }
    }
}

#[test]
fn trailing_bytes_are_refused() {
    let mut file = small(2);
    let end = file.len() as u64;
    file.push(0);
    let error = refused(&file);
    assert_eq!(
        damage(&error),
        (end, None, "expected the end of the file, found more bytes")
    );
    // The same holds for a second snapshot after the first.
    let twice = [small(1), small(1)].concat();
    assert_eq!(damage(&refused(&twice)).0, small(1).len() as u64);
}

#[test]
fn a_transfer_in_text_mode_is_called_that() {
    let file = small(1);
    let text = String::from_utf8_lossy(&file).into_owned().into_bytes();
    assert_eq!(
        text[..7],
        *b"\xef\xbf\xbdcbsn",
        "the first byte is no UTF-8"
    );
    let mut unix = file.clone();
    unix.remove(7);
    let error = refused(&unix);
    assert_eq!(damage(&error).0, 7, "{error}");
    assert!(error.to_string().contains("text mode"), "{error}");
}

#[test]
fn a_newer_version_is_refused_by_its_number() {
    let mut file = small(1);
    file[12] = 3;
    let error = refused(&file);
    let named = "version 3, and this release reads versions up to 2";
    assert!(error.to_string().contains(named), "{error}");
}

#[test]
fn other_file_is_named_by_its_first_bytes() {
    let error = refused(b"PK\x03\x04 and so on, and so on");
    assert!(error.to_string().contains("504b0304"), "{error}");
}

#[test]
fn reader_returns_verified_records_until_the_damage() {
    let bindings: Vec<_> = (1..100).map(|port| binding(port, 2000)).collect();
    let mut file = pushed(bindings.clone());
    let frames = frames(&file);
    assert_eq!(frames.len(), 6);
    let last = frames[4].start + 100;
    file[last] ^= 1;
    let mut reader = Reader::new(file.as_slice()).unwrap();
    let good = reader.by_ref().take_while(Result::is_ok).count();
    assert_eq!(good, 31 * 3, "the bindings of the chunks in front");
    assert!(reader.next().is_none(), "an error ends it");

    // Verified first, not one is returned.
    let error = Reader::verified(Cursor::new(&file)).unwrap_err();
    assert_eq!(damage(&error).1, Some(4));
}

/// A file that is replaced by another when it is read again.
struct Replaced<'a>(Cursor<&'a [u8]>, Option<&'a [u8]>);

impl Read for Replaced<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

impl Seek for Replaced<'_> {
    fn seek(&mut self, place: SeekFrom) -> io::Result<u64> {
        if let SeekFrom::Start(_) = place
            && let Some(other) = self.1.take()
        {
            self.0 = Cursor::new(other);
        }
        self.0.seek(place)
    }
}

#[test]
fn file_changed_between_readings_is_refused() {
    let (first, second) = (pushed([binding(1, 0)]), pushed([binding(1, 1)]));
    let again = Replaced(Cursor::new(&first), Some(&first));
    assert_eq!(
        Reader::verified(again)
            .unwrap()
            .filter(Result::is_ok)
            .count(),
        1
    );
    let replaced = Replaced(Cursor::new(&first), Some(&second));
    let found: Vec<_> = Reader::verified(replaced).unwrap().collect();
    let [Ok(_), Err(error)] = found.as_slice() else {
        panic!("{found:?}");
    };
    assert!(
        error.to_string().contains("changed while it was read"),
        "{error}"
    );
}

#[test]
fn a_source_that_fails_says_how_far_it_was_read() {
    struct Failing<'a>(&'a [u8]);
    impl Read for Failing<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            match self.0.read(buffer)? {
                0 => Err(io::Error::other("the wire broke")),
                count => Ok(count),
            }
        }
    }
    let file = small(2);
    let error = Reader::new(Failing(&file[..START.len() + 9])).unwrap_err();
    let SnapshotError::Io { place, .. } = &error else {
        panic!("{error}");
    };
    assert_eq!((place.byte, place.chunk), (START.len() as u64 + 9, Some(0)));
    assert!(error.to_string().contains("the wire broke"), "{error}");
}
