//! The answers to all connections of a port, and their changes by a plan.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use certbind_core::{Binding, BindingKey, Port};
use certbind_migrate::Plan;
use certbind_resolve::{Case, NameCase, Resolver};
use comfy_table::{Table, presets};
use serde_json::{Value, json};

use super::Answer;
use crate::error::Error;
use crate::terminal::escaped;

/// A row: an address, the server names, and the answering binding.
struct Row<'a> {
    case: Case,
    /// Whether the row applies to every name.
    every_name: bool,
    answers: Vec<Option<&'a Binding>>,
}

/// Every connection that a port distinguishes.
pub(super) fn of_port(bindings: &[Binding], port: Port) -> Answer {
    let host = Resolver::new(bindings);
    let rows = rows(host.cases(port), |case| vec![chosen(&host, case)]);
    let answered = rows.iter().any(|row| row.answers[0].is_some());
    Answer {
        text: match answered {
            true => table(&rows, &["ANSWERED BY"]),
            false => format!("Nothing is bound to port {port}.\n"),
        },
        json: json!({ "port": port.get(), "connections": as_json(&rows, &["answered_by"]) }),
        answered,
    }
}

/// The connections that get another binding or certificate from a plan. It succeeds if every
/// connection that is answered before is answered after.
pub(super) fn changes(bindings: &[Binding], plan: &Plan) -> Result<Answer, Error> {
    let mut after: BTreeMap<&BindingKey, &Binding> = BTreeMap::new();
    after.extend(bindings.iter().map(|binding| (binding.key(), binding)));
    if let Some(step) = plan
        .steps()
        .iter()
        .find(|step| after.get(step.key()).copied() != step.expected())
    {
        return Err(Error::PlanOfAnotherState {
            key: step.key().clone(),
        });
    }
    let mut ports = BTreeSet::new();
    for step in plan.changes() {
        ports.insert(step.key().port());
        match step.new_value() {
            Some(binding) => after.insert(step.key(), binding),
            None => after.remove(step.key()),
        };
    }
    let before = Resolver::new(bindings);
    let both: BTreeMap<_, _> = bindings
        .iter()
        .map(|binding| (binding.key(), binding))
        .chain(after.iter().map(|(key, binding)| (*key, *binding)))
        .collect();
    let both = Resolver::new(both.into_values());
    let after = Resolver::new(after.into_values());
    let changed = ports.into_iter().flat_map(|port| {
        let rows = rows(both.cases(port), |case| {
            vec![chosen(&before, case), chosen(&after, case)]
        });
        rows.into_iter().filter(|row| differs(row))
    });
    let changed: Vec<_> = changed.collect();
    let lost = |row: &Row<'_>| row.answers[0].is_some() && row.answers[1].is_none();
    Ok(Answer {
        text: match changed.is_empty() {
            true => "No client gets another binding or certificate.\n".to_owned(),
            false => table(&changed, &["BEFORE", "AFTER"]),
        },
        json: json!({ "changed": as_json(&changed, &["before", "after"]) }),
        answered: !changed.iter().any(lost),
    })
}

/// A plan for one host.
pub(super) fn read_plan(path: &Path) -> Result<Plan, Error> {
    let json = crate::read_file::read(path).map_err(|source| Error::Input {
        path: path.to_owned(),
        source,
    })?;
    Plan::from_json(&json).map_err(|error| Error::BrokenInput {
        path: path.to_owned(),
        problem: error.to_string(),
    })
}

fn chosen<'a>(host: &Resolver<&'a Binding>, case: &Case) -> Option<&'a Binding> {
    host.choose(&case.connection).map(|(_, binding)| *binding)
}

/// Whether a client gets another binding, or another record of the same one.
fn differs(row: &Row<'_>) -> bool {
    row.answers[0] != row.answers[1]
}

/// The rows of the cases; one for all names of an address if they are answered alike.
fn rows<'a>(cases: Vec<Case>, answers: impl Fn(&Case) -> Vec<Option<&'a Binding>>) -> Vec<Row<'a>> {
    let mut rows: Vec<Row<'a>> = Vec::new();
    for cases in cases.chunk_by(|a, b| a.connection.local() == b.connection.local()) {
        let of_case = |case: &Case| Row {
            case: case.clone(),
            every_name: false,
            answers: answers(case),
        };
        let mut of_address: Vec<_> = cases.iter().map(of_case).collect();
        let alike = of_address
            .iter()
            .all(|row| row.answers == of_address[0].answers);
        if alike {
            of_address.truncate(1);
            of_address[0].every_name = true;
        }
        rows.append(&mut of_address);
    }
    rows
}

fn table(rows: &[Row<'_>], headings: &[&str]) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(["PORT", "ADDRESS", "SERVER NAME"].iter().chain(headings));
    for row in rows {
        let connection = &row.case.connection;
        let name = match row.every_name {
            true => "any or none".to_owned(),
            false => escaped(&row.case.name.to_string()).into_owned(),
        };
        let answers = row.answers.iter().map(|answer| match answer {
            None => "(reset)".to_owned(),
            Some(binding) => match binding.record().hash() {
                Some(hash) => format!("{} {}", binding.key(), &hash.to_string()[..8]),
                None => format!("{} central store", binding.key()),
            },
        });
        let cells = [
            connection.port().to_string(),
            connection.local().to_string(),
            name,
        ];
        table.add_row(cells.into_iter().chain(answers));
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    format!("{}\n", table.trim_fmt())
}

fn as_json(rows: &[Row<'_>], names: &[&str]) -> Vec<Value> {
    let of_row = |row: &Row<'_>| {
        let connection = &row.case.connection;
        let name = match (&row.case.name, row.every_name) {
            (_, true) => json!({ "case": "any_or_none" }),
            (NameCase::None, _) => json!({ "case": "none" }),
            (NameCase::Exact(name), _) => json!({ "case": "name", "name": name }),
            (NameCase::Wildcard(name), _) => json!({ "case": "wildcard", "name": name }),
            (NameCase::Other, _) => json!({ "case": "other" }),
        };
        let mut value = json!({
            "port": connection.port().get(),
            "address": connection.local().to_string(),
            "sni": name,
        });
        for (field, answer) in names.iter().zip(&row.answers) {
            value[*field] = match answer {
                Some(binding) => json!({
                    "key": binding.key(),
                    "certificate": binding.record().hash(),
                }),
                None => Value::Null,
            };
        }
        value
    };
    rows.iter().map(of_row).collect()
}
