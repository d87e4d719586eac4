//! A batch file of `netsh http add sslcert` commands.

use std::io::Write;

use store_core::{Binding, CertCheckMode, Kind, Record};

use super::address::key_text;
use super::switch::{SWITCHES, Switch};
use crate::Export;
use crate::write::{Inexpressible, WriteError};

/// Writes a batch file (`.cmd`) that adds the bindings of an export, one command each, and stops at
/// the first that fails.
///
/// Options at their defaults are left out; some hosts refuse explicit zeros. The file is in UTF-8
/// and says so where it is not ASCII.
///
/// # Errors
/// [`WriteError::Inexpressible`], before anything is written, for whatever netsh has no option for
/// and for text that a batch file cannot hold; [`WriteError::Io`] if `out` fails.
pub fn write(out: &mut impl Write, export: &Export) -> Result<(), WriteError> {
    let mut commands = Vec::with_capacity(export.bindings.len());
    let mut refused = Vec::new();
    for binding in &export.bindings {
        match command(binding) {
            Ok(command) => commands.push(command),
            Err(reasons) => refused.extend(reasons),
        }
    }
    if !refused.is_empty() {
        return Err(WriteError::Inexpressible(refused));
    }
    out.write_all(b"@echo off\r\nsetlocal DisableDelayedExpansion\r\n")?;
    if commands.iter().any(|command| !command.is_ascii()) {
        out.write_all(b"chcp 65001 >nul\r\n")?;
    }
    for command in commands {
        write!(out, "{command} || exit /b 1\r\n")?;
    }
    Ok(())
}

fn command(binding: &Binding) -> Result<String, Vec<Inexpressible>> {
    let record = binding.record();
    let key = binding.key();
    let mut command = Command {
        binding,
        text: "netsh http add sslcert".to_owned(),
        refused: Vec::new(),
    };
    command.option(key.kind().tag(), &key_text(binding));
    if let Some(certificate) = &record.certificate {
        command.option("certhash", &certificate.hash.to_string());
    }
    command.push(&format!("appid={{{}}}", record.app_id.hyphenated()));
    if let Some(certificate) = &record.certificate {
        match &certificate.store_name {
            Some(name) => command.option("certstorename", name.as_str()),
            None if key.kind() == Kind::Sni => command.refuse(
                "certificate store name",
                "netsh wants one for a hostnameport, and this binding has none",
            ),
            None => {}
        }
    }

    let mut left = record.clone();
    command.switches(&mut left, |switch| !switch.is_flag());
    let mut check = left.check_mode;
    // netsh puts a freshness time in force exactly when one is given.
    let in_force = check.contains(CertCheckMode::USE_REVOCATION_FRESHNESS);
    check.remove(CertCheckMode::USE_REVOCATION_FRESHNESS);
    if record.revocation_freshness_time != 0 {
        command.number("revocationfreshnesstime", record.revocation_freshness_time);
    }
    if in_force != (record.revocation_freshness_time != 0) {
        command.refuse(
            "use_revocation_freshness",
            "netsh sets it exactly when there is a freshness time",
        );
    }
    command.refuse_bits(check.iter_names(), check.unknown(), "check mode");
    if record.url_retrieval_timeout != 0 {
        command.number("urlretrievaltimeout", record.url_retrieval_timeout);
    }
    if let Some(identifier) = &record.ctl_identifier {
        command.option("sslctlidentifier", identifier.as_str());
    }
    if let Some(name) = &record.ctl_store_name {
        command.option("sslctlstorename", name.as_str());
    }
    command.switches(&mut left, Switch::is_flag);
    command.refuse_bits(left.flags.iter_names(), left.flags.unknown(), "flags");
    command.done()
}

struct Command<'a> {
    binding: &'a Binding,
    text: String,
    refused: Vec<Inexpressible>,
}

impl Command<'_> {
    fn push(&mut self, option: &str) {
        self.text.push(' ');
        self.text.push_str(option);
    }

    /// Takes the bits out of a record that switches of one sort stand for, and pushes those.
    fn switches(&mut self, left: &mut Record, sort: impl Fn(&Switch) -> bool) {
        for switch in SWITCHES.iter().filter(|switch| sort(switch)) {
            if let Some(value) = switch.take(left) {
                self.push(&format!("{}={value}", switch.tag));
            }
        }
    }

    fn number(&mut self, tag: &str, number: u32) {
        self.push(&format!("{tag}={number}"));
    }

    fn option(&mut self, tag: &str, value: &str) {
        let plain = |c: char| c.is_ascii_alphanumeric() || ".:-_[]*".contains(c);
        let reason = if value.contains('"') {
            "a batch file cannot hold a quotation mark in a quoted value"
        } else if value.chars().any(char::is_control) {
            "a batch file cannot hold a control character in a value"
        } else if value.ends_with('\\') {
            "a backslash at the end would quote the quotation mark behind it"
        } else if value.chars().all(plain) {
            return self.push(&format!("{tag}={value}"));
        } else {
            return self.push(&format!("{tag}=\"{}\"", value.replace('%', "%%")));
        };
        self.refuse(tag, reason);
    }

    fn refuse(&mut self, field: &str, reason: &str) {
        self.refused.push(Inexpressible {
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

    fn done(self) -> Result<String, Vec<Inexpressible>> {
        if self.refused.is_empty() {
            Ok(self.text)
        } else {
            Err(self.refused)
        }
    }
}
