//! Refused inputs, each with the invalid property.

use std::process::Stdio;

use certbind::exit;
use serde_json::{Value, json};

use crate::engine::{Engine, HASH, IIS, messages};

const OPERATIONS: [&str; 5] = ["get", "set", "whatIf", "test", "export"];

#[test]
fn text_that_is_not_one_json_object_is_refused() {
    let engine = Engine::redb();
    let one = "{\"key\": \"0.0.0.0:443\"}";
    for (input, printed) in [
        (b"{\"key\": \"0.0.0.0:443\"".to_vec(), "EOF"),
        (b"{'key': 1}".to_vec(), "line 1 column 2"),
        (b"[]".to_vec(), "expected a JSON object"),
        (b"\"0.0.0.0:443\"".to_vec(), "expected a JSON object"),
        (b"null".to_vec(), "expected a JSON object"),
        (
            format!("{one}\n{one}\n").into_bytes(),
            "more after it at line 2 column 1",
        ),
        (format!("{one} x").into_bytes(), "more after it at line 1"),
        (b"{\"key\": \"\xff\"}".to_vec(), "UTF-8"),
        (
            b"{\"key\": \"0.0.0.0:443\", \"key\": \"0.0.0.0:444\"}".to_vec(),
            "\"key\" is given twice",
        ),
    ] {
        for operation in OPERATIONS {
            let said = engine.fails(operation, exit::BROKEN_INPUT, &input);
            assert!(said.contains(printed), "{printed}: {said}");
        }
    }
    for operation in ["get", "set", "whatIf", "test"] {
        for empty in ["", " \n"] {
            let said = engine.fails(operation, exit::BROKEN_INPUT, empty);
            assert!(said.contains("found nothing"), "{said}");
        }
        let said = engine.fails(operation, exit::BROKEN_INPUT, "{}");
        assert!(said.contains("property \"key\": it is missing"), "{said}");
    }
    assert!(!engine.file("bindings.redb").exists());
}

/// Windows PowerShell starts a pipe with a byte order mark, and people write JSON on several lines.
#[test]
fn one_object_on_several_lines_is_read() {
    let engine = Engine::redb();
    let text = format!(
        "\u{feff}{:#}\r\n",
        json!({ "key": "0.0.0.0:443", "flags": [] })
    );
    let output = engine.start("get", text);
    assert_eq!(output.status.code(), Some(0), "{:?}", messages(&output));
}

#[test]
fn an_unknown_or_mistyped_property_is_named() {
    let engine = Engine::redb();
    for (property, value, printed) in [
        ("sslFlags", json!(3), "did you mean \"flags\"?"),
        ("certHash", json!(HASH), "did you mean \"hash\"?"),
        ("Thumbprint", json!(HASH), "did you mean \"hash\"?"),
        ("ensure", json!("Present"), "did you mean \"_exist\"?"),
        (
            "CertificateStoreName",
            json!("MY"),
            "did you mean \"store_name\"?",
        ),
        ("appId", json!(IIS), "did you mean \"app_id\"?"),
        ("flag", json!([]), "did you mean \"flags\"?"),
        ("nothing_like_it", json!(1), "expected one of key, "),
        ("_inDesiredState", json!(true), "read-only"),
        ("key", json!(443), "expected a string"),
        ("key", json!("hostname=a.contoso.com:443"), "did you mean"),
        ("key", json!("0.0.0.0:99999"), "99999"),
        ("hash", json!("5226"), "40 hexadecimal digits"),
        ("hash", json!(5226), "expected a string"),
        ("hash", json!("ab".repeat(32)), "40 hexadecimal digits"),
        ("app_id", json!("ISS"), "did you mean IIS?"),
        ("app_id", json!(1), "expected a string"),
        ("flags", json!("reject"), "expected a sequence"),
        ("flags", json!(3), "expected a sequence"),
        (
            "flags",
            json!(["reject", "rejct"]),
            "\"rejct\" is not a known flag; did you mean \"reject\"?",
        ),
        (
            "flags",
            json!(["Disable-HTTP"]),
            "\"Disable-HTTP\" is not a known flag; did you mean \"disable_http2\"?",
        ),
        (
            "flags",
            json!(["none"]),
            "\"none\" is not a known flag; expected one of use_ds_mapper, negotiate_client_cert",
        ),
        (
            "check_mode",
            json!(["no_revocaton"]),
            "\"no_revocaton\" is not a known flag; did you mean \"no_revocation\"?",
        ),
        ("flags", json!([3]), "expected a string"),
        ("flags", Value::Null, "null"),
        ("check_mode", json!({}), "expected a sequence"),
        ("revocation_freshness_time", json!(-1), "expected u32"),
        ("revocation_freshness_time", json!("1"), "expected u32"),
        (
            "url_retrieval_timeout",
            json!(4_294_967_296_u64),
            "expected u32",
        ),
        ("store_name", json!(true), "expected a string"),
        ("store_name", Value::Null, "null"),
        ("store_name", json!("x".repeat(128)), "127"),
        ("_exist", json!("true"), "expected a boolean"),
        ("force", json!(1), "expected a boolean"),
        ("extended", json!([]), "JSON object"),
        (
            "extended.http2_setings_limits",
            json!({ "http2_setings_limits": {} }),
            "did you mean \"http2_settings_limits\"?",
        ),
        (
            "extended.http3",
            json!({ "http3": {} }),
            "expected one of http2_window",
        ),
        (
            "extended.http2_window",
            json!({ "http2_window": { "window": 1 } }),
            "unknown field",
        ),
        (
            "extended.http2_window",
            json!({ "http2_window": { "receive_window": "1" } }),
            "expected u32",
        ),
        ("cert", json!("renewed.pem"), "not an absolute path"),
        ("cert", json!(r"\\server\share\a.pem"), "share"),
        ("certificates", json!("//server/certs"), "server"),
        ("passwords", json!("p.txt"), "not an absolute path"),
    ] {
        let field = property.split('.').next().unwrap();
        let mut input = json!({ "key": "0.0.0.0:443" });
        input[field] = value;
        for operation in OPERATIONS {
            let said = engine.fails(operation, exit::BROKEN_INPUT, input.to_string());
            let start = format!("property {property:?}: ");
            assert!(
                said.starts_with(&start) && said.contains(printed),
                "{input}: {said}"
            );
        }
    }
    assert!(!engine.file("bindings.redb").exists());
}

/// DSC checks the input by the schema first, so the schema must not allow less than the program.
#[test]
fn the_schema_refuses_other_types_as_well() {
    let engine = Engine::redb();
    let with = |name: &str, value: Value| {
        let mut instance = json!({ "key": "0.0.0.0:443" });
        instance[name] = value;
        engine.allows(&instance)
    };
    for (name, value) in [
        ("sslFlags", json!(3)),
        ("key", json!(443)),
        ("hash", json!("5226")),
        ("flags", json!(["rejct"])),
        ("flags", json!(3)),
        ("check_mode", json!({})),
        ("revocation_freshness_time", json!(-1)),
        ("_exist", json!("true")),
        ("store_name", Value::Null),
        ("extended", json!({ "http3": {} })),
    ] {
        assert!(!with(name, value.clone()), "{name}: {value}");
    }
    assert!(with("flags", json!(["reject", "0x40000000"])));
    assert!(with("extended", json!({ "performance": null })));
    assert!(!engine.allows(&json!({ "hash": HASH })));
}

#[test]
fn properties_that_do_not_go_together_are_refused() {
    let engine = Engine::redb();
    let refused = |input: Value, printed: &str| {
        let said = engine.fails("set", exit::BROKEN_INPUT, input.to_string());
        assert!(said.contains(printed), "{input}: {said}");
    };
    let key = "0.0.0.0:443";
    refused(
        json!({ "key": key, "hash": HASH, "cert": "/a.pem", "app_id": IIS }),
        "property \"cert\"",
    );
    refused(
        json!({ "key": key, "hash": HASH, "passwords": "/a" }),
        "property \"passwords\"",
    );
    refused(
        json!({ "key": key, "hash": HASH }),
        "property \"app_id\": it is missing",
    );
    refused(
        json!({ "key": key, "app_id": IIS }),
        "property \"hash\": it is missing",
    );
    for name in ["hash", "store_name"] {
        let mut input = json!({ "key": "ccs=443", "app_id": IIS });
        input[name] = HASH.into();
        refused(
            input,
            &format!("property {name:?}: ccs=443 takes its certificate"),
        );
    }
    assert!(!engine.file("bindings.redb").exists());
}

#[test]
fn a_store_that_cannot_be_opened_exits_with_1() {
    let engine = Engine::redb();
    std::fs::write(engine.file("bindings.redb"), "no store").unwrap();
    let input = json!({ "key": "0.0.0.0:443", "hash": HASH, "app_id": IIS }).to_string();
    for operation in OPERATIONS {
        let said = engine.fails(operation, exit::REFUSED, &input);
        assert!(said.contains("bindings.redb"), "{operation}: {said}");
    }
}

/// Each message for DSC is one text with its level, also for a wrong command line.
#[test]
fn a_wrong_command_line_is_reported_in_json() {
    let engine = Engine::redb();
    for arguments in [
        &["dsc"][..],
        &["dsc", "gte"],
        &["dsc", "get", "--what-if"],
        &["--store", "x.redb", "dsc", "get"],
        &["--store=x.redb", "--quiet", "dsc", "get"],
    ] {
        let output = engine.certbind(arguments).output().unwrap();
        let messages = messages(&output);
        assert_eq!(
            output.status.code(),
            Some(exit::USAGE.into()),
            "{messages:?}"
        );
        assert_eq!(messages.len(), 1, "{arguments:?}: {messages:?}");
        assert!(!messages[0].1.is_empty());
    }
    engine.ok(&["add", "0.0.0.0:443", "--hash", HASH, "--app-id", IIS]);
    let export = ["--verbose", "dsc", "export"];
    let mut export = engine.certbind(&export);
    let events = messages(&export.stdin(Stdio::null()).output().unwrap());
    assert!(
        events.iter().any(|(level, _)| level == "debug"),
        "{events:?}"
    );
    // An option's value is no command.
    let output = engine
        .certbind(&["--message", "dsc", "lst"])
        .output()
        .unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(text.starts_with("error: "), "{text}");
}
