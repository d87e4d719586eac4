//! Certificates are checked before they are bound.

use certbind::exit;
use rcgen::{CertificateParams, KeyPair, date_time_ymd};

use crate::bench::{Bench, IIS, NEW, OLD};

const AUDIT: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../crates/audit/tests/fixtures"
);
const FORMATS: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../crates/certificates/tests/fixtures/formats"
);

/// A certificate for these names, valid in these years, and its hash.
fn certificate(bench: &Bench, file: &str, names: &[&str], years: [i32; 2]) -> String {
    let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut params = CertificateParams::new(names).unwrap();
    params.not_before = date_time_ymd(years[0], 1, 1);
    params.not_after = date_time_ymd(years[1], 1, 1);
    let certificate = params.self_signed(&KeyPair::generate().unwrap()).unwrap();
    bench.write(file, certificate.pem());
    let hash = certbind_certificates::hash_of_file(certificate.pem().as_bytes());
    hash.unwrap().to_string()
}

/// Each verb refuses each unfit certificate, names the rule, changes nothing, and obeys `--force`.
#[test]
fn unfit_certificates_are_refused_by_every_verb() {
    let bench = Bench::new();
    let key = "hostnameport=www.contoso.com:443";
    certificate(&bench, "expired.pem", &["www.contoso.com"], [2020, 2021]);
    certificate(&bench, "early.pem", &["www.contoso.com"], [2900, 2901]);
    certificate(&bench, "other.pem", &["mail.contoso.com"], [2020, 2900]);
    bench.add("redb:a", key, &[]);
    let before = bench.held("redb:a");
    let audit = |name: &str| format!("{AUDIT}/{name}.pem");
    for (file, reason) in [
        ("expired.pem".to_owned(), "CB101"),
        ("early.pem".to_owned(), "CB103"),
        ("other.pem".to_owned(), "CB107"),
        (audit("short-key"), "CB104"),
        (audit("sha1"), "CB105"),
        (audit("client-only"), "CB106"),
        (format!("{FORMATS}/pbes2-hmac-sha1.p12"), "no private key"),
    ] {
        bench.write("passwords", "x\n");
        let cert = ["--cert", &file, "--passwords", "passwords"];
        let new_key = "hostnameport=www.contoso.com:444";
        for verb in [
            &["add", new_key, "--app-id", IIS][..],
            &["update", key],
            &["set", key],
            &["set", new_key, "--app-id", IIS],
            &["rotate", OLD],
            &["rotate", OLD, "--dry-run"],
            &["rotate", OLD, "--export", "plan.json"],
        ] {
            let arguments = [&["--store", "redb:a"], verb, &cert].concat();
            let said = bench.fails(exit::CERTIFICATE_REFUSED, &arguments);
            assert!(said.contains(reason) && said.contains("--force"), "{said}");
        }
        assert_eq!(bench.held("redb:a"), before, "{file}");
    }
    let force = [
        "--store",
        "redb:a",
        "update",
        key,
        "--cert",
        "expired.pem",
        "--force",
    ];
    let output = bench.command(&force).output().unwrap();
    assert!(output.status.success());
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.contains("warning:") && said.contains("CB101"),
        "{said}"
    );
    assert_ne!(bench.held("redb:a"), before);
}

/// A key without a host name has to keep the names that were covered before.
#[test]
fn names_that_were_covered_stay_covered() {
    let bench = Bench::new();
    std::fs::create_dir(bench.file("known")).unwrap();
    let years = [2020, 2900];
    let both = ["www.contoso.com", "shop.contoso.com"];
    let old = certificate(&bench, "known/old.pem", &both, years);
    let new = certificate(&bench, "known/new.pem", &["www.contoso.com"], years);
    let full = certificate(&bench, "full.pem", &both, years);
    let store = ["--store", "redb:a"];
    let add = ["add", "0.0.0.0:443", "--hash", &old, "--app-id", IIS];
    bench.ok(&[&store[..], &add].concat());
    let known = ["--certificates", "known"];
    for verb in [
        &["rotate", &old, &new][..],
        &["update", "0.0.0.0:443", "--hash", &new],
    ] {
        let said = bench.fails(
            exit::CERTIFICATE_REFUSED,
            &[&store[..], verb, &known].concat(),
        );
        assert!(said.contains("shop.contoso.com"), "{said}");
    }
    let map = format!("{old}={new}");
    let plan = [
        "plan",
        "redb:a",
        "redb:a",
        "--map-certificate",
        &map,
        "--certificates",
        "known",
    ];
    bench.fails(exit::CERTIFICATE_REFUSED, &plan);
    bench.ok(&[&plan[..], &["--force"]].concat());
    let rotate = ["rotate", &old, "--cert", "full.pem"];
    bench.ok(&[&store[..], &rotate, &known].concat());
    assert_eq!(bench.held("redb:a")[0]["certificate"]["hash"], full);
}

#[test]
fn a_hash_alone_is_not_checked_and_that_is_said_once() {
    let bench = Bench::new();
    for port in ["443", "444", "445"] {
        bench.add("redb:a", &format!("0.0.0.0:{port}"), &[]);
    }
    let mut rotate = bench.command(&["--store", "redb:a", "rotate", OLD, NEW]);
    let output = rotate.output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(said.matches("was not checked").count(), 1, "{said}");
}

#[test]
fn a_pfx_is_bound_with_its_password() {
    let bench = Bench::new();
    bench.write("passwords", "wrong\nsecret\n");
    let pfx = format!("{AUDIT}/locked.pfx");
    let add = [
        "--store",
        "redb:a",
        "add",
        "0.0.0.0:443",
        "--app-id",
        IIS,
        "--cert",
        &pfx,
    ];
    let said = bench.fails(exit::BROKEN_INPUT, &add);
    assert!(said.contains("password"), "{said}");
    bench.ok(&[&add[..], &["--passwords", "passwords"]].concat());
    let held = bench.held("redb:a");
    assert_eq!(held.as_array().unwrap().len(), 1);
}

/// `--store-name` moves the renewed bindings alone.
#[test]
fn renewed_bindings_move_to_another_certificate_store() {
    let bench = Bench::new();
    let other = "ab".repeat(20);
    for (port, hash) in [("443", OLD), ("444", &*other)] {
        let key = format!("0.0.0.0:{port}");
        let add = [
            "add",
            &key,
            "--hash",
            hash,
            "--app-id",
            IIS,
            "--store-name",
            "MY",
        ];
        bench.ok(&[&["--store", "redb:a"], &add[..]].concat());
    }
    let map = format!("{OLD}={NEW}");
    let to = ["--store-name", "WebHosting"];
    let plan = [
        "plan",
        "redb:a",
        "redb:b",
        "--map-certificate",
        &map,
        "-o",
        "plan.json",
    ];
    bench.ok(&[&plan[..], &to].concat());
    bench.ok(&["apply", "plan.json", "redb:b", "--yes"]);
    bench.ok(&[&["--store", "redb:a", "rotate", OLD, NEW], &to[..]].concat());
    for store in ["redb:a", "redb:b"] {
        let held = bench.held(store);
        assert_eq!(held[0]["certificate"]["hash"], NEW);
        assert_eq!(held[0]["certificate"]["store_name"], "WebHosting");
        assert_eq!(held[1]["certificate"]["hash"], *other);
        assert_eq!(held[1]["certificate"]["store_name"], "MY");
    }
}

/// A unique prefix identifies a bound hash, in every command; an ambiguous one is reported with the
/// hashes.
#[test]
fn prefixes_of_hashes_are_looked_up() {
    let bench = Bench::new();
    let twin = format!("5226dc6c{}", "0".repeat(32));
    bench.add("redb:a", "0.0.0.0:443", &[]);
    let store = ["--store", "redb:a"];
    let run = |arguments: &[&str]| bench.ok(&[&store[..], arguments].concat());
    run(&["add", "0.0.0.0:444", "--hash", "5226dc6c", "--app-id", IIS]);
    run(&["add", "0.0.0.0:445", "--hash", NEW, "--app-id", IIS]);
    run(&["update", "0.0.0.0:444", "--hash", "8d90a1"]);
    run(&["set", "0.0.0.0:446", "--hash", "8D90A1", "--app-id", IIS]);
    let held = bench.held("redb:a");
    assert_eq!(held[1]["certificate"]["hash"], NEW);
    assert_eq!(held[3]["certificate"]["hash"], NEW);
    let planned = bench.ok(&["plan", "redb:a", "redb:a", "--map-certificate", "5226=8d90"]);
    assert!(planned.contains("1 to replace"), "{planned}");
    run(&["rotate", "--from", "5226", "--to", "8d90"]);
    assert_eq!(bench.held("redb:a")[0]["certificate"]["hash"], NEW);

    run(&["set", "0.0.0.0:443", "--hash", OLD]);
    run(&["set", "0.0.0.0:444", "--hash", &twin]);
    for arguments in [
        &["rotate", "--from", "5226dc6c", "--to", NEW][..],
        &["update", "0.0.0.0:445", "--hash", "5226"],
        &["set", "0.0.0.0:445", "--hash", "5226"],
        &["add", "0.0.0.0:447", "--hash", "5226", "--app-id", IIS],
    ] {
        let said = bench.fails(exit::USAGE, &[&store[..], arguments].concat());
        assert!(said.contains(OLD) && said.contains(&twin), "{said}");
    }
    let said = bench.fails(
        exit::USAGE,
        &["plan", "redb:a", "redb:a", "--map-certificate", "5226=8d90"],
    );
    assert!(said.contains(OLD) && said.contains(&twin), "{said}");
}
