//! A change of a plan as netsh commands, and the text by which its states are recognized.

use certbind_core::Binding;
use certbind_formats::netsh::{CommandOptions, Layout, Newline, command_options, write};
use certbind_formats::{Encoding, Export};

use super::ScriptError;
use crate::plan::Step;

/// The arguments of a netsh command, without quotation marks.
pub(super) type NetshCommand = Vec<String>;

/// netsh's sentence for a key that is not bound: the text of Windows for error 2. On a host in
/// another language it is the host's. Source: `NetshWrapper.cs` of SharpSocks, which searches for
/// it; not verified on every release.
pub(super) const NOT_BOUND: &str = "The system cannot find the file specified.";

/// Printed after a key of which netsh has said neither that it is bound nor that it is not.
pub(super) const UNREADABLE: &str = "cannot be read: netsh gives no answer";

/// One key that a plan changes.
#[derive(Debug)]
pub(super) struct ScriptStep {
    /// The key as an argument of netsh: `ipport=0.0.0.0:443`.
    pub(super) key: String,
    /// The state before the change; `None` if the key is not bound.
    pub(super) before: Option<State>,
    /// The state after the change; `None` if the key is not bound.
    pub(super) after: Option<State>,
    /// Whether only `update` keeps the extended properties of the binding.
    pub(super) needs_update: bool,
}

/// A binding that a script creates and recognizes.
#[derive(Debug)]
pub(super) struct State {
    /// The commands that create the binding where none exists.
    pub(super) add: Vec<NetshCommand>,
    /// The commands that change the other binding of the step into this one.
    pub(super) update: Vec<NetshCommand>,
    /// Text that `show sslcert` prints for the binding.
    pub(super) lines: Vec<String>,
}

impl ScriptStep {
    /// # Errors
    /// [`ScriptError::Inexpressible`] for values that netsh cannot set.
    pub(super) fn new(step: &Step, layout: Option<&Layout>) -> Result<Self, ScriptError> {
        let (before, after) = (step.expected(), step.new_value());
        let same_properties = match (before, after) {
            (Some(before), Some(after)) => before.record().extended == after.record().extended,
            _ => false,
        };
        let has_properties = before.is_some_and(|it| !it.record().extended.is_empty());
        let [old, new] = [before, after].map(|binding| {
            let binding = binding?;
            // `update sslcert` leaves extended properties alone, so they need no command.
            Some(match same_properties {
                true => without_properties(binding),
                false => Ok(binding.clone()),
            })
        });
        let (old, new) = (old.transpose()?, new.transpose()?);
        let options = |binding: &Option<Binding>| binding.as_ref().map(command_options).transpose();
        let (old_options, new_options) = (options(&old)?, options(&new)?);
        let key = new_options.as_ref().or(old_options.as_ref());
        let key = key.and_then(|options| options.record.first());
        let key = key.map(|(tag, value)| format!("{tag}={value}"));
        let state = |binding: Option<&Binding>,
                     options: &Option<CommandOptions>,
                     other: &Option<CommandOptions>| {
            let (Some(binding), Some(options)) = (binding, options) else {
                return Ok(None);
            };
            Ok::<_, ScriptError>(Some(State {
                add: commands("add", options, &[]),
                update: updates(binding, options, other.as_ref())?,
                lines: lines(binding, layout)?,
            }))
        };
        Ok(Self {
            key: key.unwrap_or_default(),
            before: state(before, &old_options, &new_options)?,
            after: state(after, &new_options, &old_options)?,
            needs_update: same_properties && has_properties,
        })
    }

    /// The command that deletes the binding.
    pub(super) fn delete(&self) -> NetshCommand {
        words(&["http", "delete", "sslcert", &self.key])
    }

    /// The command that shows the binding.
    pub(super) fn show(&self) -> NetshCommand {
        words(&["http", "show", "sslcert", &self.key])
    }

    /// The action of the step, in a word.
    pub(super) fn verb(&self) -> &'static str {
        match (&self.before, &self.after) {
            (None, _) => "create",
            (_, None) => "delete",
            _ => "update",
        }
    }

    /// The text that both states have, and that only the state before, or only the one after, has.
    pub(super) fn text(&self) -> [Vec<&str>; 3] {
        let lines = |state: &'_ Option<State>| -> Vec<String> {
            state
                .as_ref()
                .map(|it| it.lines.clone())
                .unwrap_or_default()
        };
        let (before, after) = (lines(&self.before), lines(&self.after));
        let pick = |state: &'_ Option<State>, of: &dyn Fn(&String) -> bool| -> Vec<usize> {
            let lines = state.iter().flat_map(|it| it.lines.iter().enumerate());
            lines.filter(|(_, it)| of(it)).map(|(at, _)| at).collect()
        };
        let both = pick(&self.before, &|line| after.contains(line));
        let only_before = pick(&self.before, &|line| !after.contains(line));
        let only_after = pick(&self.after, &|line| !before.contains(line));
        [
            borrowed(&self.before, &both),
            borrowed(&self.before, &only_before),
            borrowed(&self.after, &only_after),
        ]
    }
}

fn borrowed<'a>(state: &'a Option<State>, places: &[usize]) -> Vec<&'a str> {
    let lines = state.iter().flat_map(|it| it.lines.iter().enumerate());
    let picked = lines.filter(|(at, _)| places.contains(at));
    picked.map(|(_, line)| line.as_str()).collect()
}

fn without_properties(binding: &Binding) -> Result<Binding, ScriptError> {
    let mut record = binding.record().clone();
    record.extended = Default::default();
    Ok(binding.clone().with_record(record)?)
}

/// The commands that change a binding with the options of `other` into one with `options`.
fn updates(
    binding: &Binding,
    options: &CommandOptions,
    other: Option<&CommandOptions>,
) -> Result<Vec<NetshCommand>, ScriptError> {
    let Some(other) = other else {
        return Ok(Vec::new());
    };
    let property = |options: &[(&str, String)]| options.get(1).map(|(_, id)| id.clone());
    let has = |set: &Vec<(&'static str, String)>| {
        let mine = options.properties.iter();
        mine.map(|it| property(it)).any(|id| id == property(set))
    };
    if let Some(lost) = other.properties.iter().find(|set| !has(set)) {
        return Err(ScriptError::PropertyRemoved {
            key: binding.key().clone(),
            property: property(lost).unwrap_or_default(),
        });
    }
    Ok(commands("update", options, &other.properties))
}

/// `add sslcert` or `update sslcert`, and a command for each property that is not among `set`.
fn commands(
    verb: &str,
    options: &CommandOptions,
    set: &[Vec<(&'static str, String)>],
) -> Vec<NetshCommand> {
    let command = |verb: &str, object: &str, options: &[(&str, String)]| {
        let mut command = words(&["http", verb, object]);
        command.extend(options.iter().map(|(tag, value)| format!("{tag}={value}")));
        command
    };
    let properties = options.properties.iter().filter(|it| !set.contains(it));
    let properties = properties.map(|it| command("update", "sslpropertyex", it));
    std::iter::once(command(verb, "sslcert", &options.record))
        .chain(properties)
        .collect()
}

/// The lines of the listing, if its layout is known: everything that a script can compare.
/// Otherwise the values that are the same in every language.
fn lines(binding: &Binding, layout: Option<&Layout>) -> Result<Vec<String>, ScriptError> {
    let is_plain = |line: &str| line.is_ascii() && !line.contains('"') && !line.is_empty();
    let Some(layout) = layout else {
        let record = binding.record();
        let mut values = vec![format!("{{{}}}", record.app_id.hyphenated())];
        if let Some(certificate) = &record.certificate {
            values.insert(0, certificate.hash.to_string());
            values.extend(certificate.store_name.as_ref().map(ToString::to_string));
        }
        values.extend(record.ctl_identifier.as_ref().map(ToString::to_string));
        values.retain(|value| is_plain(value));
        return Ok(values);
    };
    let layout = layout.clone().with_encoding(Encoding::UTF_8);
    let layout = layout.with_newline(Newline::Lf).without_surroundings();
    let export = Export {
        bindings: vec![binding.clone()],
        ..Export::default()
    };
    let mut text = Vec::new();
    write(&mut text, &export, &layout)?;
    let text = String::from_utf8_lossy(&text).into_owned();
    let lines = text.lines().map(str::trim).filter(|line| is_plain(line));
    // A title's rule and text are no part of the record.
    let lines = lines.filter(|line| !line.starts_with('-') && line.contains(':'));
    Ok(lines.map(str::to_owned).collect())
}

fn words(words: &[&str]) -> NetshCommand {
    words.iter().map(|&word| word.to_owned()).collect()
}

/// The name of the file that marks a binding as deleted to be added again.
pub(super) fn marker(step: &ScriptStep) -> String {
    let plain = |c: char| match c {
        '*' => '_',
        c if c.is_ascii_alphanumeric() || c == '.' => c,
        _ => '-',
    };
    let key: String = step.key.chars().map(plain).collect();
    format!("certbind-interrupted-{key}.txt")
}
