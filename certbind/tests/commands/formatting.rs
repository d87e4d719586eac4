//! `fmt`: the canonical form of a desired state.

use certbind::exit;

use super::{HASH, Host};

const WRITTEN: &str = r#"
#:schema https://example.com/bindings.json
# Of the web team.


   host='web01'
[defaults]
cert = "52:26:DC:6C:54:55:97:61:CD:47:1B:86:EB:51:C0:96:25:2C:90:F2"   # until June
app="IIS"
[groups]
shop=[ 'shop.contoso.com','cart.contoso.com' ]

# The rest.
[[binding]]
flags = [ "disable_http2" ]
    port=0x20fb
group = "shop"   
[[binding]]     # without SNI

key = ["0.0.0.0:443","[::]:443"]
# The end.
"#;

const CANONICAL: &str = r#"#:schema https://example.com/bindings.json
# Of the web team.
host = "web01"

[groups]
shop = ["shop.contoso.com", "cart.contoso.com"]

[defaults]
app = "IIS"
cert = "5226dc6c54559761cd471b86eb51c096252c90f2" # until June

# The rest.
[[binding]]
group = "shop"
port = 8443
flags = ["disable_http2"]

[[binding]] # without SNI
key = [
    "0.0.0.0:443",
    "[::]:443",
]
# The end.
"#;

#[test]
fn form_is_canonical_and_keeps_comments_and_bindings() {
    let host = Host::new();
    let file = host.file("bindings.toml");
    let name = file.to_str().unwrap();
    std::fs::write(&file, WRITTEN).unwrap();
    let before = host.json(&["list", name, "--format", "json"]);

    let output = host.run(&["fmt", "--check", name]);
    assert_eq!(output.status.code(), Some(exit::DIFFERENT.into()));
    assert!(super::text(&output.stdout).contains("not in canonical form"));
    assert_eq!(std::fs::read_to_string(&file).unwrap(), WRITTEN);

    assert!(host.ok(&["fmt", name]).contains("formatted"));
    assert_eq!(std::fs::read_to_string(&file).unwrap(), CANONICAL);
    assert_eq!(host.json(&["list", name, "--format", "json"]), before);
    assert_eq!(host.ok(&["fmt", name]), "");
    assert_eq!(host.ok(&["fmt", "--check", name]), "");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), CANONICAL);
}

#[test]
fn export_is_canonical() {
    let host = Host::new();
    host.ok(&["import", host.listing(30).to_str().unwrap()]);
    host.ok(&[
        "add",
        "hostnameport=a.example:8443",
        "--app-id",
        "IIS",
        "--hash",
        HASH,
    ]);
    host.ok(&["add", "ccs=443", "--app-id", "IIS"]);
    let file = host.file("bindings.toml");
    host.ok(&["export", "--format", "toml", "-o", file.to_str().unwrap()]);
    assert_eq!(host.ok(&["fmt", "--check", file.to_str().unwrap()]), "");
}

#[test]
fn other_toml_files_are_left_unchanged() {
    let host = Host::new();
    for (name, text, printed) in [
        (
            "a.toml",
            "[[binding]]\nkye = \"0.0.0.0:443\"\n",
            "did you mean \"key\"?",
        ),
        ("b.toml", "[[binding]\n", "line 1"),
        ("c.json", "{ \"binding\": [] }", "c.json"),
    ] {
        let file = host.file(name);
        std::fs::write(&file, text).unwrap();
        let said = host.fails(exit::BROKEN_INPUT, &["fmt", file.to_str().unwrap()]);
        assert!(said.contains(printed), "{name}: {said}");
        assert_eq!(std::fs::read_to_string(&file).unwrap(), text);
    }
}

/// The form for people who use git on Windows: `core.autocrlf` checks files out with CR LF.
#[test]
fn ends_of_lines_are_kept() {
    let host = Host::new();
    let file = host.file("bindings.toml");
    let name = file.to_str().unwrap();
    let canonical = CANONICAL.replace('\n', "\r\n");
    std::fs::write(&file, &canonical).unwrap();
    assert_eq!(host.ok(&["fmt", "--check", name]), "");
    let written = WRITTEN.trim_start().replace('\n', "\r\n");
    std::fs::write(&file, format!("\u{feff}{written}")).unwrap();
    host.ok(&["fmt", name]);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), canonical);
}

#[test]
fn other_formats_are_refused_by_name() {
    let host = Host::new();
    for (name, text, format) in [
        ("a.yaml", "binding:\n- key: ccs=443\n  app: IIS\n", "yaml"),
        ("a", "binding:\n- key: ccs=443\n  app: IIS\n", "yaml"),
        ("b.json", "{ \"binding\": [] }", "json"),
    ] {
        let file = host.file(name);
        std::fs::write(&file, text).unwrap();
        let said = host.fails(exit::BROKEN_INPUT, &["fmt", file.to_str().unwrap()]);
        assert!(
            said.contains(&format!("found the format {format}")) && said.contains("validate"),
            "{name}: {said}"
        );
    }
}
