//! Settings of a host that are stored next to its bindings.

use certbind_formats::{Configuration, ReadOptions, WarningKind, read};

use certbind_test_support::hive::{
    BINARY, EVERYONE, MULTI_SZ, Node, binding, file, key, system_with,
};

/// Only 0 of a number switches HTTP/2 off, and it is a setting of the host: no binding is lost.
#[test]
fn http2_switched_off_for_the_host_is_reported() {
    let families = || key("SslBindingInfo").key(binding("0.0.0.0:443"));
    let setting = |parameters: Node| {
        let file = file(&system_with(parameters.key(families())));
        let reading = read(&file, &ReadOptions::default()).unwrap();
        assert_eq!(reading.export.bindings.len(), 1);
        let warnings = reading.warnings.into_iter();
        let settings = warnings.filter(|it| it.kind == WarningKind::HostSetting);
        settings.map(|it| it.path.unwrap()).collect::<Vec<_>>()
    };
    let parameters = || key("Parameters");
    assert_eq!(
        setting(parameters().dword("enablehttp2tls", 0)),
        ["Parameters"]
    );
    for other in [
        parameters(),
        parameters().dword("EnableHttp2Tls", 1),
        parameters().dword("EnableHttp2Cleartext", 0),
        parameters().text("EnableHttp2Tls", "0"),
    ] {
        assert!(setting(other).is_empty());
    }
}

const TIME: u64 = 134_403_746_505_000_000;

fn list(texts: &str) -> Vec<u8> {
    let units = texts.encode_utf16();
    units.flat_map(u16::to_le_bytes).collect()
}

fn hive() -> Vec<u8> {
    let reservations = key("UrlAclInfo")
        .written_at(TIME)
        .value("http://+:80/App/", BINARY, &EVERYONE)
        .value("https://*:5358/", BINARY, &EVERYONE);
    let parameters = key("Parameters")
        .written_at(TIME + 10_000_000)
        .value("ListenOnlyList", MULTI_SZ, &list("10.0.0.1\0::1\0\0"))
        .dword("EnableHttp2Tls", 0)
        .dword("EnableHttp2Cleartext", 1);
    file(&system_with(parameters.key(reservations)))
}

fn found(bytes: &[u8]) -> (Configuration, Vec<String>) {
    let reading = read(bytes, &ReadOptions::default()).unwrap();
    let warnings = reading.warnings.iter();
    let skipped = warnings.filter(|it| it.kind == WarningKind::Skipped);
    let skipped = skipped.map(ToString::to_string).collect();
    (reading.export.configuration.unwrap(), skipped)
}

#[test]
fn service_configuration_is_read_from_hives() {
    let (configuration, skipped) = found(&hive());
    let records = configuration.records();
    let records: Vec<_> = records
        .map(|record| format!("{:?}", record.key()))
        .collect();
    assert_eq!(records.len(), 4, "{records:?}");
    let urls = configuration.url_reservations.iter();
    let urls: Vec<_> = urls
        .map(|it| (it.url.as_str(), it.sddl.to_string()))
        .collect();
    let sddl = "D:(A;;GX;;;WD)".to_owned();
    assert_eq!(
        urls,
        [
            ("http://+:80/App/", sddl.clone()),
            ("https://*:5358/", sddl)
        ]
    );
    let addresses = configuration.listen_list.iter();
    let addresses: Vec<_> = addresses.map(ToString::to_string).collect();
    assert_eq!(addresses, ["10.0.0.1", "::1"]);
    assert_eq!(configuration.http2_over_tls, Some(false));
    assert_eq!(configuration.http2_cleartext, Some(true));
    let time = |time: Option<jiff::Timestamp>| time.unwrap().to_string();
    assert_eq!(
        time(configuration.reservations_written),
        "2026-11-28T21:24:10.5Z"
    );
    assert_eq!(
        time(configuration.parameters_written),
        "2026-11-28T21:24:11.5Z"
    );
    assert!(skipped.is_empty(), "{skipped:?}");
}

#[test]
fn a_registry_export_has_the_same_configuration_without_times() {
    let hex = |bytes: &[u8]| {
        let bytes = bytes.iter().map(|byte| format!("{byte:02x}"));
        bytes.collect::<Vec<_>>().join(",")
    };
    let key = r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\HTTP\Parameters";
    let text = format!(
        "Windows Registry Editor Version 5.00\r\n\r\n[{key}]\r\n\
         \"ListenOnlyList\"=hex(7):{}\r\n\"EnableHttp2Tls\"=dword:00000000\r\n\
         \"EnableHttp2Cleartext\"=dword:00000001\r\n\r\n[{key}\\UrlAclInfo]\r\n\
         \"http://+:80/App/\"=hex:{descriptor}\r\n\"https://*:5358/\"=hex:{descriptor}\r\n",
        hex(&list("10.0.0.1\0::1\0\0")),
        descriptor = hex(&EVERYONE),
    );
    let (configuration, skipped) = found(text.as_bytes());
    let (expected, _) = found(&hive());
    let expected = Configuration {
        reservations_written: None,
        parameters_written: None,
        ..expected
    };
    assert_eq!(configuration, expected);
    assert!(skipped.is_empty(), "{skipped:?}");
    let deleted = format!("{text}[-{key}\\UrlAclInfo]\r\n");
    assert!(found(deleted.as_bytes()).0.url_reservations.is_empty());
    let alone = text.replace(&format!("[{key}]"), "[HKEY_LOCAL_MACHINE\\SOFTWARE]");
    assert!(
        read(alone.as_bytes(), &ReadOptions::default()).is_err(),
        "no host without bindings"
    );
}

/// Their place is inferred, and each is reported so. A wrong one is ignored.
#[test]
fn timeouts_are_read_and_reported_as_inferred() {
    let timeouts = |bytes: &[u8]| {
        let reading = read(bytes, &ReadOptions::default()).unwrap();
        let found = reading.export.configuration.unwrap();
        let warnings: Vec<_> = reading
            .warnings
            .into_iter()
            .map(|warning| (warning.kind, warning.line, warning.path.unwrap()))
            .collect();
        let both = (found.idle_connection_timeout, found.header_wait_timeout);
        (both, warnings)
    };
    let parameters = key("Parameters")
        .dword("IdleConnectionTimeout", 300)
        .dword("headerwaittimeout", 65_535);
    let inferred = |line| (WarningKind::Inferred, line, "Parameters".to_owned());
    assert_eq!(
        timeouts(&file(&system_with(parameters))),
        ((Some(300), Some(65_535)), vec![inferred(None); 2])
    );
    let text = "Windows Registry Editor Version 5.00\r\n\r\n\
        [HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\HTTP\\Parameters]\r\n\
        \"HeaderWaitTimeout\"=dword:0000003c\r\n";
    assert_eq!(
        timeouts(text.as_bytes()),
        ((None, Some(60)), vec![inferred(Some(4))])
    );
    let ignored = (WarningKind::Skipped, None, "Parameters".to_owned());
    for wrong in [
        key("Parameters").dword("HeaderWaitTimeout", 0),
        key("Parameters").dword("HeaderWaitTimeout", 65_536),
        key("Parameters").text("HeaderWaitTimeout", "60"),
    ] {
        assert_eq!(
            timeouts(&file(&system_with(wrong))),
            ((None, None), vec![ignored.clone()])
        );
    }
}

#[test]
fn unreadable_configuration_is_no_damage_of_bindings() {
    let reservations = key("UrlAclInfo")
        .value("http://+:80/App/", BINARY, &EVERYONE[..47])
        .value("no URL", BINARY, &EVERYONE)
        .dword("http://+:81/", 1);
    let parameters = key("Parameters")
        .value("ListenOnlyList", MULTI_SZ, &list("10.0.0.256\0\0"))
        .text("EnableHttp2Tls", "0");
    let (configuration, skipped) = found(&file(&system_with(parameters.key(reservations))));
    assert!(configuration.is_empty());
    assert_eq!(skipped.len(), 5, "{skipped:#?}");
    for what in [
        "truncated",
        "\"no URL\"",
        "not REG_BINARY",
        "10.0.0.256",
        "EnableHttp2Tls",
    ] {
        assert!(
            skipped.iter().any(|it| it.contains(what)),
            "{what}: {skipped:#?}"
        );
    }
}
