//! The example of the page on .NET, under Mono and under .NET, which find the library by the names
//! that the page lists. `cargo xtask test --install` installs both.

#![cfg(target_os = "linux")]

mod common;

use certbind_test_support::{require, skip};
use std::path::Path;
use std::process::Command;

use common::library;
use tempfile::TempDir;

const RUNTIME: &str = r#"{"runtimeOptions": {
    "framework": {"name": "Microsoft.NETCore.App", "version": "3.1.23"},
    "configProperties": {"System.Globalization.Invariant": true}
}}"#;

/// The names of the page's table: what the code says, and what is tried in its place.
fn names(page: &str) -> Vec<(&str, Vec<&str>)> {
    let rows = page.lines().filter(|line| line.contains("[DllImport("));
    let rows = rows.filter_map(|line| line.strip_prefix("| `[DllImport(\""));
    let names: Vec<_> = rows
        .map(|row| {
            let (said, tried) = row.split_once("\")]` | ").expect("two columns");
            let tried = tried.split('`').skip(1).step_by(2).collect();
            (said, tried)
        })
        .collect();
    assert_eq!(names.len(), 2, "{page}");
    names
}

/// Compiles the example with another name for the library, into a folder of its own.
fn compiled(example: &str, name: &str) -> TempDir {
    let folder = TempDir::new().expect("a temporary directory");
    let source = example.replace("\"httpapi.dll\"", &format!("\"{name}\""));
    std::fs::write(folder.path().join("example.cs"), source).expect("written");
    std::fs::write(folder.path().join("runtime.json"), RUNTIME).expect("written");
    let output = Command::new("mcs")
        .current_dir(&folder)
        .args(["-warnaserror", "-out:example.dll", "example.cs"])
        .output()
        .expect("mcs runs");
    assert!(output.status.success(), "{output:?}");
    folder
}

/// What the example prints where the library has this name.
fn said(runtime: &mut Command, example: &TempDir, library: &Path, name: &str) -> String {
    let libraries = TempDir::new().expect("a temporary directory");
    std::os::unix::fs::symlink(library, libraries.path().join(name)).expect("linked");
    let output = runtime
        .current_dir(example)
        .arg("example.dll")
        .env("LD_LIBRARY_PATH", libraries.path())
        .env("CERTBIND_HTTPAPI", "memory:")
        .output()
        .expect("the runtime starts");
    let [said, complaint] = [output.stdout, output.stderr].map(String::from_utf8);
    said.expect("text") + &complaint.expect("text")
}

#[test]
fn dotnet_example_finds_the_library() {
    require!("mcs", "mono");
    let page = include_str!("../../../docs/dotnet.md");
    let (_, example) = page.split_once("```csharp\n").expect("an example");
    let (example, _) = example.split_once("```").expect("its end");
    let library = library();
    let target = library.ancestors().nth(2).expect("the target directory");
    let dotnet = target.join("dotnet/dotnetcore2/bin/dotnet");
    if !dotnet.is_file() {
        let reason = "needs .NET as {}, where `cargo xtask test --install` puts it";
        return skip(&reason.replace("{}", &dotnet.display().to_string()));
    }
    let new_dotnet = || {
        let mut command = Command::new(&dotnet);
        command.args(["exec", "--runtimeconfig", "runtime.json"]);
        command
    };
    for (code_says, tried) in names(page) {
        let example = compiled(example, code_says);
        for name in tried {
            let said = said(&mut new_dotnet(), &example, &library, name);
            assert_eq!(said, "every check has passed\n", "{code_says} as {name}");
        }
        let missing = said(&mut new_dotnet(), &example, &library, "another.so");
        assert!(missing.contains("DllNotFoundException"), "{missing}");
        let mono = said(
            &mut Command::new("mono"),
            &example,
            &library,
            "libhttpapi.so",
        );
        assert_eq!(mono, "every check has passed\n", "{code_says} under Mono");
    }
}
