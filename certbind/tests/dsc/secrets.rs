//! Session ticket keys: an input may contain them, and no output does.

use serde_json::json;

use crate::engine::{Engine, HASH, IIS, messages};

const MATERIAL: &str = "00112233445566778899aabbccddeeff";

#[test]
fn session_ticket_keys_are_set_and_not_printed() {
    let engine = Engine::redb();
    let key = |material: &str| {
        json!({
            "key": "0.0.0.0:443", "hash": HASH, "app_id": IIS,
            "extended": { "session_ticket_keys": { "keys": [
                { "version": 1, "id": MATERIAL, "material": material },
            ] } },
        })
    };
    let (desired, other) = (key(MATERIAL), key("ffeeddccbbaa99887766554433221100"));
    for operation in ["whatIf", "set", "get", "test", "export"] {
        let output = engine.start(operation, desired.to_string());
        let said = messages(&output);
        assert_eq!(output.status.code(), Some(0), "{operation}: {said:?}");
        let printed = String::from_utf8(output.stdout).unwrap();
        assert!(!printed.contains(MATERIAL), "{operation}: {printed}");
        assert!(
            !said.iter().any(|(_, text)| text.contains(MATERIAL)),
            "{said:?}"
        );
    }
    // They are compared, and kept by an input without them.
    assert!(engine.test(&desired).in_desired_state);
    assert_eq!(engine.test(&other).differences, ["extended"]);
    let exported = engine.export(None);
    assert_eq!(exported[0]["extended"], json!({}));
    assert_eq!(engine.set(&exported[0]).1, [""; 0]);
    assert!(engine.test(&desired).in_desired_state);
    assert_eq!(engine.set(&other).1, ["extended"]);
    // An error has no value of the input in it either.
    let mut broken = desired;
    for keys in [
        json!(MATERIAL),
        json!([MATERIAL]),
        json!([{ "version": MATERIAL }]),
    ] {
        broken["extended"]["session_ticket_keys"]["keys"] = keys;
        let said = engine.fails("set", certbind::exit::BROKEN_INPUT, broken.to_string());
        assert!(
            said.contains("session_ticket_keys") && !said.contains(MATERIAL),
            "{said}"
        );
    }
}
