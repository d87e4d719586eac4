//! The program handles the stores of the backend as its own.

use std::path::Path;
use std::process::Command;

/// Runs the program in a folder: its exit code, and everything that it printed.
fn run(folder: &Path, arguments: &str) -> (i32, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_certbind-sqlite"))
        .args(arguments.split(' '))
        .current_dir(folder)
        .env_remove("CERTBIND_STORE")
        .output()
        .expect("the program starts");
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8(text).expect("UTF-8");
    (output.status.code().expect("an exit code"), text)
}

#[test]
fn commands_take_stores_of_the_backend() {
    let folder = tempfile::tempdir().expect("a folder");
    let hash = "07".repeat(20);
    let app_id = "4dc3e181-e14b-4a21-b022-59fc669b0914";
    let add = format!("--store sqlite:a.db add 0.0.0.0:443 --hash {hash} --app-id {app_id}");
    for (arguments, code, said) in [
        (
            "--store sqlite:a.db list",
            1,
            "no binding store at sqlite:a.db",
        ),
        (&*add, 0, ""),
        ("--store sqlite:a.db list", 0, "0.0.0.0:443"),
        (
            "help stores",
            0,
            "a SQLite database; `add` and `import` create it",
        ),
        ("diff a.db memory:", 1, "0.0.0.0:443"),
        ("plan a.db sqlite:b.db -o plan.json", 0, ""),
        (
            "--store sqlite:a.db export -o a.db",
            1,
            "is a binding store, or a part of one, and is not overwritten",
        ),
        (
            "--store sqlite:a.db netsh http show sslcert",
            0,
            "0.0.0.0:443",
        ),
        (
            "--store sqlite:a.db netsh http add urlacl url=http://+:80/ user=Everyone",
            1,
            "",
        ),
        ("--store sqlite:a.db check", 0, "1 binding"),
    ] {
        let (found, text) = run(folder.path(), arguments);
        assert_eq!(found, code, "{arguments}: {text}");
        assert!(text.contains(said), "{arguments}: {text}");
    }
}
