//! The options of `certbind add` and `certbind update` that make a record what it should be.

use certbind_core::{CertCheckMode, Record};
use certbind_formats::netsh::FLAGS;

/// The options that change a record into another one. None if options cannot express the change, such
/// as of bits that are not known.
pub(super) fn between(now: &Record, wanted: &Record) -> Option<Vec<String>> {
    let mut made = now.clone();
    let mut options = Vec::new();
    if let Some(certificate) = wanted.certificate.as_ref() {
        let before = made.certificate.get_or_insert_with(|| certificate.clone());
        let is_new = now.certificate.is_none();
        if is_new || before.hash != certificate.hash {
            before.hash = certificate.hash;
            options.extend(["--hash".to_owned(), certificate.hash.to_string()]);
        }
        if before.store_name != certificate.store_name || is_new && before.store_name.is_some() {
            before.store_name.clone_from(&certificate.store_name);
            options.push(text("--store-name", certificate.store_name.as_ref()));
        }
    }
    if made.app_id != wanted.app_id {
        made.app_id = wanted.app_id;
        options.extend(["--app-id".to_owned(), wanted.app_id.to_string()]);
    }
    let seconds = wanted.revocation_freshness_time;
    let flag = CertCheckMode::USE_REVOCATION_FRESHNESS;
    let has_other_flag = (made.check_mode ^ wanted.check_mode).contains(flag);
    if made.revocation_freshness_time != seconds || has_other_flag {
        made.revocation_freshness_time = seconds;
        made.check_mode.set(flag, seconds != 0);
        options.extend(["--revocationfreshnesstime".to_owned(), seconds.to_string()]);
    }
    if made.url_retrieval_timeout != wanted.url_retrieval_timeout {
        made.url_retrieval_timeout = wanted.url_retrieval_timeout;
        let milliseconds = wanted.url_retrieval_timeout.to_string();
        options.extend(["--urlretrievaltimeout".to_owned(), milliseconds]);
    }
    if made.ctl_identifier != wanted.ctl_identifier {
        made.ctl_identifier.clone_from(&wanted.ctl_identifier);
        options.push(text("--sslctlidentifier", wanted.ctl_identifier.as_ref()));
    }
    if made.ctl_store_name != wanted.ctl_store_name {
        made.ctl_store_name.clone_from(&wanted.ctl_store_name);
        options.push(text("--sslctlstorename", wanted.ctl_store_name.as_ref()));
    }
    for flag in FLAGS {
        let is_enabled = flag.is_enabled(wanted);
        if flag.is_enabled(&made) != is_enabled {
            flag.set(&mut made, is_enabled);
            let value = if is_enabled { "enable" } else { "disable" };
            options.extend([format!("--{}", flag.tag), value.to_owned()]);
        }
    }
    (made == *wanted).then_some(options)
}

/// `--name=value`: a name is empty if it is absent, and a shell may drop an empty word.
fn text(option: &str, value: Option<&impl ToString>) -> String {
    let value = value.map(ToString::to_string).unwrap_or_default();
    format!("{option}={value}")
}
