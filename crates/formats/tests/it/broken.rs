//! Broken records are reported by line, with the expected value, and are an error for the whole
//! listing unless `keep_going` is set.

use certbind_core::CertCheckMode;
use certbind_formats::{Format, ReadError, ReadOptions, WarningKind, detect, read};

use crate::languages::GERMAN;
use crate::listings::{host, keys, print, read_text, sample};

fn errors(text: &str) -> Vec<String> {
    match read_text(text).unwrap_err() {
        ReadError::Broken(errors) => errors.iter().map(ToString::to_string).collect(),
        other => panic!("{other}"),
    }
}

#[test]
fn broken_value_is_named_with_line_and_expectation() {
    for (from, to, expected) in [
        (
            "0.0.0.0:443\r",
            "0.0.0.0\r",
            "line 8: key: expected an address and port, as in 0.0.0.0:443 or [::]:443, found \
             \"0.0.0.0\"",
        ),
        (
            "0.0.0.0:443\r",
            "0.0.0.0:70000\r",
            "line 8: key: expected an address and port, as in 0.0.0.0:443 or [::]:443, found \
             \"0.0.0.0:70000\"",
        ),
        (
            "61d34f532da121bbab64723c4871e72c92f03735",
            "61 d3 4f 53",
            "line 9: 0.0.0.0:443: Certificate Hash: expected 40 hexadecimal digits, found \"61 d3 \
             4f 53\"",
        ),
        (
            "{4dc3e181-e14b-4a21-b022-59fc669b0914}",
            "4dc3e181-e14b-4a21-b022-59fc669b0914",
            "line 10: 0.0.0.0:443: Application ID: expected a GUID in braces, as \
             {4dc3e181-e14b-4a21-b022-59fc669b0914}, found \"4dc3e181-e14b-4a21-b022-59fc669b0914\"",
        ),
        (
            "Usage Check                  : Enabled",
            "Usage Check                  : Perhaps",
            "line 14: 0.0.0.0:443: Usage Check: expected Enabled or Disabled, or the words for \
             them in a known language, found \"Perhaps\"",
        ),
        (
            "Disable QUIC                 : Not Set",
            "Disable QUIC                 : Perhaps",
            "line 23: 0.0.0.0:443: Disable QUIC: expected Set or Not Set, or the words for them \
             in a known language, found \"Perhaps\"",
        ),
        (
            "Revocation Freshness Time    : 0",
            "Revocation Freshness Time    : 4294967296",
            "line 15: 0.0.0.0:443: Revocation Freshness Time: expected a number from 0 to \
             4294967295, found \"4294967296\"",
        ),
        (
            "    Usage Check                  : Enabled\r\n",
            "    Usage Check                  : Enabled\r\n    Usage Check                  : \
             Enabled\r\n",
            "line 15: 0.0.0.0:443: \"Usage Check\" is on line 14 already",
        ),
        (
            "0.0.0.0:8443\r",
            "0.0.0.0:443\r",
            "line 39: ipport=0.0.0.0:443: this key is on line 8 already; expected each key once",
        ),
        (
            "SNI.IIS8.com:443",
            "SNI IIS8.com:443",
            "line 163: key: expected a host name and port, as in www.contoso.com:443, found \"SNI \
             IIS8.com:443\"",
        ),
    ] {
        let broken = host().replacen(from, to, 1);
        assert_ne!(broken, host(), "{from}");
        assert_eq!(errors(&broken), [expected]);
    }
}

#[test]
fn a_record_without_its_key_is_an_error() {
    let broken = host().replacen("    IP:port                      : 0.0.0.0:8443\r\n", "", 1);
    assert_eq!(
        errors(&broken),
        ["line 39: expected the line of the key first, as in \"IP:port : 0.0.0.0:443\""]
    );
}

#[test]
fn hash_in_a_central_store_record_is_an_error() {
    let broken = GERMAN.replacen(
        "Zertifikathash               : (null)",
        "Zertifikathash               : 61d34f532da121bbab64723c4871e72c92f03735",
        1,
    );
    assert_eq!(errors(&broken).len(), 1);
}

#[test]
fn repeated_keys_after_the_first_thousand_errors_are_no_bindings() {
    let record = |hash: &str| {
        format!(
            "    IP:port                      : 0.0.0.0:443\r\n    Certificate Hash             : \
             {hash}\r\n    Application ID               : \
             {{4dc3e181-e14b-4a21-b022-59fc669b0914}}\r\n    Certificate Store Name       : \
             MY\r\n\r\n"
        )
    };
    let whole = record(&"5".repeat(40));
    let text = record("5").repeat(600) + &whole.repeat(601);
    let options = ReadOptions {
        keep_going: true,
        ..ReadOptions::default()
    };
    let reading = read(text.as_bytes(), &options).unwrap();
    assert_eq!(keys(&reading), ["ipport=0.0.0.0:443"]);
    assert_eq!(reading.errors.len(), 1_001);
    assert_eq!(reading.errors[1_000].to_string(), "200 more errors");
    assert_eq!(errors(&text).len(), 1_001);
}

#[test]
fn keep_going_returns_the_valid_records() {
    let broken = host()
        .replace("5226dc6c", "redacted")
        .replace("[::]:443", "[::]");
    assert_eq!(errors(&broken).len(), 2);
    let options = ReadOptions {
        keep_going: true,
        ..ReadOptions::default()
    };
    let reading = read(broken.as_bytes(), &options).unwrap();
    assert_eq!(reading.errors.len(), 2);
    assert_eq!(
        keys(&reading),
        [
            "ipport=0.0.0.0:443",
            "ipport=0.0.0.0:44304",
            "ipport=0.0.0.0:44307",
            "hostnameport=sni.iis8.com:443"
        ]
    );
}

#[test]
fn a_missing_option_line_is_noticed() {
    let line = "    Disable QUIC                 : Not Set";
    let one = sample("06-extended-properties.txt").replacen(&format!("{line}\n"), "", 1);
    let some = host().replacen(&format!("{line}\r\n"), "", 1);
    for text in [one, some] {
        let reading = read_text(&text).unwrap();
        let printed = reading
            .warnings
            .iter()
            .find(|warning| warning.kind == WarningKind::Trimmed);
        assert!(printed.unwrap().what.contains("Disable QUIC"));
    }
}

#[test]
fn value_of_a_damaged_label_is_reported() {
    let usage = "Usage Check                  : ";
    let [on, off] = ["Enabled", "Disabled"].map(|word| format!("{usage}{word}"));
    let damaged = host().replacen(&on, &off.replace("Check", "C#eck"), 1);
    let reading = read_text(&damaged).unwrap();
    let record = reading.export.bindings[0].record();
    assert_eq!(record.check_mode, CertCheckMode::empty());
    let reports = |text: &str| {
        let mut warnings = reading.warnings.iter();
        warnings.any(|warning| warning.what.contains(text))
    };
    assert!(reports("\"Usage C#eck\" is an unknown option"));
    assert!(reports("no value for Usage Check"));
}

#[test]
fn options_that_only_other_records_have_are_missed() {
    let text = host();
    let start = text.find("    Reject Connections").unwrap();
    let end = 1 + text.find("\n Extended").unwrap();
    let trimmed = format!("{}{}", &text[..start], &text[end..]);
    let reading = read_text(&trimmed).unwrap();
    let printed = reading
        .warnings
        .iter()
        .find(|warning| warning.kind == WarningKind::Trimmed);
    let printed = printed.unwrap();
    assert_eq!(printed.line, Some(8));
    assert!(
        printed
            .what
            .starts_with("trimmed: no line for Reject Connections, Disable HTTP2, ")
    );
}

/// Also where the other record cannot be read, or has lost other lines.
#[test]
fn lines_of_damaged_records_are_missed_in_others() {
    let record = |host: u8, options: &str| {
        format!(
            "    IP:port                      : 10.0.0.{host}:443
    Certificate Hash             : 5226dc6c54559761cd471b86eb51c096252c90f2
    Application ID               : {{4dc3e181-e14b-4a21-b022-59fc669b0914}}
    Certificate Store Name       : MY
    Verify Client Certificate Revocation : Enabled
    Verify Revocation Using Cached Client Certificate Only : Disabled
    Usage Check                  : Enabled
    Revocation Freshness Time    : 0
    URL Retrieval Timeout        : 0
    Ctl Identifier               : (null)
    Ctl Store Name               : (null)
    DS Mapper Usage              : Disabled
    Negotiate Client Certificate : Disabled
{options}
"
        )
    };
    let reject = "    Reject Connections           : Disabled\n";
    let http2 = "    Disable HTTP2                : Set\n";
    let whole = record(1, &format!("{reject}{http2}"));
    let without = |line: &str| {
        let lines = whole.lines().filter(|other| !other.contains(line));
        lines.collect::<Vec<_>>().join("\n")
    };
    for damaged in [without("Usage Check"), without("Application ID")] {
        let options = ReadOptions {
            keep_going: true,
            ..ReadOptions::default()
        };
        let text = format!("{damaged}\n\n{}", record(2, reject));
        let reading = read(text.as_bytes(), &options).unwrap();
        let mut warnings = reading.warnings.iter();
        let key = "ipport=10.0.0.2:443".parse().ok();
        let missing = warnings.find(|warning| warning.key == key).unwrap();
        assert_eq!(missing.kind, WarningKind::Trimmed);
        assert!(
            missing
                .what
                .starts_with("trimmed: no line for Disable HTTP2")
        );
    }
}

/// The options of a newer release may have been lost with the order of the lines.
#[test]
fn an_order_that_no_release_prints_is_reported() {
    let text = host();
    let lines: Vec<_> = text.lines().map(str::to_owned).collect();
    let at = lines
        .iter()
        .position(|line| line.contains("Ctl Identifier"));
    let at = at.unwrap();
    let mut other = lines.clone();
    other.swap(at, at + 1);
    let reading = read_text(&other.join("\r\n")).unwrap();
    let warning = reading.warnings.first().unwrap();
    assert_eq!(
        (warning.kind, warning.line),
        (WarningKind::Trimmed, Some(at as u64 + 2))
    );
    assert!(
        warning
            .what
            .contains("\"Ctl Identifier\" is not at its place")
    );
}

#[test]
fn a_line_that_belongs_to_no_record_is_reported() {
    let text = format!("{}    Colour                       : green\r\n", host());
    let reading = crate::listings::prints_back(text.as_bytes(), &ReadOptions::default());
    let skipped = reading
        .warnings
        .iter()
        .find(|warning| warning.kind == WarningKind::Skipped);
    assert_eq!(
        skipped.unwrap().to_string(),
        "line 194: this line belongs to no record and was ignored"
    );
}

#[test]
fn other_spellings_are_read_and_reported() {
    let hash = "61d34f532da121bbab64723c4871e72c92f03735";
    let shouted = host().replacen(hash, &hash.to_uppercase(), 2);
    let reading = read_text(&shouted).unwrap();
    assert_eq!(
        reading.export.bindings,
        read_text(&host()).unwrap().export.bindings
    );
    let printed =
        |warning: &&certbind_formats::ConversionWarning| warning.kind == WarningKind::Spelling;
    assert!(
        reading.warnings.iter().filter(printed).count() >= 1,
        "{:?}",
        reading.warnings
    );

    // In capitals throughout, it prints back.
    let shouted = host().replace(hash, &hash.to_uppercase());
    let shouted = shouted.replace("5226dc6c", "5226DC6C").replace(
        "54559761cd471b86eb51c096252c90f2",
        "54559761CD471B86EB51C096252C90F2",
    );
    let reading = read_text(&shouted).unwrap();
    let (back, _) = print(&reading.export, reading.export.layout.as_ref().unwrap());
    assert!(back == shouted.as_bytes());
}

#[test]
fn titles_between_groups_print_back() {
    let text = host().replace(
        "\r\n\r\n    Hostname:port",
        "\r\n\r\nSNI Certificate bindings:\r\n--------\r\n\r\n    Hostname:port",
    );
    crate::listings::prints_back(text.as_bytes(), &ReadOptions::default());
}

#[test]
fn commands_between_listings_print_back() {
    let shown = |number: usize| {
        let record = sample("07-legacy-tls.txt").replace(":44307", &format!(":{number}"));
        let prompt = format!("PS C:\\> netsh http show sslcert ipport=0.0.0.0:{number}\n\n");
        format!("{prompt}{record}\n\n")
    };
    let text = [1, 22, 333, 4444].map(shown).concat();
    let reading = crate::listings::prints_back(text.as_bytes(), &ReadOptions::default());
    assert_eq!(reading.export.bindings.len(), 4);
    assert_eq!(reading.warnings, []);
    let mut out = Vec::new();
    certbind_formats::json::write(&mut out, &reading.export).unwrap();
    crate::json::validate(&out);
}

#[test]
fn text_after_the_records_prints_back() {
    let text = format!("{}C:\\WINDOWS\\system32>exit", host());
    let reading = crate::listings::prints_back(text.as_bytes(), &ReadOptions::default());
    assert_eq!(keys(&reading).len(), 6);
}

#[test]
fn first_character_determines_the_format() {
    assert_eq!(detect(b"  \r\n\t{\"format\""), Format::Json);
    assert_eq!(detect(b"\xef\xbb\xbf{"), Format::Json);
    assert_eq!(detect(b"\xff\xfe{\0}\0"), Format::Json);
    assert_eq!(detect(host().as_bytes()), Format::Netsh);
    assert_eq!(detect(b""), Format::Netsh);
    assert!(matches!(
        read(b"", &ReadOptions::default()),
        Err(ReadError::Unrecognised { .. })
    ));
}

#[test]
fn control_characters_stay_data() {
    let text = host().replacen(": WebHosting", ": Web\u{1b}[31mHosting", 1);
    let reading = read_text(&text).unwrap();
    let record = reading.export.bindings[0].record();
    let store = record.certificate.as_ref().unwrap().store_name.clone();
    assert_eq!(store.unwrap().as_str(), "Web\u{1b}[31mHosting");
}

/// The hash before the key of the next record does not belong to the record before, whose own hash
/// also precedes its key.
#[test]
fn hashes_in_front_of_their_keys_are_given_to_no_other() {
    let record = |port: u16, digit: char| {
        let hash = digit.to_string().repeat(40);
        format!(
            "    Certificate Hash             : {hash}\r\n\
             \x20   IP:port                      : 10.0.0.1:{port}\r\n\
             \x20   Application ID               : {{4dc3e181-e14b-4a21-b022-59fc669b0914}}\r\n\
             \x20   Certificate Store Name       : MY\r\n\
             \x20   Verify Client Certificate Revocation : Enabled\r\n\
             \x20   Verify Revocation Using Cached Client Certificate Only : Disabled\r\n\
             \x20   Usage Check                  : Enabled\r\n\
             \x20   Revocation Freshness Time    : 0\r\n\
             \x20   URL Retrieval Timeout        : 0\r\n\
             \x20   Ctl Identifier               : (null)\r\n\
             \x20   Ctl Store Name               : (null)\r\n\
             \x20   DS Mapper Usage              : Disabled\r\n\
             \x20   Negotiate Client Certificate : Disabled\r\n"
        )
    };
    let title = "\r\nSSL Certificate bindings:\r\n-------------------------\r\n\r\n";
    for gap in ["\r\n", ""] {
        let text = [title, &record(1, 'a'), gap, &record(2, 'b'), "\r\n"].concat();
        let options = ReadOptions {
            keep_going: true,
            ..ReadOptions::default()
        };
        let reading = certbind_formats::read(text.as_bytes(), &options).unwrap();
        assert_eq!(reading.export.bindings, [], "{:?}", reading.errors);
        assert!(!reading.errors.is_empty());
    }
}
