//! The desired state: the meaning of its fields, its error messages, and the shortest file.

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
    let pem = include_bytes!("../../../certificates/tests/fixtures/www-2025.pem");
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

/// Each error: its line and column in TOML, and the hint.
#[test]
fn errors_have_a_line_a_column_and_a_hint() {
    let binding = |fields: &str| with_defaults(&format!("[[binding]]\n{fields}\n"));
    for (text, place, hint) in [
        (
            "[default]\napp = \"IIS\"".to_owned(),
            (1, 2),
            "did you mean \"defaults\"?",
        ),
        ("binding = \"www\"".to_owned(), (1, 11), "write [[binding]]"),
        (
            "[defaults]\napp = \"IIS\"\napp = \"x\"".to_owned(),
            (3, 1),
            "app is given twice; remove one",
        ),
        ("x = ".to_owned(), (1, 5), ""),
        (binding("hostname = \"www\""), (2, 1), "use \"host\""),
        (
            binding("key = \"0.0.0.0:443\"\nthumbprint = \"52\""),
            (3, 1),
            "use \"cert\"",
        ),
        (
            binding("key = \"0.0.0.0:443\"\napp = \"IISS\""),
            (3, 7),
            "did you mean \"IIS\"?",
        ),
        (
            binding("key = \"0.0.0.0\""),
            (2, 7),
            "did you mean ipport=0.0.0.0:443?",
        ),
        (
            binding("key = \"www.contoso.com:443\""),
            (2, 7),
            "did you mean hostnameport=www.contoso.com:443?",
        ),
        (
            binding("key = \"*:443\""),
            (2, 7),
            "0.0.0.0:443 and [::]:443",
        ),
        (
            binding("key = \"0.0.0.0:70000\""),
            (2, 7),
            "the port 70000 is not from 1 to 65535",
        ),
        (
            binding("key = \"0.0.0.0:443\"\nport = 443"),
            (3, 8),
            "a key contains its port",
        ),
        (
            binding("host = \"www.contoso.com\"\nport = 70000"),
            (3, 8),
            "from 1 to 65535",
        ),
        (
            binding("host = \"www.contoso.com\"\nport = \"443\""),
            (3, 8),
            "without quotes",
        ),
        (binding("host = \"a:b:c\""), (2, 8), ""),
        (
            binding("host = \"www.contoso.com:8443\""),
            (2, 8),
            "write the name alone, www.contoso.com, and its port in a field: port = 8443",
        ),
        (
            binding("host = \"https://www.contoso.com/\""),
            (2, 8),
            "write the name alone: www.contoso.com",
        ),
        (
            binding("group = \"web\""),
            (2, 9),
            "define it under [groups]",
        ),
        (
            binding("flags = [\"disable_http2\"]"),
            (1, 1),
            "give it a key, a host or a group",
        ),
        (
            binding("key = \"0.0.0.0:443\"\nflags = [\"disable_http3\"]"),
            (3, 10),
            "did you mean \"disable_http2\"?",
        ),
        (
            binding("key = \"0.0.0.0:443\"\nflags = \"disable_http2\""),
            (3, 9),
            "write [\"disable_http2\"]",
        ),
        (
            binding("key = \"0.0.0.0:443\"\ncheck_mode = [\"revocation\"]"),
            (3, 15),
            "did you mean \"no_revocation\"?",
        ),
        (
            binding("key = \"0.0.0.0:443\"\nurl_retrieval_timeout = \"5\""),
            (3, 25),
            "a number of milliseconds up to 4294967295, without quotes",
        ),
        (
            "[applications]\niis = \"11111111-2222-3333-4444-555555555555\"".to_owned(),
            (2, 1),
            "choose another name",
        ),
        (
            binding(&format!(
                "key = \"0.0.0.0:443\"\ncert = \"{}\"",
                "a1".repeat(32)
            )),
            (3, 8),
            "not 64, which are a SHA-256 thumbprint",
        ),
        (
            binding("key = \"0.0.0.0:443\"\ncert = \"52\""),
            (3, 8),
            "40",
        ),
        (
            binding("key = \"0.0.0.0:443\"\ncert = \"none.pem\""),
            (3, 8),
            "cannot read",
        ),
        (
            binding("key = \"0.0.0.0:443\"\nsubject = \"CN=a\""),
            (3, 11),
            "certificates = \"certs\"",
        ),
        (
            binding(&format!("key = \"ccs=443\"\ncert = \"{HASH}\"")),
            (3, 8),
            "remove cert",
        ),
        (
            binding("key = [\"0.0.0.0:443\", \"0.0.0.0:443\"]"),
            (2, 23),
            "is in this entry twice; remove one",
        ),
        (
            binding("key = \"ccs=443\"\n[[binding]]\nkey = \"ccs=443\""),
            (4, 7),
            "is bound by the entry in line 1 already",
        ),
        (
            "[[binding]]\nkey = \"ccs=443\"".to_owned(),
            (1, 1),
            "give it an app",
        ),
        (
            "[[binding]]\nkey = \"0.0.0.0:443\"\napp = \"IIS\"".to_owned(),
            (1, 1),
            "give it a cert",
        ),
    ] {
        let error = match try_read(&text, Format::Toml) {
            Err(ReadError::Malformed(error)) => error,
            Err(ReadError::Broken(mut errors)) => errors.remove(0),
            other => panic!("{other:?}\n{text}"),
        };
        let found = (error.line.unwrap_or(0), error.column.unwrap_or(0));
        assert_eq!(found, place, "{error}\n{text}");
        assert!(error.to_string().contains(hint), "{error}\n{text}");
    }
}

#[test]
fn yaml_and_json_errors_have_places_too() {
    let yaml = "defaults:\n  app: IIS\n  cert: 1234567890\nbinding:\n  - key: 0.0.0.0:443\n";
    let json = "{\n  \"binding\": [\n    {\"key\": \"0.0.0.0:443\", \"apps\": 1}\n  ]\n}";
    for (text, format, place, hint) in [
        (yaml, Format::Yaml, (3, 9), "put it in quotes"),
        ("binding: [\n", Format::Yaml, (1, 10), "unclosed bracket"),
        (
            "binding:\n  - kye: ccs=443\n",
            Format::Yaml,
            (2, 5),
            "did you mean \"key\"?",
        ),
        (json, Format::Json, (3, 36), "did you mean \"app\"?"),
    ] {
        let error = match try_read(text, format) {
            Err(ReadError::Malformed(error)) => error,
            Err(ReadError::Broken(mut errors)) => errors.remove(0),
            other => panic!("{other:?}\n{text}"),
        };
        let found = (error.line.unwrap_or(0), error.column.unwrap_or(0));
        assert_eq!(found, place, "{error}\n{text}");
        assert!(error.to_string().contains(hint), "{error}\n{text}");
    }
}

/// A host name in two groups, or twice in one.
#[test]
fn conflicts_of_groups_name_the_groups() {
    let state = |groups: &str, entries: &str| {
        format!("[groups]\n{groups}\n{entries}\n[defaults]\napp = \"IIS\"\ncert = \"{HASH}\"\n")
    };
    let two = "shop = [\"a.example\"]\nweb = [\"a.example\"]";
    for (text, place, message) in [
        (
            state(two, "[[binding]]\ngroup = [\"shop\", \"web\"]"),
            (5, 18),
            "hostnameport=a.example:443 is in this entry twice, by the groups \"shop\" and \"web\"; \
             remove one",
        ),
        (
            state(
                two,
                "[[binding]]\ngroup = \"shop\"\n[[binding]]\ngroup = \"web\"",
            ),
            (7, 9),
            "hostnameport=a.example:443 (group \"web\") is bound by the entry in line 4 \
             (group \"shop\") already; remove one",
        ),
        (
            state(
                "shop = [\"a.example\", \"A.example\"]",
                "[[binding]]\ngroup = \"shop\"",
            ),
            (4, 9),
            "group \"shop\" has hostnameport=a.example:443 twice; remove one",
        ),
    ] {
        let Err(ReadError::Broken(errors)) = try_read(&text, Format::Toml) else {
            panic!("{text}");
        };
        let error = &errors[0];
        assert_eq!(
            (error.line.unwrap(), error.column.unwrap()),
            place,
            "{text}"
        );
        assert!(error.to_string().ends_with(message), "{error}\n{text}");
    }
}

/// The parser's own messages are for programmers.
#[test]
fn yaml_errors_are_in_the_words_of_the_file() {
    let entry = format!("binding:\n- key: 0.0.0.0:443\n  app: IIS\n  cert: {HASH}\n");
    for (text, line, message) in [
        (format!("{entry}---\n{entry}"), 6, "keep one"),
        (
            entry.replace("  app: IIS\n", "  app: IIS\n  app: IIS\n"),
            4,
            "\"app\" is given twice; remove one",
        ),
        (
            entry.replace(HASH, "12345678901234567890e1234567890123456789"),
            4,
            "put it in quotes",
        ),
    ] {
        let error = try_read(&text, Format::Yaml).unwrap_err().to_string();
        assert!(error.contains(&format!("line {line}, ")), "{error}");
        assert!(error.contains(message), "{error}");
        assert!(
            !error.contains("olicy") && !error.contains("from_str"),
            "{error}"
        );
    }
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
    let published = include_str!("../../../../docs/schemas/bindings.json");
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

fn written(export: &Export) -> String {
    let mut out = Vec::new();
    desired::write(&mut out, export).unwrap();
    String::from_utf8(out).unwrap()
}

fn export_of(bindings: Vec<Binding>) -> Export {
    let header = Header {
        host: Some("WEB-01".to_owned()),
        ..Header::default()
    };
    Export {
        header,
        bindings,
        ..Export::default()
    }
}

#[test]
fn bindings_that_differ_in_their_keys_are_one_entry() {
    let record = Record::new(
        HASH.parse().unwrap(),
        Some("MY".parse().unwrap()),
        IIS.parse().unwrap(),
    );
    let flagged = record.clone().with_url_retrieval_timeout(5_000);
    let binding =
        |key: &str, record: &Record| Binding::new(key.parse().unwrap(), record.clone()).unwrap();
    let text = written(&export_of(vec![
        binding("0.0.0.0:443", &record),
        binding("hostnameport=www.contoso.com:443", &record),
        binding("hostnameport=shop.contoso.com:443", &record),
        binding("[::]:443", &flagged),
        binding("ccs=443", &Record::central(IIS.parse().unwrap())),
    ]));
    let expected = format!(
        "host = \"WEB-01\"\n\n[defaults]\napp = \"IIS\"\ncert = \"{HASH}\"\n\n[[binding]]\n\
         key = \"0.0.0.0:443\"\nhost = [\n    \"shop.contoso.com\",\n    \"www.contoso.com\",\n]\n\n\
         [[binding]]\nkey = \"[::]:443\"\nurl_retrieval_timeout = 5000\n\n[[binding]]\nkey = \"ccs=443\"\n"
    );
    assert_eq!(text, expected);
}

/// Every field is a default where that saves lines, and the port of host names as well.
#[test]
fn common_values_are_defaults() {
    let record = |hash: u8| {
        let hash = CertHash::new([hash; 20]);
        Record::new(hash, Some("MY".parse().unwrap()), IIS.parse().unwrap())
            .with_revocation_freshness_time(60)
            .with_ctl_store_name(Some("ClientAuthIssuer".parse().unwrap()))
    };
    let mut bindings = Vec::new();
    for hash in 1..=3 {
        for name in ["a", "b"] {
            let key = format!("hostnameport={name}{hash}.example:8443");
            bindings.push(Binding::new(key.parse().unwrap(), record(hash)).unwrap());
        }
    }
    let plain = record(4).with_revocation_freshness_time(0);
    bindings.push(Binding::new("0.0.0.0:443".parse().unwrap(), plain).unwrap());
    let text = written(&export_of(bindings.clone()));
    assert!(
        text.contains(
            "[defaults]\nport = 8443\napp = \"IIS\"\nrevocation_freshness_time = 60\n\
             ctl_store_name = \"ClientAuthIssuer\"\n"
        ),
        "{text}"
    );
    assert_eq!(text.matches("port = ").count(), 1, "{text}");
    assert!(text.contains("revocation_freshness_time = 0\n"), "{text}");
    assert_eq!(sorted(toml(&text).export.bindings), sorted(bindings));
    let formatted = desired::canonical(&text, &ReadOptions::default()).unwrap();
    assert_eq!(formatted, text);
}

/// Few values, so that some are shared.
fn bindings() -> impl Strategy<Value = Vec<Binding>> {
    let varied = proptest::collection::vec(strategy::binding(), 0..4);
    let alike = (hash(), app_id(), proptest::collection::vec(key(), 0..6)).prop_map(
        |(hash, app_id, keys)| -> Vec<Binding> {
            let record = Record::new(hash, Some("MY".parse().unwrap()), app_id);
            let named = keys
                .into_iter()
                .filter(|key| key.kind().names_certificate());
            named
                .map(|key| Binding::new(key, record.clone()).unwrap())
                .collect()
        },
    );
    (varied, alike).prop_map(|(varied, alike)| {
        let mut bindings: Vec<_> = varied.into_iter().chain(alike).collect();
        bindings.sort_unstable_by(|a, b| a.key().cmp(b.key()));
        bindings.dedup_by(|a, b| a.key() == b.key());
        bindings
    })
}

fn sorted(mut bindings: Vec<Binding>) -> Vec<Binding> {
    bindings.sort_unstable_by(|a, b| a.key().cmp(b.key()));
    bindings
}

proptest! {
    #![proptest_config(cases(48))]

    /// Nothing is lost, every written file is valid under the schema, and formatting leaves it.
    #[test]
    fn bindings_read_back_as_they_were_written(bindings in bindings()) {
        let text = written(&export_of(bindings.clone()));
        let reading = toml(&text);
        prop_assert_eq!(reading.export.header.host.as_deref(), Some("WEB-01"));
        prop_assert_eq!(sorted(reading.export.bindings), bindings);
        let formatted = desired::canonical(&text, &ReadOptions::default()).unwrap();
        prop_assert_eq!(formatted, text);
    }

    /// Without any one line, the file is broken or gives other bindings.
    #[test]
    fn no_line_of_a_written_file_can_be_left_out(bindings in bindings()) {
        let text = written(&export_of(bindings.clone()));
        let lines: Vec<_> = text.lines().collect();
        for left_out in 0..lines.len() {
            if lines[left_out].is_empty() || lines[left_out].starts_with("host = \"WEB") {
                continue;
            }
            let rest: Vec<_> = (0..lines.len()).filter(|it| *it != left_out).collect();
            let rest: String = rest.iter().flat_map(|it| [lines[*it], "\n"]).collect();
            if let Ok(reading) = try_read(&rest, Format::Toml) {
                let found = sorted(reading.export.bindings);
                prop_assert!(found != bindings, "{:?} is superfluous in\n{}", lines[left_out], text);
            }
        }
    }

    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,80}", format in 0..3) {
        let format = [Format::Toml, Format::Yaml, Format::Json][format as usize];
        let _ = try_read(&text, format);
    }
}

#[test]
fn an_export_of_a_listing_can_be_written() {
    let mut listing = read_text(&host()).unwrap().export;
    listing.layout = None;
    let reading = toml(&written(&listing));
    assert_eq!(sorted(reading.export.bindings), sorted(listing.bindings));
}
