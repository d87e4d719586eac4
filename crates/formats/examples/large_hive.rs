//! Writes hives of some 13 MB, as large as those of servers, and 6 MB of logs for one:
//!
//! ```text
//! cargo run --release -p certbind-formats --example large_hive -- FOLDER
//! ```
//!
//! `50/SYSTEM`, `200/SYSTEM` and `1000/SYSTEM` have so many bindings and are clean, `dirty/SYSTEM` has 50
//! and has to be replayed. `benches/hives.py` measures with them.

use std::error::Error;
use std::fs;
use std::path::PathBuf;

use certbind_test_support::hive::log::{PAGE, dirty, entry, log};
use certbind_test_support::hive::{BINARY, Node, binding, file_in_bins, key, system};

/// So many services, keys of each and values of each key make the size.
const SERVICES: usize = 700;
const KEYS: usize = 37;
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

/// A binding with every value that HTTP.sys is known to write. Every second one is of a host name.
fn bound(number: usize) -> (bool, Node) {
    let is_of_name = number % 2 == 1;
    let node = if is_of_name {
        binding(&format!("{{00000000-0000-0000-0000-{number:012}}}"))
            .text("HostnamePort", &format!("host-{number:04}.example:443"))
    } else {
        binding(&format!("10.0.{}.{}:443", number / 256, number % 256))
    };
    let node = node
        .text("SslCertStoreName", "MY")
        .dword("DefaultFlags", 0)
        .dword("DefaultSslCertCheckMode", 0)
        .dword("DefaultSslRevocationFreshnessTime", 0)
        .dword("DefaultSslRevocationUrlRetrievalTimeout", 0)
        .written_at(134_403_746_505_000_000);
    (is_of_name, node)
}

fn hive(bindings: usize) -> Result<Vec<u8>, Box<dyn Error>> {
    let (names, addresses): (Vec<_>, Vec<_>) = (0..bindings).map(bound).partition(|(is, _)| *is);
    let family = |name: &str, bound: Vec<(bool, Node)>| Node {
        keys: bound.into_iter().map(|(_, node)| node).collect(),
        ..key(name)
    };
    let mut root = system(vec![
        family("SslBindingInfo", addresses),
        family("SslSniBindingInfo", names),
    ]);
    let set = root.keys.iter_mut().find(|key| key.name == "ControlSet002");
    let services = set.and_then(|set| set.keys.iter_mut().find(|key| key.name == "Services"));
    let services = &mut services.ok_or("the hive has no services")?.keys;
    services.splice(1..1, (0..SERVICES).map(service));
    Ok(file_in_bins(&root))
}

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args().nth(1).ok_or("name a folder")?;
    let folder = PathBuf::from(folder);
    let write = |name: &str, file: &str, bytes: &[u8]| {
        fs::create_dir_all(folder.join(name))?;
        println!("{name}/{file}: {} bytes", bytes.len());
        fs::write(folder.join(name).join(file), bytes)
    };
    for bindings in [50, 200, 1000] {
        write(&bindings.to_string(), "SYSTEM", &hive(bindings)?)?;
    }
    let hive = hive(50)?;
    let pages: Vec<_> = hive[PAGE..].chunks(PAGE).enumerate().take(1500).collect();
    let entries = pages.chunks(64).zip(8..).map(|(pages, number)| {
        let pages = pages.iter().map(|(at, page)| (at * PAGE, page.to_vec()));
        entry(number, hive.len() - PAGE, &pages.collect::<Vec<_>>())
    });
    let dirty = dirty(&hive, 9, 8);
    let log = log(&dirty, &entries.collect::<Vec<_>>());
    write("dirty", "SYSTEM", &dirty)?;
    write("dirty", "SYSTEM.LOG1", &log)?;
    Ok(())
}
