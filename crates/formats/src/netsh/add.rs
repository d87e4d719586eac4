//! The commands of netsh that make a binding: `http add sslcert`, and `http update sslpropertyex`
//! for each extended property.

use certbind_core::{Binding, CertCheckMode, Kind, PropertyValue, Record};

use super::address::key_text;
use super::flag::{FLAGS, Flag};
use crate::export::Export;
use crate::write::{InexpressibleValue, WriteError};

/// The limits of a form of script: the reason why it cannot contain a value, and the maximum length
/// of a command.
pub(super) struct Limits {
    pub(super) refusal: fn(&str) -> Option<&'static str>,
    /// In UTF-16 units.
    pub(super) command: usize,
    /// The program that reads such commands.
    pub(super) reader: &'static str,
}

/// A command of `netsh http`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    /// `add sslcert`.
    Add,
    /// `update sslpropertyex`.
    SetProperty,
}

/// The options of a command, each a tag and its value, the key the first. Those at their defaults
/// are left out; some hosts refuse explicit zeros.
pub(super) type CommandArguments = Vec<(&'static str, String)>;

/// The commands that add the bindings of an export, as `command` writes each. The commands that set
/// the properties of a binding follow the one that adds it.
///
/// # Errors
/// [`WriteError::Inexpressible`] for values without an option of netsh and values beyond the
/// limits.
pub(super) fn commands(
    export: &Export,
    limits: &Limits,
    command: impl Fn(Verb, &CommandArguments) -> String,
) -> Result<Vec<String>, WriteError> {
    let mut commands = Vec::with_capacity(export.bindings.len());
    let mut refused = Vec::new();
    for binding in &export.bindings {
        let mut addition = Addition {
            binding,
            options: Vec::new(),
            refused: Vec::new(),
            limits,
        };
        addition.of_record();
        let added = command(Verb::Add, &addition.options);
        let length = added.encode_utf16().count();
        if length > limits.command {
            let (reader, limit) = (limits.reader, limits.command);
            addition.refuse(
                "the command",
                &format!("{reader} takes up to {limit} characters, and it has {length}"),
            );
        }
        commands.push(added);
        let properties = addition.properties();
        let properties = properties.iter().map(|set| command(Verb::SetProperty, set));
        commands.extend(properties);
        refused.append(&mut addition.refused);
    }
    if refused.is_empty() {
        Ok(commands)
    } else {
        Err(WriteError::Inexpressible(refused))
    }
}

/// The arguments of the netsh commands that create one binding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandOptions {
    /// The arguments of `add sslcert` and `update sslcert`: tags and values, the key first.
    pub record: Vec<(&'static str, String)>,
    /// The arguments of `update sslpropertyex`, for each extended property.
    pub properties: Vec<Vec<(&'static str, String)>>,
}

/// The arguments of the netsh commands that create a binding, for scripts. Options at their defaults
/// are omitted.
///
/// # Errors
/// [`WriteError::Inexpressible`] for values that netsh has no option for, and for text that a script
/// cannot contain.
pub fn command_options(binding: &Binding) -> Result<CommandOptions, WriteError> {
    // Shorter than the limit of cmd by the length of the longest verb and redirection.
    const COMMAND: usize = 8191 - 128;
    let limits = Limits {
        refusal: in_any_script,
        command: COMMAND,
        reader: "cmd",
    };
    let mut addition = Addition {
        binding,
        options: Vec::new(),
        refused: Vec::new(),
        limits: &limits,
    };
    addition.of_record();
    let properties = addition.properties();
    let text = |(tag, value): &(&str, String)| tag.len() + 4 + value.encode_utf16().count();
    let length: usize = addition.options.iter().map(text).sum();
    if length > COMMAND {
        let reason = format!("cmd takes up to {COMMAND} characters, and it has {length}");
        addition.refuse("the command", &reason);
    }
    match addition.refused.is_empty() {
        true => Ok(CommandOptions {
            record: addition.options,
            properties,
        }),
        false => Err(WriteError::Inexpressible(addition.refused)),
    }
}

/// The reason why no script can contain a value.
pub(super) fn in_any_script(value: &str) -> Option<&'static str> {
    if value.contains('"') {
        Some("netsh does not accept a quotation mark in a value")
    } else if value.chars().any(char::is_control) {
        Some("a script cannot contain a control character in a value")
    } else if value.ends_with('\\') {
        Some("a backslash at the end would quote the quotation mark behind it")
    } else {
        None
    }
}

struct Addition<'a> {
    binding: &'a Binding,
    options: CommandArguments,
    refused: Vec<InexpressibleValue>,
    limits: &'a Limits,
}

impl Addition<'_> {
    fn of_record(&mut self) {
        let record = self.binding.record();
        let kind = self.binding.key().kind();
        self.option(kind.tag(), key_text(self.binding));
        if let Some(certificate) = &record.certificate {
            self.option("certhash", certificate.hash.to_string());
        }
        self.option("appid", format!("{{{}}}", record.app_id.hyphenated()));
        if let Some(certificate) = &record.certificate {
            match &certificate.store_name {
                Some(name) => self.option("certstorename", name.to_string()),
                None if kind == Kind::Sni => self.refuse(
                    "certificate store name",
                    "netsh requires one for a hostnameport, and this binding has none",
                ),
                None => {}
            }
        }

        let mut left = record.clone();
        self.switches(&mut left, |switch| !switch.is_flag());
        let mut check = left.check_mode;
        // netsh enables a freshness time exactly when one is given.
        let in_force = check.contains(CertCheckMode::USE_REVOCATION_FRESHNESS);
        check.remove(CertCheckMode::USE_REVOCATION_FRESHNESS);
        self.number("revocationfreshnesstime", record.revocation_freshness_time);
        if in_force != (record.revocation_freshness_time != 0) {
            self.refuse(
                "use_revocation_freshness",
                "netsh sets it exactly when there is a freshness time",
            );
        }
        self.refuse_bits(check.iter_names(), check.unknown(), "check mode");
        self.number("urlretrievaltimeout", record.url_retrieval_timeout);
        if let Some(identifier) = &record.ctl_identifier {
            self.option("sslctlidentifier", identifier.to_string());
        }
        if let Some(name) = &record.ctl_store_name {
            self.option("sslctlstorename", name.to_string());
        }
        self.switches(&mut left, Flag::is_flag);
        self.refuse_bits(left.flags.iter_names(), left.flags.unknown(), "flags");
    }

    /// The options that set each extended property. They are shorter than those of the record.
    fn properties(&mut self) -> Vec<CommandArguments> {
        let key = self.binding.key().kind().tag();
        let mut commands = Vec::new();
        for set in &self.binding.record().extended {
            let of = set.property_type();
            if set.flags != 0 {
                let field = format!("flags {:#x} of {of}", set.flags);
                self.refuse(&field, "netsh has no option for it");
            }
            let mut options = vec![
                (key, key_text(self.binding)),
                ("propertyid", of.number().to_string()),
            ];
            match &set.value {
                PropertyValue::Http2Window { receive_window } => {
                    options.push(("receivewindow", receive_window.to_string()));
                }
                PropertyValue::Http2SettingsLimits {
                    max_per_frame,
                    max_per_minute,
                } => {
                    options.push(("maxsettingsperframe", max_per_frame.to_string()));
                    options.push(("maxsettingsperminute", max_per_minute.to_string()));
                }
                _ => self.refuse(of.name(), "netsh has no option for it"),
            }
            commands.push(options);
        }
        commands
    }

    /// Clears the bits in a record that have switches of one sort, and pushes those switches.
    fn switches(&mut self, left: &mut Record, sort: impl Fn(&Flag) -> bool) {
        for switch in FLAGS.iter().filter(|switch| sort(switch)) {
            if let Some(value) = switch.take(left) {
                self.options.push((switch.tag, value.to_owned()));
            }
        }
    }

    fn number(&mut self, tag: &'static str, number: u32) {
        if number != 0 {
            self.options.push((tag, number.to_string()));
        }
    }

    fn option(&mut self, tag: &'static str, value: String) {
        if let Some(reason) = (self.limits.refusal)(&value) {
            self.refuse(tag, reason);
        }
        self.options.push((tag, value));
    }

    fn refuse(&mut self, field: &str, reason: &str) {
        self.refused.push(InexpressibleValue {
            key: self.binding.key().clone(),
            field: field.to_owned(),
            reason: reason.to_owned(),
        });
    }

    fn refuse_bits<F>(
        &mut self,
        named: impl Iterator<Item = (&'static str, F)>,
        unknown: u32,
        what: &str,
    ) {
        const REASON: &str = "netsh has no option for it";
        for (name, _) in named {
            self.refuse(&name.to_ascii_lowercase(), REASON);
        }
        if unknown != 0 {
            self.refuse(&format!("{what} {unknown:#x}"), REASON);
        }
    }
}
