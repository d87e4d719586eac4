//! Wine's `reg` as a reference: it imports our exports, and we read its exports.
#![cfg(unix)]

use std::path::Path;
use std::process::Command;

use certbind_core::Binding;
use certbind_formats::{ReadOptions, read, reg};
use certbind_test_support::require;

use super::reg_round_trips::{assert_same, is_plain, some_bindings, text_of};
use super::tools::run;
use crate::listings::export;

const HTTP: &str = r"HKLM\SYSTEM\CurrentControlSet\Services\HTTP";

/// A Wine of this test alone, which is stopped with it.
struct Wine(tempfile::TempDir);

impl Wine {
    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir(self.0.path())
            .env("WINEPREFIX", self.0.path().join("prefix"))
            .env("WINEDEBUG", "-all")
            .env("WINEDLLOVERRIDES", "mscoree=;mshtml=");
        command
    }

    fn reg(&self, arguments: &[&str]) {
        run(self.command("wine").arg("reg").args(arguments));
    }

    fn imports(&self, name: &str, file: &[u8]) {
        std::fs::write(self.0.path().join(name), file).unwrap();
        self.reg(&["import", name]);
    }

    fn exports(&self, key: &str) -> Vec<u8> {
        self.reg(&["export", key, "export.reg", "/y"]);
        std::fs::read(self.0.path().join("export.reg")).unwrap()
    }
}

impl Drop for Wine {
    fn drop(&mut self) {
        // Its server outlives its programs by seconds, and writes into the folder that is removed.
        for server in ["wineserver", "/usr/lib/wine/wineserver"] {
            if server.starts_with('/') && !Path::new(server).exists() {
                continue;
            }
            let _ = self.command(server).arg("-k").output();
        }
    }
}

fn bindings_in(file: &[u8]) -> Vec<Binding> {
    let reading = read(file, &ReadOptions::default()).unwrap();
    assert_eq!(reading.warnings, []);
    reading.export.bindings
}

#[test]
fn wine_round_trips_an_export() {
    require!("wine");
    let wine = Wine(tempfile::tempdir().unwrap());
    let parameters = format!(r"{HTTP}\Parameters");
    // For any texts the bindings are the same.
    let bindings = some_bindings(64);
    let mut file = Vec::new();
    reg::write(&mut file, &export(bindings.clone())).unwrap();
    wine.imports("all.reg", &file);
    assert_same(bindings_in(&wine.exports(&parameters)), &bindings);
    let whole_tree = wine.exports(r"HKLM\SYSTEM");
    assert!(whole_tree.len() > file.len() + 50_000);
    assert_same(bindings_in(&whole_tree), &bindings);

    // Without control characters in them: the files are the same.
    wine.reg(&["delete", &parameters, "/f"]);
    let plain: Vec<_> = bindings.into_iter().filter(is_plain).collect();
    assert!(plain.len() > 20);
    file.clear();
    reg::write(&mut file, &export(plain)).unwrap();
    wine.imports("plain.reg", &file);
    let own = "[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\HTTP\\Parameters]\r\n\r\n";
    let expected = text_of(&file).replacen("\r\n\r\n", &format!("\r\n\r\n{own}"), 1);
    assert_same_lines(&text_of(&wine.exports(&parameters)), &expected);
}

#[track_caller]
fn assert_same_lines(found: &str, expected: &str) {
    for (found, expected) in found.lines().zip(expected.lines()) {
        assert_eq!(found, expected);
    }
    assert_eq!(found, expected);
}
