//! Hosts with accounts, reservations, certificates and servers of their own.

#![cfg(target_os = "linux")]

#[allow(dead_code, reason = "each test file uses a part")]
mod common;

use certbind_harness::{Call, Fault, HarnessError, Privilege};
use certbind_test_support::{cargo, packages, require};
use common::{PROGRAMS, harness, kit, run};

const SVC: &str = "S-1-5-21-3623811015-3361044348-30300820-1104";

/// Nearly half of the public command lines of `add urlacl` name an account of the host or its domain.
#[test]
fn netsh_knows_the_accounts_of_the_host() {
    let harness = harness()
        .machine("WEB1")
        .and_then(|host| host.account("CONTOSO\\svc-web", SVC))
        .and_then(|host| host.run_as("svc-web"))
        .expect("there can be such accounts");
    let netsh = |arguments: &[&str]| {
        let mut netsh = harness.command("netsh").expect("a command");
        run(netsh.arg("http").args(arguments).env("USERNAME", "ann"))
    };
    for (port, user, code) in [
        ("81", "user=contoso\\SVC-WEB", 0),
        ("82", "user=svc-web", 0),
        ("83", "user=WEB1\\ann", 0),
        ("84", "user=Tout le monde", 0),
        ("85", "user=Jeder", 0),
        ("86", "user=Todos", 0),
        ("87", "user=Все", 0),
        ("88", "user=CONTOSO\\ann", 1),
    ] {
        let url = format!("url=http://+:{port}/");
        let (exit, said) = netsh(&["add", "urlacl", &url, user]);
        assert_eq!(exit, Some(code), "{user}: {said}");
    }
    let (_, shown) = netsh(&["show", "urlacl"]);
    assert_eq!(
        shown.matches("User: CONTOSO\\svc-web\n").count(),
        2,
        "{shown}"
    );
    assert_eq!(shown.matches("User: WEB1\\ann\n").count(), 1, "{shown}");
    assert_eq!(shown.matches("User: \\Everyone\n").count(), 4, "{shown}");
    assert_eq!(shown.matches(SVC).count(), 2, "{shown}");
}

/// They are refused when they are given, in spite of other errors in the test.
#[test]
fn accounts_that_cannot_be_are_refused() {
    let fault = || harness().fault(Fault::at(Call::Set, 1).answers(5));
    for refused in [
        fault().account("CONTOSO\\x", "1104"),
        fault().account("a:b", SVC),
        fault().account("BUILTIN\\Users", SVC),
        fault().run_as("nobody-here"),
        fault().machine("a/b"),
    ] {
        assert!(
            matches!(refused, Err(HarnessError::Account(_))),
            "{refused:?}"
        );
    }
}

#[test]
fn stock_host_has_the_reservations_of_windows() {
    let harness = harness().stock().expect("they are set");
    let mut netsh = harness.command("netsh").expect("a command");
    let (code, shown) = run(netsh.args(["http", "show", "urlacl"]));
    assert_eq!(code, Some(0), "{shown}");
    assert_eq!(shown.matches("Reserved URL").count(), 7, "{shown}");
    for user in [
        "NT SERVICE\\WinRM",
        "NT SERVICE\\SstpSvc",
        "\\Everyone",
        "NT AUTHORITY\\LOCAL SERVICE",
    ] {
        assert!(
            shown.contains(&format!("User: {user}\n")),
            "{user}: {shown}"
        );
    }
    assert_eq!(harness.url_reservations().expect("they are read").len(), 7);
}

#[test]
fn harness_lists_registrations_of_servers() {
    require!("python3");
    let harness = harness()
        .privilege(Privilege::StandardUser)
        .run_as("NETWORK SERVICE")
        .and_then(|host| host.reserve("http://+:8080/app/", "D:(A;;GX;;;NS)"))
        .expect("it is reserved");
    let mut server = harness.command("python3").expect("a command");
    let urls = ["http://+:8080/app/", "http://+:8080/", "http://+:8080/APP/"];
    let (code, said) = run(server.arg(format!("{PROGRAMS}/serve.py")).args(urls));
    assert_eq!((code, &*said), (Some(0), "0\n5\n183\n"));
    let found = harness.registrations().expect("they are read");
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].url.as_str(), "http://+:8080/app/");
    assert!(!found[0].is_active && found[0].process > 0);
    let calls = harness.calls().expect("they are read");
    assert!(calls.iter().any(|call| call.result == 183), "{calls:?}");
}

#[test]
fn program_can_bind_a_certificate_that_was_just_installed() {
    let certified = rcgen::generate_simple_self_signed(["www.example.com".into()]).unwrap();
    let harness = harness();
    let folder = harness.folder().join("made");
    std::fs::create_dir(&folder).unwrap();
    let file = folder.join("www.pem");
    std::fs::write(&file, certified.cert.pem()).unwrap();
    let hash = certbind_certificates::hash_of_file(&std::fs::read(&file).unwrap()).unwrap();
    harness.certificate_folder().unwrap();
    let add = |key: &str| {
        let mut netsh = harness.command("netsh").unwrap();
        netsh.args(["http", "add", "sslcert", &format!("ipport={key}")]);
        netsh.arg(format!("certhash={hash}"));
        run(netsh.arg("appid={4dc3e181-e14b-4a21-b022-59fc669b0914}"))
    };
    let (code, said) = add("0.0.0.0:443");
    assert!(code == Some(1) && said.contains("1312"), "{said}");
    harness.install_certificate(&file).unwrap();
    let (code, said) = add("0.0.0.0:443");
    assert_eq!(code, Some(0), "{said}");
    let refused = harness.install_certificate(harness.folder().join("simulator.toml"));
    assert!(matches!(refused, Err(HarnessError::Certificate { .. })));
}

/// docs/test-an-installer.md.
#[test]
fn rust_tests_of_an_installer_pass_as_printed() {
    let page = include_str!("../../../docs/test-an-installer.md");
    let (_, printed) = page.split_once("```rust\n").expect("the block");
    let (printed, _) = printed.split_once("```").expect("its end");
    let here = include_str!("installer.rs").replace("../../examples/install.sh", "install.sh");
    assert_eq!(printed, here);

    let kit = kit();
    let target = kit.parent().expect("the target directory");
    let tests = cargo(env!("CARGO"))
        .args(["test", "--quiet"])
        .args(packages(&["certbind-harness"]))
        .args(["--test", "installer", "--target-dir"])
        .arg(target)
        .env("CERTBIND_KIT", &kit)
        .output()
        .expect("cargo runs");
    let said = String::from_utf8_lossy(&tests.stdout);
    let complaint = String::from_utf8_lossy(&tests.stderr);
    assert!(
        tests.status.success() && said.contains("5 passed"),
        "{said}{complaint}"
    );
}
