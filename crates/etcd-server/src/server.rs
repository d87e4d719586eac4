//! One server.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::process::ChildGuard;

/// How long a server may take to serve.
const START_TIMEOUT: Duration = Duration::from_secs(60);

/// The number of attempts with other ports, where another process has taken one in the meantime.
const ATTEMPTS: usize = 5;

/// An etcd server. It is killed, and its data is removed, when it is dropped or this process ends.
#[derive(Debug)]
pub struct Server {
    ports: Ports,
    /// The arguments that it is started with, each time.
    arguments: Vec<String>,
    /// Removed by the process that guards the server.
    folder: PathBuf,
    running: Option<ChildGuard>,
}

/// The ports of one server.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ports {
    pub(crate) client: u16,
    pub(crate) peer: u16,
    /// The port of the health check: without TLS, also if the other ports use it.
    health: u16,
}

impl Ports {
    pub(crate) fn free() -> Self {
        // All at once, so that they differ.
        let listeners = [(); 3].map(|()| TcpListener::bind("127.0.0.1:0").expect("a free port"));
        let [client, peer, health] =
            listeners.map(|listener| listener.local_addr().expect("its address").port());
        Self {
            client,
            peer,
            health,
        }
    }
}

impl Server {
    /// A cluster of one server.
    ///
    /// # Panics
    /// If it does not start.
    #[must_use]
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    /// The same, with further arguments; where they name certificates, clients have to use TLS.
    ///
    /// # Panics
    /// If it does not start.
    #[must_use]
    pub fn start_with(arguments: &[&str]) -> Self {
        for _ in 1..ATTEMPTS {
            let server = Self::launch("alone", Ports::free(), "", arguments);
            if server.is_well() {
                return server;
            }
            assert!(server.lost_its_port(), "{}", server.log());
        }
        panic!("every port was taken by somebody else");
    }

    pub(crate) fn launch(name: &str, ports: Ports, cluster: &str, further: &[&str]) -> Self {
        let there = Command::new("etcd").arg("--version").output();
        assert!(
            there.is_ok(),
            "etcd is not installed (on Debian: apt-get install etcd-server etcd-client)"
        );
        let secure = further.iter().any(|further| further.contains("cert"));
        let scheme = if secure { "https" } else { "http" };
        let client = format!("{scheme}://127.0.0.1:{}", ports.client);
        let peer = format!("http://127.0.0.1:{}", ports.peer);
        let alone = format!("{name}={peer}");
        let cluster = if cluster.is_empty() { &alone } else { cluster };
        let folder = folder();
        let data = folder.join("data").display().to_string();
        let mut arguments: Vec<String> = [
            ("--name", name),
            ("--data-dir", &data),
            ("--listen-client-urls", &client),
            ("--advertise-client-urls", &client),
            ("--listen-peer-urls", &peer),
            ("--initial-advertise-peer-urls", &peer),
            ("--initial-cluster", cluster),
            (
                "--listen-metrics-urls",
                &format!("http://127.0.0.1:{}", ports.health),
            ),
            // A leader that is killed is soon replaced.
            ("--heartbeat-interval", "50"),
            ("--election-timeout", "500"),
            ("--log-level", "warn"),
        ]
        .iter()
        .map(|(option, value)| format!("{option}={value}"))
        .collect();
        arguments.extend(further.iter().map(ToString::to_string));
        let mut server = Self {
            ports,
            arguments,
            folder,
            running: None,
        };
        server.run();
        server
    }

    /// Where clients reach it: `HOST:PORT`.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("127.0.0.1:{}", self.ports.client)
    }

    /// The output of `etcdctl`.
    ///
    /// # Panics
    /// If it fails.
    #[must_use]
    pub fn ctl(&self, arguments: &[&str]) -> String {
        let output = Command::new("etcdctl")
            .env("ETCDCTL_API", "3")
            .arg("--endpoints")
            .arg(self.endpoint())
            .args(arguments)
            .output()
            .expect("etcdctl starts (on Debian: apt-get install etcd-client)");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "etcdctl {arguments:?}: {said}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// How many calls of a gRPC method (`Range`, `Txn`) it has finished since it started.
    ///
    /// # Panics
    /// If it does not answer, or counts no such method.
    #[must_use]
    pub fn finished_calls(&self, method: &str) -> u64 {
        self.metric(
            "grpc_server_handled_total",
            &format!("grpc_method=\"{method}\""),
        )
    }

    /// How many watches it serves.
    ///
    /// # Panics
    /// If it does not answer.
    #[must_use]
    pub fn watches(&self) -> u64 {
        self.metric("etcd_debugging_mvcc_watcher_total", "")
    }

    /// The sum of the samples of a metric whose labels contain this one.
    fn metric(&self, name: &str, label: &str) -> u64 {
        let text = self.http_get("/metrics").expect("etcd answers");
        let samples = text.lines().filter_map(|line| {
            let (labels, value) = line.strip_prefix(name)?.rsplit_once(' ')?;
            let is_whole_name = labels.is_empty() || labels.starts_with('{');
            let value = || value.trim().parse::<u64>().expect("a whole number");
            (is_whole_name && labels.contains(label)).then(value)
        });
        let samples: Vec<_> = samples.collect();
        assert!(!samples.is_empty(), "etcd has no metric {name} {label}");
        samples.iter().sum()
    }

    /// Kills it, as a power cut would. Its data stays.
    pub fn kill(&mut self) {
        if let Some(running) = self.running.take() {
            running.kill();
        }
    }

    /// Starts it again after it was killed, with its data.
    ///
    /// # Panics
    /// If it does not start.
    pub fn restart(&mut self) {
        self.kill();
        self.run();
        assert!(self.is_well(), "{}", self.log());
    }

    fn run(&mut self) {
        let arguments = &self.arguments;
        self.running = Some(ChildGuard::start(
            "etcd",
            arguments,
            &self.folder.join("log"),
            &self.folder,
        ));
    }

    /// Waits until it serves, with a leader. False if it does not.
    pub(crate) fn is_well(&self) -> bool {
        let since = Instant::now();
        while since.elapsed() < START_TIMEOUT && !self.lost_its_port() {
            if self
                .http_get("/health")
                .is_some_and(|said| said.contains(r#""health":"true""#))
            {
                return true;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        false
    }

    fn http_get(&self, path: &str) -> Option<String> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.ports.health)).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(5))).ok()?;
        let request = format!("GET {path} HTTP/1.0\r\nHost: etcd\r\n\r\n");
        stream.write_all(request.as_bytes()).ok()?;
        let mut said = String::new();
        stream.read_to_string(&mut said).ok()?;
        Some(said)
    }

    fn lost_its_port(&self) -> bool {
        self.log().contains("address already in use")
    }

    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }
}

/// A folder in memory, where the system has one: the tests need no durability across a power cut of
/// the machine.
fn folder() -> PathBuf {
    let memory = Path::new("/dev/shm");
    let builder = || tempfile::Builder::new().prefix("certbind-etcd-").to_owned();
    let folder = match memory.is_dir() {
        true => builder().tempdir_in(memory),
        false => builder().tempdir(),
    };
    folder.map(TempDir::keep).expect("a temporary directory")
}
