//! PowerShell scripts, parsed by tree-sitter's grammar, and the netsh commands of their steps executed on
//! simulated hosts. PowerShell itself is not run.

use std::collections::BTreeMap;

use certbind_migrate::script::{ChangeScripts, Dialect};
use tree_sitter::{Node, Parser, Tree};

use crate::batches::Case;
use crate::options;
use crate::windows_host::WindowsHost;

/// A constant of a script.
#[derive(Clone, Debug, PartialEq)]
enum Value {
    Null,
    Bool(bool),
    Text(String),
    Array(Vec<Value>),
    Table(BTreeMap<String, Value>),
}

pub(crate) fn parse(text: &str) -> Tree {
    let mut parser = Parser::new();
    let language = tree_sitter_powershell::LANGUAGE.into();
    parser.set_language(&language).unwrap();
    parser.parse(text, None).unwrap()
}

pub(crate) fn children(node: Node<'_>) -> Vec<Node<'_>> {
    let mut cursor = node.walk();
    node.named_children(&mut cursor).collect()
}

/// Every node of a kind, in the order of the text.
pub(crate) fn all<'a>(node: Node<'a>, kind: &str, found: &mut Vec<Node<'a>>) {
    if node.kind() == kind {
        found.push(node);
    }
    for child in children(node) {
        all(child, kind, found);
    }
}

pub(crate) fn text<'a>(node: Node<'_>, script: &'a str) -> &'a str {
    &script[node.byte_range()]
}

/// The value of a constant expression, by the rules of about_Arrays and about_Quoting_Rules.
fn value(node: Node<'_>, script: &str) -> Value {
    let parts = children(node);
    match (node.kind(), parts.as_slice()) {
        ("verbatim_string_characters", _) => {
            let quoted = text(node, script);
            let quoted = &quoted[1..quoted.len() - 1];
            let mut unquoted = String::new();
            let mut chars = quoted.chars();
            while let Some(c) = chars.next() {
                // A quotation mark is doubled; PowerShell treats typographic ones as quotation
                // marks as well.
                if matches!(c, '\'' | '\u{2018}'..='\u{201b}') {
                    assert_eq!(chars.next(), Some(c), "{quoted}");
                }
                unquoted.push(c);
            }
            Value::Text(unquoted)
        }
        ("variable", _) => match text(node, script) {
            "$true" => Value::Bool(true),
            "$false" => Value::Bool(false),
            "$null" => Value::Null,
            other => panic!("{other} is no constant"),
        },
        ("hash_literal_expression", []) => Value::Table(BTreeMap::new()),
        ("hash_literal_expression", [body]) => {
            let entries = children(*body).into_iter().map(|entry| {
                let [key, expression] = children(entry)[..] else {
                    panic!("{}", text(entry, script))
                };
                (text(key, script).to_owned(), value(expression, script))
            });
            Value::Table(entries.collect())
        }
        // The elements of an array in `@( )` become its own.
        ("array_expression", statements) => {
            let lists = statements.iter().flat_map(|list| children(*list));
            let values = lists.flat_map(|statement| match value(statement, script) {
                Value::Array(values) => values,
                other => vec![other],
            });
            Value::Array(values.collect())
        }
        ("expression_with_unary_operator", [operand]) => {
            assert!(text(node, script).starts_with(','));
            Value::Array(vec![value(*operand, script)])
        }
        ("array_literal_expression", [_, _, ..]) => {
            Value::Array(parts.iter().map(|part| value(*part, script)).collect())
        }
        (_, [only]) => value(*only, script),
        (kind, _) => panic!("{kind}: {}", text(node, script)),
    }
}

/// A script whose grammar was checked.
struct Script {
    text: String,
    tree: Tree,
}

/// A step of a script: its entries by name.
struct Step(BTreeMap<String, Value>);

impl Script {
    fn new(text: &str) -> Self {
        let text = text.trim_start_matches('\u{feff}').to_owned();
        let tree = parse(&text);
        assert!(!tree.root_node().has_error(), "{text}");
        Self { text, tree }
    }

    fn steps(&self) -> Vec<Step> {
        let mut assignments = Vec::new();
        all(
            self.tree.root_node(),
            "assignment_expression",
            &mut assignments,
        );
        let mut steps = assignments
            .into_iter()
            .filter(|it| text(*it, &self.text).starts_with("$steps ="));
        let steps = steps.next().unwrap().child_by_field_name("value").unwrap();
        let Value::Array(steps) = value(steps, &self.text) else {
            panic!("no array of steps")
        };
        let steps = steps.into_iter().map(|step| match step {
            Value::Table(entries) => Step(entries),
            other => panic!("{other:?}"),
        });
        steps.collect()
    }

    /// The commands that start a program.
    fn programs(&self) -> Vec<&str> {
        let mut commands = Vec::new();
        all(self.tree.root_node(), "command", &mut commands);
        let commands = commands.into_iter().map(|it| text(it, &self.text));
        let programs = ["& netsh", "& certutil"];
        let commands = commands.filter(|it| programs.iter().any(|name| it.starts_with(name)));
        commands.map(str::trim_end).collect()
    }
}

impl Step {
    fn text(&self, name: &str) -> &str {
        match &self.0[name] {
            Value::Text(text) => text,
            other => panic!("{name}: {other:?}"),
        }
    }

    fn texts(value: &Value) -> Vec<String> {
        let Value::Array(values) = value else {
            panic!("{value:?}")
        };
        let values = values.iter().map(|value| match value {
            Value::Text(text) => text.clone(),
            other => panic!("{other:?}"),
        });
        values.collect()
    }

    fn commands(&self, name: &str) -> Vec<Vec<String>> {
        let Value::Array(commands) = &self.0[name] else {
            panic!("{name}")
        };
        commands.iter().map(Self::texts).collect()
    }

    /// Whether a listing shows a state, as the function `Get-State` compares them.
    fn shows(&self, state: &str, listing: &str) -> bool {
        let Value::Array(_) = &self.0[state] else {
            return false;
        };
        let listing = listing.to_lowercase();
        let mut lines = Self::texts(&self.0[state]).into_iter();
        lines.all(|line| listing.contains(&line.to_lowercase()))
    }

    fn state(&self, host: &mut WindowsHost) -> String {
        let show = ["http", "show", "sslcert", self.text("Key")].map(str::to_owned);
        let listing = host.command(&show);
        if !listing.contains('{') {
            let is_absent = listing.contains("The system cannot find the file specified.");
            assert!(is_absent, "{listing}");
            return self.text("Absent").to_owned();
        }
        let states = ["Before", "After"].into_iter();
        let mut states = states.filter(|state| self.shows(state, &listing));
        states.next().unwrap_or("other").to_lowercase()
    }

    fn delete(&self) -> Vec<String> {
        ["http", "delete", "sslcert", self.text("Key")]
            .map(str::to_owned)
            .to_vec()
    }

    /// The commands that make the change, in the order of the function `Set-Binding`.
    fn changes(&self, has_update: bool) -> Vec<Vec<String>> {
        match (self.text("Verb"), has_update) {
            ("update", true) => self.commands("Update"),
            ("update", false) => [vec![self.delete()], self.commands("Add")].concat(),
            ("create", _) => self.commands("Add"),
            ("delete", _) => vec![self.delete()],
            (verb, _) => panic!("{verb}"),
        }
    }

    /// The commands that revert it.
    fn reverts(&self, has_update: bool) -> Vec<Vec<String>> {
        match (self.text("Verb"), has_update) {
            ("update", true) => self.commands("UpdateBack"),
            ("update", false) => [vec![self.delete()], self.commands("AddBack")].concat(),
            ("create", _) => vec![self.delete()],
            ("delete", _) => self.commands("AddBack"),
            (verb, _) => panic!("{verb}"),
        }
    }
}

fn scripts(case: &Case) -> ChangeScripts {
    let options = options(case.seed, case.release);
    ChangeScripts::new(&case.generated.plan(), Dialect::PowerShell, &options).unwrap()
}

#[test]
fn commands_of_a_powershell_script_equal_the_plan_and_roll_back() {
    crate::batches::each_case(4, |case| {
        let mut host = case.host();
        let mut batch_host = case.host();
        let batch = [&case.scripts.apply, &case.scripts.rollback];
        let (before, after) = (&case.generated.before, &case.generated.after);
        let has_update = case.release >= certbind_formats::netsh::Release::Server2019;
        let scripts = scripts(case);
        for ((script, batch), expected) in [&scripts.apply, &scripts.rollback]
            .into_iter()
            .zip(batch)
            .zip([after, before])
        {
            let script = Script::new(script);
            assert_eq!(
                script.programs(),
                [
                    "& netsh $Command 2>&1",
                    "& netsh 'http' 'show' 'sslcert' $Step.Key 2>$null",
                    "& netsh 'http' 'update' 'sslcert' '/?' 2>&1"
                ]
            );
            let steps = script.steps();
            let mut commands = Vec::new();
            for step in &steps {
                assert_eq!(step.state(&mut host), "before", "{:?}", step.0);
                let changes = step.changes(has_update);
                for command in &changes {
                    host.command(command);
                }
                commands.extend(changes);
                assert_eq!(step.state(&mut host), "after", "{:?}", step.0);
            }
            assert_eq!(&host.bindings(), expected, "seed {}", case.seed);
            // The batch file makes the same changes by the same commands.
            assert_eq!(batch_host.run(batch, None).code, Some(0));
            let run = batch_host.commands.iter().map(|it| it[1..].to_vec());
            let run = run.filter(|it| it[1] != "show" && it[3] != "/?");
            assert_eq!(run.collect::<Vec<_>>(), commands);
        }
        // The commands by which a script restores a binding whose change failed.
        let steps = Script::new(&scripts.apply).steps();
        for step in &steps {
            step.changes(has_update)
                .iter()
                .for_each(|it| drop(host.command(it)));
            step.reverts(has_update)
                .iter()
                .for_each(|it| drop(host.command(it)));
            assert_eq!(&host.bindings(), before, "{:?}", step.0);
        }
    });
}

/// The arguments of the command that imports a certificate, if the script is in this folder.
fn import(script: &Script) -> Vec<String> {
    let programs = script.programs();
    let mut imports = programs.iter().filter(|it| it.starts_with("& certutil"));
    let import = imports.next().unwrap();
    assert_eq!(imports.next(), None);
    let tree = parse(import);
    let mut commands = Vec::new();
    all(tree.root_node(), "command", &mut commands);
    let elements = commands[0].child_by_field_name("command_elements").unwrap();
    let elements = children(elements).into_iter();
    let elements = elements.filter(|it| it.kind() != "command_argument_sep");
    let literal = |node: Node<'_>| {
        let mut literals = Vec::new();
        all(node, "verbatim_string_characters", &mut literals);
        let [only] = literals[..] else {
            panic!("{}", text(node, import))
        };
        match value(only, import) {
            Value::Text(text) => text,
            other => panic!("{other:?}"),
        }
    };
    elements
        .map(|element| match text(element, import) {
            option @ ("-f" | "-importpfx") => option.to_owned(),
            joined if joined.starts_with("(Join-Path $folder '") => {
                format!("{}{}", crate::batch::FOLDER, literal(element))
            }
            quoted => {
                assert!(
                    quoted.starts_with('\'') && quoted.ends_with('\''),
                    "{quoted}"
                );
                literal(element)
            }
        })
        .collect()
}

/// The script imports the certificate by the command of the batch file, at the same place.
#[test]
fn powershell_script_imports_the_certificate() {
    let case = Case::new(0, certbind_formats::netsh::Release::Server2022);
    let names = crate::batches::pfx_names().into_iter();
    let names = names.map(|(file, store, _)| (file, store)).chain([(
        "my certs\\50% ^new & 'old' $x `y \u{2019}.pfx",
        "it's $mine \u{2018}",
    )]);
    for (file, store) in names {
        let scripts = |dialect| crate::batches::imported(dialect, crate::batches::pfx(file, store));
        let mut host = case.host();
        let run = host.run(&scripts(Dialect::Cmd).apply, None);
        assert_eq!(run.code, Some(0), "{}", run.text);
        let mut expected = host.commands.iter().filter(|it| it[0] == "certutil");
        let made = scripts(Dialect::PowerShell);
        let script = Script::new(&made.apply);
        assert_eq!(import(&script), expected.next().unwrap()[1..]);
        // After the check of every binding, before the first change; a failure ends the script.
        let at = |part: &str| script.text.find(part).unwrap();
        let import = at("& certutil");
        assert!(at("if ($bad) {") < import && import < at("= Set-Binding $steps"));
        let failed = &script.text[import..at("$failed = $false")];
        let test = failed.find("if ($LASTEXITCODE -ne 0) {").unwrap();
        assert!(failed[test..].contains("exit 3"), "{failed}");
        assert!(!made.rollback.contains("certutil"));
    }
}

#[test]
fn a_script_with_a_missing_brace_is_no_powershell() {
    let case = Case::new(0, certbind_formats::netsh::Release::Server2022);
    let apply = scripts(&case).apply;
    let at = apply.rfind('}').unwrap();
    let broken = format!("{}{}", &apply[..at], &apply[at + 1..]);
    assert!(!parse(&apply).root_node().has_error());
    assert!(parse(&broken).root_node().has_error());
}
