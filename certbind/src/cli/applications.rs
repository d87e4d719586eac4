//! The options that select bindings by their application.

use certbind_core::Uuid;
use certbind_migrate::applications::{ApplicationFilter, ApplicationName};
use clap::Args;

#[derive(Debug, Args)]
#[command(next_help_heading = "Applications")]
pub(crate) struct Applications {
    /// Only bindings of this application: sstp, adfs, wap, winrm, exchange, rdgateway, wac, ssrs, iis,
    /// iisexpress, kdcproxy, workfolders, branchcache, or an application id.
    #[arg(long = "app", value_name = "NAME")]
    only: Vec<ApplicationName>,
    /// No bindings of this application.
    #[arg(long = "skip-app", value_name = "NAME")]
    skip: Vec<ApplicationName>,
}

impl Applications {
    pub(crate) fn filter(&self) -> ApplicationFilter {
        ApplicationFilter {
            only: self.only.clone(),
            skip: self.skip.clone(),
        }
    }
}

/// The value of `--app-id`.
pub(crate) fn id(text: &str) -> Result<Uuid, String> {
    match text.parse()? {
        ApplicationName::Id(id) => Ok(id),
        ApplicationName::Known(application) => application.id.ok_or_else(|| {
            format!(
                "{} has no application id of its own; give the id of its bindings",
                application.name
            )
        }),
    }
}
