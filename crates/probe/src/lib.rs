//! Whether what is bound is what is served.
//!
//! [`probe`] connects to the endpoint of a binding as a TLS client would, takes the certificate that
//! is shown, and compares its hash with the one that is bound. Nothing else of the certificate is
//! judged, nobody is authenticated, and nothing is sent but the handshake.
//!
//! ```no_run
//! use certbind_probe::{Found, Options, probe};
//! use certbind_core::{Binding, CertHash, Record, Uuid};
//!
//! let record = Record::new(CertHash::new([0x52; 20]), None, Uuid::nil());
//! let binding = Binding::new("0.0.0.0:443".parse()?, record)?;
//! let probed = probe(&binding, &Options::default());
//! if let Found::Other { served } = &probed.found {
//!     println!("{} serves {served}", binding.key());
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod endpoint;
mod handshake;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use certbind_core::{Binding, CertHash};
use serde::Serialize;

/// Where and how long to try.
#[derive(Clone, Debug)]
pub struct Options {
    /// The address for keys that name none: host names, and `0.0.0.0`. `[::]` is tried at `::1`
    /// unless this is an IPv6 address. 127.0.0.1 at first.
    pub address: IpAddr,
    /// How long a connection may take, and how long the handshake after it. Five seconds at first.
    pub timeout: Duration,
    /// How many endpoints are tried at once. Sixteen at first.
    pub jobs: usize,
}

/// What was tried of a binding, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Probed {
    /// Where, if anywhere.
    pub address: Option<SocketAddr>,
    /// The name that was asked for (SNI), if any.
    pub name: Option<String>,
    /// What was found there.
    #[serde(flatten)]
    pub found: Found,
}

/// What was found at an endpoint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "found", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Found {
    /// The certificate that is bound.
    Same,
    /// Another one.
    Other {
        /// Its hash.
        served: CertHash,
    },
    /// A certificate, where the binding names none: of the central certificate store.
    Served {
        /// Its hash.
        served: CertHash,
    },
    /// No TLS server that shows a certificate.
    Nothing {
        /// Why, in words.
        why: String,
    },
    /// The key tells no endpoint.
    NotProbed {
        /// Why, in words.
        why: String,
    },
}

impl Found {
    /// Whether clients meet something else than what is bound.
    #[must_use]
    pub fn is_wrong(&self) -> bool {
        matches!(self, Self::Other { .. } | Self::Nothing { .. })
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            address: Ipv4Addr::LOCALHOST.into(),
            timeout: Duration::from_secs(5),
            jobs: 16,
        }
    }
}

/// Tries the endpoint of a binding. It takes twice the timeout at most.
#[must_use]
pub fn probe(binding: &Binding, options: &Options) -> Probed {
    let endpoint = match endpoint::of(binding.key(), options.address) {
        Ok(endpoint) => endpoint,
        Err(why) => {
            return Probed {
                address: None,
                name: None,
                found: Found::NotProbed {
                    why: why.to_owned(),
                },
            };
        }
    };
    let found = match handshake::certificate(&endpoint, options.timeout) {
        Ok(served) => match binding.record().hash() {
            Some(bound) if *bound == served => Found::Same,
            Some(_) => Found::Other { served },
            None => Found::Served { served },
        },
        Err(why) => Found::Nothing { why },
    };
    Probed {
        address: Some(endpoint.address),
        name: endpoint.name,
        found,
    }
}

/// Tries the endpoints of many bindings, some at a time. The answers are in their order.
#[must_use]
pub fn probe_all(bindings: &[Binding], options: &Options) -> Vec<Probed> {
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::with_capacity(bindings.len()));
    let work = || {
        while let Some((at, binding)) = take(bindings, &next) {
            let probed = probe(binding, options);
            let mut done = done.lock().unwrap_or_else(PoisonError::into_inner);
            done.push((at, probed));
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..options.jobs.clamp(1, bindings.len().max(1)) {
            scope.spawn(work);
        }
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, probed)| probed).collect()
}

fn take<'a>(bindings: &'a [Binding], next: &AtomicUsize) -> Option<(usize, &'a Binding)> {
    let at = next.fetch_add(1, Ordering::Relaxed);
    Some((at, bindings.get(at)?))
}

/// The examples of the README are tests too.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
