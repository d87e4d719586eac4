//! A plan as text: the counts, a line for each change, and the warnings.

use certbind_core::Binding;
use certbind_migrate::{Counts, FieldChange, Plan, Purpose, Step, Warning, owners};

use crate::changes::{changed, counted, whole};
use crate::message::warning;
use crate::terminal::escaped;

/// The complete plan. Unchanged bindings are only counted.
pub(crate) fn of(plan: &Plan) -> String {
    let mut text = format!("{}\n{}\n", escaped(&title(plan)), counts(&plan.counts()));
    if plan.changes().next().is_some() {
        text.push('\n');
    }
    for step in plan.changes() {
        text.push_str(&in_words(step));
        if let Some((application, _)) = step.owner_renewal() {
            text.push_str(&format!("    {:<22} {application}\n", "owner"));
        }
    }
    if !plan.warnings().is_empty() {
        text.push('\n');
    }
    let owners = owners(plan);
    if plan.warnings().is_empty() && !owners.is_empty() {
        text.push('\n');
    }
    // Those of the plan may be about steps that were left out since.
    let others = plan.warnings().iter();
    let others = others.filter(|warning| !matches!(warning, Warning::Owner { .. }));
    for printed in others.chain(&owners) {
        text.push_str(&warning(&escaped(&printed.to_string())));
        text.push('\n');
    }
    text
}

/// `Nothing to change; 3 bindings unchanged, 1 binding left alone`.
pub(crate) fn counts(counts: &Counts) -> String {
    let Counts {
        creates,
        replaces,
        deletes,
        unchanged,
        conflicts,
    } = counts;
    let changes = if creates + replaces + deletes == 0 {
        "Nothing to change".to_owned()
    } else {
        format!("{creates} to create, {replaces} to replace, {deletes} to delete")
    };
    format!("{changes}; {unchanged} unchanged, {conflicts} left alone")
}

/// How many bindings a plan changes.
pub(crate) fn changes(plan: &Plan) -> String {
    counted(plan.changes().count())
}

pub(crate) fn title(plan: &Plan) -> String {
    let header = plan.header();
    let source = header.source.as_deref().unwrap_or("an unknown source");
    let target = header.target.as_deref().unwrap_or("an unknown target");
    let made = match header.made_at {
        Some(time) => format!(", made {time:.0}"),
        None => String::new(),
    };
    match header.purpose {
        Purpose::Rotate => format!("Renew a certificate in {target}{made}"),
        Purpose::Undo => format!("Undo a plan in {target}{made}"),
        // A purpose of a later version moves bindings as well.
        _ => format!("Copy {source} to {target}{made}"),
    }
}

fn in_words(step: &Step) -> String {
    match step {
        Step::Create { new_value, source } => {
            let mut text = whole('+', new_value);
            if let Some(source) = source {
                text.push_str(&origin(source, new_value));
                for field in FieldChange::between(source, new_value) {
                    let change = escaped(&field.change()).into_owned();
                    text.push_str(&format!("    mapped {:<15} {change}\n", field.name()));
                }
            }
            text
        }
        Step::Replace {
            expected,
            new_value,
            source,
        } => {
            let mut text = changed(expected, new_value);
            if let Some(source) = source {
                text.push_str(&origin(source, new_value));
            }
            text
        }
        Step::Delete { expected } => whole('-', expected),
        Step::Keep { .. } => String::new(),
    }
}

/// The source of a binding, if it had another key there.
fn origin(source: &Binding, new_value: &Binding) -> String {
    if source.key() == new_value.key() {
        return String::new();
    }
    format!("    {:<22} {}\n", "source key", source.key())
}
