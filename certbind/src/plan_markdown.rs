//! A plan in Markdown, for review comments.

use certbind_core::Binding;
use certbind_migrate::{Plan, Step};

use crate::plan_text;
use crate::terminal::escaped;

/// The title, the counts, a table row for each change, and the warnings.
pub(crate) fn of(plan: &Plan) -> String {
    let mut text = format!(
        "### {}\n\n{}\n",
        cell(&plan_text::title(plan)),
        plan_text::counts(&plan.counts())
    );
    if plan.changes().next().is_some() {
        text.push_str("\n| change | key | details |\n|---|---|---|\n");
    }
    for step in plan.changes() {
        let (change, details) = match step {
            Step::Create { new_value, .. } => ("create", whole(new_value)),
            Step::Delete { expected } => ("**delete**", whole(expected)),
            _ => {
                let fields = step.fields();
                let fields = fields.iter();
                let fields = fields.map(|it| format!("{}: {}", it.name(), cell(&it.change())));
                ("replace", fields.collect::<Vec<_>>().join("<br>"))
            }
        };
        text.push_str(&format!("| {change} | `{}` | {details} |\n", step.key()));
    }
    if !plan.warnings().is_empty() {
        text.push('\n');
    }
    for warning in plan.warnings() {
        text.push_str(&format!("- **warning**: {}\n", cell(&warning.to_string())));
    }
    text
}

fn whole(binding: &Binding) -> String {
    let record = binding.record();
    let certificate = match record.hash() {
        Some(hash) => format!("`{hash}`"),
        None => "central store".to_owned(),
    };
    let application = certbind_audit::applications::name(&record.app_id);
    let application = application.map_or_else(|| record.app_id.to_string(), ToOwned::to_owned);
    format!("{certificate}, {application}")
}

/// A text in which nothing acts as markup, on one line.
fn cell(text: &str) -> String {
    let mut marked = String::new();
    for c in escaped(text).chars() {
        match c {
            '\\' | '`' | '*' | '_' | '|' | '<' | '[' | ']' | '#' | '@' | '!' | '&' => {
                marked.push('\\');
                marked.push(c);
            }
            c => marked.push(c),
        }
    }
    marked
}
