//! The JSON format, and refused input.

use std::sync::LazyLock;

use certbind_formats::{
    Configuration, Export, Header, ReadError, ReadOptions, WriteError, desired, json, netsh, read,
    reg, snapshot,
};

use crate::languages::{GERMAN, ROMANCE};
use crate::listings::{host, read_text};

static SCHEMAS: LazyLock<[jsonschema::Validator; 3]> = LazyLock::new(|| {
    json::SCHEMAS.map(|schema| {
        let schema = serde_json::from_str(schema).unwrap();
        jsonschema::meta::validate(&schema).unwrap();
        jsonschema::options()
            .should_validate_formats(true)
            .build(&schema)
            .unwrap()
    })
});

/// The schema of an export's version.
fn schema(export: &serde_json::Value) -> &'static jsonschema::Validator {
    let version = export["version"].as_u64().unwrap();
    &SCHEMAS[usize::try_from(version).unwrap().min(SCHEMAS.len()) - 1]
}

/// Asserts that bytes are a valid export under the schema.
pub(crate) fn validate(bytes: &[u8]) {
    let value = serde_json::from_slice(bytes).unwrap();
    if let Err(error) = schema(&value).validate(&value) {
        panic!("{error} at {}", error.instance_path());
    }
}

fn written(export: &Export) -> String {
    let mut out = Vec::new();
    json::write(&mut out, export).unwrap();
    validate(&out);
    String::from_utf8(out).unwrap()
}

fn example() -> Export {
    let mut export = read_text(&host()).unwrap().export;
    export.layout = None;
    export.bindings.truncate(2);
    export.header = Header {
        host: Some("WEB-01".into()),
        captured_at: Some("2026-03-01T12:00:00Z".parse().unwrap()),
        source: Some("netsh http show sslcert".into()),
        tool: Some("certbind 0.1.0".into()),
    };
    export
}

#[test]
fn an_export_is_written_as_the_documented_object() {
    let text = written(&example());
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/snapshots/export-v1.json"
    );
    if std::env::var_os("SNAPSHOTS").is_some() {
        std::fs::write(path, &text).unwrap();
    }
    assert_eq!(text, std::fs::read_to_string(path).unwrap());
    assert_eq!(read_text(&text).unwrap().export, example());
}

#[test]
fn layouts_travel_with_an_export() {
    let export = read_text(&host()).unwrap().export;
    assert_eq!(read_text(&written(&export)).unwrap().export, export);
}

/// Labels that are not in the table could have any meaning.
#[test]
fn layouts_in_other_languages_are_left_out_with_a_warning() {
    for text in [ROMANCE, GERMAN] {
        let export = read_text(text).unwrap().export;
        let reading = read_text(&written(&export)).unwrap();
        assert_eq!(reading.export.bindings, export.bindings);
        assert_eq!(reading.export.layout, None);
        let [warning] = reading.warnings.as_slice() else {
            panic!("{:?}", reading.warnings);
        };
        let expected = "is not a label of the value after it";
        assert!(warning.what.ends_with(expected), "{warning}");
    }
}

#[test]
fn export_that_is_not_whole_is_refused_unless_asked_for() {
    let export = Export {
        unreadable: vec!["ipport=0.0.0.0:443: its hash has 32 bytes".into()],
        ..example()
    };
    let text = written(&export);
    assert!(text.contains("\"version\": 3"), "{text}");
    let refused = read_text(&text).unwrap_err().to_string();
    assert!(
        refused.contains("incomplete: ipport=0.0.0.0:443"),
        "{refused}"
    );
    let options = ReadOptions {
        keep_going: true,
        ..ReadOptions::default()
    };
    let reading = read(text.as_bytes(), &options).unwrap();
    assert_eq!((reading.export, reading.errors.len()), (export, 1));
}

#[test]
fn only_json_says_that_an_export_is_not_whole() {
    let export = Export {
        unreadable: vec!["a record".into()],
        ..example()
    };
    let layout = netsh::Release::default().layout();
    let mut out = Vec::new();
    let refused = [
        netsh::write(&mut out, &export, &layout).map(drop),
        netsh::write_checked(&mut out, &export, &layout).map(drop),
        netsh::write_script(&mut out, &export),
        netsh::write_powershell(&mut out, &export),
        reg::write(&mut out, &export),
        desired::write(&mut out, &export),
        snapshot::write(&mut out, &export),
    ];
    for (number, written) in refused.into_iter().enumerate() {
        let is_refused = matches!(written, Err(WriteError::NotWhole { .. }));
        assert!(is_refused, "writer {number}: {written:?}");
    }
    assert!(out.is_empty());
}

#[test]
fn schema_and_reader_agree() {
    let good = written(&example());
    for (from, to) in [
        ("\"version\": 1", "\"version\": 4"),
        ("certbind-export", "certbind"),
        ("\"header\"", "\"heading\""),
        ("\"host\"", "\"hostess\""),
        ("\"app_id\"", "\"application\""),
        ("ipport=0.0.0.0:443\"", "ipport=443\""),
        ("61d34f53", "61d34f5"),
        ("\"flags\": []", "\"flags\": [\"disable_everything\"]"),
        ("\"flags\": []", "\"flags\": 3"),
        (
            "\"url_retrieval_timeout\": 0",
            "\"url_retrieval_timeout\": -1",
        ),
        (
            "\"url_retrieval_timeout\": 0",
            "\"url_retrieval_timeout\": 4294967296",
        ),
        ("2026-03-01T12:00:00Z", "yesterday"),
    ] {
        let bad = good.replacen(from, to, 1);
        assert_ne!(bad, good, "{from}");
        assert!(read_text(&bad).is_err(), "{to}");
        let value = serde_json::from_str(&bad).unwrap();
        assert!(!schema(&value).is_valid(&value), "{to}");
    }
}

/// A binding with every extended property.
const EXTENDED: &str = r#"{
  "format": "certbind-export",
  "version": 2,
  "header": {
    "host": null,
    "captured_at": null,
    "source": null,
    "tool": null
  },
  "bindings": [
    {
      "key": "ccs=443",
      "certificate": null,
      "app_id": "4dc3e181-e14b-4a21-b022-59fc669b0914",
      "check_mode": [],
      "revocation_freshness_time": 0,
      "url_retrieval_timeout": 0,
      "ctl_identifier": null,
      "ctl_store_name": null,
      "flags": [],
      "extended": {
        "http2_window": {
          "receive_window": 65535,
          "flags": "0x8000000000000000"
        },
        "http2_settings_limits": {
          "max_per_frame": 32,
          "max_per_minute": 960
        },
        "performance": {
          "setting": 2,
          "buffer": "00000200"
        },
        "tls_restrictions": {
          "restrictions": [
            {
              "alpn_ids": [
                "h2"
              ],
              "disabled_protocols": 192,
              "disabled_crypto": [
                {
                  "usage": 2,
                  "algorithm": "AES",
                  "chaining_modes": [
                    "ChainingModeCBC"
                  ],
                  "min_bits": 0,
                  "max_bits": 128
                }
              ],
              "restriction_flags": 1
            }
          ]
        },
        "error_headers": {
          "status": 503,
          "headers": [
            {
              "name": "Retry-After",
              "value": "120"
            }
          ]
        },
        "session_ticket_keys": {
          "keys": [
            {
              "version": 0,
              "id": "000102030405060708090a0b0c0d0e0f",
              "material": "10111213"
            }
          ]
        }
      }
    }
  ]
}
"#;

#[test]
fn extended_properties_match_the_documentation() {
    let export = read_text(EXTENDED).unwrap().export;
    assert_eq!(export.bindings[0].record().extended.iter().count(), 6);
    assert_eq!(written(&export), EXTENDED);
}

#[test]
fn schema_and_reader_agree_on_extended_properties() {
    for (from, to) in [
        ("\"version\": 2", "\"version\": 1"),
        ("\"receive_window\": 65535", "\"receive_window\": -1"),
        ("\"receive_window\"", "\"window\""),
        ("0x8000000000000000", "8000000000000000"),
        ("0x8000000000000000", "0x80000000000000000"),
        ("\"setting\": 2", "\"setting\": 2147483648"),
        ("00000200", "0000020"),
        ("00000200", "0000020g"),
        ("\"h2\"", "\"\""),
        ("\"usage\": 2", "\"usage\": null"),
        ("\"status\": 503", "\"status\": 65536"),
        ("Retry-After", "Retry After"),
        ("\"120\"", "\"120\\r\\nX: y\""),
        ("000102030405060708090a0b0c0d0e0f", "00"),
        ("\"performance\"", "\"performances\""),
    ] {
        let bad = EXTENDED.replacen(from, to, 1);
        assert_ne!(bad, EXTENDED, "{from}");
        assert!(read_text(&bad).is_err(), "{to}");
        let value = serde_json::from_str(&bad).unwrap();
        assert!(!schema(&value).is_valid(&value), "{to}");
    }
}

#[test]
fn a_newer_version_is_refused_by_name() {
    let newer = written(&example())
        .replace("\"version\": 1", "\"version\": 7")
        .replace("\"host\"", "\"machine\"");
    let error = read_text(&newer).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the export has version 7, and this release reads versions up to 3; use a newer certbind"
    );
}

#[test]
fn other_json_is_named_and_refused() {
    for (text, expected) in [
        (
            "{}",
            "found no \"format\"; a desired state has \"binding\" or \"defaults\"",
        ),
        ("{\"format\": \"har\", \"version\": 1}", "found \"har\""),
        ("{\"format\": \"certbind-export\"}", "found no \"version\""),
        (
            "{\"format\": \"certbind-export\", \"version\": 0}",
            "found version 0",
        ),
        (
            "{\"format\": \"certbind-export\", \"version\": \"1\"}",
            "found version \"1\"",
        ),
    ] {
        let error = read_text(text).unwrap_err();
        assert!(error.to_string().ends_with(expected), "{error}");
    }
    let error = read_text("{\"format\": \"certbind-export\",\n  \"version\": ").unwrap_err();
    assert_eq!(
        error.to_string(),
        "line 2, column 13: EOF while parsing a value"
    );
}

#[test]
fn a_broken_binding_is_named_with_its_place() {
    let good = written(&example());
    let bad = good.replacen("5226dc6c", "5226dc6", 1);
    let line = 1 + good[..good.find("5226dc6c").unwrap()].matches('\n').count();
    let error = read_text(&bad).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "line {line}, column 57: bindings[1] (\"ipport=0.0.0.0:8443\"): a certificate hash is \
             40 hexadecimal digits (SHA-1), not 39"
        )
    );
    let options = ReadOptions {
        keep_going: true,
        ..ReadOptions::default()
    };
    let reading = read(bad.as_bytes(), &options).unwrap();
    assert_eq!(reading.export.bindings, example().bindings[..1]);
    assert_eq!(reading.errors.len(), 1);
}

#[test]
fn duplicate_key_is_an_error() {
    let bad = written(&example()).replace(":8443", ":443");
    let ReadError::Broken(errors) = read_text(&bad).unwrap_err() else {
        panic!("a broken binding")
    };
    assert_eq!(errors.len(), 1);
    assert_eq!(
        errors[0].what,
        "this key is bindings[0] already; expected each key once"
    );
}

#[test]
fn json_that_a_shell_turned_into_utf_16_is_read() {
    let text = written(&example());
    let bytes: Vec<u8> = "\u{feff}"
        .encode_utf16()
        .chain(text.encode_utf16())
        .flat_map(u16::to_le_bytes)
        .collect();
    let reading = read(&bytes, &ReadOptions::default()).unwrap();
    assert_eq!(reading.export, example());
}

/// A version is closed: the older ones have neither field.
#[test]
fn times_and_configuration_need_version_3() {
    let mut export = example();
    let keys = export.bindings.iter().map(|it| it.key().clone());
    let keys: Vec<_> = keys.collect();
    let time = "2026-11-28T21:24:10.5Z".parse().unwrap();
    export.times.insert(keys[0].clone(), time);
    export.configuration = Some(Configuration {
        url_reservations: vec![certbind_httpapi_abi::service::UrlReservation {
            url: "http://+:80/App/".parse().unwrap(),
            sddl: "D:(A;;GX;;;WD)".parse().unwrap(),
        }],
        listen_list: vec!["10.0.0.1".parse().unwrap(), "fe80::1%4".parse().unwrap()],
        http2_over_tls: Some(false),
        http2_cleartext: None,
        idle_connection_timeout: Some(65_535),
        header_wait_timeout: None,
        reservations_written: Some(time),
        parameters_written: None,
    });
    let text = written(&export);
    assert!(text.contains("\"version\": 3"), "{text}");
    let options = ReadOptions::default();
    assert_eq!(read(text.as_bytes(), &options).unwrap().export, export);
    for version in ["1", "2"] {
        let older = text.replace("\"version\": 3", &format!("\"version\": {version}"));
        let error = read(older.as_bytes(), &options).unwrap_err().to_string();
        assert!(error.contains("has no field \"times\""), "{error}");
    }
    let other = text.replace(&format!("\"{}\": \"2026", keys[0]), "\"ccs=443\": \"2026");
    let error = read(other.as_bytes(), &options).unwrap_err().to_string();
    assert_eq!(error, "times has ccs=443, which is not a binding key");
    for (right, wrong) in [
        ("D:(A;;GX;;;WD)", "everybody"),
        (": 65535", ": 0"),
        (": 65535", ": 65536"),
    ] {
        let wrong = text.replace(right, wrong);
        assert!(read(wrong.as_bytes(), &options).is_err(), "{wrong}");
    }
}
