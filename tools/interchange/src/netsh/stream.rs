//! Reading a listing record by record.

use std::io::{self, BufRead};

use store_core::Binding;

use super::known::Known;
use super::pieces::{Piece, Pieces};
use super::read::teach;
use super::record::parse;
use crate::report::{Loss, Problem};

/// The records of a listing, one at a time: as much memory as the longest record takes, and none
/// for what the listing claims.
///
/// The text is UTF-8, without a byte order mark. Duplicate keys are the caller's to notice.
///
/// ```
/// let listing = "    IP:port                      : 0.0.0.0:443
///     Certificate Hash             : 5226dc6c54559761cd471b86eb51c096252c90f2
///     Application ID               : {4dc3e181-e14b-4a21-b022-59fc669b0914}
///     Certificate Store Name       : (null)
/// ";
/// let mut records = interchange::netsh::Records::new(listing.as_bytes());
/// let record = records.next().expect("one")?;
/// assert_eq!(record.binding.key().to_string(), "ipport=0.0.0.0:443");
/// # Ok::<(), interchange::netsh::RecordError>(())
/// ```
pub struct Records<R> {
    pieces: Pieces<R>,
    failed: bool,
}

/// A record of a listing.
#[derive(Clone, Debug)]
pub struct ListedRecord {
    /// The line of its key, counted from 1.
    pub line: u64,
    /// What it binds.
    pub binding: Binding,
    /// What it shows beside that.
    pub losses: Vec<Loss>,
}

/// Why there is no next record.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// The record is broken; those behind it can be read.
    #[error("{0}")]
    Broken(Problem),
    /// The listing cannot be read on.
    #[error("the listing cannot be read on: {0}")]
    Io(#[from] io::Error),
}

impl<R: BufRead> Records<R> {
    /// The records that `reader` has.
    pub fn new(reader: R) -> Self {
        Self {
            pieces: Pieces::new(reader, Known::new(None)),
            failed: false,
        }
    }
}

impl<R: BufRead> Iterator for Records<R> {
    type Item = Result<ListedRecord, RecordError>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.failed {
            match self.pieces.next() {
                Ok(Some(Piece::Text(_))) => {}
                Ok(Some(Piece::Record(lines))) => {
                    let parsed = parse(&lines, &self.pieces.known, false);
                    return Some(match parsed {
                        Ok(parsed) => {
                            teach(&mut self.pieces.known, &parsed);
                            Ok(ListedRecord {
                                line: lines.first().map_or(0, |line| line.number),
                                binding: parsed.binding,
                                losses: parsed.losses,
                            })
                        }
                        Err(problem) => Err(RecordError::Broken(problem)),
                    });
                }
                Ok(None) => return None,
                Err(error) => {
                    self.failed = true;
                    return Some(Err(error.into()));
                }
            }
        }
        None
    }
}
