//! The section "From host to host" of `docs/migrate.md`, over two simulated hosts.

use std::path::Path;
use std::process::Command;

use snapbox::assert_data_eq;

use super::{folder, page, section};

/// Runs a line of a shell on a host, whose bindings are in a file.
fn run(folder: &Path, bindings: &str, line: &str) -> (Option<i32>, String) {
    let path = std::env::var("PATH").unwrap();
    let output = Command::new("sh")
        .args(["-c", line])
        .current_dir(folder)
        .env("PATH", format!("{}/bin:{path}", folder.display()))
        .env("CERTBIND_STORE", "httpsys:./libhttpapi.so")
        .env("CERTBIND_HTTPAPI", format!("redb:{bindings}"))
        .env("CERTBIND_JOURNAL", folder.join("journal"))
        .env("XDG_DATA_HOME", folder)
        .output()
        .unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(text).unwrap())
}

/// The lines of the section's blocks in this language.
fn lines(language: &str) -> Vec<String> {
    let section = section(&page("docs/migrate.md"), "## From host to host");
    let start = format!("```{language}\n");
    let blocks = section.split(&start).skip(1);
    let blocks = blocks.map(|block| block.split_once("```").unwrap().0);
    blocks.flat_map(str::lines).map(str::to_owned).collect()
}

#[test]
fn bindings_move_from_host_to_host_as_the_page_says() {
    let folder = folder();
    let (code, said) = run(folder.path(), "old.redb", "certbind import host-2022.txt");
    assert_eq!(code, Some(0), "{said}");
    let export = lines("powershell");
    assert_eq!(export.len(), 1, "{export:?}");
    assert_eq!(run(folder.path(), "old.redb", &export[0]).0, Some(0));

    // The other host has the development certificate of IIS Express on one key.
    let bound = "certbind add '[::]:443' --hash 5226dc6c54559761cd471b86eb51c096252c90f2 \
        --app-id ba195980-cd49-458b-9e23-c84ee0adcd75";
    let (code, said) = run(folder.path(), "new.redb", bound);
    assert_eq!(code, Some(0), "{said}");
    let mut printed = String::new();
    let blocks = lines("console");
    for line in blocks.iter().filter_map(|line| line.strip_prefix("> ")) {
        // A simulated host has to be named, and without a terminal nothing is asked.
        let command = match line {
            "certbind apply plan.json" => "certbind apply plan.json httpsys: --yes",
            line => line,
        };
        let command = command.replace("httpsys:", "httpsys:./libhttpapi.so");
        let (_, said) = run(folder.path(), "new.redb", &command);
        printed += &format!("> {line}\n{said}");
    }
    let folder = folder.path().to_string_lossy();
    let printed = printed
        .replace(&format!("{folder}/libhttpapi.so"), "")
        .replace(&format!("{folder}/"), "")
        .replace("httpsys:./libhttpapi.so", "httpsys:");
    let expected = blocks.iter().filter(|line| !line.contains("[y/N]"));
    let expected: Vec<_> = expected
        .map(|line| match line.split_once(", made 20") {
            Some((plan, _)) => format!("{plan}, made [..]"),
            None => line.replace('…', "..."),
        })
        .collect();
    assert_data_eq!(printed, snapbox::Data::from(expected.join("\n") + "\n"));
}
