//! The TOML file of a mapping and a filter.

use std::path::PathBuf;

use certbind_core::{CertHash, Uuid};
use serde::Deserialize;

use crate::error::Error;
use crate::filter::Filter;
use crate::mapping::Mapping;
use crate::rules::{Address, Rules, Store};

/// The contents of a mapping file.
///
/// ```
/// let file = certbind_migrate::MappingFile::parse(r#"
///     [addresses]
///     "10.0.0.5" = "10.0.1.7"
///     "0.0.0.0" = "10.0.1.7"
///
///     [certificates]
///     "5226dc6c54559761cd471b86eb51c096252c90f2" = "8d90a17d2851f802b0a5619bf695b03544b8f5cb"
///
///     [store_names]
///     "MY" = "WebHosting"
///     "" = "MY"               # the absent name, netsh's (null)
///
///     [applications]
///     "214124cd-d05b-4309-9af9-9caa44b2b74a" = "4dc3e181-e14b-4a21-b022-59fc669b0914"
///
///     [certificate_folders]   # matched by subject and names
///     old = "certificates/old"
///     new = "certificates/new"
///
///     [filter]
///     kinds = ["ipport", "hostnameport"]
///     ports = [443]
///     hosts = ["*.contoso.com"]
/// "#)?;
/// assert_eq!(file.filter.ports.len(), 1);
/// # Ok::<(), certbind_migrate::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MappingFile {
    /// The rules.
    pub mapping: Mapping,
    /// The folders of certificates to find successors in.
    pub certificate_folders: Option<CertificateFolders>,
    /// The selected bindings.
    pub filter: Filter,
}

/// Two folders: the bound certificates, and the ones to bind.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CertificateFolders {
    /// The certificates that the source binds.
    pub old: PathBuf,
    /// Their successors.
    pub new: PathBuf,
}

#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
#[derive(Default)]
struct RuleFile {
    certificates: Rules<CertHash>,
    addresses: Rules<Address>,
    store_names: Rules<Store>,
    applications: Rules<Uuid>,
    certificate_folders: Option<CertificateFolders>,
    filter: Filter,
}

impl MappingFile {
    /// Reads the text of such a file.
    ///
    /// # Errors
    /// [`Error::MappingFile`], with the place, the value found and the expected value.
    pub fn parse(text: &str) -> Result<Self, Error> {
        certbind_formats::check_toml_size(text).map_err(|problem| Error::MappingFile {
            line: None,
            problem,
        })?;
        let form: RuleFile = toml::from_str(text).map_err(|error| Error::MappingFile {
            line: error
                .span()
                .map(|span| 1 + text[..span.start.min(text.len())].matches('\n').count()),
            problem: error.message().to_owned(),
        })?;
        Ok(Self {
            mapping: Mapping {
                certificates: form.certificates,
                addresses: form.addresses,
                store_names: form.store_names,
                applications: form.applications,
                store_of_mapped: None,
            },
            certificate_folders: form.certificate_folders,
            filter: form.filter,
        })
    }
}
