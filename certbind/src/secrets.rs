//! Session ticket keys: only their number is printed.

use serde_json::Value;

/// JSON of bindings with the number of their session ticket keys in place of the keys. Other JSON
/// is unchanged.
pub(crate) fn withheld(json: String) -> String {
    if !json.contains(NAME) {
        return json;
    }
    let Ok(mut value) = serde_json::from_str(&json) else {
        return json;
    };
    withhold(&mut value);
    format!("{value:#}")
}

const NAME: &str = "session_ticket_keys";

fn withhold(value: &mut Value) {
    match value {
        Value::Array(all) => all.iter_mut().for_each(withhold),
        Value::Object(fields) => {
            for (name, value) in fields {
                match value.get_mut("keys") {
                    Some(keys @ Value::Array(_)) if name == NAME => {
                        *keys = keys.as_array().map_or(0, Vec::len).into();
                    }
                    _ => withhold(value),
                }
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nested_private_keys_are_counted() {
        let json = r#"[{"extended":{"session_ticket_keys":{"flags":"0x1","keys":[{"id":"00"},{"id":"11"}]}}}]"#;
        let shown = withheld(json.to_owned());
        let expected = r#"[{"extended":{"session_ticket_keys":{"flags":"0x1","keys":2}}}]"#;
        let value = |json: &str| serde_json::from_str::<Value>(json).unwrap();
        assert_eq!(value(&shown), value(expected));
    }

    #[test]
    fn other_json_is_unchanged() {
        let json = "{ \"keys\":[ 1,2]}";
        assert_eq!(withheld(json.to_owned()), json);
    }
}
