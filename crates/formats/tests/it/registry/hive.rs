//! Hives made cell by cell: every shape of list, name and data, and the errors of others.

use certbind_formats::{Format, ReadError, ReadOptions, ReadOutcome, WarningKind, detect, read};

use crate::listings::{bound, keys};
use certbind_test_support::hive::{BINARY, List, Node, binding, file, key, place_of, sign, system};

fn read_hive(file: &[u8]) -> Result<ReadOutcome, ReadError> {
    read(file, &ReadOptions::default())
}

fn keeping_on(file: &[u8]) -> Result<ReadOutcome, ReadError> {
    let options = ReadOptions {
        keep_going: true,
        ..ReadOptions::default()
    };
    read(file, &options)
}

/// Bindings of addresses, so many.
fn addresses(count: u16) -> Node {
    Node {
        keys: (1..=count)
            .map(|port| binding(&format!("0.0.0.0:{port}")))
            .collect(),
        ..key("SslBindingInfo")
    }
}

fn two() -> Vec<u8> {
    file(&system(vec![addresses(2)]))
}

#[track_caller]
fn error(file: &[u8]) -> String {
    read_hive(file).unwrap_err().to_string()
}

#[test]
fn every_kind_of_list_is_read() {
    for list in [List::Lh, List::Lf, List::Li, List::Ri] {
        let hive = file(&system(vec![addresses(7).listed(list)]));
        let reading = read_hive(&hive).unwrap();
        let expected: Vec<_> = (1..=7)
            .map(|port| format!("ipport=0.0.0.0:{port}"))
            .collect();
        assert_eq!(keys(&reading), expected, "{list:?}");
        assert_eq!(reading.warnings, []);
        assert_eq!(reading.export.header.host.as_deref(), Some("WEB-01"));
    }
}

#[test]
fn names_in_utf_16_are_read() {
    let wide = binding("0.0.0.0:443").dword("DefaultFlags", 2).wide();
    let strange = key("SslSniBindingInfo").key(
        binding("schlüssel-日本")
            .text("HostnamePort", "Bücher.example:443")
            .wide(),
    );
    let hive = file(&system(vec![
        key("SslBindingInfo").key(wide).wide(),
        strange,
    ]));
    let reading = read_hive(&hive).unwrap();
    assert_eq!(bound(&reading, "0.0.0.0:443").record().flags.bits(), 2);
    let host = bound(&reading, "hostnameport=xn--bcher-kva.example:443");
    assert_eq!(host.host_spelling(), Some("Bücher.example"));
}

#[test]
fn data_of_every_length_are_read() {
    // Within the value, in a cell, the most in one cell, and in two and more segments.
    for length in [1, 2, 3, 8171, 8172, 16343, 16344, 32766] {
        let text: String = "ab\u{e9}".chars().cycle().take(length).collect();
        let node = binding("0.0.0.0:443").text("DefaultSslCtlIdentifier", &text);
        let hive = file(&system(vec![key("SslBindingInfo").key(node)]));
        let reading = read_hive(&hive).unwrap();
        let record = bound(&reading, "0.0.0.0:443").record();
        assert_eq!(
            record.ctl_identifier.as_ref().unwrap().as_str(),
            text,
            "{length}"
        );
    }
}

#[test]
fn a_value_without_its_nul_may_be_within_the_value() {
    let node = binding("0.0.0.0:443").value("SslCertStoreName", 1, b"M\0Y\0");
    let reading = read_hive(&file(&system(vec![key("SslBindingInfo").key(node)]))).unwrap();
    let record = bound(&reading, "0.0.0.0:443").record();
    let store = record.certificate.as_ref().unwrap().store_name.as_ref();
    assert_eq!(store.unwrap().as_str(), "MY");
}

#[test]
fn a_host_without_bindings_has_none() {
    for root in [
        system(vec![]),
        system(vec![key("UrlAclInfo"), key("SslBindingInfo")]),
    ] {
        let reading = read_hive(&file(&root)).unwrap();
        assert!(reading.export.bindings.is_empty());
        assert_eq!(reading.warnings, []);
    }
}

/// Another hive, or one of a host without HTTP.sys, is no host without bindings.
#[test]
fn a_hive_without_the_key_of_http_sys_is_an_error() {
    let nothing = key("ROOT")
        .key(key("ControlSet001"))
        .key(key("Select").dword("Current", 1));
    let found = error(&file(&nothing));
    assert!(
        found.contains(r"without the key ControlSet001\Services,"),
        "{found}"
    );
}

/// Version 1.6 with flag 2: the hive of a container, which contains only the differences from its
/// host's.
#[test]
fn a_layered_hive_is_refused_by_name() {
    let mut hive = two();
    hive[24] = 6;
    sign(&mut hive);
    assert_eq!(keys(&read_hive(&hive).unwrap()).len(), 2);
    hive[144] = 2;
    sign(&mut hive);
    let found = error(&hive);
    assert!(found.contains("a hive with layered keys"), "{found}");
}

/// A hive without the flag can have keys and values that only delete or hide those of another hive.
/// The bytes before version 1.6 mean nothing.
#[test]
fn a_tombstone_is_refused_by_name() {
    let mut hive = two();
    hive[24] = 6;
    sign(&mut hive);
    let at = place_of(&hive, "0.0.0.0:2");
    for (layer, is_layered) in [(0, false), (1, true), (2, true), (3, true), (0x80, false)] {
        hive[at + 4 + 13] = layer;
        if is_layered {
            let found = error(&hive);
            let expected = "deletes or replaces a key of another hive";
            assert!(found.contains(expected), "{layer}: {found}");
        } else {
            assert_eq!(keys(&read_hive(&hive).unwrap()).len(), 2, "{layer}");
        }
    }
    hive[at + 4 + 13] = 1;
    let reading = keeping_on(&hive).unwrap();
    assert_eq!(keys(&reading).len(), 1);
    hive[24] = 5;
    sign(&mut hive);
    assert_eq!(keys(&read_hive(&hive).unwrap()).len(), 2);

    let mut hive = two();
    let name = hive.windows(5).position(|bytes| bytes == b"AppId");
    // The flags of the value of that name.
    hive[name.unwrap() - 4] |= 2;
    assert_eq!(keys(&read_hive(&hive).unwrap()).len(), 2);
    hive[24] = 6;
    sign(&mut hive);
    let found = error(&hive);
    assert!(found.contains("deletes a value of another hive"), "{found}");
}

#[test]
fn bindings_warnings_and_errors_name_their_key_and_offset() {
    const PARAMETERS: &str = r"SYSTEM\ControlSet002\Services\HTTP\Parameters";
    let family = key("SslBindingInfo")
        .key(binding("0.0.0.0:1"))
        .key(binding("0.0.0.0:2"))
        .key(binding("0.0.0.0:3").dword("Unknown", 1))
        .key(key("0.0.0.0:4").dword("DefaultFlags", 2))
        .key(binding("0.0.0.0:5").dword("AppId", 1));
    let family = Node {
        keys: [family.keys, vec![key("0.0.0.0:6").dword("SslCertHash", 1)]].concat(),
        ..key("SslBindingInfo")
    };
    let mut hive = file(&system(vec![family]));
    let place = |hive: &[u8], name: &str| place_of(hive, name) as u64;
    let lost = place(&hive, "0.0.0.0:2");
    let at = usize::try_from(lost).unwrap();
    hive[at + 4] = b'x';
    let reading = keeping_on(&hive).unwrap();
    let path = |name: &str| format!("{PARAMETERS}\\SslBindingInfo\\{name}");
    let first = &reading.registry[&"0.0.0.0:1".parse().unwrap()];
    assert_eq!(first.path, path("0.0.0.0:1"));
    assert_eq!(first.offset, Some(place(&hive, "0.0.0.0:1")));
    let errors = reading.errors.iter().map(|error| {
        let registry = error.registry.as_ref().unwrap();
        (registry.path.clone(), registry.offset.unwrap())
    });
    let errors: Vec<_> = errors.collect();
    let expected = [
        (format!("{PARAMETERS}\\SslBindingInfo"), lost),
        (path("0.0.0.0:5"), place(&hive, "0.0.0.0:5")),
        (path("0.0.0.0:6"), place(&hive, "0.0.0.0:6")),
    ];
    assert_eq!(errors, expected, "{:#?}", reading.errors);
    let warnings = reading.warnings.iter().map(|warning| {
        let registry = warning.registry.as_ref().unwrap();
        (registry.path.clone(), registry.offset.unwrap())
    });
    let expected = ["0.0.0.0:3", "0.0.0.0:4"].map(|name| (path(name), place(&hive, name)));
    assert_eq!(warnings.collect::<Vec<_>>(), expected);
}

#[test]
fn a_key_with_options_alone_is_a_warning() {
    let options = key("0.0.0.0:444").dword("DefaultFlags", 2);
    let family = key("SslBindingInfo")
        .key(options)
        .key(binding("0.0.0.0:443"));
    let reading = read_hive(&file(&system(vec![family]))).unwrap();
    assert_eq!(keys(&reading), ["ipport=0.0.0.0:443"]);
    let warnings: Vec<_> = reading.warnings.iter().map(ToString::to_string).collect();
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(warnings[0].starts_with(r"SslBindingInfo\0.0.0.0:444: the key has options"));
    assert_eq!(reading.warnings[0].kind, WarningKind::Leftover);
}

/// The FILETIME of 2026-11-28T21:24:10.5Z, of 1970, of a tick before 1970, and of no date.
#[test]
fn each_binding_has_the_time_of_its_key() {
    let at = |port: u16, time| binding(&format!("0.0.0.0:{port}")).written_at(time);
    let family = key("SslBindingInfo")
        .written_at(1)
        .key(at(1, 134_403_746_505_000_000))
        .key(at(2, 116_444_736_000_000_000))
        .key(at(3, 116_444_735_999_999_999))
        .key(at(4, 0))
        .key(at(5, u64::MAX));
    let reading = read_hive(&file(&system(vec![family]))).unwrap();
    let times = reading.export.times.iter();
    let times: Vec<_> = times
        .map(|(key, time)| (key.to_string(), time.to_string()))
        .collect();
    let expected = [
        ("ipport=0.0.0.0:1", "2026-11-28T21:24:10.5Z"),
        ("ipport=0.0.0.0:2", "1970-01-01T00:00:00Z"),
        ("ipport=0.0.0.0:3", "1969-12-31T23:59:59.9999999Z"),
    ];
    assert_eq!(
        times,
        expected.map(|(key, time)| (key.to_owned(), time.to_owned()))
    );
    assert!(read_hive(&two()).unwrap().export.times.is_empty());
}

#[test]
fn unknown_entry_is_reported_with_its_place() {
    let families = vec![
        key("SslBindingInfo")
            .dword("DefaultSslCertCheckMode", 1)
            .key(binding("0.0.0.0:443").dword("Colour", 7).key(key("Ex"))),
        key("SslNewBindingInfo"),
    ];
    let reading = read_hive(&file(&system(families))).unwrap();
    let printed: Vec<_> = reading.warnings.iter().map(ToString::to_string).collect();
    assert_eq!(
        printed,
        [
            "SslBindingInfo: the value \"DefaultSslCertCheckMode\" is in no binding's key; \
             HTTP.sys is not known to read it there, and it is not converted",
            "SslBindingInfo\\0.0.0.0:443: the value \"Colour\" (REG_DWORD) is unknown; it is not \
             converted",
            "SslBindingInfo\\0.0.0.0:443\\Ex: this key is unknown; its content is not converted",
            "SslNewBindingInfo: this key is unknown; its content is not converted",
        ]
    );
    assert!(
        reading
            .warnings
            .iter()
            .all(|warning| warning.kind == WarningKind::Value)
    );
}

#[test]
fn the_control_set_in_force_is_that_of_select() {
    let set = |name: &str, port: u16| {
        let families =
            key("Parameters").key(key("SslBindingInfo").key(binding(&format!("0.0.0.0:{port}"))));
        key(name).key(key("Services").key(key("HTTP").key(families)))
    };
    let hive = |select: Vec<Node>, sets: Vec<Node>| {
        let keys = [sets, select].concat();
        read_hive(&file(&Node {
            keys,
            ..key("ROOT")
        }))
    };
    let both = || vec![set("ControlSet001", 1), set("ControlSet002", 2)];
    let current = |number| vec![key("Select").dword("Current", number)];
    assert_eq!(
        keys(&hive(current(1), both()).unwrap()),
        ["ipport=0.0.0.0:1"]
    );
    assert_eq!(
        keys(&hive(current(2), both()).unwrap()),
        ["ipport=0.0.0.0:2"]
    );

    let second = hive(current(2), both()).unwrap();
    assert_eq!(
        second.warnings[0].to_string(),
        "the bindings of ControlSet001 (1) were ignored; ControlSet002 is the current control set"
    );

    let only = hive(vec![], vec![set("ControlSet001", 1)]).unwrap();
    assert_eq!(keys(&only), ["ipport=0.0.0.0:1"]);
    assert_eq!(
        only.warnings[0].to_string(),
        "Select: Select\\Current is missing, so the current control set is unknown; \
         ControlSet001, the only one, was used"
    );
    assert_eq!(only.warnings[0].kind, WarningKind::Inferred);

    for (select, expected) in [
        (
            current(3),
            "Select: there is no ControlSet003, which is the current control set",
        ),
        (
            vec![key("Select").text("Current", "1")],
            "Select: Current: expected REG_DWORD of 4 bytes, found REG_SZ of 4 bytes",
        ),
        (
            vec![key("Select")],
            "Select: Select\\Current is missing, and there are several control sets, so the \
             current one is unknown",
        ),
    ] {
        let error = hive(select, both()).unwrap_err();
        assert!(matches!(error, ReadError::Malformed(_)));
        assert_eq!(error.to_string(), expected);
    }
}

#[test]
fn other_hive_is_refused_by_its_content() {
    let software = file(&key("ROOT").key(key("Microsoft")).key(key("Classes")));
    assert_eq!(
        error(&software),
        "expected a hive file of the registry's SYSTEM, found a hive without control sets; its keys \
         are [\"Microsoft\", \"Classes\"]"
    );
    let with = |at: usize, word: u32| {
        let mut hive = two();
        hive[at..at + 4].copy_from_slice(&word.to_le_bytes());
        sign(&mut hive);
        error(&hive)
    };
    assert!(
        with(28, 6)
            .ends_with("found a transaction log; name the hive, and the log is read with it")
    );
    assert!(with(20, 2).ends_with("found a hive of version 2.5, and 1.3 to 1.6 are read"));
    assert!(with(24, 7).ends_with("found a hive of version 1.7, and 1.3 to 1.6 are read"));
    assert!(error(b"regf").ends_with("found a file of 4 bytes"));
    assert_eq!(detect(b"regf"), Format::Hive);
    let options = ReadOptions {
        format: Some(Format::Hive),
        ..ReadOptions::default()
    };
    let error = read(&[0; 9000], &options).unwrap_err();
    assert!(error.to_string().ends_with("found another kind of file"));
}

#[test]
fn a_dirty_hive_is_read_and_reported() {
    let clean = read_hive(&two()).unwrap();
    let mut unequal = two();
    unequal[4] += 1;
    sign(&mut unequal);
    let mut unsigned = two();
    unsigned[508] ^= 1;
    for (hive, expected) in [
        (unequal, "the hive is dirty: "),
        (unsigned, "the checksum of the hive's"),
    ] {
        let reading = read_hive(&hive).unwrap();
        assert_eq!(reading.export, clean.export);
        assert_eq!(reading.warnings.len(), 1);
        assert_eq!(reading.warnings[0].kind, WarningKind::Pending);
        assert!(reading.warnings[0].kind.changes_behaviour());
        assert!(reading.warnings[0].what.starts_with(expected));
    }
}

#[test]
fn a_truncated_hive_is_a_parse_error() {
    let many = Node {
        keys: (1..=200)
            .map(|port| binding(&format!("0.0.0.0:{port}")))
            .collect(),
        ..key("SslBindingInfo")
    };
    let hive = file(&system(vec![many]));
    let cut = &hive[..hive.len() - 4096];
    let expected = format!(
        "the hive is truncated: it has {} bytes and lacks 4096",
        cut.len()
    );
    let found = error(cut);
    assert!(found.contains(&expected), "{found}");
    // The data after the bins does not matter.
    assert_eq!(
        read_hive(&[hive.as_slice(), &[7; 5000]].concat())
            .unwrap()
            .errors,
        []
    );
}

#[test]
fn broken_cells_are_named_and_the_others_read() {
    type Damage = fn(&mut [u8], usize);
    let damages: [(&str, Damage); 4] = [
        ("this cell is not in use", |hive, at| {
            let size = i32::from_le_bytes(hive[at..at + 4].try_into().unwrap());
            hive[at..at + 4].copy_from_slice(&(-size).to_le_bytes());
        }),
        ("this cell goes beyond its bin", |hive, at| {
            hive[at..at + 4].copy_from_slice(&i32::MIN.to_le_bytes());
        }),
        ("this is not a key", |hive, at| {
            hive[at + 4] = b'x';
        }),
        ("this key goes beyond its cell", |hive, at| {
            hive[at + 4 + 73] = 0xff;
        }),
    ];
    for (expected, damage) in damages {
        let mut hive = two();
        let at = place_of(&hive, "0.0.0.0:1");
        damage(&mut hive, at);
        let found = error(&hive);
        assert_eq!(
            found,
            format!("SslBindingInfo: cell {:#x}: {expected}", at - 4096)
        );
        let reading = keeping_on(&hive).unwrap();
        assert_eq!(keys(&reading), ["ipport=0.0.0.0:2"]);
        assert_eq!(reading.errors.len(), 1);
    }
}

#[test]
fn broken_key_elsewhere_is_ignored() {
    let mut hive = two();
    let at = place_of(&hive, "Dhcp");
    hive[at + 4] = b'x';
    assert_eq!(keys(&read_hive(&hive).unwrap()).len(), 2);
    for (name, expected) in [
        (
            "HTTP",
            "ControlSet002\\Services: there may be a key HTTP: cell",
        ),
        (
            "Services",
            "ControlSet002: there may be a key Services: cell",
        ),
        (
            "Parameters",
            "ControlSet002\\Services\\HTTP: there may be a key Parameters: cell",
        ),
        ("Select", "there may be a key Select: cell"),
        (
            "ControlSet002",
            "Select: ControlSet002, the current control set, cannot be read: cell",
        ),
    ] {
        let mut hive = two();
        // Of two keys of that name the second is in the current control set.
        let at = (4096..hive.len() - 100)
            .rev()
            .find(|at| {
                hive[at + 4..].starts_with(b"nk") && hive[at + 80..].starts_with(name.as_bytes())
            })
            .unwrap();
        hive[at + 4] = b'x';
        let error = keeping_on(&hive).unwrap_err();
        assert!(error.to_string().starts_with(expected), "{error}");
    }
}

#[test]
fn a_key_that_is_above_itself_is_met_once() {
    let mut hive = two();
    // The list of the kind's keys names the kind's own key.
    let (own, first) = (
        place_of(&hive, "SslBindingInfo"),
        place_of(&hive, "0.0.0.0:1"),
    );
    let offset = |at: usize| u32::try_from(at - 4096).unwrap().to_le_bytes();
    let entry = (4096..hive.len() - 4)
        .step_by(4)
        .find(|at| hive[*at..*at + 4] == offset(first))
        .unwrap();
    hive[entry..entry + 4].copy_from_slice(&offset(own));
    let expected = format!(
        "SslBindingInfo: cell {:#x}: this cell is used twice",
        own - 4096
    );
    assert_eq!(error(&hive), expected);
    assert_eq!(keys(&keeping_on(&hive).unwrap()), ["ipport=0.0.0.0:2"]);
}

#[test]
fn wrong_list_length_is_a_parse_error() {
    let mut hive = two();
    let at = place_of(&hive, "SslBindingInfo");
    hive[at + 4 + 20] = 3;
    assert!(error(&hive).ends_with("the number of subkeys is not the length of their list"));
    assert_eq!(keys(&keeping_on(&hive).unwrap()).len(), 2);
}

#[test]
fn a_broken_bin_with_bindings_is_a_parse_error() {
    let mut hive = two();
    hive[4096] = b'x';
    let found = keeping_on(&hive).unwrap_err();
    let found = found.to_string();
    assert!(found.starts_with("the root key: cell"), "{found}");
    let expected = "the header of this cell's bin is damaged";
    assert!(found.ends_with(expected), "{found}");
    // A second bin, of nothing, says nothing of the bindings.
    let mut hive = two();
    let bins = u32::try_from(hive.len()).unwrap();
    hive.extend([0; 4096]);
    hive[40..44].copy_from_slice(&bins.to_le_bytes());
    sign(&mut hive);
    let reading = read_hive(&hive).unwrap();
    assert_eq!(keys(&reading).len(), 2);
    assert_eq!((reading.errors, reading.warnings), (vec![], vec![]));
}

#[test]
fn duplicate_value_is_a_parse_error() {
    let node = binding("0.0.0.0:443").value("sslcerthash", BINARY, &[0x53; 20]);
    let hive = file(&system(vec![key("SslBindingInfo").key(node)]));
    assert_eq!(
        error(&hive),
        "SslBindingInfo\\0.0.0.0:443: the value \"sslcerthash\" occurs twice"
    );
}
