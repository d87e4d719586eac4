//! The baselines of an audit: earlier exports, which are found by the names of their hosts.

use std::collections::BTreeMap;
use std::path::Path;

use certbind_audit::{Baseline, HostExport, NotAssessed};
use certbind_core::Binding;
use certbind_formats::netsh::Layout;
use certbind_formats::{Export, Header, json};
use jiff::Timestamp;

use crate::audit_renames::Rename;
use crate::audit_targets::{self, HostFrom, Target};
use crate::error::Error;
use crate::file_name;
use crate::folders;
use crate::hive_logs::HiveLogs;
use crate::input::Input;
use crate::message::warn;
use crate::output_file;
use crate::terminal::escaped;

/// The baseline of one host.
struct Earlier {
    name: String,
    source: String,
    /// The bindings, or why they are not known.
    bindings: Result<Vec<Binding>, String>,
    layout: Option<Layout>,
    is_used: bool,
}

/// Baselines by the names of their hosts, in lower case.
pub(crate) struct Baselines {
    of_hosts: BTreeMap<String, Earlier>,
    /// Whether it is one file for an audit of one host: its name does not matter.
    is_of_only_host: bool,
}

impl Baselines {
    /// Reads a folder of baselines, or one file, which is of the host `only`, if there is just one.
    ///
    /// # Errors
    /// If a baseline that is one file cannot be read.
    pub(crate) fn read(path: &Path, from: HostFrom, only: Option<&str>) -> Result<Self, Error> {
        if path.is_dir() {
            return Ok(Self {
                of_hosts: of_folder(path, from)?,
                is_of_only_host: false,
            });
        }
        let contents = Input::File(path.to_owned()).resolved().read()?;
        let name = match only {
            Some(only) => only.to_owned(),
            None => contents
                .host()
                .unwrap_or_else(|| audit_targets::file_host(path, from)),
        };
        let earlier = Earlier {
            source: path.display().to_string(),
            bindings: Ok(contents.bindings),
            layout: contents.reading.and_then(|it| it.export.layout),
            is_used: false,
            name: name.clone(),
        };
        Ok(Self {
            of_hosts: BTreeMap::from([(name.to_lowercase(), earlier)]),
            is_of_only_host: only.is_some(),
        })
    }

    /// Gives the baseline of a host the name that the host has now. Returns whether there is one.
    ///
    /// # Errors
    /// If the host has a baseline under both names.
    pub(crate) fn rename(&mut self, rename: &Rename) -> Result<bool, Error> {
        let (earlier, now) = (rename.earlier.to_lowercase(), rename.now.to_lowercase());
        if self.is_of_only_host {
            return Ok(true);
        }
        if !self.of_hosts.contains_key(&earlier) {
            return Ok(false);
        }
        if earlier != now && self.of_hosts.contains_key(&now) {
            let problem = format!("the baseline has a host {:?} of its own", rename.now);
            return Err(rename.refused(problem));
        }
        if let Some(mut found) = self.of_hosts.remove(&earlier) {
            found.name.clone_from(&rename.now);
            self.of_hosts.insert(now, found);
        }
        Ok(true)
    }

    /// Assigns each host its baseline, and adds the hosts that only the baseline has.
    pub(crate) fn assign(mut self, hosts: &mut Vec<HostExport>) {
        for host in hosts.iter_mut() {
            host.baseline = match self.of_hosts.get_mut(&host.name.to_lowercase()) {
                None => Baseline::Missing("this host has no baseline".to_owned()),
                Some(earlier) => {
                    earlier.is_used = true;
                    match &earlier.bindings {
                        Ok(bindings) => Baseline::Bindings {
                            bindings: bindings.clone(),
                            layout: earlier.layout.clone().map(Box::new),
                        },
                        Err(why) => Baseline::Missing(why.clone()),
                    }
                }
            };
        }
        for earlier in self.of_hosts.into_values().filter(|it| !it.is_used) {
            let mut host = HostExport::unassessed(earlier.name, NotAssessed::OnlyInBaseline);
            host.source = Some(earlier.source);
            hosts.push(host);
        }
    }
}

fn of_folder(path: &Path, from: HostFrom) -> Result<BTreeMap<String, Earlier>, Error> {
    let mut targets = audit_targets::expand(&[Input::File(path.to_owned())]).targets;
    // An empty folder is a baseline of no host, and every host is reported as new.
    targets.retain(
        |target| !matches!(target, Target::Unreadable { path: folder, .. } if folder == path),
    );
    let hosts = audit_targets::read_all(targets, from, &HiveLogs::default(), |_, _| {})?;
    let mut baselines: BTreeMap<String, Earlier> = BTreeMap::new();
    for host in hosts {
        let source = host.source.unwrap_or_default();
        let bindings = match (host.not_assessed, host.reading.errors.len()) {
            (None, 0) => Ok(host.reading.export.bindings),
            (Some(NotAssessed::Unreadable(why)), _) => {
                Err(format!("its baseline {source} cannot be read: {why}"))
            }
            (_, 1) => Err(format!(
                "its baseline {source} cannot be read completely: 1 record is broken"
            )),
            (_, broken) => Err(format!(
                "its baseline {source} cannot be read completely: {broken} records are broken"
            )),
        };
        let earlier = Earlier {
            name: host.name.clone(),
            source,
            bindings,
            layout: host.reading.export.layout,
            is_used: false,
        };
        match baselines.entry(host.name.to_lowercase()) {
            std::collections::btree_map::Entry::Vacant(place) => {
                place.insert(earlier);
            }
            std::collections::btree_map::Entry::Occupied(mut first) => {
                let first = first.get_mut();
                first.bindings = Err(format!(
                    "this host has two baselines: {} and {}",
                    first.source, earlier.source
                ));
            }
        }
    }
    Ok(baselines)
}

/// Writes the bindings of each host to a folder. A host that was read in part keeps its earlier
/// baseline, with a warning.
pub(crate) fn save(folder: &Path, hosts: &[HostExport]) -> Result<(), Error> {
    folders::create(folder).map_err(|source| Error::WriteFile {
        path: folder.to_owned(),
        source,
    })?;
    let mut seen = std::collections::BTreeSet::new();
    for host in hosts {
        let skipped = |why: &str| {
            let text = format!("no baseline of {} was saved: {why}", host.name);
            warn(&escaped(&text));
        };
        if host.not_assessed.is_some() || !host.reading.errors.is_empty() {
            skipped("its export cannot be read completely");
            continue;
        }
        if let Err(problem) = file_name::check(&host.name) {
            skipped(&format!("its name is not a valid file name: {problem}"));
            continue;
        }
        if !seen.insert(host.name.to_lowercase()) {
            skipped("another host has the same name");
            continue;
        }
        let found = &host.reading.export;
        let export = Export {
            header: Header {
                host: Some(host.name.clone()),
                captured_at: Some(found.header.captured_at.unwrap_or_else(Timestamp::now)),
                source: host.source.clone(),
                ..found.header.clone()
            },
            bindings: found.bindings.clone(),
            times: found.times.clone(),
            configuration: found.configuration.clone(),
            // The options that it does not show are unknown to the later audit, too.
            layout: found.layout.clone(),
            ..Export::default()
        };
        let path = folder.join(format!("{}.json", host.name));
        output_file::write(&path, |mut out| Ok(json::write(&mut out, &export)?))?;
    }
    Ok(())
}
