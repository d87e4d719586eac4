//! Choices, each drawn from bytes: those of a property test or of a fuzzer.

/// Takes a choice from each byte; the first of all choices at the end of the bytes.
pub(super) struct Draw<'a> {
    bytes: &'a [u8],
}

impl<'a> Draw<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes }
    }

    /// A number below `count`.
    pub(super) fn below(&mut self, count: usize) -> usize {
        let Some((first, rest)) = self.bytes.split_first() else {
            return 0;
        };
        self.bytes = rest;
        let mut number = usize::from(*first);
        if count > 256
            && let Some((next, rest)) = self.bytes.split_first()
        {
            self.bytes = rest;
            number = number << 8 | usize::from(*next);
        }
        number % count.max(1)
    }

    pub(super) fn of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())]
    }

    /// True in one of `count` cases.
    pub(super) fn one_in(&mut self, count: usize) -> bool {
        self.below(count) == count - 1
    }

    pub(super) fn hex(&mut self, length: usize) -> String {
        let digits: Vec<char> = "0123456789abcdef".chars().collect();
        (0..length).map(|_| self.of(&digits)).collect()
    }
}
