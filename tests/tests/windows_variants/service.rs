//! URL reservations and the IP listen list, under any answers to their queries.

use std::sync::Arc;

use certbind_core::MemoryStore;
use certbind_httpapi_abi::service::{ServiceAnswer, ServiceQuery, ServiceRecord, UrlReservation};
use certbind_httpsys::ServiceApi;
use certbind_simulator::{Call, Simulator, Windows};

fn host(option: &str, answer: &str) -> Arc<Simulator> {
    let mut windows = Windows::default();
    windows.set(option, answer).expect("an option");
    Arc::new(Simulator::new(Arc::new(MemoryStore::new())).answering(windows))
}

fn answers(option: &str) -> Vec<&'static str> {
    let mut options = Windows::OPTIONS.iter();
    let option = options
        .find(|known| known.name == option)
        .expect("an option");
    std::iter::once(option.default)
        .chain(option.others.iter().copied())
        .collect()
}

/// All reservations are listed, or an error is returned.
#[test]
fn reservations_are_listed_or_refused() {
    for answer in answers("url_index") {
        for count in [0_u16, 1, 2, 5] {
            let host = host("url_index", answer);
            let reservation = |port: u16| UrlReservation {
                url: format!("http://+:{port}/").parse().expect("a URL"),
                sddl: "D:(A;;GX;;;WD)".parse().expect("a descriptor"),
            };
            let all: Vec<_> = (0..count).map(|n| reservation(8000 + n)).collect();
            for reservation in &all {
                let record = ServiceRecord::Reservation(reservation.clone());
                host.service().set(&record).expect("a set");
            }
            let api = ServiceApi::initialize(Arc::clone(&host)).expect("an API");
            let found = api.reservations();
            assert!(host.calls(Call::QueryNext) < 200, "{answer}");
            match found {
                Ok(found) => assert_eq!(found, all, "{answer}"),
                Err(error) => assert_ne!(answer, "from-0", "{error}"),
            }
        }
    }
}

/// An empty list is empty, for any code that reports it.
#[test]
fn an_empty_listen_list_is_empty() {
    for answer in answers("listen_list_empty") {
        let host = host("listen_list_empty", answer);
        let api = ServiceApi::initialize(host).expect("an API");
        let found = api.query(&ServiceQuery::ListenList).expect("an answer");
        let list = match found {
            Some(ServiceAnswer::ListenList(list)) => list,
            None => Vec::new(),
            Some(other) => panic!("{other:?}"),
        };
        assert!(list.is_empty(), "{answer}");
    }
}
