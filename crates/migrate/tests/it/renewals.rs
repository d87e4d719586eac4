//! Certificates renewed by a plan.

use certbind_certificates::of_file;
use certbind_core::CertHash;
use certbind_migrate::{Purpose, Warning, apply, rotation, rotation_by_names};

use crate::backends::{BACKENDS, bound, of};
use crate::mappings::{bound_to, folder, hash_of};

#[test]
fn planned_and_direct_rotation_agree() {
    let held = of(&[
        bound("0.0.0.0:443", 1),
        bound("hostnameport=a.example:443", 1),
        bound("[::]:443", 2),
        bound("ccs=443", 0),
    ]);
    let (old, new) = (CertHash::new([1; 20]), CertHash::new([2; 20]));
    for (name, backend) in BACKENDS {
        let (planned, direct) = (backend().with(&held), backend().with(&held));
        let plan = rotation(planned.store.as_ref(), &old, &new).unwrap();
        assert_eq!(plan.header().purpose, Purpose::Rotate);
        assert_eq!((plan.counts().replaces, plan.counts().conflicts), (2, 2));
        let undo = apply(planned.store.as_ref(), &plan).unwrap();
        direct.store.rotate(&old, &new).unwrap();
        assert_eq!(planned.held(), direct.held(), "{name}");
        apply(planned.store.as_ref(), &undo).unwrap();
        assert_eq!(planned.held(), held, "{name}");
    }
}

#[test]
fn names_select_bindings_by_certificate() {
    let held = of(&[
        bound_to("0.0.0.0:443", hash_of("www-2025")),
        bound_to("0.0.0.0:444", hash_of("www-2026")),
        bound_to("0.0.0.0:445", hash_of("mail-2025")),
        bound_to("0.0.0.0:446", hash_of("wide-2026")),
        bound_to("0.0.0.0:447", hash_of("www-2027")),
        bound("0.0.0.0:448", 7),
        bound("ccs=443", 0),
    ]);
    let store = BACKENDS[0].1().with(&held);
    let pem = include_bytes!("../../../certificates/tests/fixtures/www-2027.pem");
    let current = folder(&["www-2025", "www-2026", "mail-2025", "wide-2026"]);
    let plan = rotation_by_names(store.store.as_ref(), &of_file(pem)[0], &current).unwrap();
    let renewed: Vec<_> = plan
        .steps()
        .iter()
        .map(|step| step.key().to_string())
        .collect();
    assert_eq!(renewed, ["ipport=0.0.0.0:443", "ipport=0.0.0.0:444"]);
    let unknown = Warning::UnknownCertificate {
        hash: CertHash::new([7; 20]),
        keys: vec!["0.0.0.0:448".parse().unwrap()],
    };
    assert_eq!(plan.warnings(), [unknown]);
    assert_eq!(plan.counts().conflicts, 5);
}
