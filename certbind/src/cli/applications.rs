//! The options that select bindings by their application.

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
