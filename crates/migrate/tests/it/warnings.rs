//! The warnings of a plan.

use certbind_core::{BindingKey, BindingStore, CertHash, Kind, MemoryStore, SslFlags, Uuid};
use certbind_migrate::{Planner, Warning};

use crate::backends::{Bindings, bound, of, stream};
use crate::mappings::{bound_to, folder, hash_of};

fn warned(planner: &Planner, source: &Bindings, target: &Bindings) -> Vec<Warning> {
    let plan = planner.plan(stream(source), stream(target)).unwrap();
    let mut warnings = plan.warnings().to_vec();
    warnings.retain(|warning| *warning != Warning::CertificatesNotChecked);
    warnings
}

fn keys(keys: &[&str]) -> Vec<BindingKey> {
    keys.iter().map(|key| key.parse().unwrap()).collect()
}

#[test]
fn unsupported_features_are_reported_by_key() {
    let mut capabilities = MemoryStore::new().capabilities();
    capabilities.kinds = vec![Kind::IpPort, Kind::Ccs];
    capabilities.ccs_options = false;
    capabilities.max_batch = std::num::NonZeroUsize::new(3);
    let planner = Planner {
        capabilities: Some(capabilities),
        ..Planner::default()
    };
    let with_option = bound("ccs=443", 0);
    let mut record = with_option.record().clone();
    record.flags = SslFlags::REJECT;
    let source = of(&[
        bound("0.0.0.0:443", 1),
        bound("hostnameport=a.example:443", 1),
        with_option.with_record(record).unwrap(),
        bound("ccs=444", 0),
    ]);
    assert_eq!(
        warned(&planner, &source, &Bindings::new()),
        [
            Warning::UnsupportedKind {
                kind: Kind::Sni,
                keys: keys(&["hostnameport=a.example:443"])
            },
            Warning::UnsupportedOptions {
                keys: keys(&["ccs=443"])
            },
            Warning::TooManyChanges {
                most: 3,
                changes: 4
            },
        ]
    );
    // The target has the unchanged bindings already.
    assert_eq!(warned(&planner, &source, &source), []);
}

#[test]
fn certificates_are_checked_on_request() {
    let source = of(&[
        bound_to("0.0.0.0:443", hash_of("www-2025")),
        bound("0.0.0.0:444", 7),
        bound("0.0.0.0:445", 7),
        bound("ccs=443", 0),
    ]);
    let none = Bindings::new();
    let plan = Planner::default()
        .plan(stream(&source), stream(&none))
        .unwrap();
    assert_eq!(plan.warnings(), [Warning::CertificatesNotChecked]);
    let planner = Planner {
        inventory: Some(folder(&["www-2025"])),
        ..Planner::default()
    };
    let missing = Warning::CertificateMissing {
        hash: CertHash::new([7; 20]),
        keys: keys(&["0.0.0.0:444", "0.0.0.0:445"]),
    };
    assert_eq!(
        planner
            .plan(stream(&source), stream(&none))
            .unwrap()
            .warnings(),
        [missing]
    );
    // No binding changes, so there is nothing to check.
    let plan = Planner::default()
        .plan(stream(&source), stream(&source))
        .unwrap();
    assert_eq!(plan.warnings(), []);
}

#[test]
fn a_binding_of_one_address_shadows_names_on_its_port() {
    let names = [
        "ccs=443",
        "scopedccs=b.example:443",
        "hostnameport=a.example:443",
    ];
    let elsewhere = ["hostnameport=a.example:444", "0.0.0.0:443", "[::]:443"];
    let mut source = of(&names.map(|key| bound(key, 1)));
    source.extend(of(&elsewhere.map(|key| bound(key, 1))));
    let none = Bindings::new();
    assert_eq!(warned(&Planner::default(), &source, &none), []);

    let shadowed = |by: &[&str], of: &[&str]| Warning::Shadowed {
        by: keys(by),
        keys: keys(of),
    };
    let all = [
        "hostnameport=a.example:443",
        "ccs=443",
        "scopedccs=b.example:443",
    ];
    let mut with_address = source.clone();
    with_address.extend(of(&[bound("10.0.0.5:443", 1)]));
    let expected = [shadowed(&["10.0.0.5:443"], &all)];
    assert_eq!(warned(&Planner::default(), &with_address, &none), expected);

    // Whether the target has the one or the other.
    let address = of(&[bound("10.0.0.5:443", 1)]);
    assert_eq!(warned(&Planner::default(), &source, &address), expected);
    assert_eq!(warned(&Planner::default(), &address, &source), expected);
    // A state that existed before causes no warning.
    assert_eq!(
        warned(&Planner::default(), &with_address, &with_address),
        []
    );
    let more = of(&[bound("hostnameport=c.example:443", 1)]);
    let only_new = [shadowed(&["10.0.0.5:443"], &["hostnameport=c.example:443"])];
    assert_eq!(warned(&Planner::default(), &more, &with_address), only_new);
    // A deleted binding shadows nothing.
    let prune = Planner {
        prune: true,
        ..Planner::default()
    };
    assert_eq!(warned(&prune, &source, &address), []);
}

#[test]
fn binding_of_another_application_is_reported() {
    let mine = bound("0.0.0.0:443", 1);
    let mut record = mine.record().clone();
    record.app_id = Uuid::from_u128(7);
    let theirs = mine.clone().with_record(record).unwrap();
    let printed = warned(&Planner::default(), &of(&[mine]), &of(&[theirs]));
    let expected = Warning::TakenOver {
        key: "0.0.0.0:443".parse().unwrap(),
        from: Uuid::from_u128(7),
        to: Uuid::nil(),
    };
    assert_eq!(printed, [expected]);
}
