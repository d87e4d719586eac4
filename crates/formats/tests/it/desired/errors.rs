//! Errors in desired states: each has its place and a hint.

use super::*;

/// Each error: its line and column in TOML, and the hint.
#[test]
fn errors_have_a_line_a_column_and_a_hint() {
    let binding = |fields: &str| with_defaults(&format!("[[binding]]\n{fields}\n"));
    for (text, place, hint) in [
        (
            "[default]\napp = \"IIS\"".to_owned(),
            (1, 2),
            "did you mean \"defaults\"?",
        ),
        ("binding = \"www\"".to_owned(), (1, 11), "write [[binding]]"),
        (
            "[defaults]\napp = \"IIS\"\napp = \"x\"".to_owned(),
            (3, 1),
            "app is given twice; remove one",
        ),
        ("x = ".to_owned(), (1, 5), ""),
        (binding("hostname = \"www\""), (2, 1), "use \"host\""),
        (
            binding("key = \"0.0.0.0:443\"\nthumbprint = \"52\""),
            (3, 1),
            "use \"cert\"",
        ),
        (
            binding("key = \"0.0.0.0:443\"\napp = \"IISS\""),
            (3, 7),
            "did you mean \"IIS\"?",
        ),
        (
            binding("key = \"0.0.0.0\""),
            (2, 7),
            "did you mean ipport=0.0.0.0:443?",
        ),
        (
            binding("key = \"www.contoso.com:443\""),
            (2, 7),
            "did you mean hostnameport=www.contoso.com:443?",
        ),
        (
            binding("key = \"*:443\""),
            (2, 7),
            "0.0.0.0:443 and [::]:443",
        ),
        (
            binding("key = \"0.0.0.0:70000\""),
            (2, 7),
            "the port 70000 is not from 1 to 65535",
        ),
        (
            binding("key = \"0.0.0.0:443\"\nport = 443"),
            (3, 8),
            "a key contains its port",
        ),
        (
            binding("host = \"www.contoso.com\"\nport = 70000"),
            (3, 8),
            "from 1 to 65535",
        ),
        (
            binding("host = \"www.contoso.com\"\nport = \"443\""),
            (3, 8),
            "without quotes",
        ),
        (binding("host = \"a:b:c\""), (2, 8), ""),
        (
            binding("host = \"www.contoso.com:8443\""),
            (2, 8),
            "write the name alone, www.contoso.com, and its port in a field: port = 8443",
        ),
        (
            binding("host = \"https://www.contoso.com/\""),
            (2, 8),
            "write the name alone: www.contoso.com",
        ),
        (
            binding("group = \"web\""),
            (2, 9),
            "define it under [groups]",
        ),
        (
            binding("flags = [\"disable_http2\"]"),
            (1, 1),
            "give it a key, a host or a group",
        ),
        (
            binding("key = \"0.0.0.0:443\"\nflags = [\"disable_http3\"]"),
            (3, 10),
            "did you mean \"disable_http2\"?",
        ),
        (
            binding("key = \"0.0.0.0:443\"\nflags = \"disable_http2\""),
            (3, 9),
            "write [\"disable_http2\"]",
        ),
        (
            binding("key = \"0.0.0.0:443\"\ncheck_mode = [\"revocation\"]"),
            (3, 15),
            "did you mean \"no_revocation\"?",
        ),
        (
            binding("key = \"0.0.0.0:443\"\nurl_retrieval_timeout = \"5\""),
            (3, 25),
            "a number of milliseconds up to 4294967295, without quotes",
        ),
        (
            "[applications]\niis = \"11111111-2222-3333-4444-555555555555\"".to_owned(),
            (2, 1),
            "choose another name",
        ),
        (
            binding(&format!(
                "key = \"0.0.0.0:443\"\ncert = \"{}\"",
                "a1".repeat(32)
            )),
            (3, 8),
            "not 64, which are a SHA-256 thumbprint",
        ),
        (
            binding("key = \"0.0.0.0:443\"\ncert = \"52\""),
            (3, 8),
            "40",
        ),
        (
            binding("key = \"0.0.0.0:443\"\ncert = \"none.pem\""),
            (3, 8),
            "cannot read",
        ),
        (
            binding("key = \"0.0.0.0:443\"\nsubject = \"CN=a\""),
            (3, 11),
            "certificates = \"certs\"",
        ),
        (
            binding(&format!("key = \"ccs=443\"\ncert = \"{HASH}\"")),
            (3, 8),
            "remove cert",
        ),
        (
            binding("key = [\"0.0.0.0:443\", \"0.0.0.0:443\"]"),
            (2, 23),
            "is in this entry twice; remove one",
        ),
        (
            binding("key = \"ccs=443\"\n[[binding]]\nkey = \"ccs=443\""),
            (4, 7),
            "is bound by the entry in line 1 already",
        ),
        (
            "[[binding]]\nkey = \"ccs=443\"".to_owned(),
            (1, 1),
            "give it an app",
        ),
        (
            "[[binding]]\nkey = \"0.0.0.0:443\"\napp = \"IIS\"".to_owned(),
            (1, 1),
            "give it a cert",
        ),
    ] {
        let error = match try_read(&text, Format::Toml) {
            Err(ReadError::Malformed(error)) => error,
            Err(ReadError::Broken(mut errors)) => errors.remove(0),
            other => panic!("{other:?}\n{text}"),
        };
        let found = (error.line.unwrap_or(0), error.column.unwrap_or(0));
        assert_eq!(found, place, "{error}\n{text}");
        assert!(error.to_string().contains(hint), "{error}\n{text}");
    }
}

#[test]
fn yaml_and_json_errors_have_places_too() {
    let yaml = "defaults:\n  app: IIS\n  cert: 1234567890\nbinding:\n  - key: 0.0.0.0:443\n";
    let json = "{\n  \"binding\": [\n    {\"key\": \"0.0.0.0:443\", \"apps\": 1}\n  ]\n}";
    for (text, format, place, hint) in [
        (yaml, Format::Yaml, (3, 9), "put it in quotes"),
        ("binding: [\n", Format::Yaml, (1, 10), "unclosed bracket"),
        (
            "binding:\n  - kye: ccs=443\n",
            Format::Yaml,
            (2, 5),
            "did you mean \"key\"?",
        ),
        (json, Format::Json, (3, 36), "did you mean \"app\"?"),
    ] {
        let error = match try_read(text, format) {
            Err(ReadError::Malformed(error)) => error,
            Err(ReadError::Broken(mut errors)) => errors.remove(0),
            other => panic!("{other:?}\n{text}"),
        };
        let found = (error.line.unwrap_or(0), error.column.unwrap_or(0));
        assert_eq!(found, place, "{error}\n{text}");
        assert!(error.to_string().contains(hint), "{error}\n{text}");
    }
}

/// A host name in two groups, or twice in one.
#[test]
fn conflicts_of_groups_name_the_groups() {
    let state = |groups: &str, entries: &str| {
        format!("[groups]\n{groups}\n{entries}\n[defaults]\napp = \"IIS\"\ncert = \"{HASH}\"\n")
    };
    let two = "shop = [\"a.example\"]\nweb = [\"a.example\"]";
    for (text, place, message) in [
        (
            state(two, "[[binding]]\ngroup = [\"shop\", \"web\"]"),
            (5, 18),
            "hostnameport=a.example:443 is in this entry twice, by the groups \"shop\" and \"web\"; \
             remove one",
        ),
        (
            state(
                two,
                "[[binding]]\ngroup = \"shop\"\n[[binding]]\ngroup = \"web\"",
            ),
            (7, 9),
            "hostnameport=a.example:443 (group \"web\") is bound by the entry in line 4 \
             (group \"shop\") already; remove one",
        ),
        (
            state(
                "shop = [\"a.example\", \"A.example\"]",
                "[[binding]]\ngroup = \"shop\"",
            ),
            (4, 9),
            "group \"shop\" has hostnameport=a.example:443 twice; remove one",
        ),
    ] {
        let Err(ReadError::Broken(errors)) = try_read(&text, Format::Toml) else {
            panic!("{text}");
        };
        let error = &errors[0];
        assert_eq!(
            (error.line.unwrap(), error.column.unwrap()),
            place,
            "{text}"
        );
        assert!(error.to_string().ends_with(message), "{error}\n{text}");
    }
}

/// The parser's own messages are for programmers.
#[test]
fn yaml_errors_are_in_the_words_of_the_file() {
    let entry = format!("binding:\n- key: 0.0.0.0:443\n  app: IIS\n  cert: {HASH}\n");
    for (text, line, message) in [
        (format!("{entry}---\n{entry}"), 6, "keep one"),
        (
            entry.replace("  app: IIS\n", "  app: IIS\n  app: IIS\n"),
            4,
            "\"app\" is given twice; remove one",
        ),
        (
            entry.replace(HASH, "12345678901234567890e1234567890123456789"),
            4,
            "put it in quotes",
        ),
    ] {
        let error = try_read(&text, Format::Yaml).unwrap_err().to_string();
        assert!(error.contains(&format!("line {line}, ")), "{error}");
        assert!(error.contains(message), "{error}");
        assert!(
            !error.contains("olicy") && !error.contains("from_str"),
            "{error}"
        );
    }
}
