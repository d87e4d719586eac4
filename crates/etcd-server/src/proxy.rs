//! A proxy between a client and a server, which drops traffic on command.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

/// Other messages, such as pings, are shorter.
const REQUEST: usize = 64;

/// The treatment of traffic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Traffic {
    /// It arrives.
    Forward,
    /// Requests arrive, and answers are lost.
    DropResponses,
    /// Requests arrive once the proxy is set to [`Forward`](Self::Forward) again, even if the
    /// client has gone.
    HoldRequests,
}

/// A proxy for a server.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug)]
struct State {
    wire: Traffic,
    /// Both ends of each connection: the client's, the server's.
    connections: Vec<(TcpStream, TcpStream)>,
    /// How many bytes of requests have not been forwarded.
    held: usize,
    /// How many bytes of answers were lost since the wire was set to lose them.
    lost: usize,
}

impl Proxy {
    /// A proxy to the server at `HOST:PORT`, which forwards everything.
    ///
    /// # Panics
    /// If there is no free port.
    #[must_use]
    pub fn to(server: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let shared = Arc::new(Shared {
            state: Mutex::new(State {
                wire: Traffic::Forward,
                connections: Vec::new(),
                held: 0,
                lost: 0,
            }),
            changed: Condvar::new(),
        });
        let proxy = Self {
            address: listener.local_addr().expect("its address"),
            shared: Arc::clone(&shared),
        };
        let server = server.to_owned();
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                // A server that is not reachable: the connection of the client ends.
                if let Ok(server) = TcpStream::connect(&server) {
                    connect(&shared, &client, &server);
                }
            }
        });
        proxy
    }

    /// Where clients reach it: `HOST:PORT`.
    #[must_use]
    pub fn endpoint(&self) -> String {
        self.address.to_string()
    }

    /// Changes the wire.
    pub fn set(&self, wire: Traffic) {
        let mut state = self.shared.state();
        state.wire = wire;
        state.lost = 0;
        drop(state);
        self.shared.changed.notify_all();
    }

    /// How many connections were made through it.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.shared.state().connections.len()
    }

    /// Closes every connection on the client's side. The servers are not affected.
    pub fn disconnect_clients(&self) {
        for (client, _) in &self.shared.state().connections {
            // One that has ended need not be ended.
            let _ = client.shutdown(Shutdown::Both);
        }
    }

    /// Waits until a request is held. Only while the proxy holds requests.
    pub fn wait_for_held_request(&self) {
        let mut state = self.shared.state();
        while state.wire == Traffic::HoldRequests && state.held < REQUEST {
            state = self.shared.wait(state);
        }
    }

    /// Waits until something of an answer is lost. Only while the wire loses them.
    pub fn wait_for_dropped_response(&self) {
        let mut state = self.shared.state();
        while state.wire == Traffic::DropResponses && state.lost == 0 {
            state = self.shared.wait(state);
        }
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'a>(&self, state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        self.changed
            .wait(state)
            .unwrap_or_else(PoisonError::into_inner)
    }
}

fn connect(shared: &Arc<Shared>, client: &TcpStream, server: &TcpStream) {
    let twice = |stream: &TcpStream| stream.try_clone().expect("another handle");
    let mut state = shared.state();
    state.connections.push((twice(client), twice(server)));
    drop(state);
    let (from_client, to_server) = (twice(client), twice(server));
    let (from_server, to_client) = (twice(server), twice(client));
    let (sent, requests) = mpsc::channel();
    let [receiving, sending, answering] = [(); 3].map(|()| Arc::clone(shared));
    thread::spawn(move || receiving.receive(from_client, &sent));
    thread::spawn(move || sending.send(to_server, &requests));
    thread::spawn(move || answering.answer(from_server, to_client));
}

impl Shared {
    fn receive(&self, mut client: TcpStream, sent: &Sender<Vec<u8>>) {
        let mut bytes = [0; 16 << 10];
        while let Ok(read @ 1..) = client.read(&mut bytes) {
            self.state().held += read;
            self.changed.notify_all();
            if sent.send(bytes[..read].to_vec()).is_err() {
                return;
            }
        }
    }

    fn send(&self, mut server: TcpStream, sent: &Receiver<Vec<u8>>) {
        for bytes in sent {
            let mut state = self.state();
            while state.wire == Traffic::HoldRequests {
                state = self.wait(state);
            }
            state.held -= bytes.len();
            drop(state);
            if server.write_all(&bytes).is_err() {
                return;
            }
        }
    }

    fn answer(&self, mut server: TcpStream, mut client: TcpStream) {
        let mut bytes = [0; 16 << 10];
        let mut lost = false;
        loop {
            let read = server.read(&mut bytes).unwrap_or(0);
            let mut state = self.state();
            let loses = state.wire == Traffic::DropResponses;
            if loses {
                state.lost += read;
                self.changed.notify_all();
            }
            drop(state);
            lost |= loses;
            // Data after a lost part never arrives: the connection has ended.
            if !loses && (lost || read == 0 || client.write_all(&bytes[..read]).is_err()) {
                // One that has ended need not be ended.
                let _ = client.shutdown(Shutdown::Both);
                return;
            }
            if read == 0 {
                return;
            }
        }
    }
}
