//! `certbind` over a host that is kept in etcd.

#![allow(clippy::unwrap_used, reason = "tests may unwrap")]

#[path = "../common/mod.rs"]
mod common;
mod fleet;
mod fleet_plan;
mod outputs;
#[cfg(target_os = "linux")]
mod pages;
mod recording;
#[cfg(unix)]
mod serving;
#[cfg(target_os = "linux")]
mod sync;

use std::process::{Command, Output};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use certbind_etcd_server::Server;
use certbind_test_support::require;
use tempfile::TempDir;

const OLD: &str = "5226dc6c54559761cd471b86eb51c096252c90f2";
const NEW: &str = "8d90a17d2851f802b0a5619bf695b03544b8f5cb";
const APP: &str = "4dc3e181-e14b-4a21-b022-59fc669b0914";

fn server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(Server::start)
}

/// The URL of a host that no other test has.
fn new_host() -> String {
    static HOSTS: AtomicU64 = AtomicU64::new(0);
    let host = HOSTS.fetch_add(1, Ordering::Relaxed);
    format!("etcd://{}/host{host}", server().endpoint())
}

fn certbind(store: &str, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_certbind"))
        .args(["--store", store])
        .args(arguments)
        .env_remove("CERTBIND_STORE")
        .output()
        .unwrap()
}

/// The output of a successful command.
fn done(store: &str, arguments: &[&str]) -> String {
    let output = certbind(store, arguments);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{arguments:?}: {said}");
    String::from_utf8(output.stdout).unwrap()
}

/// The error of a failing command.
fn refused(store: &str, arguments: &[&str]) -> String {
    let output = certbind(store, arguments);
    assert!(!output.status.success(), "{arguments:?}");
    String::from_utf8(output.stderr).unwrap()
}

fn add(store: &str, key: &str) {
    let arguments = [
        "add",
        key,
        "--hash",
        OLD,
        "--app-id",
        APP,
        "--store-name",
        "MY",
    ];
    done(store, &arguments);
}

#[test]
fn a_host_in_etcd_is_a_store_like_any_other() {
    require!("etcd");
    let host = new_host();
    let unknown = refused(&host, &["list"]);
    assert!(unknown.contains("no binding store at etcd://"), "{unknown}");
    assert!(
        unknown.contains("certbind list --fleet etcd://"),
        "{unknown}"
    );
    add(&host, "0.0.0.0:443");
    add(&host, "hostnameport=www.contoso.com:443");
    assert!(
        refused(
            &host,
            &["add", "0.0.0.0:443", "--hash", NEW, "--app-id", APP]
        )
        .contains("already bound")
    );
    assert!(done(&host, &["rotate", OLD, NEW]).contains("Renewed 2 bindings"));
    assert!(done(&host, &["show", "0.0.0.0:443"]).contains(NEW));
    done(&host, &["delete", "0.0.0.0:443"]);
    assert!(done(&host, &["check"]).contains("1 binding, revision "));
    assert!(!done(&host, &["list"]).contains("0.0.0.0:443"));
}

#[test]
fn host_moves_into_etcd_and_out_of_it() {
    require!("etcd");
    let (host, folder) = (new_host(), TempDir::new().unwrap());
    let path = |name: &str| folder.path().join(name).display().to_string();
    let file = format!("redb:{}", path("bindings.redb"));
    for port in [443, 8443, 9443] {
        add(&file, &format!("[::]:{port}"));
    }
    let export = path("export.json");
    done(&file, &["export", "-o", &export]);
    done(&host, &["import", &export]);
    assert!(done(&host, &["diff", &file, &host]).contains("The same: 3 bindings"));

    done(&host, &["delete", "[::]:443"]);
    let plan = path("plan.json");
    done(&file, &["plan", &host, &file, "--prune", "-o", &plan]);
    done(&file, &["apply", &plan, "--yes"]);
    assert!(done(&host, &["diff", &file, &host]).contains("The same: 2 bindings"));
}

/// A plan names an etcd server; the credentials of the environment are not sent to it.
#[test]
fn plan_cannot_choose_who_receives_a_password() {
    require!("etcd");
    let (host, folder) = (new_host(), TempDir::new().unwrap());
    add(&host, "0.0.0.0:443");
    let plan = folder.path().join("plan.json").display().to_string();
    done(&host, &["rotate", OLD, NEW, "--export", &plan]);
    let apply = Command::new(env!("CARGO_BIN_EXE_certbind"))
        .args(["apply", &plan, "--yes"])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&apply.stderr).into_owned();
    assert!(
        !apply.status.success() && said.contains("name the store"),
        "{said}"
    );
    assert!(done(&host, &["show", "0.0.0.0:443"]).contains(OLD));
    done(&host, &["apply", &plan, &host, "--yes"]);
    assert!(done(&host, &["show", "0.0.0.0:443"]).contains(NEW));
}

/// The message names the limit.
#[test]
fn import_beyond_the_limit_is_refused() {
    require!("etcd");
    let (host, folder) = (new_host(), TempDir::new().unwrap());
    let file = format!("redb:{}", folder.path().join("bindings.redb").display());
    let script: Vec<_> = (1..=128)
        .map(|port| {
            format!("http add sslcert ipport=0.0.0.0:{port} certhash={OLD} appid={{{APP}}}")
        })
        .collect();
    let commands = folder.path().join("commands.txt");
    std::fs::write(&commands, script.join("\r\n")).unwrap();
    let commands = commands.display().to_string();
    done(&file, &["netsh", "-f", &commands]);
    let export = folder.path().join("export.json").display().to_string();
    done(&file, &["export", "-o", &export]);
    let said = refused(&host, &["import", &export]);
    assert!(
        said.contains("at most 127") && said.contains("--max-txn-ops"),
        "{said}"
    );
}

/// A server of its own, and hosts in it.
fn fleet(hosts: &[(&str, &[&str])]) -> (Server, String) {
    let server = Server::start();
    let url = format!("etcd://{}/", server.endpoint());
    for (host, keys) in hosts {
        for key in *keys {
            add(&format!("{url}{host}"), key);
        }
    }
    (server, url)
}

#[test]
fn a_certificate_is_renewed_on_every_host_of_a_fleet() {
    require!("etcd");
    let hosts: [(&str, &[&str]); 3] = [
        ("web01", &["0.0.0.0:443", "[::]:443"]),
        ("web02", &["0.0.0.0:443"]),
        ("web03", &[]),
    ];
    let (_server, url) = fleet(&hosts);
    let other = ["add", "ccs=443", "--app-id", APP];
    done(&format!("{url}web03"), &other);
    let listed = done("memory:", &["list", "--fleet", &url]);
    assert!(listed.contains("web01: 2 bindings\n") && listed.contains("4 bindings of 3 hosts"));

    let rotate = ["rotate", OLD, NEW, "--fleet", &url];
    let would = done("memory:", &[&rotate[..], &["--dry-run"]].concat());
    assert!(
        would.contains("Would renew 3 bindings of 2 hosts"),
        "{would}"
    );
    assert!(done("memory:", &["list", "--fleet", &url]).contains(OLD));
    let renewed = done("memory:", &rotate);
    assert!(
        renewed.contains("Renewed 3 bindings of 2 hosts"),
        "{renewed}"
    );
    assert!(renewed.contains("Nothing to renew: 1 host\n"), "{renewed}");
    let listed = done("memory:", &["list", "--fleet", &url, "--format", "json"]);
    assert!(listed.contains(NEW) && !listed.contains(OLD), "{listed}");
    // A second run has nothing left to do.
    let prefix = ["rotate", "--from", &OLD[..8], "--to", NEW, "--fleet", &url];
    let unused = "ab".repeat(20);
    let unknown = ["rotate", "--from", OLD, "--to", &unused, "--fleet", &url];
    let folder = TempDir::new().unwrap();
    let plan = folder.path().join("plan.json");
    for mode in [
        &[][..],
        &["--dry-run"],
        &["--export", plan.to_str().unwrap()],
    ] {
        for rotate in [&rotate[..], &prefix] {
            let again = done("memory:", &[rotate, mode].concat());
            assert!(again.contains("Already renewed: 3 bindings use"), "{again}");
            let json = done("memory:", &[rotate, mode, &["--format", "json"]].concat());
            let json: serde_json::Value = serde_json::from_str(&json).unwrap();
            assert_eq!(json["renewed"], serde_json::json!({}), "{json}");
            assert_eq!(json["unchanged"], 3, "{json}");
        }
        let output = certbind("memory:", &[&unknown[..], mode].concat());
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains("no binding uses the certificate"), "{said}");
    }
    assert!(!plan.exists());
}

/// A prefix is looked up among the bindings of all hosts before the first one is renewed.
#[test]
fn unique_prefix_is_looked_up_in_the_whole_fleet() {
    require!("etcd");
    let keys: &[&str] = &["0.0.0.0:443"];
    let (_server, url) = fleet(&[("web01", keys), ("web02", keys)]);
    let other = format!("{}0123456789", &OLD[..30]);
    let add = ["add", "0.0.0.0:8443", "--hash", &other, "--app-id", APP];
    done(&format!("{url}web02"), &add);
    let before = done("memory:", &["list", "--fleet", &url]);
    for (from, to, reason) in [
        (&OLD[..6], NEW, "several hashes start with 5226dc"),
        (
            "beef",
            NEW,
            "no binding uses a certificate whose hash starts with beef",
        ),
        (
            OLD,
            "beef",
            "no binding uses a certificate whose hash starts with beef",
        ),
    ] {
        let rotate = ["rotate", "--from", from, "--to", to, "--fleet", &url];
        let said = refused("memory:", &rotate);
        assert!(said.contains(reason), "{said}");
        assert_eq!(done("memory:", &["list", "--fleet", &url]), before);
    }
    let rotate = ["rotate", "--from", &OLD[..39], "--to", NEW, "--fleet", &url];
    let renewed = done("memory:", &rotate);
    assert!(
        renewed.contains("Renewed 2 bindings of 2 hosts"),
        "{renewed}"
    );
    // `to` as well, now that the new certificate is bound.
    let rotate = [
        "rotate",
        "--from",
        &other,
        "--to",
        &NEW[..4],
        "--fleet",
        &url,
    ];
    let renewed = done("memory:", &rotate);
    assert!(renewed.contains("Renewed 1 binding of 1 host"), "{renewed}");
    let listed = done("memory:", &["list", "--fleet", &url, "--format", "json"]);
    assert_eq!(listed.matches(NEW).count(), 3, "{listed}");
}

#[test]
fn failing_host_does_not_stop_the_others() {
    require!("etcd", "etcdctl");
    let keys: &[&str] = &["0.0.0.0:443"];
    let (server, url) = fleet(&[("web01", keys), ("web02", keys), ("web03", keys)]);
    // The row there has an unknown version.
    let damaged = "/certbind/v1/web02/\u{3}11";
    let _ = server.ctl(&["put", damaged, "x"]);
    let rotate = ["rotate", OLD, NEW, "--fleet", &url];
    let output = certbind("memory:", &rotate);
    let (said, printed) = (
        String::from_utf8_lossy(&output.stdout).into_owned(),
        String::from_utf8_lossy(&output.stderr).into_owned(),
    );
    assert_eq!(output.status.code(), Some(1));
    assert!(
        printed.contains("web02: ") && printed.contains("ccs=12593"),
        "{printed}"
    );
    assert!(said.contains("Renewed 2 bindings of 2 hosts"), "{said}");
    assert!(said.contains("Failed: 1 host; run it again"), "{said}");

    let _ = server.ctl(&["del", damaged]);
    assert!(done("memory:", &rotate).contains("Renewed 1 binding of 1 host\n"));
}

#[test]
fn a_fleet_is_no_host_and_a_host_no_fleet() {
    require!("etcd");
    let said = refused("memory:", &["list", "--fleet", "etcd://127.0.0.1/web01"]);
    assert!(said.contains("the URL names the host web01"), "{said}");
    let apply = [
        "apply",
        "plan.json",
        "memory:",
        "--fleet",
        "etcd://127.0.0.1/",
    ];
    assert!(refused("memory:", &apply).contains("cannot be used with"));
}

#[test]
fn malformed_url_is_reported_with_the_syntax() {
    require!("etcd");
    for (url, named) in [
        ("etcd://", "not an endpoint"),
        ("etcd://127.0.0.1:2379/", "names no host"),
        (
            "etcd://127.0.0.1:2379/host?password=secret",
            "CERTBIND_ETCD_PASSWORD",
        ),
    ] {
        let said = refused(url, &["list"]);
        assert!(said.contains(named), "{said}");
    }
    let nobody = "etcd://127.0.0.1:1/host?retry_timeout=0.2";
    let said = refused(nobody, &["list"]);
    assert!(said.contains("Connection refused"), "{said}");
}

#[test]
fn the_environment_has_the_user_and_its_password() {
    require!("etcd", "etcdctl");
    let server = Server::start();
    for arguments in [
        &["user", "add", "root:hunter2"][..],
        &["user", "grant-role", "root", "root"],
        &["auth", "enable"],
    ] {
        let _ = server.ctl(arguments);
    }
    let host = format!("etcd://{}/web01", server.endpoint());
    let said = refused(&host, &["list"]);
    assert!(said.contains("user name is empty"), "{said}");
    let add = ["add", "0.0.0.0:443", "--hash", OLD, "--app-id", APP];
    let command = |password: &str, endpoints: &str| {
        Command::new(env!("CARGO_BIN_EXE_certbind"))
            .args(["--store", &host])
            .args(add)
            .env("CERTBIND_ETCD_USER", "root")
            .env("CERTBIND_ETCD_PASSWORD", password)
            .env("CERTBIND_ETCD_ENDPOINTS", endpoints)
            .output()
            .unwrap()
    };
    let ours = server.endpoint();
    let wrong = command("*******", &ours);
    assert!(!wrong.status.success());
    assert!(!String::from_utf8_lossy(&wrong.stderr).contains("*******"));
    // Another server's credentials are not sent, so that this one refuses.
    let elsewhere = command("hunter2", "etcd1.contoso.com");
    let said = String::from_utf8_lossy(&elsewhere.stderr).into_owned();
    assert!(!elsewhere.status.success());
    assert!(said.contains("CERTBIND_ETCD_USER is ignored"), "{said}");
    assert!(said.contains("user name is empty"), "{said}");
    assert!(command("hunter2", &ours).status.success());
}

/// An odd key in etcd hides no other host.
/// Names of files and users on this machine do not belong in an export.
#[test]
fn exports_name_the_store_without_its_options() {
    require!("etcd");
    let server = Server::start();
    let url = format!("etcd://{}/", server.endpoint());
    let add = ["add", "0.0.0.0:443", "--hash", OLD, "--app-id", APP];
    done(&format!("{url}web01"), &add);
    let export = done(
        &format!("{url}web01?retry_timeout=7"),
        &["export", "--format", "json"],
    );
    assert!(export.contains("web01"), "{export}");
    assert!(!export.contains("retry_timeout"), "{export}");
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().display().to_string();
    let fleet = format!("{url}?retry_timeout=7");
    done("memory:", &["export", "--fleet", &fleet, "-o", &path]);
    let export = std::fs::read_to_string(folder.path().join("web01.json")).unwrap();
    assert!(export.contains("etcd://"), "{export}");
    assert!(!export.contains("retry_timeout"), "{export}");
    let plan = folder.path().join("plan.json").display().to_string();
    let rotate = ["rotate", OLD, NEW, "--fleet", &fleet, "--export", &plan];
    done("memory:", &rotate);
    let plan = std::fs::read_to_string(plan).unwrap();
    assert!(
        plan.contains("web01") && !plan.contains("retry_timeout"),
        "{plan}"
    );
}
