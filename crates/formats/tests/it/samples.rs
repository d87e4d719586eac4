//! Every published sample is read correctly.

use certbind_core::{CertCheckMode, ExtendedProperties, PropertyValue, SslFlags};
use certbind_formats::{ReadError, ReadOptions, WarningKind};

use crate::listings::{bound, host, keys, prints_back, read_text, sample};

const HASH: &str = "61d34f532da121bbab64723c4871e72c92f03735";
const GUID: &str = "4dc3e181-e14b-4a21-b022-59fc669b0914";

/// The placeholders of a template, filled in.
fn filled(name: &str) -> String {
    sample(name)
        .replace("{0}", "192.0.2.1:8443")
        .replace("{1}", HASH)
        .replace("{2}", &format!("{{{GUID}}}"))
        .replace("<ip:port>", "192.0.2.1:8443")
        .replace("<hash>", HASH)
        .replace("<guid>", GUID)
        .replace("<store-name>", "MY")
}

#[test]
fn absent_store_name_differs_from_my() {
    let reading = prints_back(
        sample("01-server-2012-null-store.txt").as_bytes(),
        &ReadOptions::default(),
    );
    let record = bound(&reading, "0.0.0.0:443").record();
    let certificate = record.certificate.as_ref().unwrap();
    assert_eq!(certificate.store_name, None);
    assert_eq!(
        certificate.hash.to_string(),
        "5226dc6c54559761cd471b86eb51c096252c90f2"
    );
    assert_eq!(record.app_id.to_string(), GUID);
    assert_eq!(record.check_mode, CertCheckMode::empty());
    assert_eq!(record.flags, SslFlags::empty());
    assert_eq!(reading.warnings, []);
}

#[test]
fn the_old_layout_prints_back_with_its_spaces() {
    let reading = prints_back(
        filled("04-old-layout-default.txt").as_bytes(),
        &ReadOptions::default(),
    );
    assert_eq!(reading.warnings, []);
    let record = bound(&reading, "192.0.2.1:8443").record();
    assert_eq!(record.check_mode, CertCheckMode::empty());

    let reading = prints_back(
        filled("05-old-layout-options.txt").as_bytes(),
        &ReadOptions::default(),
    );
    assert_eq!(reading.warnings, []);
    let record = bound(&reading, "192.0.2.1:8443").record();
    assert_eq!(
        record.check_mode,
        CertCheckMode::NO_REVOCATION
            | CertCheckMode::CACHED_REVOCATION
            | CertCheckMode::NO_USAGE_CHECK
            | CertCheckMode::USE_REVOCATION_FRESHNESS,
        "a freshness time that an old host shows has an effect"
    );
    assert_eq!(record.revocation_freshness_time, 60);
    assert_eq!(record.url_retrieval_timeout, 5000);
    assert_eq!(
        record.flags,
        SslFlags::USE_DS_MAPPER | SslFlags::NEGOTIATE_CLIENT_CERT
    );
}

#[test]
fn extended_properties_at_their_defaults_are_not_set() {
    let reading = prints_back(
        sample("06-extended-properties.txt").as_bytes(),
        &ReadOptions::default(),
    );
    let record = bound(&reading, "0.0.0.0:44304").record();
    assert_eq!(record.hash().unwrap().to_string(), HASH);
    assert_eq!(record.check_mode, CertCheckMode::NO_REVOCATION);
    assert_eq!(record.flags, SslFlags::NEGOTIATE_CLIENT_CERT);
    assert!(record.extended.is_empty());
    assert_eq!(reading.warnings, []);
}

#[test]
fn extended_properties_that_are_set_are_carried() {
    let text = sample("06-extended-properties.txt")
        .replace("2796202", "100")
        .replace("1048576", "65536");
    let reading = prints_back(text.as_bytes(), &ReadOptions::default());
    let window = PropertyValue::Http2Window {
        receive_window: 65_536,
    };
    let limits = PropertyValue::Http2SettingsLimits {
        max_per_frame: 100,
        max_per_minute: u32::MAX,
    };
    let expected = ExtendedProperties::new([window.into(), limits.into()]).unwrap();
    assert_eq!(bound(&reading, "0.0.0.0:44304").record().extended, expected);
    assert_eq!(reading.warnings, []);
}

#[test]
fn invalid_extended_property_is_reported() {
    let sample = sample("06-extended-properties.txt");
    for (from, to, what) in [
        (
            "1048576",
            "4294967296",
            "\"Receive Window\" is \"4294967296\"",
        ),
        ("1048576", "+1", "\"Receive Window\" is \"+1\""),
        (
            "PropertyId                   : 0",
            "PropertyId                   : x",
            "Extended Property \"x\"",
        ),
        (
            "PropertyId                   : 0",
            "PropertyId                   : 9",
            "\"Receive Window\"",
        ),
    ] {
        let text = sample.replacen(from, to, 1);
        assert_ne!(text, sample, "{from}");
        let reading = read_text(&text).unwrap();
        assert!(
            bound(&reading, "0.0.0.0:44304")
                .record()
                .extended
                .is_empty()
        );
        let warning = &reading.warnings[0];
        assert!(
            warning.kind.changes_behaviour() && warning.what.contains(what),
            "{warning}"
        );
    }
}

#[test]
fn extended_properties_without_a_value_print_back() {
    let mut text = sample("06-extended-properties.txt").trim_end().to_owned();
    for id in 2..=4 {
        text += &format!("\n Extended Properties:\n    PropertyId                   : {id}");
    }
    text += "\n";
    let reading = prints_back(text.as_bytes(), &ReadOptions::default());
    // As a French Windows Server 2022 prints them.
    let [warning] = &reading.warnings[..] else {
        panic!("{:?}", reading.warnings)
    };
    assert_eq!(warning.kind, WarningKind::Default);
    assert_eq!(
        warning.what,
        "Extended Properties 2, 3, 4 are shown without a value; they are not converted"
    );
}

#[test]
fn listing_with_fewer_options_prints_back() {
    let reading = prints_back(
        sample("07-legacy-tls.txt").as_bytes(),
        &ReadOptions::default(),
    );
    assert_eq!(keys(&reading), ["ipport=0.0.0.0:44307"]);
    assert_eq!(reading.warnings, []);
}

#[test]
fn indentation_of_the_listing_is_preserved() {
    let text = filled("10-session-id.txt").replace(
        "Disable Session ID           : Not Set",
        "Disable Session ID           : Set",
    );
    let reading = prints_back(text.as_bytes(), &ReadOptions::default());
    let record = bound(&reading, "192.0.2.1:8443").record();
    assert_eq!(record.flags, SslFlags::DISABLE_SESSION_ID);
}

#[test]
fn empty_line_after_every_line_is_preserved() {
    let reading = prints_back(
        sample("15-sni-double-spaced.txt").as_bytes(),
        &ReadOptions::default(),
    );
    assert_eq!(keys(&reading), ["hostnameport=sni.iis8.com:443"]);
    let binding = bound(&reading, "hostnameport=sni.iis8.com:443");
    assert_eq!(binding.host_spelling(), Some("SNI.IIS8.com"));
    assert_eq!(reading.warnings, []);

    // Two of them: the second record is not taken for more lines of the first.
    let one = sample("15-sni-double-spaced.txt");
    let record = one.split_once("Hostname").unwrap().1;
    let two = format!("{one}\nHostname{}", record.replace("SNI.", "WWW."));
    let reading = prints_back(two.as_bytes(), &ReadOptions::default());
    assert_eq!(keys(&reading).len(), 2);
}

#[test]
fn additional_checks_of_server_2025_are_read() {
    let reading = prints_back(
        filled("19-server-2025-labels.txt").as_bytes(),
        &ReadOptions::default(),
    );
    let record = bound(&reading, "192.0.2.1:8443").record();
    assert_eq!(
        record.check_mode,
        CertCheckMode::NO_REVOCATION
            | CertCheckMode::CACHED_REVOCATION
            | CertCheckMode::NO_USAGE_CHECK
            | CertCheckMode::USE_REVOCATION_FRESHNESS
    );
    assert!(record.flags.contains(SslFlags::DISABLE_TLS12));

    let text = filled("19-server-2025-labels.txt").replace(
        "Use Revocation Freshness Time : Enabled",
        "Use Revocation Freshness Time : Disabled",
    );
    let reading = prints_back(text.as_bytes(), &ReadOptions::default());
    let record = bound(&reading, "192.0.2.1:8443").record();
    assert_eq!(record.revocation_freshness_time, 60);
    assert!(
        !record
            .check_mode
            .contains(CertCheckMode::USE_REVOCATION_FRESHNESS)
    );
}

#[test]
fn missing_lines_give_defaults_and_a_warning() {
    for (name, count) in [
        ("12-german-handwritten.txt", 1),
        ("13-chinese-handwritten.txt", 2),
    ] {
        let reading = read_text(&sample(name)).unwrap();
        assert_eq!(reading.export.bindings.len(), count);
        assert_eq!(reading.warnings.len(), count, "{:?}", reading.warnings);
        assert!(
            reading
                .warnings
                .iter()
                .all(|warning| warning.kind == WarningKind::Trimmed)
        );
        assert_eq!(reading.export.layout, None, "nothing whole to learn from");
    }
}

#[test]
fn incomplete_record_is_refused_with_its_line() {
    let errors = |name: &str| match read_text(&sample(name)).unwrap_err() {
        ReadError::Broken(errors) => {
            let lines: Vec<_> = errors.iter().filter_map(|error| error.line).collect();
            (lines, errors[0].to_string())
        }
        other => panic!("{other}"),
    };
    let (lines, first) = errors("03-old-layout-trimmed.txt");
    assert_eq!(lines, [2, 16]);
    assert_eq!(
        first,
        "line 2: key: expected an address and port, as in 0.0.0.0:443 or [::]:443, found \
         nothing"
    );
    let (lines, first) = errors("16-redacted.txt");
    assert_eq!(lines, [5, 19]);
    assert_eq!(
        first,
        "line 5: 0.0.0.0:443: Certificate Hash: expected 40 hexadecimal digits, found \"redacted\""
    );
    let (lines, _) = errors("11-german-partial.txt");
    assert_eq!(lines, [7]);
    let (lines, first) = errors("20-central-store-label.txt");
    assert_eq!(lines, [1]);
    assert_eq!(
        first,
        "line 1: 443: expected an Application ID in this record"
    );
}

#[test]
fn other_text_is_refused_with_its_first_line() {
    for name in [
        "17-usage-2019.txt",
        "18-usage-error.txt",
        "21-add-1312.txt",
        "24-show-missing.txt",
    ] {
        let error = read_text(&sample(name)).unwrap_err();
        assert!(
            matches!(
                error,
                ReadError::Unrecognised { .. } | ReadError::OtherOutput { .. }
            ),
            "{name}: {error}"
        );
    }
    assert_eq!(
        read_text(&sample("24-show-missing.txt"))
            .unwrap_err()
            .to_string(),
        "expected a listing of `netsh http show sslcert`, found the error that a key is not bound, \
         which lists no bindings"
    );
}

#[test]
fn the_listing_of_a_host_without_bindings_prints_back() {
    let text = "\r\nSSL Certificate bindings:\r\n-------------------------\r\n\r\n";
    let reading = prints_back(text.as_bytes(), &ReadOptions::default());
    assert_eq!(keys(&reading), [""; 0]);
}

#[test]
fn the_shipped_transcript_prints_back() {
    let reading = prints_back(host().as_bytes(), &ReadOptions::default());
    assert_eq!(
        keys(&reading),
        [
            "ipport=0.0.0.0:443",
            "ipport=0.0.0.0:8443",
            "ipport=0.0.0.0:44304",
            "ipport=0.0.0.0:44307",
            "ipport=[::]:443",
            "hostnameport=sni.iis8.com:443",
        ]
    );
    assert!(
        reading
            .warnings
            .iter()
            .all(|warning| warning.kind == WarningKind::Default)
    );
}
