//! The history of a host in etcd.

use certbind_test_support::require;
use tempfile::TempDir;

use super::{NEW, OLD, add, certbind, done, new_host};

#[test]
fn changes_in_etcd_are_in_the_log() {
    require!("etcd");
    let (host, folder) = (new_host(), TempDir::new().unwrap());
    let file = folder.path().join("history.redb").display().to_string();
    let (recording, look) = (format!("redb:{file}"), ["record", &host, "--into", &file]);
    let record = || done("memory:", &look);

    // A host without a record in etcd is not the same as one without bindings.
    let unknown = certbind("memory:", &look);
    let said = String::from_utf8_lossy(&unknown.stderr);
    assert_eq!(unknown.status.code(), Some(1));
    assert!(said.contains("no binding store at etcd://"), "{said}");
    assert!(!folder.path().join("history.redb").exists());

    add(&host, "0.0.0.0:443");
    let name = host.rsplit('/').next().unwrap();
    let printed = record();
    assert!(
        printed.contains(&format!("{name}: first reading")),
        "{printed}"
    );
    done(&host, &["rotate", OLD, NEW]);
    assert!(record().contains("made by unknown, between"));
    let log = done(&recording, &["log"]);
    assert!(
        log.contains(&format!("made by unknown on {name}, between")),
        "{log}"
    );
    assert!(done(&recording, &["show", "0.0.0.0:443", "--at", "1"]).contains(OLD));

    let other = new_host();
    add(&other, "0.0.0.0:443");
    let refused = certbind("memory:", &["record", &other, "--into", &file]);
    let said = String::from_utf8_lossy(&refused.stderr);
    assert_eq!(refused.status.code(), Some(1));
    assert!(
        said.contains(&format!("is a recording of {name}")),
        "{said}"
    );
}
