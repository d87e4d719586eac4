//! The errors of a text whose parts may be a few bytes long: the first thousand and a count.

use std::num::NonZeroU64;

use crate::report::ParseError;

/// The most errors that are kept.
const MOST: usize = 1_000;

/// The errors of a reader, in the order of the text.
#[derive(Clone, Debug, Default)]
pub(crate) struct ErrorList {
    first: Vec<ParseError>,
    more: u64,
}

impl ErrorList {
    pub(crate) fn push(&mut self, error: impl FnOnce() -> ParseError) {
        match self.first.len() < MOST {
            true => self.first.push(error()),
            false => self.more += 1,
        }
    }

    /// Adds the errors of a part after these.
    pub(crate) fn append(&mut self, part: Self) {
        for error in part.first {
            self.push(|| error);
        }
        self.more += part.more;
    }

    /// How many errors there are, kept or not.
    pub(crate) fn count(&self) -> u64 {
        self.first.len() as u64 + self.more
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.first.is_empty()
    }

    /// The errors that are kept.
    pub(crate) fn kept(&self) -> &[ParseError] {
        &self.first
    }

    /// The same, to be changed.
    pub(crate) fn kept_mut(&mut self) -> &mut [ParseError] {
        &mut self.first
    }

    /// The errors, and as the last one the number of the errors that are not kept.
    pub(crate) fn into_errors(self) -> Vec<ParseError> {
        let mut errors = self.first;
        if self.more > 0 {
            let what = match self.more {
                1 => "1 more error".to_owned(),
                more => format!("{more} more errors"),
            };
            errors.push(ParseError {
                counted: NonZeroU64::new(self.more),
                ..ParseError::in_file(what)
            });
        }
        errors
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may unwrap")]

    use super::*;
    use crate::error::ReadError;

    #[test]
    fn errors_after_the_first_thousand_are_counted() {
        let mut list = ErrorList::default();
        for line in 0..1_003 {
            list.push(|| ParseError::at(line, "broken"));
        }
        let errors = list.into_errors();
        assert_eq!(errors.len(), 1_001);
        assert_eq!(errors[999].line, Some(999));
        assert_eq!(errors[1_000].to_string(), "3 more errors");
        let all = ReadError::Broken(errors).to_string();
        assert_eq!(all, "line 0: broken (and 1002 more)");
    }

    #[test]
    fn errors_of_parts_are_counted_together() {
        let part = || {
            let mut list = ErrorList::default();
            for line in 0..1_200 {
                list.push(|| ParseError::at(line, "broken"));
            }
            list
        };
        let mut list = part();
        list.append(part());
        let errors = list.into_errors();
        assert_eq!(errors.len(), 1_001);
        assert_eq!(errors[1_000].to_string(), "1400 more errors");
    }
}
