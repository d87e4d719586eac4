//! The page of an audit in a real browser.

#![allow(clippy::unwrap_used, reason = "tests may unwrap")]
#![cfg(target_os = "linux")]

mod browser;
mod reading;

use std::path::{Path, PathBuf};

use browser::Browser;
use certbind_audit::{Config, HostExport, Inventory, audit, html};
use certbind_core::{Binding, CertHash, Record, Uuid};
use certbind_test_support::require;
use serde_json::{Value, json};
use tempfile::TempDir;

/// Texts that would run a script wherever one of them became markup.
const HOSTILE: [&str; 3] = [
    "<img src=x onerror=window.hit=1>",
    "</script><script>window.hit=1</script>",
    "\"'><svg/onload=window.hit=1>",
];

fn bound(key: &str, hash: CertHash, store: &str) -> Binding {
    let record = Record::new(hash, Some(store.parse().unwrap()), Uuid::nil());
    Binding::new(key.parse().unwrap(), record).unwrap()
}

fn inventory() -> Inventory {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    Inventory::read(&fixtures, &["secret".to_owned()]).unwrap()
}

/// The hash of the certificate for www.contoso.com.
fn www() -> CertHash {
    *certbind_certificates::of_file(include_bytes!("../fixtures/www.pem"))[0].hash()
}

/// Writes the page of these hosts.
fn write(path: &Path, hosts: &[HostExport], inventory: &Inventory) {
    let config = Config::at("2026-12-15T00:00:00Z".parse().unwrap());
    let report = audit(hosts, inventory, &config);
    let mut page = Vec::new();
    html::write(&mut page, hosts, inventory, &report).unwrap();
    std::fs::write(path, page).unwrap();
}

/// Two hosts, one of which would take the page over if it could.
fn fleet(folder: &TempDir) -> PathBuf {
    let inventory = inventory();
    let hash = www();
    let web = vec![
        bound("0.0.0.0:443", hash, "MY"),
        bound("hostnameport=www.contoso.com:443", hash, "WebHosting"),
        bound("hostnameport=eu.shop.contoso.com:443", hash, "WebHosting"),
        bound("10.0.0.5:443", CertHash::new([7; 20]), "MY"),
    ];
    let hostile = HOSTILE.iter().zip(443..).map(|(store, port)| {
        let key = format!("hostnameport=<svg/onload=window.hit=1>:{port}");
        bound(&key, CertHash::new([8; 20]), store)
    });
    let hosts = [
        HostExport::of_bindings("web-01", web),
        HostExport::of_bindings(HOSTILE[0], hostile.collect()),
    ];
    let path = folder.path().join("page.html");
    write(&path, &hosts, &inventory);
    path
}

fn rows(browser: &Browser) -> Vec<Vec<String>> {
    let cells = browser.run(
        "return [...document.querySelectorAll('#bindings tbody tr')]\
         .map(row => [...row.children].map(cell => cell.textContent))",
    );
    serde_json::from_value(cells).unwrap()
}

#[test]
fn the_page_is_quiet_whole_and_alone() {
    require!("chromedriver", "chromium");
    let folder = TempDir::new().unwrap();
    let browser = Browser::start();
    browser.open(&fleet(&folder));
    assert_eq!(
        browser.run("return document.documentElement.dataset.ready"),
        "yes"
    );
    assert_eq!(browser.console(), Vec::<String>::new());
    assert_eq!(browser.run("return window.hit"), Value::Null);
    let loaded = "return performance.getEntriesByType('resource').length";
    assert_eq!(browser.run(loaded), 0, "it loads nothing");
    let drawn = "return document.querySelectorAll('svg[role=img]').length";
    assert_eq!(browser.run(drawn), 3);
    let bars = "return document.querySelectorAll('#expiries ~ .scroll rect.soon').length";
    assert_eq!(browser.run(bars), 1, "the one that ends in seventeen days");
    let overflowing = "return [...document.querySelectorAll('g:has(rect.box)')].filter(it => { \
         const end = (item) => item.getBBox().x + item.getBBox().width; \
         const box = end(it.querySelector('rect')); \
         return [...it.querySelectorAll('text')].some(text => end(text) > box) }).length";
    assert_eq!(browser.run(overflowing), 0, "text ends in its box");
    for (kind, value, name) in [
        ("prefers-color-scheme", "light", "light"),
        ("prefers-color-scheme", "dark", "dark"),
    ] {
        browser.emulate(&json!({ "features": [{ "name": kind, "value": value }] }));
        let ground = browser.run("return getComputedStyle(document.body).backgroundColor");
        let expected = if name == "dark" {
            "rgb(13, 17, 23)"
        } else {
            "rgb(255, 255, 255)"
        };
        assert_eq!(ground, expected);
        keep(&format!("audit-{name}.png"), &browser.picture());
    }
    browser.emulate(&json!({ "media": "print" }));
    let search = "return getComputedStyle(document.getElementById('search')).display";
    assert_eq!(browser.run(search), "none", "paper cannot be searched");
    let after = "return getComputedStyle(document.querySelector('.causes > li')).breakAfter";
    assert_eq!(browser.run(after), "auto", "a page ends between causes");
}

/// Stores a picture next to the built files, for people to look at.
fn keep(name: &str, base64: &str) {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("pictures");
    std::fs::create_dir_all(&folder).unwrap();
    let bytes = decoded(base64);
    assert!(bytes.starts_with(b"\x89PNG") && bytes.len() > 10_000);
    std::fs::write(folder.join(name), bytes).unwrap();
}

fn decoded(base64: &str) -> Vec<u8> {
    let value = |letter| match letter {
        b'A'..=b'Z' => letter - b'A',
        b'a'..=b'z' => letter - b'a' + 26,
        b'0'..=b'9' => letter - b'0' + 52,
        b'+' => 62,
        _ => 63,
    };
    let letters: Vec<_> = base64
        .bytes()
        .filter(|letter| *letter != b'=')
        .map(value)
        .collect();
    let groups = letters.chunks(4).flat_map(|group| {
        let bits = group
            .iter()
            .fold(0_u32, |bits, six| bits << 6 | u32::from(*six));
        let bits = bits << (6 * (4 - group.len()));
        bits.to_be_bytes()[1..group.len()].to_vec()
    });
    groups.collect()
}

#[test]
fn script_in_a_name_is_shown_as_text() {
    require!("chromedriver", "chromium");
    let folder = TempDir::new().unwrap();
    let browser = Browser::start();
    browser.open(&fleet(&folder));
    browser.type_into("#search", "svg/onload");
    let shown = rows(&browser);
    assert_eq!(shown.len(), 3);
    for (row, store) in shown.iter().zip(HOSTILE) {
        assert_eq!(row[0], HOSTILE[0]);
        assert!(row[1].starts_with("hostnameport=<svg/onload=window.hit=1>:"));
        assert_eq!(row[3], store);
    }
    browser.run("for (const it of document.querySelectorAll('details')) it.open = true");
    assert_eq!(browser.run("return window.hit"), Value::Null);
    assert_eq!(browser.console(), Vec::<String>::new());
    // And if one got in, the policy would not let it run.
    browser.run(
        "const script = document.createElement('script'); script.textContent = 'window.hit = 1'; \
         document.body.append(script); const image = document.createElement('div'); \
         image.innerHTML = '<img src=x onerror=window.hit=1>'; document.body.append(image);",
    );
    assert_eq!(browser.run("return window.hit"), Value::Null);
    assert!(
        browser
            .console()
            .iter()
            .any(|line| line.contains("Content Security Policy"))
    );
}

#[test]
fn bindings_are_searched_and_sorted_by_keyboard() {
    require!("chromedriver", "chromium");
    let folder = TempDir::new().unwrap();
    let browser = Browser::start();
    browser.open(&fleet(&folder));
    let status = || browser.run("return document.getElementById('shown').textContent");
    assert_eq!(status(), "1 to 7 of 7");
    browser.type_into("#search", "shop.contoso.com");
    assert_eq!(
        status(),
        "1 to 3 of 3",
        "and the bindings of a certificate for it"
    );
    browser.run("const it = document.getElementById('search'); it.value = ''; it.dispatchEvent(new Event('input'))");
    browser.type_into("#search", "hostnameport=w");
    assert_eq!(status(), "1 to 1 of 1");
    assert!(
        rows(&browser)
            .iter()
            .all(|row| row[1].contains("contoso.com"))
    );
    browser.run("const it = document.getElementById('search'); it.value = ''; it.dispatchEvent(new Event('input'))");
    // Down to the head of the table, and Enter on its buttons.
    let enter = "\u{e007}";
    let keys = |rows: Vec<Vec<String>>| {
        rows.into_iter()
            .map(|row| row[1].clone())
            .collect::<Vec<_>>()
    };
    browser.type_into("#bindings th:nth-child(2) button", enter);
    let first = keys(rows(&browser));
    let direction = "return document.querySelector('#bindings th:nth-child(2)').ariaSort";
    let up = browser.run(direction);
    browser.type_into("#bindings th:nth-child(2) button", enter);
    let second = keys(rows(&browser));
    assert_ne!(up, browser.run(direction));
    assert!(first.iter().rev().eq(second.iter()), "{first:?} {second:?}");
    assert!(first.is_sorted() || second.is_sorted());
    browser.type_into("#bindings th:nth-child(6) button", enter);
    let expires: Vec<_> = rows(&browser)
        .into_iter()
        .map(|row| row[5].clone())
        .collect();
    assert!(
        expires.is_sorted() && expires.last().unwrap() == "2027-01-01",
        "{expires:?}"
    );
}

#[test]
fn bindings_and_findings_lead_to_each_other() {
    require!("chromedriver", "chromium");
    let folder = TempDir::new().unwrap();
    let browser = Browser::start();
    browser.open(&fleet(&folder));
    browser.type_into("#search", "eu.shop");
    let count: usize = rows(&browser)[0][6].parse().unwrap();
    browser.click("#bindings tbody td:last-child a");
    let printed = "return document.querySelectorAll('#findings-of-rules li').length";
    assert_eq!(browser.run(printed), count);
    browser.run("document.getElementById('search').value = ''");
    browser.click("#findings-of-rules li a");
    let searched = "return document.getElementById('search').value";
    assert_eq!(
        browser.run(searched),
        "hostnameport=eu.shop.contoso.com:443"
    );
    browser.click("#narrowed a");
    let all = browser.run(printed).as_u64().unwrap();
    assert!(all > count as u64, "{all} in all");
}

/// Many hosts, ports, certificates and findings.
fn hundred_thousand_bindings() -> Vec<HostExport> {
    let (known, port) = (www(), |n: u32| {
        [443, 8443, 9443, 10_000 + n % 50][n as usize % 4]
    });
    let binding = |host: u32, n: u32| {
        let key = match n % 3 {
            0 => format!("ipport=10.{}.{}.{n}:{}", host / 250, host % 250, port(n)),
            _ => format!("hostnameport=shop-{n}.site-{host}.contoso.com:{}", port(n)),
        };
        let [.., high, low] = (n % 100 + host % 7).to_be_bytes();
        let hash = match n % 5 {
            0 => known,
            _ => CertHash::new([
                high | 0xA0,
                low,
                7,
                7,
                7,
                7,
                7,
                7,
                7,
                7,
                7,
                7,
                7,
                7,
                7,
                7,
                7,
                7,
                7,
                7,
            ]),
        };
        bound(&key, hash, "MY")
    };
    let host = |host: u32| {
        let bindings = (0..250).map(|n| binding(host, n)).collect();
        HostExport::of_bindings(format!("web-{host:03}"), bindings)
    };
    (0..400).map(host).collect()
}

#[test]
fn a_hundred_thousand_bindings_stay_usable() {
    require!("chromedriver", "chromium");
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("page.html");
    write(&path, &hundred_thousand_bindings(), &inventory());
    let browser = Browser::start();
    browser.open(&path);
    assert_eq!(
        browser.run("return document.documentElement.dataset.ready"),
        "yes"
    );
    let said = browser.run("return document.getElementById('shown').textContent");
    assert_eq!(said, "1 to 100 of 100000");
    // Shown by --nocapture; a busy machine takes longer.
    let paint = "return performance.getEntriesByType('paint').map(it => [it.name, it.startTime])";
    println!("milliseconds to paint: {}", browser.run(paint));
    println!(
        "{} MB of page",
        std::fs::metadata(&path).unwrap().len() >> 20
    );
    assert!(rows(&browser).len() == 100);
    let few_elements = || {
        let elements = browser.run("return document.querySelectorAll('*').length");
        let elements = elements.as_u64().unwrap();
        assert!(elements > 500 && elements < 5_000, "{elements} elements");
    };
    few_elements();
    browser.type_into("#search", "shop-199.site-399.");
    assert_eq!(rows(&browser).len(), 1);
    browser.run("for (const it of document.querySelectorAll('details')) it.open = true");
    few_elements();
    assert_eq!(browser.console(), Vec::<String>::new());
    browser.click("#next");
}

#[test]
fn times_of_registry_keys_are_a_column_that_sorts() {
    require!("chromedriver", "chromium");
    let folder = TempDir::new().unwrap();
    let browser = Browser::start();
    let path = folder.path().join("page.html");
    let bindings = ["10.0.0.1:443", "10.0.0.2:443", "10.0.0.3:443"];
    let bindings = bindings.map(|key| bound(key, www(), "MY"));
    let mut host = HostExport::of_bindings("web-01", bindings.to_vec());
    write(&path, std::slice::from_ref(&host), &inventory());
    browser.open(&path);
    let heads = "return [...document.querySelectorAll('#bindings th')].map(it => it.textContent)";
    let without = browser.run(heads);
    assert!(!without.to_string().contains("Key written"), "{without}");
    for (binding, time) in bindings
        .iter()
        .zip(["2026-11-02T00:00:00Z", "2026-11-01T00:00:00Z"])
    {
        let times = &mut host.reading.export.times;
        times.insert(binding.key().clone(), time.parse().unwrap());
    }
    write(&path, &[host], &inventory());
    browser.open(&path);
    assert!(browser.run(heads).to_string().contains("Key written"));
    browser.run(
        "[...document.querySelectorAll('#bindings th button')]\
         .find(it => it.textContent === 'Key written').click()",
    );
    let keys: Vec<_> = rows(&browser)
        .into_iter()
        .map(|row| row[1].clone())
        .collect();
    let expected = [
        "ipport=10.0.0.3:443",
        "ipport=10.0.0.2:443",
        "ipport=10.0.0.1:443",
    ];
    assert_eq!(keys, expected);
    assert!(rows(&browser)[1].contains(&"2026-11-01T00:00:00Z".to_owned()));
    assert_eq!(browser.console(), Vec::<String>::new());
}
