//! Command lines that `sh`, PowerShell and `cmd` take for the same words.

/// The words as a command line. None if a word cannot be written for all three shells, or has a
/// character that cannot be seen: a host name may contain anything.
pub(super) fn line<W: AsRef<str>>(words: impl IntoIterator<Item = W>) -> Option<String> {
    let words = words.into_iter().map(|word| quoted(word.as_ref()));
    Some(words.collect::<Option<Vec<_>>>()?.join(" "))
}

fn quoted(word: &str) -> Option<String> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-._:=/".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        return Some(word.to_owned());
    }
    // Between double quotes these are special in one of the shells.
    let is_special = |c: char| "\"$`%!\u{201c}\u{201d}\u{201e}".contains(c);
    let is_hidden = certbind_formats::hidden::visible(word) != word;
    // Windows PowerShell drops an empty word; a backslash at the end would escape the quote.
    let ends_badly = word.is_empty() || word.ends_with('\\');
    (!is_hidden && !ends_badly && !word.contains(is_special)).then(|| format!("\"{word}\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_for_three_shells_or_refused() {
        for (word, expected) in [
            ("ipport=0.0.0.0:443", Some("ipport=0.0.0.0:443")),
            ("ipport=[::]:443", Some("\"ipport=[::]:443\"")),
            (
                "hostnameport=*.contoso.com:443",
                Some("\"hostnameport=*.contoso.com:443\""),
            ),
            ("web 01.txt", Some("\"web 01.txt\"")),
            ("it's; rm", Some("\"it's; rm\"")),
            ("C:\\exports\\a.txt", Some("\"C:\\exports\\a.txt\"")),
            ("C:\\exports\\", None),
            ("$(id)", None),
            ("`id`", None),
            ("%PATH%", None),
            ("a\"b", None),
            ("a!b", None),
            ("a\u{202e}b", None),
            ("a\nb", None),
            ("", None),
        ] {
            assert_eq!(quoted(word).as_deref(), expected, "{word:?}");
        }
        assert_eq!(line(["a", "$b"]), None);
        assert_eq!(line(["a", "b c"]).unwrap(), "a \"b c\"");
    }
}
