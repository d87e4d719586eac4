//! The commands that write change scripts for one host: `plan`, `diff` and `rotate --export`.

use std::path::Path;

use certbind_formats::{Export, json};
use certbind_migrate::script::exit;
use tempfile::TempDir;

use crate::fleet::{NEW, OLD, bindings, certbind, list};
use crate::generate::Generated;
use crate::host::SimulatedHost;
use certbind_core::{Binding, CertHash};
use certbind_formats::netsh::Release;

/// Writes bindings as a JSON export.
pub(crate) fn export(path: &Path, bindings: &[Binding]) {
    let export = Export {
        bindings: bindings.to_vec(),
        ..Export::default()
    };
    let mut text = Vec::new();
    json::write(&mut text, &export).unwrap();
    std::fs::write(path, text).unwrap();
}

/// Runs the scripts of a folder on a host that has the bindings of before.
fn executed(folder: &Path, release: Release, before: &[Binding], after: &[Binding]) {
    let host = SimulatedHost::new(release.name(), before);
    for (script, expected) in [("apply.sh", after), ("rollback.sh", before)] {
        std::fs::copy(folder.join(script), host.file(script)).unwrap();
        let (code, text, _) = host.run(script, &[]);
        assert_eq!(code, Some(0), "{text}");
        assert_eq!(host.bindings(), expected, "{text}");
    }
}

#[test]
fn scripts_of_plan_and_diff_are_executed() {
    let release = Release::Server2022;
    let generated = Generated::new(3, release);
    let folder = TempDir::new().unwrap();
    export(&folder.path().join("before.json"), &generated.before);
    export(&folder.path().join("after.json"), &generated.after);
    let diff = [
        "diff",
        "before.json",
        "after.json",
        "--script",
        "sh",
        "--out",
        "diff",
    ];
    let (code, text) = certbind(folder.path(), &diff);
    assert_eq!(code, 1, "the exports differ: {text}");
    executed(
        &folder.path().join("diff"),
        release,
        &generated.before,
        &generated.after,
    );
    let plan = [
        "plan",
        "after.json",
        "before.json",
        "--prune",
        "--script",
        "sh",
        "--out",
        "plan",
    ];
    let (code, text) = certbind(folder.path(), &plan);
    assert_eq!(code, 0, "{text}");
    for script in ["apply.sh", "rollback.sh"] {
        let read = |of: &str| std::fs::read_to_string(folder.path().join(of).join(script)).unwrap();
        assert_eq!(read("plan"), read("diff"));
    }
}

#[test]
fn an_exported_rotation_is_written_as_scripts_too() {
    let folder = TempDir::new().unwrap();
    let (old, new) = (
        CertHash::new(OLD).to_string(),
        CertHash::new(NEW).to_string(),
    );
    list(
        &folder.path().join("host.txt"),
        Release::Server2019,
        bindings(OLD),
    );
    let store = format!("redb:{}", folder.path().join("store").display());
    let (code, text) = certbind(folder.path(), &["--store", &store, "import", "host.txt"]);
    assert_eq!(code, 0, "{text}");
    let rotate = [
        "--store",
        &store,
        "rotate",
        &old,
        &new,
        "--export",
        "plan.json",
    ];
    let scripts = ["--script", "sh", "--out", "change"];
    let (code, text) = certbind(folder.path(), &[&rotate[..], &scripts].concat());
    assert_eq!(code, 0, "{text}");
    assert!(folder.path().join("plan.json").exists());
    let change = folder.path().join("change");
    executed(&change, Release::Server2019, &bindings(OLD), &bindings(NEW));
    // The exports of other hosts have a plan of their own.
    let mixed = [&rotate[..], &["host.txt"], &scripts].concat();
    let (code, text) = certbind(folder.path(), &mixed);
    assert_eq!(code, 2, "{text}");
    assert!(text.contains("unexpected argument host.txt"), "{text}");
}

#[test]
fn a_value_that_netsh_cannot_set_is_named() {
    let folder = TempDir::new().unwrap();
    let mut after = bindings(OLD);
    let mut record = after[0].record().clone();
    record.flags |= certbind_core::SslFlags::from_bits_retain(0x4000_0000);
    after[0] = after[0].clone().with_record(record).unwrap();
    export(&folder.path().join("before.json"), &bindings(OLD));
    export(&folder.path().join("after.json"), &after);
    for script in ["cmd", "powershell", "sh"] {
        let plan = [
            "plan",
            "after.json",
            "before.json",
            "--script",
            script,
            "--out",
            "plan",
        ];
        let (code, text) = certbind(folder.path(), &plan);
        assert!(code > 0, "{text}");
        let key = after[0].key().to_string();
        assert!(text.contains("0x40000000") && text.contains(&key), "{text}");
        assert!(!folder.path().join("plan/apply.sh").exists());
    }
}

/// The tests of the batch files and shell scripts observe each of these codes.
#[test]
fn exit_codes_of_scripts_are_documented() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let page = std::fs::read_to_string(root.join("docs/change-scripts.md")).unwrap();
    let (_, table) = page
        .split_once("| exit code | meaning |\n|---|---|\n")
        .unwrap();
    let rows = table.lines().take_while(|line| line.starts_with("| "));
    let codes: Vec<_> = rows.map(|row| row.split(' ').nth(1).unwrap()).collect();
    let all = [
        exit::DONE,
        exit::CANNOT_RUN,
        exit::MISMATCH,
        exit::FAILED,
        exit::PARTLY_CHANGED,
        exit::ROLLED_BACK,
    ];
    assert_eq!(codes, all.map(|code| code.to_string()));
}
