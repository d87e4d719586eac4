//! Registry exports that are broken, odd or hostile.

use std::error::Error;

use certbind_core::TextError;
use certbind_formats::{ReadError, ReadOptions, WarningKind, read};

use super::reg::{APP, CURRENT, HASH, errors, one, read_text, warnings, whole};
use super::reg_round_trips::{some_bindings, written};
use crate::listings::keys;

#[test]
fn error_of_a_name_is_a_source() {
    let name = "\"SslCertStoreName\"=hex(1):4d,00,00,00,59,00,00,00";
    let text = one(&format!("{HASH}\n{name}"));
    let ReadError::Broken(errors) = read_text(&text).unwrap_err() else {
        panic!("a broken record");
    };
    let source = errors[0].source().unwrap();
    assert!(source.is::<TextError>(), "{source:?}");
}

#[test]
fn broken_value_is_named_with_line_and_expectation() {
    let place = "SslBindingInfo\\0.0.0.0:443";
    for (values, line, expected) in [
        (
            APP,
            3,
            "no SslCertHash; expected the 20 bytes of a certificate's hash",
        ),
        (
            "\"SslCertHash\"=hex:52,26",
            4,
            "SslCertHash: a certificate hash is 20 bytes (SHA-1), not 2",
        ),
        (
            "\"SslCertHash\"=\"5226\"",
            4,
            "SslCertHash: expected REG_BINARY, found REG_SZ of 10 bytes",
        ),
        (
            &format!("{HASH}\n\"DefaultFlags\"=\"2\""),
            5,
            "DefaultFlags: expected REG_DWORD of 4 bytes, found REG_SZ of 4 bytes",
        ),
        (
            &format!("{HASH}\n\"DefaultFlags\"=hex(b):01,00,00,00,00,00,00,00"),
            5,
            "DefaultFlags: expected REG_DWORD of 4 bytes, found REG_QWORD of 8 bytes",
        ),
        (
            &format!("{HASH}\n\"AppId\"=hex:01"),
            5,
            "AppId: expected a GUID, in 16 bytes of REG_BINARY or as text, found REG_BINARY of 1 \
             bytes",
        ),
        (
            &format!("{HASH}\n\"AppId\"=\"IIS\""),
            5,
            "AppId: expected a GUID, in 16 bytes of REG_BINARY or as text, found \"IIS\"",
        ),
        (
            &format!("{HASH}\n\"SslCertStoreName\"=hex(2):4d,00,59,00,00,00"),
            5,
            "SslCertStoreName: expected REG_SZ, found REG_EXPAND_SZ of 6 bytes",
        ),
        (
            &format!("{HASH}\n\"SslCertStoreName\"=hex(1):4d,00,00,00,59,00,00,00"),
            5,
            "SslCertStoreName: a certificate store name must not contain a NUL",
        ),
        (
            &format!("{HASH}\n\"SslCertStoreName\"=hex(1f):4d"),
            5,
            "SslCertStoreName: expected REG_SZ, found a value of type 0x1f of 1 bytes",
        ),
        (
            &format!("{HASH}\n\"SslCertStoreName\"=\"C:\\temp\""),
            5,
            "expected a backslash or quotation mark after a backslash, found 't'",
        ),
        (
            &format!("{HASH}\n\"DefaultFlags\"=dword:100000000"),
            5,
            "expected a hexadecimal number of 32 bits, found \"100000000\"",
        ),
        (
            &format!("{HASH}\n\"DefaultFlags\"=dword:"),
            5,
            "expected a hexadecimal number of 32 bits, found \"\"",
        ),
        (
            "\"SslCertHash\"=hex:52,2g,dc,\\\n  6c",
            4,
            "expected a byte in hexadecimal, found \"2g\"",
        ),
        (
            "\"SslCertHash\"=hex:52,,dc",
            4,
            "expected a byte in hexadecimal, found \"\"",
        ),
        (
            &format!("\"SslCertHash\"=hex:52,26,\\\n{APP}"),
            4,
            "expected more bytes on the next line",
        ),
        (
            "\"SslCertHash\"=5226",
            4,
            "expected text in quotation marks, dword:, hex: or hex(TYPE):, found \"5226\"",
        ),
        (
            "\"SslCertHash\" hex:52",
            4,
            "expected \"=\" after the name of a value",
        ),
        (
            "\"SslCertHash=hex:52",
            4,
            "the quotation mark after the name is missing",
        ),
        (
            &format!("{HASH}\n\"SslCertStoreName\"=\"MY\" x"),
            5,
            "expected nothing after the text, found \" x\"",
        ),
        (
            &format!("{HASH}\n{HASH}"),
            5,
            "the value \"SslCertHash\" is on line 4 already",
        ),
        (
            &format!("{HASH}\n\"SslCertStoreName\"=\"MY\n{APP}\n"),
            5,
            "the quotation mark after the text is missing",
        ),
    ] {
        assert_eq!(
            errors(&one(values)),
            [format!("line {line}: {place}: {expected}")],
            "{values}"
        );
    }
}

#[test]
fn each_key_that_names_no_binding_is_a_parse_error() {
    for (family, name, values, expected) in [
        (
            "SslBindingInfo",
            "*:443",
            HASH,
            "\"*:443\" is not an IP address and a port, as in 0.0.0.0:443 or [::]:443",
        ),
        (
            "SslCcsBindingInfo",
            "10.0.0.1:443",
            "",
            "expected PORT or 0.0.0.0:PORT for a name, found \"10.0.0.1:443\"",
        ),
        (
            "SslCcsBindingInfo",
            "0.0.0.0:0",
            "",
            "\"0\" is not a port from 1 to 65535",
        ),
        (
            "SslSniBindingInfo",
            "{29043c2f-a1f6-55de-ae51-cf0ab18b175f}",
            HASH,
            "no HostnamePort, and a name that is not a host name and port; expected one of them",
        ),
        (
            "SslSniBindingInfo",
            "{29043c2f-a1f6-55de-ae51-cf0ab18b175f}",
            "\"HostnamePort\"=\"www.contoso.com\"",
            "HostnamePort: \"www.contoso.com\" is not a host name and a port, as in \
             www.contoso.com:443",
        ),
    ] {
        let text = format!("REGEDIT4\n\n[{CURRENT}\\{family}\\{name}]\n{values}\n");
        let found = errors(&text);
        assert_eq!(found.len(), 1);
        let (line, found) = found[0].split_once(": ").unwrap();
        assert!(line == "line 3" || line == "line 4");
        assert_eq!(found, format!("{family}\\{name}: {expected}"));
    }
}

#[test]
fn two_keys_of_one_binding_are_named() {
    let key = |name: &str| {
        format!(
            "[{CURRENT}\\SslSniBindingInfo\\{name}]\n{APP}\n{HASH}\n\"HostnamePort\"=\"a.test:1\"\n\n"
        )
    };
    let text = format!("REGEDIT4\n\n{}{}", key("{1}"), key("{2}"));
    assert_eq!(
        errors(&text),
        [
            "line 8: SslSniBindingInfo\\{2}: hostnameport=a.test:1 is bound by line 3 already; \
             expected each key once"
        ]
    );
    let options = ReadOptions {
        keep_going: true,
        ..ReadOptions::default()
    };
    let reading = read(text.as_bytes(), &options).unwrap();
    assert_eq!((keys(&reading).len(), reading.errors.len()), (1, 1));
}

#[test]
fn unknown_entry_is_reported_with_its_place() {
    let text = format!(
        "{}\"Colour\"=dword:1\n@=\"x\"\n\n[{CURRENT}\\SslBindingInfo\\0.0.0.0:443\\Ex]\n\"y\"=dword:1\n\n\
         [{CURRENT}\\SslBindingInfo]\n\"DefaultSslCertCheckMode\"=dword:00000001\n\n\
         [{CURRENT}\\SslNewBindingInfo]\n\n[{CURRENT}\\UrlAclInfo]\n\"z\"=hex:00\nnonsense\n",
        whole("")
    );
    let printed = warnings(&text);
    let lines: Vec<_> = printed.iter().map(|(_, what)| what.as_str()).collect();
    assert_eq!(
        lines,
        [
            "line 7: SslBindingInfo\\0.0.0.0:443: the value \"Colour\" (REG_DWORD) is unknown; it \
             is not converted",
            "line 8: SslBindingInfo\\0.0.0.0:443: the value \"\" (REG_SZ) is unknown; it is not \
             converted",
            "line 10: SslBindingInfo\\0.0.0.0:443\\Ex: this key is unknown; its content is not \
             converted",
            "line 14: SslBindingInfo: the value \"DefaultSslCertCheckMode\" is in no binding's key; \
             HTTP.sys is not known to read it there, and it is not converted",
            "line 16: SslNewBindingInfo: this key is unknown; its content is not converted",
            "line 19: UrlAclInfo: \"z\" was ignored: URL \"z\": it has no scheme",
            "line 20: this line is malformed and was ignored",
        ]
    );
    assert!(
        printed[..5]
            .iter()
            .all(|(kind, _)| *kind == WarningKind::Value)
    );
    assert_eq!(printed[5].0, WarningKind::Skipped);
}

#[test]
fn values_elsewhere_are_skipped() {
    let odd = [
        "\"a\"=\"line one\r\nline two\r\n[HKEY_LOCAL_MACHINE\\SYSTEM]\r\n\"",
        "\"b\\\"c\"=\"x\\\\\"",
        "@=hex(7):61,00,\\\r\n  00,00",
        "\"d\"=hex:00,\\\r\n  ; a comment is no bytes, and does not matter here\r\n  01",
        "\"e\"=qword:1",
        "\"f\"=\"a\" trailing",
    ];
    for value in odd {
        let text = format!("[HKEY_LOCAL_MACHINE\\SYSTEM\\Odd]\r\n{value}\r\n\r\n");
        let file = whole("").replacen("\n\n", &format!("\n\n{text}"), 1);
        let reading = read_text(&file).unwrap();
        assert_eq!(
            reading.export,
            read_text(&whole("")).unwrap().export,
            "{value}"
        );
        assert!(
            reading
                .warnings
                .iter()
                .all(|warning| warning.kind == WarningKind::Skipped),
            "{value}"
        );
    }
}

/// After a backslash, with spaces.
#[test]
fn bytes_elsewhere_may_be_continued() {
    for blanks in ["", " ", "\t "] {
        let odd = format!("[HKLM\\SYSTEM\\Odd]\n@=hex:00,\\{blanks}\n  01\n\n");
        let file = whole("").replacen("\n\n", &format!("\n\n{odd}"), 1);
        assert_eq!(warnings(&file), [], "{blanks:?}");
    }
}

#[test]
fn a_text_that_does_not_end_hides_no_bindings() {
    let odd = "[HKEY_LOCAL_MACHINE\\SYSTEM\\Odd]\n\"x\"=\"no end\n\n";
    let file = whole("").replacen("\n\n", &format!("\n\n{odd}"), 1);
    let expected = "line 4: the quotation mark after the text is missing";
    assert_eq!(errors(&file), [expected]);
    let options = ReadOptions {
        keep_going: true,
        ..ReadOptions::default()
    };
    assert_eq!(
        keys(&read(file.as_bytes(), &options).unwrap()),
        ["ipport=0.0.0.0:443"]
    );
}

#[test]
fn a_text_that_looks_like_keys_is_a_text() {
    let planted = format!("[{CURRENT}\\SslBindingInfo\\0.0.0.0:8443]\r\n");
    let odd = format!("[HKEY_LOCAL_MACHINE\\SYSTEM\\Odd]\r\n\"x\"=\"\r\n{planted}\"\r\n\r\n");
    let file = whole("").replacen("\n\n", &format!("\n\n{odd}"), 1);
    assert_eq!(keys(&read_text(&file).unwrap()), ["ipport=0.0.0.0:443"]);
}

#[test]
fn a_broken_key_line_is_a_parse_error_anywhere() {
    let file = whole("").replacen(":443]", ":443", 1);
    assert_eq!(errors(&file).len(), 1);
    assert!(errors(&file)[0].starts_with("line 3: expected a key's path in brackets"));
}

#[test]
fn text_that_is_cut_short_is_noticed() {
    let text = whole("\"DefaultFlags\"=dword:00000002");
    let in_a_value = text.len() - 3;
    let reading = read_text(&text[..in_a_value]).unwrap();
    let printed = reading
        .warnings
        .iter()
        .find(|warning| warning.kind == WarningKind::Trimmed)
        .unwrap();
    assert!(printed.what.contains("it may be truncated"));
    let file = written(some_bindings(3));
    for end in (0..file.len()).step_by(7) {
        let _ = read(&file[..end], &ReadOptions::default());
    }
    // Half a character.
    let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let error = read(&wide[..wide.len() - 5], &ReadOptions::default()).unwrap_err();
    assert!(
        error
            .to_string()
            .ends_with("this is not text in utf-16le; name the encoding")
    );
}

#[test]
fn number_of_reported_lines_is_bounded() {
    let file = format!("REGEDIT4\n{}[{CURRENT}]\n", "?\n".repeat(100_000));
    let printed = warnings(&file);
    assert_eq!(printed.len(), 100);
    let (_, last) = printed.last().unwrap();
    assert_eq!(
        last,
        "line 101: this line is malformed and was ignored, as were others after it"
    );
}

#[test]
fn hostile_texts_take_no_longer_than_others() {
    let key = format!("[{CURRENT}\\SslBindingInfo\\0.0.0.0:443]\n");
    for unit in [
        "\"a\"=\"\n",
        "\"a\"=hex:00,\\\n",
        "\"a\"=\"\\\"\n",
        "@=\"",
        "[-HKLM]\n",
        &key,
        "\"a\"=dword:1\n",
    ] {
        for prefix in ["REGEDIT4\n", &format!("REGEDIT4\n{key}")] {
            let file = format!("{prefix}{}", unit.repeat(500_000 / unit.len()));
            let start = std::time::Instant::now();
            let _ = read_text(&file);
            assert!(
                start.elapsed().as_secs() < 8,
                "{unit:?}: {:?}",
                start.elapsed()
            );
        }
    }
}
