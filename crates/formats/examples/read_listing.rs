//! How fast a listing is read: `cargo run --release -p certbind-formats --example read_listing -- FILE`.
#![allow(missing_docs, clippy::print_stdout)]

use std::fs::File;
use std::io::BufReader;
use std::time::Instant;

use certbind_formats::netsh::Listing;
use certbind_formats::{ReadOptions, read};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args_os().nth(1).ok_or("name a listing")?;
    let options = ReadOptions::default();
    for _ in 0..3 {
        let start = Instant::now();
        let open = || Ok(BufReader::new(File::open(&path)?));
        let listing = Listing::prescan(open, &options)?.ok_or("it has to be read as a whole")?;
        let scanned = start.elapsed();
        let count = listing.bindings(open()?)?.filter(Result::is_ok).count();
        println!(
            "streamed: {count} bindings, scan {scanned:?}, in all {:?}, {} warnings",
            start.elapsed(),
            listing.warnings().len()
        );
        let start = Instant::now();
        let reading = read(&std::fs::read(&path)?, &options)?;
        println!(
            "whole: {} bindings, {} warnings, {:?}",
            reading.export.bindings.len(),
            reading.warnings.len(),
            start.elapsed()
        );
    }
    Ok(())
}
