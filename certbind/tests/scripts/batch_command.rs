//! A command of a batch file: its words, its redirection, and the arguments of a program.

/// `"text" rest`, without the quotation marks.
pub(crate) fn quoted(text: &str) -> (&str, &str) {
    let text = text.strip_prefix('"').expect("a quotation mark");
    text.split_once('"').expect("a second quotation mark")
}

/// The second phase of `cmd`: a command and its redirections.
pub(crate) struct Command {
    pub(crate) words: String,
    pub(crate) output: Option<String>,
    pub(crate) with_errors: bool,
}

impl Command {
    pub(crate) fn parse(line: &str) -> Self {
        let mut words = String::new();
        let (mut output, mut with_errors, mut is_quoted) = (None, false, false);
        let mut rest = line;
        while let Some(c) = rest.chars().next() {
            if !is_quoted && let Some(after) = rest.strip_prefix(" 2>&1") {
                assert!(after.is_empty() && output.is_some(), "{line}");
                with_errors = true;
                break;
            }
            rest = &rest[c.len_utf8()..];
            match c {
                '"' => {
                    is_quoted = !is_quoted;
                    words.push('"');
                }
                '^' if !is_quoted => {
                    let escaped = rest.chars().next().expect("an escaped character");
                    words.push(escaped);
                    rest = &rest[escaped.len_utf8()..];
                }
                '>' if !is_quoted => {
                    assert!(output.is_none(), "{line}");
                    // A digit before it would be the number of a handle.
                    assert!(!words.ends_with(|c: char| c.is_ascii_digit()), "{line}");
                    let (path, after) = match rest.strip_prefix("nul") {
                        Some(after) => ("nul", after),
                        None => quoted(rest),
                    };
                    assert!(after.is_empty() || after.starts_with(' '), "{line}");
                    output = Some(path.to_owned());
                    rest = after;
                    if words.is_empty() {
                        rest = rest.trim_start();
                    }
                }
                '&' | '|' | '<' | '(' | ')' | '!' if !is_quoted => panic!("{c:?} in {line}"),
                c => words.push(c),
            }
        }
        assert!(!is_quoted, "an open quotation mark: {line}");
        let words = match output {
            Some(_) => words.trim_end().to_owned(),
            None => words,
        };
        Self {
            words,
            output,
            with_errors,
        }
    }
}

/// The arguments of a program, as `CommandLineToArgvW` documents them.
pub(crate) fn arguments(line: &str) -> Vec<String> {
    let mut arguments = Vec::new();
    let (mut argument, mut is_quoted, mut backslashes) = (None::<String>, false, 0);
    for c in line.chars() {
        if c == '\\' {
            backslashes += 1;
            continue;
        }
        let is_escaped = c == '"' && backslashes % 2 == 1;
        let kept = match c {
            '"' => backslashes / 2,
            _ => backslashes,
        };
        if kept > 0 || is_escaped {
            let text = argument.get_or_insert_default();
            text.push_str(&"\\".repeat(kept));
        }
        backslashes = 0;
        match c {
            '"' if is_escaped => argument.get_or_insert_default().push('"'),
            '"' => {
                is_quoted = !is_quoted;
                argument.get_or_insert_default();
            }
            ' ' if !is_quoted => arguments.extend(argument.take()),
            c => argument.get_or_insert_default().push(c),
        }
    }
    if backslashes > 0 {
        let text = argument.get_or_insert_default();
        text.push_str(&"\\".repeat(backslashes));
    }
    arguments.extend(argument);
    arguments
}

#[test]
fn arguments_are_split_as_documented() {
    let split = |line| arguments(line).join("|");
    assert_eq!(split(r#"a="b c" d"#), "a=b c|d");
    assert_eq!(split(r#"x="C:\a b\" y"#), r#"x=C:\a b" y"#);
    assert_eq!(split(r"a\b c\"), r"a\b|c\");
    assert_eq!(split(r#""C:\a b\\" c"#), r"C:\a b\|c");
}
