//! The commands that pages show: a test executes them, or the page says why none does.

mod cargo;
#[cfg(unix)]
mod signing;

use std::path::{Path, PathBuf};

/// Languages of blocks with commands.
const LANGUAGES: [&str; 4] = ["console", "sh", "powershell", "cmd"];

/// The first line of a block that no test executes. Readers see it, too.
const NOT_RUN: &str = "# Not run by a test: ";

/// Pages with executed blocks, their languages, and the test that executes every block of the language
/// that does not begin with [`NOT_RUN`].
const EXECUTED: &[(&str, &str, &str)] = &[
    ("README.md", "console", "certbind/tests/readme/main.rs"),
    ("README.md", "powershell", "certbind/tests/readme/main.rs"),
    (
        "docs/ansible.md",
        "console",
        "certbind/tests/ansible/page.rs",
    ),
    ("docs/ansible.md", "sh", "certbind/tests/ansible/page.rs"),
    ("docs/audit.md", "console", "certbind/tests/readme/main.rs"),
    ("docs/audit.md", "sh", "certbind/tests/readme/main.rs"),
    ("docs/backend.md", "console", "tests/tests/tutorial.rs"),
    ("docs/c.md", "console", "crates/httpapi/tests/clients.rs"),
    (
        "docs/commands.md",
        "console",
        "certbind/tests/readme/main.rs",
    ),
    (
        "docs/dead-host.md",
        "console",
        "certbind/tests/readme/main.rs",
    ),
    ("docs/dsc.md", "sh", "certbind/tests/dsc/document.rs"),
    ("docs/etcd.md", "sh", "certbind/tests/etcd/pages.rs"),
    (
        "docs/explain.md",
        "console",
        "certbind/tests/readme/main.rs",
    ),
    (
        "docs/first-steps-windows.md",
        "powershell",
        "certbind/tests/readme/main.rs",
    ),
    (
        "docs/first-steps.md",
        "console",
        "certbind/tests/readme/main.rs",
    ),
    ("docs/fleet.md", "sh", "certbind/tests/etcd/pages.rs"),
    ("docs/git.md", "console", "certbind/tests/readme/main.rs"),
    ("docs/hooks.md", "cmd", "certbind/tests/scripts/hooks.rs"),
    (
        "docs/hooks.md",
        "powershell",
        "certbind/tests/scripts/hooks.rs",
    ),
    ("docs/hooks.md", "sh", "certbind/tests/scripts/hooks.rs"),
    (
        "docs/installation.md",
        "powershell",
        "certbind/tests/readme/installation.rs",
    ),
    (
        "docs/installation.md",
        "sh",
        "certbind/tests/readme/installation.rs",
    ),
    (
        "docs/migrate.md",
        "console",
        "certbind/tests/readme/hosts.rs",
    ),
    (
        "docs/migrate.md",
        "powershell",
        "certbind/tests/readme/hosts.rs",
    ),
    (
        "docs/powershell.md",
        "powershell",
        "certbind/tests/readme/main.rs",
    ),
    ("docs/releasing.md", "sh", "xtask/tests/commands/signing.rs"),
    ("docs/renew.md", "console", "certbind/tests/readme/main.rs"),
    (
        "docs/renew.md",
        "powershell",
        "certbind/tests/readme/main.rs",
    ),
    ("docs/serve.md", "sh", "certbind/tests/commands/serving.rs"),
    (
        "docs/simulator.md",
        "console",
        "certbind/tests/readme/main.rs",
    ),
    (
        "docs/test-an-installer.md",
        "console",
        "certbind/tests/python/installer.rs",
    ),
    (
        "docs/test-an-installer.md",
        "sh",
        "certbind/tests/python/installer.rs",
    ),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The paths of the pages that people read, relative to the repository.
fn pages() -> Vec<String> {
    fn below(folder: &str, found: &mut Vec<String>) {
        for entry in std::fs::read_dir(root().join(folder)).expect("a folder") {
            let entry = entry.expect("an entry");
            let path = format!("{folder}/{}", entry.file_name().to_string_lossy());
            if entry.path().is_dir() {
                below(&path, found);
            } else if path.ends_with(".md") {
                found.push(path);
            }
        }
    }
    let mut found = Vec::new();
    below("docs", &mut found);
    let others = [
        "README.md",
        "CONTRIBUTING.md",
        "SECURITY.md",
        "packaging/README.md",
        "fuzz/README.md",
    ];
    found.extend(others.map(str::to_owned));
    found
}

/// The fenced blocks of a page: language and lines, without the indentation of a list.
fn blocks(page: &str) -> Vec<(String, Vec<String>)> {
    let mut blocks: Vec<(String, Vec<String>)> = Vec::new();
    let mut is_open = false;
    for line in page.lines() {
        let line = line.trim_start();
        match line.strip_prefix("```") {
            Some(_) if is_open => is_open = false,
            Some(language) => {
                is_open = true;
                blocks.push((language.to_owned(), Vec::new()));
            }
            None if is_open => blocks.last_mut().expect("a block").1.push(line.to_owned()),
            None => {}
        }
    }
    blocks
}

/// Whether a test executes a block of another kind: tasks and cargo's own commands are compared with
/// those that exist (`cargo.rs`), because most of them run for minutes.
fn is_cargo(lines: &[String]) -> bool {
    lines.iter().all(|line| line.starts_with("cargo "))
}

#[test]
fn every_block_of_commands_is_executed_or_says_why_not() {
    let mut problems = String::new();
    let mut counted = 0;
    for page in pages() {
        for (language, lines) in blocks(&read(&page)) {
            if !LANGUAGES.contains(&&*language) {
                continue;
            }
            counted += 1;
            let is_executed = EXECUTED
                .iter()
                .any(|(name, of, _)| (*name, *of) == (&*page, &*language));
            if !lines[0].starts_with(NOT_RUN) && !is_executed && !is_cargo(&lines) {
                problems += &format!("{page}, {language}: {}\n", lines[0]);
            }
        }
    }
    assert!(counted > 90, "{counted} blocks");
    assert!(problems.is_empty(), "no test executes:\n{problems}");
}

#[test]
fn the_tests_that_execute_pages_read_them() {
    for (page, language, test) in EXECUTED {
        let name = page.rsplit('/').next().expect("a name");
        assert!(read(test).contains(name), "{test} does not read {page}");
        let blocks = blocks(&read(page));
        let mut blocks = blocks.iter().filter(|(of, _)| of == language);
        let is_run = |(_, lines): &(String, Vec<String>)| !lines[0].starts_with(NOT_RUN);
        assert!(blocks.any(is_run), "{page} has no {language} block to run");
    }
}

/// Commands are in fenced blocks, where the tests find them.
#[test]
fn no_command_is_in_an_indented_block() {
    const PROGRAMS: [&str; 8] = [
        "cargo ",
        "certbind ",
        "netsh ",
        "git ",
        "gh ",
        "minisign ",
        "sh ",
        "$ ",
    ];
    for page in pages() {
        let mut is_open = false;
        for line in read(&page).lines() {
            if line.trim_start().starts_with("```") {
                is_open = !is_open;
            }
            let command = line.strip_prefix("    ").filter(|_| !is_open);
            let is_command = |text: &str| PROGRAMS.iter().any(|program| text.starts_with(program));
            assert!(!command.is_some_and(is_command), "{page}: {line}");
        }
    }
}
