//! The configurations of IIS for the hosts of an audit: `applicationHost.config` in a host's folder, or the
//! files of `--iis`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use certbind_audit::{HostExport, NotAssessed, SitesOfIis, iis};

use crate::audit_targets::{HostFrom, file_host};
use crate::error::Error;
use crate::files;
use crate::host_disk;
use crate::input::Input;

/// `[HOST=]FILE` of `--iis`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SitesFile {
    host: Option<String>,
    path: PathBuf,
}

impl FromStr for SitesFile {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (host, path) = match text.split_once('=') {
            // A path may have an equals sign, the name of a host has no separator.
            Some((host, path)) if !host.contains(['/', '\\']) => (Some(host), path),
            _ => (None, text),
        };
        if path.is_empty() || host == Some("") {
            return Err("expected FILE or HOST=FILE".to_owned());
        }
        Ok(Self {
            host: host.map(str::to_owned),
            path: path.into(),
        })
    }
}

/// The name of the file, in lower case.
const NAME: &str = "applicationhost.config";

/// Where it is from the folder of a host, or of its Windows.
const PLACES: [&[&str]; 4] = [
    &[],
    &["inetsrv", "config"],
    &["System32", "inetsrv", "config"],
    &["Windows", "System32", "inetsrv", "config"],
];

/// The deepest folder that is searched for configurations without an export.
const MAX_DEPTH: usize = 32;

/// Assigns each host its configuration of IIS. A file that cannot be read, and a file of a host without
/// an export, are findings.
///
/// # Errors
/// If a file of `--iis` names no host, and there are several.
pub(crate) fn attach(
    hosts: &mut Vec<HostExport>,
    folders: &[PathBuf],
    given: &[SitesFile],
    from: HostFrom,
) -> Result<(), Error> {
    let used = find(hosts);
    let mut unused = BTreeSet::new();
    for folder in folders {
        walk(folder, MAX_DEPTH, &used, &mut unused);
    }
    hosts.extend(unused.iter().map(|path| without_export(path, from)));
    for file in given {
        let name = file.host.as_deref().map(str::to_lowercase);
        let is_named = |host: &HostExport| {
            let name = name.as_deref();
            name.is_none_or(|name| name == host.name.to_lowercase())
        };
        match (
            &file.host,
            hosts.iter().filter(|host| is_named(host)).count(),
        ) {
            (Some(name), 0) => {
                let mut host = without_export(&file.path, from);
                host.name.clone_from(name);
                hosts.push(host);
            }
            (None, 2..) => {
                return Err(Error::BrokenInput {
                    path: file.path.clone(),
                    problem: "its host is unknown; name it: --iis HOST=FILE".to_owned(),
                });
            }
            _ => {}
        }
        let sites = match files::read(&file.path) {
            Ok(bytes) => SitesOfIis::parse(file.path.display().to_string(), &bytes),
            Err(error) => unreadable(&file.path, error.to_string()),
        };
        for host in hosts.iter_mut().filter(|host| is_named(host)) {
            host.iis = sites.clone();
        }
    }
    Ok(())
}

/// Assigns the configurations in the hosts' folders, and returns the files that were used.
fn find(hosts: &mut [HostExport]) -> BTreeSet<PathBuf> {
    let mut by_folder: BTreeMap<PathBuf, Vec<usize>> = BTreeMap::new();
    for (index, host) in hosts.iter().enumerate() {
        let source = host.source.as_deref().map(str::parse);
        let Some(Ok(Input::File(path))) = source else {
            continue;
        };
        // A name that is only a file's is in the working directory.
        let folder = path.parent().filter(|it| !it.as_os_str().is_empty());
        let folder = folder.unwrap_or(Path::new("."));
        by_folder.entry(top(folder)).or_default().push(index);
    }
    let mut used = BTreeSet::new();
    for (folder, indexes) in by_folder {
        let files = configurations(&folder);
        let Some(first) = files.first() else {
            continue;
        };
        used.extend(files.iter().cloned());
        let names: BTreeSet<_> = indexes
            .iter()
            .map(|it| hosts[*it].name.to_lowercase())
            .collect();
        let sites = match &files[..] {
            _ if names.len() > 1 => unreadable(
                first,
                format!(
                    "it is next to exports of {} hosts, so its host is unknown; name it: --iis \
                     HOST=FILE",
                    names.len()
                ),
            ),
            [only] => read(only),
            [_, second, ..] => unreadable(
                first,
                format!("the folder has another one, {}", second.display()),
            ),
            [] => continue,
        };
        for index in indexes {
            hosts[index].iis = sites.clone();
        }
    }
    used
}

/// The folder of a host: of a hive that is where Windows has it, the folder System32.
fn top(folder: &Path) -> PathBuf {
    let is_named = |path: &Path, name: &str| {
        path.file_name()
            .is_some_and(|it| it.eq_ignore_ascii_case(name))
    };
    match folder.parent() {
        Some(parent) if is_named(folder, "config") && is_named(parent, "System32") => {
            parent.to_owned()
        }
        _ => folder.to_owned(),
    }
}

/// The configurations of IIS of a host's folder.
fn configurations(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for place in PLACES {
        let place = place.iter().try_fold(folder.to_owned(), |folder, name| {
            entry(&folder, name).filter(|it| files::is_folder(it))
        });
        let file = place.and_then(|place| entry(&place, NAME));
        found.extend(file.filter(|it| files::is_file(it)));
    }
    found
}

/// The entry of a folder with a name in any case.
fn entry(folder: &Path, name: &str) -> Option<PathBuf> {
    let entries = files::entries(folder).ok()?;
    let mut named = entries
        .into_iter()
        .filter(|entry| entry.name().eq_ignore_ascii_case(name));
    Some(named.next()?.path)
}

fn read(path: &Path) -> SitesOfIis {
    // With shared configuration IIS reads another file, whose contents are unknown.
    let folder = path.parent().unwrap_or(Path::new("."));
    if let Some(redirection) = entry(folder, "redirection.config") {
        let redirected = files::read(&redirection)
            .map_err(|error| error.to_string())
            .and_then(|bytes| iis::is_redirected(&bytes).map_err(|error| error.to_string()));
        match redirected {
            Ok(false) => {}
            Ok(true) => {
                let why = "redirection.config next to it says that IIS reads another file";
                return unreadable(path, why.to_owned());
            }
            Err(why) => return unreadable(path, format!("redirection.config next to it: {why}")),
        }
    }
    match files::read(path) {
        Ok(bytes) => SitesOfIis::parse(path.display().to_string(), &bytes),
        Err(error) => unreadable(path, error.to_string()),
    }
}

fn unreadable(path: &Path, why: String) -> SitesOfIis {
    SitesOfIis::Unreadable {
        file: path.display().to_string(),
        why,
    }
}

/// The configurations in a folder that no host has. The disk of a host has templates of them, too.
fn walk(folder: &Path, depth: usize, used: &BTreeSet<PathBuf>, unused: &mut BTreeSet<PathBuf>) {
    if depth == 0 || !matches!(host_disk::hive_of_windows(folder), Ok(None)) {
        return;
    }
    // Folders that cannot be read are findings already.
    for entry in files::entries(folder).unwrap_or_default() {
        let name = entry.name();
        if name.starts_with('.') || entry.is_link {
            continue;
        }
        if files::is_folder(&entry.path) {
            walk(&entry.path, depth - 1, used, unused);
        } else if name.eq_ignore_ascii_case(NAME) && !used.contains(&entry.path) {
            unused.insert(entry.path);
        }
    }
}

fn without_export(path: &Path, from: HostFrom) -> HostExport {
    let why = "there is no export of the host's bindings".to_owned();
    let name = match from {
        HostFrom::Export | HostFrom::Folder => file_host(path, HostFrom::Folder),
        HostFrom::File => file_host(path, from),
    };
    let mut host = HostExport::unassessed(name, NotAssessed::Unreadable(why));
    host.source = Some(path.display().to_string());
    host
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_may_name_its_host() {
        let parsed = |text: &str| {
            let file: SitesFile = text.parse()?;
            Ok::<_, String>((file.host, file.path.display().to_string()))
        };
        let file = |host: Option<&str>, path: &str| Ok((host.map(str::to_owned), path.to_owned()));
        assert_eq!(parsed("a.config"), file(None, "a.config"));
        assert_eq!(parsed("web-01=a.config"), file(Some("web-01"), "a.config"));
        assert_eq!(parsed("x/a=b.config"), file(None, "x/a=b.config"));
        assert!(parsed("web-01=").is_err() && parsed("=a").is_err() && parsed("").is_err());
    }
}
