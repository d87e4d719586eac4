//! The options of `add` and `update` that set a field of the record, named as in netsh.

use certbind_core::{BindingKey, CertCheckMode, CtlIdentifier, Record, StoreName};
use clap::Args;

use super::flags::Flags;
use crate::error::Error;

/// What `add` sets and `update` changes: nothing but what was named.
#[derive(Debug, Args)]
pub(crate) struct RecordOptions {
    /// The certificate store: MY, WebHosting, …; '' for none (HTTP.sys then uses MY).
    #[arg(long, value_name = "NAME", value_parser = optional::<StoreName>)]
    store_name: Option<Optional<StoreName>>,
    /// The maximum age of a cached revocation list; 0: until it expires.
    #[arg(long = "revocationfreshnesstime", value_name = "SECONDS")]
    revocation_freshness_time: Option<u32>,
    /// The timeout for retrieving a revocation list; 0: the default.
    #[arg(long = "urlretrievaltimeout", value_name = "MILLISECONDS")]
    url_retrieval_timeout: Option<u32>,
    /// The certificate trust list for client certificates; '' for none.
    #[arg(long = "sslctlidentifier", value_name = "NAME", value_parser = optional::<CtlIdentifier>)]
    ctl_identifier: Option<Optional<CtlIdentifier>>,
    /// The certificate store of that list; '' for none.
    #[arg(long = "sslctlstorename", value_name = "NAME", value_parser = optional::<StoreName>)]
    ctl_store_name: Option<Optional<StoreName>>,
    #[command(flatten)]
    flags: Flags,
}

impl RecordOptions {
    /// Whether nothing was named.
    pub(crate) fn is_empty(&self) -> bool {
        let Self {
            store_name,
            revocation_freshness_time,
            url_retrieval_timeout,
            ctl_identifier,
            ctl_store_name,
            flags,
        } = self;
        store_name.is_none()
            && revocation_freshness_time.is_none()
            && url_retrieval_timeout.is_none()
            && ctl_identifier.is_none()
            && ctl_store_name.is_none()
            && flags.0.is_empty()
    }

    pub(crate) fn apply(&self, key: &BindingKey, record: &mut Record) -> Result<(), Error> {
        if let Some(Optional(name)) = &self.store_name {
            let certificate = record.certificate.as_mut().ok_or(Error::Arguments {
                key: key.clone(),
                problem: "its certificate comes from the central store; leave out --store-name",
            })?;
            certificate.store_name.clone_from(name);
        }
        if let Some(seconds) = self.revocation_freshness_time {
            record.revocation_freshness_time = seconds;
            // As in netsh.
            record
                .check_mode
                .set(CertCheckMode::USE_REVOCATION_FRESHNESS, seconds != 0);
        }
        if let Some(milliseconds) = self.url_retrieval_timeout {
            record.url_retrieval_timeout = milliseconds;
        }
        if let Some(Optional(identifier)) = &self.ctl_identifier {
            record.ctl_identifier.clone_from(identifier);
        }
        if let Some(Optional(name)) = &self.ctl_store_name {
            record.ctl_store_name.clone_from(name);
        }
        for (flag, on) in &self.flags.0 {
            flag.set(record, *on);
        }
        Ok(())
    }
}

/// A name, or none: written ''.
#[derive(Clone, Debug)]
struct Optional<T>(Option<T>);

fn optional<T: std::str::FromStr>(text: &str) -> Result<Optional<T>, T::Err> {
    Ok(Optional(if text.is_empty() {
        None
    } else {
        Some(text.parse()?)
    }))
}
