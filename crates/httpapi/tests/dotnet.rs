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

/// The rows of the page's table: the name in the code, and the file names that are tried for it.
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

/// The output of the example where the library has this name.
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

/// Mono numbers address families as Windows does, and .NET as Linux does.
#[test]
fn an_ipv6_address_of_the_runtime_is_bound() {
    require!("mcs", "mono");
    let library = library();
    let target = library.ancestors().nth(2).expect("the target directory");
    let example = compiled(include_str!("dotnet/ipv6.cs"), "httpapi.dll");
    let expected = |family: u8, text: &str| {
        format!("0 0 183\n0\nfamily {family}, answered alike: True\n183: {text}\n")
    };
    let mono = said(&mut Command::new("mono"), &example, &library, "httpapi.dll");
    assert_eq!(mono, expected(23, "Already exists"));
    let dotnet = target.join("dotnet/dotnetcore2/bin/dotnet");
    if !dotnet.is_file() {
        return skip("needs .NET, which `cargo xtask test --install` installs");
    }
    let mut dotnet = Command::new(dotnet);
    dotnet.args(["exec", "--runtimeconfig", "runtime.json"]);
    assert_eq!(
        said(&mut dotnet, &example, &library, "httpapi.dll"),
        expected(10, "Unknown error 183")
    );
}

/// Compiles C# 10 by Roslyn, which runs under .NET, into `example.dll` of a folder. The error is
/// the compiler's output.
fn modern(source: &str, target: &Path) -> Result<TempDir, String> {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/dotnet");
    let roslyn = target.join("roslyn/node_modules/@autorest/csharp");
    let runtime = target.join("dotnet/dotnetcore2/bin/shared/Microsoft.NETCore.App/3.1.23");
    let folder = TempDir::new().expect("a temporary directory");
    std::fs::write(folder.path().join("example.cs"), source).expect("written");
    std::fs::write(folder.path().join("runtime.json"), RUNTIME).expect("written");
    let openssl = Command::new("gcc")
        .current_dir(&folder)
        .args(["-shared", "-fPIC", "-o", "libssl.so.1.1"])
        .arg(tests.join("openssl.c"))
        .args(["-Wl,--no-as-needed", "-l:libssl.so.3", "-l:libcrypto.so.3"])
        .output();
    let openssl = openssl.expect("gcc runs");
    assert!(openssl.status.success(), "{openssl:?}");

    let mut mcs = Command::new("mcs");
    mcs.args(["-warnaserror", "-nostdlib", "-noconfig"])
        .arg(format!(
            "-out:{}",
            folder.path().join("compiler.dll").display()
        ))
        .arg(tests.join("compiler.cs"));
    for name in [
        "System.Private.CoreLib",
        "System.Runtime",
        "System.Runtime.Extensions",
        "System.IO.FileSystem",
        "System.Linq",
        "System.Console",
        "netstandard",
    ] {
        mcs.arg(format!("-r:{}/{name}.dll", runtime.display()));
    }
    for entry in std::fs::read_dir(&roslyn).expect("Roslyn is there") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().expect("a name");
        if path.extension().is_some_and(|extension| extension == "dll") {
            std::os::unix::fs::symlink(&path, folder.path().join(name)).expect("linked");
        }
    }
    for name in [
        "Microsoft.CodeAnalysis",
        "Microsoft.CodeAnalysis.CSharp",
        "System.Collections.Immutable",
    ] {
        mcs.arg(format!("-r:{}/{name}.dll", roslyn.display()));
    }
    let host = mcs.output().expect("mcs runs");
    assert!(host.status.success(), "{host:?}");

    let compiled = Command::new(target.join("dotnet/dotnetcore2/bin/dotnet"))
        .current_dir(&folder)
        .args(["exec", "--runtimeconfig", "runtime.json", "--depsfile"])
        .arg(roslyn.join("AutoRest.CSharp.deps.json"))
        .args(["compiler.dll", "example.cs", "example.dll"])
        .arg(&runtime)
        .env("LD_LIBRARY_PATH", folder.path())
        .output()
        .expect("the compiler starts");
    match compiled.status.success() {
        true => Ok(folder),
        false => Err(format!("{compiled:?}")),
    }
}

/// The example with syntax of C# 9 and 10 before it.
#[test]
fn csharp_10_binds_as_the_example_does() {
    require!("gcc", "mcs");
    let library = library();
    let target = library.ancestors().nth(2).expect("the target directory");
    let dotnet = target.join("dotnet/dotnetcore2/bin/dotnet");
    if !dotnet.is_file() || !target.join("roslyn/node_modules").is_dir() {
        return skip("needs .NET and Roslyn, which `cargo xtask test --install` installs");
    }
    let page = include_str!("../../../docs/dotnet.md");
    let (_, example) = page.split_once("```csharp\n").expect("an example");
    let (example, _) = example.split_once("```").expect("its end");
    let declared = "namespace Installer;\n\nrecord struct Site(string Host, int Port);\n\n";
    let modern_example = example
        .replace(
            "static class HttpSys",
            &format!("{declared}static class HttpSys"),
        )
        .replace("using System;", "global using System;")
        .replace(
            "var hash = new byte[20];",
            "byte[] hash = new byte[20]; Site site = new(\"www.contoso.com\", 443);",
        )
        .replace(
            "Bind(\"www.contoso.com\", 443, hash)",
            "Bind(site.Host, (site with { Port = 443 }).Port, hash)",
        );
    for source in [example, &modern_example] {
        let folder = modern(source, target).unwrap_or_else(|complaint| panic!("{complaint}"));
        let mut dotnet = Command::new(&dotnet);
        dotnet.args(["exec", "--runtimeconfig", "runtime.json"]);
        let said = said(&mut dotnet, &folder, &library, "httpapi.dll");
        assert_eq!(said, "every check has passed\n");
    }
    let complaint = modern("class C { int x = ; }", target).expect_err("it is no program");
    assert!(complaint.contains("CS1525"), "{complaint}");
}
