//! Rules, filters, and their file.

use certbind_certificates::Folder;
use certbind_core::{Binding, CertHash, Host, StoreName};
use certbind_migrate::{
    Address, Error, HostPattern, Mapping, MappingFile, Planner, Rule, Step, Store, Successors,
    Warning,
};
use tempfile::TempDir;

use crate::backends::{Bindings, bound, of, stream};

fn certificate(name: &str) -> (CertHash, Vec<u8>) {
    let path = format!(
        "{}/../certificates/tests/fixtures/{name}.pem",
        env!("CARGO_MANIFEST_DIR")
    );
    let file = std::fs::read(path).unwrap();
    (certbind_certificates::hash_of_file(&file).unwrap(), file)
}

pub(crate) fn hash_of(name: &str) -> CertHash {
    certificate(name).0
}

pub(crate) fn folder(names: &[&str]) -> Folder {
    let folder = TempDir::new().unwrap();
    for name in names {
        std::fs::write(folder.path().join(name), certificate(name).1).unwrap();
    }
    Folder::read(folder.path()).unwrap()
}

pub(crate) fn bound_to(key: &str, hash: CertHash) -> Binding {
    let binding = bound(key, 0);
    let mut record = binding.record().clone();
    record.certificate.as_mut().unwrap().hash = hash;
    binding.with_record(record).unwrap()
}

fn planned(planner: &Planner, source: &[Binding]) -> Result<Vec<Step>, Error> {
    let plan = planner.plan(stream(&of(source)), stream(&Bindings::new()))?;
    Ok(plan.steps().to_vec())
}

fn addresses(rules: &[&str]) -> Planner {
    let mut planner = Planner::default();
    for rule in rules {
        planner
            .mapping
            .addresses
            .add(rule.parse().unwrap())
            .unwrap();
    }
    planner
}

#[test]
fn addresses_go_to_addresses_and_ports_stay() {
    for (rule, from, to) in [
        ("10.0.0.5=10.0.1.7", "10.0.0.5:8443", "10.0.1.7:8443"),
        ("0.0.0.0=10.0.1.7", "0.0.0.0:443", "10.0.1.7:443"),
        ("10.0.0.5=0.0.0.0", "10.0.0.5:443", "0.0.0.0:443"),
        ("::=10.0.1.7", "[::]:443", "10.0.1.7:443"),
        (
            "10.0.0.5=[2001:db8::7]",
            "10.0.0.5:443",
            "[2001:db8::7]:443",
        ),
        ("fe80::1%7=fe80::1%3", "[fe80::1%7]:443", "[fe80::1%3]:443"),
        ("fe80::1%7=fe80::1", "[fe80::1%7]:443", "[fe80::1]:443"),
    ] {
        let steps = planned(&addresses(&[rule]), &[bound(from, 1)]).unwrap();
        let Step::Create { new_value, source } = &steps[0] else {
            panic!("{steps:?}")
        };
        assert_eq!(*new_value, bound(to, 1), "{rule}");
        assert_eq!(*source, Some(bound(from, 1)), "what it was is told");
    }
    // Another scope is another address.
    let steps = planned(&addresses(&["fe80::1=::1"]), &[bound("[fe80::1%7]:443", 1)]).unwrap();
    assert_eq!(steps[0].key().to_string(), "ipport=[fe80::1%7]:443");
    assert_eq!(steps[0].source(), None);
}

#[test]
fn rules_are_in_force_at_once() {
    let swap = addresses(&["10.0.0.1=10.0.0.2", "10.0.0.2=10.0.0.1"]);
    let steps = planned(&swap, &[bound("10.0.0.1:443", 1), bound("10.0.0.2:443", 2)]).unwrap();
    assert_eq!(steps[0].new_value(), Some(&bound("10.0.0.1:443", 2)));
    assert_eq!(steps[1].new_value(), Some(&bound("10.0.0.2:443", 1)));
}

/// By both names and the rules.
#[test]
fn colliding_keys_are_refused() {
    let planner = addresses(&["10.0.0.5=10.0.1.7", "[::]=10.0.1.7"]);
    let source = ["10.0.0.5:443", "10.0.0.5:80", "10.0.1.7:80", "[::]:443"].map(|k| bound(k, 1));
    let error = planned(&planner, &source).unwrap_err();
    assert_eq!(
        error.to_string(),
        "ipport=10.0.0.5:80 (by the address rule 10.0.0.5=10.0.1.7) and ipport=10.0.1.7:80 (as it \
         is) both become ipport=10.0.1.7:80; ipport=10.0.0.5:443 (by the address rule \
         10.0.0.5=10.0.1.7) and ipport=[::]:443 (by the address rule ::=10.0.1.7) both become \
         ipport=10.0.1.7:443; change the rules, or leave one out by a filter"
    );
}

#[test]
fn store_names_compare_as_on_windows() {
    let mut mapping = Mapping::default();
    mapping
        .store_names
        .add("my=WebHosting".parse().unwrap())
        .unwrap();
    mapping.store_names.add("=MY".parse().unwrap()).unwrap();
    let in_store = |name: &str| {
        let binding = bound("0.0.0.0:443", 1);
        let mut record = binding.record().clone();
        let name = (!name.is_empty()).then(|| StoreName::new(name).unwrap());
        record.certificate.as_mut().unwrap().store_name = name;
        record.ctl_store_name = Some(StoreName::new("MY").unwrap());
        binding.with_record(record).unwrap()
    };
    for (from, to) in [
        ("MY", "WebHosting"),
        ("My", "WebHosting"),
        ("", "MY"),
        ("Other", "Other"),
    ] {
        assert_eq!(
            mapping.map(&in_store(from)).unwrap(),
            in_store(to),
            "{from}"
        );
    }
    assert!(mapping.store_names.get(&Store(None)).is_some());
}

/// In any spelling.
#[test]
fn contradictory_rules_are_refused() {
    let mut mapping = Mapping::default();
    mapping.store_names.add("MY=A".parse().unwrap()).unwrap();
    mapping.store_names.add("my=a".parse().unwrap()).unwrap();
    let error = mapping
        .store_names
        .add("My=B".parse().unwrap())
        .unwrap_err();
    assert!(error.to_string().contains("cannot become both"), "{error}");
    let file = "[addresses]\n\"::1\" = \"10.0.0.1\"\n\"0:0::1\" = \"10.0.0.2\"\n";
    let error = MappingFile::parse(file).unwrap_err();
    assert!(error.to_string().contains("cannot become both"), "{error}");
    assert!("10.0.0.1".parse::<Rule<Address>>().is_err());
    assert!("10.0.0.1=host".parse::<Rule<Address>>().is_err());
}

#[test]
fn broken_mapping_file_is_refused_with_its_line() {
    for (text, line) in [
        ("[addresses]\n\"10.0.0.5\" = 7\n", "line 2"),
        ("\n[address]\n", "line 2"),
        ("[filter]\nports = [0]\n", "line 2"),
        ("[filter]\nkinds = [\"http\"]\n", "line 2"),
        ("[filter]\nhosts = [\"\"]\n", "line 2"),
        ("[certificate_folders]\nold = \"a\"\n", "line 1"),
        ("[addresses", "line 1"),
        ("prune = true", "line 1"),
    ] {
        let error = MappingFile::parse(text).unwrap_err();
        assert!(matches!(error, Error::MappingFile { .. }), "{text}");
        assert!(error.to_string().starts_with(line), "{text}: {error}");
    }
    assert_eq!(MappingFile::parse("").unwrap(), MappingFile::default());
}

#[test]
fn host_patterns_match_without_case_and_in_any_script() {
    let matches = |pattern: &str, host: &str| {
        let pattern: HostPattern = pattern.parse().unwrap();
        pattern.matches(&Host::new(host).unwrap())
    };
    assert!(matches("*.Contoso.com", "www.contoso.com"));
    assert!(matches("*.contoso.com", "a.b.contoso.com"));
    assert!(matches("*.contoso.com", "*.contoso.com"));
    assert!(!matches("*.contoso.com", "contoso.com"));
    assert!(matches("web-0?.contoso.com", "WEB-07.contoso.com"));
    assert!(matches("*.bücher.example", "www.bücher.example"));
    assert!(!matches("contoso.com", "contoso.com.evil.example"));
    for wrong in ["", "a[", "b*cher-ü.example"] {
        assert!(wrong.parse::<HostPattern>().is_err(), "{wrong}");
    }
}

#[test]
fn certificates_are_succeeded_by_subject_and_names() {
    let planner = |old: &[&str], new: &[&str]| Planner {
        successors: Successors {
            old: folder(old),
            new: folder(new),
        },
        ..Planner::default()
    };
    let source = [
        bound_to("0.0.0.0:443", hash_of("www-2025")),
        bound_to("0.0.0.0:444", hash_of("mail-2025")),
        bound("0.0.0.0:445", 1),
    ];
    let hashes = |steps: &[Step]| -> Vec<CertHash> {
        let hash = |step: &Step| *step.new_value().unwrap().record().hash().unwrap();
        steps.iter().map(hash).collect()
    };
    // The wide one has a name too many; a certificate that is in both folders has a successor.
    let both = planner(
        &["www-2025", "mail-2025", "old-style"],
        &["www-2025", "www-2026", "mail-2026", "wide-2026"],
    );
    let steps = planned(&both, &source).unwrap();
    let expected = [
        hash_of("www-2026"),
        hash_of("mail-2026"),
        CertHash::new([1; 20]),
    ];
    assert_eq!(hashes(&steps), expected);

    let several = planner(&["www-2025"], &["www-2026", "www-2027"]);
    let error = planned(&several, &source).unwrap_err();
    assert!(matches!(error, Error::Ambiguous { .. }), "{error}");
    assert!(error.to_string().contains("www.contoso.com"), "{error}");

    // A rule decides where the folders do not.
    let mut several = several;
    let rule = format!("{}={}", hash_of("www-2025"), hash_of("www-2027"));
    several
        .mapping
        .certificates
        .add(rule.parse().unwrap())
        .unwrap();
    assert_eq!(
        hashes(&planned(&several, &source).unwrap())[0],
        hash_of("www-2027")
    );

    let none = planner(&["www-2025", "mail-2025"], &["mail-2026", "wide-2026"]);
    let plan = none
        .plan(stream(&of(&source)), stream(&Bindings::new()))
        .unwrap();
    let lacking = Warning::NoSuccessor {
        hash: hash_of("www-2025"),
        keys: vec!["0.0.0.0:443".parse().unwrap()],
    };
    assert!(plan.warnings().contains(&lacking), "{:?}", plan.warnings());
    assert_eq!(hashes(plan.steps())[0], hash_of("www-2025"));
}

#[test]
fn another_subject_or_no_name_at_all_is_no_successor() {
    for (old, new) in [
        ("www-2025", "fabrikam-2026"),
        ("nameless-2025", "nameless-2026"),
    ] {
        let successors = Successors {
            old: folder(&[old]),
            new: folder(&[new]),
        };
        assert_eq!(successors.of(&hash_of(old)).unwrap(), None, "{old} {new}");
    }
}

#[test]
fn the_documented_file_is_understood() {
    let page = include_str!("../../../../docs/migrate.md");
    let (_, file) = page.split_once("```toml\n").unwrap();
    let (file, _) = file.split_once("```").unwrap();
    let file = MappingFile::parse(file).unwrap();
    assert_eq!(file.filter.hosts.len(), 1);
    assert!(file.certificate_folders.is_some());
}
