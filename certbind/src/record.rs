//! A record as text.

use certbind_audit::applications;
use certbind_core::{Binding, Record};

use crate::terminal::escaped;

/// The options that differ from the default, in the words of the flags: `disable_http2`, `0x10000`.
pub(crate) fn options(record: &Record) -> Vec<String> {
    let mut options: Vec<String> = Vec::new();
    let mut named = |name: &str| options.push(name.to_ascii_lowercase());
    record.flags.iter_names().for_each(|(name, _)| named(name));
    record
        .check_mode
        .iter_names()
        .for_each(|(name, _)| named(name));
    if record.flags.unknown() != 0 {
        options.push(format!("flags {:#x}", record.flags.unknown()));
    }
    if record.check_mode.unknown() != 0 {
        options.push(format!("check mode {:#x}", record.check_mode.unknown()));
    }
    if record.revocation_freshness_time != 0 {
        options.push(format!("freshness {} s", record.revocation_freshness_time));
    }
    if record.url_retrieval_timeout != 0 {
        options.push(format!("timeout {} ms", record.url_retrieval_timeout));
    }
    if let Some(ctl) = &record.ctl_identifier {
        options.push(format!("ctl {}", escaped(ctl.as_str())));
    }
    if let Some(store) = &record.ctl_store_name {
        options.push(format!("ctl store {}", escaped(store.as_str())));
    }
    for property in &record.extended {
        options.push(property.property_type().name().to_owned());
    }
    options
}

/// The complete binding, a field per line.
pub(crate) fn in_full(binding: &Binding) -> String {
    let record = binding.record();
    let mut text = format!("{}\n", binding.key());
    let mut line = |label: &str, value: &str| {
        text.push_str(&format!("  {label:<22} {}\n", escaped(value)));
    };
    if let Some(spelling) = binding.host_spelling() {
        line("host spelled", spelling);
    }
    match &record.certificate {
        Some(certificate) => {
            line("certificate", &certificate.hash.to_string());
            let absent = "(null), where HTTP.sys looks in MY";
            line(
                "store name",
                certificate
                    .store_name
                    .as_ref()
                    .map_or(absent, |n| n.as_str()),
            );
        }
        None => line("certificate", "from the central certificate store"),
    }
    let known = applications::name(&record.app_id).map(|name| format!(" {name}"));
    line(
        "application",
        &format!("{{{}}}{}", record.app_id, known.unwrap_or_default()),
    );
    line(
        "check mode",
        &bits(
            record.check_mode.bits(),
            &names(record.check_mode.iter_names()),
        ),
    );
    line(
        "freshness time",
        &format!("{} s", record.revocation_freshness_time),
    );
    line(
        "url retrieval timeout",
        &format!("{} ms", record.url_retrieval_timeout),
    );
    line(
        "ctl identifier",
        record
            .ctl_identifier
            .as_ref()
            .map_or("(null)", |ctl| ctl.as_str()),
    );
    line(
        "ctl store name",
        record
            .ctl_store_name
            .as_ref()
            .map_or("(null)", |name| name.as_str()),
    );
    line(
        "flags",
        &bits(record.flags.bits(), &names(record.flags.iter_names())),
    );
    for property in &record.extended {
        let name = property.property_type().name().replace('_', " ");
        line(&name, &property.to_string());
    }
    text
}

fn names<F>(named: impl Iterator<Item = (&'static str, F)>) -> Vec<String> {
    named.map(|(name, _)| name.to_ascii_lowercase()).collect()
}

fn bits(bits: u32, names: &[String]) -> String {
    format!("{bits:#x} {}", names.join(", "))
        .trim_end()
        .to_owned()
}
