//! Writes a snapshot of many bindings, reads it back, and prints the times and the memory:
//!
//! ```text
//! cargo run --release -p certbind-formats --example long_snapshot -- 10000000 FILE
//! ```

use std::fs::File;
use std::net::Ipv4Addr;
use std::time::Instant;

use certbind_core::{Binding, CertHash, Record, Uuid};
use certbind_formats::Header;
use certbind_formats::snapshot::{Reader, Writer, verify};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(count), Some(path)) = (arguments.next(), arguments.next()) else {
        return Err("name a number of bindings and a file".into());
    };
    let count: u32 = count.parse()?;

    let start = Instant::now();
    let mut writer = Writer::new(File::create(&path)?, &Header::default(), None)?;
    for number in 0..count {
        writer.push(&binding(number)?)?;
    }
    let file = writer.finish()?;
    println!(
        "written: {:.1?}, {} bytes",
        start.elapsed(),
        file.metadata()?.len()
    );

    let start = Instant::now();
    let verified = verify(File::open(&path)?)?;
    println!(
        "verified: {:.1?}, {} bindings",
        start.elapsed(),
        verified.bindings
    );

    let start = Instant::now();
    for (number, found) in (0..).zip(Reader::new(File::open(&path)?)?) {
        if found? != binding(number)? {
            return Err(format!("binding {number} came back as another").into());
        }
    }
    println!("compared with what was written: {:.1?}", start.elapsed());

    // Where the system reports it: the most memory that the process ever had in use.
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    for line in status.lines().filter(|line| line.starts_with("VmHWM")) {
        println!("{line}");
    }
    Ok(())
}

/// A binding of one of 16 million addresses, with the options of an ordinary one.
fn binding(number: u32) -> Result<Binding, Box<dyn std::error::Error>> {
    let mut hash = [0; CertHash::LENGTH];
    hash[..4].copy_from_slice(&number.to_be_bytes());
    let iis = Uuid::from_u128(0x4dc3_e181_e14b_4a21_b022_59fc_669b_0914);
    let record = Record::new(CertHash::new(hash), Some("MY".parse()?), iis);
    let address = Ipv4Addr::from_bits(0x0a00_0000 + number);
    Ok(Binding::new(format!("{address}:443").parse()?, record)?)
}
