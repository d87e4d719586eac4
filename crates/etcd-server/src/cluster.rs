//! Several servers that are one.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::server::{Ports, Server};

/// A cluster of several members, each of which can be killed and started again.
#[derive(Debug)]
pub struct Cluster {
    members: Vec<Mutex<Server>>,
    endpoints: Vec<String>,
}

impl Cluster {
    /// A cluster of this many members.
    ///
    /// # Panics
    /// If they do not find together.
    #[must_use]
    pub fn start(members: usize) -> Self {
        let ports: Vec<_> = (0..members).map(|_| Ports::free()).collect();
        let name = |i: usize| format!("member{i}");
        let cluster: Vec<_> = ports
            .iter()
            .enumerate()
            .map(|(i, ports)| format!("{}=http://127.0.0.1:{}", name(i), ports.peer))
            .collect();
        let launch = |(i, ports)| Server::launch(&name(i), ports, &cluster.join(","), &[]);
        let servers: Vec<_> = ports.into_iter().enumerate().map(launch).collect();
        for server in &servers {
            assert!(server.is_well(), "{}", server.log());
        }
        Self {
            endpoints: servers.iter().map(Server::endpoint).collect(),
            members: servers.into_iter().map(Mutex::new).collect(),
        }
    }

    /// Where clients reach its members.
    #[must_use]
    pub fn endpoints(&self) -> &[String] {
        &self.endpoints
    }

    /// Exclusive access to a member.
    ///
    /// # Panics
    /// If there is no such member.
    pub fn member(&self, i: usize) -> MutexGuard<'_, Server> {
        self.members[i]
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
