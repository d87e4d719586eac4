//! The output of a command inside JSON, as Ansible prints it.

use serde_json::Value;

use super::lines::{Lines, NumberedLine, has_label};
use crate::rule::{Rule, holds};

/// The one listing that is the value of a `stdout` or `stdout_lines`. If there are several that
/// differ, they are of several hosts or commands, and none is chosen.
pub(super) fn outputs(lines: &[NumberedLine]) -> Option<(Lines, String)> {
    if !lines.iter().any(|line| line.text.contains("\"stdout")) {
        return None;
    }
    let text: Vec<&str> = lines.iter().map(|line| line.text.as_str()).collect();
    let text = text.join("\n");
    let mut found: Option<(u64, Vec<String>)> = None;
    for (name, at) in ["\"stdout\"", "\"stdout_lines\""]
        .iter()
        .flat_map(|name| text.match_indices(name).map(|(at, _)| (*name, at)))
    {
        let rest = text[at + name.len()..].trim_start().strip_prefix(':')?;
        let mut values = serde_json::Deserializer::from_str(rest).into_iter::<Value>();
        let output: Vec<String> = match values.next()?.ok()? {
            Value::String(output) => output.lines().map(str::to_owned).collect(),
            Value::Array(lines) => {
                let lines = lines
                    .into_iter()
                    .map(|line| line.as_str().map(str::to_owned));
                lines.collect::<Option<_>>()?
            }
            _ => return None,
        };
        if !output.iter().any(|line| has_label(line)) {
            continue;
        }
        let trimmed = |lines: &[String]| -> Vec<String> {
            let lines = lines.iter().map(|line| line.trim_end().to_owned());
            lines.filter(|line| !line.is_empty()).collect()
        };
        match &found {
            Some((_, known)) if trimmed(known) != trimmed(&output) && holds(Rule::OneOutput) => {
                return None;
            }
            Some(_) => {}
            None => {
                let before = text[..at].matches('\n').count();
                found = Some((lines[before].number, output));
            }
        }
    }
    let (number, output) = found?;
    let numbered = output.into_iter().map(|text| NumberedLine { number, text });
    let what = "the listing is the \"stdout\" of a JSON object; the rest of the file was ignored";
    Some((numbered.collect(), what.to_owned()))
}
