//! The commands of the README and of pages in `docs/`: the console blocks are executed in a folder with
//! the files of `examples/`, and their output is compared with the page.

#![cfg(unix)]
#![allow(clippy::unwrap_used)]

#[path = "../common/mod.rs"]
mod common;
mod hosts;
mod installation;
mod tables;

use std::collections::BTreeSet;
use std::io::Write as _;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use certbind_test_support::hive::{self, log};
use snapbox::assert_data_eq;
use tempfile::TempDir;

/// Where the reader of the README is at work.
const HOME: &str = "/home/ada";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn page(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap()
}

/// The section of a page below a heading such as `## Limits`.
fn section(page: &str, heading: &str) -> String {
    let (_, rest) = page.split_once(&format!("\n{heading}\n")).unwrap();
    let marks = heading.split(' ').next().unwrap();
    let next = format!("\n{marks} ");
    let section = rest.split_once(&next).map_or(rest, |(section, _)| section);
    section.to_owned()
}

/// The console blocks of a section of the README.
fn journey(title: &str) -> String {
    console(&section(&page("README.md"), &format!("### {title}")))
}

/// The console blocks of a text, in one.
fn console(text: &str) -> String {
    let blocks = text.split("```console\n").skip(1);
    let blocks: String = blocks
        .map(|block| block.split_once("```").unwrap().0)
        .collect();
    assert!(blocks.starts_with("$ "), "{blocks}");
    blocks
}

/// A folder with the examples, the library and the programs.
fn folder() -> TempDir {
    let folder = TempDir::new().unwrap();
    for file in std::fs::read_dir(root().join("examples")).unwrap() {
        let file = file.unwrap();
        if file.path().is_file() {
            std::fs::copy(file.path(), folder.path().join(file.file_name())).unwrap();
        }
    }
    let program = env!("CARGO_BIN_EXE_certbind");
    std::fs::create_dir(folder.path().join("bin")).unwrap();
    for name in ["certbind", "netsh"] {
        symlink(program, folder.path().join("bin").join(name)).unwrap();
    }
    symlink(common::library(), folder.path().join("libhttpapi.so")).unwrap();
    folder
}

/// The text on a terminal when the commands are typed in one after the other.
fn session(blocks: &str, folder: &Path, environment: &[(&str, &str)]) -> String {
    let mut script = String::new();
    for command in blocks.lines().filter_map(|line| line.strip_prefix("$ ")) {
        let shown = command.replace('\'', r"'\''");
        script += &format!("printf '$ %s\\n' '{shown}'\n{command}\n");
    }
    let path = std::env::var("PATH").unwrap();
    let mut shell = Command::new("sh");
    shell
        .args(["-c", "exec sh 2>&1"])
        .current_dir(folder)
        .env("PATH", format!("{}/bin:{path}", folder.display()))
        .env("XDG_DATA_HOME", folder)
        .env_remove("CERTBIND_STORE")
        .envs(environment.iter().copied())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    let mut shell = shell.spawn().unwrap();
    let mut input = shell.stdin.take().unwrap();
    input.write_all(script.as_bytes()).unwrap();
    drop(input);
    let printed = shell.wait_with_output().unwrap();
    let printed = String::from_utf8(printed.stdout).unwrap().replace('\r', "");
    printed.replace(&*folder.to_string_lossy(), HOME)
}

/// Without the parts that differ from run to run: times and durations.
fn settled(text: &str) -> String {
    let settled = |line: &str| {
        let words = ["made 20", "finished in "];
        let cut = words
            .iter()
            .find_map(|word| Some(line.find(word)? + word.len()));
        line[..cut.unwrap_or(line.len())].to_owned()
    };
    let lines: Vec<_> = text.trim_end().lines().map(settled).collect();
    lines.join("\n")
}

fn runs_as_printed(blocks: &str) {
    let folder = folder();
    let printed = session(blocks, folder.path(), &[]);
    assert_data_eq!(
        settled(&printed),
        snapbox::Data::from(settled(blocks)).raw()
    );
}

/// The lines of the blocks of a text in a language.
fn lines<'a>(text: &'a str, language: &str) -> Vec<&'a str> {
    let start = format!("```{language}\n");
    let blocks = text.split(&start).skip(1);
    let blocks = blocks.map(|block| block.split_once("```").unwrap().0);
    blocks.flat_map(str::lines).collect()
}

/// Runs the PowerShell blocks of a text over a host with the bindings of `host-2022.txt`. Their lines are
/// simple enough for `sh`.
fn powershell_runs(text: &str) {
    let mut commands = vec!["certbind import host-2022.txt"];
    commands.extend(lines(text, "powershell"));
    commands_run(folder().path(), &commands);
}

/// Runs commands over a store in a folder. A comment `exit code N` states what a line exits with, if not 0.
fn commands_run(folder: &Path, commands: &[&str]) {
    let mut script = String::new();
    for line in commands {
        let code = line.split_once("# exit code ");
        let code = code.map_or("0", |(_, rest)| rest.split(':').next().unwrap());
        let line = line.replace("httpsys:", "$CERTBIND_STORE");
        let line = line.replace("apply plan.json", "apply plan.json --yes");
        script += &format!(
            "{line}\n\
             code=$?\n\
             test $code = {code} || {{ echo \"exit code $code: $LINENO\"; exit 1; }}\n"
        );
    }
    assert!(script.lines().count() >= 9, "{script}");
    let path = std::env::var("PATH").unwrap();
    let output = Command::new("sh")
        .args(["-c", &script])
        .current_dir(folder)
        .env("PATH", format!("{}/bin:{path}", folder.display()))
        .env("CERTBIND_STORE", "redb:host.redb")
        .output()
        .unwrap();
    let [printed, errors] =
        [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text));
    assert!(output.status.success(), "{script}\n{printed}\n{errors}");
}

#[test]
fn a_certificate_is_renewed_as_the_readme_says() {
    powershell_runs(&section(&page("README.md"), "### Renew a certificate"));
}

#[test]
fn hosts_are_renewed_from_their_listings_as_the_readme_says() {
    let journey = journey("Renew a certificate");
    assert!(journey.contains("$ certbind verify"), "{journey}");
    runs_as_printed(&journey);
}

#[test]
fn a_host_is_moved_as_the_readme_says() {
    powershell_runs(&section(&page("README.md"), "### Move a host"));
}

#[test]
fn first_steps_on_windows_run() {
    powershell_runs(&page("docs/first-steps-windows.md"));
}

#[test]
fn first_steps_page_is_executed_as_printed() {
    runs_as_printed(&console(&page("docs/first-steps.md")));
}

#[test]
fn renewal_page_is_executed_as_printed() {
    runs_as_printed(&console(&page("docs/renew.md")));
}

#[test]
fn a_host_is_moved_as_its_page_says() {
    runs_as_printed(&console(&section(
        &page("docs/migrate.md"),
        "## Try it on any machine",
    )));
}

#[test]
fn pages_of_help_topics_are_up_to_date() {
    for (topic, path) in [
        ("exit-codes", "docs/exit-codes.md"),
        ("stores", "docs/stores.md"),
    ] {
        let help = Command::new(env!("CARGO_BIN_EXE_certbind"))
            .args(["help", topic])
            .output()
            .unwrap();
        let help = String::from_utf8(help.stdout).unwrap().replace('\r', "");
        let block = format!("```text\n{}\n```\n", help.trim_end());
        assert!(page(path).contains(&block), "{path} lacks:\n{block}");
    }
}

#[test]
fn an_export_is_audited_as_the_readme_says() {
    runs_as_printed(&journey("Audit an export"));
}

#[test]
fn an_installer_is_tested_as_the_readme_says() {
    runs_as_printed(&journey("Test an installer against the simulator"));
}

#[test]
fn a_backend_is_written_as_the_readme_says() {
    // Without it the suite reports that syncs are not counted.
    certbind_test_support::require!("strace");
    let blocks = journey("Write a backend");
    let printed = session(&blocks, &root(), &[("CARGO_TERM_QUIET", "true")]);
    assert_data_eq!(
        settled(&printed),
        snapbox::Data::from(settled(&blocks)).raw()
    );
}

/// The worked examples of the page "Which certificate is served?".
#[test]
fn explanations_are_printed_as_their_page_shows() {
    let page = self::page("docs/explain.md");
    runs_as_printed(&console(&page));
}

/// The exports are of hosts with the bindings of `host-2022.txt`, and the baseline has one more host.
#[test]
fn commands_of_the_audit_page_run() {
    let page = self::page("docs/audit.md");
    let folder = folder();
    let path = |name: &str| folder.path().join(name);
    for name in ["certificates", "before", "exports"] {
        std::fs::create_dir(path(name)).unwrap();
    }
    for (file, copy) in [
        ("renewed.pem", "certificates/renewed.pem"),
        ("host-2022.txt", "web-01.txt"),
        ("host-2022.txt", "before/web-01.txt"),
        ("host-2022.txt", "before/web-03.txt"),
        ("host-2022.txt", "exports/web-01.txt"),
    ] {
        std::fs::copy(path(file), path(copy)).unwrap();
    }
    let family = hive::Node {
        keys: vec![hive::binding("0.0.0.0:443")],
        ..hive::key("SslBindingInfo")
    };
    let system = hive::system_with(hive::key("Parameters").key(family));
    std::fs::write(path("SYSTEM"), hive::file(&system)).unwrap();
    let config = lines(&page, "toml").join("\n");
    std::fs::write(path("certbind-audit.toml"), config).unwrap();
    let mut commands = vec![
        "certbind import host-2022.txt",
        "certbind export --from host-2022.txt --format reg -o web-02.reg",
    ];
    commands.extend(lines(&page, "sh"));
    commands_run(folder.path(), &commands);
    let report = std::fs::read_to_string(path("july.html")).unwrap();
    assert!(report.contains("CB005"));
}

#[test]
fn findings_have_commands_as_the_audit_page_says() {
    runs_as_printed(&console(&self::page("docs/audit.md")));
}

#[test]
fn traces_are_shown_and_replayed_as_the_simulator_page_says() {
    let page = self::page("docs/simulator.md");
    runs_as_printed(&console(&section(&page, "## Traces")));
}

/// The lines of the page with programs are simple enough for `sh`.
#[test]
fn commands_of_the_powershell_page_run_in_a_shell() {
    let page = self::page("docs/powershell.md");
    let is_program = |line: &&str| line.starts_with("netsh ") || line.starts_with("certbind ");
    let commands: Vec<_> = lines(&page, "powershell")
        .into_iter()
        .filter(is_program)
        .collect();
    let [bind, show] = commands[..] else {
        panic!("{commands:?}");
    };
    let show = show.strip_suffix(" | ConvertFrom-Json").unwrap();
    let show = format!("{show} >shown.json");
    let folder = folder();
    commands_run(folder.path(), &[bind, &show, "test -s shown.json"]);
    let shown = std::fs::read_to_string(folder.path().join("shown.json")).unwrap();
    assert!(shown.contains("\"key\": \"ipport=0.0.0.0:443\""), "{shown}");
}

/// The disk has a dirty hive, and a log with the last binding.
#[test]
fn dead_host_page_is_executed_as_printed() {
    let page = self::page("docs/dead-host.md");
    let blocks = console(&page);
    let hive = |ports: &[u16]| {
        let bindings = ports.iter().zip(0..).map(|(port, day)| {
            // Days from 2026-11-01T08:30:00Z.
            let time = 134_379_954_000_000_000 + day * 864_000_000_000;
            hive::binding(&format!("0.0.0.0:{port}")).written_at(time)
        });
        let family = hive::Node {
            keys: bindings.collect(),
            ..hive::key("SslBindingInfo")
        };
        let reservations = hive::key("UrlAclInfo")
            .written_at(134_379_090_000_000_000)
            .value("https://+:443/app/", hive::BINARY, &hive::EVERYONE);
        let parameters = hive::key("Parameters")
            .written_at(134_378_226_000_000_000)
            .texts("ListenOnlyList", &["0.0.0.0"]);
        hive::file(&hive::system_with(parameters.key(family).key(reservations)))
    };
    let (before, after) = (hive(&[443, 8443]), hive(&[443, 8443, 9443]));
    let dirty = log::dirty(&before, 9, 8);
    let pages = log::changed_pages(&before, &after);
    let entry = log::entry(8, after.len() - log::PAGE, &pages);
    let folder = folder();
    let config = folder.path().join("disk/Windows/System32/config");
    std::fs::create_dir_all(&config).unwrap();
    std::fs::write(config.join("SYSTEM"), &dirty).unwrap();
    std::fs::write(config.join("SYSTEM.LOG1"), log::log(&dirty, &[entry])).unwrap();
    let printed = session(&blocks, folder.path(), &[]);
    assert_data_eq!(
        settled(&printed),
        snapbox::Data::from(settled(&blocks)).raw()
    );
}

#[test]
fn bindings_in_git_are_kept_as_the_page_says() {
    let page = self::page("docs/git.md");
    runs_as_printed(&console(&page));
}

#[test]
fn commands_page_is_executed_as_printed() {
    let page = self::page("docs/commands.md");
    let help = Command::new(env!("CARGO_BIN_EXE_certbind"))
        .arg("--help")
        .output()
        .unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    let (commands, _) = help.split_once("\nOptions:").unwrap();
    let commands: BTreeSet<_> = commands
        .lines()
        .filter_map(|line| line.strip_prefix("  ")?.split_whitespace().next())
        .collect();
    let sections: BTreeSet<_> = page
        .lines()
        .filter_map(|line| line.strip_prefix("### "))
        .collect();
    assert_eq!(sections, commands);
    runs_as_printed(&console(&page));
}
