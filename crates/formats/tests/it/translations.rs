//! Listings in a named language: exactly the texts that published output of hosts has.

use certbind_core::{Binding, Record, SslFlags};
use certbind_formats::netsh::{self, Language, Newline, NoEvidence, Release};
use certbind_formats::{ReadError, ReadOptions, WriteError, read};

use crate::listings::{export, keys, print, prints_back, sample};

const FRENCH: &str = "25-french-server-2022.txt";

fn named(language: Language) -> ReadOptions {
    ReadOptions {
        language: Some(language),
        ..ReadOptions::default()
    }
}

fn missing(release: Release, language: Language) -> NoEvidence {
    release.layout_in(language).unwrap_err()
}

/// The host in juesp311-rgb/projetinfrastructure is reproduced byte for byte without its layout.
#[test]
fn a_french_server_2022_prints_as_published() {
    let text = sample(FRENCH);
    let reading = prints_back(text.as_bytes(), &ReadOptions::default());
    let warnings: Vec<_> = reading
        .warnings
        .iter()
        .map(|warning| &warning.what)
        .collect();
    assert_eq!(
        warnings,
        ["Extended Properties 2, 3, 4 are shown without a value; they are not converted"]
    );
    assert_eq!(keys(&reading), ["ipport=192.168.100.10:443"]);
    let certificate = reading.export.bindings[0].record().certificate.clone();
    assert_eq!(certificate.unwrap().store_name.unwrap().as_str(), "MY");

    let layout = Release::Server2022.layout_in(Language::French).unwrap();
    let (printed, warnings) = print(&reading.export, &layout.with_newline(Newline::Lf));
    assert_eq!(String::from_utf8(printed).unwrap(), text);
    assert_eq!(warnings, []);

    let again = read(text.as_bytes(), &named(Language::French)).unwrap();
    assert_eq!(again.export.bindings, reading.export.bindings);
}

/// A language works with the releases whose lines it has, and no other.
#[test]
fn lines_without_evidence_are_named() {
    for release in Release::ALL {
        let is_whole = release <= Release::Server2022;
        let layout = release.layout_in(Language::French);
        assert_eq!(layout.is_ok(), is_whole, "{release}: {layout:?}");
        assert_eq!(
            release.layout_in(Language::English).unwrap(),
            release.layout()
        );
    }
    assert_eq!(
        missing(Release::Windows11, Language::French).texts(),
        ["Enable Caching Client Hello"]
    );
    assert_eq!(
        missing(Release::Server2025, Language::French).to_string(),
        "no published output of netsh in French has these texts: Use Revocation Freshness Time, \
         Verify Revocation Using Cached URLs Only, Disable Authority Info Access, Disable Session \
         ID, Enable Caching Client Hello; use another release, or --language en"
    );
    // What was written by hand in a test is not printed.
    let german = missing(Release::Server2012R2, Language::German);
    assert!(!german.texts().contains(&"Certificate Hash".to_owned()));
    assert!(german.texts().contains(&"Application ID".to_owned()));
    assert!(german.texts().contains(&"Enabled".to_owned()));
    let chinese = missing(Release::Server2012R2, Language::SimplifiedChinese);
    assert_eq!(chinese.texts()[0], "SSL Certificate bindings:");
}

/// A binding whose lines need a text without evidence is refused, with all of them, before anything
/// is written.
#[test]
fn bindings_that_need_another_text_are_refused() {
    let hash: certbind_core::CertHash = "9ad3113b038f01abd70b5d5ec0f4b8e333c756e8".parse().unwrap();
    let layout = Release::Server2022.layout_in(Language::French).unwrap();
    let refused = |key: &str, flags: SslFlags| {
        let mut record = Record::new(hash, None, certbind_core::Uuid::nil());
        record.flags = flags;
        let binding = Binding::new(key.parse().unwrap(), record).unwrap();
        let mut out = Vec::new();
        let written = netsh::write_checked(&mut out, &export(vec![binding]), &layout);
        assert!(written.is_ok() || out.is_empty());
        written.err().map(|error| error.to_string())
    };
    assert_eq!(
        refused("0.0.0.0:443", SslFlags::NEGOTIATE_CLIENT_CERT),
        None
    );
    assert_eq!(
        refused("0.0.0.0:443", SslFlags::DISABLE_HTTP2).unwrap(),
        "ipport=0.0.0.0:443: Disable HTTP2 cannot be written: no published output of netsh in French has \
         the word for \"Set\""
    );
    assert_eq!(
        refused("hostnameport=www.exemple.fr:443", SslFlags::empty()).unwrap(),
        "hostnameport=www.exemple.fr:443: key cannot be written: no published output of netsh in \
         French has the label \"Hostname:port\", or the release no such bindings"
    );
    let empty = netsh::write(&mut Vec::new(), &export(Vec::new()), &layout);
    assert!(
        !matches!(empty, Err(WriteError::Inexpressible(_))),
        "{empty:?}"
    );
}

#[test]
fn a_named_language_accepts_its_labels_alone() {
    let text = sample(FRENCH);
    let error = |text: &str, language| match read(text.as_bytes(), &named(language)) {
        Err(ReadError::Broken(errors)) => errors[0].to_string(),
        other => panic!("{other:?}"),
    };
    assert_eq!(
        error(&text, Language::English),
        "line 8: 192.168.100.10:443: expected a label in English, found \"Hachage du certificat             \
         : 9ad3113b038f01abd70b5d5ec0f4b8e333c756e8\""
    );
    let other = text.replace("Heure d'actualisation", "Durée d'actualisation");
    assert_eq!(
        error(&other, Language::French),
        "line 14: 192.168.100.10:443: expected a label that published output of netsh in French has, \
         found \"Durée d'actualisation de la révocation    : 0\""
    );
    let english = sample("07-legacy-tls.txt");
    assert!(read(english.as_bytes(), &named(Language::English)).is_ok());
    assert!(error(&english, Language::French).contains("in French has"));
}

#[test]
fn languages_are_named_with_or_without_a_region() {
    for language in Language::ALL {
        assert_eq!(language.tag().parse(), Ok(language));
    }
    for (name, language) in [
        ("fr-CA", Language::French),
        ("DE", Language::German),
        ("zh-CN", Language::SimplifiedChinese),
    ] {
        assert_eq!(name.parse(), Ok(language));
    }
    for name in ["zh", "zh-TW", "ja", "", "french"] {
        assert!(name.parse::<Language>().is_err(), "{name}");
    }
}

/// The messages of `add sslcert` on Chinese hosts; the number and text of other errors are not known.
#[test]
fn answers_have_the_published_texts() {
    let chinese = Language::SimplifiedChinese;
    assert_eq!(chinese.added().unwrap(), "成功添加 SSL 证书");
    let (sentence, reason) = chinese.add_failed(183).unwrap();
    assert_eq!(sentence, "未能添加 SSL 证书，错误: 183");
    assert_eq!(reason, "当文件已存在时，无法创建该文件。");
    let unknown = chinese.add_failed(1312).unwrap_err();
    assert_eq!(unknown.texts(), ["the system's text for error 1312"]);
    assert!(Language::French.added().is_err());
    assert_eq!(Language::German.add_failed(5).unwrap_err().texts().len(), 2);
}
