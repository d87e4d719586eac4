//! The page of the releases, which is generated from the code.

use std::fmt::Write as _;

use certbind::netsh::{Confidence, Evidence, Feature, Profile};
use snapbox::{Data, assert_data_eq, current_dir};

/// The rest of the page after this line is generated.
const MARK: &str = "<!-- Generated: run this test with SNAPSHOTS=overwrite. -->\n";

fn names(profiles: &[Profile]) -> String {
    let names = profiles.iter().map(|profile| format!("`{profile}`"));
    names.collect::<Vec<_>>().join(", ")
}

/// The values of each feature, each with the first letter of its confidence.
fn table(features: &[Feature]) -> String {
    let names = Profile::ALL.map(|profile| format!("`{profile}`"));
    let mut text = format!("\n| | {} |\n", names.join(" | "));
    let _ = writeln!(text, "|---|{}", "---|".repeat(names.len()));
    for feature in features {
        let cells = Profile::ALL.map(|profile| {
            let letter = feature.confidence(profile).name()[..1].to_uppercase();
            format!("{} ({letter})", (feature.value)(profile))
        });
        let _ = writeln!(text, "| {} | {} |", feature.name, cells.join(" | "));
    }
    text
}

/// The sources of each feature, and the reason for the values without one.
fn sources(features: &[Feature]) -> String {
    let mut text = "\n## Evidence\n\n| | releases | | |\n|---|---|---|---|\n".to_owned();
    for Feature {
        name,
        evidence,
        inference,
        ..
    } in features
    {
        for Evidence {
            profiles,
            confidence,
            source,
        } in *evidence
        {
            let (profiles, confidence) = (self::names(profiles), confidence.name());
            let _ = writeln!(text, "| {name} | {profiles} | {confidence} | {source} |");
        }
        let _ = writeln!(text, "| {name} | the others | inferred | {inference} |");
    }
    text
}

#[test]
fn the_page_of_releases_has_the_values_of_the_code() {
    let path = current_dir!().join("../../../docs/netsh-profiles.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let (head, _) = page.split_once(MARK).unwrap();
    let features = Feature::all();
    let expected = format!("{head}{MARK}{}{}", table(&features), sources(&features));
    assert_data_eq!(expected, Data::read_from(&path, None).raw());
}

/// A value without a source is inferred, and one of two sources is the more certain.
#[test]
fn confidence_is_that_of_the_best_source() {
    let features = Feature::all();
    let of = |name: &str| {
        features
            .iter()
            .find(|feature| feature.name == name)
            .unwrap()
    };
    let scoped = of("`scopedccs=`, which no usage lists");
    assert_eq!(
        Profile::ALL.map(|profile| scoped.confidence(profile)),
        [
            Confidence::Inferred,
            Confidence::Inferred,
            Confidence::Inferred,
            Confidence::Inferred,
            Confidence::Inferred,
            Confidence::Inferred,
            Confidence::Inferred,
            Confidence::Documented,
        ]
    );
    let last = of("last line of a record");
    assert_eq!(last.confidence(Profile::Server2022), Confidence::Observed);
    assert_eq!(
        last.confidence(Profile::Windows11V23H2),
        Confidence::Inferred
    );
}

/// Nothing counts as observed in a release that its source does not name.
#[test]
fn sources_without_a_release_are_inferred() {
    for feature in Feature::all() {
        for evidence in feature.evidence {
            let is_vague = ["not named", "one of these releases", "is inferred"];
            if is_vague.iter().any(|words| evidence.source.contains(words)) {
                assert_eq!(
                    evidence.confidence,
                    Confidence::Inferred,
                    "{}",
                    evidence.source
                );
            }
        }
    }
}

/// The layouts of the releases in the listings of netsh.
#[test]
fn layouts_differ_as_published_listings_do() {
    let features = Feature::all();
    let of = |name: &str| {
        let feature = features.iter().find(|feature| feature.name == name);
        Profile::ALL.map(feature.unwrap().value)
    };
    let last = [
        "`Negotiate Client Certificate`",
        "`Negotiate Client Certificate`",
        "`Reject Connections`",
        "`Disable HTTP2`",
        "`Disable Legacy TLS Versions`",
        "`Enable Session Ticket`",
        "`Enable Caching Client Hello`",
        "`Enable Caching Client Hello`",
    ];
    assert_eq!(of("last line of a record"), last);
    assert_eq!(
        of("Extended Properties"),
        ["0", "0", "0", "0", "0", "5", "5", "5"]
    );
    assert_eq!(
        of("blank lines above the first record"),
        ["1", "1", "1", "1", "1", "3", "3", "3"]
    );
}
