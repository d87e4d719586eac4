//! The bins of a hive: parts of one or more pages, each with a header, which contain the cells.

use super::bytes::u32_at;
use super::contents::Contents;

/// The length of a bin is a multiple of this.
pub(super) const PAGE: usize = 4096;
/// The length of a bin's header.
pub(super) const HEADER: usize = 32;

/// Where a bin begins and ends.
pub(super) type Bin = (usize, usize);

/// The bins of a hive, which are found when a cell in them is needed.
///
/// Windows reads all bins from the first one on. The bin of a cell is found faster from its page: the
/// bin begins there, or on a page before it. The two ways differ only where the data of a cell look like
/// the header of a bin on this very page. So [`nearest`](Self::nearest) never decides that a cell is
/// damaged; [`in_order`](Self::in_order) does.
pub(super) struct Bins<'a> {
    contents: Contents<'a>,
    /// The bins end here.
    end: usize,
    /// For each page, the page that its bin begins on.
    starts: Vec<Start>,
    /// The bin that was found last by its header: the cells of a binding are in one as a rule.
    last: Bin,
    in_order: Option<Vec<Bin>>,
}

/// The number of a page, counted from 1; 0 if it is not known, [`MISSING`] if there is none.
type Start = u32;
const MISSING: Start = Start::MAX;

impl<'a> Bins<'a> {
    pub(super) fn of(contents: Contents<'a>, end: usize) -> Self {
        Self {
            contents,
            end,
            starts: vec![0; end.div_ceil(PAGE)],
            last: (0, 0),
            in_order: None,
        }
    }

    /// The bin of a place, found by the headers on its page and on those before it. No header is read
    /// twice for this, so that all of them take time linear in the length of the hive.
    pub(super) fn nearest(&mut self, at: usize) -> Option<Bin> {
        // Not for another page: that can have a header of its own.
        let (start, end) = self.last;
        if (start..end).contains(&at) && end - start == PAGE {
            return Some(self.last);
        }
        let page = at / PAGE;
        let mut first = page;
        let found = loop {
            match *self.starts.get(first)? {
                0 if self.at(first * PAGE).is_some() => {
                    break Start::try_from(first).ok()?.checked_add(1)?;
                }
                0 if first == 0 => break MISSING,
                0 => first -= 1,
                known => break known,
            }
        };
        for start in self.starts.get_mut(first..=page)? {
            *start = found;
        }
        if found == MISSING {
            return None;
        }
        let bin = self.at((found as usize - 1) * PAGE)?;
        self.last = bin;
        (at < bin.1).then_some(bin)
    }

    /// The bin of a place, found by the lengths of all bins.
    pub(super) fn in_order(&mut self, at: usize) -> Option<Bin> {
        if self.in_order.is_none() {
            self.in_order = Some(self.all());
        }
        let bins = self.in_order.as_deref().unwrap_or_default();
        let number = bins.partition_point(|(start, _)| *start <= at);
        let bin = bins.get(number.checked_sub(1)?)?;
        (at < bin.1).then_some(*bin)
    }

    fn all(&self) -> Vec<Bin> {
        let mut bins = Vec::new();
        let mut at = 0;
        while at < self.end {
            match self.at(at) {
                Some(bin) => {
                    bins.push(bin);
                    at = bin.1;
                }
                None => at += PAGE,
            }
        }
        bins
    }

    /// The bin that begins at a place.
    fn at(&self, at: usize) -> Option<Bin> {
        let header = self.contents.get(at, HEADER)?;
        let place = u32_at(header, 4)? as usize;
        let length = u32_at(header, 8)? as usize;
        let is_bin = header.starts_with(b"hbin")
            && place == at
            && length >= PAGE
            && length.is_multiple_of(PAGE);
        is_bin.then(|| (at, (at + length).min(self.end)))
    }
}
