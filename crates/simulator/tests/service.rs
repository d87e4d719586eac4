//! URL reservations, the IP listen list, timeouts, cache parameters and settings: the answers of
//! the simulated API, through the client.

#![allow(clippy::unwrap_used, reason = "tests may unwrap")]
#![expect(unsafe_code, reason = "stands for a C program")]

mod caller;
mod configured;

use std::sync::Arc;

use caller::{Caller, Function, simulator};
use certbind_core::{MemoryTables, StoreError, Tables};
use certbind_httpapi_abi::client::with_service_set;
use certbind_httpapi_abi::service::{
    CacheKey, ListenAddress, ServiceAnswer, ServiceKey, ServiceQuery, ServiceRecord, SettingKey,
    TimeoutKey, UrlReservation,
};
use certbind_httpapi_abi::win32::ToWin32;
use certbind_httpsys::ServiceApi;
use certbind_simulator::{Call, Privilege, Profile, Simulator};
use configured::records;
use windows_sys::Win32::Networking::HttpServer::HTTP_INITIALIZE_SERVER;

fn reservation(url: &str, sddl: &str) -> ServiceRecord {
    ServiceRecord::Reservation(UrlReservation {
        url: url.parse().unwrap(),
        sddl: sddl.parse().unwrap(),
    })
}

fn url(url: &str) -> ServiceKey {
    ServiceKey::Reservation(url.parse().unwrap())
}

fn listen(address: &str) -> ServiceRecord {
    ServiceRecord::Listen(address.parse().unwrap())
}

fn host(simulator: Simulator) -> (Arc<Simulator>, ServiceApi<Arc<Simulator>>) {
    let simulator = Arc::new(simulator);
    let api = ServiceApi::initialize(Arc::clone(&simulator)).unwrap();
    (simulator, api)
}

fn code<T: std::fmt::Debug>(result: Result<T, StoreError>) -> u32 {
    result.unwrap_err().win32_code()
}

#[test]
fn url_is_reserved_once_in_any_case() {
    let (_, api) = host(simulator());
    let record = reservation("http://+:8080/MyApp", "D:(A;;GX;;;S-1-5-20)");
    api.set(&record).unwrap();
    let again = reservation("http://+:8080/myapp/", "D:(A;;GA;;;WD)");
    assert_eq!(code(api.set(&again)), 183);
    // Another category of host is another reservation.
    api.set(&reservation("http://*:8080/MyApp/", "D:(A;;GX;;;WD)"))
        .unwrap();
    let found = api.query(&ServiceQuery::Reservation(
        "http://+:8080/MYAPP".parse().unwrap(),
    ));
    let Some(ServiceAnswer::Reservation(found)) = found.unwrap() else {
        panic!("it was reserved")
    };
    assert_eq!(found.url.as_str(), "http://+:8080/MyApp/");
    assert_eq!(found.sddl.to_string(), "D:(A;;GX;;;NS)");
    assert_eq!(api.reservations().unwrap().len(), 2);
    api.delete(&url("http://+:8080/MyApp")).unwrap();
    assert_eq!(code(api.delete(&url("http://+:8080/MyApp"))), 2);
    assert_eq!(api.reservations().unwrap().len(), 1);
}

#[test]
fn listen_list_has_each_address_once() {
    let (_, api) = host(simulator());
    let list = || match api.query(&ServiceQuery::ListenList).unwrap() {
        Some(ServiceAnswer::ListenList(list)) => list,
        other => panic!("{other:?}"),
    };
    assert_eq!(list(), []);
    let addresses = ["192.168.33.1", "::", "127.0.0.1", "fe80::1%3", "fe80::1"];
    for address in addresses {
        api.set(&listen(address)).unwrap();
    }
    assert_eq!(code(api.set(&listen("::"))), 183);
    let shown: Vec<_> = list().iter().map(ListenAddress::to_string).collect();
    assert_eq!(shown, addresses);
    let key = listen("::").key();
    api.delete(&key).unwrap();
    assert_eq!(code(api.delete(&key)), 1168);
    api.set(&listen("::")).unwrap();
    assert_eq!(list().last().unwrap().to_string(), "::");
    assert_eq!(list().len(), 5);
}

#[test]
fn numbers_have_defaults_and_can_be_reset() {
    let (_, api) = host(simulator());
    let ask = |query: &ServiceQuery| api.query(query).unwrap().unwrap();
    let timeout = ServiceQuery::Timeout(TimeoutKey::HeaderWait);
    assert_eq!(ask(&timeout), ServiceAnswer::Timeout(120));
    for seconds in [64, 65_535] {
        api.set(&ServiceRecord::Timeout(TimeoutKey::HeaderWait, seconds))
            .unwrap();
        assert_eq!(ask(&timeout), ServiceAnswer::Timeout(seconds));
    }
    let other = ServiceQuery::Timeout(TimeoutKey::IdleConnection);
    assert_eq!(ask(&other), ServiceAnswer::Timeout(120));
    let key = ServiceKey::Timeout(TimeoutKey::HeaderWait);
    api.delete(&key).unwrap();
    assert_eq!(ask(&timeout), ServiceAnswer::Timeout(120));
    assert_eq!(code(api.delete(&key)), 2);

    let size = ServiceQuery::Cache(CacheKey::MaxResponseSize);
    assert_eq!(ask(&size), ServiceAnswer::Number(262_144));
    api.set(&ServiceRecord::Cache(CacheKey::MaxResponseSize, 524_288))
        .unwrap();
    assert_eq!(ask(&size), ServiceAnswer::Number(524_288));
    let size = ServiceKey::Cache(CacheKey::MaxResponseSize);
    assert_eq!(
        code(api.delete(&size)),
        87,
        "documented for set and query alone"
    );

    api.set(&ServiceRecord::Setting(SettingKey::TlsThrottle, 7))
        .unwrap();
    let throttle = ServiceQuery::Setting(SettingKey::TlsThrottle);
    assert_eq!(ask(&throttle), ServiceAnswer::Number(7));
    api.delete(&ServiceKey::Setting(SettingKey::TlsThrottle))
        .unwrap();
    assert_eq!(ask(&throttle), ServiceAnswer::Number(0));
}

#[test]
fn a_standard_user_reads_and_changes_nothing() {
    let (simulator, api) = host(simulator().privilege(Privilege::StandardUser));
    let record = reservation("http://+:80/", "D:(A;;GX;;;WD)");
    simulator.service().set(&record).unwrap();
    assert_eq!(code(api.set(&listen("::"))), 5);
    assert_eq!(
        code(api.set(&ServiceRecord::Timeout(TimeoutKey::HeaderWait, 1))),
        5
    );
    assert_eq!(code(api.delete(&record.key())), 5);
    assert_eq!(api.reservations().unwrap().len(), 1);
}

#[test]
fn windows_7_has_no_settings() {
    let (_, api) = host(simulator().profile(Profile::Windows7));
    let throttle = ServiceQuery::Setting(SettingKey::TlsThrottle);
    assert_eq!(code(api.query(&throttle)), 87);
    api.query(&ServiceQuery::Cache(CacheKey::RangeChunkSize))
        .unwrap()
        .unwrap();
    let simulator = simulator();
    let caller = Caller::new(&simulator);
    for record in records() {
        let code = with_service_set(&record, |request| {
            // SAFETY: the request is complete.
            unsafe {
                caller.change(
                    Function::Update,
                    request.id,
                    request.pointer,
                    request.length,
                )
            }
        });
        assert_eq!(code, 87, "{record}");
    }
}

#[test]
fn faults_count_service_calls() {
    let (simulator, api) = host(simulator());
    simulator.fail(Call::Set, 1, 5);
    assert_eq!(code(api.set(&listen("::"))), 5);
    api.set(&listen("::")).unwrap();
    // The key of this timeout has the number that means "next" where a query has a type.
    api.query(&ServiceQuery::Timeout(TimeoutKey::HeaderWait))
        .unwrap();
    assert_eq!(simulator.calls(Call::QueryNext), 0);
    assert_eq!(simulator.calls(Call::QueryExact), 1);
    api.query(&ServiceQuery::NextReservation(0)).unwrap();
    assert_eq!(simulator.calls(Call::QueryNext), 1);
}

#[test]
fn the_configuration_stays_in_its_tables() {
    let tables: Arc<dyn Tables> = Arc::new(MemoryTables::new());
    let (_, api) = host(simulator().tables(Arc::clone(&tables)));
    for record in records() {
        api.set(&record).unwrap();
    }
    let (other, _) = host(simulator().tables(tables));
    assert_eq!(other.service().url_reservations().unwrap().len(), 1);
    assert_eq!(other.service().listen_list().unwrap().len(), 2);
    assert_eq!(
        other.service().timeout(TimeoutKey::IdleConnection).unwrap(),
        33
    );
}

#[test]
fn host_is_seeded_once() {
    let simulator = simulator();
    let config = simulator.service();
    config.seed(&[]).unwrap();
    config.seed(&records()).unwrap();
    config.delete(&records()[0].key()).unwrap();
    config.seed(&records()).unwrap();
    assert_eq!(config.url_reservations().unwrap(), []);
    let list = config.listen_list().unwrap();
    assert_eq!(
        list.iter()
            .map(ListenAddress::to_string)
            .collect::<Vec<_>>(),
        ["10.0.0.1", "fe80::1%2"]
    );
}

#[test]
fn malformed_row_is_an_error() {
    use certbind_core::RowChange;
    for (table, key, value) in [
        ("urlacl", &b"http://+:80/"[..], &b"http://+:81/\nD:"[..]),
        ("urlacl", b"http://+:80/", b"http://+:80/"),
        ("iplisten", b"12345", &[0; 8]),
        ("timeout", &[0, 0, 0, 0], &[0, 0, 1, 0]),
        ("cacheparam", &[0, 0, 0, 0], &[0; 3]),
    ] {
        let tables: Arc<dyn Tables> = Arc::new(MemoryTables::new());
        tables.write(&[RowChange::put(table, key, value)]).unwrap();
        let (_, api) = host(simulator().tables(tables));
        let query = match table {
            "urlacl" => ServiceQuery::NextReservation(0),
            "iplisten" => ServiceQuery::ListenList,
            "timeout" => ServiceQuery::Timeout(TimeoutKey::IdleConnection),
            _ => ServiceQuery::Cache(CacheKey::MaxResponseSize),
        };
        assert_eq!(code(api.query(&query)), 1392, "{table}");
    }
}

/// As programs of version 1 do, which close a handle without the API.
#[test]
fn urls_of_a_queue_whose_handle_is_closed_are_free() {
    let simulator = simulator();
    let url = "http://localhost:50000/";
    Caller::with(&simulator, HTTP_INITIALIZE_SERVER);
    simulator.create_http_handle(4).unwrap();
    simulator.create_http_handle(8).unwrap();
    simulator.add_url(4, url).unwrap();
    simulator.close_abandoned_queues(|_| true).unwrap();
    assert_eq!(simulator.add_url(8, url), Err(183));
    simulator
        .close_abandoned_queues(|handle| handle != 4)
        .unwrap();
    assert_eq!(simulator.add_url(4, url), Err(6));
    simulator.add_url(8, url).unwrap();
    let registrations = simulator.service().registrations().unwrap();
    let active: Vec<_> = registrations.iter().map(|each| each.is_active).collect();
    assert_eq!(active, [false, true]);
}
