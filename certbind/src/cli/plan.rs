//! The arguments of `plan`.

use std::path::{Path, PathBuf};

use certbind_certificates::Folder;
use certbind_core::{CertHash, Kind, Port, Uuid};
use certbind_migrate::{Address, HostPattern, MappingFile, Planner, Rule, Store, Successors};
use clap::Args;

use super::output::Output;
use crate::error::{Error, warn};
use crate::input::Input;
use crate::terminal::escaped;

#[derive(Debug, Args)]
pub(crate) struct Plan {
    /// Whose bindings to bring over: a store's URL, or a file with an export; - for standard input.
    pub(crate) source: Input,
    /// Where to: a store's URL, or a file with an export of it.
    pub(crate) target: Input,
    /// Keep the plan in this file, for `certbind apply`.
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Delete what the target has and the source lacks, as far as the filter lets it through.
    #[arg(long)]
    prune: bool,
    /// A folder with the certificates (PEM, DER) that the target has, to warn of what it lacks.
    #[arg(long, value_name = "FOLDER")]
    certificates: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) format: Output,
    #[command(flatten)]
    mapping: Mapping,
    #[command(flatten)]
    filter: Filter,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Mapping")]
struct Mapping {
    /// A TOML file with rules and a filter; options add to it.
    #[arg(long, value_name = "FILE")]
    mapping: Option<PathBuf>,
    /// Bind NEW where the source binds OLD.
    #[arg(long, value_name = "OLD=NEW")]
    map_certificate: Vec<Rule<CertHash>>,
    /// A folder of certificates that the source binds.
    #[arg(long, value_name = "FOLDER", requires = "new_certificates")]
    old_certificates: Option<PathBuf>,
    /// A folder of their successors, told by subject and names.
    #[arg(long, value_name = "FOLDER", requires = "old_certificates")]
    new_certificates: Option<PathBuf>,
    /// Bind at address B what the source binds at A: 10.0.0.5=10.0.1.7, 0.0.0.0=10.0.1.7.
    #[arg(long, value_name = "A=B")]
    map_address: Vec<Rule<Address>>,
    /// Look in the certificate store B where the source looks in A; nothing stands for (null).
    #[arg(long, value_name = "A=B")]
    map_store_name: Vec<Rule<Store>>,
    /// Bind for application B what A binds at the source.
    #[arg(long, value_name = "A=B")]
    map_application: Vec<Rule<Uuid>>,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Filter: bindings that have one of the values of each option")]
struct Filter {
    /// ipport, hostnameport, ccs or scopedccs.
    #[arg(long, value_name = "KIND")]
    kind: Vec<Kind>,
    /// A port.
    #[arg(long, value_name = "PORT")]
    port: Vec<Port>,
    /// An application id, as the source has it.
    #[arg(long, value_name = "GUID")]
    app_id: Vec<Uuid>,
    /// A pattern of host names: *.contoso.com.
    #[arg(long, value_name = "PATTERN")]
    host: Vec<HostPattern>,
}

impl Plan {
    /// The planner that these options describe.
    pub(crate) fn planner(&self) -> Result<Planner, Error> {
        let mut file = match &self.mapping.mapping {
            Some(path) => mapping_file(path)?,
            None => MappingFile::default(),
        };
        let options = &self.mapping;
        for rule in &options.map_certificate {
            file.mapping.certificates.add(rule.clone())?;
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
            prune: self.prune,
            capabilities: None,
            inventory: self
                .certificates
                .as_deref()
                .map(certificate_folder)
                .transpose()?,
        })
    }
}

/// A mapping file. The folders that it names are beside it.
fn mapping_file(path: &Path) -> Result<MappingFile, Error> {
    let text = std::fs::read_to_string(path).map_err(|source| Error::Input {
        path: path.to_owned(),
        source,
    })?;
    let mut file = MappingFile::parse(&text).map_err(|error| Error::BrokenInput {
        path: path.to_owned(),
        problem: error.to_string(),
    })?;
    if let (Some(folders), Some(beside)) = (&mut file.certificate_folders, path.parent()) {
        folders.old = beside.join(&folders.old);
        folders.new = beside.join(&folders.new);
    }
    Ok(file)
}

/// The certificates of a folder. Files without one are told: a PFX among them is easily missed.
pub(crate) fn certificate_folder(path: &Path) -> Result<Folder, Error> {
    let folder = Folder::read(path).map_err(|error| Error::Input {
        path: error.path,
        source: error.source,
    })?;
    for file in folder.passed_over() {
        let what = "holds no certificate in PEM or DER form, and was passed over";
        warn(&format!("{} {what}", escaped(&file.display().to_string())));
    }
    Ok(folder)
}
