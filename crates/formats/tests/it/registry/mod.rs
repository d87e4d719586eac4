//! Registry exports and hives.

mod hive;
mod hive_in_parts;
mod hives_of_tools;
mod host_settings;
mod hostile_hives;
mod logs;
mod reg;
mod reg_broken;
mod reg_round_trips;
mod tools;
mod wine;

/// A file of `tests/fixtures/registry`.
fn fixture(name: &str) -> Vec<u8> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/registry");
    std::fs::read(format!("{folder}/{name}")).unwrap()
}
