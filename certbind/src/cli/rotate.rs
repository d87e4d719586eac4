//! The arguments of `rotate`.

use std::path::PathBuf;

use certbind_core::StoreName;
use clap::Args;

use super::applications::Applications;
use super::certificate::Checks;
use super::hash::HashPrefix;
use super::output::Output;
use super::script::Scripts;
use crate::error::Error;
#[cfg(feature = "etcd")]
use crate::fleet::FleetOptions;

#[derive(Debug, Args)]
pub(crate) struct Rotate {
    /// The certificate to replace, unless --old names it.
    #[arg(value_name = "OLD-HASH")]
    first: Option<String>,
    /// The new certificate, unless --new or --cert names it.
    #[arg(value_name = "NEW-HASH")]
    second: Option<String>,
    /// With --out: export files of hosts, folders of them, glob patterns, or @FILE with a list of
    /// these. The host is named by the export, or else by its file name.
    #[arg(value_name = "EXPORT")]
    rest: Vec<String>,
    /// The certificate to replace: its hash, or a unique prefix of a hash that is bound.
    #[arg(long = "old", alias = "from", value_name = "HASH")]
    from: Option<HashPrefix>,
    /// The hash of the new certificate, or a unique prefix of a hash that is bound.
    #[arg(
        long = "new",
        alias = "to",
        value_name = "HASH",
        conflicts_with = "cert"
    )]
    to: Option<HashPrefix>,
    /// A PEM, DER or PFX file with the new certificate. Of a chain, in any order, its end is used.
    #[arg(long, value_name = "FILE")]
    pub(crate) cert: Option<PathBuf>,
    /// Replace every certificate that has exactly the names of the new one, instead of OLD-HASH.
    #[arg(long, requires_all = ["cert", "certificates"], conflicts_with = "from")]
    pub(crate) match_names: bool,
    #[command(flatten)]
    pub(crate) checks: Checks,
    /// The certificate store of the new certificate: MY, WebHosting, … Default: that of the old one.
    #[arg(long, value_name = "NAME")]
    pub(crate) store_name: Option<StoreName>,
    #[command(flatten)]
    pub(crate) applications: Applications,
    /// Show the changes without making them.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Write a plan for `certbind apply` to this file, and change nothing. With --out,
    /// write its change scripts as well.
    #[arg(long, value_name = "FILE", conflicts_with = "dry_run")]
    pub(crate) export: Option<PathBuf>,
    #[cfg(feature = "etcd")]
    #[command(flatten)]
    pub(crate) fleet: FleetOptions,
    #[command(flatten)]
    pub(crate) scripts: Scripts,
    #[command(flatten)]
    pub(crate) output: Output,
}

/// The arguments of `rotate` once it is known which positional ones are hashes.
pub(crate) struct Renewal {
    /// The certificate to replace; `None` with --match-names.
    pub(crate) from: Option<HashPrefix>,
    /// The new certificate; `None` with --cert.
    pub(crate) to: Option<HashPrefix>,
    /// The exports of hosts.
    pub(crate) exports: Vec<String>,
}

impl Rotate {
    /// # Errors
    /// [`Error::Rotate`].
    pub(crate) fn renewal(&self) -> Result<Renewal, Error> {
        let given = self.first.iter().chain(&self.second).chain(&self.rest);
        let mut given = given.cloned();
        let invalid = |problem: String| Error::Rotate { problem };
        let from = match (&self.from, self.match_names) {
            (_, true) => None,
            (Some(from), _) => Some(from.clone()),
            (None, false) => {
                let text = given.next().ok_or_else(|| {
                    invalid("missing the certificate to replace; pass --old HASH".to_owned())
                })?;
                Some(
                    text.parse()
                        .map_err(|error| invalid(format!("{text}: {error}")))?,
                )
            }
        };
        let to = match (self.to.clone(), &self.cert) {
            (Some(to), _) => Some(to),
            (None, Some(_)) => None,
            (None, None) => {
                let text = given.next().ok_or(Error::NoSuccessor)?;
                let parsed = text.parse();
                Some(parsed.map_err(|error| invalid(format!("{text}: {error}")))?)
            }
        };
        let exports: Vec<_> = given.collect();
        let out = self.scripts.out.is_some();
        match (exports.first(), &self.export) {
            (Some(export), Some(_)) => Err(invalid(format!(
                "unexpected argument {export}; --export renews the store of --store, and --out alone \
                 renews hosts by their exports"
            ))),
            (Some(export), None) if !out => Err(invalid(format!(
                "unexpected argument {export}; exports of hosts need --out FOLDER"
            ))),
            (None, None) if out => Err(invalid(
                "--out needs the exports of the hosts to renew".to_owned(),
            )),
            _ => Ok(Renewal { from, to, exports }),
        }
    }
}
