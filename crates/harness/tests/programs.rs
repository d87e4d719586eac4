//! Programs in several languages, run as a test of them would run them.

#![cfg(target_os = "linux")]

#[allow(dead_code, reason = "each test file uses a part")]
mod common;
mod under_wine;

use std::process::Command;

use certbind_core::{Binding, Record, Uuid};
use certbind_harness::{
    Call, CertificateState, Fault, Function, Harness, HarnessError, HostCommand, Privilege,
    Profile, TimeoutKey, install_in_wine_prefix,
};
use certbind_test_support::require;
use common::{PROGRAMS, bound, compile, harness, run};

fn c_program(harness: &Harness) -> HostCommand {
    let library = harness.folder().join("lib/libhttpapi.so");
    let program = compile(harness, "gcc", "bind", &[library]);
    harness.command(program).expect("a command")
}

fn python_program(harness: &Harness) -> HostCommand {
    let mut python = harness.command("python3").expect("a command");
    python.arg(format!("{PROGRAMS}/bind.py"));
    python
}

fn install_script(harness: &Harness) -> HostCommand {
    harness
        .command(format!("{PROGRAMS}/install.sh"))
        .expect("a command")
}

fn old() -> Binding {
    let record = Record::new(
        [9; 20].into(),
        Some("MY".parse().expect("a name")),
        Uuid::nil(),
    );
    let key = "hostnameport=old.contoso.com:443".parse().expect("a key");
    Binding::new(key, record).expect("a binding")
}

#[test]
fn a_c_program_binds_in_the_harness_alone() {
    require!("gcc");
    let (mine, other) = (harness(), harness());
    let (code, said) = run(&mut c_program(&mine));
    assert_eq!(code, Some(0), "{said}");
    mine.assert_bindings([bound()]);
    other.assert_bindings([]);
}

/// No program reaches the library that `CERTBIND_PASS` of the environment names.
#[test]
fn environment_cannot_redirect_calls() {
    require!("gcc");
    let tests = std::env::current_exe().expect("the tests");
    let output = Command::new(tests)
        .args(["--exact", "a_c_program_binds_in_the_harness_alone"])
        .env("CERTBIND_PASS", "/no/library.so")
        .output();
    let output = output.expect("they run");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.contains("1 passed"), "{said}");
}

#[test]
fn c_program_gets_the_code_of_a_missing_certificate() {
    require!("gcc");
    let hash = bound().record().certificate.as_ref().unwrap().hash;
    let harness = harness().certificate(hash, CertificateState::WithoutKey);
    let (code, said) = run(&mut c_program(&harness));
    assert_eq!(code, Some(3), "{said}");
    harness.assert_unchanged();
}

/// And `netsh` shows the bindings that it made.
#[test]
fn python_program_finds_the_library_by_name() {
    require!("python3");
    let harness = harness();
    let (code, said) = run(&mut python_program(&harness));
    assert_eq!(code, Some(0), "{said}");
    assert!(
        said.contains("0102030405060708090a0b0c0d0e0f1011121314"),
        "{said}"
    );
    harness.assert_bindings([bound()]);
}

#[test]
fn a_python_program_meets_a_fault() {
    require!("python3");
    let harness = harness().fault(Fault::at(Call::Set, 1).answers(1312));
    let (code, said) = run(&mut python_program(&harness));
    assert_eq!(code, Some(3), "{said}");
    harness.assert_unchanged();
    // Faults are those of the programs that are run from then on.
    let harness = harness.without_faults();
    assert_eq!(run(&mut python_program(&harness)).0, Some(0));
}

/// The message of a panic.
fn message(action: impl FnOnce() + std::panic::UnwindSafe) -> String {
    let panic = std::panic::catch_unwind(action).expect_err("a panic");
    let text = panic.downcast_ref::<String>().cloned();
    text.unwrap_or_else(|| (*panic.downcast_ref::<&str>().expect("a text")).to_owned())
}

#[test]
fn fault_that_no_program_meets_fails_the_test() {
    let failed = message(|| {
        let harness = harness()
            .fault(Fault::at(Call::Set, 1).answers(5))
            .fault(Fault::at(Call::Update, 7).answers(1312))
            .fault(Fault::at(Call::Update, 8).kills().optional());
        let (code, said) = run(&mut install_script(&harness));
        assert_eq!(code, Some(1), "{said}");
        drop(harness.without_faults());
    });
    assert!(failed.contains("Update, nth: 7"), "{failed}");
    assert!(!failed.contains("Set, nth: 1"), "{failed}");
    assert!(!failed.contains("nth: 8"), "{failed}");
}

#[test]
fn fault_that_does_nothing_is_refused() {
    let refused = message(|| drop(harness().fault(Fault::at(Call::Set, 1))));
    assert!(refused.contains("the fault does nothing"), "{refused}");
    for nth in [0, u64::MAX] {
        let refused = message(move || drop(Fault::at(Call::Set, nth)));
        assert!(refused.contains("no call"), "{refused}");
    }
}

/// An error of the harness is reported, instead of pending faults.
#[test]
fn error_of_a_harness_with_faults_is_returned() {
    let fault = || harness().fault(Fault::at(Call::Set, 1).answers(5));
    assert!(matches!(
        fault().seed(b"nothing of the kind"),
        Err(HarnessError::Export(_))
    ));
    assert!(matches!(
        fault().reserve("http://+:80", "D:"),
        Err(HarnessError::Service(_))
    ));
}

#[test]
fn configuration_that_the_simulator_refuses_is_an_error() {
    let harness = harness();
    let library = harness.folder().join("lib/libhttpapi.so");
    std::fs::remove_file(&library).unwrap();
    std::fs::write(&library, "no library").unwrap();
    let refused = harness.command("netsh");
    assert!(
        matches!(refused, Err(HarnessError::Refused(_))),
        "{refused:?}"
    );
}

#[test]
fn nothing_is_unchanged_without_a_call() {
    let failed = message(|| {
        let harness = harness();
        assert_eq!(run(&mut harness.command("true").unwrap()).0, Some(0));
        harness.assert_unchanged();
    });
    assert!(failed.contains("no program has called"), "{failed}");
    let harness = harness();
    let mut netsh = harness.command("netsh.exe").unwrap();
    run(netsh.args(["http", "show", "sslcert"]));
    harness.assert_unchanged();
    let calls = harness.calls().unwrap();
    assert_eq!(calls[0].call, Function::Initialize);
}

#[test]
fn program_that_cannot_load_the_library_is_an_error() {
    require!("python3");
    let harness = harness();
    let mut load = harness.command("python3").unwrap();
    load.args(["-c", "import ctypes; ctypes.CDLL('Httpapi.dll')"]);
    assert!(load.status().unwrap().success());
    load.env_remove("LD_LIBRARY_PATH");
    let ends = |message: &str| {
        let mut shell = harness.command("sh").unwrap();
        shell.args(["-c", "echo \"$0\" >&2; exit 1", message]);
        shell.status()
    };
    for failed in [
        load.output().map(|output| output.status),
        load.status(),
        load.spawn().unwrap().wait(),
        // Of koffi, of Go and of Python on Windows.
        ends("Error: Failed to load shared library: no such file"),
        ends("panic: Failed to load httpapi.dll: The specified module could not be found."),
        ends(
            "FileNotFoundError: Could not find module 'httpapi.dll' (or one of its dependencies).",
        ),
    ] {
        assert!(
            matches!(failed, Err(HarnessError::NotLoaded(_))),
            "{failed:?}"
        );
    }
    for message in [
        "panic: Failed to load kernel32.dll: no.",
        "httpapi failed to load",
    ] {
        assert_eq!(ends(message).unwrap().code(), Some(1), "{message}");
    }
}

#[test]
fn a_shell_script_calls_netsh() {
    let harness = harness().seed_bindings([old()]).unwrap();
    let (code, said) = run(&mut install_script(&harness));
    assert_eq!(code, Some(0), "{said}");
    harness.assert_bindings([bound()]);
}

#[test]
fn shell_script_stops_at_a_refusal_of_netsh() {
    let harness = harness().privilege(Privilege::StandardUser);
    let harness = harness.seed_bindings([old()]).unwrap();
    let (code, said) = run(&mut install_script(&harness));
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("Error: 5"), "{said}");
    harness.assert_unchanged();
}

#[test]
fn netsh_is_that_of_the_profile() {
    let harness = harness().profile(Profile::Windows10V1607);
    let mut update = harness.command("netsh").unwrap();
    let (code, said) = run(update.args(["http", "update", "sslcert", "ipport=0.0.0.0:1"]));
    assert_eq!(code, Some(1));
    assert!(said.contains("was not found"), "{said}");
}

#[test]
fn a_program_that_is_killed_leaves_the_store_readable() {
    require!("gcc");
    let harness = harness().fault(Fault::at(Call::Set, 1).kills());
    let (code, _) = run(&mut c_program(&harness));
    assert_eq!(code, None, "a signal");
    harness.assert_unchanged();
}

#[test]
fn store_is_seeded_and_compared_with_an_export() {
    let export = include_bytes!("../../../examples/host-2022.txt");
    let harness = harness().seed(export).unwrap();
    harness.assert_export(export);
    assert_eq!(harness.bindings().unwrap().len(), 6);
    let mut show = harness.command("netsh").unwrap();
    let (_, listed) = run(show.args(["http", "show", "sslcert"]));
    harness.assert_unchanged();
    harness.assert_export(listed.as_bytes());
}

#[test]
fn differences_are_reported_by_field() {
    let harness = harness().seed_bindings([bound(), old()]).unwrap();
    let mut record = bound().record().clone();
    record.url_retrieval_timeout = 15_000;
    let expected = Binding::new(bound().key().clone(), record.clone()).unwrap();
    let missing = Binding::new("10.0.0.1:8443".parse().unwrap(), record).unwrap();
    let differences = harness.differences([missing, expected]).unwrap();
    assert_eq!(
        differences.to_string(),
        "the store is not as expected (- missing, + not expected, ~ expected -> found)\n\
         ~ ipport=0.0.0.0:443\n\
         \x20   url retrieval timeout  15000 ms -> 0 ms\n\
         - ipport=10.0.0.1:8443  0102030405060708090a0b0c0d0e0f1011121314 in MY, \
         {00000000-0000-0000-0000-000000000000}\n\
         + hostnameport=old.contoso.com:443  0909090909090909090909090909090909090909 in MY, \
         {00000000-0000-0000-0000-000000000000}"
    );
}

#[test]
fn service_settings_of_a_script_are_read_back() {
    let harness = harness()
        .reserve("http://+:80/old/", "D:(A;;GX;;;NS)")
        .unwrap();
    let program = format!("{PROGRAMS}/reserve.sh");
    let (code, said) = run(&mut harness.command(&program).unwrap());
    assert_eq!(code, Some(0), "{said}");
    let reserved = harness.url_reservations().unwrap();
    assert_eq!(reserved.len(), 1, "{reserved:?}");
    assert_eq!(reserved[0].url.as_str(), "http://+:8080/app/");
    assert_eq!(reserved[0].sddl.to_string(), "D:(A;;GX;;;WD)");
    let list = harness.listen_list().unwrap();
    assert_eq!(list.len(), 1);
    assert_eq!(list[0].to_string(), "127.0.0.1");
    assert_eq!(harness.timeout(TimeoutKey::IdleConnection).unwrap(), 240);
    assert_eq!(harness.timeout(TimeoutKey::HeaderWait).unwrap(), 120);
    harness.assert_unchanged();
    // A second run stops at the existing binding.
    let (code, said) = run(&mut harness.command(&program).unwrap());
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("Error: 183"), "{said}");
}

#[test]
fn harness_refuses_an_invalid_reservation() {
    for (url, sddl) in [("http://+:80", "D:"), ("http://+:80/", "Everyone")] {
        let refused = harness().reserve(url, sddl);
        assert!(
            matches!(refused, Err(HarnessError::Service(_))),
            "{refused:?}"
        );
    }
    let harness = harness().reserve("http://+:80/", "D:").unwrap();
    assert!(harness.reserve("http://+:80/", "D:").is_err());
}

#[test]
fn a_prefix_without_system32_is_refused() {
    let prefix = tempfile::tempdir().expect("a folder");
    let refused = install_in_wine_prefix(prefix.path(), prefix.path());
    assert!(
        matches!(refused, Err(HarnessError::File { ref path, .. }) if path.ends_with("system32")),
        "{refused:?}"
    );
}

/// The kit of `cargo xtask wine` has the shim in the folder of the library, that of a release in a
/// folder of its own.
#[test]
fn library_and_shim_are_installed_in_a_prefix() {
    for place in ["bcryptprimitives.dll", "wine/bcryptprimitives.dll"] {
        let [kit, prefix] = [(), ()].map(|()| tempfile::tempdir().expect("a folder"));
        let system = prefix.path().join("drive_c/windows/system32");
        std::fs::create_dir_all(&system).expect("made");
        std::fs::create_dir(kit.path().join("wine")).expect("made");
        let of_kit = kit.path().join("httpapi.dll");
        std::fs::write(&of_kit, "library").expect("written");
        std::fs::write(kit.path().join(place), "shim").expect("written");
        install_in_wine_prefix(kit.path(), prefix.path()).expect("installed");
        let read = |name| std::fs::read_to_string(system.join(name)).expect("there");
        assert_eq!(read("httpapi.dll"), "library");
        assert_eq!(read("bcryptprimitives.dll"), "shim", "{place}");

        // A later library replaces the one that is there; the DLL of a Wine that has one stays.
        std::fs::write(&of_kit, "new").expect("written");
        std::fs::write(system.join("bcryptprimitives.dll"), "Wine's").expect("written");
        install_in_wine_prefix(kit.path(), prefix.path()).expect("installed");
        assert_eq!(read("httpapi.dll"), "new");
        assert_eq!(read("bcryptprimitives.dll"), "Wine's");
    }
}

#[test]
fn a_certificate_that_netsh_binds_is_served() {
    require!("curl");
    let harness = harness();
    let certificates = tempfile::tempdir().expect("a folder");
    assert!(matches!(
        harness.serve(certificates.path()),
        Err(HarnessError::Serve { message }) if message.contains("no bindings")
    ));
    let made = rcgen::generate_simple_self_signed(["www.contoso.com".to_owned()]).expect("made");
    let pem = made.cert.pem() + &made.signing_key.serialize_pem();
    std::fs::write(certificates.path().join("www.pem"), pem).expect("written");
    let hash = certbind_certificates::hash_of_file(made.cert.der()).expect("a certificate");
    let mut netsh = harness.command("netsh").expect("a command");
    netsh.args(["http", "add", "sslcert", "hostnameport=www.contoso.com:443"]);
    netsh.args([
        format!("certhash={hash}"),
        format!("appid={{{}}}", Uuid::nil()),
    ]);
    let (code, said) = run(netsh.arg("certstorename=MY"));
    assert_eq!(code, Some(0), "{said}");

    let serving = harness.serve(certificates.path()).expect("it serves");
    let port = "443".parse().expect("a port");
    let socket = serving
        .socket([127, 0, 0, 1].into(), port)
        .expect("a socket");
    assert_eq!(serving.url(port), Some(format!("https://{socket}")));
    // A request that verifies the certificate.
    let mut curl = Command::new("curl");
    curl.args(["--silent", "--show-error", "--max-time", "20", "--cacert"]);
    curl.arg(certificates.path().join("www.pem"));
    curl.args(["--connect-to", &format!("::{socket}")]);
    let answered = curl.arg("https://www.contoso.com/").output();
    let answered = answered.expect("curl runs");
    assert!(answered.status.success(), "{answered:?}");
    let answer: serde_json::Value = serde_json::from_slice(&answered.stdout).expect("JSON");
    let connection = &answer["connection"];
    assert_eq!(connection["binding"], "hostnameport=www.contoso.com:443");
    assert_eq!(connection["certificate"], hash.to_string());
    drop(serving);
    assert!(std::net::TcpStream::connect(socket).is_err());
}
