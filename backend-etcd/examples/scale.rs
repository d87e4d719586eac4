//! How a fleet of a given size fares on the etcd of this machine:
//! `cargo run --release --package certbind-etcd --example scale -- 10000 50`.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use certbind_core::{
    Batch, Binding, BindingStore, CertHash, Change, Record, Scan, StoreError, Uuid,
};
use certbind_etcd::{EtcdStore, Fleet, HostName};
use certbind_etcd_server::Server;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut numbers = std::env::args().skip(1).map(|number| number.parse::<u32>());
    let hosts = numbers.next().transpose()?.unwrap_or(1_000);
    let each = u16::try_from(numbers.next().transpose()?.unwrap_or(50))?;
    let server = Server::start_with(&["--quota-backend-bytes=8589934592"]);
    let fleet = EtcdStore::builder([server.endpoint()]).open_fleet()?;
    let names = (0..hosts).map(|n| HostName::new(&format!("web{n:06}.contoso.com")));
    let names: Vec<_> = names.collect::<Result<_, _>>()?;
    let at_once = 16.try_into()?;
    let all = f64::from(hosts) * f64::from(each);
    let printed = |what: &str, took: Duration, of: f64| {
        let rate = of / took.as_secs_f64();
        println!("{what:<44} {:>8.2} s {rate:>10.0} /s", took.as_secs_f64());
    };

    let begun = Instant::now();
    let imported = fleet.visit(&names, at_once, |_, store| {
        let insert = |n| Ok(Change::insert(binding(n, 1)?));
        store.apply(&Batch::new(
            (1..=each)
                .map(insert)
                .collect::<Result<Vec<_>, StoreError>>()?,
        )?)
    });
    imported.into_iter().collect::<Result<Vec<_>, _>>()?;
    printed(
        "import, one batch for each host: bindings",
        begun.elapsed(),
        all,
    );
    println!("{}", server.ctl(&["endpoint", "status", "-w", "table"]));

    let begun = Instant::now();
    let listed = fleet.hosts()?.hosts;
    printed("list the hosts", begun.elapsed(), f64::from(hosts));

    let begun = Instant::now();
    let counts = fleet.visit(&listed, at_once, |_, store| {
        let mut count = 0;
        for binding in store.scan(&Scan::all())? {
            binding?;
            count += 1_u32;
        }
        Ok::<_, StoreError>(count)
    });
    let counts = counts.into_iter().collect::<Result<Vec<_>, _>>()?;
    assert_eq!(f64::from(counts.iter().sum::<u32>()), all);
    printed("scan every host: bindings", begun.elapsed(), all);

    let begun = Instant::now();
    let renewed = fleet.visit(&listed, at_once, |_, store| {
        store.rotate(&CertHash::new([1; 20]), &CertHash::new([2; 20]))
    });
    renewed.into_iter().collect::<Result<Vec<_>, _>>()?;
    printed("renew every host: bindings", begun.elapsed(), all);
    println!("{}", server.ctl(&["endpoint", "status", "-w", "table"]));

    let mut latencies = latencies(&fleet, &listed)?;
    latencies.sort_unstable();
    let at = |part: usize| latencies[(latencies.len() - 1) * part / 100].as_secs_f64() * 1e3;
    println!(
        "a watch sees a batch after: median {:.2} ms, 99 of 100 {:.2} ms",
        at(50),
        at(99)
    );
    Ok(())
}

fn binding(n: u16, hash: u8) -> Result<Binding, StoreError> {
    let key = format!("hostnameport=site{n}.contoso.com:443").parse();
    let name = "MY".parse().ok();
    let record = Record::new(CertHash::new([hash; 20]), name, Uuid::from_u128(7));
    Ok(Binding::new(key.expect("a key"), record)?)
}

/// How long after a batch was begun a watch gives it, for each of some batches.
fn latencies(fleet: &Fleet, hosts: &[HostName]) -> Result<Vec<Duration>, StoreError> {
    let mut watch = fleet.watch(fleet.revision()?);
    watch.next(Duration::from_millis(200))?;
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let (begun, begins) = std::sync::mpsc::channel();
        let writer = scope.spawn({
            let over = &over;
            move || {
                for (n, host) in hosts.iter().cycle().take(500).enumerate() {
                    let store = fleet.host(host);
                    let update = binding(1, u8::try_from(n % 200).unwrap_or_default())?;
                    if begun.send(Instant::now()).is_err() || over.load(Ordering::Relaxed) {
                        break;
                    }
                    store.put(update)?;
                    std::thread::sleep(Duration::from_millis(2));
                }
                Ok::<_, StoreError>(())
            }
        });
        let mut latencies = Vec::new();
        for begin in begins {
            if watch.next(Duration::from_secs(10))?.is_none() {
                break;
            }
            latencies.push(begin.elapsed());
        }
        over.store(true, Ordering::Relaxed);
        writer.join().unwrap_or(Ok(()))?;
        Ok(latencies)
    })
}
