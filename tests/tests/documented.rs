//! The tests that `docs/reliability.md` names are there.

use std::path::Path;

#[test]
fn every_test_that_the_page_of_reliability_names_exists() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs");
    let page = std::fs::read_to_string(docs.join("reliability.md")).expect("the page");
    let mut named = 0;
    // [`name`](../file)
    for link in page.split("[`").skip(1) {
        let (name, rest) = link.split_once("`](").expect("a link of a test");
        let (file, _) = rest.split_once(')').expect("the end of a link");
        let source = std::fs::read_to_string(docs.join(file));
        let source = source.unwrap_or_else(|error| panic!("{file}: {error}"));
        let there =
            source.contains(&format!("fn {name}(")) || source.contains(&format!("fn {name}<"));
        assert!(there, "{file} has no test {name}");
        named += 1;
    }
    assert!(named > 30, "{named} tests are named");
}
