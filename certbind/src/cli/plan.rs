//! The arguments of `plan`.

use std::path::{Path, PathBuf};

use certbind_certificates::check_named_path;
use certbind_core::{Binding, BindingKey, Kind, Port, StoreName, Uuid};
use certbind_migrate::{Address, HostPattern, MappingFile, Planner, Rule, Store, Successors};
use clap::{Args, ValueEnum};

use super::applications::Applications;
use super::hash::HashPrefix;
use super::key::key;
use super::script::Scripts;
use crate::certificate_folder::certificate_folder;
use crate::error::Error;
use crate::guards::Guards;
use crate::hive_logs::LogOptions;
use crate::input::Input;

#[derive(Debug, Args)]
pub(crate) struct Plan {
    /// The source: a store URL or an export file; - for standard input.
    pub(crate) source: Input,
    /// The target: a store URL or an export file.
    #[arg(id = "to", value_name = "TARGET")]
    pub(crate) target: Input,
    /// Plan changes of this key only. Repeat it for several.
    #[arg(long = "key", alias = "target", value_name = "KEY", value_parser = key)]
    pub(crate) keys: Vec<BindingKey>,
    /// Exit with 2 if there are changes. Default: exit with 0 with and without changes.
    #[arg(long)]
    pub(crate) detailed_exitcode: bool,
    /// Write the plan to this file, for `certbind apply`.
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Delete bindings of the target that the source lacks and the filter selects. Those of applications
    /// that a desired state does not manage stay.
    #[arg(long)]
    prune: bool,
    /// As --prune, also where that deletes every binding of the target, or most of more than ten.
    #[arg(long)]
    pub(crate) prune_all: bool,
    /// A folder with the certificates (PEM, DER) of the target, to warn about missing ones.
    #[arg(long, value_name = "FOLDER")]
    certificates: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) logs: LogOptions,
    #[command(flatten)]
    pub(crate) scripts: Scripts,
    /// The output format.
    #[arg(long, value_enum, default_value_t = PlanFormat::Table)]
    pub(crate) format: PlanFormat,
    /// Plan to bind a certificate that the checks refuse. Those of --certificates, --old-certificates and
    /// --new-certificates are checked: expired, for other names, not for servers, weak key or signature.
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    mapping: Mapping,
    #[command(flatten)]
    filter: Filter,
    #[command(flatten)]
    applications: Applications,
}

/// The output formats of a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum PlanFormat {
    Table,
    Json,
    /// A table for review comments.
    Markdown,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Mapping")]
struct Mapping {
    /// A TOML file with mapping rules and a filter. Options add to it.
    #[arg(long, value_name = "FILE")]
    mapping: Option<PathBuf>,
    /// Replace certificate OLD by NEW: hashes, or unique prefixes of hashes that are bound.
    #[arg(long, value_name = "OLD=NEW")]
    map_certificate: Vec<Rule<HashPrefix>>,
    /// A folder with the certificates of the source.
    #[arg(long, value_name = "FOLDER", requires = "new_certificates")]
    old_certificates: Option<PathBuf>,
    /// A folder with their replacements, matched by subject and names.
    #[arg(long, value_name = "FOLDER", requires = "old_certificates")]
    new_certificates: Option<PathBuf>,
    /// Replace address A by B: 10.0.0.5=10.0.1.7, 0.0.0.0=10.0.1.7.
    #[arg(long, value_name = "A=B")]
    map_address: Vec<Rule<Address>>,
    /// Replace certificate store A by B. An empty name means (null).
    #[arg(long, value_name = "A=B")]
    map_store_name: Vec<Rule<Store>>,
    /// The certificate store of the certificates that are replaced; the others stay where they are.
    #[arg(long, value_name = "NAME")]
    store_name: Option<StoreName>,
    /// Replace application A by B.
    #[arg(long, value_name = "A=B")]
    map_application: Vec<Rule<Uuid>>,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Filter (a binding must match every option that is given)")]
struct Filter {
    /// ipport, hostnameport, ccs or scopedccs.
    #[arg(long, value_name = "KIND")]
    kind: Vec<Kind>,
    /// A port.
    #[arg(long, value_name = "PORT")]
    port: Vec<Port>,
    /// An application id of the source.
    #[arg(long = "source-app-id", alias = "app-id", value_name = "GUID")]
    app_id: Vec<Uuid>,
    /// A pattern of host names: *.contoso.com.
    #[arg(long = "host-pattern", alias = "host", value_name = "PATTERN")]
    host: Vec<HostPattern>,
}

impl Plan {
    /// The planner that these options describe. Prefixes of hashes are looked up in the bindings of the
    /// source and the target.
    pub(crate) fn planner(&self, source: &[Binding], target: &[Binding]) -> Result<Planner, Error> {
        let mut file = match &self.mapping.mapping {
            Some(path) => mapping_file(path)?,
            None => MappingFile::default(),
        };
        let options = &self.mapping;
        for rule in &options.map_certificate {
            file.mapping.certificates.add(Rule {
                from: rule.from.resolve(source)?,
                to: rule.to.resolve(target.iter().chain(source))?,
            })?;
        }
        for rule in &options.map_address {
            file.mapping.addresses.add(rule.clone())?;
        }
        for rule in &options.map_store_name {
            file.mapping.store_names.add(rule.clone())?;
        }
        for rule in &options.map_application {
            file.mapping.applications.add(rule.clone())?;
        }
        file.mapping.store_of_mapped.clone_from(&options.store_name);
        let mut filter = file.filter;
        filter.kinds.extend(&self.filter.kind);
        filter.ports.extend(&self.filter.port);
        filter.applications.extend(&self.filter.app_id);
        filter.hosts.extend(self.filter.host.iter().cloned());
        let folders = match (&options.old_certificates, &options.new_certificates) {
            (Some(old), Some(new)) => Some((old.clone(), new.clone())),
            _ => file.certificate_folders.map(|both| (both.old, both.new)),
        };
        let successors = match folders {
            Some((old, new)) => Successors {
                old: certificate_folder(&old)?,
                new: certificate_folder(&new)?,
            },
            None => Successors::default(),
        };
        Ok(Planner {
            mapping: file.mapping,
            successors,
            filter,
            owners: self.applications.filter(),
            prune: self.prunes(),
            managed: None,
            capabilities: None,
            inventory: self
                .certificates
                .as_deref()
                .map(certificate_folder)
                .transpose()?,
        })
    }
}

impl Plan {
    /// The changes of the keys that --key names.
    pub(crate) fn targeted(
        &self,
        plan: certbind_migrate::Plan,
    ) -> Result<certbind_migrate::Plan, Error> {
        if self.keys.is_empty() {
            return Ok(plan);
        }
        let has = |key: &&BindingKey| plan.steps().iter().any(|step| step.key() == *key);
        if let Some(key) = self.keys.iter().find(|key| !has(key)) {
            return Err(Error::Arguments {
                key: key.clone(),
                problem: "the plan has no such key; --key takes keys of the source, or with --prune of the target",
            });
        }
        Ok(plan.filtered(|step| self.keys.contains(step.key())))
    }

    /// Whether bindings of the target may be deleted.
    pub(crate) fn prunes(&self) -> bool {
        self.prune || self.prune_all
    }

    /// The checks of the certificates that are known to a planner.
    pub(crate) fn guards(&self, planner: &Planner) -> Guards {
        let successors = &planner.successors;
        let folders = [&successors.new, &successors.old];
        let known = folders.into_iter().chain(&planner.inventory);
        Guards::of_plan(known.cloned().collect(), self.force)
    }
}

/// Reads a mapping file. Folders in it are relative to the file.
fn mapping_file(path: &Path) -> Result<MappingFile, Error> {
    let text = crate::read_file::read_text(path).map_err(|source| Error::Input {
        path: path.to_owned(),
        source,
    })?;
    let mut file = MappingFile::parse(&text).map_err(|error| Error::BrokenInput {
        path: path.to_owned(),
        problem: error.to_string(),
    })?;
    if let (Some(folders), Some(beside)) = (&mut file.certificate_folders, path.parent()) {
        for folder in [&folders.old, &folders.new] {
            let named = folder.to_string_lossy();
            check_named_path(&named).map_err(|problem| Error::BrokenInput {
                path: path.to_owned(),
                problem: format!("certificate_folders: {named:?}: {problem}"),
            })?;
        }
        folders.old = beside.join(&folders.old);
        folders.new = beside.join(&folders.new);
    }
    Ok(file)
}
