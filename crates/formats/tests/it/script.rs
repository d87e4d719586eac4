//! The batch file, read by an independent tokenizer, sets exactly the bindings.

use certbind_core::strategy::binding;
use certbind_core::{
    Binding, BindingKey, CertCheckMode, Certificate, Kind, Property, PropertyType, PropertyValue,
    Record, SslFlags, StoreName,
};
use certbind_formats::{WriteError, netsh};
use proptest::prelude::*;

use crate::listings::{cases, export, host, read_text};

fn script(bindings: Vec<Binding>) -> Result<String, WriteError> {
    let mut out = Vec::new();
    netsh::write_script(&mut out, &export(bindings))?;
    Ok(String::from_utf8(out).unwrap())
}

/// The arguments of a command as cmd and the C runtime parse it: quotes keep spaces together, and
/// in a batch file a doubled percent sign is one.
fn arguments(command: &str) -> Vec<String> {
    let mut arguments = vec![String::new()];
    let mut quoted = false;
    let mut chars = command.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' => quoted = !quoted,
            ' ' if !quoted => arguments.push(String::new()),
            '&' | '|' | '<' | '>' | '^' | '(' | ')' if !quoted => panic!("{c} in {command}"),
            '%' => {
                assert_eq!(chars.next(), Some('%'), "a lone percent sign in {command}");
                arguments.last_mut().unwrap().push('%');
            }
            c => arguments.last_mut().unwrap().push(c),
        }
    }
    assert!(!quoted, "an open quote in {command}");
    arguments
}

/// The binding that a batch file of one adds.
fn added(script: &str) -> Binding {
    let commands = script.lines().filter(|line| line.starts_with("netsh "));
    let mut binding = None;
    for command in commands {
        let arguments = arguments(command.strip_suffix(" || exit /b 1").unwrap());
        let options = &arguments[4..];
        binding = Some(match (&arguments[..4].join(" ")[..], binding) {
            ("netsh http add sslcert", None) => added_by(options),
            ("netsh http update sslpropertyex", Some(binding)) => set_by(&binding, options),
            other => panic!("{other:?}"),
        });
    }
    binding.unwrap()
}

/// The binding with the property that a command with these options sets, by the documentation.
pub(crate) fn set_by(binding: &Binding, options: &[String]) -> Binding {
    let options: Vec<_> = options
        .iter()
        .map(|option| option.split_once('=').unwrap())
        .collect();
    let (tag, key) = options[0];
    let key = BindingKey::parse_as(tag.parse().unwrap(), key).unwrap();
    assert_eq!(
        &key,
        binding.key(),
        "a property is set of what was added last"
    );
    let value = match options[1..] {
        [("propertyid", "0"), ("receivewindow", window)] => PropertyValue::Http2Window {
            receive_window: window.parse().unwrap(),
        },
        [
            ("propertyid", "1"),
            ("maxsettingsperframe", frame),
            ("maxsettingsperminute", minute),
        ] => PropertyValue::Http2SettingsLimits {
            max_per_frame: frame.parse().unwrap(),
            max_per_minute: minute.parse().unwrap(),
        },
        ref other => panic!("{other:?}"),
    };
    let mut record = binding.record().clone();
    record.extended = record.extended.with(value.into());
    binding.clone().with_record(record).unwrap()
}

/// The binding that a command with these options adds, by the documentation of netsh's options.
pub(crate) fn added_by(options: &[String]) -> Binding {
    let (tag, value) = options[0].split_once('=').unwrap();
    let key = BindingKey::parse_as(tag.parse().unwrap(), value).unwrap();
    let mut record = Record::central(certbind_core::Uuid::nil());
    let mut store = None;
    let mut hash = None;
    for argument in &options[1..] {
        let (tag, value) = argument.split_once('=').unwrap();
        let mut flag = |bit| {
            assert_eq!(value, "enable");
            record.flags |= bit;
        };
        let mut check = |bit, word: &str| {
            assert_eq!(value, word);
            record.check_mode |= bit;
        };
        match tag {
            "certhash" => hash = Some(value.parse().unwrap()),
            "appid" => {
                let guid = value.strip_prefix('{').unwrap().strip_suffix('}').unwrap();
                record.app_id = guid.parse().unwrap();
            }
            "certstorename" => store = Some(value.parse::<StoreName>().unwrap()),
            "verifyclientcertrevocation" => check(CertCheckMode::NO_REVOCATION, "disable"),
            "verifyrevocationwithcachedclientcertonly" => {
                check(CertCheckMode::CACHED_REVOCATION, "enable");
            }
            "usagecheck" => check(CertCheckMode::NO_USAGE_CHECK, "disable"),
            "revocationfreshnesstime" => {
                assert_ne!(value, "0", "hosts refuse explicit zeros");
                record.revocation_freshness_time = value.parse().unwrap();
                record.check_mode |= CertCheckMode::USE_REVOCATION_FRESHNESS;
            }
            "urlretrievaltimeout" => {
                assert_ne!(value, "0", "hosts refuse explicit zeros");
                record.url_retrieval_timeout = value.parse().unwrap();
            }
            "sslctlidentifier" => record.ctl_identifier = Some(value.parse().unwrap()),
            "sslctlstorename" => record.ctl_store_name = Some(value.parse().unwrap()),
            "dsmapperusage" => flag(SslFlags::USE_DS_MAPPER),
            "clientcertnegotiation" => flag(SslFlags::NEGOTIATE_CLIENT_CERT),
            "reject" => flag(SslFlags::REJECT),
            "disablehttp2" => flag(SslFlags::DISABLE_HTTP2),
            "disablequic" => flag(SslFlags::DISABLE_QUIC),
            "disablelegacytls" => flag(SslFlags::DISABLE_LEGACY_TLS),
            "disabletls12" => flag(SslFlags::DISABLE_TLS12),
            "disabletls13" => flag(SslFlags::DISABLE_TLS13),
            "disableocspstapling" => flag(SslFlags::DISABLE_OCSP_STAPLING),
            "enabletokenbinding" => flag(SslFlags::ENABLE_TOKEN_BINDING),
            "logextendedevents" => flag(SslFlags::LOG_EXTENDED_EVENTS),
            "enablesessionticket" => flag(SslFlags::ENABLE_SESSION_TICKET),
            "disablesessionid" => flag(SslFlags::DISABLE_SESSION_ID),
            other => panic!("no option of netsh's: {other}"),
        }
    }
    record.certificate = hash.map(|hash| Certificate::new(hash).with_store_name(store));
    let host = matches!(key.kind(), Kind::Sni | Kind::ScopedCcs)
        .then(|| value.rsplit_once(':').unwrap().0.to_owned());
    let binding = Binding::new(key, record).unwrap();
    match host {
        Some(host) => binding.with_host_spelling(&host).unwrap(),
        None => binding,
    }
}

#[test]
fn script_of_the_example_matches_its_snapshot() {
    let bindings = read_text(&host()).unwrap().export.bindings;
    let script = script(bindings).unwrap();
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/snapshots/host-2022.cmd");
    if std::env::var_os("SNAPSHOTS").is_some() {
        std::fs::write(path, &script).unwrap();
    }
    assert_eq!(script, std::fs::read_to_string(path).unwrap());
}

#[test]
fn percent_signs_are_doubled_and_spaces_quoted() {
    let hash = certbind_core::CertHash::new([7; 20]);
    let name = Some("100 % & more".parse().unwrap());
    let record = Record::new(hash, name, certbind_core::Uuid::nil());
    let binding = Binding::new("[fe80::1%7]:443".parse().unwrap(), record).unwrap();
    let script = script(vec![binding.clone()]).unwrap();
    let command = script.lines().last().unwrap();
    assert!(
        command.contains(" ipport=\"[fe80::1%%7]:443\" "),
        "{command}"
    );
    assert!(
        command.contains(" certstorename=\"100 %% & more\" "),
        "{command}"
    );
    assert_eq!(added(&script), binding);
}

/// Whether netsh has options for a binding, and a script can contain them.
pub(crate) fn is_expressible(binding: &Binding) -> bool {
    let record = binding.record();
    let flags = record.flags.bits() & !0x5ffb == 0;
    let checks = record.check_mode.bits() & !0x1_0007 == 0;
    let in_force = CertCheckMode::USE_REVOCATION_FRESHNESS;
    let fresh = record.check_mode.contains(in_force) == (record.revocation_freshness_time != 0);
    let certificate = record.certificate.as_ref();
    let store = certificate.and_then(|c| c.store_name.as_ref());
    let named = binding.key().kind() != Kind::Sni || store.is_some();
    let texts = [
        Some(binding.spelled_key()),
        store.map(ToString::to_string),
        record.ctl_identifier.as_ref().map(ToString::to_string),
        record.ctl_store_name.as_ref().map(ToString::to_string),
    ];
    let plain = texts.into_iter().flatten().all(|text| {
        !text.contains('"') && !text.ends_with('\\') && !text.chars().any(char::is_control)
    });
    let numbers = |set: &Property| {
        let types = [PropertyType::Http2Window, PropertyType::Http2SettingsLimits];
        set.flags == 0 && types.contains(&set.property_type())
    };
    let properties = record.extended.iter().all(numbers);
    flags && checks && fresh && named && plain && properties
}

#[test]
fn property_without_netsh_option_is_refused() {
    let window = PropertyValue::Http2Window {
        receive_window: 65_535,
    };
    let setting = certbind_core::PerformanceSetting::new(2, &[1]).unwrap();
    let flagged = Property {
        flags: 2,
        value: window.clone(),
    };
    let performance = PropertyValue::Performance(setting).into();
    for (property, field) in [
        (flagged, Some("flags 0x2 of http2_window")),
        (performance, Some("performance")),
        (Property::from(window), None),
    ] {
        let mut record = Record::central(certbind_core::Uuid::nil());
        record.extended = record.extended.with(property);
        let binding = Binding::new("ccs=443".parse().unwrap(), record).unwrap();
        match (script(vec![binding.clone()]), field) {
            (Ok(script), None) => assert_eq!(added(&script), binding),
            (Err(WriteError::Inexpressible(refused)), Some(field)) => {
                assert_eq!(refused[0].field, field);
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_line_that_cmd_would_cut_is_refused() {
    let of_length = |ctl: usize| {
        let hash = certbind_core::CertHash::new([7; 20]);
        let mut record = Record::new(hash, None, certbind_core::Uuid::nil());
        record.ctl_identifier = Some("x".repeat(ctl).parse().unwrap());
        Binding::new("0.0.0.0:443".parse().unwrap(), record).unwrap()
    };
    let text = script(vec![of_length(8000)]).unwrap();
    let room = 8191 - text.lines().last().unwrap().len();
    let text = script(vec![of_length(8000 + room)]).unwrap();
    assert_eq!(text.lines().last().unwrap().len(), 8191);
    let error = script(vec![of_length(8000 + room + 1)]).unwrap_err();
    assert!(error.to_string().contains("cmd takes up to"), "{error}");
}

proptest! {
    #![proptest_config(cases(256))]

    #[test]
    fn a_script_adds_the_binding_or_is_refused(binding in binding()) {
        match script(vec![binding.clone()]) {
            Ok(script) => {
                prop_assert!(is_expressible(&binding));
                prop_assert_eq!(added(&script), binding);
                prop_assert_eq!(script.contains("chcp 65001"), !script.is_ascii());
            }
            Err(error) => {
                prop_assert!(!is_expressible(&binding), "{}", error);
                prop_assert!(error.to_string().starts_with(&binding.key().to_string()));
            }
        }
    }
}
