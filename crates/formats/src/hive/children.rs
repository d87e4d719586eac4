//! The keys under a key.

use super::bytes::{u16_at, u32_at};
use super::cell_error::CellError;
use super::cells::Cells;
use super::key::{Key, Under};

/// The keys under a key, of which only those that are needed are read.
pub(super) struct Children<'a> {
    own: u32,
    /// Their number, which the key states.
    count: u32,
    elements: Vec<Element<'a>>,
}

/// An element of a list of keys, or a list that cannot be read.
enum Element<'a> {
    Unread(u32, Hint),
    Read(Result<Key<'a>, CellError>),
}

/// The part of a list's element that helps to find a key by its name.
#[derive(Clone, Copy)]
enum Hint {
    Nothing,
    /// The first four characters of the name.
    Start([u8; 4]),
    /// A hash of the name in upper case.
    Hash(u32),
}

impl Hint {
    /// Whether it is the hint of a name, in ASCII.
    fn fits(self, name: &str) -> bool {
        match self {
            Self::Nothing => true,
            Self::Start(start) => {
                let name = name.bytes().chain([0; 4]).take(4);
                start
                    .into_iter()
                    .zip(name)
                    .all(|(a, b)| a.eq_ignore_ascii_case(&b))
            }
            Self::Hash(hash) => hash == hash_of(name),
        }
    }
}

/// The hash of a name in a list `lh`.
fn hash_of(name: &str) -> u32 {
    let upper = name.bytes().map(|byte| byte.to_ascii_uppercase());
    upper.fold(0, |hash: u32, byte| {
        hash.wrapping_mul(37).wrapping_add(byte.into())
    })
}

impl<'a> Children<'a> {
    pub(super) fn none() -> Self {
        Self {
            own: 0,
            count: 0,
            elements: Vec::new(),
        }
    }

    /// The keys in a list; `own` is the key that they are under.
    pub(super) fn of(own: u32, count: u32, list: u32, cells: &mut Cells<'a>) -> Self {
        let mut children = Self {
            own,
            count,
            elements: Vec::new(),
        };
        match leaves(cells, list) {
            Ok(leaves) => {
                for (offset, leaf) in leaves {
                    match leaf.and_then(|leaf| elements(offset, leaf)) {
                        Ok(elements) => children.elements.extend(elements),
                        Err(fault) => children.elements.push(Element::Read(Err(fault))),
                    }
                }
            }
            Err(fault) => children.elements.push(Element::Read(Err(fault))),
        }
        children
    }

    /// The number of keys that are listed.
    pub(super) fn listed(&self) -> usize {
        self.elements.len()
    }

    /// The key of a name. The hints of the list only say where to look first: if they lead to no key, all
    /// keys are read, and the damaged ones are returned.
    pub(super) fn named(
        &mut self,
        name: &str,
        cells: &mut Cells<'a>,
    ) -> Result<Option<Key<'a>>, CellError> {
        let is_named = |key: &Key<'a>| key.name().eq_ignore_ascii_case(name);
        for element in &mut self.elements {
            let is_candidate = match element {
                Element::Unread(_, hint) => hint.fits(name),
                Element::Read(_) => true,
            };
            if is_candidate
                && let Ok(key) = element.read(cells)
                && is_named(&key)
            {
                return Ok(Some(key));
            }
        }
        let all = self.all(cells);
        match (all.whole.into_iter().find(is_named), all.broken.first()) {
            (None, Some(fault)) => Err(*fault),
            (found, _) => Ok(found),
        }
    }

    /// All keys.
    pub(super) fn all(&mut self, cells: &mut Cells<'a>) -> Under<Key<'a>> {
        let mut under = Under::nothing();
        for element in &mut self.elements {
            match element.read(cells) {
                Ok(key) => under.whole.push(key),
                Err(fault) => under.broken.push(fault),
            }
        }
        if under.broken.is_empty() && under.whole.len() != self.count as usize {
            let what = "the number of subkeys is not the length of their list";
            under.broken.push(CellError::new(self.own, what));
        }
        under
    }
}

impl<'a> Element<'a> {
    fn read(&mut self, cells: &mut Cells<'a>) -> Result<Key<'a>, CellError> {
        let read = match *self {
            Self::Unread(offset, _) => Key::at(cells, offset),
            Self::Read(read) => return read,
        };
        *self = Self::Read(read);
        read
    }
}

type Leaf<'a> = (u32, Result<&'a [u8], CellError>);

/// The lists that a list of keys consists of: itself or, if it is a root, those that it names. A
/// root names no roots.
fn leaves<'a>(cells: &mut Cells<'a>, list: u32) -> Result<Vec<Leaf<'a>>, CellError> {
    let cell = cells.take(list)?;
    if !cell.starts_with(b"ri") {
        return Ok(vec![(list, Ok(cell))]);
    }
    let offsets = parts(list, cell, 4)?.filter_map(|part| u32_at(part, 0));
    Ok(offsets.map(|offset| (offset, cells.take(offset))).collect())
}

/// The elements of a list that names keys.
fn elements<'a>(offset: u32, leaf: &[u8]) -> Result<impl Iterator<Item = Element<'a>>, CellError> {
    let (size, hint): (_, fn(u32) -> Hint) = match leaf.first_chunk::<2>() {
        Some(b"lf") => (8, |word| Hint::Start(word.to_le_bytes())),
        Some(b"lh") => (8, Hint::Hash),
        Some(b"li") => (4, |_| Hint::Nothing),
        _ => return Err(CellError::new(offset, "this is not a list of keys")),
    };
    let parts = parts(offset, leaf, size)?;
    Ok(parts.filter_map(move |part| {
        let word = u32_at(part, 4).unwrap_or_default();
        Some(Element::Unread(u32_at(part, 0)?, hint(word)))
    }))
}

/// The parts of a list, of this size each.
fn parts(
    offset: u32,
    list: &[u8],
    size: usize,
) -> Result<std::slice::ChunksExact<'_, u8>, CellError> {
    let count = u16_at(list, 2).map_or(0, usize::from);
    let parts = list.get(4..4 + count * size);
    let parts = parts.ok_or(CellError::new(offset, "this list goes beyond its cell"))?;
    Ok(parts.chunks_exact(size))
}
