//! A key on the command line. A mistyped key leads to a suggestion.

use certbind_core::BindingKey;
use certbind_formats::key_mistake;

/// Parses a key.
pub(crate) fn key(text: &str) -> Result<BindingKey, String> {
    text.parse().map_err(|error| {
        key_mistake(text).unwrap_or_else(|| format!("{error}; see `certbind help keys`"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unrecognizable_key_points_to_help() {
        for typed in ["", "=", "certificate=443", "ipport="] {
            let problem = key(typed).unwrap_err();
            assert!(problem.contains("certbind help keys"), "{typed}: {problem}");
        }
    }
}
