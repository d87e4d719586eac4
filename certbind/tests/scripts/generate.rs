//! Generated hosts: bindings of all four kinds with the options of a release, and changes of them.

use certbind_core::{Binding, CertHash, Record, Uuid};
use certbind_formats::netsh::{FLAGS, Release};
use certbind_migrate::{Plan, Planner};

/// A deterministic source of numbers: a failing test prints the seed.
pub(crate) struct Numbers(u64);

impl Numbers {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % limit
    }
}

/// The flags that a release has.
fn flags(release: Release) -> usize {
    match release {
        Release::Server2012R2 => 5,
        Release::Server2016 => 7,
        Release::Server2019 => 12,
        Release::Server2022 => 15,
        _ => 16,
    }
}

fn record(numbers: &mut Numbers, release: Release, key: &str) -> Record {
    let app_id = Uuid::from_u128(numbers.below(9) as u128 + 1);
    if key.contains("ccs=") {
        return Record::central(app_id);
    }
    let stores = ["MY", "WebHosting", "A & B (50%)", "it's ^mine"];
    let store = stores[numbers.below(stores.len())];
    let store = match key.starts_with("ipport") && numbers.below(3) == 0 {
        true => None,
        false => Some(store.parse().unwrap()),
    };
    let hash = CertHash::new([u8::try_from(numbers.below(200)).unwrap() + 1; 20]);
    let mut record = Record::new(hash, store, app_id);
    for flag in &FLAGS[..flags(release)] {
        if numbers.below(4) == 0 {
            let is_set_by_enabling =
                !["verifyclientcertrevocation", "usagecheck"].contains(&flag.tag);
            flag.set(&mut record, is_set_by_enabling);
        }
    }
    if numbers.below(3) == 0 {
        record.url_retrieval_timeout = 30_000;
    }
    if numbers.below(4) == 0 {
        record.ctl_identifier = Some("Our CTL".parse().unwrap());
        record.ctl_store_name = Some("CA".parse().unwrap());
    }
    record
}

/// The bindings of a host before and after a change.
pub(crate) struct Generated {
    pub(crate) before: Vec<Binding>,
    pub(crate) after: Vec<Binding>,
}

impl Generated {
    pub(crate) fn new(seed: u64, release: Release) -> Self {
        let mut numbers = Numbers::new(seed);
        let has_scoped = release >= Release::Server2019;
        let mut keys = vec![
            "ipport=0.0.0.0:443",
            "ipport=[::]:443",
            "ipport=10.0.0.5:8443",
            "hostnameport=www.contoso.com:443",
            "hostnameport=*.contoso.com:443",
            "ccs=443",
        ];
        if has_scoped {
            keys.push("scopedccs=shop.contoso.com:443");
        }
        let (mut before, mut after) = (Vec::new(), Vec::new());
        for (at, key) in keys.into_iter().enumerate() {
            let old = bound(key, record(&mut numbers, release, key));
            let new = bound(key, record(&mut numbers, release, key));
            // Each seed has a change of each sort.
            match (at + usize::try_from(seed).unwrap()) % 6 {
                0 => before.push(old),
                1 => after.push(new),
                2 => {
                    before.push(old.clone());
                    after.push(old);
                }
                _ => {
                    before.push(old);
                    after.push(new);
                }
            }
        }
        before.sort_by(|a, b| a.key().cmp(b.key()));
        after.sort_by(|a, b| a.key().cmp(b.key()));
        Self { before, after }
    }

    pub(crate) fn plan(&self) -> Plan {
        let planner = Planner {
            prune: true,
            ..Planner::default()
        };
        fn of(bindings: &[Binding]) -> impl Iterator<Item = certbind_core::Result<Binding>> + '_ {
            bindings.iter().cloned().map(Ok)
        }
        planner.plan(of(&self.after), of(&self.before)).unwrap()
    }
}

fn bound(key: &str, record: Record) -> Binding {
    Binding::new(key.parse().unwrap(), record).unwrap()
}
