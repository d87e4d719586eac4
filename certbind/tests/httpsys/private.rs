//! The journal is its owner's alone.

use std::fs::Permissions;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::{Command, Output};

use super::{HASH, Host, IIS};

fn run(host: &Host, umask: &str, faults: &str, arguments: &str) -> Output {
    let path = host.folder.path().join("simulator.toml");
    std::fs::write(&path, format!("store = \"redb:records.redb\"\n{faults}")).unwrap();
    let program = env!("CARGO_BIN_EXE_certbind");
    Command::new("sh")
        .args(["-c", &format!("umask {umask}; exec {program} {arguments}")])
        .env(
            "CERTBIND_STORE",
            format!("httpsys:{}", host.library.display()),
        )
        .env("CERTBIND_HTTPAPI", &path)
        .env("CERTBIND_JOURNAL", host.folder.path().join("journal"))
        .output()
        .unwrap()
}

fn add(key: &str) -> String {
    format!("add {key} --hash {HASH} --app-id {IIS}")
}

fn mode(host: &Host, name: &str) -> u32 {
    let path = host.folder.path().join(name);
    std::fs::symlink_metadata(path)
        .unwrap()
        .permissions()
        .mode()
        & 0o777
}

#[test]
fn journal_is_private_under_any_umask() {
    for umask in ["000", "002", "022"] {
        let host = Host::new();
        assert!(run(&host, umask, "", &add("0.0.0.0:443")).status.success());
        let kill = "[[fault]]\ncall = \"update\"\nnth = 1\nkill = true\n";
        let rotate = format!("rotate {HASH} 8d90a17d2851f802b0a5619bf695b03544b8f5cb");
        assert!(!run(&host, umask, kill, &rotate).status.success());
        assert_eq!(mode(&host, "journal"), 0o700, "umask {umask}");
        assert_eq!(mode(&host, "journal/undo.journal"), 0o600, "umask {umask}");
        assert_eq!(mode(&host, "journal/lock"), 0o600, "umask {umask}");
        // Reading changes nothing; the next change reports the restored bindings.
        let listed = run(&host, umask, "", "list");
        assert!(
            String::from_utf8_lossy(&listed.stderr).contains("not rolled back yet"),
            "{listed:?}"
        );
        let added = run(&host, umask, "", &add("[::]:443"));
        assert!(added.status.success(), "{added:?}");
        assert!(!host.folder.path().join("journal/undo.journal").exists());
    }
}

#[test]
fn a_folder_that_others_may_write_to_is_refused() {
    let host = Host::new();
    let folder = host.folder.path().join("journal");
    std::fs::create_dir(&folder).unwrap();
    std::fs::set_permissions(&folder, Permissions::from_mode(0o777)).unwrap();
    let added = run(&host, "022", "", &add("0.0.0.0:443"));
    assert_eq!(added.status.code(), Some(1));
    assert!(
        String::from_utf8_lossy(&added.stderr).contains("others may write"),
        "{added:?}"
    );
    // Nor does a command that reads announce that a planted journal will be replayed.
    std::fs::write(folder.join("undo.journal"), "planted").unwrap();
    let listed = run(&host, "022", "", "list");
    assert!(listed.status.success(), "{listed:?}");
    let said = String::from_utf8_lossy(&listed.stderr);
    assert!(
        said.contains("others may write") && !said.contains("the next change undoes it"),
        "{said}"
    );
}

#[test]
fn a_planted_link_is_not_followed() {
    let host = Host::new();
    let folder = host.folder.path().join("journal");
    std::fs::create_dir(&folder).unwrap();
    std::fs::set_permissions(&folder, Permissions::from_mode(0o700)).unwrap();
    let victim = host.folder.path().join("victim");
    std::fs::write(&victim, "kept").unwrap();
    for name in ["lock", "undo.journal", "undo.journal.new"] {
        symlink(&victim, folder.join(name)).unwrap();
    }
    run(&host, "022", "", &add("0.0.0.0:443"));
    assert_eq!(std::fs::read_to_string(&victim).unwrap(), "kept");
}

/// One that was planted before the folder became private.
#[test]
fn a_planted_hard_link_is_refused() {
    let host = Host::new();
    let folder = host.folder.path().join("journal");
    std::fs::create_dir(&folder).unwrap();
    std::fs::set_permissions(&folder, Permissions::from_mode(0o700)).unwrap();
    let victim = host.folder.path().join("victim");
    for name in ["lock", "undo.journal"] {
        std::fs::write(&victim, "kept").unwrap();
        std::fs::hard_link(&victim, folder.join(name)).unwrap();
        let added = run(&host, "022", "", &add("0.0.0.0:443"));
        let said = String::from_utf8_lossy(&added.stderr);
        assert_eq!(added.status.code(), Some(1), "{name}: {said}");
        assert!(said.contains("hard link"), "{name}: {said}");
        assert_eq!(std::fs::read_to_string(&victim).unwrap(), "kept");
        std::fs::remove_file(folder.join(name)).unwrap();
    }
}

#[test]
fn taken_lock_is_reported_with_its_owner() {
    let host = Host::new();
    assert!(run(&host, "022", "", &add("0.0.0.0:443")).status.success());
    let lock = std::fs::File::open(host.folder.path().join("journal/lock")).unwrap();
    lock.lock().unwrap();
    assert!(
        run(&host, "022", "", "list").status.success(),
        "reading needs no lock"
    );
    let refused = run(&host, "022", "", &add("[::]:443"));
    let said = String::from_utf8_lossy(&refused.stderr);
    assert!(
        said.contains(&format!("process {}", std::process::id())),
        "{said}"
    );
}
