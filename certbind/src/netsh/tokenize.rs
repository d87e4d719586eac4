//! Splits a line of a script into words, as netsh does.

/// The words of a line. Spaces separate them, except between double quotes, which are dropped; no
/// other character quotes or escapes. A quote that is not closed extends to the end of the line.
pub(super) fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    // None between words; quotes may also contain an empty word.
    let mut word: Option<String> = None;
    let mut is_quoted = false;
    for character in line.chars() {
        match character {
            '"' => {
                is_quoted = !is_quoted;
                word.get_or_insert_default();
            }
            blank if blank.is_whitespace() && !is_quoted => words.extend(word.take()),
            other => word.get_or_insert_default().push(other),
        }
    }
    words.extend(word);
    words
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn double_quotes_alone_keep_spaces() {
        let cases: &[(&str, &[&str])] = &[
            ("", &[]),
            (" \t ", &[]),
            ("http  show\tsslcert ", &["http", "show", "sslcert"]),
            (
                "sslctlstorename=\"Client Authentication Issuer\" reject=enable",
                &[
                    "sslctlstorename=Client Authentication Issuer",
                    "reject=enable",
                ],
            ),
            ("\"appid={0}\" a\"b c\"d \"\"", &["appid={0}", "ab cd", ""]),
            ("appid='{a b}'", &["appid='{a", "b}'"]),
            (r#"path="c:\x" y\ z"#, &[r"path=c:\x", r"y\", "z"]),
            ("\"left open ", &["left open "]),
        ];
        for (line, expected) in cases {
            assert_eq!(words(line), *expected, "{line}");
        }
    }
}
