//! Listings too long for memory.

use std::io::{BufReader, Read};

use certbind_formats::netsh::{RecordError, Records};

/// A listing that is made while it is read.
struct Endless {
    record: u32,
    records: u32,
    pending: Vec<u8>,
}

impl Read for Endless {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if self.pending.is_empty() && self.record < self.records {
            let n = self.record;
            self.record += 1;
            let [_, b, c, d] = n.to_be_bytes();
            self.pending = format!(
                "    IP:port                      : 10.{b}.{c}.{d}:443\r\n    \
                 Certificate Hash             : {n:040x}\r\n    \
                 Application ID               : {{4dc3e181-e14b-4a21-b022-59fc669b0914}}\r\n    \
                 Certificate Store Name       : MY\r\n\r\n"
            )
            .into_bytes();
        }
        let count = buffer.len().min(self.pending.len());
        buffer[..count].copy_from_slice(&self.pending[..count]);
        self.pending.drain(..count);
        Ok(count)
    }
}

#[test]
fn records_come_one_at_a_time() {
    let listing = Endless {
        record: 0,
        records: 20_000,
        pending: Vec::new(),
    };
    let mut expected = 0_u64;
    for record in Records::new(BufReader::new(listing)) {
        let record = record.unwrap();
        assert_eq!(record.line, 1 + 5 * expected);
        let hash = format!("{expected:040x}");
        assert_eq!(record.binding.record().hash().unwrap().to_string(), hash);
        expected += 1;
    }
    assert_eq!(expected, 20_000);
}

#[test]
fn a_broken_record_does_not_stop_the_next() {
    let host = crate::listings::host().replacen("5226dc6c", "redacted", 1);
    let records: Vec<_> = Records::new(host.as_bytes()).collect();
    assert_eq!(records.len(), 6);
    assert!(matches!(records[1], Err(RecordError::Broken(_))));
    assert_eq!(records.iter().filter(|record| record.is_ok()).count(), 5);
}

#[test]
fn a_line_without_an_end_does_not_fill_the_memory() {
    let endless = std::io::repeat(b'x').take(1 << 40);
    let mut records = Records::new(BufReader::new(endless));
    let error = records.next().unwrap().unwrap_err();
    assert!(matches!(error, RecordError::Io(_)));
    assert_eq!(
        error.to_string(),
        "the rest of the listing cannot be read: line 1: longer than any line netsh prints"
    );
    assert!(records.next().is_none());
}
