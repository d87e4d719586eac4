//! The contents of a configuration, and the error messages for other contents.

#![allow(clippy::unwrap_used, reason = "tests may unwrap")]

use certbind_audit::{Config, ConfigError, Scope, Severity};

fn parse(text: &str) -> Result<Config, ConfigError> {
    Config::parse(text, "2026-06-01T00:00:00Z".parse().unwrap())
}

fn waiver(lines: &str) -> String {
    format!("[[waivers]]\nrule = \"CB005\"\n{lines}\n")
}

#[test]
fn an_empty_configuration_is_that_of_no_file() {
    let now = "2026-06-01T00:00:00Z".parse().unwrap();
    assert_eq!(parse("").unwrap(), Config::at(now));
}

#[test]
fn severities_are_set_and_rules_are_turned_off() {
    let config = parse("[severities]\nCB001 = \"error\"\nCB012 = \"off\"\n").unwrap();
    assert_eq!(config.severities["CB001"], Some(Severity::Error));
    assert_eq!(config.severities["CB012"], None);
}

#[test]
fn a_waiver_names_a_key_a_certificate_or_a_name() {
    let end = "reason = \"known\"\nuntil = \"2026-12-31\"";
    for (scope, expected) in [
        (
            "key = \"0.0.0.0:443\"",
            Scope::Key("ipport=0.0.0.0:443".parse().unwrap()),
        ),
        (
            "name = \"B\u{fc}cher.example\"",
            Scope::Name("xn--bcher-kva.example".to_owned()),
        ),
    ] {
        let config = parse(&waiver(&format!("{scope}\n{end}"))).unwrap();
        assert_eq!(config.waivers[0].scope, expected);
        assert_eq!(config.waivers[0].until.to_string(), "2026-12-31");
    }
}

#[test]
fn configuration_error_names_its_line() {
    let whole = "key = \"0.0.0.0:443\"\nreason = \"known\"\nuntil = 2026-12-31";
    parse(&waiver(whole)).unwrap();
    for (text, line, said) in [
        ("[severity]\n".to_owned(), 1, "unknown field `severity`"),
        (
            "\n[severities]\nCB999 = \"off\"\n".to_owned(),
            3,
            "no rule has the id \"CB999\"",
        ),
        (
            "[severities]\nCB001 = \"fatal\"\n".to_owned(),
            2,
            "error, warning, note or off",
        ),
        (
            "[limits]\nexpiring_days = -1\n".to_owned(),
            2,
            "expected u32",
        ),
        (
            "[limits]\niis_express_ports = \"9-1\"\n".to_owned(),
            2,
            "expected ports",
        ),
        ("[applications]\niis = \"IIS\"\n".to_owned(), 2, ""),
        (waiver(&whole.replace("known", " ")), 1, "needs a reason"),
        (
            waiver(&whole.replace("key", "# ")),
            1,
            "one of key, certificate and name",
        ),
        (
            waiver(&format!("{whole}\nname = \"a.example\"")),
            1,
            "one of key",
        ),
        (
            waiver(&whole.replace("12-31", "12-31T10:00:00Z")),
            5,
            "expected a day",
        ),
        (
            waiver(&whole.replace("2026-12-31", "\"soon\"")),
            5,
            "expected a day",
        ),
        (
            waiver(&whole.replace("0.0.0.0:443", "0.0.0.0")),
            3,
            "ADDRESS:PORT",
        ),
        (waiver(&whole.replace("until", "# ")), 1, "until"),
        ("[limits\n".to_owned(), 1, ""),
    ] {
        let error = parse(&text).unwrap_err();
        assert_eq!(error.line, Some(line), "{text}: {error}");
        assert!(error.message.contains(said), "{text}: {error}");
    }
}
