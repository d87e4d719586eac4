//! Whether people can read the page: what to do, filters, widths, paper, accessibility.

use certbind_audit::{
    Baseline, Config, EarlierReport, HostExport, Inventory, audit, html, json::JsonReport,
};
use certbind_core::{Binding, CertHash};
use certbind_test_support::{require, skip};
use serde_json::Value;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

use super::browser::Browser;
use super::{bound, decoded, inventory, keep, rows, www};

/// Twelve hosts of twenty bindings, compared with a report of an earlier day.
fn many(folder: &TempDir) -> PathBuf {
    let inventory = inventory();
    let host = |at: u8, count: u8| {
        let bindings = (0..count).map(|n| {
            let hash = match n % 3 {
                0 => www(),
                _ => CertHash::new([n; 20]),
            };
            let mut binding = bound(
                &format!("hostnameport=shop-{n}.site-{at}.contoso.com:443"),
                hash,
                "MY",
            );
            if n % 4 == 0 {
                let mut record = binding.record().clone();
                record.app_id = "4dc3e181-e14b-4a21-b022-59fc669b0914".parse().unwrap();
                binding = Binding::new(binding.key().clone(), record).unwrap();
            }
            binding
        });
        HostExport::of_bindings(format!("web-{at:02}"), bindings.collect())
    };
    let mut hosts: Vec<_> = (0..12).map(|at| host(at, 20 - at)).collect();
    hosts[0].baseline = Baseline::Missing("there is no baseline".to_owned());
    let before: Vec<_> = (0..13).map(|at| host(at, 19)).collect();
    let config = |day: &str| Config::at(format!("{day}T00:00:00Z").parse().unwrap());
    let earlier = audit(&before, &inventory, &config("2026-12-01"));
    let earlier = serde_json::to_string(&JsonReport::of(&earlier)).unwrap();
    let mut report = audit(&hosts, &inventory, &config("2026-12-27"));
    report.compare(&EarlierReport::parse(&earlier).unwrap(), &hosts, &inventory);
    let mut page = Vec::new();
    html::write(&mut page, &hosts, &inventory, &report).unwrap();
    let path = folder.path().join("page.html");
    std::fs::write(&path, page).unwrap();
    path
}

fn opened(folder: &TempDir) -> Browser {
    let browser = Browser::start();
    browser.open(&many(folder));
    browser
}

fn text(browser: &Browser, selector: &str) -> String {
    let script = format!("return document.querySelector('{selector}').innerText");
    browser.run(&script).as_str().unwrap().to_owned()
}

fn count(browser: &Browser, selector: &str) -> u64 {
    let script = format!("return document.querySelectorAll('{selector}').length");
    browser.run(&script).as_u64().unwrap()
}

#[test]
fn the_first_screen_lists_the_tasks() {
    require!("chromedriver", "chromium");
    let folder = TempDir::new().unwrap();
    let browser = opened(&folder);
    browser.resize(1400, 900);
    let top = "return document.getElementById('todo').getBoundingClientRect().bottom";
    assert!(browser.run(top).as_f64().unwrap() < 300.0);
    let causes = text(&browser, ".causes");
    let (errors, warnings) = causes
        .split_once("warning 1 certificate expires soon")
        .unwrap();
    assert!(
        errors.contains("error 1 certificate: The certificate does not cover"),
        "{causes}"
    );
    assert!(warnings.starts_with(", 1 within a week, in "), "{causes}");
    assert_eq!(
        text(&browser, ".week"),
        "This week: 1 certificate expires by 2027-01-03 in 62 bindings on 12 hosts."
    );
    let week = "return document.querySelector('.week').getBoundingClientRect().bottom";
    assert!(browser.run(week).as_f64().unwrap() < 300.0);
    let rules: Vec<_> = causes
        .split_whitespace()
        .filter(|word| word.starts_with("CB"))
        .collect();
    let after_errors = rules.iter().position(|rule| *rule == "CB102");
    let shadowed = rules.iter().position(|rule| *rule == "CB005");
    assert!(after_errors < shadowed || shadowed.is_none(), "{rules:?}");
    let rotate = format!("certbind rotate {} ", www());
    assert!(warnings.contains(&rotate), "{causes}");
    assert!(text(&browser, "#changes + p").ends_with("not assessed."));
    assert_eq!(browser.console(), Vec::<String>::new());
}

#[test]
fn filters_narrow_bindings_and_findings() {
    require!("chromedriver", "chromium");
    let folder = TempDir::new().unwrap();
    let browser = opened(&folder);
    let shown = || text(&browser, "#shown");
    let choose = |id: &str, value: &str| {
        browser.run(&format!(
            "const it = document.getElementById('{id}'); it.value = '{value}'; \
             it.dispatchEvent(new Event('input'))"
        ));
    };
    assert_eq!(shown(), "1 to 100 of 174");
    // A certificate is found by its name, although the rows have its hash.
    browser.type_into("#search", "CN=www.contoso.com");
    let of_name = shown();
    assert!(
        rows(&browser)
            .iter()
            .all(|row| row[2].contains(&www().to_string()))
    );
    choose("search", &www().to_string());
    assert_eq!(shown(), of_name);
    // So is one by the name of its file.
    choose("search", "both.p7b");
    assert_eq!(shown(), of_name);
    assert!(rows(&browser)[0][2].ends_with("from both.p7b"));
    choose("search", "");
    choose("by-host", "web-03");
    assert_eq!(shown(), "1 to 17 of 17");
    choose("by-rule", "CB102");
    assert_eq!(shown(), "1 to 6 of 6");
    let groups =
        "return [...document.querySelectorAll('#findings-of-rules details')].map(it => it.id)";
    assert_eq!(browser.run(groups), serde_json::json!(["CB102"]));
    choose("by-severity", "error");
    assert_eq!(shown(), "0 to 0 of 0");
    choose("by-severity", "");
    choose("by-rule", "");
    choose("by-host", "");
    // A certificate finds the findings of its bindings.
    choose("search", "CN=www.contoso.com");
    let groups = || text(&browser, "#findings-of-rules");
    assert!(groups().contains("CB102"), "{}", groups());
    choose("search", "");
    // An application, in whatever case.
    choose("by-application", "iis");
    assert_eq!(shown(), "1 to 48 of 48");
    let applications: Vec<_> = rows(&browser)
        .into_iter()
        .map(|row| row[4].clone())
        .collect();
    assert!(
        applications.iter().all(|it| it == "IIS"),
        "{applications:?}"
    );
    // Findings about hosts and certificates with such a binding are among them.
    assert!(groups().contains("CB205"), "{}", groups());
    let narrowed = text(&browser, "#narrowed");
    assert!(narrowed.contains("more concern no host"), "{narrowed}");
    choose("by-rule", "CB205");
    assert_eq!(shown(), "1 to 5 of 5");
    choose("by-application", "");
    assert_eq!(
        shown(),
        "1 to 20 of 20",
        "those of the host without a baseline"
    );
    choose("by-rule", "CB109");
    assert_eq!(
        shown(),
        "0 to 0 of 0",
        "an unused certificate has no binding"
    );
    assert!(groups().contains("CB109"), "{}", groups());
    choose("by-application", "Unlisted Application");
    assert_eq!(shown(), "0 to 0 of 0");
    choose("by-rule", "");
    assert_eq!(count(&browser, "#findings-of-rules details"), 0);
    let suggested =
        "return [...document.querySelectorAll('#applications option')].map(it => it.value)";
    let suggested = browser.run(suggested);
    assert_eq!(suggested.as_array().unwrap().len(), 2, "{suggested}");
    browser.click(".filters [type=reset]");
    // The reset takes effect in a task of its own.
    let after = "return new Promise(done => setTimeout(() => done(document.getElementById('shown').textContent)))";
    assert_eq!(browser.run(after), "1 to 100 of 174");
    // Hosts are ranked, and lead to their bindings.
    assert_eq!(count(&browser, "#hosts tbody tr"), 10);
    browser.click("#more-hosts");
    assert_eq!(count(&browser, "#hosts tbody tr"), 12);
    let errors = "return [...document.querySelectorAll('#hosts td:nth-child(2)')].map(it => +it.textContent)";
    let errors: Vec<u64> = serde_json::from_value(browser.run(errors)).unwrap();
    assert!(
        errors.is_sorted_by(|a, b| a >= b) && errors[0] > errors[11],
        "{errors:?}"
    );
    browser.click("#hosts tbody a");
    assert_eq!(shown(), "1 to 20 of 20");
}

/// Nothing is wider than the window but what scrolls in it, and no key or hash is broken.
#[test]
fn the_page_fits_wide_and_narrow_windows() {
    require!("chromedriver", "chromium");
    let folder = TempDir::new().unwrap();
    let browser = opened(&folder);
    for (width, name) in [(1400, "wide"), (800, "middle"), (420, "narrow")] {
        browser.resize(width, 1000);
        let overflow = "return document.documentElement.scrollWidth - window.innerWidth";
        assert!(browser.run(overflow).as_i64().unwrap() <= 0, "{width}");
        if width >= 800 {
            let lines = "return [...document.querySelectorAll('#bindings td:nth-child(2)')]\
                 .map(it => { const range = document.createRange(); range.selectNodeContents(it); \
                 return range.getClientRects().length }).filter(it => it !== 1).length";
            assert_eq!(browser.run(lines), 0, "a key is on one line");
        }
        let broken = "return [...document.querySelectorAll('.day, .word, #hosts td:first-child a')]\
             .filter(it => it.getClientRects().length > 1).map(it => it.textContent)";
        assert_eq!(browser.run(broken), serde_json::json!([]), "in one line");
        if width == 1400 {
            let cut = "const it = document.getElementById('bindings').parentElement; \
                 return it.scrollWidth - it.clientWidth";
            assert_eq!(browser.run(cut), 0, "every column is in sight");
        }
        let size = "return Math.min(...[...document.querySelectorAll('#bindings td')]\
             .map(it => parseFloat(getComputedStyle(it).fontSize)))";
        assert!(browser.run(size).as_f64().unwrap() >= 12.0, "{width}");
        keep(&format!("audit-{name}.png"), &browser.picture());
    }
}

/// Every binding and finding is on paper, and every cause and its command.
#[test]
fn paper_has_everything() {
    require!("chromedriver", "chromium", "pdftotext");
    let folder = TempDir::new().unwrap();
    let browser = opened(&folder);
    let data = "const it = JSON.parse(document.getElementById('data').textContent); return \
         [it.bindings.map(row => [it.hosts[row[0]], row[1], row[2]]), \
          it.findings.map(it => [it.subject, it.sentence])]";
    let data: [Vec<Vec<String>>; 2] = serde_json::from_value(browser.run(data)).unwrap();
    let commands =
        "return [...document.querySelectorAll('code.command')].map(it => it.textContent)";
    let commands: Vec<String> = serde_json::from_value(browser.run(commands)).unwrap();
    // Paper is white, also for people who prefer dark screens.
    let dark = serde_json::json!({ "name": "prefers-color-scheme", "value": "dark" });
    browser.emulate(&serde_json::json!({ "media": "print", "features": [dark] }));
    let ink = "return getComputedStyle(document.body).color";
    assert_eq!(browser.run(ink), "rgb(27, 31, 36)");
    let pdf = decoded(&browser.pdf());
    let printed = printed(&folder, &pdf);
    let [bindings, findings] = data;
    assert_eq!(bindings.len(), 174);
    assert!(findings.len() > 200 && commands.len() > 3, "{commands:?}");
    for [_, key, hash] in bindings.iter().map(|row| [&row[0], &row[1], &row[2]]) {
        // In the table a key is followed by the next cell, in findings and commands by these.
        let mut after = printed.split(&**key).skip(1);
        let is_cell = |it: &str| !it.starts_with([':', '-', '(']);
        assert!(after.any(is_cell), "{key} is not in the table");
        assert!(printed.contains(&**hash), "{hash}");
    }
    for finding in &findings {
        let line = format!("{}: {}", finding[0], finding[1]).replace(char::is_whitespace, "");
        assert!(printed.contains(&line), "{line}");
    }
    for command in &commands {
        let command = command.replace(char::is_whitespace, "");
        assert!(printed.contains(&command), "{command}");
    }
    assert!(
        !printed.contains("certbindaudit-oaudit.csvhasthemall"),
        "all of them are here"
    );
    assert_eq!(rows(&browser).len(), 100, "the screen has pages again");
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("pictures");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("audit.pdf"), pdf).unwrap();
    assert_eq!(browser.console(), Vec::<String>::new());
}

/// The text of a PDF without its white space, in which a long word is broken.
fn printed(folder: &TempDir, pdf: &[u8]) -> String {
    assert!(pdf.starts_with(b"%PDF-") && pdf.len() > 20_000);
    let path = folder.path().join("page.pdf");
    std::fs::write(&path, pdf).unwrap();
    let output = std::process::Command::new("pdftotext")
        .arg(&path)
        .arg("-")
        .output()
        .unwrap();
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    text.replace(char::is_whitespace, "")
}

/// More than is put on paper: the rest is counted, with the place to find it.
#[test]
fn paper_counts_omitted_findings() {
    require!("chromedriver", "chromium", "pdftotext");
    let folder = TempDir::new().unwrap();
    let bindings = (0..2_100).map(|n| bound(&format!("hostnameport=h{n}:443"), www(), "MY"));
    let hosts = [HostExport::of_bindings("web-01", bindings.collect())];
    let path = folder.path().join("page.html");
    super::write(&path, &hosts, &Inventory::none());
    let browser = Browser::start();
    browser.open(&path);
    let all = "return JSON.parse(document.getElementById('data').textContent).findings.length";
    let all = browser.run(all).as_u64().unwrap();
    assert!(all > 5_000, "{all} findings");
    let printed = printed(&folder, &decoded(&browser.pdf()));
    let left = "Thefirst2000of2100bindings.certbindaudit-oaudit.csvhasthemall.";
    assert!(printed.contains(left));
    // Each rule lists its findings, or counts those that are left out.
    let more: u64 = printed
        .split("more;theJSONreporthasthemall")
        .filter_map(|before| {
            let (_, count) = before.rsplit_once("and")?;
            count.parse::<u64>().ok()
        })
        .sum();
    assert_eq!(more, all - 5_000);
    assert_eq!(rows(&browser).len(), 100);
    assert_eq!(browser.console(), Vec::<String>::new());
}

/// axe-core, with all of its rules, in light and dark.
#[test]
fn axe_finds_no_barrier() {
    require!("chromedriver", "chromium");
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    let axe = target.join("axe/axe_core_python/axe.min.js");
    let Ok(axe) = std::fs::read_to_string(&axe) else {
        let why = format!(
            "needs {}, where `cargo xtask test --install` puts it",
            axe.display()
        );
        return skip(&why);
    };
    let folder = TempDir::new().unwrap();
    let browser = opened(&folder);
    browser.run("for (const it of document.querySelectorAll('details')) it.open = true");
    for (scheme, width) in [
        ("light", 1400),
        ("light", 800),
        ("dark", 1400),
        ("dark", 420),
    ] {
        let feature = serde_json::json!({ "name": "prefers-color-scheme", "value": scheme });
        browser.emulate(&serde_json::json!({ "features": [feature] }));
        browser.resize(width, 1000);
        let violations = browser.run(&format!(
                "{axe}; return axe.run().then(it => [it.passes.length, it.violations.map(rule => \
                 [rule.id, rule.nodes.length, rule.nodes[0].html.slice(0, 200), rule.nodes[0].failureSummary])])"
            ));
        assert!(violations[0].as_u64().unwrap() > 10, "{violations}");
        assert_eq!(violations[1], Value::Array(Vec::new()), "{scheme} {width}");
    }
}
