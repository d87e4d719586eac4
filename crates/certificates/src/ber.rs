//! A reader of BER (X.690): definite and indefinite lengths, primitive and constructed strings.
//!
//! NSS, BouncyCastle and old versions of Windows write PFX and PKCS #7 files in BER. Lengths are
//! untrusted: an element never extends beyond its parent, and nesting is limited.

use std::borrow::Cow;

/// The maximum depth of nested elements. Real files have fewer than 10 levels.
const MAX_DEPTH: usize = 32;

/// One element. Its content may be read further with [`children`] or [`Element::octets`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Element<'a> {
    tag: u8,
    /// The value, without the end marker of an indefinite length.
    pub(crate) content: &'a [u8],
    /// The bytes of the complete element, unchanged from the file.
    pub(crate) raw: &'a [u8],
}

pub(crate) const INTEGER: u8 = 0x02;
pub(crate) const OCTET_STRING: u8 = 0x04;
pub(crate) const OBJECT_IDENTIFIER: u8 = 0x06;
pub(crate) const SEQUENCE: u8 = 0x30;
pub(crate) const SET: u8 = 0x31;

const CONSTRUCTED: u8 = 0x20;
const CLASS: u8 = 0xc0;
const CONTEXT: u8 = 0x80;
const NUMBER: u8 = 0x1f;

impl<'a> Element<'a> {
    /// Whether this is an element of the universal class with this tag, constructed or not.
    pub(crate) fn is(&self, tag: u8) -> bool {
        self.tag & !CONSTRUCTED == tag & !CONSTRUCTED
    }

    /// Whether this has the context-specific tag `[number]`.
    pub(crate) fn is_context(&self, number: u8) -> bool {
        self.tag & CLASS == CONTEXT && self.tag & NUMBER == number
    }

    /// The content, if this element has the tag.
    pub(crate) fn expect(self, tag: u8) -> Option<&'a [u8]> {
        self.is(tag).then_some(self.content)
    }

    /// The bytes of an octet string. A constructed one consists of segments, which are joined.
    pub(crate) fn octets(&self) -> Option<Cow<'a, [u8]>> {
        if self.tag & CONSTRUCTED == 0 {
            return Some(Cow::Borrowed(self.content));
        }
        let mut joined = Vec::with_capacity(self.content.len());
        join(self.content, &mut joined, 0)?;
        Some(Cow::Owned(joined))
    }

    /// A small number that is not negative.
    pub(crate) fn number(&self) -> Option<u64> {
        let bytes = self.expect(INTEGER)?;
        if bytes.is_empty() || bytes.len() > 9 || bytes[0] & 0x80 != 0 {
            return None;
        }
        bytes.iter().try_fold(0_u64, |number, byte| {
            Some(number.checked_mul(0x100)? | u64::from(*byte))
        })
    }
}

fn join(segments: &[u8], joined: &mut Vec<u8>, depth: usize) -> Option<()> {
    if depth > MAX_DEPTH {
        return None;
    }
    for segment in children(segments) {
        let segment = segment?;
        if !segment.is(OCTET_STRING) {
            return None;
        }
        if segment.tag & CONSTRUCTED == 0 {
            joined.extend(segment.content);
        } else {
            join(segment.content, joined, depth + 1)?;
        }
    }
    Some(())
}

/// Reads the first element of `bytes`, and returns the bytes after it.
pub(crate) fn read(bytes: &[u8]) -> Option<(Element<'_>, &[u8])> {
    read_at(bytes, 0)
}

/// The elements of `bytes`. After a malformed element there is `None`, and the iterator ends.
pub(crate) fn children(bytes: &[u8]) -> impl Iterator<Item = Option<Element<'_>>> {
    let mut rest = Some(bytes);
    std::iter::from_fn(move || {
        let bytes = rest.filter(|bytes| !bytes.is_empty())?;
        let found = read(bytes);
        rest = found.map(|(_, rest)| rest);
        Some(found.map(|(element, _)| element))
    })
}

/// The elements of `bytes`, if all of them are well formed.
pub(crate) fn all(bytes: &[u8]) -> Option<Vec<Element<'_>>> {
    children(bytes).collect()
}

fn read_at(bytes: &[u8], depth: usize) -> Option<(Element<'_>, &[u8])> {
    let (&tag, rest) = bytes.split_first()?;
    let mut rest = rest;
    if tag & NUMBER == NUMBER {
        // A tag number of several bytes.
        let end = rest.iter().position(|byte| byte & 0x80 == 0)?;
        rest = rest.get(end + 1..)?;
    }
    let (&first, after) = rest.split_first()?;
    if first == 0x80 {
        return indefinite(bytes, tag, after, depth);
    }
    let (length, content) = if first < 0x80 {
        (usize::from(first), after)
    } else {
        let count = usize::from(first & 0x7f);
        let (digits, content) = after.split_at_checked(count)?;
        let length = digits.iter().try_fold(0_usize, |length, digit| {
            Some(length.checked_mul(0x100)? | usize::from(*digit))
        })?;
        (length, content)
    };
    let (content, rest) = content.split_at_checked(length)?;
    let raw = &bytes[..bytes.len() - rest.len()];
    Some((Element { tag, content, raw }, rest))
}

/// An element that ends with an end marker: two zero bytes.
fn indefinite<'a>(
    bytes: &'a [u8],
    tag: u8,
    content: &'a [u8],
    depth: usize,
) -> Option<(Element<'a>, &'a [u8])> {
    if tag & CONSTRUCTED == 0 || depth >= MAX_DEPTH {
        return None;
    }
    let mut rest = content;
    while !rest.starts_with(&[0, 0]) {
        rest = read_at(rest, depth + 1)?.1;
    }
    let content = &content[..content.len() - rest.len()];
    let rest = &rest[2..];
    let raw = &bytes[..bytes.len() - rest.len()];
    Some((Element { tag, content, raw }, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn definite_and_indefinite_lengths_are_read() {
        let (element, rest) = read(&[0x30, 0x80, 2, 1, 7, 0, 0, 9]).unwrap();
        assert_eq!((element.content, rest), (&[2, 1, 7][..], &[9][..]));
        assert_eq!(element.raw.len(), 7);
        assert_eq!(all(element.content).unwrap()[0].number(), Some(7));
        let (element, rest) = read(&[0x04, 0x81, 2, 8, 9]).unwrap();
        assert_eq!((element.content, rest), (&[8, 9][..], &[][..]));
    }

    #[test]
    fn segments_of_a_string_are_joined() {
        let nested = [0x24, 0x80, 0x04, 1, 1, 0x24, 3, 0x04, 1, 2, 0, 0];
        let (string, _) = read(&nested).unwrap();
        assert_eq!(*string.octets().unwrap(), [1, 2]);
    }

    #[test]
    fn malformed_elements_are_refused() {
        for bytes in [
            &[0x30][..],
            &[0x30, 5, 1],
            &[0x30, 0x80, 2, 1, 7],
            &[0x04, 0x80, 0, 0],
            &[0x30, 0xff, 1],
            &[0x30, 0x89, 1, 1, 1, 1, 1, 1, 1, 1, 1],
            &[0x3f, 0x80],
        ] {
            assert!(read(bytes).is_none(), "{bytes:x?}");
        }
        let deep = [0x30, 0x80].repeat(100_000);
        assert!(read(&deep).is_none());
    }
}
