use super::{RULES, cases};
use crate::tags::tags;

#[test]
fn each_rule_finds_its_cases_only() {
    let cases = cases();
    assert_eq!(cases.len(), RULES.len());
    for (rule, cases) in cases {
        cases.hold(rule);
    }
}

#[test]
fn ids_are_in_order_and_given_once() {
    let ids: Vec<_> = RULES.iter().map(|rule| rule.id).collect();
    assert!(ids.is_sorted());
    assert!(ids.windows(2).all(|pair| pair[0] != pair[1]));
}

#[test]
fn each_rule_page_matches_its_rule() {
    for rule in RULES {
        let path = format!("{}/../../{}", env!("CARGO_MANIFEST_DIR"), rule.page());
        let page = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
        let flat = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let page = flat(&page);
        let heading = format!("# {}: {}", rule.id, rule.title);
        let severity = format!("Severity: {}", rule.severity);
        for tag in tags(rule.id) {
            let id = tag.rsplit('/').next().unwrap();
            assert!(
                page.contains("## Guides") && page.contains(id),
                "{path} lacks {tag}"
            );
        }
        for part in [heading.as_str(), &severity, rule.why, rule.remedy] {
            assert!(page.contains(&flat(part)), "{path} lacks {part:?}");
        }
    }
}
