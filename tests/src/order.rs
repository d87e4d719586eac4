//! A second implementation of the canonical order of keys and of the selection by scans: separate
//! from `Ord` of `BindingKey` and from `Scan`, which every backend uses, so that a defect in them is
//! found.

use std::net::SocketAddr;
use std::ops::Bound;

use certbind_core::{BindingKey, Kind, Scan};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

/// The position of a key in the canonical order: by kind, then address or host name, then port.
/// IPv4 is before IPv6, and host names are ordered by label from the right.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Rank {
    kind: u8,
    family: u8,
    address: u128,
    labels: Vec<String>,
    port: u16,
    scope: u32,
}

impl Rank {
    pub(crate) fn of(key: &BindingKey) -> Self {
        let kind = match key {
            BindingKey::IpPort(_) => 0,
            BindingKey::Sni(_) => 1,
            BindingKey::Ccs(_) => 2,
            BindingKey::ScopedCcs(_) => 3,
        };
        let mut rank = Self {
            kind,
            family: 0,
            address: 0,
            labels: Vec::new(),
            port: key.port().get(),
            scope: 0,
        };
        match key {
            BindingKey::IpPort(endpoint) => match endpoint.addr() {
                SocketAddr::V4(addr) => {
                    rank.family = 4;
                    rank.address = u32::from(*addr.ip()).into();
                }
                SocketAddr::V6(addr) => {
                    rank.family = 6;
                    rank.address = (*addr.ip()).into();
                    rank.scope = addr.scope_id();
                }
            },
            BindingKey::Sni(endpoint) | BindingKey::ScopedCcs(endpoint) => {
                let labels = endpoint.host().as_str().split('.').map(str::to_owned);
                rank.labels = labels.collect();
                rank.labels.reverse();
            }
            BindingKey::Ccs(_) => {}
        }
        rank
    }
}

/// The selection of a scan.
#[derive(Clone, Debug)]
pub(crate) struct Query {
    pub(crate) kind: Option<Kind>,
    pub(crate) start: Bound<BindingKey>,
    pub(crate) end: Bound<BindingKey>,
    pub(crate) cursor: Option<BindingKey>,
}

impl Query {
    pub(crate) const ALL: Self = Self {
        kind: None,
        start: Bound::Unbounded,
        end: Bound::Unbounded,
        cursor: None,
    };

    /// The same, in the terms of the store.
    pub(crate) fn scan(&self) -> Scan {
        let mut scan = Scan::range((self.start.clone(), self.end.clone()));
        if let Some(kind) = self.kind {
            scan = scan.of_kind(kind);
        }
        match &self.cursor {
            Some(cursor) => scan.after(cursor.clone()),
            None => scan,
        }
    }

    /// Whether a binding of this key has to be returned.
    pub(crate) fn wants(&self, key: &BindingKey) -> bool {
        let rank = Rank::of(key);
        let begun = match &self.start {
            Bound::Included(start) => Rank::of(start) <= rank,
            Bound::Excluded(start) => Rank::of(start) < rank,
            Bound::Unbounded => true,
        };
        let over = match &self.end {
            Bound::Included(end) => Rank::of(end) < rank,
            Bound::Excluded(end) => Rank::of(end) <= rank,
            Bound::Unbounded => false,
        };
        let passed = self.cursor.as_ref();
        begun
            && !over
            && passed.is_none_or(|cursor| Rank::of(cursor) < rank)
            && self.kind.is_none_or(|kind| kind == key.kind())
    }
}

/// Any scan between these keys, from any cursor of them: empty and inverted ranges too.
pub(crate) fn query<S>(keys: S) -> impl Strategy<Value = Query>
where
    S: Strategy<Value = BindingKey> + Clone + 'static,
{
    let edge = || {
        prop_oneof![
            Just(Bound::Unbounded),
            keys.clone().prop_map(Bound::Included),
            keys.clone().prop_map(Bound::Excluded),
        ]
    };
    let kind = option::weighted(0.3, select(Kind::ALL.to_vec()));
    let cursor = option::weighted(0.4, keys.clone());
    (kind, edge(), edge(), cursor).prop_map(|(kind, start, end, cursor)| Query {
        kind,
        start,
        end,
        cursor,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> BindingKey {
        text.parse().expect("a key")
    }

    /// Names are compared label by label from the right.
    #[test]
    fn keys_are_ordered_by_kind_name_and_port() {
        let keys = [
            "0.0.0.0:443",
            "9.0.0.1:80",
            "9.0.0.1:443",
            "10.0.0.1:80",
            "[::]:443",
            "[fe80::1]:80",
            "[fe80::1%3]:80",
            "[fe80::1]:443",
            "hostnameport=a.com:443",
            "hostnameport=b.a.com:80",
            "hostnameport=b.a.com:443",
            "hostnameport=b.com:443",
            "hostnameport=a.net:443",
            "ccs=80",
            "ccs=443",
            "scopedccs=a.com:443",
        ];
        let ranks: Vec<_> = keys.iter().map(|text| Rank::of(&key(text))).collect();
        assert!(ranks.is_sorted_by(|a, b| a < b));
    }

    #[test]
    fn cursor_never_moves_before_its_start() {
        let query = Query {
            start: Bound::Included(key("ccs=10")),
            end: Bound::Excluded(key("ccs=20")),
            cursor: Some(key("ccs=5")),
            kind: None,
        };
        let wanted = |query: &Query| {
            let keys = (1..30).map(|port| key(&format!("ccs={port}")));
            let wanted = keys.filter(|key| query.wants(key));
            wanted.map(|key| key.port().get()).collect::<Vec<_>>()
        };
        assert_eq!(wanted(&query), (10..20).collect::<Vec<_>>());
        let later = Query {
            cursor: Some(key("ccs=17")),
            ..query
        };
        assert_eq!(wanted(&later), [18, 19]);
    }
}
