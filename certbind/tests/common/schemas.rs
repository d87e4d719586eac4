//! Output for programs: JSON by its schemas.

#![allow(dead_code, reason = "each test program uses a part")]

use std::path::{Path, PathBuf};
use std::process::Output;

use serde_json::Value;

/// The folders of schemas, and the ends of their names.
const FOLDERS: [(&str, &str); 4] = [
    ("docs/schemas", ".json"),
    ("docs", ".schema.json"),
    ("crates/formats/schema", ".json"),
    ("crates/migrate/schema", ".json"),
];

/// The file of a schema.
pub(crate) fn path(schema: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let paths = FOLDERS.map(|(folder, end)| root.join(folder).join(format!("{schema}{end}")));
    let found = paths.into_iter().find(|path| path.exists());
    found.unwrap_or_else(|| panic!("there is no schema {schema}"))
}

/// Asserts that a value follows a schema.
pub(crate) fn validate(schema: &str, value: &Value) {
    let text = std::fs::read_to_string(path(schema)).unwrap();
    let json: Value = serde_json::from_str(&text).unwrap();
    let validator = jsonschema::validator_for(&json).unwrap();
    let errors: Vec<_> = validator
        .iter_errors(value)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{schema}: {errors:?}: {value:#}");
}

/// The lines of standard error, each by its schema.
pub(crate) fn messages(output: &Output) -> Vec<Value> {
    let lines = String::from_utf8(output.stderr.clone()).unwrap();
    let lines = lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {line}")));
    lines.inspect(|line| validate("message", line)).collect()
}

/// Standard output by a schema, of a command that exits with a code.
pub(crate) fn value(schema: &str, code: u8, output: &Output) -> Value {
    assert_eq!(output.status.code(), Some(code.into()), "{output:?}");
    messages(output);
    let value = serde_json::from_slice(&output.stdout).unwrap();
    validate(schema, &value);
    value
}
