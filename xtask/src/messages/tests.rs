use super::scan::{Kind, messages};

fn found(source: &str) -> Vec<(Kind, String)> {
    let messages = messages(source, false).expect("a source");
    messages
        .into_iter()
        .map(|message| (message.kind, message.text))
        .collect()
}

fn one(source: &str) -> (Kind, String) {
    let found = found(source);
    let [one] = found.as_slice() else {
        panic!("{found:?} in {source}");
    };
    one.clone()
}

#[test]
fn messages_are_read_in_every_context() {
    let import = "use crate::message::{note, report, warn};";
    for (kind, text, source) in [
        (
            Kind::Error,
            "cannot read {path}: {source}",
            r#"enum E { #[error("cannot read {}: {source}", path.display())] Read { path: PathBuf } }"#,
        ),
        (
            Kind::Error,
            "{cert_hash} is not bound",
            r#"enum E { #[error("{0} is not bound")] Bound(CertHash) }"#,
        ),
        (
            Kind::Error,
            "{key}: gone",
            r#"impl fmt::Display for KeyError { fn fmt() { write!(f, "{}: gone", self.key) } }"#,
        ),
        (
            Kind::Warning,
            "gone",
            r#"impl Display for PlanWarning { fn fmt() { f.write_str("gone") } }"#,
        ),
        (
            Kind::Warning,
            "{file}: skipped",
            r#"fn f() { warn(&escaped(&format!("{}: skipped", file.display()))); }"#,
        ),
        (Kind::Note, "skipped", r#"fn f() { note("skipped"); }"#),
        (
            Kind::Error,
            "{n} failed",
            r#"fn f() { let said = format!("{n} failed"); report(&said); }"#,
        ),
        (
            Kind::Warning,
            "trimmed: {label}",
            r#"fn f() { let what = format!("trimmed: {label:?}"); ConversionWarning::new(KIND, what); }"#,
        ),
        (
            Kind::Error,
            "expected {}",
            r#"fn f() { ParseError::at(line, "expected {}") }"#,
        ),
        (
            Kind::Event,
            "store opened",
            r#"fn f() { info!(path, "store opened"); }"#,
        ),
        (
            Kind::Reason,
            "it is {most} bytes long",
            r#"fn f() { Err(format!("it is {} bytes long", MOST)) }"#,
        ),
        (
            Kind::Reason,
            "it has no end",
            r#"const WHY: &str = "it has no end";"#,
        ),
        (
            Kind::Reason,
            "it has no end",
            r#"fn f() { new_maker("it has no end") }"#,
        ),
    ] {
        let source = format!("{import} {source}");
        assert_eq!(one(&source), (kind, text.to_owned()), "{source}");
    }
}

#[test]
fn parts_of_a_message_follow_it() {
    let source = r#"enum E {
        #[error("{key} is {}", match to { Some(to) => format!("now in {to} and more"), None => "gone" })]
        Gone,
    }"#;
    let texts: Vec<_> = found(source);
    let expected = [
        (Kind::Error, "{key} is {to}".to_owned()),
        (Kind::Reason, "now in {to} and more".to_owned()),
    ];
    assert_eq!(texts, expected);
}

#[test]
fn other_texts_are_no_messages() {
    for source in [
        r#"fn f() { panic!("this cannot be"); assert!(a, "this cannot be"); }"#,
        r#"fn f() { value.expect("this cannot be"); text.contains("this cannot be"); }"#,
        r#"#[cfg(test)] mod tests { fn f() { warn("this is a test"); } }"#,
        r#"#[test] fn f() { let it = "this is a test"; }"#,
        r#"fn f() { writeln!(out, "this is some output"); }"#,
        r#"fn f() { let out = format!("this is some output\n"); }"#,
        r#"#[arg(help = "this is some help")] fn f() {}"#,
        r#"/// This is a comment
           fn f() { named("the host name"); }"#,
    ] {
        assert_eq!(found(source), [], "{source}");
    }
    let output = r#"fn f() { warn!("store opened"); "this is some output" }"#;
    let found = messages(output, true).expect("a source");
    assert_eq!(found.len(), 1, "{found:?}");
}

/// A function of the same name that is no printer of messages does not make them.
#[test]
fn printers_are_those_of_the_module_of_messages() {
    assert_eq!(found(r#"fn f() { report("done"); }"#), []);
    assert_eq!(one(r#"fn f() { message::warn("gone"); }"#).0, Kind::Warning);
}
