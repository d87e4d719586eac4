//! Arguments: `tag=value` in any order, or values alone in that of the usage.

use crate::netsh::abbreviation::unabbreviated;
use crate::netsh::grammar::{Refusal, spaced_pair};

/// The value of each tag that was given.
pub(in crate::netsh) struct Given<'a>(Vec<(&'static str, &'a str)>);

impl<'a> Given<'a> {
    pub(in crate::netsh) fn new(
        arguments: &'a [String],
        tags: &[&'static str],
    ) -> Result<Self, Refusal> {
        let mut given = Self(Vec::new());
        let mut rest = arguments;
        while let Some((argument, others)) = rest.split_first() {
            let pair = spaced_pair(rest).filter(|(tag, ..)| is_tag(tag));
            rest = pair.map_or(others, |(_, _, others)| others);
            let pair = pair.map(|(tag, value, _)| (tag, value));
            let (tag, value) = match pair.or_else(|| tagged(argument)) {
                Some((tag, value)) => {
                    let tag = unabbreviated(tag, tags.iter().copied());
                    (tag.ok_or(Refusal::UnknownTag)?, value)
                }
                None => {
                    let mut open = tags.iter().filter(|tag| given.value(tag).is_none());
                    (*open.next().ok_or(Refusal::Syntax)?, argument.as_str())
                }
            };
            if given.value(tag).is_some() {
                return Err(Refusal::Syntax);
            }
            given.0.push((tag, value));
        }
        Ok(given)
    }

    pub(in crate::netsh) fn value(&self, tag: &str) -> Option<&'a str> {
        let found = self.0.iter().find(|(given, _)| *given == tag);
        found.map(|(_, value)| *value)
    }

    pub(super) fn needed(&self, tag: &str) -> Result<&'a str, Refusal> {
        self.value(tag).ok_or(Refusal::Syntax)
    }
}

/// A tag and its value. A URL may have an equals sign in it, and no tag has anything but letters.
fn tagged(argument: &str) -> Option<(&str, &str)> {
    argument.split_once('=').filter(|(tag, _)| is_tag(tag))
}

fn is_tag(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphabetic())
}
