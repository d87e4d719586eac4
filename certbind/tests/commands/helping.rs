//! `help`, `completions` and `man`.

use certbind::exit;
use certbind_test_support::require;
use serde_json::Value;

use super::{HASH, Host};

#[test]
fn help_fits_a_screen_and_names_the_exit_codes() {
    let host = Host::new();
    let help = host.ok(&["--help"]);
    assert_eq!(help, host.ok(&["help"]));
    assert!(help.lines().count() <= 50, "{help}");
    assert!(
        help.lines().all(|line| line.chars().count() <= 90),
        "{help}"
    );
    assert!(help.contains("Exit codes: 0 done"), "{help}");
    assert!(help.contains("CERTBIND_STORE"), "{help}");
}

#[test]
fn notations_and_commands_have_help_of_their_own() {
    let host = Host::new();
    for (about, printed) in [
        ("keys", "scopedccs=HOST:PORT"),
        ("KEYS", "hostnameport=www.contoso.com:443"),
        ("stores", "redb:PATH"),
        ("Formats", "netsh-powershell"),
        ("exit-codes", "4  check found a damaged store"),
        ("rotate", "--match-names"),
        ("help", "A command or a topic"),
    ] {
        let help = host.ok(&["help", about]);
        assert!(help.contains(printed), "{about}: {help}");
    }
}

/// The options that are for stores are in the help of the commands that change one, and no others.
#[test]
fn commands_that_change_a_store_show_its_options() {
    let host = Host::new();
    let mut shown = Vec::new();
    let overview = host.ok(&["--help"]);
    let (commands, options) = overview.split_once("\nOptions:").unwrap();
    for option in ["--message", "--history", "--create", "--quiet"] {
        assert!(options.contains(option), "{option}: {options}");
    }
    let commands = commands
        .lines()
        .filter_map(|line| line.strip_prefix("  ")?.split_whitespace().next());
    for command in commands.chain(["dsc set"]).filter(|it| *it != "netsh") {
        let words: Vec<_> = command.split(' ').chain(["--help"]).collect();
        let help = host.ok(&words);
        assert_eq!(help.matches("--quiet").count(), 1, "{command}: {help}");
        let has = |option: &str| help.contains(&format!("  {option} "));
        let options = [has("--message"), has("--history"), has("--create")];
        if options.contains(&true) || help.contains("--create\n") {
            shown.push((command, options[0], options[1], help.contains("--create")));
        }
    }
    let (changes, creates) = (
        |name| (name, true, true, false),
        |name| (name, true, true, true),
    );
    assert_eq!(
        shown,
        [
            creates("add"),
            changes("update"),
            creates("set"),
            changes("delete"),
            changes("rotate"),
            changes("heal"),
            creates("import"),
            creates("apply"),
            creates("sync"),
            ("record", false, true, true),
            changes("undo"),
            changes("restore"),
            creates("trace"),
            creates("dsc set"),
        ]
    );
}

/// They are accepted before the command and after it.
#[test]
fn options_of_a_store_are_read_at_either_place() {
    let host = Host::new();
    let add = |key| ["add", key, "--hash", HASH, "--app-id", "IIS"];
    host.ok(&[&["--message", "first"], &add("0.0.0.0:443")[..]].concat());
    host.ok(&[&add("0.0.0.0:444")[..], &["--message", "second"]].concat());
    host.ok(&[&["--history", "off"], &add("0.0.0.0:445")[..]].concat());
    host.ok(&[&add("0.0.0.0:446")[..], &["--history", "off"]].concat());
    let log = host.json(&["log", "--format", "json"]);
    let messages = log.as_array().unwrap().iter();
    let messages: Vec<_> = messages.map(|it| it["message"].clone()).collect();
    // Without a history there is a gap.
    assert_eq!(messages, [Value::Null, "second".into(), "first".into()]);
}

#[test]
fn each_key_that_the_help_shows_is_one() {
    let host = Host::new();
    let keys = host.ok(&["help", "keys"]);
    let shown = keys.split_whitespace().filter(|word| {
        let is_pattern = word.contains(|c: char| c.is_ascii_uppercase()) || word.contains('*');
        word.contains(|c: char| c.is_ascii_digit()) && !is_pattern && word.contains(['=', ':'])
    });
    let shown: Vec<_> = shown
        .map(|word| word.trim_end_matches([';', '.']))
        .collect();
    assert!(shown.len() >= 7, "{shown:?}");
    for key in shown {
        let said = host.fails(exit::REFUSED, &["show", key]);
        assert!(!said.contains("did you mean"), "{key}: {said}");
    }
}

#[test]
fn typos_suggest_the_right_spelling() {
    let host = Host::new();
    for (typed, meant) in [
        (&["lst"][..], "'list'"),
        (&["help", "formts"], "`certbind help formats`"),
        (&["help", "rotat"], "`certbind help rotate`"),
        (
            &["show", "hostname=a.contoso.com:443"],
            "hostnameport=a.contoso.com:443?",
        ),
    ] {
        let said = host.fails(exit::USAGE, typed);
        assert!(said.contains(meant), "{typed:?}: {said}");
    }
}

#[test]
fn every_shell_has_completions_that_know_the_commands() {
    let host = Host::new();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = host.ok(&["completions", shell]);
        assert!(
            script.contains("certbind") && script.contains("rotate"),
            "{shell}"
        );
    }
}

#[test]
fn bash_completes_a_command() {
    require!("bash");
    let host = Host::new();
    let script = host.file("completions.sh");
    std::fs::write(&script, host.ok(&["completions", "bash"])).unwrap();
    let ask = "source \"$0\"; COMP_WORDS=(certbind rot); COMP_CWORD=1; \
               _certbind certbind rot certbind; echo \"${COMPREPLY[*]}\"";
    let output = std::process::Command::new("bash")
        .args(["-c", ask])
        .arg(&script)
        .output()
        .unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "rotate\n");
}

/// As `--format json`: bash makes three words of it.
#[test]
fn bash_completes_a_value_after_an_equals_sign() {
    require!("bash");
    let host = Host::new();
    let script = host.file("completions.sh");
    std::fs::write(&script, host.ok(&["completions", "bash"])).unwrap();
    for (words, current, found) in [
        ("certbind list --format = j", "j", "json\n"),
        ("certbind list --format =", "", "table json\n"),
        ("certbind list --format j", "j", "json\n"),
    ] {
        let count = words.split(' ').count();
        let previous = words.split(' ').nth(count - 2).unwrap();
        let ask = format!(
            "source \"$0\"; COMP_WORDS=({words}); COMP_CWORD={}; \
             _certbind certbind '{current}' '{previous}'; echo \"${{COMPREPLY[*]}}\"",
            count - 1
        );
        let output = std::process::Command::new("bash")
            .args(["-c", &ask])
            .arg(&script)
            .output()
            .unwrap();
        assert_eq!(String::from_utf8(output.stdout).unwrap(), found, "{words}");
    }
}

#[test]
fn each_command_has_a_manual_page() {
    let host = Host::new();
    let folder = host.file("man");
    host.ok(&["man", folder.to_str().unwrap()]);
    let pages = std::fs::read_dir(&folder).unwrap();
    let mut pages: Vec<_> = pages
        .map(|page| page.unwrap().file_name().into_string().unwrap())
        .collect();
    pages.sort();
    assert!(pages.contains(&"certbind.1".to_owned()), "{pages:?}");
    assert!(pages.contains(&"certbind-rotate.1".to_owned()), "{pages:?}");
    let page = std::fs::read_to_string(folder.join("certbind-rotate.1")).unwrap();
    assert!(
        page.starts_with(".ie") && page.contains("match\\-names"),
        "{page}"
    );
    assert!(
        pages.contains(&"certbind-dsc-set.1".to_owned()),
        "{pages:?}"
    );
    let program = host.ok(&["man"]);
    assert!(program.contains(".TH certbind 1"));
    assert_eq!(
        program,
        std::fs::read_to_string(folder.join("certbind.1")).unwrap()
    );
    for option in ["quiet", "verbose", "color", "message", "history", "create"] {
        assert!(
            program.contains(&format!("\\fB\\-\\-{option}\\fR")),
            "{option}"
        );
    }
}

/// The table of exit codes is the one of `help exit-codes`, and each page has the rows of its command.
#[test]
fn manual_pages_have_the_exit_codes() {
    let host = Host::new();
    let folder = host.file("man");
    host.ok(&["man", folder.to_str().unwrap()]);
    let codes = |page: &str| {
        let page = std::fs::read_to_string(folder.join(page)).unwrap();
        let (_, section) = page.split_once(".SH \"EXIT STATUS\"\n.nf\n").unwrap();
        section.strip_suffix(".fi\n").unwrap().replace("\\-", "-")
    };
    let table = host.ok(&["help", "exit-codes"]);
    assert_eq!(codes("certbind.1"), table);
    let of_diff = codes("certbind-diff.1");
    assert!(
        of_diff.starts_with("  diff            0 equal") && of_diff.lines().count() == 3,
        "{of_diff}"
    );
    let of_sync = codes("certbind-sync.1");
    assert!(of_sync.contains("4 etcd was not reached"), "{of_sync}");
    assert!(!of_sync.contains("trace"), "{of_sync}");
    for row in ["  audit           0", "  audit (check)   0"] {
        assert!(codes("certbind-audit.1").contains(row), "{row}");
    }
    assert_eq!(
        codes("certbind-add.1"),
        "The exit codes are those of certbind(1).\n"
    );
}
