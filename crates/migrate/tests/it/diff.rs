//! The differences between two sequences.

use std::collections::BTreeMap;

use certbind_core::strategy::{binding_of, few_keys, record};
use certbind_core::{
    Binding, BindingKey, Kind, Property, PropertyType, PropertyValue, SessionTicketKey,
    SessionTicketKeys, StoreError,
};
use certbind_migrate::{Comparison, FieldChange, diff};
use proptest::collection::vec;
use proptest::prelude::*;

type Bindings = BTreeMap<BindingKey, Binding>;

fn bindings() -> impl Strategy<Value = Bindings> {
    vec(binding_of(few_keys(&Kind::ALL)), 0..20)
        .prop_map(|list| list.into_iter().map(|b| (b.key().clone(), b)).collect())
}

fn compared(before: &Bindings, after: &Bindings) -> Vec<Comparison> {
    let stream = |bindings: &Bindings| bindings.clone().into_values().map(Ok);
    diff(stream(before), stream(after))
        .collect::<Result<_, _>>()
        .unwrap()
}

proptest! {
    #[test]
    fn diff_turns_the_first_into_the_second(
        before in bindings(), mut after in bindings(), shared in bindings(),
    ) {
        let mut before = before;
        before.extend(shared.clone());
        after.extend(shared);
        let printed = compared(&before, &after);
        prop_assert!(printed.is_sorted_by(|a, b| a.key() < b.key()));
        let mut made = before.clone();
        for change in &printed {
            match change {
                Comparison::Added(b) => prop_assert_eq!(made.insert(b.key().clone(), b.clone()), None),
                Comparison::Removed(b) => prop_assert_eq!(made.remove(b.key()), Some(b.clone())),
                Comparison::Changed { before, after } => {
                    prop_assert_ne!(before, after);
                    prop_assert!(!change.fields().is_empty());
                    let old = made.insert(after.key().clone(), after.clone());
                    prop_assert_eq!(old, Some(before.clone()));
                }
                Comparison::Same(b) => prop_assert_eq!(made.get(b.key()), Some(b)),
            }
        }
        prop_assert_eq!(&made, &after);
        let keys: std::collections::BTreeSet<_> = before.keys().chain(after.keys()).collect();
        prop_assert_eq!(printed.len(), keys.len(), "each key is told once");
    }

    #[test]
    fn each_difference_has_both_values(
        before in record(Kind::Sni), after in record(Kind::Sni),
    ) {
        let binding = |record| Binding::new("hostnameport=a.example:443".parse().unwrap(), record);
        let (before, after) = (binding(before).unwrap(), binding(after).unwrap());
        let json = |binding: &Binding| serde_json::to_value(binding).unwrap();
        let (old, new) = (json(&before), json(&after));
        let printed: BTreeMap<String, (serde_json::Value, serde_json::Value)> =
            FieldChange::between(&before, &after)
                .iter()
                .map(|change| {
                    let mut json = serde_json::to_value(change).unwrap();
                    let field = json["field"].as_str().unwrap();
                    let name = json["property"].as_str().unwrap_or(field).to_owned();
                    (name, (json["before"].take(), json["after"].take()))
                })
                .collect();
        let mut expected = BTreeMap::new();
        for (name, value) in old.as_object().unwrap() {
            if name == "extended" {
                continue;
            }
            let fields: Vec<(&str, _, _)> = if name == "certificate" {
                ["hash", "store_name"].iter().map(|f| (*f, &value[f], &new[name][f])).collect()
            } else {
                vec![(name.as_str(), value, &new[name])]
            };
            for (name, old, new) in fields {
                if old != new {
                    expected.insert(name.to_owned(), (old.clone(), new.clone()));
                }
            }
        }
        for property in PropertyType::ALL {
            let [old, new] = [&before, &after].map(|b| b.record().extended.get(property));
            if old != new {
                let words = |set: Option<&Property>| set.map(ToString::to_string).into();
                expected.insert(property.name().to_owned(), (words(old), words(new)));
            }
        }
        prop_assert_eq!(printed, expected);
    }
}

#[test]
fn session_ticket_key_difference_hides_the_keys() {
    let bound = |secret: u8| {
        let key = SessionTicketKey::new(0, [secret; 16], &[secret; 64]).unwrap();
        let keys = SessionTicketKeys::new(vec![key]).unwrap();
        let mut record = sample().record().clone();
        record.extended = record
            .extended
            .with(PropertyValue::SessionTicketKeys(keys).into());
        sample().with_record(record).unwrap()
    };
    let [change] = &FieldChange::between(&bound(0xa5), &bound(0x5a))[..] else {
        panic!("one field differs")
    };
    assert_eq!(
        change.to_string(),
        "session ticket keys: 1 key -> 1 key (others)"
    );
    let json = serde_json::to_string(change).unwrap();
    assert!(!json.contains("a5a5") && !json.contains("5a5a"), "{json}");
}

#[test]
fn bit_differences_are_set_or_cleared() {
    let bound = |flags: &str| -> Binding {
        serde_json::from_str(&format!(
            "{{\"key\": \"0.0.0.0:443\", \"app_id\": \"4dc3e181-e14b-4a21-b022-59fc669b0914\",
              \"certificate\": {{\"hash\": \"5226dc6c54559761cd471b86eb51c096252c90f2\"}},
              \"flags\": {flags}}}"
        ))
        .unwrap()
    };
    let before = bound("[\"reject\", \"disable_quic\", \"0x10000\"]");
    let after = bound("[\"disable_http2\", \"disable_quic\", \"0x20000\"]");
    let printed = FieldChange::between(&before, &after);
    assert_eq!(printed.len(), 1);
    assert_eq!(
        printed[0].to_string(),
        "flags: +disable_http2 +0x20000 -reject -0x10000"
    );
}

#[test]
fn a_sequence_out_of_order_is_refused_not_misread() {
    let bound = |key: &str| {
        let record = certbind_core::Record::central(certbind_core::Uuid::nil());
        Ok(Binding::new(key.parse().unwrap(), record).unwrap())
    };
    for list in [["ccs=443", "ccs=80"], ["ccs=443", "ccs=443"]] {
        let mut printed = diff(list.map(bound), [bound("ccs=443")]);
        let error = printed.find_map(Result::err).unwrap();
        assert!(matches!(error, StoreError::Invalid { .. }), "{error}");
        assert!(error.to_string().contains("after ccs=443"), "{error}");
        assert!(printed.next().is_none());
    }
}

#[test]
fn an_error_of_a_sequence_ends_it() {
    let broken = [Err(StoreError::ReadOnly), Ok(sample()), Ok(sample())];
    let mut printed = diff(broken, []);
    assert!(matches!(printed.next(), Some(Err(StoreError::ReadOnly))));
    assert!(printed.next().is_none() && printed.next().is_none());
}

fn sample() -> Binding {
    let record = certbind_core::Record::central(certbind_core::Uuid::nil());
    Binding::new("ccs=443".parse().unwrap(), record).unwrap()
}
