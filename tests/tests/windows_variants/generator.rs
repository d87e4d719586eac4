//! Bindings and operations, drawn from a seed.

use certbind_core::{
    Binding, BindingKey, Change, ExtendedProperties, Kind, PerformanceSetting, Property,
    PropertyValue, Record, SslFlags, Uuid,
};

/// A small generator (`xorshift64*`), so that a seed gives the same on every machine.
pub(crate) struct Rng(u64);

impl Rng {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let drawn = self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33;
        usize::try_from(drawn).expect("31 bits") % end
    }

    pub(crate) fn choose<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        let index = self.below(from.len());
        &from[index]
    }
}

const KEYS: [&str; 10] = [
    "0.0.0.0:443",
    "10.0.0.1:443",
    "[::]:443",
    "[fe80::1%2]:443",
    "[::ffff:10.0.0.9]:443",
    "hostnameport=www.a.example:443",
    "hostnameport=b.example:443",
    "ccs=443",
    "ccs=444",
    "scopedccs=a.example:443",
];

pub(crate) fn key(rng: &mut Rng) -> BindingKey {
    rng.choose(&KEYS).parse().expect("a key")
}

pub(crate) fn keys() -> Vec<BindingKey> {
    KEYS.iter().map(|key| key.parse().expect("a key")).collect()
}

/// A binding of this key.
pub(crate) fn binding(rng: &mut Rng, key: BindingKey) -> Binding {
    let app_id = Uuid::from_u128(rng.below(3) as u128 + 1);
    let mut record = match key.kind().names_certificate() {
        true => {
            let store = rng.choose(&[None, Some("MY"), Some("my"), Some("WebHosting")]);
            let store = store.map(|name| name.parse().expect("a name"));
            let hash = u8::try_from(rng.below(4) + 1).expect("small");
            Record::new([hash; 20].into(), store, app_id)
        }
        false => Record::central(app_id),
    };
    if key.kind() != Kind::Ccs {
        let flags = *rng.choose(&[0, 0, 2, 0x10, 0x8000_0000]);
        record = record.with_flags(SslFlags::from_bits_retain(flags));
        let timeout = *rng.choose(&[0, 0, 20_000]);
        record = record.with_url_retrieval_timeout(timeout);
    }
    if rng.below(5) == 0 {
        let number = u32::try_from(rng.below(3)).expect("small");
        let window = Property::from(PropertyValue::Http2Window {
            receive_window: 70_000 + number,
        });
        let setting = PerformanceSetting::new(1, &number.to_le_bytes());
        let setting = setting.expect("a short setting");
        let setting = Property::from(PropertyValue::Performance(setting));
        let extended = match rng.below(3) {
            0 => ExtendedProperties::new([setting]),
            1 => ExtendedProperties::new([window, setting]),
            _ => ExtendedProperties::new([window]),
        };
        let extended = extended.expect("one of a type");
        record = record.with_extended(extended);
    }
    let spelled = key.host().map(|host| host.as_str().to_uppercase());
    let binding = Binding::new(key, record).expect("a record of the kind");
    match spelled.filter(|_| rng.below(3) == 0) {
        Some(spelled) => binding.with_host_spelling(&spelled).expect("its name"),
        None => binding,
    }
}

/// Changes of one to four keys.
pub(crate) fn changes(rng: &mut Rng, kinds: &[Kind]) -> Vec<Change> {
    let count = *rng.choose(&[1, 1, 2, 4]);
    let mut keys = keys();
    keys.retain(|key| kinds.contains(&key.kind()));
    let mut changes = Vec::new();
    for _ in 0..count.min(keys.len()) {
        let key = keys.swap_remove(rng.below(keys.len()));
        changes.push(match rng.below(6) {
            0 => Change::insert(binding(rng, key)),
            1 | 2 => Change::update(binding(rng, key)),
            3 => Change::remove(key),
            _ => Change::put(binding(rng, key)),
        });
    }
    changes
}
