//! The checksums of a release are signed and verified by the commands of `docs/releasing.md`.

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

use certbind_test_support::require;
use tempfile::TempDir;

use super::{NOT_RUN, blocks, is_cargo, read};

/// Stands for GitHub's client: the draft is the folder `release`.
const GH: &str = "#!/bin/sh
set -e
case \"$1 $2\" in
    'release download') mkdir \"$5\"; cp release/* \"$5\" ;;
    'release upload') cp \"$4\" ../release ;;
    *) exit 9 ;;
esac
";

/// Runs the lines of a block; programs that ask for a password get it.
fn run(folder: &Path, block: &[String], expected: bool) {
    let script = block.join("\n");
    let path = std::env::var("PATH").expect("a path");
    let mut shell = Command::new("sh")
        .args(["-e", "-c", &script])
        .current_dir(folder)
        .env("PATH", format!("{}:{path}", folder.display()))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("a shell");
    let mut input = shell.stdin.take().expect("the input");
    // A program that reads no password has closed its input.
    let _ = input.write_all(b"secret\nsecret\n");
    drop(input);
    let output = shell.wait_with_output().expect("the shell ends");
    let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert_eq!(output.status.success(), expected, "{script}\n{text}");
}

#[test]
fn release_is_signed_and_verified_as_the_page_says() {
    require!("minisign", "sha256sum");
    let blocks = blocks(&read("docs/releasing.md"));
    let shell = blocks.iter().filter(|(language, lines)| {
        language == "sh" && !lines[0].starts_with(NOT_RUN) && !is_cargo(lines)
    });
    let shell: Vec<_> = shell.map(|(_, lines)| lines.clone()).collect();
    let [key, sign, verify] = &shell[..] else {
        panic!("{shell:?}");
    };

    let folder = TempDir::new().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    fs::write(path("gh"), GH).expect("written");
    fs::set_permissions(path("gh"), fs::Permissions::from_mode(0o755)).expect("executable");
    fs::create_dir(path("release")).expect("a folder");
    fs::write(path("release/certbind.zip"), "zip").expect("written");
    let sums = ["sha256sum certbind.zip > SHA256SUMS".to_owned()];
    run(&path("release"), &sums, true);

    run(folder.path(), key, true);
    let sign = sign.iter().map(|line| line.replace("VERSION", "0.1.0"));
    run(folder.path(), &sign.collect::<Vec<_>>(), true);

    let public = fs::read_to_string(path("minisign.pub")).expect("the public key");
    let public = public.lines().last().expect("a line");
    assert!(public.starts_with("RW"), "{public}");
    let verify: Vec<_> = verify
        .iter()
        .map(|line| line.replace("KEY", public))
        .collect();
    run(&path("release"), &verify, true);
    fs::write(path("release/certbind.zip"), "another").expect("written");
    run(&path("release"), &verify, false);
}
