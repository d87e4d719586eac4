//! On hosts with other answers than the simulator's default ones, exit code 0 means that the
//! reported outcome is true, and a failed change names every key that it has changed.
//!
//! The true bindings are read from the file of the simulator, by a separate handle.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use certbind_core::{
    Binding, BindingKey, CertHash, ExtendedProperties, Property, PropertyValue, Record, Scan,
    SslFlags,
};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::common::library;
use super::parallel::in_parallel;
use super::{HASH, Host, IIS, NEXT};

/// Answers under which a version of certbind broke a guarantee, and the default ones.
const VARIANTS: [&str; 15] = [
    "",
    "property_unset = \"empty\"",
    "property_ids = 5",
    "property_on_delete = \"left\"",
    "store_name = \"null-to-my\"",
    "flags = \"drop-known\"",
    "ipv6 = \"mapped-to-ipv4\"",
    "host_names = \"lower\"",
    "query_next_end = 2",
    "index = \"hole-2\"",
    "missing_key = \"serving\"",
    "update = \"certificate\"",
    "done_but = 1450",
    "odd_record = \"hash-32\"",
    "rights = \"third-write\"",
];

type Bindings = BTreeMap<BindingKey, Binding>;

/// The meaning of exit code 0 of a command.
enum Meaning {
    /// The bindings that it prints are all that are bound.
    Shows(fn(&Value) -> &Value),
    /// The one binding that it prints is the one of the key.
    ShowsOne(&'static str),
    /// It has counted all bindings.
    Counts,
    /// It prints the keys and hashes of all bindings.
    Lists,
    /// The bindings are changed so.
    Changes(fn(&mut Bindings)),
    /// They are in their initial state.
    Undoes,
}

pub(super) struct Command {
    /// Separated by spaces: `{url}`, `{plan}` and similar names are replaced.
    line: &'static str,
    /// The lines before it. If one fails, it is not run.
    first: &'static [&'static str],
    meaning: Meaning,
}

const fn command(line: &'static str, meaning: Meaning) -> Command {
    Command {
        line,
        first: &[],
        meaning,
    }
}

const fn after(first: &'static [&'static str], line: &'static str, meaning: Meaning) -> Command {
    Command {
        line,
        first,
        meaning,
    }
}

const PLAN: &str = "plan {wanted} {url} -o {plan}";

/// The names of `{...}` in a line are replaced by files of the host, hashes and the URL.
pub(super) fn commands() -> Vec<Command> {
    use Meaning::{Changes, Counts, Lists, Shows, ShowsOne, Undoes};
    vec![
        command("list --format json", Shows(|all| all)),
        command("export --format json", Shows(|all| &all["bindings"])),
        command("show 10.0.0.2:443 --format json", ShowsOne("10.0.0.2:443")),
        command("audit {url} --format json --fail-on never", Counts),
        command("netsh http show sslcert", Lists),
        command(
            "add 10.0.0.9:443 --hash {next} --app-id {iis} --format json",
            Changes(|all| bind(all, "10.0.0.9:443")),
        ),
        command(
            "add [::ffff:10.0.0.7]:443 --hash {next} --app-id {iis} --format json",
            Changes(|all| bind(all, "[::ffff:10.0.0.7]:443")),
        ),
        command(
            "update 10.0.0.1:443 --hash {next} --clientcertnegotiation enable --format json",
            Changes(|all| {
                renew(all, "10.0.0.1:443");
                change(all, "10.0.0.1:443", |record| {
                    record.flags |= SslFlags::NEGOTIATE_CLIENT_CERT;
                });
            }),
        ),
        command(
            "set hostnameport=www.a.example:443 --hash {next} --format json",
            Changes(|all| renew(all, "hostnameport=www.a.example:443")),
        ),
        command(
            "delete 10.0.0.2:443",
            Changes(|all| unbind(all, "10.0.0.2:443")),
        ),
        after(
            &["delete 10.0.0.2:443"],
            "add 10.0.0.2:443 --hash {next} --app-id {iis} --format json",
            Changes(|all| bind(all, "10.0.0.2:443")),
        ),
        command(
            "rotate {hash} {next}",
            Changes(|all| {
                renew(all, "10.0.0.1:443");
                renew(all, "10.0.0.2:443");
                renew(all, "hostnameport=www.a.example:443");
            }),
        ),
        command("import {wanted} --on-conflict replace", Changes(want)),
        after(&[PLAN], "apply {plan} {url} --yes", Changes(want)),
        after(
            &[PLAN, "apply {plan} {url} --yes"],
            "apply {undo} {url} --yes",
            Undoes,
        ),
        command(
            "netsh http add sslcert ipport=10.0.0.9:443 certhash={next} appid={{iis}}",
            Changes(|all| {
                bind(all, "10.0.0.9:443");
            }),
        ),
        command(
            "netsh http delete sslcert ipport=10.0.0.2:443",
            Changes(|all| unbind(all, "10.0.0.2:443")),
        ),
    ]
}

fn key(text: &str) -> BindingKey {
    text.parse().unwrap()
}

fn hash(text: &str) -> CertHash {
    text.parse().unwrap()
}

fn record(text: &str) -> Record {
    Record::new(hash(text), None, IIS.parse().unwrap())
}

fn bind(all: &mut Bindings, at: &str) {
    let new = Binding::new(key(at), record(NEXT)).unwrap();
    all.insert(key(at), new);
}

fn unbind(all: &mut Bindings, at: &str) {
    all.remove(&key(at));
}

/// A host that does not support the kind of key does not have the binding.
fn change(all: &mut Bindings, at: &str, change: impl Fn(&mut Record)) {
    let Some(binding) = all.get_mut(&key(at)) else {
        return;
    };
    let mut record = binding.record().clone();
    change(&mut record);
    *binding = binding.clone().with_record(record).unwrap();
}

fn renew(all: &mut Bindings, at: &str) {
    change(all, at, |record| {
        record.certificate.as_mut().unwrap().hash = hash(NEXT);
    });
}

/// Makes the changes of the file that is imported, and planned from.
fn want(all: &mut Bindings) {
    renew(all, "10.0.0.1:443");
    bind(all, "10.0.0.8:443");
    bind(all, "hostnameport=new.a.example:443");
}

/// The bindings at first.
fn seed() -> Bindings {
    let my = record(HASH).with_certificate(
        certbind_core::Certificate::new(hash(HASH)).with_store_name("MY".parse().ok()),
    );
    let window = Property::from(PropertyValue::Http2Window {
        receive_window: 71_000,
    });
    let flagged = record(NEXT).with_flags(SslFlags::DISABLE_HTTP2);
    let mut all = Bindings::new();
    for (at, record) in [
        ("10.0.0.1:443", my.clone()),
        (
            "10.0.0.2:443",
            my.with_extended(ExtendedProperties::new([window]).unwrap()),
        ),
        ("10.0.0.3:443", flagged),
        ("hostnameport=www.a.example:443", record(HASH)),
        ("ccs=443", Record::central(IIS.parse().unwrap())),
    ] {
        all.insert(key(at), Binding::new(key(at), record).unwrap());
    }
    all
}

/// Whether a host with these answers can have a binding.
fn exists(answer: &str, binding: &Binding) -> bool {
    !(answer.contains("sni_ids") && binding.key().host().is_some())
}

struct Variant {
    host: Host,
    answer: String,
    records: PathBuf,
    /// The records at first.
    seed: PathBuf,
    first: Bindings,
}

impl Variant {
    fn new(answer: &str, library: PathBuf) -> Self {
        let folder = TempDir::new().unwrap();
        let host = Host { folder, library };
        let at = |name: &str| host.folder.path().join(name);
        let text = format!("store = \"redb:records.redb\"\n[windows]\n{answer}\n");
        fs::write(at("simulator.toml"), text).unwrap();
        let (records, seeded) = (at("records.redb"), at("seed.redb"));
        let store = certbind::open(&format!("redb:{}", seeded.display())).unwrap();
        let (mut first, mut wanted) = (Bindings::new(), Bindings::new());
        for binding in seed().into_values() {
            let at = binding.key().to_string();
            if !exists(answer, &binding) {
                continue;
            }
            // A host without the properties has none that is set.
            let binding = match answer.contains("property_ids") {
                true => {
                    let record = binding.record().clone();
                    let record = record.with_extended(ExtendedProperties::default());
                    binding.with_record(record).unwrap()
                }
                false => binding,
            };
            store.insert(binding.clone()).unwrap();
            first.insert(key(&at), binding.clone());
            if at == "ipport=10.0.0.1:443" {
                wanted.insert(key(&at), binding);
            }
        }
        want(&mut wanted);
        let bindings: Vec<_> = wanted.into_values().collect();
        let export = json!({
            "format": "certbind-export", "version": 1, "header": {}, "bindings": bindings,
        });
        fs::write(at("wanted.json"), export.to_string()).unwrap();
        Self {
            records,
            seed: seeded,
            first,
            host,
            answer: answer.to_owned(),
        }
    }

    fn reset(&self) {
        fs::copy(&self.seed, &self.records).unwrap();
        let _ = fs::remove_dir_all(self.host.folder.path().join("journal"));
        for name in ["plan.json", "plan.undo.json"] {
            let _ = fs::remove_file(self.host.folder.path().join(name));
        }
    }

    /// The actual bindings.
    fn truth(&self) -> Bindings {
        let store = certbind::open(&format!("redb:{}", self.records.display())).unwrap();
        let found = store.scan(&Scan::all()).unwrap();
        let found = found.map(|binding| binding.unwrap());
        let mut found: Bindings = found
            .map(|binding| (binding.key().clone(), binding))
            .collect();
        // That one shows another certificate than was set.
        if self.answer.contains("odd_record = \"hash-zeros\"")
            && let Some(at) = found.keys().next().map(ToString::to_string)
        {
            change(&mut found, &at, |record| {
                if let Some(certificate) = &mut record.certificate {
                    certificate.hash = [0; 20].into();
                }
            });
        }
        found
    }

    fn run(&self, line: &str) -> Output {
        let path = |name: &str| self.host.folder.path().join(name).display().to_string();
        let line = line
            .replace("{url}", &format!("httpsys:{}", self.host.library.display()))
            .replace("{plan}", &path("plan.json"))
            .replace("{undo}", &path("plan.undo.json"))
            .replace("{wanted}", &path("wanted.json"))
            .replace("{hash}", HASH)
            .replace("{next}", NEXT)
            .replace("{iis}", IIS);
        let arguments: Vec<_> = line.split(' ').collect();
        self.host.run_with(&path("simulator.toml"), &arguments)
    }

    /// Runs a command on a host as at first. Returns whether it succeeded.
    fn holds(&self, command: &Command) -> Result<bool, String> {
        self.reset();
        for line in command.first {
            if !self.run(line).status.success() {
                return Ok(false);
            }
        }
        let before = match command.first {
            [] => self.first.clone(),
            _ => self.truth(),
        };
        let output = self.run(command.line);
        let after = self.truth();
        let printed = String::from_utf8_lossy(&output.stdout);
        let said = format!("{printed}{}", String::from_utf8_lossy(&output.stderr));
        let broken = |what: String| {
            let (answer, line) = (self.answer.trim().replace('\n', ", "), command.line);
            Err(format!("{answer}: {line}: {what}\n{said}"))
        };
        let is_change = matches!(command.meaning, Meaning::Changes(_) | Meaning::Undoes);
        if !is_change && before != after {
            return broken("reading has changed something".into());
        }
        if !output.status.success() {
            let changed = differing(&before, &after);
            let hidden = changed.iter().find(|key| !said.contains(&key.to_string()));
            return match hidden {
                Some(key) => broken(format!("{key} has changed, and is not named")),
                None if said.trim().is_empty() => broken("it failed without a word".into()),
                None => Ok(false),
            };
        }
        let wrong = match &command.meaning {
            Meaning::Shows(part) => shown(part(&parsed(&printed)), &after),
            Meaning::ShowsOne(at) => {
                let one = after.get(&key(at)).cloned();
                let one = one.map(|binding| (key(at), binding)).into_iter().collect();
                shown(&Value::Array(vec![parsed(&printed)]), &one)
            }
            Meaning::Counts => {
                let count = &parsed(&printed)["hosts"][0]["bindings"];
                (*count != after.len()).then(|| format!("{count} bindings"))
            }
            Meaning::Lists => listed(&printed, &after),
            Meaning::Changes(change) => {
                let mut wanted = before.clone();
                change(&mut wanted);
                changed(&wanted, &after, &said).or_else(|| reported(&printed, &after))
            }
            Meaning::Undoes => changed(&self.first, &after, &said),
        };
        wrong.map_or(Ok(true), broken)
    }
}

fn parsed(printed: &str) -> Value {
    serde_json::from_str(printed).unwrap_or(Value::Null)
}

/// The keys whose bindings are not the same in both.
fn differing(a: &Bindings, b: &Bindings) -> Vec<BindingKey> {
    let record = |all: &Bindings, key: &BindingKey| all.get(key).map(|of| of.record().clone());
    let mut keys: Vec<_> = a.keys().chain(b.keys()).cloned().collect();
    keys.retain(|key| record(a, key) != record(b, key));
    keys
}

/// How printed bindings differ from those that are bound.
fn shown(printed: &Value, truth: &Bindings) -> Option<String> {
    let Ok(found) = serde_json::from_value::<Vec<Binding>>(printed.clone()) else {
        return Some("it prints no bindings".into());
    };
    let count = found.len();
    let found = found.into_iter();
    let found: Bindings = found.map(|of| (of.key().clone(), of)).collect();
    let wrong = differing(&found, truth);
    let is_so = wrong.is_empty() && count == truth.len();
    (!is_so).then(|| format!("shown otherwise than bound: {wrong:?}"))
}

/// The differences between a listing of netsh and the actual bindings.
fn listed(printed: &str, truth: &Bindings) -> Option<String> {
    let values = |label: &str| {
        let lines = printed.lines().map(str::trim);
        lines.filter(|line| line.starts_with(label)).count()
    };
    let named = truth.values().filter(|of| of.record().hash().is_some());
    let hashes = [HASH, NEXT].map(|hash| {
        let bound = named
            .clone()
            .filter(|of| of.record().hash() == hash.parse().ok().as_ref());
        (printed.matches(hash).count(), bound.count())
    });
    let is_so = hashes.iter().all(|(printed, bound)| printed == bound)
        && values("Application ID") == truth.len();
    (!is_so).then(|| format!("of each hash (printed, bound): {hashes:?}"))
}

/// The differences between the actual and the intended bindings, except those reported as stored in
/// another form.
fn changed(wanted: &Bindings, truth: &Bindings, said: &str) -> Option<String> {
    let wrong = differing(wanted, truth).into_iter().find(|key| {
        let hash = |all: &Bindings| all.get(key).map(|of| of.record().hash().copied());
        let is_said = said.contains(&format!("{key}: Windows stores it as"));
        !is_said || hash(wanted) != hash(truth)
    });
    wrong.map(|key| {
        let (found, wanted) = (truth.get(&key), wanted.get(&key));
        format!("{key} is {found:?}, not {wanted:?}")
    })
}

/// How the binding that a change prints as the one after it differs from the one that is bound.
fn reported(printed: &str, truth: &Bindings) -> Option<String> {
    let after = parsed(printed).get("after").cloned()?;
    let after: Binding = serde_json::from_value(after).ok()?;
    let found = truth.get(after.key()).map(Binding::record);
    (found != Some(after.record())).then(|| format!("printed {after:?}, and bound is {found:?}"))
}

/// Runs commands on a host with these answers. Returns those that succeeded, and those that broke.
pub(super) fn tried(answer: &str, commands: &[&Command], library: &Path) -> (usize, Vec<String>) {
    let variant = Variant::new(answer, library.to_owned());
    let mut succeeded = 0;
    let mut broken = Vec::new();
    for command in commands {
        match variant.holds(command) {
            Ok(done) => succeeded += usize::from(done),
            Err(what) => broken.push(what),
        }
    }
    (succeeded, broken)
}

/// Every command on every variant. With too few commands that succeed it would show little.
#[test]
fn success_means_the_reported_outcome_is_true() {
    let (commands, library) = (commands(), library());
    let all: Vec<_> = commands.iter().collect();
    let results = in_parallel(&VARIANTS, |answer| (*answer, tried(answer, &all, &library)));
    let broken: Vec<_> = results
        .iter()
        .flat_map(|(_, (_, broken))| broken.clone())
        .collect();
    assert!(broken.is_empty(), "{}", broken.join("\n"));
    // A store that refuses everything is wrong, too.
    let succeeded: BTreeMap<_, _> = results
        .iter()
        .map(|(answer, (done, _))| (*answer, *done))
        .collect();
    for answer in ["", "store_name = \"null-to-my\""] {
        assert_eq!(succeeded[answer], commands.len(), "{answer}: {succeeded:?}");
    }
    let total: usize = succeeded.values().sum();
    assert!(
        total > VARIANTS.len() * commands.len() * 3 / 5,
        "{succeeded:?}"
    );
}
