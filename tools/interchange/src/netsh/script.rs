//! A batch file of `netsh http add sslcert` commands.

use std::io::Write;

use store_core::{Binding, CertCheckMode, Kind, SslFlags};

use super::address::key_text;
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

/// The options that netsh has for flags. Confirmed one by one on Windows Server 2019 to 2025.
const FLAGS: &[(SslFlags, &str)] = &[
    (SslFlags::USE_DS_MAPPER, "dsmapperusage"),
    (SslFlags::NEGOTIATE_CLIENT_CERT, "clientcertnegotiation"),
    (SslFlags::REJECT, "reject"),
    (SslFlags::DISABLE_HTTP2, "disablehttp2"),
    (SslFlags::DISABLE_QUIC, "disablequic"),
    (SslFlags::DISABLE_LEGACY_TLS, "disablelegacytls"),
    (SslFlags::DISABLE_TLS12, "disabletls12"),
    (SslFlags::DISABLE_TLS13, "disabletls13"),
    (SslFlags::DISABLE_OCSP_STAPLING, "disableocspstapling"),
    (SslFlags::ENABLE_TOKEN_BINDING, "enabletokenbinding"),
    (SslFlags::LOG_EXTENDED_EVENTS, "logextendedevents"),
    (SslFlags::ENABLE_SESSION_TICKET, "enablesessionticket"),
    (SslFlags::DISABLE_SESSION_ID, "disablesessionid"),
];

const CHECKS: &[(CertCheckMode, &str)] = &[
    (
        CertCheckMode::NO_REVOCATION,
        "verifyclientcertrevocation=disable",
    ),
    (
        CertCheckMode::CACHED_REVOCATION,
        "verifyrevocationwithcachedclientcertonly=enable",
    ),
    (CertCheckMode::NO_USAGE_CHECK, "usagecheck=disable"),
];

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

    let mut check = record.check_mode;
    for (bit, option) in CHECKS {
        if check.contains(*bit) {
            command.push(option);
        }
        check.remove(*bit);
    }
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
    let mut flags = record.flags;
    for (bit, option) in FLAGS {
        if flags.contains(*bit) {
            command.push(&format!("{option}=enable"));
        }
        flags.remove(*bit);
    }
    command.refuse_bits(flags.iter_names(), flags.unknown(), "flags");
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
