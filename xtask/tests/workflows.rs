//! The workflows of GitHub run only reviewed code: each action by the digest of its commit, each
//! tool by its version.

use std::collections::BTreeMap;
use std::path::Path;

/// The workflows: file name, text.
fn workflows() -> BTreeMap<String, String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../.github/workflows");
    let entries = std::fs::read_dir(&folder).expect("workflows");
    let files = entries.map(|entry| entry.expect("an entry").path());
    let read = files.map(|file| {
        let name = file.file_name().expect("a name").to_string_lossy();
        let text = std::fs::read_to_string(&file).expect("a text");
        (name.into_owned(), text)
    });
    read.collect()
}

/// The text after a word in the lines of all workflows, with the workflow's name.
fn after(word: &str) -> Vec<(String, String)> {
    let workflows = workflows();
    let lines = workflows
        .iter()
        .flat_map(|(name, text)| text.lines().map(move |line| (name, line)));
    let found = lines.filter_map(|(name, line)| {
        let (_, rest) = line.split_once(word)?;
        Some((name.clone(), rest.trim().to_owned()))
    });
    found.collect()
}

/// Whether this is the digest of a commit, with a comment that contains its version.
fn is_pinned(action: &str) -> bool {
    let Some((action, version)) = action.split_once(" # v") else {
        return false;
    };
    let digest = action.split_once('@').map(|(_, digest)| digest);
    let is_digest = digest.is_some_and(|digest| {
        digest.len() == 40
            && digest
                .bytes()
                .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    });
    is_digest && version.split('.').all(|part| part.parse::<u32>().is_ok())
}

#[test]
fn actions_are_pinned_by_digest() {
    let actions = after("uses:");
    assert!(actions.len() > 5, "{actions:?}");
    for (workflow, action) in &actions {
        assert!(
            is_pinned(action),
            "{workflow}: `{action}` is not ACTION@DIGEST # vVERSION; docs/releasing.md says how"
        );
    }
    let mut versions = BTreeMap::new();
    for (workflow, action) in &actions {
        let (name, pin) = action.split_once('@').expect("a pin");
        let first = *versions.entry(name).or_insert(pin);
        assert_eq!(first, pin, "{workflow}: {name} has two versions");
    }
}

#[test]
fn tools_are_installed_in_a_fixed_version() {
    let installed = after("cargo install");
    assert!(!installed.is_empty());
    for (workflow, arguments) in installed {
        assert!(
            arguments.contains("--locked") && arguments.contains("--version "),
            "{workflow}: cargo install {arguments}"
        );
    }
}

#[test]
fn cargo_deny_checks_everything_with_all_features() {
    let workflow = &workflows()["dependencies.yml"];
    let check = workflow
        .lines()
        .find_map(|line| line.trim().strip_prefix("- run: cargo deny "))
        .expect("cargo deny is run");
    assert_eq!(check, "--all-features check");
    for event in ["push:", "pull_request:", "schedule:"] {
        assert!(workflow.contains(event), "not run on {event}");
    }
}
