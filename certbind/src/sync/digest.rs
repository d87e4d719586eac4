//! Bindings to be compared later, without the secrets in them.

use certbind_core::{Binding, Property, PropertyValue, SessionTicketKey, SessionTicketKeys};
use sha2::{Digest, Sha256};

/// The binding with a digest in the place of the material of each session ticket key. Keys are
/// random, so a digest does not reveal its key, and different keys have different ones.
pub(crate) fn digested(binding: &Binding) -> Binding {
    let mut record = binding.record().clone();
    for property in &binding.record().extended {
        if let PropertyValue::SessionTicketKeys(keys) = &property.value
            && let Some(keys) = digests(keys)
        {
            let value = PropertyValue::SessionTicketKeys(keys);
            let flags = property.flags;
            record.extended = record.extended.with(Property { value, flags });
        }
    }
    let digested = binding.clone().with_record(record);
    digested.unwrap_or_else(|_| binding.clone())
}

/// None if there are more keys than a property can have, which there are not.
fn digests(keys: &SessionTicketKeys) -> Option<SessionTicketKeys> {
    let digest = |key: &SessionTicketKey| {
        let material = Sha256::new()
            .chain_update(b"certbind sync")
            .chain_update(key.material())
            .finalize();
        SessionTicketKey::new(key.version(), *key.id(), &material).ok()
    };
    let keys = keys.as_slice().iter().map(digest);
    SessionTicketKeys::new(keys.collect::<Option<_>>()?).ok()
}

#[cfg(test)]
mod tests {
    use certbind_core::{ExtendedProperties, Record, Uuid};

    use super::*;
    use crate::sync::State;

    fn binding(material: &[u8]) -> Binding {
        let key = SessionTicketKey::new(0, [1; 16], material).unwrap();
        let keys = SessionTicketKeys::new(vec![key]).unwrap();
        let keys = Property::from(PropertyValue::SessionTicketKeys(keys));
        let record = Record::new([1; 20].into(), None, Uuid::nil());
        let record = record.with_extended(ExtendedProperties::new([keys]).unwrap());
        Binding::new("0.0.0.0:443".parse().unwrap(), record).unwrap()
    }

    #[test]
    fn different_keys_have_different_digests() {
        let all = [[7; 32], [8; 32]].map(|material| digested(&binding(&material)));
        assert_ne!(all[0], all[1]);
        assert_eq!(all[0], digested(&binding(&[7; 32])));
        let shown = serde_json::to_string(&all[0]).unwrap();
        assert!(!shown.contains(&"07".repeat(32)), "{shown}");
    }

    #[test]
    fn state_file_has_no_session_ticket_key() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.json");
        let (fleet, held) = (vec![binding(&[0xab; 32])], Vec::new());
        let decision = crate::sync::decide(&State::default(), &fleet, &held, false);
        let state = State {
            taken: decision.after,
            taking: None,
        };
        state.keep(&path, "web01", "httpsys:").unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(!text.contains(&"ab".repeat(8)), "{text}");
        // The host equals the fleet's record, and has no local changes.
        let known = State::read(&path, "web01", "httpsys:").unwrap();
        assert_eq!(known, state);
        let changed = vec![binding(&[0xcd; 32])];
        let follows = crate::sync::decide(&known, &changed, &fleet, false);
        assert_eq!((follows.steps.len(), follows.local.len()), (1, 0));
        let by_hand = crate::sync::decide(&known, &fleet, &changed, false);
        assert_eq!((by_hand.steps.len(), by_hand.local.len()), (0, 1));
    }

    #[cfg(unix)]
    #[test]
    fn state_s_folder_is_for_its_owner_alone() {
        use std::os::unix::fs::PermissionsExt;

        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new/state.json");
        State::default().keep(&path, "a", "b").unwrap();
        for (path, mode) in [(path.parent().unwrap(), 0o700), (&*path, 0o600)] {
            let found = path.metadata().unwrap().permissions().mode() & 0o777;
            assert_eq!(found, mode, "{}", path.display());
        }
    }

    #[test]
    fn state_of_version_1_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.json");
        let old = binding(&[7; 32]);
        let file = serde_json::json!({
            "format": "certbind-sync", "version": 1, "host": "a", "store": "b", "taken": [old],
        });
        std::fs::write(&path, file.to_string()).unwrap();
        let state = State::read(&path, "a", "b").unwrap();
        assert_eq!(state.taken, [digested(&old)]);
    }
}
