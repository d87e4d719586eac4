//! The PowerShell script, read by an independent tokenizer, sets exactly the bindings.

use certbind_core::strategy::binding;
use certbind_core::{Binding, CertHash, Record, Uuid};
use certbind_formats::{WriteError, netsh};
use proptest::prelude::*;

use crate::listings::{cases, export, host, read_text};
use crate::script::{added_by, is_expressible, set_by};

fn script(bindings: Vec<Binding>) -> Result<Vec<u8>, WriteError> {
    let mut out = Vec::new();
    netsh::write_powershell(&mut out, &export(bindings))?;
    Ok(out)
}

/// The lines after the function, as PowerShell reads the file: in UTF-8 if it has a byte order
/// mark.
fn commands(script: &[u8]) -> Vec<String> {
    let text = match script.strip_prefix(b"\xef\xbb\xbf") {
        Some(marked) => String::from_utf8(marked.to_vec()).unwrap(),
        None => {
            assert!(
                script.is_ascii(),
                "Windows PowerShell would not know that it is UTF-8"
            );
            String::from_utf8(script.to_vec()).unwrap()
        }
    };
    let text = text.replace("\r\n", "\n");
    assert!(!text.contains('\r'));
    let (functions, commands) = text.rsplit_once("\n}\n\n").unwrap();
    assert!(functions.contains("function Add-SslCert {"));
    let sets = commands.contains("Set-SslProperty ");
    assert_eq!(functions.contains("function Set-SslProperty {"), sets);
    commands.lines().map(str::to_owned).collect()
}

/// The arguments of a command in which each is a single-quoted string. PowerShell takes five
/// characters for a single quote, and two of any of them inside a string for the second.
fn arguments(command: &str) -> Vec<String> {
    let is_quote = |c: &char| "'\u{2018}\u{2019}\u{201a}\u{201b}".contains(*c);
    let added = command.strip_prefix("Add-SslCert");
    let options = added.or_else(|| command.strip_prefix("Set-SslProperty"));
    let mut chars = options.unwrap().chars().peekable();
    let mut arguments = Vec::new();
    while let Some(blank) = chars.next() {
        assert_eq!(blank, ' ', "between arguments in {command}");
        assert_eq!(
            chars.next(),
            Some('\''),
            "in front of an argument in {command}"
        );
        let mut argument = String::new();
        loop {
            let c = chars.next().expect("a string has an end");
            if is_quote(&c) {
                match chars.next_if(is_quote) {
                    Some(second) => argument.push(second),
                    None => break,
                }
            } else {
                argument.push(c);
            }
        }
        arguments.push(given(&argument));
    }
    arguments
}

/// The argument that a program receives from Windows PowerShell: in quotation marks if it contains
/// a space, with nothing inside escaped.
fn given(argument: &str) -> String {
    assert!(!argument.contains('"'), "{argument}");
    let in_quotes = argument.contains(char::is_whitespace);
    assert!(!(in_quotes && argument.ends_with('\\')), "{argument}");
    argument.to_owned()
}

#[test]
fn script_of_the_example_matches_its_snapshot() {
    let bindings = read_text(&host()).unwrap().export.bindings;
    let script = script(bindings).unwrap();
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/snapshots/host-2022.ps1");
    if std::env::var_os("SNAPSHOTS").is_some() {
        std::fs::write(path, &script).unwrap();
    }
    assert_eq!(script, std::fs::read(path).unwrap());
}

#[test]
fn nothing_in_a_value_is_powershells_to_act_on() {
    let names = [
        "Remote Desktop",
        "O'Brien",
        "$(Remove-Item C:\\) `n @{} ; # %",
        "‘left’ ‚low‛ ’;Remove-Item x;‘",
        "“double” „low“",
        "''",
        "-dash",
    ];
    for name in names {
        let mut record = Record::new(CertHash::new([7; 20]), None, Uuid::nil());
        record.ctl_store_name = Some(name.parse().unwrap());
        let binding = Binding::new("[fe80::1%7]:443".parse().unwrap(), record).unwrap();
        let script = script(vec![binding.clone()]).unwrap();
        let commands = commands(&script);
        assert_eq!(commands.len(), 1, "{name}");
        assert_eq!(added_by(&arguments(&commands[0])), binding, "{name}");
    }
}

#[test]
fn inexpressible_field_is_refused() {
    for (name, reason) in [
        ("M\"Y", "quotation mark"),
        ("M\nY", "control character"),
        ("M\u{85}Y", "control character"),
        ("C:\\", "backslash"),
        ("C:\\a b\\", "backslash"),
    ] {
        let name = Some(name.parse().unwrap());
        let mut record = Record::new(CertHash::new([7; 20]), name.clone(), Uuid::nil());
        record.ctl_store_name = name;
        let bindings = vec![Binding::new("0.0.0.0:443".parse().unwrap(), record).unwrap()];
        let mut batch = Vec::new();
        let batched = netsh::write_script(&mut batch, &export(bindings.clone()));
        assert!(batch.is_empty(), "nothing is written");
        for refused in [script(bindings).map(drop), batched] {
            let Err(WriteError::Inexpressible(refused)) = refused else {
                panic!("{refused:?}");
            };
            let fields: Vec<_> = refused.iter().map(|refused| &refused.field[..]).collect();
            assert_eq!(fields, ["certstorename", "sslctlstorename"]);
            assert!(refused[0].to_string().contains(reason), "{}", refused[0]);
        }
    }
}

#[test]
fn a_command_line_that_is_too_long_is_refused() {
    let of_length = |ctl: usize| {
        let mut record = Record::new(CertHash::new([7; 20]), None, Uuid::nil());
        record.ctl_identifier = Some("x".repeat(ctl).parse().unwrap());
        Binding::new("0.0.0.0:443".parse().unwrap(), record).unwrap()
    };
    assert!(script(vec![of_length(31_000)]).is_ok());
    let error = script(vec![of_length(32_000)]).unwrap_err();
    assert!(
        error.to_string().contains("a program takes up to 32000"),
        "{error}"
    );
}

proptest! {
    #![proptest_config(cases(256))]

    #[test]
    fn a_script_adds_the_bindings_or_is_refused(bindings in proptest::collection::vec(binding(), 1..3)) {
        let expressible = bindings.iter().all(is_expressible);
        match script(bindings.clone()) {
            Ok(script) => {
                prop_assert!(expressible);
                let mut added: Vec<Binding> = Vec::new();
                for line in commands(&script) {
                    if line.starts_with("Add-SslCert ") {
                        added.push(added_by(&arguments(&line)));
                    } else {
                        let binding = added.pop().unwrap();
                        added.push(set_by(&binding, &arguments(&line)));
                    }
                }
                prop_assert_eq!(added, bindings);
                prop_assert_eq!(script.starts_with(b"\xef\xbb\xbf"), !script.is_ascii());
            }
            Err(error) => {
                prop_assert!(!expressible, "{}", error);
                let first = bindings.iter().find(|binding| !is_expressible(binding)).unwrap();
                prop_assert!(error.to_string().starts_with(&first.key().to_string()), "{}", error);
            }
        }
    }
}
