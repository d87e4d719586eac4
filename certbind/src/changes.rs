//! Changes of bindings as text.

use anstyle::{AnsiColor, Style};
use certbind_audit::applications;
use certbind_core::Binding;
use certbind_migrate::{Comparison, FieldChange};

use crate::terminal::escaped;

/// `+ KEY  5226… in MY, IIS`: a new binding or, with another sign, a removed one.
pub(crate) fn whole(sign: char, binding: &Binding) -> String {
    let record = binding.record();
    let certificate = match &record.certificate {
        Some(certificate) => match &certificate.store_name {
            Some(store) => format!("{} in {}", certificate.hash, escaped(store.as_str())),
            None => certificate.hash.to_string(),
        },
        None => "central store".to_owned(),
    };
    let application = applications::name(&record.app_id)
        .map_or_else(|| format!("{{{}}}", record.app_id), ToOwned::to_owned);
    let style = style(sign);
    let key = binding.key();
    format!("{style}{sign} {key}{style:#}  {certificate}, {application}\n")
}

/// `~ KEY`, and a line for each field that changes.
pub(crate) fn changed(before: &Binding, after: &Binding) -> String {
    let style = style('~');
    let mut text = format!("{style}~ {}{style:#}\n", before.key());
    for field in FieldChange::between(before, after) {
        let change = field.change();
        text.push_str(&format!("    {:<22} {}\n", field.name(), escaped(&change)));
    }
    text
}

/// A difference of two states.
pub(crate) fn in_lines(change: &Comparison) -> String {
    match change {
        Comparison::Added(binding) => whole('+', binding),
        Comparison::Removed(binding) => whole('-', binding),
        Comparison::Changed { before, after } => changed(before, after),
        Comparison::Same(_) => String::new(),
    }
}

/// The colours of `diff`.
fn style(sign: char) -> Style {
    let color = match sign {
        '+' => AnsiColor::Green,
        '-' => AnsiColor::Red,
        _ => AnsiColor::Yellow,
    };
    Style::new().fg_color(Some(color.into()))
}

/// `1 binding`, `2 bindings`.
pub(crate) fn counted(bindings: usize) -> String {
    if bindings == 1 {
        "1 binding".into()
    } else {
        format!("{bindings} bindings")
    }
}
