//! Tables of bindings, fitted to the terminal.

use std::io::{self, IsTerminal};

use certbind_audit::applications;
use certbind_core::Binding;
use comfy_table::{ColumnConstraint, ContentArrangement, Table, presets};

use crate::record;
use crate::terminal::escaped;

/// The table of these bindings; one line each where it does not go to a terminal.
pub(crate) fn of(bindings: &[Binding]) -> String {
    let width = io::stdout().is_terminal().then(|| {
        // A terminal that does not know its size is taken to be an ordinary one.
        terminal_size::terminal_size().map_or(80, |(width, _)| width.0)
    });
    fitted(bindings, width)
}

fn fitted(bindings: &[Binding], width: Option<u16>) -> String {
    let mut whole = table(bindings);
    let Some(width) = width else {
        return whole.trim_fmt();
    };
    let columns = whole.column_max_content_widths();
    let fixed: usize = columns.iter().take(2).map(|it| usize::from(*it)).sum();
    // Keys and hashes are pasted elsewhere, so they are neither cut nor broken over two lines. The
    // other columns need some room as well.
    if fixed + 30 > usize::from(width) {
        return blocks(bindings);
    }
    for column in [0, 1] {
        if let Some(column) = whole.column_mut(column) {
            column.set_constraint(ColumnConstraint::ContentWidth);
        }
    }
    whole
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(width);
    whole.trim_fmt()
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
        let table = fitted(&rows(3), None);
        assert_eq!(table.lines().count(), 4);
        assert!(table.contains(&"ab".repeat(20)) && table.contains("contoso.example:3"));
    }

    /// Only a key or a hash may be wider than the terminal: they are pasted elsewhere.
    #[test]
    fn no_hash_or_key_is_cut_on_any_terminal() {
        let (hash, key) = ("ab".repeat(20), "a-rather-long-name.contoso.example:1");
        for width in [40, 60, 80, 100, 120, 140, 200] {
            let text = fitted(&rows(3), Some(width));
            assert_eq!(text.matches(&hash).count(), 3, "{width}: {text}");
            assert!(text.contains(key), "{width}: {text}");
            for line in text.lines() {
                let is_whole = line.contains(&hash) || line.contains(".contoso.example:");
                let fits = line.trim_end().chars().count() <= usize::from(width);
                assert!(fits || (is_whole && width < 110), "{width}: {line:?}");
            }
        }
    }
}
