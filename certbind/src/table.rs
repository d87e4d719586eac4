//! Tables of bindings, fitted to the terminal.

use std::collections::BTreeMap;
use std::io::{self, IsTerminal};

use certbind_audit::applications;
use certbind_core::Binding;
use comfy_table::{ColumnConstraint, ContentArrangement, Table, Width, presets};
use jiff::Timestamp;

use crate::record;
use crate::terminal::escaped;

/// How many rows are laid out at a time.
pub(crate) const SCREENFUL: usize = 200;

/// The table of these bindings; one line each where it does not go to a terminal.
pub(crate) fn of(bindings: &[Binding]) -> String {
    Rows::default().next(bindings)
}

/// The table of these bindings with the times of their registry keys, by the keys of the bindings.
pub(crate) fn with_times(bindings: &[Binding], times: &BTreeMap<String, Timestamp>) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(["KEY", "CERTIFICATE", "REGISTRY KEY WRITTEN", "APPLICATION"]);
    for binding in bindings {
        let [key, certificate, _, application, _] = cells(binding);
        let time = times.get(&key).map_or("-".to_owned(), ToString::to_string);
        table.add_row([key, certificate, time, application]);
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    table.trim_fmt()
}

/// A table that is printed in parts. The first part has the header, and its columns are the least
/// widths of the further parts.
pub(crate) struct Rows {
    terminal_width: Option<u16>,
    arrangement: Option<Arrangement>,
}

/// The arrangement of the first part.
enum Arrangement {
    /// The widths of the columns.
    Columns(Vec<u16>),
    /// A few lines for each binding.
    Blocks,
}

impl Default for Rows {
    fn default() -> Self {
        Self::fitting(io::stdout().is_terminal().then(|| {
            // A terminal of unknown size is taken to be an ordinary one.
            terminal_size::terminal_size().map_or(80, |(width, _)| width.0)
        }))
    }
}

impl Rows {
    fn fitting(terminal_width: Option<u16>) -> Self {
        Self {
            terminal_width,
            arrangement: None,
        }
    }

    /// Whether there was no part yet.
    pub(crate) fn is_empty(&self) -> bool {
        self.arrangement.is_none()
    }

    /// The next part, without a line break at its end.
    pub(crate) fn next(&mut self, bindings: &[Binding]) -> String {
        match &self.arrangement {
            None => self.first(bindings),
            Some(Arrangement::Blocks) => format!("\n{}", blocks(bindings)),
            Some(Arrangement::Columns(widths)) => {
                let mut table = table(bindings);
                table.set_header(Vec::<String>::new());
                for (column, width) in table.column_iter_mut().zip(widths) {
                    column.set_constraint(ColumnConstraint::LowerBoundary(Width::Fixed(width + 2)));
                }
                fit(&mut table, self.terminal_width);
                // The header is an empty line.
                let text = table.trim_fmt();
                text.strip_prefix('\n').unwrap_or(&text).to_owned()
            }
        }
    }

    fn first(&mut self, bindings: &[Binding]) -> String {
        let mut table = table(bindings);
        let widths = table.column_max_content_widths();
        let fixed: usize = widths.iter().take(2).map(|it| usize::from(*it)).sum();
        // Keys and hashes are pasted elsewhere, so they are neither cut nor broken over two lines. The
        // other columns need some room as well.
        if self
            .terminal_width
            .is_some_and(|width| fixed + 30 > usize::from(width))
        {
            self.arrangement = Some(Arrangement::Blocks);
            return blocks(bindings);
        }
        self.arrangement = Some(Arrangement::Columns(widths));
        fit(&mut table, self.terminal_width);
        table.trim_fmt()
    }
}

/// Fits a table to a terminal, if there is one.
fn fit(table: &mut Table, terminal_width: Option<u16>) {
    let Some(width) = terminal_width else {
        return;
    };
    for column in [0, 1] {
        if let Some(column) = table.column_mut(column) {
            column.set_constraint(ColumnConstraint::ContentWidth);
        }
    }
    table
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(width);
}

/// A few lines for each binding, for terminals that are too narrow for a table.
fn blocks(bindings: &[Binding]) -> String {
    let blocks = bindings.iter().map(|binding| {
        let [key, certificate, rest @ ..] = cells(binding);
        let rest = rest.iter().filter(|cell| !cell.is_empty());
        let rest: String = rest.map(|cell| format!("\n  {cell}")).collect();
        format!("{key}\n{certificate}{rest}")
    });
    blocks.collect::<Vec<_>>().join("\n\n")
}

fn table(bindings: &[Binding]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(["KEY", "CERTIFICATE", "STORE", "APPLICATION", "OPTIONS"]);
    for binding in bindings {
        table.add_row(cells(binding));
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    table
}

fn cells(binding: &Binding) -> [String; 5] {
    let record = binding.record();
    let certificate = record.certificate.as_ref();
    let store = certificate.map(|certificate| match &certificate.store_name {
        Some(name) => escaped(name.as_str()).into_owned(),
        None => "(null)".to_owned(),
    });
    [
        binding.key().to_string(),
        certificate.map_or("central store".to_owned(), |c| c.hash.to_string()),
        store.unwrap_or_default(),
        applications::name(&record.app_id)
            .map_or_else(|| record.app_id.to_string(), ToOwned::to_owned),
        record::options(record).join(", "),
    ]
}

#[cfg(test)]
mod tests {
    use certbind_core::{CertHash, Record, Uuid};

    use super::*;

    fn rows(count: u16) -> Vec<Binding> {
        let row = |port| {
            let key = format!("hostnameport=a-rather-long-name.contoso.example:{port}");
            let record = Record::new(CertHash::new([0xab; 20]), None, Uuid::nil());
            Binding::new(key.parse().unwrap(), record).unwrap()
        };
        (1..=count).map(row).collect()
    }

    #[test]
    fn without_a_terminal_every_binding_is_one_whole_line() {
        let table = Rows::fitting(None).next(&rows(3));
        assert_eq!(table.lines().count(), 4);
        assert!(table.contains(&"ab".repeat(20)) && table.contains("contoso.example:3"));
    }

    /// Only a key or a hash may be wider than the terminal: they are pasted elsewhere.
    #[test]
    fn no_hash_or_key_is_cut_on_any_terminal() {
        let (hash, key) = ("ab".repeat(20), "a-rather-long-name.contoso.example:1");
        for width in [40, 60, 80, 100, 120, 140, 200] {
            let text = Rows::fitting(Some(width)).next(&rows(3));
            assert_eq!(text.matches(&hash).count(), 3, "{width}: {text}");
            assert!(text.contains(key), "{width}: {text}");
            for line in text.lines() {
                let is_whole = line.contains(&hash) || line.contains(".contoso.example:");
                let fits = line.trim_end().chars().count() <= usize::from(width);
                assert!(fits || (is_whole && width < 110), "{width}: {line:?}");
            }
        }
    }

    /// A long listing has one header, and columns that stay where the first part has them.
    #[test]
    fn further_parts_continue_the_first() {
        // Keys of one length: longer ones widen the parts that have them.
        let all = &rows(199)[99..];
        for width in [None, Some(200)] {
            let mut parts = Rows::fitting(width);
            let text = [&all[..40], &all[40..]].map(|part| parts.next(part));
            let text = text.join("\n");
            let lines: Vec<_> = text.lines().collect();
            assert_eq!(lines.len(), 101, "{text}");
            assert_eq!(text.matches("CERTIFICATE").count(), 1);
            for word in ["abab", "(null)", "00000000-"] {
                let [first, last] = [lines[1], lines[100]].map(|line| line.find(word).unwrap());
                assert_eq!(first, last, "{text}");
            }
        }
        let mut parts = Rows::fitting(Some(60));
        let text = [&all[..1], &all[1..2]]
            .map(|part| parts.next(part))
            .join("\n");
        assert_eq!(text, Rows::fitting(Some(60)).next(&all[..2]));
    }
}
