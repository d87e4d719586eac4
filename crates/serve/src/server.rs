//! The server: its sockets, and its life.

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use certbind_core::Port;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::answer::Upstream;
use crate::central_store::CentralStore;
use crate::connection;
use crate::endpoints::{Endpoint, Loopback, Ports, wanted};
use crate::error::ServeError;
use crate::host::{CertificateFolders, Host};
use crate::limits::{Connections, Limits};
use crate::refresh::Current;
use crate::report::{Event, Notice};
use crate::shared::{Events, Shared, stopped};
use crate::source::BindingSource;

/// How often the bindings are checked for new ports. Handshakes check by themselves.
const PORT_INTERVAL: Duration = Duration::from_millis(200);
/// How long open requests may take after the server was stopped.
const GRACE: Duration = Duration::from_secs(2);
/// The pause after an error of the system, such as a lack of descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(20);

/// The settings of a server.
#[must_use]
pub struct ServerBuilder {
    source: Box<dyn BindingSource>,
    folders: CertificateFolders,
    central: Option<PathBuf>,
    ports: Ports,
    upstream: Option<String>,
    limits: Limits,
    events: Box<Events>,
}

/// A running server. It stops when it is dropped.
#[derive(Debug)]
pub struct Server {
    runtime: Option<Runtime>,
    endpoints: Arc<Mutex<Vec<Endpoint>>>,
    stop: watch::Sender<bool>,
    sockets: Option<JoinHandle<()>>,
}

impl ServerBuilder {
    /// A folder of PEM and PFX files with the bound certificates and their private keys.
    pub fn certificates(mut self, folder: impl Into<PathBuf>) -> Self {
        self.folders.certificates = Some(folder.into());
        self
    }

    /// The folder of the central store, with a PFX file for each host name.
    pub fn central_store(mut self, folder: impl Into<PathBuf>) -> Self {
        self.central = Some(folder.into());
        self
    }

    /// Passwords to try on encrypted files, in addition to the empty one.
    pub fn passwords(mut self, passwords: impl IntoIterator<Item = String>) -> Self {
        self.folders.passwords.extend(passwords);
        self
    }

    /// The ports to listen on. Default: those of the bindings.
    pub fn ports(mut self, ports: Ports) -> Self {
        self.ports = ports;
        self
    }

    /// The URL of an application that gets the requests, `http://HOST:PORT`. Without it, each request is
    /// answered by a JSON object that describes the connection.
    pub fn upstream(mut self, url: impl Into<String>) -> Self {
        self.upstream = Some(url.into());
        self
    }

    /// The limits of connections, times and lengths. Default: [`Limits::default`].
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// A function for events. It is called by the threads that serve, so it must not wait.
    pub fn on_event(mut self, events: impl Fn(Event<'_>) + Send + Sync + 'static) -> Self {
        self.events = Box::new(events);
        self
    }

    /// Starts the server. It listens when this returns.
    ///
    /// # Errors
    /// [`ServeError`] if the bindings or certificates cannot be read, or if listening on an address
    /// fails. Later failures to listen are reported as [`Notice::Endpoint`].
    pub fn start(self) -> Result<Server, ServeError> {
        let mut folders = self.folders;
        let passwords = folders.passwords.clone();
        folders.central = self
            .central
            .map(|folder| Arc::new(CentralStore::new(folder, passwords)));
        let upstream = self.upstream.as_deref().map(Upstream::new).transpose()?;
        let (current, notices) = Current::open(self.source, folders)?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .thread_name("certbind-serve")
            .build()
            .map_err(ServeError::Runtime)?;
        let (stop, stopping) = watch::channel(false);
        let connections = Connections::new(self.limits.connections);
        let shared = Arc::new(Shared {
            current,
            upstream: upstream.map(Arc::new),
            limits: self.limits,
            events: self.events,
            stopping,
        });
        let mut sockets = Sockets {
            ports: self.ports,
            loopback: Loopback::default(),
            open: BTreeMap::new(),
            refused: BTreeMap::new(),
            last: Weak::new(),
            connections,
            shared: Arc::clone(&shared),
        };
        runtime.block_on(sockets.open_all())?;
        for notice in &notices {
            (shared.events)(Event::Notice(notice));
        }
        let listed = sockets.endpoints();
        (shared.events)(Event::Endpoints(&listed));
        let endpoints = Arc::new(Mutex::new(listed));
        let sockets = runtime.spawn(sockets.follow(Arc::clone(&endpoints)));
        Ok(Server {
            runtime: Some(runtime),
            endpoints,
            stop,
            sockets: Some(sockets),
        })
    }
}

impl Server {
    /// The settings of a server for the bindings of a source.
    pub fn builder(source: impl BindingSource) -> ServerBuilder {
        ServerBuilder {
            source: Box::new(source),
            folders: CertificateFolders::default(),
            central: None,
            ports: Ports::default(),
            upstream: None,
            limits: Limits::default(),
            events: Box::new(|_| {}),
        }
    }

    /// The endpoints that the server listens on now.
    #[must_use]
    pub fn endpoints(&self) -> Vec<Endpoint> {
        let endpoints = self.endpoints.lock();
        endpoints.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits for SIGINT or SIGTERM; for Ctrl-C on Windows.
    ///
    /// # Errors
    /// The system's, if signals cannot be received.
    pub fn wait_for_signal(&self) -> io::Result<()> {
        match &self.runtime {
            Some(runtime) => runtime.block_on(signal()),
            None => Ok(()),
        }
    }

    /// Stops: sockets are closed at once, open requests are finished within two seconds.
    pub fn stop(mut self) {
        self.end(GRACE);
    }

    fn end(&mut self, grace: Duration) {
        let Some(runtime) = self.runtime.take() else {
            return;
        };
        let _ = self.stop.send(true);
        if let Some(sockets) = self.sockets.take() {
            let closed = async {
                let _ = tokio::time::timeout(GRACE, sockets).await;
                // Each connection has a receiver.
                let _ = tokio::time::timeout(grace, self.stop.closed()).await;
            };
            runtime.block_on(closed);
        }
        runtime.shutdown_timeout(Duration::from_millis(100));
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.end(Duration::ZERO);
    }
}

async fn signal() -> io::Result<()> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};

        let mut terminate = signal(SignalKind::terminate())?;
        tokio::select! {
            interrupted = tokio::signal::ctrl_c() => interrupted,
            _ = terminate.recv() => Ok(()),
        }
    }
    #[cfg(not(unix))]
    tokio::signal::ctrl_c().await
}

/// The listening sockets.
struct Sockets {
    ports: Ports,
    loopback: Loopback,
    open: BTreeMap<(IpAddr, Port), (SocketAddr, JoinHandle<()>)>,
    /// The errors that were reported.
    refused: BTreeMap<(IpAddr, Port), String>,
    /// The host whose endpoints were opened last.
    last: Weak<Host>,
    connections: Arc<Connections>,
    shared: Arc<Shared>,
}

impl Sockets {
    /// Listens on every endpoint, or on none.
    async fn open_all(&mut self) -> Result<(), ServeError> {
        let wanted = wanted(self.shared.current.host().bindings());
        if wanted.is_empty() {
            return Err(ServeError::NoBindings);
        }
        let unmapped = wanted.iter().map(|(_, port)| *port);
        let unmapped = unmapped.filter(|port| self.ports.of(*port).is_none());
        if let Some(port) = unmapped.min() {
            return Err(ServeError::Mapping { port });
        }
        for (address, port) in wanted {
            match self.listen(address, port).await {
                Ok(()) => {}
                // A system without IPv6.
                Err(ServeError::Listen { source, .. })
                    if address.is_ipv6() && source.kind() == io::ErrorKind::AddrNotAvailable => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    async fn listen(&mut self, address: IpAddr, port: Port) -> Result<(), ServeError> {
        let mapped = self.ports.of(port).ok_or(ServeError::Mapping { port })?;
        let (ip, is_own) = self.loopback.of(address);
        // A loopback address shared by several addresses of the host has a port for each.
        let listened = if is_own { mapped } else { 0 };
        let error = |source| ServeError::Listen {
            address,
            port,
            source,
        };
        let listener = TcpListener::bind((ip, listened)).await.map_err(error)?;
        let listens_on = listener.local_addr().map_err(error)?;
        let accept = accept(
            listener,
            (address, port),
            Arc::clone(&self.connections),
            Arc::clone(&self.shared),
        );
        let task = tokio::spawn(accept);
        self.open.insert((address, port), (listens_on, task));
        Ok(())
    }

    fn endpoints(&self) -> Vec<Endpoint> {
        let open = self.open.iter();
        open.map(|((address, port), (listens_on, _))| Endpoint {
            address: *address,
            port: *port,
            listens_on: *listens_on,
        })
        .collect()
    }

    /// Opens and closes sockets as the bindings change, until the server stops.
    async fn follow(mut self, endpoints: Arc<Mutex<Vec<Endpoint>>>) {
        let mut stopping = self.shared.stopping.clone();
        loop {
            tokio::select! {
                () = stopped(&mut stopping) => break,
                () = tokio::time::sleep(PORT_INTERVAL) => {}
            }
            for notice in self.shared.current.refresh().await {
                (self.shared.events)(Event::Notice(&notice));
            }
            if self.adapt().await {
                let listed = self.endpoints();
                (self.shared.events)(Event::Endpoints(&listed));
                *endpoints.lock().unwrap_or_else(PoisonError::into_inner) = listed;
            }
        }
        for (_, task) in self.open.values() {
            task.abort();
        }
        for (_, (_, task)) in std::mem::take(&mut self.open) {
            let _ = task.await;
        }
    }

    /// Whether an endpoint was opened or closed.
    async fn adapt(&mut self) -> bool {
        let host = self.shared.current.host();
        if self.refused.is_empty() && self.last.as_ptr() == Arc::as_ptr(&host) {
            return false;
        }
        self.last = Arc::downgrade(&host);
        let wanted = wanted(host.bindings());
        let mut changed = false;
        self.open.retain(|endpoint, (_, task)| {
            let keep = wanted.contains(endpoint);
            if !keep {
                task.abort();
                changed = true;
            }
            keep
        });
        self.refused.retain(|endpoint, _| wanted.contains(endpoint));
        for (address, port) in wanted {
            if self.open.contains_key(&(address, port)) {
                continue;
            }
            match self.listen(address, port).await {
                Ok(()) => {
                    self.refused.remove(&(address, port));
                    changed = true;
                }
                Err(error) => {
                    let problem = error.to_string();
                    let last = self.refused.insert((address, port), problem.clone());
                    if last.as_ref() != Some(&problem) {
                        let notice = Notice::Endpoint {
                            address,
                            port,
                            problem,
                        };
                        (self.shared.events)(Event::Notice(&notice));
                    }
                }
            }
        }
        changed
    }
}

async fn accept(
    listener: TcpListener,
    endpoint: (IpAddr, Port),
    connections: Arc<Connections>,
    shared: Arc<Shared>,
) {
    loop {
        match listener.accept().await {
            Ok((stream, client)) => {
                let slot = connections.enter();
                let shared = Arc::clone(&shared);
                tokio::spawn(connection::serve(shared, stream, client, endpoint, slot));
            }
            Err(_) => {
                connections.make_room();
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}
