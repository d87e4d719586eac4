//! Arguments: `tag=value` in any order, or values alone in that of the usage.

use crate::netsh::abbreviation::unabbreviated;
use crate::netsh::grammar::Refusal;

/// What was given for each tag.
pub(super) struct Given<'a>(Vec<(&'static str, &'a str)>);

impl<'a> Given<'a> {
    pub(super) fn new(arguments: &'a [String], tags: &[&'static str]) -> Result<Self, Refusal> {
        let mut given = Self(Vec::new());
        for argument in arguments {
            let (tag, value) = match tagged(argument) {
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

    pub(super) fn value(&self, tag: &str) -> Option<&'a str> {
        let found = self.0.iter().find(|(given, _)| *given == tag);
        found.map(|(_, value)| *value)
    }

    pub(super) fn needed(&self, tag: &str) -> Result<&'a str, Refusal> {
        self.value(tag).ok_or(Refusal::Syntax)
    }
}

/// A tag and its value. A URL may have an equals sign in it, and no tag has anything but letters.
fn tagged(argument: &str) -> Option<(&str, &str)> {
    let (tag, value) = argument.split_once('=')?;
    tag.bytes()
        .all(|byte| byte.is_ascii_alphabetic())
        .then_some((tag, value))
}
