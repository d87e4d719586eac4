//! Desired states that are written are the shortest, and read back alike.

use super::*;

fn written(export: &Export) -> String {
    let mut out = Vec::new();
    desired::write(&mut out, export).unwrap();
    String::from_utf8(out).unwrap()
}

fn export_of(bindings: Vec<Binding>) -> Export {
    let header = Header {
        host: Some("WEB-01".to_owned()),
        ..Header::default()
    };
    Export {
        header,
        bindings,
        ..Export::default()
    }
}

#[test]
fn bindings_that_differ_in_their_keys_are_one_entry() {
    let record = Record::new(
        HASH.parse().unwrap(),
        Some("MY".parse().unwrap()),
        IIS.parse().unwrap(),
    );
    let flagged = record.clone().with_url_retrieval_timeout(5_000);
    let binding =
        |key: &str, record: &Record| Binding::new(key.parse().unwrap(), record.clone()).unwrap();
    let text = written(&export_of(vec![
        binding("0.0.0.0:443", &record),
        binding("hostnameport=www.contoso.com:443", &record),
        binding("hostnameport=shop.contoso.com:443", &record),
        binding("[::]:443", &flagged),
        binding("ccs=443", &Record::central(IIS.parse().unwrap())),
    ]));
    let expected = format!(
        "host = \"WEB-01\"\n\n[defaults]\napp = \"IIS\"\ncert = \"{HASH}\"\n\n[[binding]]\n\
         key = \"0.0.0.0:443\"\nhost = [\n    \"shop.contoso.com\",\n    \"www.contoso.com\",\n]\n\n\
         [[binding]]\nkey = \"[::]:443\"\nurl_retrieval_timeout = 5000\n\n[[binding]]\nkey = \"ccs=443\"\n"
    );
    assert_eq!(text, expected);
}

/// Every field is a default where that saves lines, and the port of host names as well.
#[test]
fn common_values_are_defaults() {
    let record = |hash: u8| {
        let hash = CertHash::new([hash; 20]);
        Record::new(hash, Some("MY".parse().unwrap()), IIS.parse().unwrap())
            .with_revocation_freshness_time(60)
            .with_ctl_store_name(Some("ClientAuthIssuer".parse().unwrap()))
    };
    let mut bindings = Vec::new();
    for hash in 1..=3 {
        for name in ["a", "b"] {
            let key = format!("hostnameport={name}{hash}.example:8443");
            bindings.push(Binding::new(key.parse().unwrap(), record(hash)).unwrap());
        }
    }
    let plain = record(4).with_revocation_freshness_time(0);
    bindings.push(Binding::new("0.0.0.0:443".parse().unwrap(), plain).unwrap());
    let text = written(&export_of(bindings.clone()));
    assert!(
        text.contains(
            "[defaults]\nport = 8443\napp = \"IIS\"\nrevocation_freshness_time = 60\n\
             ctl_store_name = \"ClientAuthIssuer\"\n"
        ),
        "{text}"
    );
    assert_eq!(text.matches("port = ").count(), 1, "{text}");
    assert!(text.contains("revocation_freshness_time = 0\n"), "{text}");
    assert_eq!(sorted(toml(&text).export.bindings), sorted(bindings));
    let formatted = desired::canonical(&text, &ReadOptions::default()).unwrap();
    assert_eq!(formatted, text);
}

/// Few values, so that some are shared.
fn bindings() -> impl Strategy<Value = Vec<Binding>> {
    let varied = proptest::collection::vec(strategy::binding(), 0..4);
    let alike = (hash(), app_id(), proptest::collection::vec(key(), 0..6)).prop_map(
        |(hash, app_id, keys)| -> Vec<Binding> {
            let record = Record::new(hash, Some("MY".parse().unwrap()), app_id);
            let named = keys
                .into_iter()
                .filter(|key| key.kind().names_certificate());
            named
                .map(|key| Binding::new(key, record.clone()).unwrap())
                .collect()
        },
    );
    (varied, alike).prop_map(|(varied, alike)| {
        let mut bindings: Vec<_> = varied.into_iter().chain(alike).collect();
        bindings.sort_unstable_by(|a, b| a.key().cmp(b.key()));
        bindings.dedup_by(|a, b| a.key() == b.key());
        bindings
    })
}

fn sorted(mut bindings: Vec<Binding>) -> Vec<Binding> {
    bindings.sort_unstable_by(|a, b| a.key().cmp(b.key()));
    bindings
}

proptest! {
    #![proptest_config(cases(48))]

    /// Nothing is lost, every written file is valid under the schema, and formatting leaves it.
    #[test]
    fn bindings_read_back_as_they_were_written(bindings in bindings()) {
        let text = written(&export_of(bindings.clone()));
        let reading = toml(&text);
        prop_assert_eq!(reading.export.header.host.as_deref(), Some("WEB-01"));
        prop_assert_eq!(sorted(reading.export.bindings), bindings);
        let formatted = desired::canonical(&text, &ReadOptions::default()).unwrap();
        prop_assert_eq!(formatted, text);
    }

    /// Without any one line, the file is broken or gives other bindings.
    #[test]
    fn no_line_of_a_written_file_can_be_left_out(bindings in bindings()) {
        let text = written(&export_of(bindings.clone()));
        let lines: Vec<_> = text.lines().collect();
        for left_out in 0..lines.len() {
            if lines[left_out].is_empty() || lines[left_out].starts_with("host = \"WEB") {
                continue;
            }
            let rest: Vec<_> = (0..lines.len()).filter(|it| *it != left_out).collect();
            let rest: String = rest.iter().flat_map(|it| [lines[*it], "\n"]).collect();
            if let Ok(reading) = try_read(&rest, Format::Toml) {
                let found = sorted(reading.export.bindings);
                prop_assert!(found != bindings, "{:?} is superfluous in\n{}", lines[left_out], text);
            }
        }
    }

    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,80}", format in 0..3) {
        let format = [Format::Toml, Format::Yaml, Format::Json][format as usize];
        let _ = try_read(&text, format);
    }
}

#[test]
fn an_export_of_a_listing_can_be_written() {
    let mut listing = read_text(&host()).unwrap().export;
    listing.layout = None;
    let reading = toml(&written(&listing));
    assert_eq!(sorted(reading.export.bindings), sorted(listing.bindings));
}
