//! Reading `applicationHost.config`. A file that refers to other files, or that IIS would read
//! differently, is refused.

use std::cell::Cell;
use std::collections::HashSet;

use certbind_core::CertHash;

use super::information;
use super::lines::Lines;
use super::text::decode;
use super::xml::{Element, descend, document, elements, named};
use super::{Configuration, FtpCertificate, MetadataCertificate, Site, SiteBinding, SiteFlags};

/// The longest file that is read, in bytes. Hosts with 10,000 sites have 20 MB.
const MAX_BYTES: usize = 128 << 20;

/// The most items that are added, and compared with those to remove: this many, and one for so many bytes. A
/// binding takes more bytes.
const MAX_WORK: usize = 100_000;
const BYTES_FOR_WORK: usize = 32;

/// The property of the metabase that is a certificate hash (MD_SSL_CERT_HASH of IIS 6).
const CERTIFICATE_HASH: &str = "5506";

/// The reason why a configuration file cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{problem}{}", .line.map(|line| format!(" (line {line})")).unwrap_or_default())]
pub struct ConfigurationError {
    /// The problem.
    problem: String,
    /// The line, counted from 1, where it is known.
    line: Option<u64>,
}

impl Configuration {
    /// Reads `applicationHost.config`. Entities and document types are refused.
    ///
    /// # Errors
    /// [`ConfigurationError`], if it is not well-formed XML, is not an IIS configuration, has no sites, or names another file
    /// or an encrypted section for them.
    pub fn parse(bytes: &[u8]) -> Result<Self, ConfigurationError> {
        let whole = |problem| ConfigurationError {
            problem,
            line: None,
        };
        if bytes.len() > MAX_BYTES {
            return Err(whole("it is longer than 128 MiB".to_owned()));
        }
        let text = decode(bytes).map_err(whole)?;
        let document = document(&text).map_err(whole)?;
        let mut reader = Reader {
            lines: Lines::of(&text),
            work: Cell::new(MAX_WORK + text.len() / BYTES_FOR_WORK),
            configuration: Self::default(),
        };
        reader.root(document.root_element())?;
        Ok(reader.configuration)
    }
}

/// Whether `redirection.config` says that IIS reads another file (shared configuration).
///
/// # Errors
/// [`ConfigurationError`] if the file is not XML, or does not have the setting.
pub fn is_redirected(bytes: &[u8]) -> Result<bool, ConfigurationError> {
    let whole = |problem| ConfigurationError {
        problem,
        line: None,
    };
    let text = decode(bytes).map_err(whole)?;
    let document = document(&text).map_err(whole)?;
    let section = descend(document.root_element(), &["configurationRedirection"]);
    match section.and_then(|it| it.attribute("enabled")) {
        None => Ok(false),
        Some(text) if text.eq_ignore_ascii_case("false") => Ok(false),
        Some(text) if text.eq_ignore_ascii_case("true") => Ok(true),
        Some(text) => Err(whole(format!(
            "enabled is {text:?}, expected true or false"
        ))),
    }
}

struct Reader {
    lines: Lines,
    /// The items that may still be added, or compared with one to remove.
    work: Cell<usize>,
    configuration: Configuration,
}

impl Reader {
    fn root<'a>(&mut self, root: Element<'a>) -> Result<(), ConfigurationError> {
        if root.tag_name().name() != "configuration" {
            let name = root.tag_name().name();
            return Err(self.error(root, format!("its root is {name:?}, not configuration")));
        }
        let mut groups: Vec<Element<'a>> = Vec::new();
        for child in elements(root) {
            match child.tag_name().name() {
                "system.applicationHost" => groups.push(child),
                // Without a path, or with that of the whole server, a location is the file itself.
                "location" => {
                    let path = child.attribute("path").unwrap_or_default();
                    for group in named(child, "system.applicationHost") {
                        if !matches!(path, "" | ".") {
                            let problem = format!("sites are in a location with the path {path:?}");
                            return Err(self.error(child, problem));
                        }
                        groups.push(group);
                    }
                }
                _ => {}
            }
        }
        for group in &groups {
            self.check_inline(*group)?;
        }
        let sections = |name| {
            let groups = groups.iter();
            groups
                .flat_map(move |group| named(*group, name))
                .collect::<Vec<_>>()
        };
        match sections("sites")[..] {
            [sites] => self.sites(sites)?,
            [] => return Err(self.error(root, "it has no sites section".to_owned())),
            [_, second, ..] => {
                return Err(self.error(second, "it has two sites sections".to_owned()));
            }
        }
        match sections("customMetadata")[..] {
            [metadata] => self.metadata(metadata),
            [] => Ok(()),
            [_, second, ..] => {
                Err(self.error(second, "it has two customMetadata sections".to_owned()))
            }
        }
    }

    fn sites(&mut self, sites: Element<'_>) -> Result<(), ConfigurationError> {
        self.check_inline(sites)?;
        let defaults: Vec<_> = named(sites, "siteDefaults").collect();
        let default = |path: &[&str]| {
            let mut found = defaults.iter().filter_map(|it| descend(*it, path));
            found.next()
        };
        let starts = defaults
            .iter()
            .find_map(|it| it.attribute("serverAutoStart"));
        let ftp = default(&["ftpServer", "security", "ssl"]);
        let default_bindings = default(&["bindings"]);
        let (mut names, mut ids) = (HashSet::new(), HashSet::new());
        for child in elements(sites) {
            match child.tag_name().name() {
                "site" => {
                    let site = self.site(child, starts, ftp, default_bindings)?;
                    if !(names.insert(site.name.clone()) && ids.insert(site.id)) {
                        let problem = format!(
                            "another site has the name {:?} or the number {}",
                            site.name, site.id
                        );
                        return Err(self.error(child, problem));
                    }
                    self.configuration.sites.push(site);
                }
                "clear" => {
                    self.configuration.sites.clear();
                    names.clear();
                    ids.clear();
                }
                "remove" => {
                    let name = self.required(child, "name")?;
                    self.spend(child, self.configuration.sites.len())?;
                    names.remove(name);
                    self.configuration.sites.retain(|site| {
                        let is_it = site.name == name;
                        if is_it {
                            ids.remove(&site.id);
                        }
                        !is_it
                    });
                }
                "siteDefaults" | "applicationDefaults" | "virtualDirectoryDefaults" => {}
                other => {
                    let problem = format!("sites has the unknown element {other:?}");
                    return Err(self.error(child, problem));
                }
            }
        }
        Ok(())
    }

    fn site<'a>(
        &self,
        site: Element<'a>,
        starts: Option<&str>,
        ftp: Option<Element<'a>>,
        default_bindings: Option<Element<'a>>,
    ) -> Result<Site, ConfigurationError> {
        self.check_inline(site)?;
        let id = self.required(site, "id")?;
        let id = id.parse().map_err(|_| {
            let problem = format!("the number of a site is {id:?}, expected a number");
            self.error(site, problem)
        })?;
        let starts = match site.attribute("serverAutoStart").or(starts) {
            None => true,
            Some(text) if text.eq_ignore_ascii_case("true") => true,
            Some(text) if text.eq_ignore_ascii_case("false") => false,
            Some(text) => {
                let problem = format!("serverAutoStart is {text:?}, expected true or false");
                return Err(self.error(site, problem));
            }
        };
        // Bindings of the defaults are in front of those of the site, which may clear them.
        let own = named(site, "bindings");
        let mut bindings: Vec<AnyBinding> = Vec::new();
        for list in default_bindings.into_iter().chain(own) {
            self.bindings(list, &mut bindings)?;
        }
        let has_ftp = bindings.iter().any(|it| it.protocol == "ftp");
        let own = descend(site, &["ftpServer", "security", "ssl"]);
        let own = own.filter(|it| it.has_attribute("serverCertHash"));
        let ftp = match own.or(ftp).filter(|_| has_ftp) {
            Some(ssl) => self.ftp(ssl)?,
            None => None,
        };
        Ok(Site {
            name: self.required(site, "name")?.to_owned(),
            id,
            starts,
            https: bindings.into_iter().filter_map(|it| it.https).collect(),
            ftp,
        })
    }

    /// Adds, removes and clears bindings in the order of the file.
    fn bindings<'a>(
        &self,
        list: Element<'a>,
        bindings: &mut Vec<AnyBinding<'a>>,
    ) -> Result<(), ConfigurationError> {
        self.check_inline(list)?;
        for child in elements(list) {
            match child.tag_name().name() {
                "clear" => bindings.clear(),
                "remove" => {
                    let protocol = self.required(child, "protocol")?.to_ascii_lowercase();
                    let information = self.required(child, "bindingInformation")?;
                    self.spend(child, bindings.len())?;
                    bindings
                        .retain(|it| !(it.protocol == protocol && it.information == information));
                }
                // The collection's own name of the element, and the usual one of collections.
                "binding" | "add" => {
                    let protocol = self.required(child, "protocol")?.to_ascii_lowercase();
                    let information = self.required(child, "bindingInformation")?;
                    self.spend(child, 1)?;
                    let https = match protocol.as_str() {
                        "https" => Some(self.https(child, information)?),
                        _ => None,
                    };
                    bindings.push(AnyBinding {
                        protocol,
                        information,
                        https,
                    });
                }
                other => {
                    let problem = format!("bindings has the unknown element {other:?}");
                    return Err(self.error(child, problem));
                }
            }
        }
        Ok(())
    }

    fn https(
        &self,
        binding: Element<'_>,
        information: &str,
    ) -> Result<SiteBinding, ConfigurationError> {
        let parts = information::parse(information);
        let (address, port, host) = parts.map_err(|problem| self.error(binding, problem))?;
        let flags = binding.attribute("sslFlags").unwrap_or("0");
        let flags = flags.parse().map_err(|_| {
            let problem = format!("sslFlags is {flags:?}, which is not a number");
            self.error(binding, problem)
        })?;
        Ok(SiteBinding {
            information: information.to_owned(),
            address,
            port,
            host,
            flags: SiteFlags::from_bits_retain(flags),
            line: self.line(binding),
        })
    }

    fn ftp(&self, ssl: Element<'_>) -> Result<Option<FtpCertificate>, ConfigurationError> {
        let Some(hash) = ssl.attribute("serverCertHash").filter(|it| !it.is_empty()) else {
            return Ok(None);
        };
        let hash: CertHash = hash.parse().map_err(|_| {
            let problem = format!("serverCertHash is {hash:?}, which is not a SHA-1 hash");
            self.error(ssl, problem)
        })?;
        let line = self.line(ssl);
        Ok(Some(FtpCertificate { hash, line }))
    }

    fn metadata(&mut self, metadata: Element<'_>) -> Result<(), ConfigurationError> {
        self.check_inline(metadata)?;
        for child in elements(metadata) {
            match child.tag_name().name() {
                "clear" => self.configuration.metadata.clear(),
                "remove" => {
                    let path = self.required(child, "path")?;
                    self.spend(child, self.configuration.metadata.len())?;
                    self.configuration.metadata.retain(|it| it.path != path);
                }
                "key" => {
                    let path = self.required(child, "path")?;
                    let mut line = None;
                    for property in elements(child) {
                        let is_it = property.attribute("id") == Some(CERTIFICATE_HASH);
                        match property.tag_name().name() {
                            "property" | "add" if is_it => line = Some(self.line(property)),
                            "remove" if is_it => line = None,
                            "clear" => line = None,
                            _ => {}
                        }
                    }
                    if let Some(line) = line {
                        let path = path.to_owned();
                        let found = MetadataCertificate { path, line };
                        self.configuration.metadata.push(found);
                    }
                }
                other => {
                    let problem = format!("customMetadata has the unknown element {other:?}");
                    return Err(self.error(child, problem));
                }
            }
        }
        Ok(())
    }

    /// Refuses a section whose content is in another file or encrypted.
    fn check_inline(&self, section: Element<'_>) -> Result<(), ConfigurationError> {
        let name = section.tag_name().name();
        if let Some(file) = section.attribute("configSource") {
            let problem = format!("{name} is in another file, {file:?} (configSource)");
            return Err(self.error(section, problem));
        }
        let is_encrypted = section.has_attribute("configProtectionProvider")
            || elements(section).any(|it| it.tag_name().name() == "EncryptedData");
        if is_encrypted {
            return Err(self.error(section, format!("{name} is encrypted")));
        }
        Ok(())
    }

    /// Counts work. Few elements can cause much: each site has the bindings of the defaults.
    fn spend(&self, element: Element<'_>, work: usize) -> Result<(), ConfigurationError> {
        match self.work.get().checked_sub(work) {
            Some(left) => {
                self.work.set(left);
                Ok(())
            }
            None => {
                let problem = "it adds and removes too many sites and bindings";
                Err(self.error(element, problem.to_owned()))
            }
        }
    }

    fn required<'a>(
        &self,
        element: Element<'a>,
        attribute: &str,
    ) -> Result<&'a str, ConfigurationError> {
        element.attribute(attribute).ok_or_else(|| {
            let name = element.tag_name().name();
            self.error(element, format!("{name} has no {attribute}"))
        })
    }

    fn error(&self, element: Element<'_>, problem: String) -> ConfigurationError {
        ConfigurationError {
            problem,
            line: Some(self.line(element)),
        }
    }

    fn line(&self, element: Element<'_>) -> u64 {
        self.lines.line(element.range().start)
    }
}

/// A binding of any protocol.
struct AnyBinding<'a> {
    protocol: String,
    information: &'a str,
    https: Option<SiteBinding>,
}
