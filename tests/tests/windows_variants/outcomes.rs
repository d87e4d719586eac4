//! The behaviour of certbind under each single answer, as `docs/fidelity/*.toml` states it.
//!
//! `CERTBIND_FIDELITY=write` writes the measured behaviour into the files.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use certbind_core::{
    Applied, Batch, Binding, BindingKey, BindingStore, Change, ExtendedProperties, Kind, Property,
    PropertyValue, Record, Result, Scan, SslFlags, Uuid,
};
use certbind_simulator::Windows;

use crate::Answer;
use crate::check::{Truth, applied, scanned};
use crate::host::{Host, Store};

const KEYS: [&str; 6] = [
    "0.0.0.0:443",
    "10.0.0.1:443",
    "[::]:443",
    "hostnameport=www.a.example:443",
    "ccs=443",
    "scopedccs=a.example:443",
];

fn binding(key: &str, hash: u8) -> Binding {
    let key: BindingKey = key.parse().expect("a key");
    let app_id = Uuid::from_u128(7);
    let record = match key.kind().names_certificate() {
        true => Record::new([hash; 20].into(), "MY".parse().ok(), app_id),
        false => Record::central(app_id),
    };
    Binding::new(key, record).expect("a record of the kind")
}

fn with_window(binding: Binding) -> Binding {
    let window = Property::from(PropertyValue::Http2Window {
        receive_window: 71_000,
    });
    let extended = ExtendedProperties::new([window]).expect("one of a type");
    let record = binding.record().clone().with_extended(extended);
    binding.with_record(record).expect("the same kind")
}

/// An operation on the bindings of `KEYS`, by its name.
type Operation = (&'static str, fn(&Store) -> Result<Applied>);

const OPERATIONS: [Operation; 8] = [
    ("list", |store| {
        store
            .scan(&Scan::all())?
            .try_for_each(|found| found.map(drop))?;
        Ok(Applied::default())
    }),
    ("show", |store| {
        for key in KEYS {
            let key: BindingKey = key.parse()?;
            if store.capabilities().kinds.contains(&key.kind()) {
                store.get(&key)?;
            }
        }
        Ok(Applied::default())
    }),
    ("add", |store| {
        change(store, [Change::insert(binding("10.0.0.2:443", 2))])
    }),
    ("update", |store| {
        let new = binding(KEYS[0], 2);
        let flags = SslFlags::NEGOTIATE_CLIENT_CERT;
        let record = new.record().clone().with_flags(flags);
        change(store, [Change::update(new.with_record(record)?)])
    }),
    ("delete", |store| {
        change(store, [Change::remove(KEYS[1].parse()?)])
    }),
    ("rotate", |store| {
        store.rotate(&[1; 20].into(), &[3; 20].into())
    }),
    ("change three keys", |store| {
        let [a, b] = [KEYS[0], KEYS[1]].map(|key| Change::put(binding(key, 2)));
        change(store, [a, b, Change::insert(binding("10.0.0.3:443", 2))])
    }),
    ("set a property", |store| {
        change(store, [Change::put(with_window(binding(KEYS[0], 1)))])
    }),
];

fn change<const N: usize>(store: &Store, changes: [Change; N]) -> Result<Applied> {
    store.apply(&Batch::new(changes)?)
}

/// The behaviour of certbind under an answer.
fn outcome(variant: &[Answer]) -> String {
    let mut refused = Vec::new();
    let mut notes = false;
    for (name, operation) in OPERATIONS {
        let host = Host::new(variant);
        for key in KEYS {
            let binding = binding(key, 1);
            let lacks = match binding.key().kind() {
                Kind::Sni => "sni_ids",
                Kind::ScopedCcs => "scoped_ccs_ids",
                Kind::IpPort | Kind::Ccs => "",
            };
            if !variant
                .iter()
                .any(|(name, answer)| *name == lacks && *answer != "0")
            {
                host.put(binding);
            }
        }
        let Ok(store) = host.open() else {
            return "refuses to open the host".into();
        };
        let before: Truth = host.truth();
        let done = operation(&store);
        let after = host.truth();
        match name {
            "list" | "show" => {
                scanned(&before, store.scan(&Scan::all()).map(Iterator::collect));
                assert_eq!(before, after, "{variant:?}: {name} has changed something");
            }
            _ => applied(&before, &after, &done),
        }
        notes |= !store.take_notices().is_empty();
        if done.is_err() {
            refused.push(name);
        }
    }
    let notes = if notes {
        ", and reports what Windows made of a record"
    } else {
        ""
    };
    match refused.len() {
        0 => format!("works{notes}"),
        all if all == OPERATIONS.len() => format!("refuses every operation{notes}"),
        _ => format!(
            "refuses or reports in part: {}; else works{notes}",
            refused.join(", ")
        ),
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/fidelity")
}

/// The file of an option.
fn file(option: &str) -> PathBuf {
    folder().join(format!("{}.toml", option.replace('_', "-")))
}

/// The answers of an option, and the file's text for each.
fn documented(text: &str) -> BTreeMap<String, String> {
    #[derive(serde::Deserialize)]
    struct File {
        answers: BTreeMap<String, String>,
    }

    let file: File = toml::from_str(text).expect("a file with answers");
    file.answers
}

/// The file of each option states the behaviour of certbind under each of its answers.
#[test]
fn outcomes_are_as_documented() {
    let writes = std::env::var("CERTBIND_FIDELITY").is_ok_and(|text| text == "write");
    let mut wrong = Vec::new();
    for option in Windows::OPTIONS {
        let path = file(option.name);
        let text = std::fs::read_to_string(&path)
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let said = documented(&text);
        let answers = std::iter::once(option.default).chain(option.others.iter().copied());
        let found = answers.map(|answer| (answer.to_owned(), outcome(&[(option.name, answer)])));
        let found: BTreeMap<_, _> = found.collect();
        if writes {
            let (head, _) = text.split_once("[answers]\n").expect("a table of answers");
            let lines = found
                .iter()
                .map(|(answer, said)| format!("{answer:?} = {said:?}\n"));
            let lines: String = lines.collect();
            std::fs::write(&path, format!("{head}[answers]\n{lines}")).expect("a written file");
        } else if said != found {
            wrong.push(format!("{}: {found:?}, not {said:?}", path.display()));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Each option of the simulator has a file, and each file of an option has its option.
#[test]
fn each_option_has_its_file() {
    #[derive(serde::Deserialize)]
    struct File {
        option: Option<String>,
        question: String,
        default: Option<String>,
    }

    let mut files = BTreeMap::new();
    for entry in folder().read_dir().expect("a folder") {
        let path = entry.expect("an entry").path();
        if path
            .extension()
            .is_some_and(|extension| extension == "toml")
        {
            let text = std::fs::read_to_string(&path).expect("a file");
            let file: File = toml::from_str(&text).expect("a question");
            files.extend(file.option.clone().map(|option| (option, file)));
        }
    }
    for option in Windows::OPTIONS {
        let of = files.remove(option.name);
        let of = of.unwrap_or_else(|| panic!("docs/fidelity lacks {}", option.name));
        assert_eq!(
            of.default.as_deref(),
            Some(option.default),
            "{}",
            option.name
        );
        assert_eq!(of.question.to_lowercase(), option.question.to_lowercase());
    }
    let rest: Vec<_> = files.keys().collect();
    assert!(rest.is_empty(), "the simulator lacks {rest:?}");
}
