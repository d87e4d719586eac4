//! The store that a plan file names: its author cannot choose one to do harm.

use certbind::exit;

use crate::bench::{Bench, NEW};

/// A plan from `redb:a` to `redb:b`.
fn planned() -> Bench {
    let bench = Bench::new();
    bench.add("redb:a", "0.0.0.0:443", &[]);
    bench.ok(&["--store", "redb:a", "update", "0.0.0.0:443", "--hash", NEW]);
    bench.add("redb:b", "0.0.0.0:443", &[]);
    bench.ok(&["plan", "redb:a", "redb:b", "-o", "plan.json"]);
    bench
}

/// Writes `other.json`, the plan for another target.
fn retarget(bench: &Bench, target: &str) {
    let plan = bench.read("plan.json");
    let own = format!("redb:{}", bench.file("b").display());
    let own = serde_json::Value::from(own).to_string();
    assert!(plan.contains(&own), "{plan}");
    let other = serde_json::Value::from(target).to_string();
    bench.write("other.json", plan.replace(&own, &other));
}

/// Runs `apply other.json` with and without `--dry-run`, which has to name the store.
fn refused(bench: &Bench) -> String {
    let dry = bench.fails(exit::USAGE, &["apply", "other.json", "--dry-run"]);
    let said = bench.fails(exit::USAGE, &["apply", "other.json", "--yes"]);
    assert_eq!(dry, said);
    assert!(said.contains("name the store"), "{said}");
    said
}

#[test]
fn plan_cannot_name_a_library_or_a_server() {
    let bench = planned();
    for other in [
        "httpsys:./evil.so",
        "host.txt",
        "etcd://somewhere",
        "etcd://somewhere/host",
        "",
    ] {
        retarget(&bench, other);
        refused(&bench);
    }
}

#[test]
fn plan_cannot_name_another_machine_or_a_device() {
    let bench = planned();
    for path in [
        r"\\server\share\b",
        "//server/share/b",
        r"\/server/share/b",
        r"\\?\UNC\server\share\b",
        r"\\.\PhysicalDrive0",
    ] {
        retarget(&bench, &format!("redb:{path}"));
        let said = refused(&bench);
        assert!(
            said.contains("of another machine, or of a device"),
            "{said}"
        );
    }
    assert!(!bench.file("server").exists());
}

/// A store that exists, and that its user can write to.
#[test]
fn plan_cannot_name_a_store_elsewhere() {
    let (bench, other) = (planned(), Bench::new());
    std::fs::copy(bench.file("b"), other.file("b")).unwrap();
    let held = bench.held("redb:b");
    let elsewhere = format!("redb:{}", other.file("b").display());
    retarget(&bench, &elsewhere);
    let said = refused(&bench);
    assert!(
        said.contains("neither below the folder of the plan"),
        "{said}"
    );
    // Nor by a way round.
    let name = other
        .file("")
        .file_name()
        .unwrap()
        .to_str()
        .unwrap()
        .to_owned();
    retarget(&bench, &format!("redb:../{name}/b"));
    refused(&bench);
    assert_eq!(other.held("redb:b"), held);
    // The command line may, and so may a store that commands open anyway.
    bench.ok(&["apply", "other.json", &elsewhere, "--dry-run"]);
    retarget(&bench, &elsewhere);
    let mut apply = bench.command(&["apply", "other.json", "--yes"]);
    assert!(
        apply
            .env("CERTBIND_STORE", &elsewhere)
            .status()
            .unwrap()
            .success()
    );
    assert_eq!(other.held("redb:b"), bench.held("redb:a"));
}

#[cfg(unix)]
#[test]
fn plan_cannot_name_a_store_through_a_link() {
    let (bench, other) = (planned(), Bench::new());
    std::fs::copy(bench.file("b"), other.file("b")).unwrap();
    let held = other.held("redb:b");
    std::os::unix::fs::symlink(other.file("b"), bench.file("file")).unwrap();
    std::os::unix::fs::symlink(other.file(""), bench.file("folder")).unwrap();
    for path in ["file", "folder/b"] {
        retarget(&bench, &format!("redb:{}", bench.file(path).display()));
        let said = refused(&bench);
        assert!(said.contains("contains a link"), "{said}");
    }
    assert_eq!(other.held("redb:b"), held);
}

#[test]
fn plan_opens_a_store_in_its_folder_from_another_folder() {
    let bench = planned();
    std::fs::create_dir(bench.file("deeper")).unwrap();
    let mut apply = bench.command(&["apply", "../plan.json", "--yes"]);
    let status = apply.current_dir(bench.file("deeper")).status().unwrap();
    assert!(status.success());
    assert_eq!(bench.held("redb:b"), bench.held("redb:a"));
}

/// Nor a folder for it.
#[test]
fn new_store_is_made_for_the_command_line_alone() {
    let bench = planned();
    let plan = ["plan", "redb:a", "redb:new/host.redb", "-o", "other.json"];
    bench.ok(&plan);
    assert!(!bench.file("new").exists());
    let said = refused(&bench);
    assert!(said.contains("the store does not exist"), "{said}");
    assert!(!bench.file("new").exists());
    let target = "redb:new/host.redb";
    bench.ok(&["apply", "other.json", target, "--dry-run"]);
    assert!(!bench.file("new").exists());
    let apply = ["apply", "other.json", target, "--yes"];
    let said = bench.fails(exit::REFUSED, &apply);
    assert!(said.contains("add --create"), "{said}");
    assert!(!bench.file("new").exists());
    bench.ok(&[&apply[..], &["--create"]].concat());
    assert_eq!(bench.held(target), bench.held("redb:a"));
    let said = bench.fails(exit::REFUSED, &["apply", "plan.json", "redb:gone", "--yes"]);
    assert!(said.contains("no binding store"), "{said}");
    assert!(!bench.file("gone").exists());
}
