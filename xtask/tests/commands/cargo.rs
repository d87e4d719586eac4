//! Commands of cargo on pages name tasks, packages, tests and features that exist.

use std::process::Command;

use serde_json::Value;

use super::{pages, read, root};

/// The commands that begin with these words: of code spans and of lines of blocks.
fn commands(page: &str, start: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut is_open = false;
    let mut spans = String::new();
    for line in page.lines() {
        let text = line.trim_start();
        if text.starts_with("```") {
            is_open = !is_open;
        } else if is_open {
            let command = text.trim_start_matches(['$', ' ']);
            let (command, _) = command.split_once(" #").unwrap_or((command, ""));
            if command.starts_with(start) {
                found.push(command.trim().to_owned());
            }
        } else {
            spans += text;
            spans.push(' ');
        }
    }
    let spans = spans.split('`').skip(1).step_by(2);
    found.extend(
        spans
            .filter(|span| span.starts_with(start))
            .map(str::to_owned),
    );
    found
}

#[test]
fn tasks_on_pages_exist() {
    let output = Command::new(env!("CARGO_BIN_EXE_xtask"))
        .output()
        .expect("xtask runs");
    let help = String::from_utf8(output.stderr).expect("text");
    let tasks: Vec<&str> = help
        .lines()
        .filter_map(|line| line.strip_prefix("  "))
        .map(|line| line.split("  ").next().expect("a task").trim())
        .collect();
    let mut checked = 0;
    for page in pages() {
        for command in commands(&read(&page), "cargo xtask ") {
            let task = command.trim_start_matches("cargo xtask ");
            let exists = tasks.iter().any(|known| {
                let mut words = task.split(' ');
                // A word in capitals is an argument.
                known.split(' ').all(|word| {
                    let given = words.next();
                    given.is_some_and(|it| it == word || word.chars().all(char::is_uppercase))
                }) && words.next().is_none()
            });
            let is_check = task
                .strip_suffix(" --check")
                .is_some_and(|it| tasks.contains(&it));
            assert!(
                exists || is_check,
                "{page}: {command}: no such task in\n{help}"
            );
            checked += 1;
        }
    }
    assert!(checked > 30, "{checked} commands");
}

/// The value after an option.
fn values<'a>(command: &'a str, options: &[&str]) -> Vec<&'a str> {
    let words: Vec<_> = command.split(' ').collect();
    let pairs = words.windows(2).filter(|pair| options.contains(&pair[0]));
    pairs.map(|pair| pair[1]).collect()
}

#[test]
fn packages_and_targets_on_pages_exist() {
    let output = Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--no-deps",
            "--offline",
            "--format-version",
            "1",
        ])
        .current_dir(root())
        .output()
        .expect("cargo runs");
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let packages = metadata["packages"].as_array().expect("packages");
    let mut checked = 0;
    for page in pages() {
        let text = read(&page);
        let all = ["cargo test ", "cargo run ", "cargo build "].map(|start| commands(&text, start));
        for command in all.concat() {
            // `-p PACKAGE` is a placeholder.
            let named = values(&command, &["-p", "--package"]);
            for name in named.iter().filter(|name| **name != "PACKAGE") {
                let package = packages.iter().find(|package| package["name"] == **name);
                let package = package.unwrap_or_else(|| panic!("{page}: {command}: no package"));
                let targets = package["targets"].as_array().expect("targets");
                for (option, kind) in [("--test", "test"), ("--example", "example")] {
                    for target in values(&command, &[option]) {
                        let exists = |it: &Value| it["kind"][0] == kind && it["name"] == target;
                        assert!(targets.iter().any(exists), "{page}: {command}: {target}");
                    }
                }
                for feature in values(&command, &["--features"]) {
                    let exists = package["features"].get(feature).is_some();
                    assert!(exists, "{page}: {command}: {feature}");
                }
                checked += 1;
            }
        }
    }
    assert!(checked > 10, "{checked} packages");
}
