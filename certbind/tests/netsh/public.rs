//! Public command lines and public readers of the output, as facts with their sources.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use certbind::netsh::{Netsh, Profile};
use certbind_core::MemoryStore;
use certbind_httpapi_abi::HttpApi;
use certbind_simulator::{Accounts, Simulator};
use regex::Regex;
use serde::Deserialize;

use crate::bench::{CommandOutput, Refusing, run};

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Grade {
    Documented,
    Reported,
    Script,
    None,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Outcome {
    Done,
    Refused,
}

/// A command line; the file describes the fields.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    source: String,
    evidence: Grade,
    profile: Option<String>,
    user: Option<String>,
    #[serde(default)]
    given: Vec<String>,
    line: String,
    expect: Option<Outcome>,
    #[serde(default)]
    says: Vec<String>,
    note: Option<String>,
}

#[derive(Deserialize)]
struct Lines {
    line: Vec<Line>,
}

#[derive(Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Code {
    Zero,
    Nonzero,
}

#[derive(Debug, Deserialize)]
struct Rest {
    skip: usize,
    pattern: String,
}

/// A reader of output; the file describes the fields.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Parser {
    source: String,
    #[serde(default)]
    profiles: Vec<String>,
    command: String,
    code: Option<Code>,
    case: Option<bool>,
    #[serde(default)]
    joined: bool,
    #[serde(default)]
    contains: Vec<String>,
    #[serde(default)]
    lacks: Vec<String>,
    #[serde(default)]
    r#match: Vec<(String, String)>,
    #[serde(default)]
    count: Vec<(String, usize)>,
    rest: Option<Rest>,
}

#[derive(Deserialize)]
struct Parsers {
    parser: Vec<Parser>,
}

/// A host with the accounts of the lines.
struct Host {
    simulator: Arc<Simulator>,
    api: Arc<dyn HttpApi>,
    accounts: Accounts,
    profile: Profile,
}

impl Host {
    fn new(profile: Profile) -> Self {
        let simulator =
            Simulator::new(Arc::new(MemoryStore::new())).profile(profile.name().parse().unwrap());
        let simulator = Arc::new(simulator);
        let names = [
            r"DOMAIN\user",
            r"DOMAIN\username",
            r"nblumhardt-p1\blumhardt",
        ];
        let accounts = (1101..).zip(names);
        let accounts: BTreeMap<_, _> = accounts
            .map(|(id, name)| (name.to_owned(), format!("S-1-5-21-1-2-3-{id}")))
            .collect();
        Self {
            api: Arc::clone(&simulator) as Arc<dyn HttpApi>,
            simulator,
            accounts: Accounts::configured(Some("HOST"), &accounts, None)
                .unwrap()
                .with_account("user", "S-1-5-21-1-2-3-1001")
                .unwrap(),
            profile,
        }
    }

    fn run(&self, line: &str) -> CommandOutput {
        let netsh = Netsh::new(&*self.simulator, self.profile)
            .with_api(&self.api)
            .with_accounts(&self.accounts);
        let mut printed = Vec::new();
        let code = netsh.run(&words(line), &mut std::io::empty(), &mut printed);
        CommandOutput {
            text: String::from_utf8(printed).unwrap(),
            code: code.unwrap(),
        }
    }
}

/// The words of a line as a program receives them: double quotes group spaces.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut is_quoted = false;
    for character in line.chars() {
        match character {
            '"' => is_quoted = !is_quoted,
            ' ' if !is_quoted => words.push(String::new()),
            other => words.last_mut().unwrap().push(other),
        }
    }
    words
}

fn lines() -> Vec<Line> {
    let lines: Lines = toml::from_str(include_str!("public/lines.toml")).unwrap();
    lines.line
}

fn parsers() -> Vec<Parser> {
    let parsers: Parsers = toml::from_str(include_str!("public/parsers.toml")).unwrap();
    parsers.parser
}

/// The difference between a line here and on Windows.
fn difference(line: &Line) -> Option<String> {
    let profile = line.profile.as_deref().unwrap_or("2022").parse().unwrap();
    let host = Host::new(profile);
    for given in &line.given {
        let said = host.run(given);
        assert_eq!(said.code, 0, "{given}: {}", said.text);
    }
    let said = match line.user.as_deref() {
        // HTTP.sys refuses changes of users without rights.
        Some("standard") => run(&Refusing(5), profile, &words(&line.line)),
        _ => host.run(&line.line),
    };
    let outcome = match said.code {
        0 => Outcome::Done,
        _ => Outcome::Refused,
    };
    let missing = line.says.iter().find(|part| !said.text.contains(*part));
    match (line.expect.unwrap() == outcome, missing) {
        (true, None) => None,
        (false, _) => Some(format!(
            "{}: exit code {}: {}",
            line.line, said.code, said.text
        )),
        (true, Some(part)) => Some(format!("{}: no {part:?} in {}", line.line, said.text)),
    }
}

/// Lines whose behaviour on Windows is known, and that do not behave so here. None is known.
const DIFFERENT: &[&str] = &[];

#[test]
fn public_command_lines_behave_as_on_windows() {
    let lines = lines();
    let known: Vec<_> = lines
        .iter()
        .filter(|line| line.evidence != Grade::None)
        .collect();
    assert!(known.len() >= 80, "{}", known.len());
    let differences: Vec<_> = known.iter().filter_map(|line| difference(line)).collect();
    let others: Vec<_> = differences
        .iter()
        .filter(|difference| !DIFFERENT.iter().any(|line| difference.starts_with(line)))
        .collect();
    assert!(others.is_empty(), "{others:#?}");
    assert!(
        differences.len() * 100 <= known.len() * 3,
        "{differences:#?}"
    );
}

/// A line without evidence has a reason, and nothing is expected of it.
#[test]
fn lines_without_evidence_are_marked() {
    let lines = lines();
    for line in &lines {
        assert_eq!(
            line.evidence == Grade::None,
            line.expect.is_none(),
            "{}",
            line.line
        );
        assert!(
            line.expect.is_some() || line.note.is_some(),
            "{}",
            line.line
        );
        assert!(line.source.contains([':', '/']), "{}", line.source);
    }
}

/// The bindings and the reservation that readers see.
const STATE: [&str; 4] = [
    "http add sslcert ipport=0.0.0.0:443 certhash=5226dc6c54559761cd471b86eb51c096252c90f2 \
     appid={4dc3e181-e14b-4a21-b022-59fc669b0914} certstorename=MY",
    "http add urlacl url=http://+:8080/app/ user=Everyone",
    "http add sslcert hostnameport=www.contoso.com:443 \
     certhash=5226dc6c54559761cd471b86eb51c096252c90f2 \
     appid={4dc3e181-e14b-4a21-b022-59fc669b0914} certstorename=MY",
    "http add sslcert ccs=443 appid={4dc3e181-e14b-4a21-b022-59fc669b0914}",
];

/// The expectations that the output does not meet.
fn unmet(parser: &Parser, profile: Profile) -> Vec<String> {
    let host = Host::new(profile);
    for line in STATE {
        let is_supported =
            profile > Profile::Server2008R2 || line.contains("ipport") || line.contains("urlacl");
        if is_supported {
            assert_eq!(host.run(line).code, 0, "{profile}: {line}");
        }
    }
    let said = host.run(&parser.command);
    let lines: Vec<_> = said.text.lines().collect();
    let text = match parser.joined {
        true => lines.join(" "),
        false => said.text.clone(),
    };
    let folded = |text: &str| match parser.case {
        Some(false) => text.to_lowercase(),
        _ => text.to_owned(),
    };
    let mut unmet = Vec::new();
    let is_zero = said.code == 0;
    if parser
        .code
        .as_ref()
        .is_some_and(|code| (*code == Code::Zero) != is_zero)
    {
        unmet.push(format!("exit code {}", said.code));
    }
    for part in &parser.contains {
        if !folded(&text).contains(&folded(part)) {
            unmet.push(format!("contains {part:?}"));
        }
    }
    for part in &parser.lacks {
        if folded(&text).contains(&folded(part)) {
            unmet.push(format!("lacks {part:?}"));
        }
    }
    for (pattern, expected) in &parser.r#match {
        let pattern = Regex::new(&format!("(?m){pattern}")).unwrap();
        let found = pattern.captures(&text).and_then(|found| found.get(1));
        let found = found.map(|found| found.as_str().trim());
        if found.is_none() || (expected != "*" && found != Some(expected.as_str())) {
            unmet.push(format!("{pattern}: {found:?}"));
        }
    }
    for (pattern, expected) in &parser.count {
        let pattern = Regex::new(pattern).unwrap();
        let count = lines.iter().filter(|line| pattern.is_match(line)).count();
        if count != *expected {
            unmet.push(format!("{pattern}: {count} lines"));
        }
    }
    if let Some(Rest { skip, pattern }) = &parser.rest {
        let pattern = Regex::new(pattern).unwrap();
        let rest = lines
            .iter()
            .skip(*skip)
            .filter(|line| !line.trim().is_empty());
        let odd = rest.filter(|line| !pattern.is_match(line));
        unmet.extend(odd.map(|line| format!("line {line:?}")));
        if lines.len() <= skip + 1 {
            unmet.push("no line".to_owned());
        }
    }
    if !unmet.is_empty() {
        unmet.push(said.text);
    }
    unmet
}

#[test]
fn public_readers_understand_the_output() {
    let parsers = parsers();
    let sources: BTreeSet<_> = parsers.iter().map(|parser| &parser.source).collect();
    assert!(sources.len() >= 20, "{}", sources.len());
    for parser in &parsers {
        let profiles: Vec<Profile> = match parser.profiles.is_empty() {
            true => Profile::ALL.to_vec(),
            false => parser
                .profiles
                .iter()
                .map(|name| name.parse().unwrap())
                .collect(),
        };
        for profile in profiles {
            let unmet = unmet(parser, profile);
            assert!(unmet.is_empty(), "{}: {profile}: {unmet:#?}", parser.source);
        }
    }
}
