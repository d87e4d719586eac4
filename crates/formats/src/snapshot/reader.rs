//! Reading a snapshot binding by binding.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::io::{Read, Seek, SeekFrom};

use certbind_core::Binding;
use certbind_core::codec::{decode_binding, decode_key};

use super::chunk::{HASH, Kind};
use super::error::{SnapshotError, SnapshotPosition, hex};
use super::header_chunk::{HeaderChunk, MAX_LENGTH};
use super::record::Record;
use super::source::{Chunk, Source};
use crate::export::Header;
use crate::netsh::layout::Layout;
use crate::netsh::layout_check;
use crate::report::ConversionWarning;

/// The bindings of a snapshot, one at a time, in ascending order of their keys.
///
/// It keeps the head and one chunk in memory, and reads in large pieces: a
/// [`BufReader`](std::io::BufReader) around the source is not needed. Length fields are untrusted;
/// memory is allocated as data arrives. Iteration ends at an error.
///
/// The file is known to be complete and consistent once the reader has returned `None`, and not
/// before; see [`verified`](Self::verified).
pub struct Reader<R> {
    source: Source<R>,
    header: Header,
    layout: Option<Layout>,
    warnings: Vec<ConversionWarning>,
    chunk: Chunk,
    /// Where the next record begins in the content of the chunk.
    next: usize,
    last_key: Vec<u8>,
    bindings: u64,
    /// The hash of the whole, if it is known beforehand.
    expected: Option<[u8; HASH]>,
    state: State,
}

#[derive(Clone, Copy)]
enum State {
    ReadOutcome,
    /// The end was read, with the hash of the whole.
    Whole([u8; HASH]),
    Failed,
}

/// A completely read snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct VerifiedSnapshot {
    /// How many bindings it has.
    pub bindings: u64,
    /// The SHA-256 of all of it but the last 32 bytes, which are that hash.
    pub sha256: [u8; HASH],
}

/// Reads a complete snapshot, and keeps none of it in memory.
///
/// # Errors
/// [`SnapshotError`]: if it is not a snapshot, has a newer version, or is damaged.
pub fn verify(reader: impl Read) -> Result<VerifiedSnapshot, SnapshotError> {
    let mut reader = Reader::new(reader)?;
    while reader.binding()?.is_some() {}
    let State::Whole(sha256) = reader.state else {
        return Err(damaged(reader.chunk.place, "it was not read to its end"));
    };
    Ok(VerifiedSnapshot {
        bindings: reader.bindings,
        sha256,
    })
}

impl<R: Read> Reader<R> {
    /// Opens a snapshot, and reads it up to its first binding.
    ///
    /// # Errors
    /// [`SnapshotError`]: if it is not a snapshot, has a newer version, or is damaged before its first binding.
    pub fn new(reader: R) -> Result<Self, SnapshotError> {
        let mut source = Source::new(reader)?;
        let mut chunk = source.next(Vec::new())?;
        let head = chunk.place;
        if chunk.kind != Kind::HeaderChunk {
            return Err(damaged(head, "expected the head, found another chunk"));
        }
        let mut json = Vec::new();
        while chunk.kind == Kind::HeaderChunk {
            if json.len() + chunk.content().len() > MAX_LENGTH {
                let what = format!("expected a head of at most {MAX_LENGTH} bytes, found more");
                return Err(damaged(chunk.place, what));
            }
            json.extend_from_slice(chunk.content());
            chunk = source.next(chunk.memory())?;
        }
        let HeaderChunk { header, layout } = serde_json::from_slice(&json)
            .map_err(|error| damaged_by(head, "the head is malformed", error))?;
        let mut warnings = Vec::new();
        let layout = layout_check::checked(layout.map(Cow::into_owned), &mut warnings);
        Ok(Self {
            source,
            header: header.into_owned(),
            layout,
            warnings,
            chunk,
            next: 0,
            last_key: Vec::new(),
            bindings: 0,
            expected: None,
            state: State::ReadOutcome,
        })
    }

    /// The source of the bindings.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// How the host lays out its listings, where the snapshot contains it.
    pub fn layout(&self) -> Option<&Layout> {
        self.layout.as_ref()
    }

    /// A listing layout that is not used, and why.
    pub fn warnings(&self) -> &[ConversionWarning] {
        &self.warnings
    }

    fn binding(&mut self) -> Result<Option<Binding>, SnapshotError> {
        while matches!(self.state, State::ReadOutcome) {
            match self.chunk.kind {
                Kind::Bindings if self.next < self.chunk.content().len() => {
                    return self.record().map(Some);
                }
                Kind::Bindings => {
                    self.chunk = self.source.next(self.chunk.memory())?;
                    self.next = 0;
                }
                Kind::HeaderChunk => {
                    return Err(damaged(self.chunk.place, "expected no head after bindings"));
                }
                Kind::End => self.state = State::Whole(self.end()?),
            }
        }
        Ok(None)
    }

    fn record(&mut self) -> Result<Binding, SnapshotError> {
        let place = SnapshotPosition {
            byte: self.chunk.place.byte + self.next as u64,
            ..self.chunk.place
        };
        let rest = self.chunk.content().get(self.next..).unwrap_or_default();
        let record = Record::first(rest)
            .ok_or_else(|| damaged(place, "expected a record, found the end of the chunk in it"))?;
        let key =
            decode_key(record.key).map_err(|error| damaged_by(place, "expected a key", error))?;
        if record.key <= self.last_key.as_slice() {
            let last =
                decode_key(&self.last_key).map_or_else(|_| String::new(), |last| last.to_string());
            let what = if record.key == self.last_key {
                format!("{key} occurs twice; expected each key once")
            } else {
                format!("{key} comes after {last}; expected keys in ascending order")
            };
            return Err(damaged(place, what));
        }
        self.last_key.clear();
        self.last_key.extend_from_slice(record.key);
        self.next += record.length();
        self.bindings += 1;
        decode_binding(key.clone(), record.value).map_err(|error| damaged_by(place, key, error))
    }

    /// Reads the part after the bindings, and returns the hash of the whole.
    fn end(&mut self) -> Result<[u8; HASH], SnapshotError> {
        let place = self.chunk.place;
        let count = self.chunk.content().try_into().map(u64::from_le_bytes);
        let count =
            count.map_err(|_| damaged(place, "expected the number of bindings in 8 bytes"))?;
        if count != self.bindings {
            let what = format!("expected {count} bindings, found {}", self.bindings);
            return Err(damaged(place, what));
        }
        let whole = self.source.end()?;
        match self.expected {
            Some(expected) if expected != whole => {
                let what = format!(
                    "expected the SHA-256 {} as before, found {}: the file changed while it was \
                     read",
                    hex(&expected),
                    hex(&whole)
                );
                Err(damaged(place, what))
            }
            _ => Ok(whole),
        }
    }
}

impl<R: Read + Seek> Reader<R> {
    /// As [`new`](Self::new), of a snapshot that is read completely first, so that it is known to
    /// be complete. If it changes before it is read again, the reader returns an error at its end
    /// at the latest.
    ///
    /// # Errors
    /// [`SnapshotError`]: if it is not a snapshot, has a newer version, or is damaged.
    pub fn verified(mut reader: R) -> Result<Self, SnapshotError> {
        let io = |source| SnapshotError::Io {
            place: SnapshotPosition {
                byte: 0,
                chunk: None,
            },
            source,
        };
        let start = reader.stream_position().map_err(io)?;
        let found = verify(&mut reader)?;
        reader.seek(SeekFrom::Start(start)).map_err(io)?;
        Ok(Self {
            expected: Some(found.sha256),
            ..Self::new(reader)?
        })
    }
}

impl<R: Read> Iterator for Reader<R> {
    type Item = Result<Binding, SnapshotError>;

    fn next(&mut self) -> Option<Self::Item> {
        let next = self.binding();
        if next.is_err() {
            self.state = State::Failed;
        }
        next.transpose()
    }
}

impl<R> fmt::Debug for Reader<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader")
            .field("header", &self.header)
            .field("bindings", &self.bindings)
            .finish_non_exhaustive()
    }
}

fn damaged(place: SnapshotPosition, what: impl Into<String>) -> SnapshotError {
    SnapshotError::Damaged {
        place,
        what: what.into(),
        source: None,
    }
}

/// Damage that an error of a part of the file shows.
fn damaged_by(
    place: SnapshotPosition,
    what: impl fmt::Display,
    error: impl Error + Send + Sync + 'static,
) -> SnapshotError {
    SnapshotError::Damaged {
        place,
        what: format!("{what}: {error}"),
        source: Some(error.into()),
    }
}
