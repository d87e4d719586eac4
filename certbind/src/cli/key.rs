//! A key on the command line. A mistyped key leads to a suggestion.

use certbind_core::{BindingKey, Kind};

use super::key_mistakes;

/// Less alike than this, a word is no slip for another.
const ALIKE: f64 = 0.6;

/// Parses a key.
pub(crate) fn key(text: &str) -> Result<BindingKey, String> {
    text.parse().map_err(|error| {
        if let Some(mistake) = key_mistakes::find(text) {
            return mistake;
        }
        match meant(text) {
            Some(key) => format!("{error}; did you mean {key}?"),
            None => format!("{error}; `certbind help keys` tells how keys are written"),
        }
    })
}

/// The key that was probably meant: with the tag most similar to the given one or, for a value
/// alone, the tag that it fits.
fn meant(text: &str) -> Option<BindingKey> {
    let tags = Kind::ALL.map(|kind| (kind.to_string(), kind));
    match text.split_once(['=', '/']) {
        Some((tag, value)) => {
            let tag = tag.to_ascii_lowercase();
            // "hostname=…" is short for one, and "ip=…" for another.
            let likeness = |known: &str| match known.starts_with(&tag) && !tag.is_empty() {
                true => 1.0,
                false => strsim::normalized_damerau_levenshtein(known, &tag),
            };
            let mut kinds: Vec<_> = tags
                .iter()
                .map(|(known, kind)| (likeness(known), *kind))
                .filter(|(likeness, _)| *likeness >= ALIKE)
                .collect();
            kinds.sort_by(|a, b| b.0.total_cmp(&a.0));
            let keys = kinds
                .iter()
                .filter_map(|(_, kind)| BindingKey::parse_as(*kind, value).ok());
            keys.into_iter().next()
        }
        None => [Kind::Ccs, Kind::IpPort, Kind::Sni]
            .into_iter()
            .find_map(|kind| {
                let with_port = format!("{text}:443");
                let parsed = BindingKey::parse_as(kind, text);
                parsed
                    .or_else(|_| BindingKey::parse_as(kind, &with_port))
                    .ok()
            }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistyped_key_suggests_the_right_one() {
        for (typed, meant) in [
            ("ipprt=0.0.0.0:443", "ipport=0.0.0.0:443"),
            ("IPPORTS=[::]:443", "ipport=[::]:443"),
            (
                "hostname=www.contoso.com:443",
                "hostnameport=www.contoso.com:443",
            ),
            (
                "host=www.contoso.com:443",
                "hostnameport=www.contoso.com:443",
            ),
            ("csc=443", "ccs=443"),
            (
                "scoped=www.contoso.com:443",
                "scopedccs=www.contoso.com:443",
            ),
            ("www.contoso.com:443", "hostnameport=www.contoso.com:443"),
            ("www.contoso.com", "hostnameport=www.contoso.com:443"),
            ("10.0.0.5", "ipport=10.0.0.5:443"),
            ("443", "ccs=443"),
        ] {
            let problem = key(typed).unwrap_err();
            let suggestion = format!("did you mean {meant}?");
            assert!(problem.ends_with(&suggestion), "{typed}: {problem}");
        }
    }

    #[test]
    fn unrecognizable_key_points_to_help() {
        for typed in ["", "=", "certificate=443", "ipport="] {
            let problem = key(typed).unwrap_err();
            assert!(problem.contains("certbind help keys"), "{typed}: {problem}");
        }
    }
}
