//! The page about audits is accurate.

#![allow(clippy::unwrap_used, reason = "tests may unwrap")]

use certbind_audit::{Config, RULES};

const PAGE: &str = include_str!("../../../docs/audit.md");

#[test]
fn the_configuration_on_the_page_is_understood() {
    let (_, rest) = PAGE.split_once("```toml\n").unwrap();
    let (toml, _) = rest.split_once("```").unwrap();
    let config = Config::parse(toml, "2026-06-01T00:00:00Z".parse().unwrap()).unwrap();
    assert_eq!(config.severities.len(), 2);
    assert_eq!(config.expiring_days, 45);
    assert_eq!(config.waivers.len(), 1);
}

#[test]
fn index_of_rules_is_complete() {
    let index = include_str!("../../../docs/rules/README.md");
    for rule in RULES {
        let row = format!(
            "| [{0}]({0}.md) | {1} | {2} |",
            rule.id, rule.severity, rule.title
        );
        assert!(index.contains(&row), "{row}");
    }
    assert_eq!(index.matches("| [CB").count(), RULES.len());
}

#[test]
fn number_of_rules_in_the_readme_is_right() {
    let readme = include_str!("../../../README.md");
    let link = format!("[{} rules](docs/rules/README.md)", RULES.len());
    assert!(readme.contains(&link), "the README lacks {link}");
}
