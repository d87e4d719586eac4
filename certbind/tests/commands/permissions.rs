//! What the program creates is its owner's alone, under any umask.

#![cfg(unix)]

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use super::{HASH, IIS, NEXT};

/// Everything in a folder and below it.
fn created(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in folder.read_dir().unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(created(&path));
        }
        found.push(path);
    }
    found
}

/// Who may write to a folder may replace the stores, plans and scripts in it.
#[test]
fn files_and_their_folders_are_private_under_any_umask() {
    for umask in ["000", "002", "022"] {
        let folder = TempDir::new().unwrap();
        for line in [
            // The default store, in the data directory.
            &format!("add 0.0.0.0:443 --hash {HASH} --app-id {IIS} --store-name MY"),
            "export -o export.json --host web01",
            "export -o listing.txt --format netsh",
            &format!("rotate {HASH} {NEXT} --export plan.json"),
            "apply plan.json --yes --confirm 1s",
            "apply plan.json --yes --undo back.json",
            "plan export.json redb:new/deep/host.redb -o other.json",
            "apply other.json redb:new/deep/host.redb --create --yes",
            &format!("rotate --from {HASH} --to {NEXT} export.json --out renewal/all"),
            "audit export.json --fail-on never --save-baseline kept/baselines",
            "audit export.json --fail-on never --output html=report.html",
            "record export.json --host web01 --into redb:history.redb",
        ] {
            let program = env!("CARGO_BIN_EXE_certbind");
            let output = Command::new("sh")
                .args(["-c", &format!("umask {umask}; exec {program} {line}")])
                .current_dir(folder.path())
                .env_remove("CERTBIND_STORE")
                .env("XDG_DATA_HOME", folder.path().join("data"))
                .output()
                .unwrap();
            // Changes that were not confirmed are rolled back.
            let code = i32::from(line.contains("--confirm"));
            assert_eq!(
                output.status.code(),
                Some(code),
                "{umask}: {line}: {output:?}"
            );
        }
        let created = created(folder.path());
        assert!(created.len() > 20, "{created:?}");
        for path in created {
            let metadata = path.metadata().unwrap();
            let mode = metadata.permissions().mode() & 0o777;
            let expected = if metadata.is_dir() { 0o700 } else { 0o600 };
            // A lock is empty, and in a folder that no other user can enter.
            let is_lock = path.extension().is_some_and(|it| it == "lock");
            assert!(
                mode == expected || is_lock,
                "umask {umask}: {} has mode {mode:o}",
                path.display()
            );
        }
    }
}
