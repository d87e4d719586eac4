//! A program with more rights than its caller takes no configuration from the environment.

#![cfg(target_os = "linux")]

mod common;

use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::Path;
use std::process::Command;

use certbind_test_support::require;
use common::library;
use tempfile::TempDir;

/// A group that the program does not run in, and that its file can be assigned to.
fn other_group(own: u32) -> Option<u32> {
    let groups = Command::new("id").arg("-G").output().expect("id runs");
    let groups = String::from_utf8(groups.stdout).expect("numbers");
    let mut groups = groups.split_whitespace().filter_map(|id| id.parse().ok());
    let member_of = groups.find(|group| *group != own);
    let is_root = std::fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0);
    member_of.or(is_root.then_some(65_534))
}

fn program(folder: &Path) -> std::path::PathBuf {
    let (program, library) = (folder.join("privileged"), library());
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/c/privileged.c");
    let rpath = library.parent().expect("a folder").display();
    let compiled = Command::new("gcc")
        .args(["-Wall", "-Wextra", "-Werror", "-o"])
        .args([&program, Path::new(source)])
        .arg(format!("-Wl,-rpath,{rpath}"))
        .arg(&library)
        .status()
        .expect("gcc runs");
    assert!(compiled.success());
    program
}

/// Runs the program with a library that does not exist for its calls, of which each fails with 21.
fn forwarded(program: &Path) -> String {
    let mut program = Command::new(program);
    let output = program.env("CERTBIND_PASS", "/nowhere/httpapi.so").output();
    String::from_utf8(output.expect("it runs").stdout).expect("text")
}

/// Runs the program with a store and a trace. Returns its output and the files that it created.
fn run(program: &Path, folder: &Path) -> (String, Vec<String>) {
    let files = TempDir::new_in(folder).expect("a folder");
    let at = |name: &str| files.path().join(name);
    let output = Command::new(program)
        .env(
            "CERTBIND_HTTPAPI",
            format!("redb:{}", at("store").display()),
        )
        .env("CERTBIND_TRACE", at("trace"))
        .output()
        .expect("it runs");
    let names = files.path().read_dir().expect("a folder");
    let names = names.map(|entry| entry.expect("an entry").file_name());
    let mut names: Vec<_> = names.map(|name| name.display().to_string()).collect();
    names.sort();
    (String::from_utf8(output.stdout).expect("text"), names)
}

#[test]
fn setgid_program_takes_no_configuration_from_the_environment() {
    require!("gcc", "id");
    // In the target directory: a file system of temporary files may ignore the bit.
    let folder = TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder");
    let program = program(folder.path());
    let (said, made) = run(&program, folder.path());
    assert_eq!(
        (said.as_str(), made),
        ("0 0\n", vec!["store".into(), "trace".into()])
    );
    assert_eq!(forwarded(&program), "0 21\n");

    let own = std::fs::metadata(&program).expect("the program").gid();
    let Some(group) = other_group(own) else {
        println!("SKIPPED: no other group to give the program to");
        return;
    };
    chown(&program, None, Some(group)).expect("a member may");
    let setgid = PermissionsExt::from_mode(0o2755);
    std::fs::set_permissions(&program, setgid).expect("an owner may");
    let (said, made) = run(&program, folder.path());
    if said.starts_with("0 ") {
        println!("SKIPPED: this file system ignores the setgid bit");
        return;
    }
    assert_eq!((said.as_str(), made), ("1 0\n", Vec::<String>::new()));
    assert_eq!(forwarded(&program), "1 0\n");
}
