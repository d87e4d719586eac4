//! Abbreviated names.

/// The name equal to `word` or beginning with it, without regard to case. An ambiguous word means
/// none of them.
pub(super) fn unabbreviated<'a>(
    word: &str,
    names: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let begins = |name: &str| {
        name.get(..word.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(word))
    };
    let begun: Vec<_> = names.into_iter().filter(|name| begins(name)).collect();
    match begun[..] {
        [only] => Some(only),
        _ => begun.into_iter().find(|name| name.len() == word.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_begins_another_is_still_a_name() {
        assert_eq!(unabbreviated("cc", ["ccs", "cc", "ccsx"]), Some("cc"));
        assert_eq!(unabbreviated("CC", ["cc", "ccs"]), Some("cc"));
        assert_eq!(unabbreviated("c", ["ccs", "cc", "ccsx"]), None);
        assert_eq!(unabbreviated("", ["ccs", "cc"]), None);
        assert_eq!(unabbreviated("ü", ["ccs"]), None);
    }
}
