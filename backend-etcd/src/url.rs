//! `etcd://HOST:PORT,HOST:PORT/NAME?OPTION=VALUE`: where a host's store is, or a fleet.

use std::fmt;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use certbind_core::{Result, StoreError};
use percent_encoding::percent_decode_str;

use crate::errors;
use crate::host::HostName;
use crate::options::{Options, Tls};

const SCHEME: &str = "etcd://";

/// The port of a member that names none.
const PORT: &str = ":2379";

/// Where a host's store is, or, without a host's name, a fleet.
///
/// | option | environment | |
/// |---|---|---|
/// | `tls=on` | | speak TLS; with any of the next four it is on unless it is `off` |
/// | `ca=FILE` | `CERTBIND_ETCD_CA` | the authorities of the servers' certificates, as PEM; else the system's |
/// | `cert=FILE` | `CERTBIND_ETCD_CERT` | the certificate to show to servers, as PEM |
/// | `key=FILE` | `CERTBIND_ETCD_KEY` | its key |
/// | `server-name=NAME` | `CERTBIND_ETCD_SERVER_NAME` | the name that the servers' certificates are for |
/// | `user=NAME` | `CERTBIND_ETCD_USER` | the user, where etcd's access control is on |
/// | `password-file=FILE` | `CERTBIND_ETCD_PASSWORD` | its password; in the file, or itself in the environment |
/// | `timeout=SECONDS` | | [`Options::timeout`] |
/// | `patience=SECONDS` | | [`Options::patience`] |
/// | `max-txn-ops=N` | | [`Options::max_txn_ops`] |
///
/// What stands in the URL goes before the environment. A password never stands in it.
///
/// ```
/// use certbind_etcd::EtcdUrl;
///
/// let url: EtcdUrl = "etcd://etcd1,etcd2:12379/web01?ca=/etc/etcd/ca.pem&user=web01".parse()?;
/// assert_eq!(url.members(), ["etcd1:2379", "etcd2:12379"]);
/// assert_eq!(url.host().map(|host| host.as_str()), Some("web01"));
/// # Ok::<(), certbind_etcd::UrlError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EtcdUrl {
    text: String,
    members: Vec<String>,
    host: Option<HostName>,
    query: Query,
}

/// Why a text is no URL of a store in etcd.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}; a store in etcd is etcd://MEMBER[:PORT][,MEMBER[:PORT]…]/HOST[?OPTION=VALUE[&…]]")]
pub struct UrlError(String);

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Query {
    tls: Option<bool>,
    ca: Option<PathBuf>,
    cert: Option<PathBuf>,
    key: Option<PathBuf>,
    server_name: Option<String>,
    user: Option<String>,
    password_file: Option<PathBuf>,
    timeout: Option<Duration>,
    patience: Option<Duration>,
    max_txn_ops: Option<NonZeroUsize>,
}

impl EtcdUrl {
    /// The members of the cluster, each as `HOST:PORT`.
    #[must_use]
    pub fn members(&self) -> &[String] {
        &self.members
    }

    /// The host whose store it is; `None`: the fleet.
    #[must_use]
    pub fn host(&self) -> Option<&HostName> {
        self.host.as_ref()
    }

    /// How etcd is spoken to: as the URL says, and where it says nothing as `environment` does.
    ///
    /// # Errors
    /// [`StoreError::Io`] for a file that cannot be read; [`StoreError::Invalid`] for a certificate
    /// without its key, a user without a password, or the other way round.
    pub fn options(&self, environment: impl Fn(&str) -> Option<String>) -> Result<Options> {
        let query = &self.query;
        let mut options = Options::new(&self.members);
        if let Some(tls) = query.tls(&environment)? {
            options = options.tls(tls);
        }
        if let Some((user, password)) = query.user(&environment)? {
            options = options.user(user, password);
        }
        if let Some(timeout) = query.timeout {
            options = options.timeout(timeout);
        }
        if let Some(patience) = query.patience {
            options = options.patience(patience);
        }
        if let Some(most) = query.max_txn_ops {
            options = options.max_txn_ops(most);
        }
        Ok(options)
    }
}

impl Query {
    fn set(&mut self, option: &str, value: String) -> Result<(), String> {
        let path = || Some(PathBuf::from(&value));
        match option {
            "tls" => {
                self.tls = Some(match &*value {
                    "on" => true,
                    "off" => false,
                    _ => return Err("tls is on or off".to_owned()),
                });
            }
            "ca" => self.ca = path(),
            "cert" => self.cert = path(),
            "key" => self.key = path(),
            "server-name" => self.server_name = Some(value),
            "user" => self.user = Some(value),
            "password-file" => self.password_file = path(),
            "timeout" => self.timeout = Some(seconds(option, &value)?),
            "patience" => self.patience = Some(seconds(option, &value)?),
            "max-txn-ops" => {
                let most: usize = value.parse().unwrap_or(0);
                // One is the head's, and one at least a binding's.
                let most = NonZeroUsize::new(most).filter(|most| most.get() >= 2);
                self.max_txn_ops = Some(most.ok_or("max-txn-ops is a number from 2 on")?);
            }
            "password" => {
                return Err(
                    "a password does not belong into a URL, which others see; name a \
                            password-file, or set CERTBIND_ETCD_PASSWORD"
                        .to_owned(),
                );
            }
            other => return Err(format!("there is no option {other:?}")),
        }
        Ok(())
    }

    fn tls(&self, environment: &impl Fn(&str) -> Option<String>) -> Result<Option<Tls>> {
        let file = |named: &Option<PathBuf>, variable| {
            let path = named
                .clone()
                .or_else(|| Some(environment(variable)?.into()));
            path.map(|path| read(&path)).transpose()
        };
        if self.tls == Some(false) {
            return Ok(None);
        }
        let cert = file(&self.cert, "CERTBIND_ETCD_CERT")?;
        let key = file(&self.key, "CERTBIND_ETCD_KEY")?;
        let named = self.server_name.clone();
        let tls = Tls {
            ca: file(&self.ca, "CERTBIND_ETCD_CA")?,
            identity: match (cert, key) {
                (Some(cert), Some(key)) => Some((cert, key)),
                (None, None) => None,
                _ => return Err(errors::invalid("name a certificate for etcd with its key")),
            },
            server_name: named.or_else(|| environment("CERTBIND_ETCD_SERVER_NAME")),
        };
        let wanted = self.tls == Some(true)
            || tls.ca.is_some()
            || tls.identity.is_some()
            || tls.server_name.is_some();
        Ok(wanted.then_some(tls))
    }

    fn user(
        &self,
        environment: &impl Fn(&str) -> Option<String>,
    ) -> Result<Option<(String, String)>> {
        let named = self.user.clone();
        let Some(user) = named.or_else(|| environment("CERTBIND_ETCD_USER")) else {
            return Ok(None);
        };
        let password = match &self.password_file {
            Some(path) => {
                let text = String::from_utf8_lossy(&read(path)?).into_owned();
                Some(text.trim_end_matches(['\r', '\n']).to_owned())
            }
            None => environment("CERTBIND_ETCD_PASSWORD"),
        };
        match password {
            Some(password) => Ok(Some((user, password))),
            None => Err(errors::invalid(format!(
                "the user {user:?} of etcd has no password: name a password-file, or set \
                 CERTBIND_ETCD_PASSWORD"
            ))),
        }
    }
}

impl FromStr for EtcdUrl {
    type Err = UrlError;

    fn from_str(text: &str) -> Result<Self, UrlError> {
        let error = |problem: &str| UrlError(problem.to_owned());
        let rest = text
            .strip_prefix(SCHEME)
            .ok_or_else(|| error("it begins otherwise"))?;
        let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (members, host) = place.split_once('/').unwrap_or((place, ""));
        let members = members.split(',').map(member).collect::<Result<_, _>>()?;
        let host = match host {
            "" => None,
            host => Some(
                host.parse()
                    .map_err(|wrong: crate::HostNameError| error(&wrong.to_string()))?,
            ),
        };
        let mut found = Query::default();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (option, value) = pair
                .split_once('=')
                .ok_or_else(|| UrlError(format!("the option {pair:?} has no value")))?;
            let value = percent_decode_str(value)
                .decode_utf8()
                .map_err(|_| UrlError(format!("the value of {option:?} is no text")))?;
            found.set(option, value.into_owned()).map_err(UrlError)?;
        }
        Ok(Self {
            text: text.to_owned(),
            members,
            host,
            query: found,
        })
    }
}

impl fmt::Display for EtcdUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn member(text: &str) -> Result<String, UrlError> {
    let fits = |c: char| c.is_ascii_alphanumeric() || ".-_:[]%".contains(c);
    if text.is_empty() || !text.chars().all(fits) {
        return Err(UrlError(format!("{text:?} is no member of a cluster")));
    }
    // The colons of an IPv6 address stand in brackets.
    let behind = text.rsplit(']').next().unwrap_or(text);
    Ok(match behind.contains(':') {
        true => text.to_owned(),
        false => format!("{text}{PORT}"),
    })
}

fn seconds(option: &str, value: &str) -> Result<Duration, String> {
    let seconds = value.parse().ok().filter(|seconds| *seconds > 0.0);
    let duration = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    duration
        .filter(|duration| *duration <= Duration::from_secs(24 * 60 * 60))
        .ok_or_else(|| format!("{option} is a number of seconds, a day at most"))
}

fn read(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).map_err(|source| StoreError::io("read", path, source))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Result<EtcdUrl, UrlError> {
        text.parse()
    }

    fn none(_: &str) -> Option<String> {
        None
    }

    #[test]
    fn members_have_ports_and_a_fleet_no_host() {
        let fleet = url("etcd://a,[::1],[::1]:1,10.0.0.1:2/").unwrap();
        assert_eq!(
            fleet.members(),
            ["a:2379", "[::1]:2379", "[::1]:1", "10.0.0.1:2"]
        );
        assert_eq!(fleet.host(), None);
        assert_eq!(url("etcd://a").unwrap().host(), None);
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (text, named) in [
            ("etcd:a/b", "begins otherwise"),
            ("etcd:///b", "\"\" is no member"),
            ("etcd://a@b/c", "\"a@b\" is no member"),
            ("etcd://a/b/c", "\"b/c\" is no name"),
            ("etcd://a/b?tls=maybe", "on or off"),
            ("etcd://a/b?tls", "has no value"),
            ("etcd://a/b?colour=red", "\"colour\""),
            ("etcd://a/b?timeout=-1", "seconds"),
            ("etcd://a/b?timeout=nan", "seconds"),
            ("etcd://a/b?patience=1e300", "seconds"),
            ("etcd://a/b?max-txn-ops=1", "from 2 on"),
            ("etcd://a/b?ca=%ff", "no text"),
            ("etcd://a/b?password=secret", "CERTBIND_ETCD_PASSWORD"),
        ] {
            let error = url(text).unwrap_err().to_string();
            assert!(
                error.contains(named) && !error.contains("secret"),
                "{text}: {error}"
            );
        }
    }

    #[test]
    fn the_url_goes_before_the_environment() {
        let environment = |variable: &str| {
            Some(match variable {
                "CERTBIND_ETCD_USER" => "other".to_owned(),
                "CERTBIND_ETCD_PASSWORD" => "secret".to_owned(),
                "CERTBIND_ETCD_SERVER_NAME" => "other.contoso.com".to_owned(),
                _ => return None,
            })
        };
        let ours = url("etcd://a/b?user=web%2001&server-name=etcd&timeout=0.5").unwrap();
        let options = ours.options(environment).unwrap();
        assert_eq!(
            options.user,
            Some(("web 01".to_owned(), "secret".to_owned()))
        );
        assert_eq!(options.tls.unwrap().server_name.as_deref(), Some("etcd"));
        assert_eq!(options.timeout, Duration::from_millis(500));
        let plain = url("etcd://a/b").unwrap();
        let options = plain.options(environment).unwrap();
        assert_eq!(options.user.unwrap().0, "other");
        assert!(plain.options(none).unwrap().tls.is_none());
        let without = url("etcd://a/b?tls=off").unwrap();
        assert!(without.options(environment).unwrap().tls.is_none());
    }

    #[test]
    fn half_of_a_pair_is_refused() {
        let refused = |text: &str| url(text).unwrap().options(none).unwrap_err().to_string();
        assert!(refused("etcd://a/b?user=web01").contains("password"));
        assert!(refused("etcd://a/b?ca=/nowhere/ca.pem").contains("/nowhere/ca.pem"));
        let cert = std::env::current_exe().unwrap().display().to_string();
        assert!(refused(&format!("etcd://a/b?cert={cert}")).contains("with its key"));
    }
}
