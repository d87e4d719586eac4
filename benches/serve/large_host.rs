//! A host with many bindings and certificates: start, memory, and the choice of a binding.

use std::hint::black_box;
use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use certbind_core::{Binding, BindingStore, Change, Record, SslFlags, Uuid};
use certbind_redb::RedbStore;
use certbind_resolve::{Connection, Resolver};
use rustls::version::TLS13;
use tempfile::TempDir;

use crate::certificates::{Certificate, certificate};
use crate::client::Client;
use crate::processes::{Processors, Running};
use crate::report::median;
use crate::servers::{serve, wait_for};

/// The medians of some starts.
pub(crate) struct LargeHost {
    pub(crate) bindings: usize,
    pub(crate) certificates: usize,
    /// From the start of the program to its ready file.
    pub(crate) ready: Duration,
    /// The same by processor time.
    pub(crate) processor_time: Duration,
    /// The choice of a binding by the server name.
    pub(crate) choice: Duration,
    /// Resident bytes of each certificate beyond those of its DER and key, after the start.
    pub(crate) memory: f64,
    /// The same after a connection to a binding of each certificate.
    pub(crate) memory_after_use: f64,
}

/// Starts of a server with many certificates, and of one with the same bindings and one certificate.
pub(crate) fn measure(
    program: &Path,
    bindings: usize,
    certificates: usize,
    rounds: usize,
    processors: Processors,
) -> LargeHost {
    let made: Vec<_> = (0..certificates)
        .map(|number| certificate(&format!("host{number}.contoso.com")))
        .collect();
    let many = folder(bindings, &made);
    let one = folder(bindings, &made[..1]);
    let lengths: usize = made[1..].iter().map(|certificate| certificate.length).sum();
    let each = |many: u64, one: u64| {
        (many as f64 - one as f64 - lengths as f64) / (certificates - 1) as f64
    };
    let mut ready = Vec::new();
    let mut processor_time = Vec::new();
    let mut memory = Vec::new();
    for round in 1..=rounds.min(5) {
        eprintln!("{bindings} bindings, {certificates} certificates: round {round}");
        let (process, _, took) = start(program, &many, processors);
        ready.push(took.as_secs_f64());
        processor_time.push(process.processor_time().as_secs_f64());
        let before = process.memory();
        drop(process);
        let (process, _, _) = start(program, &one, processors);
        memory.push(each(before, process.memory()));
    }
    // What a connection to a binding of each certificate adds counts as memory of that certificate.
    let (process, _, _) = start(program, &one, processors);
    let before = process.memory();
    drop(process);
    let (process, socket, _) = start(program, &many, processors);
    for number in 0..certificates {
        Client::to(socket, &TLS13).meet(&format!("host{number}.contoso.com"));
    }
    let memory_after_use = each(process.memory(), before);
    drop(process);
    LargeHost {
        bindings,
        certificates,
        ready: Duration::from_secs_f64(median(ready)),
        processor_time: Duration::from_secs_f64(median(processor_time)),
        choice: choice(bindings, &made),
        memory: median(memory),
        memory_after_use,
    }
}

fn start(
    program: &Path,
    folder: &TempDir,
    processors: Processors,
) -> (Running, SocketAddr, Duration) {
    let ready = folder.path().join("ready.json");
    let command = serve(program, folder.path(), &ready);
    let started = Instant::now();
    let mut process = Running::start(&command, processors);
    let socket = wait_for(&mut process, &ready);
    let took = started.elapsed();
    std::fs::remove_file(ready).unwrap();
    (process, socket, took)
}

/// Bindings of host names, with the certificates in turn.
fn host(bindings: usize, certificates: &[Certificate]) -> impl Iterator<Item = Binding> {
    (0..bindings).map(|number| {
        let key = format!("hostnameport=host{number}.contoso.com:443");
        let hash = certificates[number % certificates.len()].hash;
        let record = Record::new(hash, None, Uuid::nil());
        let record = record.with_flags(SslFlags::DISABLE_LEGACY_TLS);
        Binding::new(key.parse().unwrap(), record).unwrap()
    })
}

fn folder(bindings: usize, certificates: &[Certificate]) -> TempDir {
    let folder = TempDir::new().unwrap();
    let files = folder.path().join("certificates");
    std::fs::create_dir(&files).unwrap();
    for (number, certificate) in certificates.iter().enumerate() {
        std::fs::write(files.join(format!("{number}.pem")), &certificate.pem).unwrap();
    }
    let store = RedbStore::builder()
        .open(folder.path().join("bindings.redb"))
        .unwrap();
    let mut sorted: Vec<_> = host(bindings, certificates).collect();
    sorted.sort_by(|a, b| a.key().cmp(b.key()));
    let mut changes = sorted
        .into_iter()
        .map(|binding| Ok(Change::insert(binding)));
    store.bulk_load(&mut changes).unwrap();
    folder
}

/// The median of a few rounds of choices in random order.
fn choice(bindings: usize, certificates: &[Certificate]) -> Duration {
    let host = Resolver::new(host(bindings, certificates));
    let mut dice = fastrand::Rng::with_seed(7);
    let connections: Vec<_> = (0..bindings.min(20_000))
        .map(|_| {
            let name = format!("HOST{}.contoso.com", dice.usize(..bindings));
            let connection = Connection::to("10.0.0.5:443".parse().unwrap()).unwrap();
            connection.with_server_name(name)
        })
        .collect();
    let rounds = (0..9).map(|_| {
        let started = Instant::now();
        for connection in &connections {
            assert!(black_box(host.choose(black_box(connection))).is_some());
        }
        started.elapsed().as_secs_f64() / connections.len() as f64
    });
    Duration::from_secs_f64(median(rounds.collect()))
}
