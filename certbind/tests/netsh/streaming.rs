//! `show sslcert` prints while it reads.

use std::io::{self, Write};
use std::sync::atomic::{AtomicUsize, Ordering};

use certbind::netsh::{Netsh, Profile};
use certbind_core::{
    Applied, Batch, Binding, BindingKey, BindingStore, Bindings, Capabilities, Record, Result,
    Scan, StoreError, Uuid,
};

/// Central bindings of every port, counted as they are read; the last read may be an error.
struct Ports {
    read: AtomicUsize,
    count: u16,
    then_fails: bool,
}

impl BindingStore for Ports {
    fn capabilities(&self) -> Capabilities {
        Capabilities::full()
    }

    fn get(&self, _: &BindingKey) -> Result<Option<Binding>> {
        Ok(None)
    }

    fn scan(&self, _: &Scan) -> Result<Bindings<'_>> {
        let bindings = (1..=self.count).map(|port| {
            self.read.fetch_add(1, Ordering::Relaxed);
            let key: BindingKey = format!("ccs={port}").parse()?;
            Ok(Binding::new(key, Record::central(Uuid::nil()))?)
        });
        let failure = self.then_fails.then_some(Err(StoreError::ReadOnly));
        Ok(Bindings::new(bindings.chain(failure)))
    }

    fn apply(&self, _: &Batch) -> Result<Applied> {
        Err(StoreError::ReadOnly)
    }
}

/// Output that notes how many bindings were read before each part of it.
struct Watched<'a> {
    store: &'a Ports,
    read_before: Vec<usize>,
    written: usize,
    text: Vec<u8>,
}

impl Write for Watched<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.read_before
            .push(self.store.read.load(Ordering::Relaxed));
        self.written += bytes.len();
        if self.text.len() < 1 << 20 {
            self.text.extend_from_slice(bytes);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn shown(store: &Ports) -> (Watched<'_>, u8) {
    let mut out = Watched {
        store,
        read_before: Vec::new(),
        written: 0,
        text: Vec::new(),
    };
    let words = ["http", "show", "sslcert"].map(String::from);
    let netsh = Netsh::new(store, Profile::default());
    let code = netsh.run(&words, &mut io::empty(), &mut out).unwrap();
    (out, code)
}

fn ports(count: u16, then_fails: bool) -> Ports {
    Ports {
        read: AtomicUsize::new(0),
        count,
        then_fails,
    }
}

/// Records are kept in memory only until they are written: the first part follows a few, and every
/// part as few more.
#[test]
fn listings_are_written_while_they_are_read() {
    let store = ports(20_000, false);
    let (out, code) = shown(&store);
    assert_eq!(code, 0);
    assert!(out.written > 20_000 * 500, "{}", out.written);
    let mut before = 0;
    for read in out.read_before {
        assert!(read - before < 100, "{before} to {read}");
        before = read;
    }
}

#[test]
fn a_listing_that_ends_with_an_error_says_so() {
    let store = ports(3, true);
    let (out, code) = shown(&store);
    let text = String::from_utf8(out.text).unwrap();
    assert_eq!(code, 1, "{text}");
    assert_eq!(text.matches("Central Certificate Store").count(), 3);
    assert!(text.contains("The media is write protected."), "{text}");
}
