//! Writes a hive of some 13 MB with 50 bindings, as large as that of a server, and 6 MB of logs:
//!
//! ```text
//! cargo run --release -p certbind-formats --example large_hive -- FOLDER
//! ```
//!
//! `SYSTEM` is clean, `dirty/SYSTEM` has to be replayed. `benches/hives.py` measures with them.

use std::error::Error;
use std::path::PathBuf;

use certbind_test_support::hive::log::{PAGE, dirty, entry, log};
use certbind_test_support::hive::{BINARY, Node, binding, file, key, system};

/// So many services, keys of each and values of each key make the size.
const SERVICES: usize = 700;
const KEYS: usize = 42;
const VALUES: usize = 4;

fn service(number: usize) -> Node {
    let keys = (0..KEYS).map(|at| {
        let values = (0..VALUES).map(|value| {
            let data = [u8::try_from(at).unwrap_or_default(); 40];
            (format!("Value{value:03}"), BINARY, data.to_vec())
        });
        Node {
            values: values.collect(),
            ..key(&format!("Key{at:05}"))
        }
    });
    Node {
        keys: keys.collect(),
        ..key(&format!("Service{number:04}"))
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args().nth(1).ok_or("name a folder")?;
    let folder = PathBuf::from(folder);
    std::fs::create_dir_all(folder.join("dirty"))?;
    let bindings = (0..50).map(|number| binding(&format!("10.0.0.{number}:443")));
    let family = Node {
        keys: bindings.collect(),
        ..key("SslBindingInfo")
    };
    let mut root = system(vec![family]);
    let set = root.keys.iter_mut().find(|key| key.name == "ControlSet002");
    let services = set.and_then(|set| set.keys.iter_mut().find(|key| key.name == "Services"));
    let services = services.ok_or("the hive has no services")?;
    services.keys.extend((0..SERVICES).map(service));
    let hive = file(&root);
    std::fs::write(folder.join("SYSTEM"), &hive)?;

    let pages: Vec<_> = hive[PAGE..].chunks(PAGE).enumerate().take(1500).collect();
    let entries = pages.chunks(64).zip(8..).map(|(pages, number)| {
        let pages = pages.iter().map(|(at, page)| (at * PAGE, page.to_vec()));
        entry(number, hive.len() - PAGE, &pages.collect::<Vec<_>>())
    });
    let dirty = dirty(&hive, 9, 8);
    let log = log(&dirty, &entries.collect::<Vec<_>>());
    std::fs::write(folder.join("dirty/SYSTEM"), &dirty)?;
    std::fs::write(folder.join("dirty/SYSTEM.LOG1"), &log)?;
    println!("{} bytes, and {} of logs", hive.len(), log.len());
    Ok(())
}
