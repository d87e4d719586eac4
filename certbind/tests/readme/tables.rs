//! The table of commands in `docs/change-scripts.md`.

use std::path::Path;
use std::process::Command;

use super::{folder, page};

/// The values of the placeholders, for commands that are executed in a folder with the files of
/// `examples/` over the bindings of `host-2022.txt`.
const VALUES: &[(&str, &str)] = &[
    ("OLD", "61d34f53"),
    ("NEW", "8d90a17d2851f802b0a5619bf695b03544b8f5cb"),
    ("EXPORT…", "host-2022.txt"),
    ("EXPORT", "host-2022.txt"),
    ("SOURCE", "renewed.json"),
    ("TARGET", "host-2022.txt"),
    ("A", "host-2022.txt"),
    ("B", "renewed.json"),
    ("PLAN", "plan.json"),
    ("FOLDER", "change"),
];

/// Runs a line of a shell over the store of the folder.
fn run(folder: &Path, line: &str) -> (i32, String) {
    let path = std::env::var("PATH").unwrap();
    let output = Command::new("sh")
        .args(["-c", line])
        .current_dir(folder)
        .env("PATH", format!("{}/bin:{path}", folder.display()))
        .env("CERTBIND_STORE", "redb:host.redb")
        .env("XDG_DATA_HOME", folder)
        .output()
        .unwrap();
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8(text).unwrap();
    (output.status.code().unwrap(), text)
}

/// The scripts that a command wrote into a folder of its own or of the host.
fn scripts(folder: &Path) -> usize {
    let found = run(
        folder,
        "find change -name 'apply.*' -o -name 'rollback.*' | wc -l",
    )
    .1;
    found.trim().parse().unwrap()
}

#[test]
fn each_command_of_the_table_of_change_scripts_writes_them() {
    let page = page("docs/change-scripts.md");
    let (_, table) = page
        .split_once("| command | the scripts |\n|---|---|\n")
        .unwrap();
    let rows = table.lines().take_while(|line| line.starts_with('|'));
    let commands: Vec<_> = rows.map(|row| row.split('`').nth(1).unwrap()).collect();
    assert_eq!(commands.len(), 5, "{commands:?}");
    for command in commands {
        let folder = folder();
        let setup = "certbind import host-2022.txt && \
            certbind --store redb:renewed.redb import host-2022.txt && \
            certbind --store redb:renewed.redb rotate 61d34f53 8d90a17d2851f802b0a5619bf695b03544b8f5cb && \
            certbind --store redb:renewed.redb export -o renewed.json";
        let (code, text) = run(folder.path(), setup);
        assert_eq!(code, 0, "{text}");
        let words = command.split(' ').map(|word| {
            let value = VALUES.iter().find(|(name, _)| *name == word);
            value.map_or(word, |(_, value)| *value)
        });
        // This export has another certificate, and one option less.
        let mut line = words.collect::<Vec<_>>().join(" ");
        if line.starts_with("certbind heal") {
            let lost = "sed 's/61d34f532da121bbab64723c4871e72c92f03735/8d90a17d2851f802b0a5619bf695b03544b8f5cb/; \
                s/Negotiate Client Certificate : Enabled/Negotiate Client Certificate : Disabled/' \
                host-2022.txt > after.txt";
            assert_eq!(run(folder.path(), lost).0, 0);
            line = line.replace(
                "--before host-2022.txt host-2022.txt",
                "--before host-2022.txt after.txt",
            );
        }
        let (code, text) = run(folder.path(), &line);
        // `diff` exits with 1 if there are differences.
        let expected = i32::from(line.starts_with("certbind diff"));
        assert_eq!(code, expected, "{line}\n{text}");
        assert_eq!(scripts(folder.path()), 2, "{line}\n{text}");
    }
}
