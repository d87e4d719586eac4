//! The lines of a text. The XML reader counts them from the beginning of the text for each place.

/// Where the lines of a text begin.
pub(super) struct Lines(Vec<usize>);

impl Lines {
    pub(super) fn of(text: &str) -> Self {
        let ends = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        Self(ends.map(|(at, _)| at + 1).collect())
    }

    /// The line of a byte, counted from 1.
    pub(super) fn line(&self, at: usize) -> u64 {
        self.0.partition_point(|start| *start <= at) as u64 + 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_begins_after_the_end_of_the_one_before() {
        let text = "a\r\nb\n\nc";
        let lines = Lines::of(text);
        let found: Vec<_> = (0..=text.len()).map(|at| lines.line(at)).collect();
        assert_eq!(found, [1, 1, 1, 2, 2, 3, 4, 4]);
        assert_eq!(Lines::of("").line(0), 1);
    }
}
