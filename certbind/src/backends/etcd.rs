//! `etcd://ENDPOINT/HOST`: the record of a host in etcd.

use std::sync::Arc;

use certbind_backends::{Access, CheckReport, OpenStore, StoreBackend};
use certbind_core::StoreError;
use certbind_etcd::{EtcdBuilder, EtcdStore, EtcdUrl, UrlError};

use crate::message::warn;
use crate::terminal::escaped;

pub(crate) struct Etcd;

impl StoreBackend for Etcd {
    fn scheme(&self) -> &'static str {
        "etcd"
    }

    fn help(&self) -> &'static [(&'static str, &'static str)] {
        &[(
            "etcd://ENDPOINT[,ENDPOINT…]/HOST",
            "the record of a host in etcd; parameters such as `?ca=FILE&user=NAME` configure the \
             connection (docs/etcd.md). Without HOST the URL names all hosts, for the option --fleet \
             (docs/fleet.md)",
        )]
    }

    fn check_address(&self, address: &str) -> Result<(), String> {
        parse(&format!("etcd:{address}")).map(drop)
    }

    fn display(&self, address: &str) -> String {
        let url = format!("etcd:{address}");
        parse(&url).map_or(url, |url| url.to_string())
    }

    fn host(&self, address: &str) -> Option<String> {
        let url = parse(&format!("etcd:{address}")).ok()?;
        url.host().map(ToString::to_string)
    }

    fn open(&self, address: &str, access: Access) -> Result<Option<OpenStore>, StoreError> {
        let url = parse(&format!("etcd:{address}")).map_err(|reason| StoreError::Invalid {
            key: None,
            reason: reason.into(),
        })?;
        let Some(store) = open(&url, access)? else {
            return Ok(None);
        };
        let store = Arc::new(store);
        let checked = Arc::clone(&store);
        let check = move || {
            Ok(CheckReport {
                revision: checked.revision()?,
                ..CheckReport::by_reading(&*checked)?
            })
        };
        Ok(Some(OpenStore::new(store).with_check(check)))
    }
}

/// The URL of a host. A fleet is not a store.
pub(crate) fn parse(url: &str) -> Result<EtcdUrl, String> {
    let parsed: EtcdUrl = url.parse().map_err(|error: UrlError| error.to_string())?;
    match parsed.host() {
        Some(_) => Ok(parsed),
        None => Err("the URL names no host: etcd://ENDPOINT/HOST".to_owned()),
    }
}

/// Opens the record of a host. `None`: it has none, and `access` does not create one.
pub(crate) fn open(url: &EtcdUrl, access: Access) -> Result<Option<EtcdStore>, StoreError> {
    let Some(host) = url.host() else {
        return Ok(None);
    };
    let store = builder(url)?.open(host)?;
    let is_absent = access != Access::Create && store.revision()?.is_none();
    Ok((!is_absent).then_some(store))
}

/// The builder for a URL and the process's environment. Warnings are reported.
pub(crate) fn builder(url: &EtcdUrl) -> Result<EtcdBuilder, StoreError> {
    let (builder, warnings) = url.builder(|variable| std::env::var(variable).ok())?;
    for warning in warnings {
        warn(&escaped(&warning.to_string()));
    }
    Ok(builder)
}
