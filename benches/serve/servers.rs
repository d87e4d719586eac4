//! The two servers with one certificate.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use certbind_core::{Binding, BindingStore, Record, SslFlags, Uuid};
use certbind_redb::RedbStore;
use tempfile::TempDir;

use crate::certificates::Certificate;
use crate::processes::{Processors, Running};

/// How a server remembers sessions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sessions {
    /// It keeps them.
    Cache,
    /// The client keeps them, encrypted.
    Tickets,
}

pub(crate) struct Server {
    pub(crate) socket: SocketAddr,
    process: Running,
    _folder: TempDir,
}

impl Server {
    /// The processor time that the server has used.
    pub(crate) fn processor_time(&self) -> Duration {
        self.process.processor_time()
    }
}

/// Starts `certbind serve` over a store with one binding.
pub(crate) fn certbind(
    program: &Path,
    certificate: &Certificate,
    sessions: Sessions,
    processors: Processors,
) -> Server {
    let folder = TempDir::new().unwrap();
    let certificates = folder.path().join("certificates");
    std::fs::create_dir(&certificates).unwrap();
    std::fs::write(certificates.join("0.pem"), &certificate.pem).unwrap();
    let flags = match sessions {
        Sessions::Cache => SslFlags::empty(),
        Sessions::Tickets => SslFlags::ENABLE_SESSION_TICKET,
    };
    // nginx serves TLS 1.2 and 1.3 alone as well.
    let flags = flags | SslFlags::DISABLE_LEGACY_TLS;
    let record = Record::new(certificate.hash, None, Uuid::nil()).with_flags(flags);
    let key = "hostnameport=www.contoso.com:443".parse().unwrap();
    let store = RedbStore::builder()
        .open(folder.path().join("bindings.redb"))
        .unwrap();
    store.put(Binding::new(key, record).unwrap()).unwrap();
    drop(store);
    let ready = folder.path().join("ready.json");
    let mut process = Running::start(&serve(program, folder.path(), &ready), processors);
    let socket = wait_for(&mut process, &ready);
    Server {
        socket,
        process,
        _folder: folder,
    }
}

/// `certbind serve` over the store and the certificates of a folder.
pub(crate) fn serve(program: &Path, folder: &Path, ready: &Path) -> Command {
    let mut command = Command::new(program);
    command.arg("serve").arg("--free-ports").arg("--from");
    command.arg(format!("redb:{}", folder.join("bindings.redb").display()));
    command
        .arg("--certificates")
        .arg(folder.join("certificates"));
    command.arg("--ready-file").arg(ready);
    command
}

/// Waits for the ready file; gives the socket for 127.0.0.1.
pub(crate) fn wait_for(process: &mut Running, ready: &Path) -> SocketAddr {
    while !ready.exists() {
        assert!(!process.has_ended(), "certbind serve does not start");
        std::thread::sleep(Duration::from_millis(1));
    }
    let ready: serde_json::Value = serde_json::from_slice(&std::fs::read(ready).unwrap()).unwrap();
    let mut endpoints = ready["endpoints"].as_array().unwrap().iter();
    let endpoint = endpoints.find(|it| it["address"] == "127.0.0.1").unwrap();
    endpoint["listens_on"].as_str().unwrap().parse().unwrap()
}

/// Starts nginx with one worker for each processor, and answers of this length. It writes no log of
/// requests, as certbind does not.
pub(crate) fn nginx(
    certificate: &Certificate,
    sessions: Sessions,
    body: usize,
    processors: Processors,
) -> Server {
    let folder = TempDir::new().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    std::fs::write(path("both.pem"), &certificate.pem).unwrap();
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let socket = free.local_addr().unwrap();
    drop(free);
    let workers = match processors {
        Processors::First => "1",
        _ => "auto",
    };
    let sessions = match sessions {
        Sessions::Cache => "ssl_session_cache shared:sessions:10m; ssl_session_tickets off;",
        Sessions::Tickets => "ssl_session_cache off; ssl_session_tickets on;",
    };
    let folders = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
    let folders = folders.map(|name| format!("{name}_temp_path {};\n", path(name)));
    let configuration = format!(
        "daemon off;\nworker_processes {workers};\npid {};\nerror_log {} error;\n\
         events {{ worker_connections 1024; }}\n\
         http {{\naccess_log off;\nkeepalive_requests 1000000000;\n{}{sessions}\n\
         server {{\nlisten {socket} ssl;\nserver_name www.contoso.com;\n\
         ssl_certificate {both};\nssl_certificate_key {both};\n\
         ssl_protocols TLSv1.2 TLSv1.3;\ndefault_type application/json;\n\
         location / {{ return 200 '{}'; }}\n}}\n}}\n",
        path("pid"),
        path("error.log"),
        folders.concat(),
        "x".repeat(body),
        both = path("both.pem"),
    );
    std::fs::write(path("nginx.conf"), configuration).unwrap();
    let mut command = Command::new("nginx");
    command.args(["-e", &path("error.log"), "-c", &path("nginx.conf")]);
    let mut process = Running::start(&command, processors);
    let end = Instant::now() + Duration::from_secs(20);
    while TcpStream::connect(socket).is_err() {
        assert!(
            !process.has_ended() && Instant::now() < end,
            "nginx does not start"
        );
        std::thread::sleep(Duration::from_millis(5));
    }
    Server {
        socket,
        process,
        _folder: folder,
    }
}
