//! From the fields of a document to bindings.

use std::collections::HashMap;
use std::path::Path;

use certbind_certificates::check_named_path;
use certbind_core::{Binding, BindingKey, Uuid};

use super::certificates::Certificates;
use super::fields::{Fields, error, hint, text, texts};
use super::options;
use super::tree::{Node, Place, Value};
use crate::applications;
use crate::error_list::ErrorList;
use crate::key_mistakes::key_mistake;
use crate::report::ParseError;

/// The fields of the document.
pub(super) const DOCUMENT: &[&str] = &[
    "$schema",
    "host",
    "certificates",
    "manages",
    "applications",
    "groups",
    "defaults",
    "binding",
];

/// The fields of `[defaults]`.
pub(super) const DEFAULTS: &[&str] = &[
    "port",
    "app",
    "cert",
    "subject",
    "store",
    "check_mode",
    "revocation_freshness_time",
    "url_retrieval_timeout",
    "ctl_identifier",
    "ctl_store_name",
    "flags",
    "extended",
];

/// The fields of a binding that are not allowed in `[defaults]`.
pub(super) const KEYS: &[&str] = &["key", "host", "group", "host_spelling"];

/// The options that are spelled as in a JSON export.
const OPTIONS: &[&str] = &[
    "check_mode",
    "revocation_freshness_time",
    "url_retrieval_timeout",
    "ctl_identifier",
    "ctl_store_name",
    "flags",
    "extended",
];

/// The certificate store without a `store` field.
pub(super) const STORE: &str = "MY";

/// The port without a `port` field.
pub(super) const PORT: u16 = 443;

/// The contents of a document.
#[derive(Default)]
pub(super) struct Document {
    pub(super) host: Option<String>,
    /// In the order of the document, each with the line of its entry.
    pub(super) bindings: Vec<(Binding, u64)>,
    /// The application ids that the document manages.
    pub(super) manages: Vec<Uuid>,
    pub(super) errors: ErrorList,
}

/// Reads a document. Files of certificates are relative to `folder`.
///
/// # Errors
/// If anything other than an entry of `binding` is broken. Broken entries are among
/// [`Document::errors`].
pub(super) fn read(root: &Node, folder: &Path) -> Result<Document, ParseError> {
    let nothing = Node {
        place: root.place,
        value: Value::Table(Vec::new()),
    };
    // A file of YAML with comments alone, as one of TOML.
    let root = match root.value {
        Value::Null => &nothing,
        _ => root,
    };
    let fields = Fields::of(root, "a desired state", Some(DOCUMENT))?;
    let named = |name: &str| fields.get(name);
    let host = named("host").map(|node| text(node, "host")).transpose()?;
    let certificates = named("certificates");
    let certificates = certificates.map(|node| {
        let path = text(node, "certificates")?;
        check_named_path(path).map_err(|problem| {
            error(node.place, format!("certificates: {path:?}: {problem}")).caused_by(problem)
        })?;
        Ok(folder.join(path))
    });
    let certificates = certificates.transpose()?;
    let mut names = Names::default();
    if let Some(node) = named("applications") {
        for (name, node) in Fields::of(node, "applications", None)?.iter() {
            let id = text(node, "the id of an application")?;
            let id = id.parse().map_err(|_| {
                let message = format!("{id:?} is not an application id; expected a GUID such as 4dc3e181-e14b-4a21-b022-59fc669b0914");
                error(node.place, message)
            })?;
            if let Some(known) = applications::by_name(&name.text)
                && known.id != id
            {
                let message = format!(
                    "{:?} is the name of {} already; choose another name",
                    name.text, known.id
                );
                return Err(error(name.place, message));
            }
            names.applications.push((name.text.clone(), id));
        }
    }
    if let Some(node) = named("groups") {
        for (name, node) in Fields::of(node, "groups", None)?.iter() {
            let hosts = texts(Some(node), "a host name of a group")?;
            let hosts = hosts.into_iter().map(|(_, host)| host.to_owned());
            names.groups.insert(name.text.clone(), hosts.collect());
        }
    }
    let defaults = named("defaults").unwrap_or(&nothing);
    let reader = Reader {
        defaults: Fields::of(defaults, "defaults", Some(DEFAULTS))?,
        certificates: Certificates::new(folder.to_owned(), certificates),
        names,
    };
    let mut document = Document {
        host: host.map(ToOwned::to_owned),
        ..Document::default()
    };
    if let Some(node) = named("binding") {
        let Value::List(entries) = &node.value else {
            let message = format!(
                "binding must be a list of tables, found {}; write [[binding]] in TOML, or a list",
                node.kind()
            );
            return Err(error(node.place, message));
        };
        let mut seen = HashMap::new();
        for entry in entries {
            match reader.entry(entry, &mut seen) {
                Ok(bindings) => {
                    let line = entry.place.line;
                    let bindings = bindings.into_iter().map(|binding| (binding, line));
                    document.bindings.extend(bindings);
                }
                Err(error) => document.errors.push(|| error),
            }
        }
    }
    document.manages = match named("manages") {
        Some(node) => {
            let named = texts(Some(node), "an application")?.into_iter();
            let ids = named.map(|(place, name)| reader.names.application(place, name));
            ids.collect::<Result<_, _>>()?
        }
        None => {
            let bindings = document.bindings.iter();
            bindings
                .map(|(binding, _)| binding.record().app_id)
                .collect()
        }
    };
    document.manages.sort_unstable();
    document.manages.dedup();
    Ok(document)
}

/// The names that a document defines.
#[derive(Default)]
struct Names {
    applications: Vec<(String, Uuid)>,
    groups: HashMap<String, Vec<String>>,
}

impl Names {
    fn application(&self, place: Place, name: &str) -> Result<Uuid, ParseError> {
        let own = self.applications.iter();
        let mut own = own.filter(|(known, _)| known.eq_ignore_ascii_case(name));
        if let Some((_, id)) = own.next() {
            return Ok(*id);
        }
        if let Some(known) = applications::by_name(name) {
            return Ok(known.id);
        }
        name.parse().map_err(|_| {
            let mut known: Vec<&str> = applications::KNOWN.iter().map(|it| it.name).collect();
            known.extend(self.applications.iter().map(|(name, _)| name.as_str()));
            let hint = hint(name, &known);
            let message = format!(
                "{name:?} is neither a GUID nor the name of an application that is known or defined \
                 under [applications]; {hint}"
            );
            error(place, message)
        })
    }
}

/// A key of an entry.
struct Named {
    /// The place of the field that names it.
    place: Place,
    key: BindingKey,
    /// The group that has its host name.
    group: Option<String>,
}

impl Named {
    /// The error for a key that was named before.
    fn repeats(&self, entry: Place, first: &First) -> ParseError {
        let key = &self.key;
        let groups = (first.group.as_deref(), self.group.as_deref());
        let message = match groups {
            _ if first.entry != entry => {
                let of = |group: Option<&str>| group.map(|name| format!(" (group {name:?})"));
                let (there, here) = (of(groups.0), of(groups.1));
                format!(
                    "{key}{} is bound by the entry in line {}{} already; remove one",
                    here.unwrap_or_default(),
                    first.entry.line,
                    there.unwrap_or_default()
                )
            }
            (Some(one), Some(other)) if one == other => {
                format!("group {one:?} has {key} twice; remove one")
            }
            (Some(one), Some(other)) => format!(
                "{key} is in this entry twice, by the groups {one:?} and {other:?}; remove one"
            ),
            _ => format!("{key} is in this entry twice; remove one"),
        };
        error(self.place, message)
    }
}

/// The entry that a key was first named in.
struct First {
    entry: Place,
    group: Option<String>,
}

struct Reader<'a> {
    defaults: Fields<'a>,
    certificates: Certificates,
    names: Names,
}

impl Reader<'_> {
    fn entry(
        &self,
        node: &Node,
        seen: &mut HashMap<BindingKey, First>,
    ) -> Result<Vec<Binding>, ParseError> {
        let known: Vec<&str> = KEYS.iter().chain(DEFAULTS).copied().collect();
        let fields = Fields::of(node, "a binding", Some(&known))?;
        let keys = self.keys(node.place, &fields)?;
        if let (Some(spelling), 2..) = (fields.get("host_spelling"), keys.len()) {
            let message = "host_spelling applies to one host name; move it to an entry of its own";
            return Err(error(spelling.place, message));
        }
        let mut bindings = Vec::new();
        for named in keys {
            if let Some(first) = seen.get(&named.key) {
                return Err(named.repeats(node.place, first));
            }
            let binding = self.binding(node.place, named.place, &named.key, &fields)?;
            let first = First {
                entry: node.place,
                group: named.group,
            };
            seen.insert(named.key, first);
            bindings.push(binding);
        }
        Ok(bindings)
    }

    /// The keys of an entry.
    fn keys(&self, place: Place, fields: &Fields<'_>) -> Result<Vec<Named>, ParseError> {
        let mut keys = Vec::new();
        for (place, key) in texts(fields.get("key"), "a key")? {
            let key = key.parse().map_err(|problem: certbind_core::KeyError| {
                let message = key_mistake(key).unwrap_or_else(|| problem.to_string());
                error(place, message).caused_by(problem)
            })?;
            let group = None;
            keys.push(Named { place, key, group });
        }
        let mut hosts = Vec::new();
        for (place, host) in texts(fields.get("host"), "a host name")? {
            hosts.push((place, host, None));
        }
        for (place, name) in texts(fields.get("group"), "the name of a group")? {
            let Some(group) = self.names.groups.get(name) else {
                let mut known: Vec<&str> = self.names.groups.keys().map(String::as_str).collect();
                known.sort_unstable();
                let hint = match known.is_empty() {
                    true => "define it under [groups]".to_owned(),
                    false => hint(name, &known),
                };
                return Err(error(place, format!("there is no group {name:?}; {hint}")));
            };
            let group = group.iter();
            hosts.extend(group.map(|host| (place, host.as_str(), Some(name.to_owned()))));
        }
        let port = fields.get("port").or_else(|| self.defaults.get("port"));
        let port = match port.map(|node| (&node.value, node)) {
            None => PORT,
            Some((Value::Integer(port), node)) => match u16::try_from(*port) {
                Ok(port @ 1..) => port,
                _ => {
                    let message = format!("a port is a number from 1 to 65535, found {port}");
                    return Err(error(node.place, message));
                }
            },
            Some((_, node)) => {
                let message = format!("a port is a number without quotes, found {}", node.kind());
                return Err(error(node.place, message));
            }
        };
        if hosts.is_empty()
            && let Some(node) = fields.get("port")
        {
            let message = "port goes with host and group; a key contains its port";
            return Err(error(node.place, message));
        }
        for (place, host, group) in hosts {
            let key = format!("hostnameport={host}:{port}").parse();
            let key: BindingKey = key.map_err(|problem: certbind_core::KeyError| {
                let hint = host_hint(host).map(|hint| format!("; {hint}"));
                let message = format!("{problem}{}", hint.unwrap_or_default());
                error(place, message).caused_by(problem)
            })?;
            keys.push(Named { place, key, group });
        }
        if keys.is_empty() {
            let message = "the entry binds nothing; give it a key, a host or a group";
            return Err(error(place, message));
        }
        Ok(keys)
    }

    fn binding(
        &self,
        entry: Place,
        place: Place,
        key: &BindingKey,
        fields: &Fields<'_>,
    ) -> Result<Binding, ParseError> {
        let field = |name: &str| fields.get(name).or_else(|| self.defaults.get(name));
        let app = field("app").ok_or_else(|| {
            let message =
                format!("{key} has no application; give it an app, or set one under [defaults]");
            error(entry, message)
        })?;
        let app_id = self
            .names
            .application(app.place, text(app, "an application")?)?;
        let certificate = self.certificate(entry, key, fields)?;
        let mut object = serde_json::json!({
            "key": key,
            "certificate": certificate,
            "app_id": app_id,
        });
        let plain = object.clone();
        let given: Vec<(&str, &Node)> = OPTIONS
            .iter()
            .filter_map(|name| Some((*name, field(name)?)))
            .chain(
                fields
                    .get("host_spelling")
                    .map(|node| ("host_spelling", node)),
            )
            .collect();
        for (name, node) in &given {
            object[*name] = node.to_json();
        }
        let problem = match serde_json::from_value::<Binding>(object) {
            Ok(binding) => return Ok(binding),
            Err(problem) => problem,
        };
        for (name, node) in given {
            if let Some(problem) = options::problem(name, node) {
                return Err(problem);
            }
            let mut object = plain.clone();
            object[name] = node.to_json();
            if let Err(problem) = serde_json::from_value::<Binding>(object) {
                let message = format!("{name}: {problem}");
                return Err(error(node.place, message).caused_by(problem));
            }
        }
        Err(error(place, problem.to_string()).caused_by(problem))
    }

    /// The certificate of a binding as in a JSON export; null if its key takes it from the central
    /// certificate store.
    fn certificate(
        &self,
        entry: Place,
        key: &BindingKey,
        fields: &Fields<'_>,
    ) -> Result<serde_json::Value, ParseError> {
        if !key.kind().names_certificate() {
            for name in ["cert", "subject", "store"] {
                if let Some(node) = fields.get(name) {
                    let message = format!(
                        "{key} takes its certificate from the central certificate store; remove {name}"
                    );
                    return Err(error(node.place, message));
                }
            }
            return Ok(serde_json::Value::Null);
        }
        let mut hash = None;
        for fields in [fields, &self.defaults] {
            hash = match (fields.get("cert"), fields.get("subject")) {
                (Some(_), Some(subject)) => {
                    let message = "cert and subject both name the certificate; remove one";
                    return Err(error(subject.place, message));
                }
                (Some(node), None) => Some((node, self.certificates.named(text(node, "cert")?))),
                (None, Some(node)) => {
                    let subject = text(node, "subject")?;
                    Some((node, self.certificates.of_subject(subject)))
                }
                (None, None) => continue,
            };
            break;
        }
        let Some((node, hash)) = hash else {
            let message = format!(
                "{key} has no certificate; give it a cert (a hash or a file) or a subject, or set one \
                 under [defaults]"
            );
            return Err(error(entry, message));
        };
        let hash = hash.map_err(|message| error(node.place, message))?;
        let store = fields.get("store").or_else(|| self.defaults.get("store"));
        let store = match store {
            Some(node) => match text(node, "store")? {
                "" => None,
                name => {
                    let name: certbind_core::StoreName = name.parse().map_err(|problem| {
                        error(node.place, format!("store: {problem}")).caused_by(problem)
                    })?;
                    Some(name.as_str().to_owned())
                }
            },
            None => Some(STORE.to_owned()),
        };
        Ok(serde_json::json!({ "hash": hash, "store_name": store }))
    }
}

/// The correct input, where a host name is a URL or has its port.
fn host_hint(host: &str) -> Option<String> {
    if let Some((_, rest)) = host.split_once("://") {
        let name = rest.split(['/', ':', '?']).next().unwrap_or_default();
        return Some(format!("write the name alone: {name}"));
    }
    let (name, port) = host.rsplit_once(':')?;
    let port: u16 = port.parse().ok()?;
    (!name.contains(':'))
        .then(|| format!("write the name alone, {name}, and its port in a field: port = {port}"))
}
