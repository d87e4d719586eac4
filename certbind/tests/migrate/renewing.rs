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
    let told = bench.ok(&[&rotate[..], &["--export", "plan.json"]].concat());
    assert!(told.starts_with("Renew a certificate in redb:"), "{told}");
    assert!(
        told.contains("0 to create, 2 to replace, 0 to delete"),
        "{told}"
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
    let told = bench.ok(&again);
    assert!(told.contains("Already renewed: 2 bindings use"), "{told}");
    // What neither hash is bound to is a mistake, in every mode.
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
    let told = bench.ok(&[&rotate[..], &["--dry-run"]].concat());
    assert!(told.contains("Would renew 1 binding\n"), "{told}");
    let told = bench.ok(&[&rotate[..], &["--export", "plan.json"]].concat());
    assert!(told.contains("0 to create, 1 to replace"), "{told}");
    assert!(
        told.contains("are not known") && told.contains("0.0.0.0:446"),
        "{told}"
    );
    assert_eq!(bench.held("redb:a"), before);

    let told = bench.ok(&rotate);
    assert!(
        told.contains("ipport=0.0.0.0:443\nRenewed 1 binding\n"),
        "{told}"
    );
    let mut expected = before.clone();
    let hash = certbind_certificates::hash_of_file(&std::fs::read(&new).unwrap()).unwrap();
    expected[0]["certificate"]["hash"] = hash.to_string().into();
    assert_eq!(bench.held("redb:a"), expected);
    let told = bench.ok(&rotate);
    assert!(told.contains("Already renewed: 1 binding uses"), "{told}");
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
