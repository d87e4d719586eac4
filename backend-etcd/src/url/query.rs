//! The options of a URL.

use std::fs::File;
use std::io::{self, Read};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::Duration;

use certbind_core::{Result, StoreError};
use zeroize::Zeroizing;

use crate::errors;
use crate::settings::Tls;

/// The longest timeout: a day.
const MAX_TIMEOUT: Duration = Duration::from_secs(24 * 60 * 60);

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Query {
    pub(super) tls: Option<TlsMode>,
    ca: Option<PathBuf>,
    cert: Option<PathBuf>,
    key: Option<PathBuf>,
    server_name: Option<String>,
    user: Option<String>,
    password_file: Option<PathBuf>,
    pub(super) timeout: Option<Duration>,
    pub(super) retry_timeout: Option<Duration>,
    pub(super) max_txn_ops: Option<NonZeroUsize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TlsMode {
    On,
    Off,
}

/// A user and its password.
pub(super) type User = (String, Zeroizing<String>);

/// The most bytes of a file that a URL names.
const MAX_LENGTH: u64 = 1 << 20;

impl Query {
    pub(super) fn set(&mut self, option: &str, value: String) -> Result<(), String> {
        let path = || Some(PathBuf::from(&value));
        match option {
            "tls" => {
                self.tls = Some(match &*value {
                    "on" => TlsMode::On,
                    "off" => TlsMode::Off,
                    _ => return Err("expected tls=on or tls=off".to_owned()),
                });
            }
            "ca" => self.ca = path(),
            "cert" => self.cert = path(),
            "key" => self.key = path(),
            "server-name" => self.server_name = Some(value),
            "user" => self.user = Some(value),
            "password-file" => self.password_file = path(),
            "timeout" => self.timeout = Some(seconds(option, &value)?),
            "retry_timeout" | "patience" => self.retry_timeout = Some(seconds(option, &value)?),
            "max-txn-ops" => {
                let number: usize = value.parse().unwrap_or(0);
                // One operation writes the host record, and at least one a binding.
                let number = NonZeroUsize::new(number).filter(|number| number.get() >= 2);
                let problem = "max-txn-ops must be a number of at least 2";
                self.max_txn_ops = Some(number.ok_or(problem)?);
            }
            "password" => {
                return Err(
                    "a URL must not contain a password, which others would see; name a \
                     password-file, or set CERTBIND_ETCD_PASSWORD"
                        .to_owned(),
                );
            }
            other => return Err(format!("unknown option {other:?}")),
        }
        Ok(())
    }

    /// Refuses options that contradict each other.
    pub(super) fn check(&self) -> Result<(), String> {
        let of_tls = [
            ("ca", self.ca.is_some()),
            ("cert", self.cert.is_some()),
            ("key", self.key.is_some()),
            ("server-name", self.server_name.is_some()),
        ];
        match of_tls.iter().find(|(_, set)| *set) {
            Some((option, _)) if self.tls == Some(TlsMode::Off) => Err(format!(
                "tls=off contradicts {option}=; leave out one of them"
            )),
            _ => Ok(()),
        }
    }

    /// The settings of TLS and the user. `credentials` reads a variable of the environment that not
    /// every server may receive.
    pub(super) fn read(
        &self,
        environment: &impl Fn(&str) -> Option<String>,
        mut credentials: impl FnMut(&'static str) -> Result<Option<String>>,
    ) -> Result<(Option<Tls>, Option<User>)> {
        let tls = match self.tls {
            Some(TlsMode::Off) => None,
            _ => self.tls(environment, &mut credentials)?,
        };
        Ok((tls, self.user(&mut credentials)?))
    }

    fn tls(
        &self,
        environment: &impl Fn(&str) -> Option<String>,
        credentials: &mut impl FnMut(&'static str) -> Result<Option<String>>,
    ) -> Result<Option<Tls>> {
        let mut file = |named: &Option<PathBuf>, variable| {
            let path = match named {
                Some(path) => Some(path.clone()),
                None => credentials(variable)?.map(PathBuf::from),
            };
            path.map(|path| read(&path)).transpose()
        };
        let cert = file(&self.cert, "CERTBIND_ETCD_CERT")?;
        let key = file(&self.key, "CERTBIND_ETCD_KEY")?;
        let ca = self.ca.clone();
        let ca = ca.or_else(|| Some(environment("CERTBIND_ETCD_CA")?.into()));
        let named = self.server_name.clone();
        let tls = Tls {
            ca: ca.map(|path| read(&path)).transpose()?,
            identity: match (cert, key) {
                (Some(cert), Some(key)) => Some((cert, Zeroizing::new(key))),
                (None, None) => None,
                _ => {
                    return Err(errors::invalid(
                        "a client certificate for etcd needs both cert= and key=",
                    ));
                }
            },
            server_name: named.or_else(|| environment("CERTBIND_ETCD_SERVER_NAME")),
        };
        let wanted = self.tls == Some(TlsMode::On)
            || tls.ca.is_some()
            || tls.identity.is_some()
            || tls.server_name.is_some();
        Ok(wanted.then_some(tls))
    }

    fn user(
        &self,
        credentials: &mut impl FnMut(&'static str) -> Result<Option<String>>,
    ) -> Result<Option<User>> {
        let user = match &self.user {
            Some(user) => Some(user.clone()),
            None => credentials("CERTBIND_ETCD_USER")?,
        };
        let Some(user) = user else {
            return Ok(None);
        };
        let password = match &self.password_file {
            Some(path) => {
                let bytes = Zeroizing::new(read(path)?);
                let text = Zeroizing::new(String::from_utf8_lossy(&bytes).into_owned());
                let password = text.trim_end_matches(['\r', '\n']);
                Some(Zeroizing::new(password.to_owned()))
            }
            None => credentials("CERTBIND_ETCD_PASSWORD")?.map(Zeroizing::new),
        };
        match password {
            Some(password) => Ok(Some((user, password))),
            None => Err(errors::invalid(format!(
                "the etcd user {user:?} has no password: name a password-file, or set \
                 CERTBIND_ETCD_PASSWORD and CERTBIND_ETCD_ENDPOINTS"
            ))),
        }
    }
}

fn seconds(option: &str, value: &str) -> Result<Duration, String> {
    let seconds = value.parse().ok().filter(|seconds| *seconds > 0.0);
    let duration = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    duration
        .filter(|duration| *duration <= MAX_TIMEOUT)
        .ok_or_else(|| format!("{option} must be a number of seconds, at most one day"))
}

fn read(path: &Path) -> Result<Vec<u8>> {
    let read = || {
        // A descriptor that a shell has opened, `<(command)`, ends as its command does.
        let is_given = ["/dev/fd", "/proc/self/fd", "/dev/stdin"];
        let is_given = is_given.iter().any(|given| path.starts_with(given));
        if !is_given && !std::fs::metadata(path)?.is_file() {
            return Err(invalid("it is a device, a named pipe or a folder"));
        }
        let file = File::open(path)?;
        // Without room to grow, which would leave a copy of a password in memory.
        let length = file.metadata()?.len().min(MAX_LENGTH);
        let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or(0) + 1);
        file.take(MAX_LENGTH + 1).read_to_end(&mut bytes)?;
        match bytes.len() as u64 > MAX_LENGTH {
            true => Err(invalid("it has more than a megabyte")),
            false => Ok(bytes),
        }
    };
    read().map_err(|source| StoreError::io("read", path, source))
}

fn invalid(problem: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, problem)
}
