//! Measures the reading of the bindings of a hive in this process, from opening the file to all bindings
//! with their values and times, or to one of them:
//!
//! ```text
//! cargo run --release -p certbind-formats --example read_hive -- FILE ROUNDS [KEY]
//! ```
//!
//! Prints the number of bindings, and the nanoseconds of each round. `benches/hives.py` runs it.

use std::error::Error;
use std::fs::File;
use std::time::Instant;

use certbind_core::BindingKey;
use certbind_formats::ReadOptions;
use certbind_formats::hive::read_from;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let file = arguments.next().ok_or("name a hive")?;
    let rounds: usize = arguments.next().ok_or("name a number of rounds")?.parse()?;
    let key: Option<BindingKey> = arguments.next().map(|key| key.parse()).transpose()?;
    let options = ReadOptions::default();
    let all = read_from(File::open(&file)?, &options)?;
    println!("{}", all.export.bindings.len());
    for _ in 0..rounds {
        let start = Instant::now();
        let reading = read_from(File::open(&file)?, &options)?;
        let bindings = &reading.export.bindings;
        let is_found = key
            .as_ref()
            .is_none_or(|key| bindings.iter().any(|it| it.key() == key));
        let took = start.elapsed();
        assert!(is_found, "the hive has this binding");
        println!("{}", took.as_nanos());
    }
    Ok(())
}
