//! `import` and `export`.

use certbind::exit;
use tempfile::TempDir;

use super::{HASH, Host, IIS, text};

#[test]
fn hive_converts_to_a_registry_export() {
    let host = Host::new();
    let hive = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../crates/formats/tests/fixtures/registry/hivex.hive"
    );
    let report = host.json(&["import", hive, "--format", "json"]);
    assert_eq!(report["format"], "hive");
    assert_eq!(report["imported"].as_array().unwrap().len(), 6);
    let warnings = report["warnings"].to_string();
    assert!(warnings.contains("SslBindingInfo: the value"), "{warnings}");

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("bindings.reg");
    let file = file.to_str().unwrap();
    host.ok(&["export", "--format", "reg", "-o", file]);
    let other = Host::new();
    let report = other.json(&["import", file, "--input-format", "reg", "--format", "json"]);
    assert_eq!(report["warnings"], serde_json::json!([]));
    let list = ["list", "--format", "json"];
    assert_eq!(other.json(&list), host.json(&list));
}

#[cfg(unix)]
fn piped_into(mut command: std::process::Command, text: &[u8]) -> bool {
    use std::io::Write;
    use std::process::Stdio;

    let command = command.stdin(Stdio::piped()).stdout(Stdio::null());
    let mut child = command.stderr(Stdio::null()).spawn().unwrap();
    // A command that ends early does not read all of it.
    let _ = child.stdin.take().unwrap().write_all(text);
    child.wait().unwrap().success()
}

/// A pipe gives its text once, and under a path as well.
#[cfg(unix)]
#[test]
fn a_listing_is_imported_from_a_pipe_as_from_a_file() {
    let host = Host::new();
    let file = host.listing(300);
    let listing = std::fs::read(&file).unwrap();
    host.ok(&["import", file.to_str().unwrap()]);
    let expected = host.ok(&["export", "--format", "netsh"]);
    let list = ["list", "--format", "json"];
    // Text too long for memory, also in another format than a listing.
    let lines = format!("C:\\>{}\r\n", " ".repeat(250_000)).repeat(80);
    let long = [&listing, lines.as_bytes()].concat();
    let other = Host::new();
    let mut import = other.command(&["import", "-"]);
    import.env("TMPDIR", other.file("nowhere"));
    assert!(!piped_into(import, &long), "there is no room for a copy");
    assert!(!other.file("bindings.redb").exists());
    let json = host.ok(&["export", "--format", "json"]) + &" ".repeat(20 << 20);
    for long in [long, json.into_bytes()] {
        let other = Host::new();
        assert!(piped_into(other.command(&["import", "-"]), &long));
        assert_eq!(other.json(&list), host.json(&list));
    }
    // A file that is redirected to standard input is read from its start.
    let redirected = Host::new();
    let mut import = redirected.command(&["import", "/dev/stdin"]);
    let status = import.stdin(std::fs::File::open(&file).unwrap()).status();
    assert!(status.unwrap().success());
    assert!(redirected.ok(&["export", "--format", "netsh"]) == expected);
    for path in ["-", "/dev/stdin"] {
        let other = Host::new();
        // A file of the name `-`, which must not be read.
        let folder = TempDir::new().unwrap();
        std::fs::copy(other.listing(7), folder.path().join("-")).unwrap();
        let mut import = other.command(&["import", path]);
        import.current_dir(folder.path());
        assert!(piped_into(import, &listing), "{path}");
        assert!(
            other.ok(&["export", "--format", "netsh"]) == expected,
            "{path}"
        );
    }
}

#[test]
fn an_import_that_is_killed_leaves_all_or_nothing() {
    let mut left = Vec::new();
    for milliseconds in (0..400).step_by(40) {
        let host = Host::new();
        host.add("0.0.0.0:443");
        let file = host.listing(3000);
        let mut import = host
            .command(&["import", file.to_str().unwrap()])
            .spawn()
            .unwrap();
        std::thread::sleep(std::time::Duration::from_millis(milliseconds));
        import.kill().unwrap();
        import.wait().unwrap();
        left.push(
            host.json(&["list", "--format", "json"])
                .as_array()
                .unwrap()
                .len(),
        );
        assert!(host.ok(&["check"]).contains("whole"));
    }
    assert!(
        left.iter().all(|count| [1, 3001].contains(count)),
        "{left:?}"
    );
    assert_eq!(
        left[0], 1,
        "the first was killed before it could import anything"
    );
}

#[test]
fn a_snapshot_carries_a_store_to_another_host() {
    let host = Host::new();
    let example = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/host-2022.txt");
    host.ok(&["import", example]);
    host.ok(&["add", "ccs=443", "--app-id", IIS]);
    host.ok(&[
        "add",
        "scopedccs=bücher.example:443",
        "--app-id",
        IIS,
        "--disablehttp2",
        "enable",
        "--sslctlstorename",
        "CA\u{1b}",
    ]);
    let (file, path) = {
        let file = host.file("bindings.snapshot");
        (file.clone(), file.to_str().unwrap().to_owned())
    };
    host.ok(&[
        "export", "--format", "snapshot", "--host", "WEB-01", "-o", &path,
    ]);
    let bytes = std::fs::read(&file).unwrap();
    let reader = certbind_formats::snapshot::Reader::new(bytes.as_slice()).unwrap();
    assert_eq!(reader.header().host.as_deref(), Some("WEB-01"));
    assert_eq!(reader.count(), 8);

    for format in ["auto", "snapshot"] {
        let other = Host::new();
        let said = other.ok(&["import", &path, "--input-format", format]);
        assert!(
            said.contains("Imported 8 bindings") && said.contains("(snapshot)"),
            "{said}"
        );
        let list = ["list", "--format", "json"];
        assert_eq!(other.json(&list), host.json(&list));
        // The layout of the listing was copied as well.
        let print = ["export", "--format", "netsh"];
        let [from, to] = [&host, &other].map(|host| host.run(&print));
        assert_eq!(from.stdout, to.stdout);
        let mut piped = other.command(&["export", "--format", "snapshot"]);
        let piped = piped.output().unwrap().stdout;
        assert_eq!(
            certbind_formats::snapshot::verify(piped.as_slice())
                .unwrap()
                .bindings,
            8
        );
    }
}

#[test]
fn damaged_snapshot_changes_nothing() {
    let host = Host::new();
    let file = host.listing(3000);
    host.ok(&["import", file.to_str().unwrap()]);
    let path = host.file("bindings.snapshot");
    let path = path.to_str().unwrap();
    host.ok(&["export", "--format", "snapshot", "-o", path]);
    let whole = std::fs::read(path).unwrap();
    let other = Host::new();
    other.add("0.0.0.0:443");
    let list = ["list", "--format", "json"];
    let before = other.json(&list);
    // In the magic, in the first chunk of bindings and in the last, in the number, after the end.
    let length = whole.len();
    for (damaged, place) in [
        (length - 1, format!("byte {}", length - 32)),
        (length - 40, "in chunk 5".to_owned()),
        (length - 200, "in chunk 4".to_owned()),
        (1000, "in chunk 1".to_owned()),
        (5, "byte 5".to_owned()),
    ] {
        let mut bytes = whole.clone();
        bytes[damaged] ^= 1;
        std::fs::write(path, &bytes).unwrap();
        for arguments in [&["import", path][..], &["import", path, "--keep-going"]] {
            let said = other.fails(exit::BROKEN_INPUT, arguments);
            assert!(said.contains(&place), "byte {damaged}: {said}");
        }
    }
    std::fs::write(path, &whole[..length - 1]).unwrap();
    let said = other.fails(exit::BROKEN_INPUT, &["import", path]);
    assert!(said.contains("truncated"), "{said}");
    std::fs::write(path, [&whole[..], b"x"].concat()).unwrap();
    let said = other.fails(exit::BROKEN_INPUT, &["import", path]);
    assert!(said.contains("expected the end of the file"), "{said}");
    assert_eq!(other.json(&list), before);
    // Nor is a store made for it.
    let another = Host::new();
    another.fails(exit::BROKEN_INPUT, &["import", path]);
    let said = another.fails(exit::REFUSED, &["list"]);
    assert!(said.contains("no binding store"), "{said}");
}

/// It is sorted during the import, while the layout keeps its order.
#[test]
fn a_listing_in_any_order_is_imported_as_one_in_order() {
    let (first, host) = (Host::new(), Host::new());
    first.ok(&["import", first.listing(50).to_str().unwrap()]);
    let sorted = first.ok(&["export", "--format", "netsh"]);
    let mut records: Vec<_> = sorted.split_inclusive("\r\n\r\n").collect();
    assert!(records.len() > 50, "{sorted}");
    let places = records.len();
    records[places - 50..].reverse();
    let reversed = host.file("reversed.txt");
    let repeated = host.file("repeated.txt");
    std::fs::write(&reversed, records.concat()).unwrap();
    std::fs::write(&repeated, records.concat() + records[places - 1]).unwrap();
    let [reversed, repeated] = [&reversed, &repeated].map(|path| path.to_str().unwrap());

    let report = ["--format", "json"];
    let keys = |arguments: &[&str]| host.json(arguments)["imported"].clone();
    let dry = keys(&[&["import", reversed, "--dry-run"][..], &report].concat());
    let imported = keys(&[&["import", reversed][..], &report].concat());
    assert_eq!(dry, imported);
    let list = host.json(&["list", "--format", "json"]);
    let listed = list.as_array().unwrap().iter();
    let listed: Vec<_> = listed.map(|binding| binding["key"].clone()).collect();
    assert_eq!(imported, serde_json::json!(listed));
    assert_eq!(
        host.ok(&["export", "--format", "netsh"]),
        std::fs::read_to_string(reversed).unwrap()
    );

    // A binding that the host did not list comes last, for any position of its key.
    host.ok(&["delete", "10.0.0.1:7"]);
    host.add("9.0.0.1:443");
    host.add("10.0.0.1:7");
    host.add("11.0.0.1:443");
    let listing = host.ok(&["export", "--format", "netsh"]);
    let key = |line: &str| {
        Some(
            line.strip_prefix("    IP:port")?
                .split_once(": ")?
                .1
                .to_owned(),
        )
    };
    let keys: Vec<_> = listing.lines().filter_map(key).collect();
    let listed = (1..=50).rev().map(|port| format!("10.0.0.1:{port}"));
    let others = ["9.0.0.1:443", "11.0.0.1:443"].map(str::to_owned);
    assert_eq!(keys, listed.chain(others).collect::<Vec<_>>());
    host.ok(&["delete", "9.0.0.1:443"]);
    host.ok(&["delete", "11.0.0.1:443"]);

    let said = host.fails(exit::REFUSED, &["import", reversed]);
    assert!(said.contains("50 keys already bound"), "{said}");
    let other = Host::new();
    let said = other.fails(exit::BROKEN_INPUT, &["import", repeated]);
    assert!(said.contains("is on line"), "{said}");
    let left_out = other.run(&["import", repeated, "--keep-going"]);
    assert_eq!(left_out.status.code(), Some(exit::BROKEN_INPUT.into()));
    assert_eq!(other.json(&["list", "--format", "json"]), list);
}

#[test]
fn scripts_for_both_shells_add_every_binding() {
    let host = Host::new();
    host.add("0.0.0.0:443");
    let script = host.ok(&["export", "--format", "netsh-script"]);
    assert!(
        script.contains("netsh http add sslcert ipport=0.0.0.0:443 certhash="),
        "{script}"
    );
    let script = host.ok(&["export", "--format", "netsh-powershell"]);
    let command = format!(
        "Add-SslCert 'ipport=0.0.0.0:443' 'certhash={HASH}' 'appid={{{IIS}}}' 'certstorename=MY'\r\n"
    );
    assert!(script.ends_with(&command), "{script}");

    host.ok(&["update", "0.0.0.0:443", "--store-name", "M\"Y"]);
    for format in ["netsh-script", "netsh-powershell"] {
        let said = host.fails(exit::REFUSED, &["export", "--format", format]);
        assert!(
            said.contains("ipport=0.0.0.0:443: certstorename cannot be written"),
            "{said}"
        );
        assert!(said.contains("quotation mark"), "{said}");
    }
}

#[test]
fn an_export_overwrites_no_store_and_follows_links() {
    let host = Host::new();
    host.add("0.0.0.0:443");
    let store = host.file("bindings.redb");
    let said = host.fails(exit::REFUSED, &["export", "-o", store.to_str().unwrap()]);
    assert!(said.contains("is a binding store"), "{said}");
    assert!(host.ok(&["check"]).contains("whole"));

    let (target, link) = (host.file("target.json"), host.file("link.json"));
    std::fs::write(&target, "old").unwrap();
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(&target, &link).unwrap();
        host.ok(&["export", "-o", link.to_str().unwrap()]);
        assert!(link.is_symlink());
        assert!(
            std::fs::read_to_string(&target)
                .unwrap()
                .contains("0.0.0.0:443")
        );
        host.ok(&["export", "-o", "/dev/null"]);
        assert!(!std::fs::metadata("/dev/null").unwrap().is_file());
    }
}

/// A WAL that is overwritten loses changes, and a file that is taken for one would be refused by the store.
#[test]
fn output_overwrites_no_part_of_a_store() {
    let host = Host::new();
    host.add("0.0.0.0:443");
    let journal = host.file("journal");
    std::fs::create_dir(&journal).unwrap();
    let (wal, elsewhere) = (host.file("bindings.redb-log"), host.file("kept"));
    std::fs::write(&elsewhere, b"certblog, as far as is left of it").unwrap();
    for part in [
        wal,
        host.file("bindings.layout.json"),
        journal.join("undo.journal"),
        journal.join("lock"),
        elsewhere.clone(),
    ] {
        let before = std::fs::read(&part).ok();
        let arguments = ["export", "-o", part.to_str().unwrap()];
        let mut command = host.command(&arguments);
        let output = command.env("CERTBIND_JOURNAL", &journal).output().unwrap();
        assert_eq!(output.status.code(), Some(exit::REFUSED.into()), "{part:?}");
        let said = text(&output.stderr);
        assert!(said.contains("a part of one"), "{said}");
        assert_eq!(std::fs::read(&part).ok(), before, "{part:?}");
    }
    let free = host.file("other-log");
    host.ok(&["export", "-o", free.to_str().unwrap()]);
}

#[test]
fn unusable_layout_file_is_a_warning() {
    let host = Host::new();
    let layout = host.file("bindings.layout.json");
    std::fs::create_dir(&layout).unwrap();
    let example = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/host-2022.txt");
    let output = host.run(&["import", example]);
    assert_eq!(output.status.code(), Some(0));
    assert!(
        text(&output.stderr).contains("layout"),
        "{}",
        text(&output.stderr)
    );
    assert_eq!(
        host.json(&["list", "--format", "json"])
            .as_array()
            .unwrap()
            .len(),
        6
    );
    host.ok(&["export"]);
}

#[cfg(target_os = "linux")]
#[test]
fn export_write_error_names_the_cause() {
    let host = Host::new();
    host.add("0.0.0.0:443");
    for format in ["json", "netsh", "reg", "snapshot"] {
        let full = std::fs::File::options().write(true).open("/dev/full");
        let mut export = host.command(&["export", "--format", format]);
        let output = export.stdout(full.unwrap()).output().unwrap();
        assert_eq!(output.status.code(), Some(exit::REFUSED.into()));
        let said = text(&output.stderr);
        assert!(said.contains("No space left"), "{format}: {said}");
    }
}
