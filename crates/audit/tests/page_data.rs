//! The contents of the page of an audit, without a browser.

#![allow(clippy::unwrap_used, reason = "tests may unwrap")]

use certbind_audit::{Config, HostExport, Inventory, NotAssessed, audit, html};
use certbind_core::{Binding, Record, Uuid};
use serde_json::Value;

const WWW: &[u8] = include_bytes!("fixtures/www.pem");

/// The page of a host with one binding, with the certificate that expires in 2026.
fn page(store: &str, configuration: &str) -> String {
    let hash = *certbind_certificates::of_file(WWW)[0].hash();
    let record = Record::new(hash, Some(store.parse().unwrap()), Uuid::from_u128(7));
    let binding = Binding::new("hostnameport=www.contoso.com:443".parse().unwrap(), record);
    let hosts = [HostExport::of_bindings("web-01", vec![binding.unwrap()])];
    let mut inventory = Inventory::none();
    inventory.add_file("www.pem", WWW, &[]);
    let now = "2026-11-21T00:00:00Z".parse().unwrap();
    let config = Config::parse(configuration, now).unwrap();
    let report = audit(&hosts, &inventory, &config);
    let mut page = Vec::new();
    html::write(&mut page, &hosts, &inventory, &report).unwrap();
    String::from_utf8(page).unwrap()
}

/// The data of the page's script.
fn data(page: &str) -> Value {
    let (_, data) = page.split_once("id=\"data\">").unwrap();
    let (data, _) = data.split_once("</script>").unwrap();
    serde_json::from_str(data).unwrap()
}

/// A listing has no times, and its page has no column for them.
#[test]
fn each_binding_has_the_time_of_its_key() {
    let record = Record::central(Uuid::nil());
    let binding = Binding::new("ccs=443".parse().unwrap(), record).unwrap();
    let mut hosts = [HostExport::of_bindings("web-01", vec![binding.clone()])];
    let written = |hosts: &[HostExport]| {
        let config = Config::at("2026-12-01T00:00:00Z".parse().unwrap());
        let inventory = Inventory::none();
        let report = audit(hosts, &inventory, &config);
        let mut page = Vec::new();
        html::write(&mut page, hosts, &inventory, &report).unwrap();
        data(&String::from_utf8(page).unwrap())["bindings"][0][5].clone()
    };
    assert_eq!(written(&hosts), Value::Null);
    let time = "2026-11-01T08:30:00.5Z".parse().unwrap();
    let times = &mut hosts[0].reading.export.times;
    times.insert(binding.key().clone(), time);
    assert_eq!(written(&hosts), "2026-11-01T08:30:00Z");
}

#[test]
fn configuration_names_applications() {
    let ours = "[applications]\n\"00000000-0000-0000-0000-000000000007\" = \"Order gateway\"\n";
    assert_eq!(data(&page("MY", ours))["bindings"][0][4], "Order gateway");
    let nameless = "{00000000-0000-0000-0000-000000000007}";
    assert_eq!(data(&page("MY", ""))["bindings"][0][4], nameless);
}

#[test]
fn configuration_defines_expiring_soon() {
    for (days, class) in [(40, "good"), (41, "soon")] {
        let page = page("MY", &format!("[limits]\nexpiring_days = {days}\n"));
        let (_, bar) = page.split_once("<rect class=\"").unwrap();
        assert!(bar.starts_with(&format!("{class}\"")), "{days} days");
    }
}

/// The rows of the drawing, by their classes, in order.
fn rows(now: &str, names: &[&str]) -> Vec<String> {
    let mut inventory = Inventory::none();
    let mut bindings = Vec::new();
    for (port, name) in (1..).zip(names) {
        let path = format!("{}/tests/fixtures/{name}.pem", env!("CARGO_MANIFEST_DIR"));
        let pem = std::fs::read(path).unwrap();
        inventory.add_file(name, &pem, &[]);
        let hash = *certbind_certificates::of_file(&pem)[0].hash();
        let record = Record::new(hash, None, Uuid::from_u128(7));
        let key = format!("0.0.0.0:{port}").parse().unwrap();
        bindings.push(Binding::new(key, record).unwrap());
    }
    let hosts = [HostExport::of_bindings("web-01", bindings)];
    let report = audit(&hosts, &inventory, &Config::at(now.parse().unwrap()));
    let mut page = Vec::new();
    html::write(&mut page, &hosts, &inventory, &report).unwrap();
    let page = String::from_utf8(page).unwrap();
    let rows = page.split("<rect class=\"").skip(1);
    let classes = rows.filter_map(|row| Some(row.split_once('"')?.0.to_owned()));
    classes.filter(|class| class != "box").collect()
}

#[test]
fn expired_certificates_do_not_hide_those_that_expire_soon() {
    let names = ["six-days", "www", "long-lived"];
    assert_eq!(
        rows("2026-12-10T00:00:00Z", &names),
        ["soon", "good", "past"]
    );
    assert_eq!(
        rows("2027-01-02T00:00:00Z", &names),
        ["good", "past", "past"]
    );
}

#[test]
fn bidi_and_invisible_characters_are_escaped() {
    let page = page("M\u{202e}Y\u{200b}", "");
    assert!(!page.contains(['\u{202e}', '\u{200b}']));
    assert_eq!(data(&page)["bindings"][0][3], "M\\u{202e}Y\\u{200b}");
}

/// A host that could not be assessed is none without findings.
#[test]
fn hosts_that_were_not_assessed_are_in_the_summary() {
    let now = "2026-11-21T00:00:00Z".parse().unwrap();
    let page = |hosts: &[HostExport]| {
        let inventory = Inventory::none();
        let report = audit(hosts, &inventory, &Config::at(now));
        let mut page = Vec::new();
        html::write(&mut page, hosts, &inventory, &report).unwrap();
        String::from_utf8(page).unwrap()
    };
    let whole = HostExport::of_bindings("web-01", Vec::new());
    let lost = |name| HostExport::unassessed(name, NotAssessed::Unreadable("empty".to_owned()));
    let (head, _) = page(&[whole.clone(), lost("web-02"), lost("web-03")])
        .split_once("</header>")
        .map(|(head, rest)| (head.to_owned(), rest.to_owned()))
        .unwrap();
    assert!(
        head.contains("<b class=\"error\">2</b>hosts not assessed"),
        "{head}"
    );
    assert!(!page(&[whole]).contains("hosts not assessed"));
}
