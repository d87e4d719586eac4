//! The pages about etcd: their `sh` blocks are executed against a real server.

use std::path::Path;
use std::process::Command;

use certbind_etcd_server::Server;
use certbind_test_support::require;
use tempfile::TempDir;

const OLD: &str = "61d34f532da121bbab64723c4871e72c92f03735";

/// The `sh` blocks of a page.
fn blocks(page: &str) -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(page);
    let page = std::fs::read_to_string(path).unwrap();
    let blocks = page.split("```sh\n").skip(1);
    let blocks = blocks.map(|block| block.split_once("```").unwrap().0.to_owned());
    blocks.collect()
}

/// A server, and a folder with the files that the pages name.
fn site() -> (Server, TempDir) {
    let folder = TempDir::new().unwrap();
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples");
    std::fs::create_dir(folder.path().join("certificates")).unwrap();
    for (example, file) in [
        ("host-2022.txt", "web01.txt"),
        ("renewed.pem", "www.pem"),
        ("renewed.pem", "certificates/www.pem"),
    ] {
        std::fs::copy(examples.join(example), folder.path().join(file)).unwrap();
    }
    let server = Server::start();
    runs(
        &server,
        &folder,
        "certbind export --from web01.txt -o web01.json\n",
    );
    (server, folder)
}

/// Runs the lines of a block. Each has to succeed, and one with `--watch` to be running still after
/// two seconds.
fn runs(server: &Server, folder: &TempDir, block: &str) {
    let program = Path::new(env!("CARGO_BIN_EXE_certbind")).parent().unwrap();
    let path = std::env::var("PATH").unwrap();
    for line in block.lines() {
        let mut line = line
            .replace("etcd://etcd1,etcd2,etcd3/", "etcd://etcd1/")
            .replace("etcd://etcd1/", &format!("etcd://{}/", server.endpoint()))
            .replace("httpsys:", "redb:host.redb")
            .replace("OLD-HASH", OLD)
            .replace("NEW-HASH", super::NEW);
        let mut code = 0;
        if line.contains("--watch") {
            line = format!("timeout 2 {line}");
            code = 124;
        }
        let output = Command::new("sh")
            .args(["-c", &line])
            .current_dir(folder.path())
            .env("PATH", format!("{}:{path}", program.display()))
            .env("XDG_DATA_HOME", folder.path())
            .env("ETCDCTL_API", "3")
            .env("ETCDCTL_ENDPOINTS", server.endpoint())
            .env_remove("CERTBIND_STORE")
            .output()
            .unwrap();
        let [printed, errors] =
            [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text));
        assert_eq!(
            output.status.code(),
            Some(code),
            "{line}\n{printed}\n{errors}"
        );
    }
}

#[test]
fn commands_of_the_page_about_hosts_run() {
    require!("etcd", "etcdctl");
    let (server, folder) = site();
    let blocks = blocks("docs/etcd.md");
    let [import, remove, role] = &blocks[..] else {
        panic!("{blocks:?}");
    };
    runs(&server, &folder, import);
    let key = "/certbind/v1/.hosts/web01";
    assert!(server.ctl(&["get", "--keys-only", key]).contains(key));
    runs(&server, &folder, remove);
    let left = server.ctl(&["get", "--keys-only", "--prefix", "/certbind/"]);
    assert_eq!(left.trim(), "");
    runs(&server, &folder, role);
    let role = server.ctl(&["role", "get", "web01"]);
    assert!(role.contains("/certbind/v1/web01/"), "{role}");
}

#[test]
fn commands_of_the_page_about_fleets_run() {
    require!("etcd", "etcdctl", "timeout");
    let (server, folder) = site();
    let blocks = blocks("docs/fleet.md");
    assert_eq!(blocks.len(), 5, "{blocks:?}");
    for block in &blocks {
        // The renewals of the page start from the same bindings.
        let hosts = "certbind import web01.json --on-conflict replace --store etcd://etcd1/web01\n\
            certbind set 0.0.0.0:443 --cert www.pem --app-id IIS --store etcd://etcd1/web02\n";
        runs(&server, &folder, hosts);
        runs(&server, &folder, block);
    }
    let renewed = std::fs::read_to_string(folder.path().join("plan.json")).unwrap();
    assert!(renewed.contains(super::NEW), "{renewed}");
}
