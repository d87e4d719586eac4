//! The fixes of findings about the sites of IIS.

use super::records::related;
use super::{Fix, Fixes, certificates, command, fix, new_file, options};
use crate::finding::Finding;
use crate::host_export::{HostExport, SitesOfIis};
use crate::iis::SiteBinding;

impl Fixes<'_> {
    pub(super) fn of_site(&self, finding: &Finding, host: &HostExport, site: &str) -> Option<Fix> {
        let store = host.store.as_deref();
        let asked = binding(host, site, finding.place.line)?;
        match finding.rule.id {
            "CB401" | "CB404" => {
                let key = asked.key_text();
                let config = &self.report.config;
                let known = asked
                    .host
                    .as_deref()
                    .and_then(|name| certificates::covering(name, self.inventory, config));
                let (condition, option, certificate) = match known {
                    Some(hash) => (None, "--hash", hash.to_string()),
                    None => {
                        let endpoint = key.split_once('=').map_or(&*key, |(_, endpoint)| endpoint);
                        let file = new_file(asked.host.as_deref().unwrap_or(endpoint))?;
                        let condition = format!("{file} is a certificate for the site");
                        (Some(condition), "--cert", file)
                    }
                };
                let words = [
                    &*key,
                    option,
                    &certificate,
                    "--store-name=MY",
                    "--app-id",
                    "IIS",
                ];
                fix(condition.as_deref(), [command(store, "add", words)])
            }
            "CB403" => {
                let record = *related(finding).first()?;
                let mut wanted = record.record().clone();
                wanted.flags |= asked.flags.of_record();
                let words = options::between(record.record(), &wanted)?;
                let words = [record.key().to_string()].into_iter().chain(words);
                fix(None, [command(store, "update", words)])
            }
            "CB408" => {
                let key = asked.key_text();
                let condition = "Centralized Certificates are enabled";
                let words = [&*key, "--app-id", "IIS"];
                fix(Some(condition), [command(store, "add", words)])
            }
            _ => None,
        }
    }
}

/// The site's binding that a finding is about.
fn binding<'a>(host: &'a HostExport, named: &str, line: Option<u64>) -> Option<&'a SiteBinding> {
    let SitesOfIis::Read { configuration, .. } = &host.iis else {
        return None;
    };
    let sites = configuration.sites.iter();
    let mut bindings = sites.flat_map(|site| site.https.iter().map(move |it| (site, it)));
    let found = bindings.find(|(site, it)| Some(it.line) == line && it.name(site) == named);
    found.map(|(_, binding)| binding)
}
