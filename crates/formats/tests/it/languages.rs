//! Listings in other display languages, which no label identifies.

use certbind_core::{CertCheckMode, SslFlags};
use certbind_formats::{ReadError, ReadOptions, WarningKind, netsh::Locale, read};

use crate::listings::{bound, keys, prints_back, read_text};

/// A language that the reader does not know, with the oddities of a French host: labels translated,
/// columns shifted, a colon doubled, spaces lost, values in English.
pub(crate) const ROMANCE: &str = "
Attaches de certificat SSL :
-------------------------



    Adresse IP:porte                : 0.0.0.0:443
    Empreint du certificat             : 61d34f532da121bbab64723c4871e72c92f03735
    No de l'application               : {4dc3e181-e14b-4a21-b022-59fc669b0914}
    Nom de l'étal  de certificats :       : MY
    Vérifier la révocation du certificat client : Enabled
    Vérifier la révocation à l'aide du certificat client en cache uniquement : Disabled
    Examination  de l'utilisation                  : Enabled
    Délai d'actualisation de la révocation    : 0
    Délai d'expiration de la récupération d'URL        : 0
    Identification CTL               : (null)
    Nom de l'étal  CTL               : AdfsTrustedDevices
    Application du mappeur DS              : Disabled
    Demander le certificat client : Enabled
    Rejeter les connexions           : Disabled
    Débrancher HTTP2 :Not Set
    Débrancher QUIC :Set
    Débrancher TLS1.2 :Not Set
    Débrancher TLS1.3 :Not Set
    Débrancher l'association OCSP :Not Set
    Brancher la liaison de jeton :Not Set
    Journaliser les événements étendus :Not Set
    Débrancher les versions TLS héritées :Not Set
    Brancher le ticket de session :Not Set
 Propriétés étendues :
    PropertyId                   : 0
    Fenêtre d'accueil               : 1048576
 Propriétés étendues :
    PropertyId                   : 1
    Nombre max. de paramètres par trame       : 2796202
    Nombre max. de paramètres par minute      : 4294967295

    Nom d'hôte:port                 : www.Exemple.fr:443
    Empreint du certificat             : 5226dc6c54559761cd471b86eb51c096252c90f2
    No de l'application               : {4dc3e181-e14b-4a21-b022-59fc669b0914}
    Nom de l'étal  de certificats :       : WebHosting
    Vérifier la révocation du certificat client : Disabled
    Vérifier la révocation à l'aide du certificat client en cache uniquement : Enabled
    Examination  de l'utilisation                  : Disabled
    Délai d'actualisation de la révocation    : 60
    Délai d'expiration de la récupération d'URL        : 5000
    Identification CTL               : 4711
    Nom de l'étal  CTL               : (null)
    Application du mappeur DS              : Enabled
    Demander le certificat client : Disabled
    Rejeter les connexions           : Enabled
    Débrancher HTTP2 :Set
    Débrancher QUIC :Not Set
    Débrancher TLS1.2 :Set
    Débrancher TLS1.3 :Set
    Débrancher l'association OCSP :Set
    Brancher la liaison de jeton :Not Set
    Journaliser les événements étendus :Not Set
    Débrancher les versions TLS héritées :Not Set
    Brancher le ticket de session :Not Set
 Propriétés étendues :
    PropertyId                   : 0
    Fenêtre d'accueil               : 1048576
 Propriétés étendues :
    PropertyId                   : 1
    Nombre max. de paramètres par trame       : 2796202
    Nombre max. de paramètres par minute      : 4294967295

";

/// A plain German listing, words translated.
pub(crate) const GERMAN: &str = "
SSL-Zertifikatbindungen:
-------------------------

    IP:Port                      : [::]:443
    Zertifikathash               : af459df0ed47a6f04b8f6a20caf2488d3bb6e1bb
    Anwendungs-ID                : {ba195980-cd49-458b-9e23-c84ee0adcd75}
    Zertifikatspeichername       : Müllers Speicher
    Clientzertifikatsperrung überprüfen : Aktiviert
    Sperrung mit nur zwischengespeichertem Clientzertifikat überprüfen : Deaktiviert
    Verwendungsüberprüfung       : Deaktiviert
    Sperrungsaktualisierungszeit : 0
    URL-Abrufzeitlimit           : 0
    CTL-ID                       : (null)
    CTL-Speichername             : (null)
    DS-Zuordnungsverwendung      : Deaktiviert
    Clientzertifikat aushandeln  : Aktiviert

    Zentraler Zertifikatspeicher : 443
    Zertifikathash               : (null)
    Anwendungs-ID                : {4dc3e181-e14b-4a21-b022-59fc669b0914}
    Zertifikatspeichername       : (null)
    Clientzertifikatsperrung überprüfen : Aktiviert
    Sperrung mit nur zwischengespeichertem Clientzertifikat überprüfen : Deaktiviert
    Verwendungsüberprüfung       : Aktiviert
    Sperrungsaktualisierungszeit : 0
    URL-Abrufzeitlimit           : 0
    CTL-ID                       : (null)
    CTL-Speichername             : (null)
    DS-Zuordnungsverwendung      : Deaktiviert
    Clientzertifikat aushandeln  : Deaktiviert

";

#[test]
fn listing_with_unknown_labels_round_trips() {
    let reading = prints_back(ROMANCE.as_bytes(), &ReadOptions::default());
    assert_eq!(
        keys(&reading),
        ["ipport=0.0.0.0:443", "hostnameport=www.exemple.fr:443"]
    );
    let address = bound(&reading, "0.0.0.0:443").record();
    let store = address.certificate.as_ref().unwrap().store_name.clone();
    assert_eq!(store.unwrap().as_str(), "MY");
    assert_eq!(
        address.ctl_store_name.as_ref().unwrap().as_str(),
        "AdfsTrustedDevices"
    );
    assert_eq!(
        address.flags,
        SslFlags::NEGOTIATE_CLIENT_CERT | SslFlags::DISABLE_QUIC
    );
    let host = bound(&reading, "hostnameport=www.exemple.fr:443").record();
    assert_eq!(
        host.check_mode,
        CertCheckMode::NO_REVOCATION
            | CertCheckMode::CACHED_REVOCATION
            | CertCheckMode::NO_USAGE_CHECK
            | CertCheckMode::USE_REVOCATION_FRESHNESS
    );
    assert_eq!(
        host.flags,
        SslFlags::USE_DS_MAPPER
            | SslFlags::REJECT
            | SslFlags::DISABLE_HTTP2
            | SslFlags::DISABLE_TLS12
            | SslFlags::DISABLE_TLS13
            | SslFlags::DISABLE_OCSP_STAPLING
    );
    let [note, rest @ ..] = &reading.warnings[..] else {
        panic!("no note")
    };
    assert_eq!(
        note.to_string(),
        "line 7: the labels are in an unknown language; values were read by the order of \
         the lines, which is exactly that of a Windows before Server 2022"
    );
    // Values other than the default, on lines without an untranslated name, are reported with their
    // line.
    let lines: Vec<_> = rest.iter().map(|warning| warning.line.unwrap()).collect();
    assert_eq!(lines, [17, 19, 42, 43, 44, 45, 46, 47, 49, 51]);
    assert!(
        rest.iter()
            .all(|warning| warning.kind == WarningKind::Inferred)
    );
    assert_eq!(
        rest[1].to_string(),
        "line 19: ipport=0.0.0.0:443: read as \"Negotiate Client Certificate\", by its position"
    );
}

#[test]
fn option_known_by_position_only_is_reported() {
    let text = ROMANCE.replace(
        "les versions TLS héritées :Not Set",
        "les versions TLS héritées :Set",
    );
    let reading = prints_back(text.as_bytes(), &ReadOptions::default());
    let record = bound(&reading, "0.0.0.0:443").record();
    assert!(record.flags.contains(SslFlags::DISABLE_LEGACY_TLS));
    let told =
        |warning: &&certbind_formats::ConversionWarning| warning.kind == WarningKind::Inferred;
    let told = reading.warnings.iter().filter(told);
    let told: Vec<_> = told
        .filter(|warning| warning.what.contains("Legacy TLS"))
        .collect();
    assert_eq!(
        told.len(),
        2,
        "also where an earlier record has taught the label"
    );
    assert_eq!(
        told[0].to_string(),
        "line 28: ipport=0.0.0.0:443: read as \"Disable Legacy TLS Versions\", by its position"
    );
}

#[test]
fn german_listing_round_trips() {
    let reading = prints_back(GERMAN.as_bytes(), &ReadOptions::default());
    assert_eq!(keys(&reading), ["ipport=[::]:443", "ccs=443"]);
    let record = bound(&reading, "[::]:443").record();
    assert_eq!(record.check_mode, CertCheckMode::NO_USAGE_CHECK);
    assert_eq!(record.flags, SslFlags::NEGOTIATE_CLIENT_CERT);
    let store = record.certificate.as_ref().unwrap().store_name.clone();
    assert_eq!(store.unwrap().as_str(), "Müllers Speicher");
    let kinds: Vec<_> = reading
        .warnings
        .iter()
        .map(|warning| warning.kind)
        .collect();
    // The language, and the two values that are not at their defaults.
    assert_eq!(kinds, [WarningKind::Inferred; 3]);
}

#[test]
fn unknown_values_are_refused_until_named() {
    let text = GERMAN
        .replace("Deaktiviert", "Nej tak")
        .replace("Aktiviert", "Ja tak");
    let ReadError::Broken(errors) = read_text(&text).unwrap_err() else {
        panic!("a listing")
    };
    assert_eq!(
        errors[0].to_string(),
        "line 9: [::]:443: expected labels in English, or the lines of a known release of Windows, \
         all of them and in their order, found \"Clientzertifikatsperrung überprüfen : Ja tak\""
    );
    let options = ReadOptions {
        locale: Some(Locale {
            enabled: "Ja tak".into(),
            disabled: "Nej tak".into(),
            ..Locale::default()
        }),
        ..ReadOptions::default()
    };
    let reading = prints_back(text.as_bytes(), &options);
    let german = read_text(GERMAN).unwrap();
    assert_eq!(reading.export.bindings, german.export.bindings);
}

#[test]
fn a_missing_line_in_another_language_is_noticed() {
    let lines: Vec<_> = ROMANCE.lines().collect();
    let whole = read_text(ROMANCE).unwrap();
    // The lines of both records, but for those that belong to no binding.
    for at in (6..29).chain(37..60) {
        let mut fewer = lines.clone();
        fewer.remove(at);
        let Ok(reading) = read_text(&fewer.join("\n")) else {
            continue;
        };
        let is_told = reading
            .warnings
            .iter()
            .any(|warning| matches!(warning.kind, WarningKind::Trimmed | WarningKind::Inferred));
        assert!(is_told, "line {} can be missed: {:?}", at + 1, lines[at]);
        assert_eq!(reading.export.bindings.len(), whole.export.bindings.len());
    }
}

#[test]
fn unknown_options_are_not_read_by_position() {
    // Windows has versions with two options more, which these two are not.
    let known = "    Enable Session Ticket        : Not Set\n";
    let new = format!(
        "{known}    Disable Carrier Pigeons      : Set\n    Disable Smoke Signals        : Set\n"
    );
    let text = crate::listings::sample("06-extended-properties.txt").replace(known, &new);
    let reading = read_text(&text).unwrap();
    let record = bound(&reading, "0.0.0.0:44304").record();
    assert_eq!(record.flags, SslFlags::NEGOTIATE_CLIENT_CERT);
    let grave = reading
        .warnings
        .iter()
        .filter(|warning| warning.kind == WarningKind::Value);
    assert_eq!(grave.count(), 2);
}

#[test]
fn an_option_that_english_does_not_know_is_reported() {
    let known = "    Enable Session Ticket        : Not Set\n";
    for (value, kind) in [
        ("Not Set", WarningKind::Default),
        ("Set", WarningKind::Value),
    ] {
        let new = format!("{known}    Disable Carrier Pigeons      : {value}\n");
        let text = crate::listings::sample("06-extended-properties.txt").replace(known, &new);
        let reading = read(text.as_bytes(), &ReadOptions::default()).unwrap();
        assert_eq!(reading.warnings[0].kind, kind);
        assert!(reading.warnings[0].what.contains("Disable Carrier Pigeons"));
        assert_eq!(reading.export.bindings.len(), 1);
        if kind == WarningKind::Default {
            prints_back(text.as_bytes(), &ReadOptions::default());
        }
    }
}

#[test]
fn deviating_labels_print_back() {
    // As in French with its genders, in one listing.
    let text = ROMANCE
        .replace("Disabled", "Désactivé")
        .replace("Enabled", "Activé")
        .replace(
            "l'utilisation                  : Activé",
            "l'utilisation : Activée",
        )
        .replace(
            "l'utilisation                  : Désactivé",
            "l'utilisation : Désactivée",
        );
    let reading = prints_back(text.as_bytes(), &ReadOptions::default());
    let plain = read_text(ROMANCE).unwrap();
    assert_eq!(reading.export.bindings, plain.export.bindings);
}

#[test]
fn central_store_record_needs_no_english_label() {
    let basic = "    Clientzertifikatsperrung prüfen : Aktiviert
    Sperrung nur im Cache prüfen : Deaktiviert
    Verwendung prüfen            : Aktiviert
    Sperraktualisierungszeit     : 0
    Zeitlimit                    : 0
    CTL-Bezeichner               : (null)
    CTL-Speicher                 : (null)
    DS-Zuordnung                 : Deaktiviert
    Clientzertifikat aushandeln  : Deaktiviert
";
    let app = "{4dc3e181-e14b-4a21-b022-59fc669b0914}";
    let hash = "61d34f532da121bbab64723c4871e72c92f03735";
    let listing = format!(
        "
SSL-Zertifikatbindungen:
-------------------------

    IP:Port                      : 0.0.0.0:443
    Zertifikathash               : {hash}
    Anwendungs-ID                : {app}
    Speichername                 : MY
{basic}
    Zentraler Zertifikatspeicher : 8443
    Anwendungs-ID                : {app}
{basic}
"
    );
    let reading = prints_back(listing.as_bytes(), &ReadOptions::default());
    assert_eq!(keys(&reading), ["ipport=0.0.0.0:443", "ccs=8443"]);
}
