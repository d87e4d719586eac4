//! Real etcd servers for tests, on free ports of the loopback interface and with data of their own.
//! They end with the process that started them, also if it is killed. A [`Proxy`] between a client
//! and a server drops or holds requests and responses on command.
//!
//! ```no_run
//! let server = certbind_etcd_server::Server::start();
//! println!("{}", server.ctl(&["put", "key", "value"]));
//! ```
//!
//! Debian has etcd as `etcd-server` and `etcd-client`. Where it is missing, starting it panics.

mod cluster;
mod process;
mod proxy;
mod server;

pub use cluster::Cluster;
pub use proxy::{Proxy, Traffic};
pub use server::Server;
