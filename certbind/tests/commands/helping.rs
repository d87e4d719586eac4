//! `help`, `completions` and `man`.

use certbind::exit;
use certbind_test_support::require;

use super::Host;

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
    for (about, told) in [
        ("keys", "scopedccs=HOST:PORT"),
        ("KEYS", "hostnameport=www.contoso.com:443"),
        ("stores", "redb:PATH"),
        ("Formats", "netsh-powershell"),
        ("exit-codes", "4  check found a damaged store"),
        ("rotate", "--match-names"),
        ("help", "A command or a topic"),
    ] {
        let help = host.ok(&["help", about]);
        assert!(help.contains(told), "{about}: {help}");
    }
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
    assert!(host.ok(&["man"]).contains(".TH certbind 1"));
}
