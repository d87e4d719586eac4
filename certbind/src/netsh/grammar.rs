//! Arguments as netsh reads them: `tag=value` in any order, or values alone in the documented one.

use certbind_core::{BindingKey, Kind};

use super::abbreviation::unabbreviated;
use super::tags::{APPID, CERTHASH};

/// The reason why a command is not executed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// An argument is missing, or there is one too many.
    Syntax,
    /// A tag that this release does not support.
    UnknownTag,
    /// An invalid value.
    Value,
}

/// The value of each tag that was given.
#[derive(Debug)]
pub(super) struct Given<'a>(Vec<(&'static str, &'a str)>);

impl<'a> Given<'a> {
    /// Finds the tags that the arguments belong to.
    pub(super) fn new(arguments: &'a [String], tags: &[&'static str]) -> Result<Self, Refusal> {
        let mut given = Self(Vec::new());
        let mut rest = arguments;
        while let Some((argument, others)) = rest.split_first() {
            let pair = spaced_pair(rest);
            rest = pair.map_or(others, |(_, _, others)| others);
            let pair = pair.map(|(tag, value, _)| (tag, value));
            let (tag, value) = match pair.or_else(|| argument.split_once('=')) {
                Some((tag, value)) => {
                    let tag = unabbreviated(tag, tags.iter().copied());
                    (tag.ok_or(Refusal::UnknownTag)?, value)
                }
                None => (given.next_tag(tags, argument)?, argument.as_str()),
            };
            if given.value(tag).is_some() {
                return Err(Refusal::Syntax);
            }
            given.0.push((tag, value));
        }
        Ok(given)
    }

    /// The tag that a value without one belongs to: the next in order that was not given. Where the
    /// order is ambiguous, since usages and older documentation differ in it, the syntax of the
    /// value decides.
    fn next_tag(&self, tags: &[&'static str], value: &str) -> Result<&'static str, Refusal> {
        if !self.names_key() {
            return Ok(kind_by_looks(value).tag());
        }
        let is_key = |tag: &str| Kind::ALL.iter().any(|kind| kind.tag() == tag);
        let open = |tag: &&&'static str| self.value(tag).is_none() && !is_key(tag);
        let mut open = tags.iter().filter(open);
        match (open.next(), open.next()) {
            (Some(&APPID), Some(&CERTHASH)) if !value.starts_with('{') => Ok(CERTHASH),
            (Some(tag), _) => Ok(tag),
            (None, _) => Err(Refusal::Syntax),
        }
    }

    /// How many tags were given a value.
    pub(super) fn count(&self) -> usize {
        self.0.len()
    }

    pub(super) fn value(&self, tag: &str) -> Option<&'a str> {
        let found = self.0.iter().find(|(given, _)| *given == tag);
        found.map(|(_, value)| *value)
    }

    fn names_key(&self) -> bool {
        self.keys().next().is_some()
    }

    fn keys(&self) -> impl Iterator<Item = (Kind, &'a str)> {
        Kind::ALL
            .into_iter()
            .filter_map(|kind| Some((kind, self.value(kind.tag())?)))
    }

    /// The key that was given, as text; none if there was none.
    pub(super) fn key(&self) -> Result<Option<(Kind, &'a str)>, Refusal> {
        let mut keys = self.keys();
        match (keys.next(), keys.next()) {
            (_, Some(_)) => Err(Refusal::Syntax),
            (key, None) => Ok(key),
        }
    }
}

/// A tag and its value with spaces before the sign, as netsh's own `dump` prints them (`name = "…"`),
/// and the arguments after them.
pub(super) fn spaced_pair(arguments: &[String]) -> Option<(&str, &str, &[String])> {
    match arguments {
        [tag, ..] if tag.contains('=') => None,
        [tag, sign, value, rest @ ..] if sign == "=" => Some((tag, value, rest)),
        [tag, value, rest @ ..] => Some((tag, value.strip_prefix('=')?, rest)),
        _ => None,
    }
}

/// The key of a text.
pub(super) fn key((kind, value): (Kind, &str)) -> Result<BindingKey, Refusal> {
    BindingKey::parse_as(kind, value).map_err(|_| Refusal::Value)
}

fn kind_by_looks(value: &str) -> Kind {
    if BindingKey::parse_as(Kind::IpPort, value).is_ok() {
        Kind::IpPort
    } else if value.contains(':') {
        Kind::Sni
    } else {
        Kind::Ccs
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::netsh::profile::Profile;
    use crate::netsh::tags;

    fn given(line: &str) -> Result<Vec<(&'static str, String)>, Refusal> {
        let arguments: Vec<_> = line.split(' ').map(String::from).collect();
        let tags = tags::of_record(Profile::Server2025);
        let given = Given::new(&arguments, &tags)?;
        given.key()?;
        Ok(given
            .0
            .into_iter()
            .map(|(tag, value)| (tag, value.into()))
            .collect())
    }

    /// They can be abbreviated.
    #[test]
    fn tags_are_accepted_in_any_order_and_case() {
        let expected = [
            ("certstorename", "MY".to_owned()),
            ("ipport", "[::]:443".to_owned()),
            ("sslctlidentifier", "a=b".to_owned()),
            ("certhash", String::new()),
        ];
        let line = "CertStore=MY IPPORT=[::]:443 sslctli=a=b certhash=";
        assert_eq!(given(line).unwrap(), expected);
    }

    #[test]
    fn spaces_around_the_sign_are_ignored() {
        let expected = [
            ("ipport", "0.0.0.0:447".to_owned()),
            ("certstorename", "MY".to_owned()),
            ("certhash", "00".to_owned()),
        ];
        let line = "ipport = 0.0.0.0:447 certstorename =MY certhash = 00";
        assert_eq!(given(line).unwrap(), expected);
        for line in ["= 0.0.0.0:447", "nosuchtag = 1"] {
            assert_eq!(given(line), Err(Refusal::UnknownTag), "{line}");
        }
    }

    /// Or the order of the older documentation.
    #[test]
    fn untagged_values_follow_the_usage() {
        let tags = |line: &str| {
            let given = given(line).unwrap();
            given.into_iter().map(|(tag, _)| tag).collect::<Vec<_>>()
        };
        let basic = ["ipport", "appid", "certhash", "certstorename"];
        assert_eq!(tags("0.0.0.0:443 {0} 00 MY"), basic);
        let older = ["ipport", "certhash", "appid", "certstorename"];
        assert_eq!(tags("0.0.0.0:443 00 {0} MY"), older);
        assert_eq!(
            tags("appid={0} www.contoso.com:443 00 MY enable"),
            [
                "appid",
                "hostnameport",
                "certhash",
                "certstorename",
                "verifyclientcertrevocation"
            ]
        );
        assert_eq!(tags("443 {0}"), ["ccs", "appid"]);
    }

    #[test]
    fn extra_and_unknown_arguments_are_refused() {
        for (line, refusal) in [
            ("ipport=0.0.0.0:1 ipport=0.0.0.0:1", Refusal::Syntax),
            ("ipport=0.0.0.0:1 ccs=443", Refusal::Syntax),
            ("ipport=0.0.0.0:1 nosuchtag=1", Refusal::UnknownTag),
            ("disabletls1=enable", Refusal::UnknownTag),
            ("=", Refusal::UnknownTag),
        ] {
            assert_eq!(given(line), Err(refusal), "{line}");
        }
        let full = vec!["0"; 40].join(" ");
        assert_eq!(given(&full), Err(Refusal::Syntax));
    }
}
