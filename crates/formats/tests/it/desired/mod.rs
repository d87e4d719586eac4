//! The desired state: the meaning of its fields, its error messages, and the shortest file.

mod errors;
mod written;

use std::path::PathBuf;
use std::sync::LazyLock;

use certbind_core::strategy::{app_id, hash, key};
use certbind_core::{Binding, CertHash, Record, strategy};
use certbind_formats::{
    Export, Format, Header, ReadError, ReadOptions, ReadOutcome, desired, read,
};
use proptest::prelude::*;

use crate::listings::{cases, host, read_text};

static SCHEMA: LazyLock<jsonschema::Validator> = LazyLock::new(|| {
    let schema = serde_json::from_str(desired::SCHEMA).unwrap();
    jsonschema::meta::validate(&schema).unwrap();
    let options = jsonschema::options().should_validate_formats(true);
    options.build(&schema).unwrap()
});

const HASH: &str = "5226dc6c54559761cd471b86eb51c096252c90f2";
const IIS: &str = "4dc3e181-e14b-4a21-b022-59fc669b0914";

fn try_read(text: &str, format: Format) -> Result<ReadOutcome, ReadError> {
    let certificates = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../certificates/tests/fixtures"
    );
    let options = ReadOptions {
        format: Some(format),
        folder: Some(PathBuf::from(certificates)),
        ..ReadOptions::default()
    };
    read(text.as_bytes(), &options)
}

/// Reads TOML that the schema allows.
fn toml(text: &str) -> ReadOutcome {
    let value: serde_json::Value = ::toml::from_str(text).unwrap();
    if let Err(error) = SCHEMA.validate(&value) {
        panic!("{error} at {}\n{text}", error.instance_path());
    }
    try_read(text, Format::Toml).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

fn keys(reading: &ReadOutcome) -> Vec<String> {
    let bindings = reading.export.bindings.iter();
    bindings.map(|binding| binding.key().to_string()).collect()
}

fn with_defaults(text: &str) -> String {
    format!("{text}\n[defaults]\napp = \"IIS\"\ncert = \"{HASH}\"\n")
}

#[test]
fn defaults_and_groups_are_expanded() {
    let reading = toml(&format!(
        r#"
        host = "WEB-01"
        [applications]
        intranet = "11111111-2222-3333-4444-555555555555"
        [groups]
        shop = ["shop.contoso.com", "cart.contoso.com"]
        [defaults]
        app = "iis"           # any case
        cert = "{HASH}"
        [[binding]]
        key = ["0.0.0.0:443", "[::]:443"]
        [[binding]]
        group = "shop"
        host = "www.contoso.com"
        port = 8443
        app = "Intranet"
        store = "WebHosting"
        flags = ["disable_http2"]
        [[binding]]
        key = "ccs=443"
        "#
    ));
    let expected = [
        "ipport=0.0.0.0:443",
        "ipport=[::]:443",
        "hostnameport=www.contoso.com:8443",
        "hostnameport=shop.contoso.com:8443",
        "hostnameport=cart.contoso.com:8443",
        "ccs=443",
    ];
    assert_eq!(keys(&reading), expected);
    let record = |index: usize| reading.export.bindings[index].record().clone();
    let hash: CertHash = HASH.parse().unwrap();
    let plain = Record::new(hash, Some("MY".parse().unwrap()), IIS.parse().unwrap());
    assert_eq!(record(0), plain);
    assert_eq!(record(5), Record::central(IIS.parse().unwrap()));
    let other = record(3);
    assert_eq!(
        other.app_id.to_string(),
        "11111111-2222-3333-4444-555555555555"
    );
    assert_eq!(
        other.certificate.unwrap().store_name.unwrap().as_str(),
        "WebHosting"
    );
    assert_eq!(
        serde_json::json!(other.flags),
        serde_json::json!(["disable_http2"])
    );
    assert_eq!(reading.export.header.host.as_deref(), Some("WEB-01"));
    assert_eq!(reading.managed.unwrap().len(), 2);
}

#[test]
fn yaml_and_json_have_the_same_fields() {
    let toml = toml(&format!(
        "[defaults]\napp = \"IIS\"\ncert = \"{HASH}\"\n[groups]\nweb = [\"a.example\", \"b.example\"]\n\
         [[binding]]\ngroup = \"web\"\nurl_retrieval_timeout = 5000\n"
    ));
    let yaml = format!(
        "# comment\ndefaults:\n  app: IIS\n  cert: \"{HASH}\"\ngroups:\n  web: [a.example, b.example]\n\
         binding:\n  - group: web\n    url_retrieval_timeout: 5000\n"
    );
    let json = serde_json::json!({
        "$schema": "https://example.org/bindings.json",
        "defaults": { "app": "IIS", "cert": HASH },
        "groups": { "web": ["a.example", "b.example"] },
        "binding": [{ "group": "web", "url_retrieval_timeout": 5000 }],
    });
    SCHEMA.validate(&json).unwrap();
    for (text, format) in [(yaml, Format::Yaml), (json.to_string(), Format::Json)] {
        let reading = try_read(&text, format).unwrap();
        assert_eq!(reading.export, toml.export);
        assert_eq!(reading.managed, toml.managed);
        // The format is found by the contents as well.
        let detected = read(text.as_bytes(), &ReadOptions::default()).unwrap();
        assert_eq!(detected.export, toml.export);
    }
}

#[test]
fn certificates_come_from_files_and_subjects() {
    let reading = toml(
        "certificates = \".\"\n[[binding]]\nkey = \"0.0.0.0:443\"\napp = \"IIS\"\ncert = \"www-2025.pem\"\n",
    );
    let pem = include_bytes!("../../../../certificates/tests/fixtures/www-2025.pem");
    let hash = *certbind_certificates::of_file(pem)[0].hash();
    assert_eq!(reading.export.bindings[0].record().hash(), Some(&hash));

    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("www.pem"), pem).unwrap();
    let options = ReadOptions {
        format: Some(Format::Toml),
        folder: Some(folder.path().to_owned()),
        ..ReadOptions::default()
    };
    for subject in ["CN=www.contoso.com", "CN=www.contoso.com,O=Contoso"] {
        let text = format!(
            "certificates = \".\"\n[defaults]\napp = \"IIS\"\nsubject = \"{subject}\"\n[[binding]]\nkey = \"0.0.0.0:443\"\n"
        );
        let reading = read(text.as_bytes(), &options).unwrap();
        assert_eq!(reading.export.bindings[0].record().hash(), Some(&hash));
    }
    let other = "certificates = \".\"\n[[binding]]\napp = \"IIS\"\nkey = \"0.0.0.0:443\"\nsubject = \"CN=www\"\n";
    let error = read(other.as_bytes(), &options).unwrap_err().to_string();
    assert!(error.contains("line 5, column 11"), "{error}");
    assert!(error.contains("has the subject \"CN=www\""), "{error}");
}

#[test]
fn files_of_comments_alone_bind_nothing() {
    for format in [Format::Toml, Format::Yaml] {
        for text in ["", "# nothing yet\n", "\u{feff}# nothing yet\r\n"] {
            let reading = try_read(text, format).unwrap();
            assert!(reading.export.bindings.is_empty());
            assert_eq!(reading.managed, Some(Vec::new()), "{format}: {text:?}");
        }
    }
}

/// As editors of Windows, and git there, write files.
#[test]
fn byte_order_marks_and_carriage_returns_are_read() {
    let toml = with_defaults("[[binding]]\nkey = \"0.0.0.0:443\"\nflags = [\"disable_http3\"]");
    let yaml = format!(
        "binding:\n- key: 0.0.0.0:443\n  app: IIS\n  cert: \"{HASH}\"\n  flags: [disable_http3]\n"
    );
    for (text, format, line) in [(toml, Format::Toml, 3), (yaml, Format::Yaml, 5)] {
        let windows = format!("\u{feff}{}", text.replace('\n', "\r\n"));
        let error = try_read(&windows, format).unwrap_err().to_string();
        assert!(error.contains(&format!("line {line}, column 1")), "{error}");
        let fixed = |text: &str| text.replace("disable_http3", "disable_http2");
        let reading = try_read(&fixed(&windows), format).unwrap();
        let plain = try_read(&fixed(&text), format).unwrap();
        assert_eq!(reading.export, plain.export);
    }
}

#[test]
fn valid_entries_remain_when_others_are_broken() {
    let text = with_defaults(
        "[[binding]]\nkey = \"0.0.0.0:443\"\n[[binding]]\nkey = \"x\"\n[[binding]]\nkey = \"ccs=1\"\n",
    );
    let options = ReadOptions {
        keep_going: true,
        ..ReadOptions::default()
    };
    let reading = read(text.as_bytes(), &options).unwrap();
    assert_eq!(keys(&reading), ["ipport=0.0.0.0:443", "ccs=1"]);
    assert_eq!(reading.lines, [1, 5]);
    assert_eq!(reading.errors.len(), 1);
}

#[test]
fn the_published_schema_is_the_schema_of_this_release() {
    let published = include_str!("../../../../../docs/schemas/bindings.json");
    assert_eq!(published, desired::SCHEMA);
}

#[test]
fn the_schema_refuses_mistakes() {
    for text in [
        r#"{"default": {}}"#,
        r#"{"binding": [{"app": "IIS"}]}"#,
        r#"{"binding": [{"key": "ccs=443", "port": 0}]}"#,
        r#"{"binding": [{"key": "ccs=443", "cert": "a", "subject": "b"}]}"#,
        r#"{"binding": [{"key": "ccs=443", "flags": ["x"]}]}"#,
        r#"{"applications": {"a": 1}}"#,
    ] {
        assert!(
            !SCHEMA.is_valid(&serde_json::from_str(text).unwrap()),
            "{text}"
        );
    }
}
