use super::*;

fn url(text: &str) -> Result<EtcdUrl, UrlError> {
    text.parse()
}

fn none(_: &str) -> Option<String> {
    None
}

/// An environment with these variables.
fn environment(variables: &[(&str, &str)]) -> impl Fn(&str) -> Option<String> + use<> {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    let variables: Vec<_> = variables.iter().map(owned).collect();
    move |wanted| {
        let found = variables.iter().find(|(name, _)| name == wanted);
        found.map(|(_, value)| value.clone())
    }
}

const PASSWORD: [(&str, &str); 2] = [
    ("CERTBIND_ETCD_USER", "other"),
    ("CERTBIND_ETCD_PASSWORD", "secret"),
];

#[test]
fn endpoints_have_ports_and_a_fleet_no_host() {
    let fleet = url("etcd://a,[::1],[::1]:1,10.0.0.1:2/").unwrap();
    assert_eq!(
        fleet.endpoints(),
        ["a:2379", "[::1]:2379", "[::1]:1", "10.0.0.1:2"]
    );
    assert_eq!(fleet.host(), None);
    assert_eq!(url("etcd://a").unwrap().host(), None);
}

#[test]
fn errors_name_the_part() {
    for (text, named) in [
        ("etcd:a/b", "does not start with etcd://"),
        ("etcd:///b", "\"\" is not an endpoint"),
        ("etcd://a@b/c", "\"a@b\" is not an endpoint"),
        ("etcd://a/b/c", "\"b/c\" is not the name"),
        ("etcd://a/b?tls=maybe", "tls=on or tls=off"),
        ("etcd://a/b?tls", "has no value"),
        ("etcd://a/b?tls=off&ca=x", "tls=off contradicts ca"),
        ("etcd://a/b?colour=red", "\"colour\""),
        ("etcd://a/b?timeout=-1", "seconds"),
        ("etcd://a/b?timeout=nan", "seconds"),
        ("etcd://a/b?retry_timeout=1e300", "seconds"),
        ("etcd://a/b?max-txn-ops=1", "at least 2"),
        ("etcd://a/b?ca=%ff", "not UTF-8"),
        ("etcd://a/b?password=secret", "CERTBIND_ETCD_PASSWORD"),
    ] {
        let error = url(text).unwrap_err().to_string();
        assert!(
            error.contains(named) && !error.contains("secret"),
            "{text}: {error}"
        );
    }
}

/// Test of the old name of `retry_timeout=`: `patience=`.
#[test]
fn the_old_spelling_of_retry_timeout_works() {
    let old = url("etcd://a/b?patience=7").unwrap();
    assert_eq!(old, url("etcd://a/b?retry_timeout=7").unwrap());
    assert_ne!(old, url("etcd://a/b").unwrap());
}

/// Also with both names.
#[test]
fn an_option_is_given_once() {
    for (options, named) in [
        ("patience=7&retry_timeout=8", "retry_timeout"),
        ("retry_timeout=7&patience=7", "retry_timeout"),
        ("timeout=1&tls=on&timeout=2", "timeout"),
    ] {
        let error = url(&format!("etcd://a/b?{options}")).unwrap_err();
        let expected = format!("{named} is given twice; remove one of them");
        assert!(error.to_string().contains(&expected), "{options}: {error}");
    }
}

#[test]
fn the_url_takes_precedence_over_the_environment() {
    let listed = ("CERTBIND_ETCD_ENDPOINTS", "x, A ,localhost:2379");
    let variables = [&PASSWORD[..], &[("CERTBIND_ETCD_SERVER_NAME", "o"), listed]].concat();
    let ours = url("etcd://a/b?user=web%2001&server-name=etcd&timeout=0.5").unwrap();
    let (builder, warnings) = ours.builder(environment(&variables)).unwrap();
    let text = format!("{builder:?}");
    assert_eq!(warnings, []);
    assert!(
        text.contains("web 01") && text.contains("\"etcd\""),
        "{text}"
    );
    assert!(text.contains("timeout: 500ms"), "{text}");
    let plain = url("etcd://a/b?tls=on").unwrap();
    let (builder, _) = plain.builder(environment(&variables)).unwrap();
    assert!(format!("{builder:?}").contains("\"other\""), "{builder:?}");
}

#[test]
fn half_of_a_pair_is_refused() {
    let refused = |text: &str| url(text).unwrap().builder(none).unwrap_err().to_string();
    assert!(refused("etcd://a/b?user=web01").contains("password"));
    assert!(refused("etcd://a/b?ca=/nowhere/ca.pem").contains("/nowhere/ca.pem"));
    let folder = tempfile::tempdir().unwrap();
    let cert = folder.path().join("cert.pem");
    std::fs::write(&cert, "any").unwrap();
    let cert = cert.display();
    assert!(refused(&format!("etcd://a/b?cert={cert}")).contains("key="));
}

#[cfg(unix)]
#[test]
fn named_files_have_an_end() {
    let folder = tempfile::tempdir().unwrap();
    let [pipe, long] = ["pipe", "long"].map(|name| folder.path().join(name));
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.unwrap().success());
    std::fs::write(&long, vec![b'x'; (1 << 20) + 1]).unwrap();
    for option in ["user=a&password-file", "ca", "key=x&cert"] {
        for (path, problem) in [
            ("/dev/zero", "it is a device"),
            (pipe.to_str().unwrap(), "it is a device, a named pipe"),
            (long.to_str().unwrap(), "more than a megabyte"),
        ] {
            let url = url(&format!("etcd://localhost/b?{option}={path}")).unwrap();
            let error = url.builder(none).unwrap_err().to_string();
            assert!(
                error.contains(problem) && error.contains(path),
                "{option}: {error}"
            );
        }
    }
}

#[test]
fn passwords_need_tls_or_its_refusal() {
    let listed = |endpoint| [&PASSWORD[..], &[("CERTBIND_ETCD_ENDPOINTS", endpoint)]].concat();
    let environment = |endpoint| environment(&listed(endpoint));
    let clear = url("etcd://localhost,etcd1/b").unwrap();
    let error = clear.builder(environment("localhost,etcd1")).unwrap_err();
    let error = error.to_string();
    assert!(error.contains("etcd1:2379 without encryption"), "{error}");
    assert!(!error.contains("secret"), "{error}");
    let off = url("etcd://localhost,etcd1/b?tls=off").unwrap();
    let (builder, warnings) = off.builder(environment("localhost,etcd1")).unwrap();
    assert!(format!("{builder:?}").contains("\"other\""), "{builder:?}");
    assert!(
        matches!(&warnings[..], [UrlWarning::PasswordWithoutTls { endpoint, .. }] if endpoint == "etcd1:2379"),
        "{warnings:?}"
    );
    for here in ["localhost", "127.0.0.1:1", "127.9.9.9", "[::1]"] {
        let url = url(&format!("etcd://{here}/b")).unwrap();
        let (_, warnings) = url.builder(environment(here)).unwrap();
        assert_eq!(warnings, [], "{here}");
    }
    for elsewhere in ["localhost.contoso.com", "128.0.0.1", "[::2]", "127.1"] {
        let url = url(&format!("etcd://{elsewhere}/b")).unwrap();
        assert!(url.builder(environment(elsewhere)).is_err(), "{elsewhere}");
    }
}

#[test]
fn tls_off_reports_the_ca_that_it_overrides() {
    let ca = environment(&[("CERTBIND_ETCD_CA", "/etc/etcd/ca.pem")]);
    let off = url("etcd://etcd1/b?tls=off").unwrap();
    let (builder, warnings) = off.builder(ca).unwrap();
    assert!(format!("{builder:?}").contains("tls: None"), "{builder:?}");
    assert_eq!(warnings, [UrlWarning::CaIgnored]);
}

#[test]
fn environment_credentials_reach_listed_servers_only() {
    let url = url("etcd://etcd1,etcd2:1/b?tls=on").unwrap();
    let error = url.builder(environment(&PASSWORD)).unwrap_err().to_string();
    assert!(
        error.contains("CERTBIND_ETCD_ENDPOINTS") && error.contains("etcd1:2379,etcd2:1"),
        "{error}"
    );
    for (listed, missing) in [
        ("etcd1", "etcd2:1"),
        ("etcd2:1", "etcd1:2379"),
        ("", "etcd1:2379"),
    ] {
        let variables = [&PASSWORD[..], &[("CERTBIND_ETCD_ENDPOINTS", listed)]].concat();
        let (builder, warnings) = url.builder(environment(&variables)).unwrap();
        assert!(format!("{builder:?}").contains("user: None"), "{builder:?}");
        assert!(
            matches!(&warnings[..], [UrlWarning::CredentialsIgnored { endpoint, .. }] if endpoint == missing),
            "{warnings:?}"
        );
    }
    let key = [
        ("CERTBIND_ETCD_KEY", "/nowhere"),
        ("CERTBIND_ETCD_ENDPOINTS", "x"),
    ];
    let (builder, warnings) = url.builder(environment(&key)).unwrap();
    assert!(format!("{builder:?}").contains("identity: false"));
    assert_eq!(warnings.len(), 1);
}

#[test]
fn options_are_not_displayed() {
    let fleet = url("etcd://a,b:1/?user=web01&password-file=/etc/secret").unwrap();
    assert_eq!(fleet.to_string(), "etcd://a,b:1/");
    let host = fleet.with_host(&"WEB01".parse().unwrap());
    assert_eq!(host.to_string(), "etcd://a,b:1/web01");
    assert_eq!(
        host,
        url("etcd://a,b:1/web01?user=web01&password-file=/etc/secret").unwrap()
    );
}
