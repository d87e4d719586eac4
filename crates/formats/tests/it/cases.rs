//! Listings that people and programs have changed: each is read correctly, or refused, or the
//! doubtful line is reported.

use certbind_core::{Record, SslFlags};
use certbind_formats::{ReadError, ReadOptions, ReadOutcome, WarningKind, read};

use crate::listings::{bound, keys};

const HASH: &str = "1111111111111111111111111111111111aaaaaa";
const IIS: &str = "4dc3e181-e14b-4a21-b022-59fc669b0914";
const AD_FS: &str = "5d89a20c-beab-4389-9447-324788eb944a";

fn case(name: &str) -> Result<ReadOutcome, ReadError> {
    let path = format!(
        "{}/tests/fixtures/cases/{name}.txt",
        env!("CARGO_MANIFEST_DIR")
    );
    read(&std::fs::read(path).unwrap(), &ReadOptions::default())
}

/// A record with everything at its default.
fn plain(store: &str, app: &str) -> Record {
    let store = Some(store.parse().unwrap());
    Record::new(HASH.parse().unwrap(), store, app.parse().unwrap())
}

#[track_caller]
fn only(name: &str, key: &str, record: &Record) -> ReadOutcome {
    let reading = case(name).unwrap();
    assert_eq!(keys(&reading).len(), 1, "{:?}", keys(&reading));
    assert_eq!(bound(&reading, key).record(), record);
    reading
}

fn reports(reading: &ReadOutcome, kind: WarningKind, text: &str) -> bool {
    let mut warnings = reading.warnings.iter();
    warnings.any(|warning| warning.kind == kind && warning.to_string().contains(text))
}

#[test]
fn url_reservations_are_refused_by_name() {
    let error = case("01-urlacl-listing").unwrap_err();
    assert_eq!(
        error.to_string(),
        "expected a listing of `netsh http show sslcert`, found URL reservations (`show urlacl`), \
         which lists no bindings"
    );
}

#[test]
fn quoted_lines_are_read() {
    let reading = only("04-quoted-2022", "0.0.0.0:443", &plain("MY", IIS));
    assert!(
        reports(&reading, WarningKind::Spelling, "\"> \""),
        "{:?}",
        reading.warnings
    );
    assert_eq!(reading.warnings.len(), 1, "{:?}", reading.warnings);
}

#[test]
fn a_quoted_line_that_is_missing_is_reported() {
    let mut record = plain("MY", IIS);
    record.flags = SslFlags::NEGOTIATE_CLIENT_CERT;
    let reading = only("06-quoted-2012r2-no-dsmapper", "0.0.0.0:443", &record);
    assert!(reports(&reading, WarningKind::Trimmed, "DS Mapper Usage"));
}

#[test]
fn labels_after_time_stamps_are_read_by_name() {
    let mut record = plain("MY", IIS);
    record.flags = SslFlags::ENABLE_TOKEN_BINDING;
    let reading = only("08-timestamps-token-binding", "0.0.0.0:443", &record);
    assert!(
        reports(&reading, WarningKind::Spelling, "begin with a time")
            || reports(&reading, WarningKind::Spelling, "begin with \"2024"),
        "{:?}",
        reading.warnings
    );
}

#[test]
fn a_remark_after_a_name_is_reported_with_its_line() {
    let reading = case("09-annotated-ctl-store").unwrap();
    assert!(
        reports(&reading, WarningKind::Unusual, "line 13: "),
        "{:?}",
        reading.warnings
    );
}

#[test]
fn null_in_upper_case_is_no_name() {
    let mut record = plain("MY", IIS);
    record.certificate.as_mut().unwrap().store_name = None;
    only("11-null-in-upper-case", "0.0.0.0:443", &record);
}

#[test]
fn remark_after_a_key_or_hash_is_refused() {
    let error = case("13-annotated-key-and-hash").unwrap_err().to_string();
    assert!(
        error.contains("line 13: ") && error.contains("remove remarks"),
        "{error}"
    );
}

#[test]
fn a_web_page_is_read() {
    let reading = only("15-html-br", "0.0.0.0:443", &plain("My", IIS));
    assert!(reports(&reading, WarningKind::Spelling, "HTML"));
}

#[test]
fn the_output_in_json_of_ansible_is_read() {
    let reading = only("17-ansible-json-in-text", "0.0.0.0:5986", &plain("MY", IIS));
    assert!(reports(&reading, WarningKind::Spelling, "\"stdout\""));
}

#[test]
fn the_prompt_of_a_pager_is_passed_over() {
    let reading = only("19-more-pager", "0.0.0.0:443", &plain("MY", IIS));
    assert!(reports(&reading, WarningKind::Spelling, "pager"));
}

#[test]
fn doubled_carriage_returns_are_read() {
    let reading = only("21-crcrlf", "0.0.0.0:443", &plain("MY", IIS));
    assert!(reports(&reading, WarningKind::Spelling, "CR CR LF"));
}

#[test]
fn the_listing_of_ad_fs_is_read() {
    let mut record = plain("MY", AD_FS);
    record.flags = SslFlags::NEGOTIATE_CLIENT_CERT;
    record.ctl_store_name = Some("AdfsTrustedDevices".parse().unwrap());
    only(
        "25-adfs-49443-audit",
        "hostnameport=sts.contoso.com:49443",
        &record,
    );
}

#[test]
fn text_without_a_record_is_no_listing() {
    for text in [
        "The system cannot find the file specified.\r\n",
        "\r\nIP:port = 0.0.0.0:443\r\nCertificate Hash = 11\r\n",
        "Hello\r\n",
        "\r\nSSL Certificate bindings:\r\n-------------------------\r\n\r\nOh no.\r\n",
        "\r\nSomething else:\r\n-------------------------\r\n",
    ] {
        let error = read(text.as_bytes(), &ReadOptions::default()).unwrap_err();
        assert!(
            matches!(
                error,
                ReadError::Unrecognised { .. } | ReadError::OtherOutput { .. }
            ),
            "{text}: {error}"
        );
    }
}
