//! The desired state in `bindings.toml`: every command takes it where it takes an export.

use certbind::exit;

use crate::bench::{Bench, IIS, OLD};

const STATE: &str = r#"
[groups]
web = ["www.contoso.com", "shop.contoso.com"]

[defaults]
app = "IIS"
cert = "5226dc6c54559761cd471b86eb51c096252c90f2"

[[binding]]
key = "0.0.0.0:443"

[[binding]]             # both sites
group = "web"
flags = ["disable_http2"]
"#;

fn bench() -> Bench {
    assert!(STATE.contains(OLD));
    let bench = Bench::new();
    bench.write("bindings.toml", STATE);
    bench
}

#[test]
fn a_desired_state_is_taken_where_an_export_is() {
    let bench = bench();
    bench.ok(&["plan", "bindings.toml", "redb:a", "-o", "p.json"]);
    bench.ok(&["apply", "p.json", "--yes"]);
    bench.ok(&["import", "bindings.toml", "--store", "redb:b"]);
    bench.ok(&["diff", "bindings.toml", "redb:a"]);
    bench.ok(&["diff", "redb:a", "redb:b"]);
    assert_eq!(bench.held("redb:a").as_array().unwrap().len(), 3);
    let audited = bench.json(&[
        "audit",
        "bindings.toml",
        "--format",
        "json",
        "--fail-on",
        "none",
    ]);
    assert_eq!(audited["hosts"][0]["bindings"], 3);
}

#[test]
fn an_exported_desired_state_gives_the_same_bindings() {
    let bench = bench();
    bench.ok(&["import", "bindings.toml", "--store", "redb:a"]);
    bench.ok(&[
        "export",
        "--store",
        "redb:a",
        "--format",
        "toml",
        "-o",
        "again.toml",
    ]);
    let text = bench.read("again.toml");
    assert!(text.len() < STATE.len() + 20, "{text}");
    assert!(!text.contains(IIS), "{text}");
    bench.ok(&["diff", "bindings.toml", "again.toml"]);
}

#[test]
fn certificate_files_are_relative_to_the_desired_state() {
    let bench = bench();
    let pem = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../crates/certificates/tests/fixtures/www-2025.pem"
    );
    std::fs::create_dir_all(bench.file("hosts/certs")).unwrap();
    std::fs::copy(pem, bench.file("hosts/certs/www.pem")).unwrap();
    let state = "[[binding]]\nkey = \"0.0.0.0:443\"\napp = \"IIS\"\ncert = \"certs/www.pem\"\n";
    bench.write("hosts/bindings.toml", state);
    bench.ok(&["import", "hosts/bindings.toml", "--store", "redb:a"]);
    bench.ok(&[
        "update",
        "0.0.0.0:443",
        "--store",
        "redb:a",
        "--cert",
        "hosts/certs/www.pem",
    ]);
    bench.ok(&["diff", "hosts/bindings.toml", "redb:a"]);
}

#[test]
fn errors_name_the_file_the_line_and_the_column() {
    let bench = bench();
    bench.write("bindings.toml", &STATE.replace("flags = ", "flgs = "));
    for command in [
        vec!["plan", "bindings.toml", "redb:a"],
        vec!["import", "bindings.toml", "--store", "redb:a"],
    ] {
        let error = bench.fails(exit::BROKEN_INPUT, &command);
        assert!(error.contains("bindings.toml"), "{error}");
        assert!(error.contains("line 14, column 1"), "{error}");
        assert!(error.contains("did you mean \"flags\"?"), "{error}");
    }
}
