//! `rotate` as a plan, and by names.

use certbind::exit;

use crate::bench::{Bench, IIS, NEW, OLD};

const FIXTURES: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../crates/certificates/tests/fixtures"
);

fn fixture(name: &str) -> String {
    format!("{FIXTURES}/{name}.pem")
}

#[test]
fn rotation_is_planned_applied_and_undone() {
    let bench = Bench::new();
    for key in ["0.0.0.0:443", "hostnameport=a.example:443", "ccs=443"] {
        bench.add("redb:a", key, &["--reject", "enable"]);
    }
    let before = bench.held("redb:a");
    let rotate = ["--store", "redb:a", "rotate", OLD, NEW];
    let reported = bench.ok(&[&rotate[..], &["--export", "plan.json"]].concat());
    assert!(
        reported.starts_with("Renew a certificate in redb:"),
        "{reported}"
    );
    assert!(
        reported.contains("0 to create, 2 to replace, 0 to delete"),
        "{reported}"
    );
    assert_eq!(bench.held("redb:a"), before);
    bench.ok(&["apply", "plan.json", "--yes"]);
    let planned = bench.held("redb:a");
    assert_eq!(planned[0]["certificate"]["hash"], NEW);
    bench.ok(&["apply", "plan.undo.json", "--yes"]);
    assert_eq!(bench.held("redb:a"), before);
    bench.ok(&rotate);
    assert_eq!(bench.held("redb:a"), planned);
    let again = [&rotate[..], &["--export", "plan.json"]].concat();
    let reported = bench.ok(&again);
    assert!(
        reported.contains("Already renewed: 2 bindings use"),
        "{reported}"
    );
    // A hash pair without a matching binding is an error, in every mode.
    for options in [&[][..], &["--dry-run"], &["--export", "plan.json"]] {
        let unknown = [
            "--store",
            "redb:a",
            "rotate",
            "--from",
            OLD,
            "--to",
            &"ab".repeat(20),
        ];
        let said = bench.fails(exit::REFUSED, &[&unknown[..], options].concat());
        assert!(said.contains("no binding uses"), "{said}");
    }
}

#[test]
fn names_select_the_renewed_bindings() {
    let bench = Bench::new();
    std::fs::create_dir(bench.file("current")).unwrap();
    for (port, name) in [
        ("443", "www-2025"),
        ("444", "mail-2025"),
        ("445", "wide-2026"),
    ] {
        let (pem, key) = (fixture(name), format!("0.0.0.0:{port}"));
        std::fs::copy(&pem, bench.file(&format!("current/{name}.pem"))).unwrap();
        bench.ok(&[
            "--store", "redb:a", "add", &key, "--app-id", IIS, "--cert", &pem,
        ]);
    }
    bench.add("redb:a", "0.0.0.0:446", &[]);
    let before = bench.held("redb:a");
    let new = fixture("www-2026");
    let by_names = ["--match-names", "--cert", &new, "--certificates", "current"];
    let rotate = [&["--store", "redb:a", "rotate"], &by_names[..]].concat();
    let reported = bench.ok(&[&rotate[..], &["--dry-run"]].concat());
    assert!(reported.contains("Would renew 1 binding\n"), "{reported}");
    let reported = bench.ok(&[&rotate[..], &["--export", "plan.json"]].concat());
    assert!(reported.contains("0 to create, 1 to replace"), "{reported}");
    assert!(
        reported.contains("are unknown") && reported.contains("0.0.0.0:446"),
        "{reported}"
    );
    assert_eq!(bench.held("redb:a"), before);

    let reported = bench.ok(&rotate);
    assert!(
        reported.contains("ipport=0.0.0.0:443\nRenewed 1 binding\n"),
        "{reported}"
    );
    let mut expected = before.clone();
    let hash = certbind_certificates::hash_of_file(&std::fs::read(&new).unwrap()).unwrap();
    expected[0]["certificate"]["hash"] = hash.to_string().into();
    assert_eq!(bench.held("redb:a"), expected);
    let reported = bench.ok(&rotate);
    assert!(
        reported.contains("Already renewed: 1 binding uses"),
        "{reported}"
    );
}

#[test]
fn conflicting_options_are_refused() {
    let bench = Bench::new();
    bench.add("redb:a", "0.0.0.0:443", &[]);
    let new = fixture("www-2026");
    for options in [
        &["--match-names", "--cert", &new][..],
        &["--match-names", "--certificates", "."],
        &[OLD, "--match-names", "--cert", &new, "--certificates", "."],
        &[OLD, NEW, "--export", "p.json", "--dry-run"],
        &["--cert", &new],
    ] {
        bench.fails(
            exit::USAGE,
            &[&["--store", "redb:a", "rotate"], options].concat(),
        );
    }
}

/// A certificate that is renewed already, or that nothing uses, gives the same exit code for any
/// way to name the old and the new one, and for any selection.
#[test]
fn rotate_with_nothing_to_do_has_one_exit_code_per_reason() {
    let bench = Bench::new();
    let new = fixture("www-2026");
    let hash = certbind_certificates::hash_of_file(&std::fs::read(&new).unwrap()).unwrap();
    let new_hash = hash.to_string();
    std::fs::create_dir(bench.file("current")).unwrap();
    std::fs::create_dir(bench.file("folder")).unwrap();
    let old = fixture("www-2025");
    std::fs::copy(&old, bench.file("current/old.pem")).unwrap();
    // Of a host that is renewed, and one that uses neither certificate.
    let bind = |store: &str, hash: &str| {
        let key = ["--store", store, "add", "0.0.0.0:443", "--app-id", IIS];
        bench.ok(&[&key[..], &["--hash", hash]].concat());
        let path = format!("folder/{}.json", store.trim_start_matches("redb:"));
        bench.ok(&["--store", store, "export", "-o", &path]);
    };
    bind("redb:renewed", &new_hash);
    bind("redb:unrelated", &"ab".repeat(20));
    std::fs::create_dir(bench.file("both")).unwrap();
    for host in ["renewed", "unrelated"] {
        let path = format!("folder/{host}.json");
        std::fs::copy(bench.file(&path), bench.file(&format!("both/{host}.json"))).unwrap();
    }

    let certificates: [&[&str]; 6] = [
        &[OLD, &new_hash],
        &["--from", OLD, "--to", &new_hash],
        &["--from", &OLD[..8], "--to", &new_hash],
        &["--from", &OLD[..8], "--cert", &new],
        &["--from", OLD, "--cert", &new],
        &["--match-names", "--cert", &new, "--certificates", "current"],
    ];
    let modes: [&[&str]; 5] = [
        &[],
        &["--dry-run"],
        &["--export", "plan.json"],
        &["--export", "plan.json", "--out", "scripts"],
        &["--skip-app", "SSTP"],
    ];
    for (index, certificates) in certificates.into_iter().enumerate() {
        // The output of every other row is JSON.
        let format: &[&str] = match index % 2 {
            0 => &[],
            _ => &["--format", "json"],
        };
        let check = |code: u8, rotate: Vec<&str>| {
            let printed = bench.exits(code, &rotate);
            if code == exit::DONE && !format.is_empty() {
                let json: serde_json::Value = serde_json::from_str(&printed).unwrap();
                assert_eq!(json["new"], *new_hash, "{rotate:?}");
            } else if code == exit::DONE {
                let said = "Already renewed: 1 binding uses";
                assert!(printed.contains(said), "{rotate:?}: {printed}");
            }
        };
        let rotate = [&["rotate"], certificates, format].concat();
        for (host, code) in [("renewed", exit::DONE), ("unrelated", exit::REFUSED)] {
            let store = format!("redb:{host}");
            for mode in modes {
                check(code, [&["--store", &store], &rotate[..], mode].concat());
            }
            let export = format!("folder/{host}.json");
            let mut hosts = [&rotate[..], &["--out", "out"]].concat();
            hosts.push(&export);
            check(code, hosts);
        }
        check(
            exit::DONE,
            [&rotate[..], &["--out", "out", "both"]].concat(),
        );
    }
    // It results neither in a plan nor in a change.
    assert!(!bench.file("plan.json").exists());
    assert_eq!(
        bench.held("redb:renewed")[0]["certificate"]["hash"],
        *new_hash
    );
}
