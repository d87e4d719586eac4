//! Writing a snapshot binding by binding.

use std::borrow::Cow;
use std::fmt;
use std::io::{self, Write};

use certbind_core::{Binding, BindingKey};
use sha2::{Digest, Sha256};

use super::chunk::{FRONT, FULL, Kind, hash};
use super::header_chunk::{self, HeaderChunk};
use super::{MAGIC, VERSION, record};
use crate::export::Header;
use crate::netsh::layout::Layout;
use crate::write::WriteError;

/// Writes a snapshot, a chunk at a time: there is no use in a [`BufWriter`](std::io::BufWriter)
/// under it.
///
/// The output is a complete snapshot once [`finish`](Self::finish) has returned; without it readers
/// refuse it as truncated. After [`WriteError::Io`] the snapshot cannot be finished.
pub struct Writer<W: Write> {
    out: W,
    whole: Sha256,
    /// The chunk that is being filled, with space at its start for its kind and length.
    chunk: Vec<u8>,
    chunks: u64,
    bindings: u64,
    last: Option<BindingKey>,
    failed: bool,
}

impl<W: Write> Writer<W> {
    /// Begins a snapshot of bindings whose source is in `header`.
    ///
    /// # Errors
    /// [`WriteError::Io`] if `out` fails; [`WriteError::TooLong`], before anything is written, for
    /// a header and layout of more than 64 MiB together.
    pub fn new(out: W, header: &Header, layout: Option<&Layout>) -> Result<Self, WriteError> {
        let head = HeaderChunk {
            header: Cow::Borrowed(header),
            layout: layout.map(Cow::Borrowed),
        };
        let json = serde_json::to_vec(&head).map_err(io::Error::from)?;
        if json.len() > header_chunk::MAX_LENGTH {
            return Err(WriteError::TooLong {
                what: "the header and the layout",
                found: json.len(),
                limit: header_chunk::MAX_LENGTH,
            });
        }
        let mut writer = Self {
            out,
            whole: Sha256::new(),
            chunk: vec![0; FRONT],
            chunks: 0,
            bindings: 0,
            last: None,
            failed: false,
        };
        let start = [MAGIC.as_slice(), VERSION.to_le_bytes().as_slice()].concat();
        writer.put(&start)?;
        for part in json.chunks(FULL) {
            writer.chunk.extend_from_slice(part);
            writer.seal(Kind::HeaderChunk)?;
        }
        Ok(writer)
    }

    /// Writes a binding. Its key has to be greater than those written before.
    ///
    /// # Errors
    /// [`WriteError::Unordered`] if it is not: the binding is left out, and others can be written.
    /// [`WriteError::Io`] if writing to the output fails.
    pub fn push(&mut self, binding: &Binding) -> Result<(), WriteError> {
        self.check()?;
        if let Some(last) = self.last.as_ref().filter(|last| *last >= binding.key()) {
            return Err(WriteError::Unordered {
                key: binding.key().clone(),
                last: last.clone(),
            });
        }
        let record = record::encode(binding);
        let filled = self.chunk.len() - FRONT;
        if filled > 0 && filled + record.len() > FULL {
            self.seal(Kind::Bindings)?;
        }
        self.chunk.extend_from_slice(&record);
        self.bindings += 1;
        self.last = Some(binding.key().clone());
        Ok(())
    }

    /// Writes the end, flushes, and returns the output.
    ///
    /// # Errors
    /// [`WriteError::Io`] if writing to the output fails, or has failed before.
    pub fn finish(mut self) -> Result<W, WriteError> {
        self.check()?;
        if self.chunk.len() > FRONT {
            self.seal(Kind::Bindings)?;
        }
        self.chunk.extend(self.bindings.to_le_bytes());
        self.seal(Kind::End)?;
        let whole = self.whole.clone().finalize();
        self.put(&whole)?;
        self.out.flush()?;
        Ok(self.out)
    }

    /// Writes the chunk that was filled, and begins the next.
    fn seal(&mut self, kind: Kind) -> Result<(), WriteError> {
        let mut chunk = std::mem::take(&mut self.chunk);
        let length = u32::try_from(chunk.len() - FRONT).expect("a chunk is shorter than 4 GiB");
        chunk[0] = kind.byte();
        chunk[1..FRONT].copy_from_slice(&length.to_le_bytes());
        let hash = hash(self.chunks, &chunk);
        chunk.extend(hash);
        self.put(&chunk)?;
        self.chunks += 1;
        chunk.truncate(FRONT);
        self.chunk = chunk;
        Ok(())
    }

    fn put(&mut self, bytes: &[u8]) -> Result<(), WriteError> {
        self.whole.update(bytes);
        self.failed = true;
        self.out.write_all(bytes)?;
        self.failed = false;
        Ok(())
    }

    fn check(&self) -> Result<(), WriteError> {
        if self.failed {
            let error = io::Error::other("an earlier part of the snapshot could not be written");
            return Err(error.into());
        }
        Ok(())
    }
}

impl<W: Write> fmt::Debug for Writer<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Writer")
            .field("bindings", &self.bindings)
            .finish_non_exhaustive()
    }
}
