//! Registry exports: those of Windows and Wine, and files that users saved.

use certbind_formats::{Format, ReadError, ReadOptions, ReadOutcome, WarningKind, detect, read};

use super::fixture;
use super::reg_round_trips::{some_bindings, sorted, written};
use crate::listings::{bound, keys};

pub(super) const CURRENT: &str =
    r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\HTTP\Parameters";
pub(super) const HASH: &str =
    "\"SslCertHash\"=hex:52,26,dc,6c,54,55,97,61,cd,47,1b,86,eb,51,c0,96,25,2c,90,f2";
pub(super) const APP: &str = "\"AppId\"=hex:81,e1,c3,4d,4b,e1,21,4a,b0,22,59,fc,66,9b,09,14";

/// An export of one binding: its first lines, and the values of its key from line 4 on.
pub(super) fn one(values: &str) -> String {
    format!(
        "Windows Registry Editor Version 5.00\n\n[{CURRENT}\\SslBindingInfo\\0.0.0.0:443]\n{values}\n"
    )
}

pub(super) fn whole(more: &str) -> String {
    one(&format!("{APP}\n{HASH}\n{more}"))
}

pub(super) fn read_text(text: &str) -> Result<ReadOutcome, ReadError> {
    read(text.as_bytes(), &ReadOptions::default())
}

#[track_caller]
pub(super) fn errors(text: &str) -> Vec<String> {
    match read_text(text).unwrap_err() {
        ReadError::Broken(errors) => errors.iter().map(ToString::to_string).collect(),
        other => panic!("{other}"),
    }
}

pub(super) fn warnings(text: &str) -> Vec<(WarningKind, String)> {
    let warnings = read_text(text).unwrap().warnings;
    warnings
        .iter()
        .map(|warning| (warning.kind, warning.to_string()))
        .collect()
}

#[test]
fn export_of_wine_is_read() {
    for name in ["wine-http.reg", "wine-services.reg"] {
        let file = fixture(name);
        assert_eq!(detect(&file), Format::Reg);
        let reading = read(&file, &ReadOptions::default()).unwrap();
        assert_eq!(
            keys(&reading),
            [
                "ipport=0.0.0.0:443",
                "ipport=[2001:db8::1]:8443",
                "ccs=443",
                "scopedccs=shop.contoso.com:443",
                "hostnameport=www.contoso.com:443",
                "hostnameport=sni.iis8.com:443",
            ]
        );
        let printed: Vec<_> = reading
            .warnings
            .iter()
            .map(|warning| (warning.kind, &warning.path))
            .collect();
        assert_eq!(
            printed,
            // The descriptor of the reservation has a list whose length field is too large.
            [
                (WarningKind::Value, &Some("SslBindingInfo".to_owned())),
                (WarningKind::Skipped, &Some("UrlAclInfo".to_owned())),
            ]
        );
        let record = bound(&reading, "[2001:db8::1]:8443").record();
        assert_eq!(
            record.ctl_identifier.as_ref().unwrap().as_str(),
            "Contoso \"Root\" C:\\ctl"
        );
        assert_eq!(
            record.ctl_store_name.as_ref().unwrap().as_str(),
            "ClientAuthIssuer"
        );
        assert_eq!(record.certificate.as_ref().unwrap().store_name, None);
        assert_eq!(
            bound(&reading, "scopedccs=shop.contoso.com:443")
                .record()
                .flags
                .bits(),
            0x20
        );
        let sni = bound(&reading, "hostnameport=sni.iis8.com:443");
        assert_eq!(sni.host_spelling(), Some("SNI.IIS8.com"));
        let app = "4dc3e181-e14b-4a21-b022-59fc669b0914";
        assert!(
            reading
                .export
                .bindings
                .iter()
                .all(|b| b.record().app_id.to_string() == app)
        );
    }
}

#[test]
fn first_line_determines_the_format() {
    for start in [
        "Windows Registry Editor Version 5.00",
        "REGEDIT4",
        "\r\n\r\nREGEDIT4\r\n",
    ] {
        assert_eq!(detect(start.as_bytes()), Format::Reg);
        let wide: Vec<u8> = start.encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(detect(&wide), Format::Reg);
        assert_eq!(
            detect(&[&[0xff, 0xfe], wide.as_slice()].concat()),
            Format::Reg
        );
    }
    assert_ne!(detect(b"REGEDIT5\r\n"), Format::Reg);
    let options = ReadOptions {
        format: Some(Format::Reg),
        ..ReadOptions::default()
    };
    let error = read(b"netsh\r\nREGEDIT4", &options).unwrap_err();
    assert!(
        matches!(error, ReadError::Unrecognised { format: Format::Reg, found } if found == "netsh")
    );
}

#[test]
fn missing_values_have_their_defaults() {
    let reading = read_text(&whole("")).unwrap();
    assert_eq!(reading.warnings, []);
    let record = reading.export.bindings[0].record();
    let bare = certbind_core::Record::new(*record.hash().unwrap(), None, record.app_id);
    assert_eq!(*record, bare);
}

#[test]
fn an_application_id_that_is_missing_is_reported() {
    let text = one(HASH);
    assert!(
        read_text(&text).unwrap().export.bindings[0]
            .record()
            .app_id
            .is_nil()
    );
    let printed = "line 3: SslBindingInfo\\0.0.0.0:443: no AppId; assumed to be all zeros";
    assert_eq!(warnings(&text), [(WarningKind::Trimmed, printed.into())]);
}

#[test]
fn unknown_bits_are_preserved() {
    let text = whole("\"DefaultFlags\"=dword:80000012\n\"DefaultSslCertCheckMode\"=dword:f0010001");
    let reading = read_text(&text).unwrap();
    let record = reading.export.bindings[0].record();
    assert_eq!(record.flags.bits(), 0x8000_0012);
    assert_eq!(record.check_mode.bits(), 0xf001_0001);
}

#[test]
fn names_are_the_same_in_any_case() {
    let text = whole("\"DefaultFlags\"=dword:00000010");
    let shouted = text
        .replace("DefaultFlags", "DEFAULTFLAGS")
        .replace("SslBindingInfo", "SSLBINDINGINFO")
        .replace("HKEY_LOCAL_MACHINE\\SYSTEM", "hklm\\system")
        .replace("CurrentControlSet", "CURRENTCONTROLSET");
    assert_eq!(
        read_text(&shouted).unwrap().export.bindings,
        read_text(&text).unwrap().export.bindings
    );
}

#[test]
fn a_central_store_binding_has_no_certificate() {
    let central = |values: &str| {
        format!("REGEDIT4\n\n[{CURRENT}\\SslCcsBindingInfo\\0.0.0.0:443]\n{APP}\n{values}\n")
    };
    assert_eq!(
        keys(&read_text(&central("\"SslCertHash\"=hex:")).unwrap()),
        ["ccs=443"]
    );
    assert_eq!(
        errors(&central(HASH)),
        ["line 3: SslCcsBindingInfo\\0.0.0.0:443: a ccs binding cannot have a certificate hash"]
    );
    let printed = warnings(&central("\"SslCertStoreName\"=\"MY\""));
    assert_eq!(printed[0].0, WarningKind::Value);
    assert!(
        printed[0]
            .1
            .starts_with("line 5: SslCcsBindingInfo\\0.0.0.0:443: SslCertStoreName: ")
    );
}

#[test]
fn a_host_is_where_its_value_says() {
    let text = |name: &str, value: &str| {
        format!("REGEDIT4\n\n[{CURRENT}\\SslSniBindingInfo\\{name}]\n{APP}\n{HASH}\n{value}\n")
    };
    let stated = "\"HostnamePort\"=\"WWW.contoso.com:443\"";
    let by_value = read_text(&text("{1}", stated)).unwrap();
    let by_name = read_text(&text("WWW.contoso.com:443", "")).unwrap();
    assert_eq!(by_value.export, by_name.export);
    assert_eq!(by_value.warnings, []);
    assert_eq!(
        by_value.export.bindings[0].host_spelling(),
        Some("WWW.contoso.com")
    );
    let both = text("other.contoso.com:443", stated);
    assert_eq!(read_text(&both).unwrap().export, by_name.export);
    assert_eq!(warnings(&both)[0].0, WarningKind::Inferred);
}

#[test]
fn deletions_are_reported_and_done() {
    let key = format!("{CURRENT}\\SslBindingInfo\\0.0.0.0:443");
    let again = format!("\n[{key}]\n{APP}\n{HASH}\n");
    for (path, behind, left) in [
        (key.as_str(), "", 0),
        (key.as_str(), again.as_str(), 1),
        (r"HKLM\SYSTEM\CurrentControlSet\Services\HTTP", "", 0),
        (&format!("{CURRENT}\\SslBindingInfo\\0.0.0.0:44"), "", 1),
        (&format!("{CURRENT}\\SslSniBindingInfo"), "", 1),
    ] {
        let text = format!("{}\n[-{path}]\n\"ignored\"=dword:1\n{behind}", whole(""));
        let reading = read_text(&text).unwrap();
        assert_eq!(reading.export.bindings.len(), left, "{path}");
        let what = "this deletes the key when the file is imported; deletions are not converted";
        let printed = |warning: &&certbind_formats::ConversionWarning| {
            warning.kind == WarningKind::Value && warning.what == what
        };
        assert_eq!(reading.warnings.iter().filter(printed).count(), 1, "{path}");
        assert_eq!(reading.warnings.iter().find(printed).unwrap().line, Some(8));
    }
    let elsewhere = format!("{}\n[-HKEY_LOCAL_MACHINE\\SOFTWARE\\Contoso]\n", whole(""));
    assert_eq!(warnings(&elsewhere), []);
}

#[test]
fn a_deleted_value_is_reported_and_taken_back() {
    let text = whole("\"DefaultFlags\"=dword:00000002\n\"DefaultFlags\"=-\n\"Colour\"=-");
    let reading = read_text(&text).unwrap();
    assert_eq!(reading.export.bindings[0].record().flags.bits(), 0);
    let printed: Vec<_> = reading
        .warnings
        .iter()
        .map(|warning| (warning.kind, warning.line))
        .collect();
    assert_eq!(
        printed,
        [
            (WarningKind::Default, Some(7)),
            (WarningKind::Skipped, Some(8))
        ]
    );
}

#[test]
fn the_control_set_in_force_is_read() {
    let set = |hive: &str, set: &str, port: u16| {
        let path = format!(
            "HKEY_LOCAL_MACHINE\\{hive}\\{set}\\Services\\HTTP\\Parameters\\SslBindingInfo"
        );
        format!("[{path}\\0.0.0.0:{port}]\n{APP}\n{HASH}\n\n")
    };
    let select = |hive: &str, number: u32| {
        format!("[HKEY_LOCAL_MACHINE\\{hive}\\Select]\n\"Current\"=dword:{number:08x}\n\n")
    };
    let (current, first, second) = (
        set("SYSTEM", "CurrentControlSet", 443),
        set("SYSTEM", "ControlSet001", 1),
        set("SYSTEM", "ControlSet002", 2),
    );
    let offline = [
        set("Offline", "ControlSet001", 1),
        set("Offline", "ControlSet002", 2),
    ]
    .concat();
    for (keys_of, expected) in [
        (
            vec![
                first.clone(),
                second.clone(),
                current.clone(),
                select("SYSTEM", 1),
            ],
            443,
        ),
        (vec![first.clone(), second.clone(), select("SYSTEM", 2)], 2),
        (vec![select("SYSTEM", 1), first.clone(), second.clone()], 1),
        (vec![second.clone()], 2),
        (vec![offline.clone(), select("offline", 2)], 2),
        (vec![offline.clone(), current], 443),
    ] {
        let reading = read_text(&format!("REGEDIT4\n\n{}", keys_of.concat())).unwrap();
        assert_eq!(keys(&reading), [format!("ipport=0.0.0.0:{expected}")]);
        let sets = keys_of.concat().matches("0.0.0.0").count();
        assert_eq!(reading.warnings.len(), sets - 1);
        assert!(
            reading
                .warnings
                .iter()
                .all(|warning| warning.kind == WarningKind::Skipped)
        );
    }
    for ambiguous in [
        [first.clone(), second.clone()].concat(),
        [first.clone(), second, select("SYSTEM", 3)].concat(),
        [first, offline, select("Offline", 1), select("SYSTEM", 1)].concat(),
    ] {
        let error = read_text(&format!("REGEDIT4\n\n{ambiguous}")).unwrap_err();
        assert!(matches!(error, ReadError::Malformed(_)), "{error}");
        assert!(
            error
                .to_string()
                .contains("the current control set is unknown")
        );
    }
}

/// An export of other keys does not contain the bindings of its host, which is not the same as a
/// host without any. The same holds for another key under that of HTTP.sys.
#[test]
fn export_without_the_key_of_http_sys_is_an_error() {
    for keys in [
        String::new(),
        r"[HKEY_LOCAL_MACHINE\SOFTWARE\Contoso]".to_owned(),
        r"[HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\HTTP]".to_owned(),
        format!("[{CURRENT}\\UrlAclInfo]"),
        "[HKEY_LOCAL_MACHINE\\SYSTEM\\Select]\n\"Current\"=dword:00000001".to_owned(),
        format!("[-{CURRENT}]"),
    ] {
        let text = format!("REGEDIT4\n\n{keys}\n");
        for keep_going in [false, true] {
            let options = ReadOptions {
                keep_going,
                ..ReadOptions::default()
            };
            let error = read(text.as_bytes(), &options).unwrap_err().to_string();
            let expected = r"neither the key ...\Services\HTTP\Parameters nor";
            assert!(error.contains(expected), "{keys}: {error}");
        }
    }
}

#[test]
fn a_key_of_http_sys_alone_is_a_host_without_bindings() {
    for keys in [
        format!("[{CURRENT}]"),
        format!("[{CURRENT}\\SslBindingInfo]"),
    ] {
        let reading = read_text(&format!("REGEDIT4\n\n{keys}\n")).unwrap();
        assert_eq!(reading.export.bindings, [], "{keys}");
        assert_eq!(reading.warnings, [], "{keys}");
    }
    let mut empty = Vec::new();
    certbind_formats::reg::write(&mut empty, &certbind_formats::Export::default()).unwrap();
    let reading = read(&empty, &ReadOptions::default()).unwrap();
    assert_eq!(reading.export.bindings, []);
}

#[test]
fn line_ends_in_texts_are_preserved() {
    let bound_to = |text: &str| {
        let file = whole(&format!("\"DefaultSslCtlIdentifier\"=\"{text}\""));
        let reading = read_text(&file).unwrap();
        reading.export.bindings[0]
            .record()
            .ctl_identifier
            .clone()
            .unwrap()
    };
    assert_eq!(bound_to("a\r\nb\n\r\nc").as_str(), "a\r\nb\n\r\nc");
    assert_eq!(bound_to("a\\r\\nb").as_str(), "a\r\nb");
    assert_eq!(bound_to("a ; b").as_str(), "a ; b");
}

#[test]
fn comments_and_spaces_do_not_matter() {
    let plain = whole("\"DefaultFlags\"=dword:00000002\n\"SslCertStoreName\"=\"MY\"");
    let noted = plain
        .replace("dword:00000002", " dword: 2 ; ask for certificates")
        .replace("\"MY\"", "\"MY\"  ; the default")
        .replace("[HKEY", "; a key\n  [HKEY")
        .replace("443]", "443] ; web")
        .replace("61,cd,", "61,cd,\\\n\t  ");
    assert_ne!(plain, noted);
    assert_eq!(
        read_text(&noted).unwrap().export,
        read_text(&plain).unwrap().export
    );
    assert_eq!(warnings(&noted), []);
}

#[test]
fn exports_that_were_appended_to_each_other_are_read() {
    let bindings = some_bindings(6);
    let parts: Vec<_> = bindings
        .iter()
        .map(|binding| written(vec![binding.clone()]))
        .collect();
    let reading = read(&parts.concat(), &ReadOptions::default()).unwrap();
    assert_eq!(sorted(reading.export.bindings), bindings);
    assert_eq!(reading.warnings, []);
}

#[test]
fn the_ansi_form_is_read_in_its_encoding() {
    let text = |header: &str| {
        let values = "\"DefaultSslCtlIdentifier\"=\"Bücher\"\n\"SslCertStoreName\"=hex(1):4d,fc,00";
        whole(values).replacen("Windows Registry Editor Version 5.00", header, 1)
    };
    let ansi = |text: &str| {
        text.chars()
            .map(|c| u8::try_from(c).unwrap())
            .collect::<Vec<u8>>()
    };
    let named = ReadOptions {
        encoding: Some("windows-1252".parse().unwrap()),
        ..ReadOptions::default()
    };
    let reading = read(&ansi(&text("REGEDIT4")), &named).unwrap();
    let record = reading.export.bindings[0].record();
    assert_eq!(record.ctl_identifier.as_ref().unwrap().as_str(), "Bücher");
    let store = record
        .certificate
        .as_ref()
        .unwrap()
        .store_name
        .as_ref()
        .unwrap();
    assert_eq!(store.as_str(), "Mü");

    let file = ansi(&text("REGEDIT4"));
    let error = read(&file, &ReadOptions::default())
        .unwrap_err()
        .to_string();
    let asks = "line 6: SslBindingInfo\\0.0.0.0:443: this has characters of an unknown code page; \
        name the encoding";
    assert!(error.starts_with(asks), "{error}");
    // In the later form, bytes of a text are UTF-16.
    let later =
        text("Windows Registry Editor Version 5.00").replace("4d,fc,00", "4d,00,fc,00,00,00");
    assert_eq!(read_text(&later).unwrap().export, reading.export);
}

/// hivexregedit writes texts so.
#[test]
fn texts_with_a_type_are_read() {
    let text = format!(
        "Windows Registry Editor Version 5.00\n\n[HKEY_LOCAL_MACHINE\\SOFTWARE]\n\"x\"=str(1):\"a\n[b]\"\n\n\
         [{CURRENT}\\SslBindingInfo\\0.0.0.0:443]\n{HASH}\n{APP}\n\"SslCertStoreName\"=str(1):\"My\"\n"
    );
    let reading = read(text.as_bytes(), &ReadOptions::default()).unwrap();
    let record = bound(&reading, "0.0.0.0:443").record();
    let store = record.certificate.as_ref().unwrap().store_name.as_ref();
    assert_eq!(store.unwrap().as_str(), "My");
    assert_eq!(reading.warnings, []);
}
