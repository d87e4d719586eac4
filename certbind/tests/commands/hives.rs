//! Hives of hosts that are down, with their transaction logs.

use std::path::Path;

use certbind::exit;
use certbind_test_support::hive::log::{PAGE, changed_pages, dirty, entry, log};
use certbind_test_support::hive::{Node, binding, file, key, system};

use super::{Host, text};

fn hive(ports: &[u16]) -> Vec<u8> {
    let family = Node {
        keys: ports
            .iter()
            .map(|port| binding(&format!("0.0.0.0:{port}")))
            .collect(),
        ..key("SslBindingInfo")
    };
    file(&system(vec![family]))
}

/// Writes a dirty hive with the bindings of two ports, and two logs that add two more.
pub(super) fn dead_host(folder: &Path) {
    let versions = [hive(&[1, 2]), hive(&[1, 2, 3]), hive(&[1, 2, 3, 4])];
    let dirty = dirty(&versions[0], 9, 8);
    let entry = |index: usize, number| {
        let (before, after) = (&versions[index], &versions[index + 1]);
        entry(number, after.len() - PAGE, &changed_pages(before, after))
    };
    let write = |name: &str, bytes: &[u8]| std::fs::write(folder.join(name), bytes).unwrap();
    write("SYSTEM", &dirty);
    write("SYSTEM.LOG1", &log(&dirty, &[entry(1, 9)]));
    write("system.log2", &log(&dirty, &[entry(0, 8)]));
    write("SYSTEM.LOG", b"");
}

fn listed(host: &Host) -> Vec<String> {
    let list = host.json(&["list", "--format", "json"]);
    let bindings = list.as_array().unwrap().iter();
    bindings
        .map(|binding| binding["key"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn logs_next_to_a_hive_are_replayed() {
    let host = Host::new();
    dead_host(host.0.path());
    let hive = host.file("SYSTEM");
    let hive = hive.to_str().unwrap();
    let output = host.run(&["import", hive]);
    let error = text(&output.stderr);
    assert!(
        error.contains("replayed 1 entry of system.log2 (8), then 1 entry of SYSTEM.LOG1 (9)"),
        "{error}"
    );
    assert!(!error.contains("warning"), "{error}");
    assert_eq!(listed(&host).len(), 4);

    let report = host.json(&["import", hive, "--on-conflict", "skip", "--format", "json"]);
    assert_eq!(report["recovery"]["was_dirty"], true);
    assert_eq!(report["recovery"]["applied"][1]["last"], 9);
    host.ok(&[
        "diff",
        hive,
        &format!("redb:{}", host.file("bindings.redb").display()),
    ]);
    let answer = host.ok(&["explain", "10.0.0.1:4", "--from", hive]);
    assert!(answer.contains("0.0.0.0:4"), "{answer}");
}

#[test]
fn logs_are_named_or_ignored() {
    let host = Host::new();
    dead_host(host.0.path());
    let hive = host.file("SYSTEM");
    let hive = hive.to_str().unwrap();
    let count = |arguments: &[&str]| {
        let import = ["import", hive, "--dry-run", "--format", "json"];
        let report = host.json(&[&import, arguments].concat());
        let pending = report["warnings"].to_string().contains("may be missing");
        (report["imported"].as_array().unwrap().len(), pending)
    };
    let logs = [host.file("SYSTEM.LOG1"), host.file("system.log2")];
    let [newer, older] = logs.each_ref().map(|log| log.to_str().unwrap());
    assert_eq!(count(&["--logs", "none"]), (2, true));
    assert_eq!(count(&["--logs", older]), (3, false));
    assert_eq!(count(&["--logs", newer, "--logs", older]), (4, false));
    let copy = host.file("COPY");
    std::fs::copy(hive, &copy).unwrap();
    for arguments in [
        &["import", hive, "--logs", "none", "--logs", older][..],
        &["diff", hive, hive, "--logs", older],
        &["audit", hive, copy.to_str().unwrap(), "--logs", older],
    ] {
        let output = host.run(arguments);
        assert!(text(&output.stderr).contains("--logs: "), "{arguments:?}");
        assert_ne!(output.status.code(), Some(0));
    }
    let missing = host.run(&["import", hive, "--logs", "nowhere.LOG1"]);
    assert_eq!(missing.status.code(), Some(exit::BROKEN_INPUT.into()));
    let other = Host::new();
    let listing = other.listing(3);
    let output = host.run(&["import", listing.to_str().unwrap(), "--logs", older]);
    let error = text(&output.stderr);
    assert!(
        error.contains("--logs: only a hive has transaction logs"),
        "{error}"
    );
}

/// A disk that is mounted on a system with case, and its folders.
#[test]
fn a_folder_names_its_hive() {
    let host = Host::new();
    let config = host.file("disk/WINDOWS/system32/Config");
    std::fs::create_dir_all(&config).unwrap();
    dead_host(&config);
    std::fs::write(config.join("SOFTWARE"), b"regf, of no interest").unwrap();
    for folder in [
        "disk",
        "disk/WINDOWS",
        "disk/WINDOWS/system32",
        "disk/WINDOWS/system32/Config",
    ] {
        let folder = host.file(folder);
        let folder = folder.to_str().unwrap();
        let report = host.json(&["import", folder, "--dry-run", "--format", "json"]);
        // Two of them are in the logs alone.
        assert_eq!(report["imported"].as_array().unwrap().len(), 4, "{folder}");
        assert_eq!(report["format"], "hive");
        let hive = config.join("SYSTEM");
        host.ok(&["diff", folder, hive.to_str().unwrap()]);
        let audit = ["audit", folder, "--fail-on", "never", "--format", "json"];
        let audited = host.json(&audit);
        assert_eq!(audited["hosts"].as_array().unwrap().len(), 1, "{audited}");
        assert!(!audited.to_string().contains("CB027"), "{audited}");
    }
}

/// Evidence is often stored so, each file by itself.
#[test]
fn the_hive_of_a_folder_and_its_logs_may_be_compressed() {
    let host = Host::new();
    let config = host.file("disk/Windows/System32/config");
    std::fs::create_dir_all(&config).unwrap();
    dead_host(&config);
    for name in ["SYSTEM", "SYSTEM.LOG1", "system.log2"] {
        let path = config.join(name);
        let packed = certbind_test_support::archive::gz(&std::fs::read(&path).unwrap());
        std::fs::write(config.join(format!("{name}.gz")), packed).unwrap();
        std::fs::remove_file(path).unwrap();
    }
    for folder in ["disk", "disk/Windows/System32/config"] {
        let folder = host.file(folder);
        let folder = folder.to_str().unwrap();
        let report = host.json(&["import", folder, "--dry-run", "--report", "json"]);
        assert_eq!(report["imported"].as_array().unwrap().len(), 4, "{folder}");
        let audit = ["audit", folder, "--fail-on", "never", "--format", "json"];
        let audited = host.json(&audit);
        assert_eq!(audited["hosts"].as_array().unwrap().len(), 1, "{audited}");
        assert_eq!(audited["hosts"][0]["bindings"], 4);
    }
    dead_host(&config);
    let output = host.run(&["import", host.file("disk").to_str().unwrap()]);
    let error = text(&output.stderr);
    assert!(error.contains("the folder has several hives"), "{error}");
}

#[test]
fn a_folder_without_its_own_hive_is_refused() {
    let host = Host::new();
    let refused = |expected: &str| {
        let folder = host.file("disk");
        let output = host.run(&["import", folder.to_str().unwrap()]);
        let error = text(&output.stderr);
        assert!(error.contains(expected), "{error}");
        assert_eq!(output.status.code(), Some(exit::BROKEN_INPUT.into()));
    };
    std::fs::create_dir_all(host.file("disk/Windows/System32/config")).unwrap();
    refused("the folder has no hive");
    #[cfg(unix)]
    {
        // A link on the disk may point to the hive of another host.
        dead_host(host.0.path());
        let link = host.file("disk/Windows/System32/config/SYSTEM");
        std::os::unix::fs::symlink(host.file("SYSTEM"), link).unwrap();
        refused("the folder has no hive");
    }
    #[cfg(target_os = "linux")]
    for windows in ["WINDOWS", "windows"] {
        let config = host.file("disk").join(windows).join("System32/config");
        std::fs::create_dir_all(&config).unwrap();
        dead_host(&config);
    }
    #[cfg(target_os = "linux")]
    refused("the folder has several hives");
}

/// `key_times` of the bindings that match; a listing has none.
#[test]
fn a_list_of_a_hive_has_the_times_of_its_keys() {
    let host = Host::new();
    let at = |name: &str, time| binding(name).written_at(time);
    let family = key("SslBindingInfo")
        .key(at("0.0.0.0:443", 134_403_746_505_000_000))
        .key(at("0.0.0.0:444", 116_444_736_000_000_000))
        .key(at("0.0.0.0:445", 0));
    let hive = host.file("SYSTEM");
    std::fs::write(&hive, file(&system(vec![family]))).unwrap();
    let hive = hive.to_str().unwrap();
    let times = |arguments: &[&str]| {
        let listed = host.json(&[&["list", "--format", "json"][..], arguments].concat());
        listed[0]["key_times"].clone()
    };
    let newest = ("ipport=0.0.0.0:443", "2026-11-28T21:24:10.5Z");
    let oldest = ("ipport=0.0.0.0:444", "1970-01-01T00:00:00Z");
    assert_eq!(
        times(&[hive]),
        serde_json::json!({newest.0: newest.1, oldest.0: oldest.1})
    );
    assert_eq!(
        times(&[hive, "--port", "443"]),
        serde_json::json!({newest.0: newest.1})
    );
    let listing = host.listing(2);
    assert_eq!(times(&[listing.to_str().unwrap()]), serde_json::Value::Null);
}

/// Bindings whose addition is in a missing log would be deleted.
#[test]
fn a_dirty_hive_prunes_nothing() {
    let host = Host::new();
    dead_host(host.0.path());
    let hive = host.file("SYSTEM");
    let hive = hive.to_str().unwrap();
    host.ok(&["import", hive]);
    let store = format!("redb:{}", host.file("bindings.redb").display());
    let plan = ["plan", hive, &store, "--format", "json"];
    let refused = host.run(&[&plan[..], &["--logs", "none", "--prune"]].concat());
    assert_eq!(refused.status.code(), Some(exit::USAGE.into()));
    let error = text(&refused.stderr);
    assert!(
        error.contains("put its transaction logs next to it"),
        "{error}"
    );
    let planned = host.json(&[&plan[..], &["--logs", "none"]].concat());
    assert!(planned.to_string().contains("may be missing"), "{planned}");
    host.ok(&[&plan[..], &["--prune"]].concat());
}

#[test]
fn an_audit_reports_a_dirty_hive() {
    let host = Host::new();
    dead_host(host.0.path());
    let hive = host.file("SYSTEM");
    let audit = ["audit", hive.to_str().unwrap(), "--fail-on", "never"];
    let report = host.ok(&audit);
    assert!(!report.contains("may be missing"), "{report}");
    assert!(report.contains("0.0.0.0:4"), "{report}");
    let report = host.ok(&[&audit[..], &["--logs", "none"]].concat());
    assert!(report.contains("may be missing"), "{report}");
}
