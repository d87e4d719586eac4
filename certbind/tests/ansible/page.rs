//! The page "Ansible", executed block by block.

use std::process::Output;

use serde_json::Value;

use crate::ansible::{Ansible, root, succeeded};
use crate::common;

fn page() -> String {
    std::fs::read_to_string(root().join("docs/ansible.md")).unwrap()
}

/// The blocks of a language.
fn blocks(language: &str) -> Vec<String> {
    let (page, fence) = (page(), format!("```{language}\n"));
    let blocks = page.split(&fence).skip(1);
    blocks
        .map(|block| block.split("```").next().unwrap().to_owned())
        .collect()
}

/// Installs the collection by the commands of the page.
fn install(ansible: &Ansible) {
    let source = ansible.file("ansible");
    std::os::unix::fs::symlink(root().join("ansible"), source).unwrap();
    let commands = blocks("sh").remove(0);
    succeeded(&ansible.run("sh", &["-e", "-c", &commands]));
}

/// How many tasks were `ok`, and how many of them `changed`, by the recap of a play.
fn recap(output: &Output) -> (u32, u32) {
    let printed = succeeded(output);
    let (_, recap) = printed.split_once("PLAY RECAP").unwrap();
    let count = |name: &str| {
        let counts = recap.split_whitespace();
        let mut counts = counts.filter_map(|it| it.strip_prefix(name)?.strip_prefix('='));
        counts.next().unwrap().parse().unwrap()
    };
    assert_eq!((count("failed"), count("skipped")), (0, 0), "{printed}");
    (count("ok"), count("changed"))
}

#[test]
fn playbook_of_the_page_runs_as_printed() {
    let Some(ansible) = Ansible::new() else {
        return;
    };
    install(&ansible);
    for name in ["host-2022.txt", "renewed.pem"] {
        std::fs::copy(root().join("examples").join(name), ansible.file(name)).unwrap();
    }
    std::fs::write(ansible.file("bindings.yml"), &blocks("yaml")[0]).unwrap();
    let page = page();
    let import = page.split('`').find(|it| it.contains(" import ")).unwrap();
    succeeded(&ansible.run("sh", &["-c", import]));
    let commands = blocks("console").join("");
    let commands = commands
        .lines()
        .map(|line| line.strip_prefix("$ ").unwrap());
    let runs: Vec<_> = commands
        .map(|command| ansible.run("sh", &["-c", command]))
        .collect();
    let recaps: Vec<_> = runs.iter().map(recap).collect();
    assert_eq!(recaps, [(2, 2), (2, 2), (2, 0)]);
    let shown = succeeded(&runs[0]);
    let (key, port) = ("hostnameport=shop.contoso.com:443", "ipport=0.0.0.0:8443");
    for line in [
        format!("+++ after: {key}"),
        format!("+    \"key\": \"{key}\","),
        format!("-    \"key\": \"{port}\","),
    ] {
        assert!(
            shown.lines().any(|it| it.trim_end() == line),
            "{line}: {shown}"
        );
    }
    let list = ansible.certbind(&["list"]);
    assert!(list.contains(key) && !list.contains(port), "{list}");
}

/// `ansible.windows` is not in ansible-core, and needs Windows.
#[test]
fn playbook_for_windows_runs_with_the_command_module() {
    let Some(ansible) = Ansible::new() else {
        return;
    };
    let ansible = ansible.simulated("store = \"redb:bindings.redb\"\nshared = true\n");
    let playbook = blocks("yaml").remove(1);
    let command = "ansible.windows.win_command";
    assert_eq!(playbook.matches(command).count(), 2);
    let playbook = playbook.replace(command, "ansible.builtin.command");
    std::fs::write(ansible.file("windows.yml"), playbook).unwrap();
    let inventory = "[windows]\nlocalhost ansible_connection=local\n";
    std::fs::write(ansible.file("hosts"), inventory).unwrap();
    let store = format!("certbind_store=httpsys:{}", common::library().display());
    let run = |options: &[&str]| {
        let arguments = ["-i", "hosts", "windows.yml", "-e", &store];
        ansible.run("ansible-playbook", &[&arguments[..], options].concat())
    };
    let list = || -> Value {
        serde_json::from_str(&ansible.certbind(&["list", "--format", "json"])).unwrap()
    };
    let bind = [
        "set",
        "0.0.0.0:8443",
        "--hash",
        crate::HASH,
        "--app-id",
        "IIS",
    ];
    ansible.certbind(&bind);
    let before = list();
    assert_eq!(recap(&run(&["--check"])), (2, 2));
    assert_eq!(list(), before);
    assert_eq!(recap(&run(&[])), (2, 2));
    let after = list();
    assert_eq!(after.as_array().unwrap().len(), 1, "{after}");
    assert_eq!(after[0]["key"], "ipport=0.0.0.0:443");
    assert_eq!(recap(&run(&[])), (2, 0));
    assert_eq!(recap(&run(&["--check"])), (2, 0));
    // An error fails the task.
    let store = "certbind_store=httpsys:/missing";
    assert!(!run(&["-e", store]).status.success());
}
