//! The commands of `docs/installation.md` that need neither Windows nor a release. The archives of the
//! test replace those that `cargo xtask dist` builds and tests.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::{folder, page};

/// The first line of a block that is not run.
const NOT_RUN: &str = "# Not run by a test: ";

/// The lines of the blocks of a language that are run.
fn run_lines(language: &str) -> Vec<String> {
    let page = page("docs/installation.md");
    let start = format!("```{language}\n");
    let blocks = page.split(&start).skip(1);
    let blocks = blocks.map(|block| block.split_once("```").unwrap().0);
    let blocks = blocks.filter(|block| !block.starts_with(NOT_RUN));
    blocks.flat_map(str::lines).map(str::to_owned).collect()
}

/// Runs a line of a shell, and returns its output.
fn run(folder: &Path, line: &str) -> String {
    let path = std::env::var("PATH").unwrap();
    let output = Command::new("sh")
        .args(["-c", line])
        .current_dir(folder)
        .env("PATH", format!("{}/bin:{path}", folder.display()))
        .env("HOME", folder)
        .env("PROFILE", folder.join("profile.ps1"))
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{line}\n{errors}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_archive_is_checked_and_unpacked_as_the_page_says() {
    let folder = folder();
    let name = "certbind-0.1.0-x86_64-linux-gnu";
    let pack = format!(
        "mkdir -p {name}/bin && cp bin/certbind {name}/bin/ && tar -czf {name}.tar.gz {name} && \
         rm -r {name} && sha256sum {name}.tar.gz > SHA256SUMS && \
         echo '0000000000000000000000000000000000000000000000000000000000000000  missing.zip' >> SHA256SUMS"
    );
    run(folder.path(), &pack);
    let printed: Vec<_> = run_lines("sh")
        .iter()
        .map(|line| run(folder.path(), line))
        .collect();
    let version = format!("certbind {}\n", env!("CARGO_PKG_VERSION"));
    assert!(printed.contains(&version), "{printed:?}");
    assert!(
        printed.contains(&format!("{name}.tar.gz: OK\n")),
        "{printed:?}"
    );
    let completions = folder
        .path()
        .join(".local/share/bash-completion/completions/certbind");
    assert!(
        fs::read_to_string(completions)
            .unwrap()
            .contains("_certbind()")
    );
}

/// The line is simple enough for `sh`.
#[test]
fn powershell_completions_are_added_to_the_profile() {
    let folder = folder();
    let lines = run_lines("powershell");
    assert_eq!(lines, ["certbind completions powershell >> $PROFILE"]);
    run(folder.path(), &lines[0]);
    let profile = fs::read_to_string(folder.path().join("profile.ps1")).unwrap();
    assert!(profile.contains("Register-ArgumentCompleter"), "{profile}");
}
