//! Tables of bindings, fitted to the terminal.

use std::io::{self, IsTerminal};

use certbind_audit::applications;
use certbind_core::{Binding, CertHash};
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
    let whole = table(bindings, CertHash::to_string);
    let Some(width) = width else {
        return whole.trim_fmt();
    };
    let fits = whole
        .lines()
        .all(|line| line.trim_end().chars().count() <= usize::from(width));
    let mut table = if fits { whole } else { table(bindings, short) };
    // A key that is broken over two lines is hard to read: other columns give way, if they can.
    let keys = table.column_max_content_widths();
    if let Some((keys, column)) = keys.first().zip(table.column_mut(0))
        && usize::from(*keys) * 9 <= usize::from(width) * 4
    {
        column.set_constraint(ColumnConstraint::ContentWidth);
    }
    table
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(width);
    table.trim_fmt()
}

fn table(bindings: &[Binding], hash: impl Fn(&CertHash) -> String) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(["KEY", "CERTIFICATE", "STORE", "APPLICATION", "OPTIONS"]);
    for binding in bindings {
        let record = binding.record();
        let certificate = record.certificate.as_ref();
        let store = certificate.map(|certificate| match &certificate.store_name {
            Some(name) => escaped(name.as_str()).into_owned(),
            None => "(null)".to_owned(),
        });
        table.add_row([
            binding.key().to_string(),
            certificate.map_or("central store".to_owned(), |c| hash(&c.hash)),
            store.unwrap_or_default(),
            applications::name(&record.app_id)
                .map_or_else(|| record.app_id.to_string(), ToOwned::to_owned),
            record::options(record).join(", "),
        ]);
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    table
}

fn short(hash: &CertHash) -> String {
    format!("{}…", &hash.to_string()[..12])
}

#[cfg(test)]
mod tests {
    use certbind_core::{Record, Uuid};

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

    #[test]
    fn on_a_terminal_no_line_is_wider_than_it() {
        for width in [40, 60, 80, 120, 200] {
            for line in fitted(&rows(3), Some(width)).lines() {
                assert!(
                    line.chars().count() <= usize::from(width),
                    "{width}: {line:?}"
                );
            }
        }
        let narrow = fitted(&rows(1), Some(120));
        assert!(narrow.contains("abababababab…"), "{narrow}");
        assert!(
            narrow.contains("a-rather-long-name.contoso.example:1"),
            "{narrow}"
        );
        assert!(fitted(&rows(1), Some(200)).contains(&"ab".repeat(20)));
    }
}
