//! The messages in a Rust source.
//!
//! A text is a message by its context: in `#[error("…")]`, in a `Display` implementation, or among the
//! arguments of a function that makes or prints errors, warnings or notes. Any other text of two
//! words or more is taken for the reason that another message gives, so that a new way to make
//! messages is not missed. Output, panics, patterns, help texts and tests are skipped.

use std::collections::BTreeMap;

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

use super::template::{self, text_of};

/// A message of the program.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Message {
    pub(crate) kind: Kind,
    /// With the names of its placeholders: `{path}`.
    pub(crate) text: String,
}

/// How a message is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Error,
    Warning,
    Note,
    /// Printed with `--verbose`.
    Event,
    /// A part of other messages.
    Reason,
}

impl Kind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
            Self::Event => "event",
            Self::Reason => "reason",
        }
    }
}

/// The functions and macros whose arguments are messages.
const MAKERS: [(&str, Kind); 19] = [
    ("ConversionWarning::new", Kind::Warning),
    ("Error::custom", Kind::Error),
    ("Error::new", Kind::Error),
    ("Error::other", Kind::Error),
    ("ParseError::at", Kind::Error),
    ("ParseError::in_file", Kind::Error),
    ("ParseError::in_key", Kind::Error),
    ("ParseError::of_record", Kind::Error),
    ("debug!", Kind::Event),
    ("error!", Kind::Event),
    ("event", Kind::Event),
    ("event!", Kind::Event),
    ("info!", Kind::Event),
    ("note", Kind::Note),
    ("report", Kind::Error),
    ("report_last", Kind::Error),
    ("trace!", Kind::Event),
    ("warn", Kind::Warning),
    ("warn!", Kind::Event),
];

/// The functions and macros whose arguments are no messages: output, panics, patterns of a search,
/// names of fields.
const OTHERS: [&str; 41] = [
    "assert!",
    "assert_eq!",
    "assert_ne!",
    "bail!",
    "cfg!",
    "contains",
    "debug_assert!",
    "debug_assert_eq!",
    "debug_struct",
    "ends_with",
    "env!",
    "eprint!",
    "eprintln!",
    "eq_ignore_ascii_case",
    "expect",
    "expect_err",
    "field",
    "find",
    "include!",
    "include_bytes!",
    "include_str!",
    "json!",
    "matches!",
    "panic!",
    "print!",
    "println!",
    "replace",
    "rfind",
    "rsplit_once",
    "split",
    "split_once",
    "starts_with",
    "strip_prefix",
    "strip_suffix",
    "todo!",
    "trim_end_matches",
    "trim_matches",
    "trim_start_matches",
    "unimplemented!",
    "unreachable!",
    "var_os",
];

/// The messages of a source in the order of their places. In a file that has `other_texts`, such as
/// the output of a command, only the texts whose context makes them messages count.
pub(crate) fn messages(source: &str, other_texts: bool) -> Result<Vec<Message>, String> {
    let tokens: TokenStream = source.parse().map_err(|error| format!("{error}"))?;
    let mut scan = Scan {
        other_texts,
        printers: printers(source),
        found: Vec::new(),
    };
    scan.tokens(tokens, &Context::default());
    Ok(scan.found)
}

/// The modules that a source declares for its tests alone.
pub(crate) fn test_modules(source: &str) -> Vec<String> {
    let mut modules = Vec::new();
    let mut is_test = false;
    for line in source.lines().map(str::trim) {
        let module = line
            .strip_suffix(';')
            .and_then(|line| line.rsplit_once("mod "));
        if let (true, Some((_, name))) = (is_test, module) {
            modules.push(name.to_owned());
        }
        is_test = line == "#[cfg(test)]";
    }
    modules
}

/// Where a token is.
#[derive(Clone, Default)]
struct Context {
    kind: Option<Kind>,
    is_display: bool,
    /// The kind of what the `Display` implementation writes.
    displayed: Option<Kind>,
    /// The variables that become messages below.
    variables: BTreeMap<String, Kind>,
}

struct Scan {
    other_texts: bool,
    /// The functions of the module `message` that the source imports.
    printers: Vec<String>,
    found: Vec<Message>,
}

impl Scan {
    fn tokens(&mut self, tokens: TokenStream, context: &Context) {
        let tokens: Vec<_> = tokens.into_iter().collect();
        let mut of_variable: Option<Kind> = None;
        let mut is_test = false;
        let mut at = 0;
        while at < tokens.len() {
            let context = &Context {
                kind: of_variable.or(context.kind),
                ..context.clone()
            };
            match &tokens[at] {
                token if is_mark(token, '#') => {
                    let next = at + 1 + usize::from(is_mark_at(&tokens, at + 1, '!'));
                    if let Some(TokenTree::Group(group)) = tokens.get(next)
                        && group.delimiter() == Delimiter::Bracket
                    {
                        self.attribute(group, &tokens[next + 1..]);
                        is_test |= is_for_tests(group);
                        at = next;
                    }
                }
                token if is_mark(token, ';') => {
                    of_variable = None;
                    is_test = false;
                }
                TokenTree::Ident(word) if word == "let" => {
                    let name = tokens[at + 1..].iter().find_map(|token| match token {
                        TokenTree::Ident(name) if name != "mut" => Some(name.to_string()),
                        _ => None,
                    });
                    of_variable = name.and_then(|name| context.variables.get(&name).copied());
                }
                TokenTree::Group(group) if is_test => {
                    is_test = group.delimiter() != Delimiter::Brace;
                }
                TokenTree::Group(group) => self.group(&tokens, at, group, context),
                TokenTree::Literal(literal) => {
                    if let Some(text) = text_of(&literal.to_string()) {
                        self.add(text, context);
                    }
                }
                _ => {}
            }
            at += 1;
        }
    }

    /// `#[error("…")]`, followed by the variant or the type.
    fn attribute(&mut self, group: &Group, rest: &[TokenTree]) {
        let tokens: Vec<_> = group.stream().into_iter().collect();
        let [TokenTree::Ident(name), TokenTree::Group(arguments)] = tokens.as_slice() else {
            return;
        };
        if name == "error" {
            let context = Context {
                kind: Some(Kind::Error),
                ..Context::default()
            };
            let fields = template::unnamed_fields(rest);
            self.formatted(arguments.stream(), 0, &fields, &context);
        }
    }

    fn group(&mut self, tokens: &[TokenTree], at: usize, group: &Group, context: &Context) {
        let mut context = context.clone();
        match group.delimiter() {
            Delimiter::Brace => {
                let head = head(&tokens[..at]);
                if head.contains(" fn help ") {
                    return;
                }
                if head.contains(" fn ") {
                    context.variables = variables(&group.stream(), &self.printers);
                }
                if let Some(of) = display_of(&head) {
                    context.is_display = true;
                    context.displayed = kind_of_type(&of);
                }
            }
            Delimiter::Parenthesis | Delimiter::Bracket => {
                let called = called(&tokens[..at]);
                if is_among(&OTHERS, &called) {
                    return;
                }
                if let Some(kind) = maker(&called, &self.printers) {
                    context.kind = Some(kind);
                }
                if ["write!", "writeln!", "write_str"].contains(&called.as_str()) {
                    context.kind = context.displayed.or(context.kind);
                }
                match called.as_str() {
                    "format!" | "format_args!" | "concat!" => {
                        return self.formatted(group.stream(), 0, &[], &context);
                    }
                    // Elsewhere it writes output.
                    "write!" | "writeln!" if context.is_display => {
                        return self.formatted(group.stream(), 1, &[], &context);
                    }
                    "write!" | "writeln!" => return,
                    called if called.ends_with('!') && maker(called, &self.printers).is_some() => {
                        return self.formatted(group.stream(), 0, &[], &context);
                    }
                    _ => {}
                }
            }
            Delimiter::None => {}
        }
        self.tokens(group.stream(), &context);
    }

    /// The arguments of a macro that formats, whose template is at `index` or after it.
    fn formatted(
        &mut self,
        tokens: TokenStream,
        index: usize,
        fields: &[String],
        context: &Context,
    ) {
        let arguments = template::arguments(tokens);
        let is_text = |argument: &[TokenTree]| match argument {
            [TokenTree::Literal(text)] => text_of(&text.to_string()),
            _ => None,
        };
        let mut others = Vec::new();
        let mut has_template = false;
        for (at, argument) in arguments.iter().enumerate() {
            match is_text(argument).filter(|_| at >= index && !has_template) {
                Some(text) => {
                    let named = template::named(&text, &arguments[at + 1..], fields);
                    has_template = self.add(named, context);
                }
                None => others.push(argument.clone()),
            }
        }
        // The arguments of a template are parts of the message.
        let context = Context {
            kind: context.kind.filter(|_| !has_template),
            ..context.clone()
        };
        for argument in others {
            self.tokens(argument.into_iter().collect(), &context);
        }
    }

    /// Whether the text is a message.
    fn add(&mut self, text: String, context: &Context) -> bool {
        let is_placed = context.is_display && text.contains('{');
        let is_message = match context.kind {
            Some(_) => words(&text) > 0,
            None if self.other_texts => false,
            None => is_sentence(&text) || is_placed && words(&text) > 0,
        };
        if is_message {
            let kind = context.kind.unwrap_or(Kind::Reason);
            self.found.push(Message { kind, text });
        }
        is_message
    }
}

/// The number of words, without the placeholders.
fn words(text: &str) -> usize {
    let mut depth = 0;
    let text: String = text
        .chars()
        .map(|letter| {
            depth += i32::from(letter == '{') - i32::from(letter == '}');
            if depth > 0 { ' ' } else { letter }
        })
        .collect();
    let is_word = |word: &&str| {
        let word = word.trim_matches(|letter: char| ",;:.()`\"'?!…".contains(letter));
        word.chars().filter(|letter| letter.is_alphabetic()).count() > 1
            && word
                .chars()
                .all(|letter| letter.is_alphanumeric() || "-'/".contains(letter))
    };
    text.split_whitespace().filter(is_word).count()
}

/// Whether a text says something. Names such as "the host name" are put into messages, and say
/// nothing by themselves. Lines are output.
fn is_sentence(text: &str) -> bool {
    const VERBS: [&str; 22] = [
        "is", "are", "was", "were", "has", "have", "had", "cannot", "can", "does", "do", "must",
        "may", "needs", "will", "ends", "looks", "belongs", "says", "comes", "declares", "names",
    ];
    let is_name = ["the ", "a ", "an "]
        .iter()
        .any(|word| text.starts_with(word))
        && !text.split_whitespace().any(|word| VERBS.contains(&word));
    let is_spoken = text
        .split_whitespace()
        .any(|word| word.chars().count() > 1 && word.chars().all(char::is_lowercase));
    let parts = words(text) + text.matches('{').count();
    words(text) > 1 && parts > 2 && is_spoken && !is_name && !text.ends_with('\n')
}

/// The kind of the messages that a type displays.
fn kind_of_type(name: &str) -> Option<Kind> {
    let has = |parts: &[&str]| parts.iter().any(|part| name.contains(part));
    if has(&["Warning", "Notice", "Objection"]) {
        Some(Kind::Warning)
    } else if has(&[
        "Error", "Damage", "Failure", "Fault", "Stopped", "Cause", "Mismatch",
    ]) {
        Some(Kind::Error)
    } else {
        None
    }
}

/// The type of `impl Display for TYPE`.
fn display_of(head: &str) -> Option<String> {
    let (_, of) = head.split_once("Display for ")?;
    head.contains(" impl ")
        .then(|| of.split_whitespace().next().unwrap_or_default().to_owned())
}

/// The tokens of an item in front of its braces.
fn head(before: &[TokenTree]) -> String {
    let ends = |token: &TokenTree| {
        is_mark(token, ';')
            || matches!(token, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace)
    };
    let start = before.iter().rposition(ends).map_or(0, |end| end + 1);
    let tokens = before[start..].iter().filter(|token| match token {
        TokenTree::Group(group) => group.delimiter() == Delimiter::Parenthesis,
        _ => true,
    });
    let words: Vec<_> = tokens.map(ToString::to_string).collect();
    format!(" {} ", words.join(" "))
}

/// The variables that a function gives to the makers of messages.
fn variables(body: &TokenStream, printers: &[String]) -> BTreeMap<String, Kind> {
    let mut variables = BTreeMap::new();
    let tokens: Vec<_> = body.clone().into_iter().collect();
    for (at, token) in tokens.iter().enumerate() {
        let TokenTree::Group(group) = token else {
            continue;
        };
        if let Some(kind) = maker(&called(&tokens[..at]), printers) {
            for argument in template::arguments(group.stream()) {
                if let [.., TokenTree::Ident(name)] = argument.as_slice() {
                    variables.entry(name.to_string()).or_insert(kind);
                }
            }
        }
        variables.extend(self::variables(&group.stream(), printers));
    }
    variables
}

/// The functions that print messages among the imports of a source.
fn printers(source: &str) -> Vec<String> {
    let imports = source.split("use crate::message::").skip(1);
    let names = imports
        .filter_map(|rest| rest.split_once(';'))
        .flat_map(|(names, _)| names.split(|mark: char| !mark.is_alphanumeric() && mark != '_'));
    names
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect()
}

fn maker(called: &str, printers: &[String]) -> Option<Kind> {
    let kind = |name: &str| {
        let found = MAKERS.iter().find(|(maker, _)| *maker == name);
        found.map(|(_, kind)| *kind)
    };
    match called.strip_prefix("message::") {
        Some(printer) => kind(printer),
        None => kind(called)
            .filter(|_| called.contains([':', '!']) || printers.iter().any(|name| name == called)),
    }
}

fn is_among(names: &[&str], called: &str) -> bool {
    let last = called.rsplit("::").next().unwrap_or(called);
    names.contains(&last)
}

/// The function or macro whose arguments come next: `name`, `Type::name` or `name!`.
fn called(before: &[TokenTree]) -> String {
    match before {
        [.., TokenTree::Ident(name), mark] if is_mark(mark, '!') => format!("{name}!"),
        [
            ..,
            TokenTree::Ident(of),
            first,
            second,
            TokenTree::Ident(name),
        ] if is_mark(first, ':') && is_mark(second, ':') => {
            format!("{of}::{name}")
        }
        [.., TokenTree::Ident(name)] => name.to_string(),
        _ => String::new(),
    }
}

fn is_for_tests(attribute: &Group) -> bool {
    let text = attribute.stream().to_string().replace(' ', "");
    ["cfg(test)", "cfg(any(test", "cfg(all(test"]
        .iter()
        .any(|start| text.starts_with(start))
        || text == "test"
}

fn is_mark(token: &TokenTree, mark: char) -> bool {
    matches!(token, TokenTree::Punct(found) if found.as_char() == mark)
}

fn is_mark_at(tokens: &[TokenTree], at: usize, mark: char) -> bool {
    tokens.get(at).is_some_and(|token| is_mark(token, mark))
}
