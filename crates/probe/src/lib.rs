//! Checks whether the bound certificate is the one that is served.
//!
//! [`probe`] connects to the endpoint of a binding as a TLS client would, takes the certificate
//! that is shown, and compares its hash with the one that is bound. No other property of the
//! certificate is checked, no authentication takes place, and only the handshake is sent.
//!
//! Use it after a change of bindings.
//!
//! ```no_run
//! use certbind_probe::{ProbeResult, ProbeOptions, probe};
//! use certbind_core::{Binding, CertHash, Record, Uuid};
//!
//! let record = Record::new(CertHash::new([0x52; 20]), None, Uuid::nil());
//! let binding = Binding::new("0.0.0.0:443".parse()?, record)?;
//! let probed = probe(&binding, &ProbeOptions::default());
//! if let ProbeResult::Other { served } = &probed.found {
//!     println!("{} serves {served}", binding.key());
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod endpoint;
mod handshake;

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use certbind_core::{Binding, BindingKey, CertHash};
use certbind_resolve::{Connection, Resolver};
use serde::Serialize;

use crate::endpoint::Endpoint;

/// The address to connect to, and the time limit.
#[derive(Clone, Debug)]
pub struct ProbeOptions {
    /// The address for keys that name none: host names, and `0.0.0.0`. `[::]` is tried at `::1`
    /// unless this is an IPv6 address. Default: 127.0.0.1.
    pub address: IpAddr,
    /// How long a connection may take, and how long the handshake after it. Default: 5 seconds.
    pub timeout: Duration,
    /// How many endpoints are tried at once. Default: 16.
    pub jobs: usize,
    /// Where to connect instead of these addresses, for a server on mapped ports. No other address is
    /// tried then. Default: none.
    pub redirects: Option<BTreeMap<SocketAddr, SocketAddr>>,
}

/// A probe of a binding: the endpoint, and the result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ProbeReport {
    /// Where, if anywhere.
    pub address: Option<SocketAddr>,
    /// The server name that was sent (SNI), if any.
    pub name: Option<String>,
    /// The result there.
    #[serde(flatten)]
    pub found: ProbeResult,
}

/// The result of probing an endpoint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "found", rename_all = "snake_case")]
#[non_exhaustive]
pub enum ProbeResult {
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
    /// The certificate of another binding, which takes precedence in HTTP.sys on this connection.
    Hidden {
        /// The key of that binding.
        by: BindingKey,
        /// The hash of the certificate.
        served: CertHash,
    },
    /// No TLS server that shows a certificate.
    Nothing {
        /// The reason, in words.
        why: String,
    },
    /// The key has no endpoint, or the TLS library cannot send its name.
    NotProbed {
        /// The reason, in words.
        why: String,
    },
}

impl ProbeResult {
    /// Whether clients get another certificate than the bound one.
    #[must_use]
    pub fn is_wrong(&self) -> bool {
        matches!(self, Self::Other { .. } | Self::Nothing { .. })
    }
}

impl Default for ProbeOptions {
    fn default() -> Self {
        Self {
            address: Ipv4Addr::LOCALHOST.into(),
            timeout: Duration::from_secs(5),
            jobs: 16,
            redirects: None,
        }
    }
}

/// Probes the endpoint of a binding, as if it were the only one of its host. This takes at most
/// twice the timeout.
#[must_use]
pub fn probe(binding: &Binding, options: &ProbeOptions) -> ProbeReport {
    probe_on(binding, &Resolver::new([]), options)
}

fn probe_on(binding: &Binding, host: &Resolver<&Binding>, options: &ProbeOptions) -> ProbeReport {
    let endpoint = match endpoint::of(binding.key(), options.address) {
        Ok(endpoint) => endpoint,
        Err(why) => {
            return ProbeReport {
                address: None,
                name: None,
                found: ProbeResult::NotProbed {
                    why: why.to_owned(),
                },
            };
        }
    };
    if let Some(name) = endpoint.name.as_deref()
        && !handshake::can_ask_for(name)
    {
        return ProbeReport {
            address: Some(endpoint.address),
            name: None,
            found: ProbeResult::NotProbed {
                why: format!("the TLS library of this probe cannot ask for {name}"),
            },
        };
    }
    let listener = match &options.redirects {
        Some(redirects) => redirects.get(&endpoint.address).copied(),
        None => Some(endpoint.address),
    };
    let Some(address) = listener else {
        return ProbeReport {
            address: None,
            name: endpoint.name,
            found: ProbeResult::NotProbed {
                why: format!("the server does not listen for {}", endpoint.address),
            },
        };
    };
    let redirected = Endpoint {
        address,
        name: endpoint.name.clone(),
    };
    let found = match handshake::certificate(&redirected, options.timeout) {
        Ok(served) => match (binding.record().hash(), hidden_by(binding, &endpoint, host)) {
            (Some(bound), _) if *bound == served => ProbeResult::Same,
            (_, Some(other)) if other.record().hash() == Some(&served) => ProbeResult::Hidden {
                by: other.key().clone(),
                served,
            },
            (Some(_), _) => ProbeResult::Other { served },
            (None, _) => ProbeResult::Served { served },
        },
        Err(why) => ProbeResult::Nothing { why },
    };
    ProbeReport {
        address: Some(address),
        name: endpoint.name,
        found,
    }
}

/// The binding that answers a connection to the endpoint, if it is another one.
fn hidden_by<'a>(
    binding: &Binding,
    endpoint: &Endpoint,
    host: &Resolver<&'a Binding>,
) -> Option<&'a Binding> {
    let connection = Connection::to(endpoint.address).ok()?;
    let connection = match &endpoint.name {
        Some(name) => connection.with_server_name(name.as_str()),
        None => connection,
    };
    let (_, chosen) = host.choose(&connection)?;
    (chosen.key() != binding.key()).then_some(*chosen)
}

/// Probes the endpoints of several bindings in parallel, and returns the results in the order of
/// `bindings`. `host` has all bindings of the host, to recognise the certificate of a binding that
/// hides another.
#[must_use]
pub fn probe_all(
    bindings: &[Binding],
    host: &[Binding],
    options: &ProbeOptions,
) -> Vec<ProbeReport> {
    let host = Resolver::new(host);
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::with_capacity(bindings.len()));
    let work = || {
        while let Some((at, binding)) = take(bindings, &next) {
            let probed = probe_on(binding, &host, options);
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
