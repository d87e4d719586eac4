//! [`EtcdUrl`]: `etcd://ENDPOINT[,ENDPOINT…]/HOST?OPTION=VALUE`.

mod query;

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use certbind_core::Result;
use percent_encoding::percent_decode_str;

use crate::builder::EtcdBuilder;
use crate::errors;
use crate::host::HostName;
use crate::store::EtcdStore;
use query::{Query, TlsMode};

const SCHEME: &str = "etcd://";

/// The port of an endpoint that names none.
const PORT: &str = ":2379";

/// The endpoints that credentials of the environment may be sent to.
const ENDPOINTS: &str = "CERTBIND_ETCD_ENDPOINTS";

/// The URL of a host's store or, without a host, of a fleet.
///
/// | option | environment | meaning |
/// |---|---|---|
/// | `tls=on`, `tls=off` | | whether to use TLS; `on` by default if any of the next four is set |
/// | `ca=FILE` | `CERTBIND_ETCD_CA` | the authorities that sign the servers' certificates (PEM); the system's by default |
/// | `cert=FILE` | `CERTBIND_ETCD_CERT` ¹ | the client certificate (PEM) |
/// | `key=FILE` | `CERTBIND_ETCD_KEY` ¹ | its key |
/// | `server-name=NAME` | `CERTBIND_ETCD_SERVER_NAME` | the name in the servers' certificates, if it differs from the endpoint's |
/// | `user=NAME` | `CERTBIND_ETCD_USER` ¹ | the user, if etcd's access control is on |
/// | `password-file=FILE` | `CERTBIND_ETCD_PASSWORD` ¹ | a file with its password; in the environment the password itself |
/// | `timeout=SECONDS` | | [`EtcdBuilder::timeout`] |
/// | `retry_timeout=SECONDS` | | [`EtcdBuilder::retry_timeout`] |
/// | `max-txn-ops=N` | | [`EtcdBuilder::max_txn_ops`] |
///
/// The URL takes precedence over the environment. A URL never contains a password.
///
/// ¹ Credentials of the environment are used only if `CERTBIND_ETCD_ENDPOINTS` lists every endpoint of
/// the URL, so that a URL cannot choose which server receives them. A password is sent without TLS
/// only to a loopback address, or if the URL has `tls=off`.
///
/// ```
/// use certbind_etcd::EtcdUrl;
///
/// let url: EtcdUrl = "etcd://etcd1,etcd2:12379/web01?ca=/etc/etcd/ca.pem&user=web01".parse()?;
/// assert_eq!(url.endpoints(), ["etcd1:2379", "etcd2:12379"]);
/// assert_eq!(url.host().map(|host| host.as_str()), Some("web01"));
/// assert_eq!(url.to_string(), "etcd://etcd1,etcd2:12379/web01", "without the options");
/// # Ok::<(), certbind_etcd::UrlError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EtcdUrl {
    /// The endpoints as they were written.
    authority: String,
    endpoints: Vec<String>,
    host: Option<HostName>,
    query: Query,
}

/// The error for a text that is not the URL of a store in etcd.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}; expected etcd://ENDPOINT[:PORT][,ENDPOINT[:PORT]…]/HOST[?OPTION=VALUE[&…]]")]
pub struct UrlError(String);

/// A property of a URL and its environment that works, but of which the user should know.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UrlWarning {
    /// `tls=off`, and a password.
    #[error(
        "the password of the etcd user {user:?} is sent to {endpoint} without encryption, because the \
         URL has tls=off"
    )]
    PasswordWithoutTls {
        /// The user.
        user: String,
        /// The first endpoint that is not a loopback address.
        endpoint: String,
    },
    /// `tls=off`, and an authority in the environment.
    #[error("tls=off in the URL overrides CERTBIND_ETCD_CA: the servers of etcd are not verified")]
    CaIgnored,
    /// Credentials of the environment are for other endpoints.
    #[error(
        "{variable} is ignored: CERTBIND_ETCD_ENDPOINTS does not list {endpoint}; add it if that server \
         may receive the credentials"
    )]
    CredentialsIgnored {
        /// The first variable that is ignored.
        variable: &'static str,
        /// The first endpoint of the URL that is not listed.
        endpoint: String,
    },
}

impl EtcdUrl {
    /// The endpoints of the cluster, each as `HOST:PORT`.
    #[must_use]
    pub fn endpoints(&self) -> &[String] {
        &self.endpoints
    }

    /// The host whose store it is; `None` for a fleet.
    #[must_use]
    pub fn host(&self) -> Option<&HostName> {
        self.host.as_ref()
    }

    /// The URL of a host in the same cluster, with the same options.
    #[must_use]
    pub fn with_host(&self, host: &HostName) -> Self {
        Self {
            host: Some(host.clone()),
            ..self.clone()
        }
    }

    /// A builder with the options of the URL and, where it has none, of the environment.
    ///
    /// # Errors
    /// [`StoreError::Io`](certbind_core::StoreError::Io) for a file that cannot be read;
    /// [`StoreError::Invalid`](certbind_core::StoreError::Invalid) for a certificate without its key, a
    /// user without a password, a password without TLS, and credentials of the environment without
    /// `CERTBIND_ETCD_ENDPOINTS`.
    pub fn builder(
        &self,
        environment: impl Fn(&str) -> Option<String>,
    ) -> Result<(EtcdBuilder, Vec<UrlWarning>)> {
        let query = &self.query;
        let mut warnings = Vec::new();
        let credentials = |variable| self.credentials(variable, &environment, &mut warnings);
        let (tls, user) = query.read(&environment, credentials)?;
        if query.tls == Some(TlsMode::Off) && environment("CERTBIND_ETCD_CA").is_some() {
            warnings.push(UrlWarning::CaIgnored);
        }
        let mut builder = EtcdStore::builder(&self.endpoints);
        if let Some((user, password)) = user {
            if tls.is_none()
                && let Some(endpoint) = self.endpoints.iter().find(|one| !is_loopback(one))
            {
                let (user, endpoint) = (user.clone(), endpoint.clone());
                match query.tls {
                    Some(TlsMode::Off) => {
                        warnings.push(UrlWarning::PasswordWithoutTls { user, endpoint });
                    }
                    _ => {
                        return Err(errors::invalid(format!(
                            "the password of the etcd user {user:?} would be sent to {endpoint} without \
                             encryption; add ca=FILE or tls=on to the URL, or tls=off to send it \
                             anyway"
                        )));
                    }
                }
            }
            builder = builder.user_with_password(user, password);
        }
        if let Some(tls) = tls {
            builder = builder.tls(tls);
        }
        if let Some(timeout) = query.timeout {
            builder = builder.timeout(timeout);
        }
        if let Some(retry_timeout) = query.retry_timeout {
            builder = builder.retry_timeout(retry_timeout);
        }
        if let Some(max_txn_ops) = query.max_txn_ops {
            builder = builder.max_txn_ops(max_txn_ops);
        }
        Ok((builder, warnings))
    }

    /// A credential of the environment, if these endpoints may receive it.
    fn credentials(
        &self,
        variable: &'static str,
        environment: &impl Fn(&str) -> Option<String>,
        warnings: &mut Vec<UrlWarning>,
    ) -> Result<Option<String>> {
        let Some(value) = environment(variable) else {
            return Ok(None);
        };
        let Some(listed) = environment(ENDPOINTS) else {
            return Err(errors::invalid(format!(
                "{variable} is set without {ENDPOINTS}; set that to the endpoints that may receive \
                 it, such as {}",
                self.endpoints.join(",")
            )));
        };
        let listed: Vec<_> = listed
            .split(',')
            .filter_map(|one| endpoint(one.trim()).ok())
            .collect();
        let missing = self.endpoints.iter().find(|one| {
            !listed
                .iter()
                .any(|allowed| allowed.eq_ignore_ascii_case(one))
        });
        let Some(missing) = missing else {
            return Ok(Some(value));
        };
        // One warning is enough for all variables.
        if warnings.is_empty() {
            warnings.push(UrlWarning::CredentialsIgnored {
                variable,
                endpoint: missing.clone(),
            });
        }
        Ok(None)
    }
}

impl FromStr for EtcdUrl {
    type Err = UrlError;

    fn from_str(text: &str) -> Result<Self, UrlError> {
        let error = |problem: &str| UrlError(problem.to_owned());
        let rest = text
            .strip_prefix(SCHEME)
            .ok_or_else(|| error("it does not start with etcd://"))?;
        let (path, options) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, host) = path.split_once('/').unwrap_or((path, ""));
        let endpoints = authority.split(',').map(endpoint);
        let endpoints = endpoints.collect::<Result<_, _>>()?;
        let host = match host {
            "" => None,
            host => Some(
                host.parse()
                    .map_err(|wrong: crate::HostNameError| error(&wrong.to_string()))?,
            ),
        };
        let mut query = Query::default();
        let mut given = Vec::new();
        for pair in options.split('&').filter(|pair| !pair.is_empty()) {
            let (option, value) = pair
                .split_once('=')
                .ok_or_else(|| UrlError(format!("the option {pair:?} has no value")))?;
            let value = percent_decode_str(value)
                .decode_utf8()
                .map_err(|_| UrlError(format!("the value of {option:?} is not UTF-8")))?;
            query.set(option, value.into_owned()).map_err(UrlError)?;
            let name = match option {
                "patience" => "retry_timeout",
                option => option,
            };
            if given.contains(&name) {
                return Err(UrlError(format!(
                    "{name} is given twice; remove one of them"
                )));
            }
            given.push(name);
        }
        query.check().map_err(UrlError)?;
        Ok(Self {
            authority: authority.to_owned(),
            endpoints,
            host,
            query,
        })
    }
}

/// Without the options: they name files and users, and have no place in exports, plans and messages.
impl fmt::Display for EtcdUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{SCHEME}{}/", self.authority)?;
        match &self.host {
            Some(host) => write!(f, "{host}"),
            None => Ok(()),
        }
    }
}

fn endpoint(text: &str) -> Result<String, UrlError> {
    let fits = |c: char| c.is_ascii_alphanumeric() || ".-_:[]%".contains(c);
    if text.is_empty() || !text.chars().all(fits) {
        return Err(UrlError(format!(
            "{text:?} is not an endpoint of a cluster"
        )));
    }
    // The colons of an IPv6 address are in brackets.
    let after = text.rsplit(']').next().unwrap_or(text);
    Ok(match after.contains(':') {
        true => text.to_owned(),
        false => format!("{text}{PORT}"),
    })
}

/// Whether an endpoint, `HOST:PORT`, is on this machine.
fn is_loopback(endpoint: &str) -> bool {
    let host = endpoint.rsplit_once(':').map_or(endpoint, |(host, _)| host);
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || host
            .parse()
            .is_ok_and(|address: IpAddr| address.is_loopback())
}

#[cfg(test)]
mod tests;
