//! Chooses the current one of several control sets.

use std::collections::{BTreeMap, HashMap};

use super::key::Key;
use super::path::Role;
use crate::registry::ControlSet;
use crate::report::{ConversionWarning, ParseError, WarningKind};

/// A control set: the name of the hive that it is in, and its own.
type Set = (String, ControlSet);

/// The keys of the current control set, in the order of the export, and warnings for the ignored
/// ones.
pub(super) fn in_force(keys: Vec<Key>) -> Result<(Vec<Key>, Vec<ConversionWarning>), ParseError> {
    let mut selected = HashMap::new();
    let mut sets: BTreeMap<Set, Vec<Key>> = BTreeMap::new();
    for key in keys {
        match &key.place.role {
            Role::Select => {
                let current = key.found.value("Current");
                if let Some(Ok(number)) = current.map(|value| value.data.as_dword()) {
                    selected.insert(key.place.hive.clone(), ControlSet::Numbered(number));
                }
            }
            Role::Parameters(set)
            | Role::Reservations(set)
            | Role::Family(set, _)
            | Role::Binding(set, _, _)
            | Role::Unknown(set, _) => {
                let set = (key.place.hive.clone(), *set);
                sets.entry(set).or_default().push(key);
            }
        }
    }
    let Some(current) = choose(&sets, &selected)? else {
        return Ok((Vec::new(), Vec::new()));
    };
    let mut keys = sets.remove(&current).unwrap_or_default();
    let line = |key: &Key| key.found.line;
    keys.sort_by_key(line);
    let has_bindings = |key: &Key| {
        matches!(
            key.place.role,
            Role::Family(..) | Role::Binding(..) | Role::Unknown(..)
        )
    };
    let others = sets
        .iter()
        .filter(|(_, keys)| keys.iter().any(has_bindings));
    let warnings = others.map(|((hive, set), keys)| {
        let what = format!(
            "the bindings of {hive}\\{set} were ignored; {}\\{} is the current control set",
            current.0, current.1
        );
        let warning = ConversionWarning::new(WarningKind::Skipped, what);
        match keys.iter().filter_map(line).min() {
            Some(line) => warning.at(line),
            None => warning,
        }
    });
    Ok((keys, warnings.collect()))
}

/// The one that a running host links as the current one, else the one that `Select` names, else the
/// only one.
fn choose(
    sets: &BTreeMap<Set, Vec<Key>>,
    selected: &HashMap<String, ControlSet>,
) -> Result<Option<Set>, ParseError> {
    let rules: [&dyn Fn(&Set) -> bool; 3] = [
        &|(_, set)| *set == ControlSet::Current,
        &|(hive, set)| selected.get(hive) == Some(set),
        &|_| true,
    ];
    for rule in rules {
        let mut fitting = sets.keys().filter(|set| rule(set));
        match (fitting.next(), fitting.next()) {
            (Some(only), None) => return Ok(Some(only.clone())),
            (Some(_), Some(_)) => break,
            (None, _) => {}
        }
    }
    if sets.is_empty() {
        return Ok(None);
    }
    let names: Vec<_> = sets
        .keys()
        .map(|(hive, set)| format!("{hive}\\{set}"))
        .collect();
    let what = format!(
        "there are bindings of {}, but the current control set is unknown, because \
         Select\\Current is missing; copy one control set into its own file",
        names.join(", ")
    );
    let first = sets
        .values()
        .flatten()
        .filter_map(|key| key.found.line)
        .min();
    Err(ParseError {
        line: first,
        ..ParseError::at(1, what)
    })
}
