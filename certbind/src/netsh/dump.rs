//! `netsh http dump`: the commands that restore the configuration.
//!
//! `dump` is documented to exist; its form is inferred from the dumps of other contexts, which
//! begin with `pushd` and end with `popd`. Executed by `exec` or `-f` on a host without
//! configuration, it sets the same configuration.

use std::sync::Arc;

use certbind_core::{Binding, BindingStore, Scan, StoreError};
use certbind_formats::WriteError;
use certbind_formats::netsh::command_options;
use certbind_httpapi_abi::HttpApi;

use super::messages::{self, Answer};
use super::profile::Profile;
use super::{service, tags};

const START: &str = "
#========================
# HTTP configuration
#========================
pushd http

";

const END: &str = "

popd
# End of HTTP configuration

";

/// The script. Bindings that no command of the release can make are named in comments (`#`), and
/// the command has failed.
pub(super) fn dump(
    store: &dyn BindingStore,
    api: Option<&Arc<dyn HttpApi>>,
    profile: Profile,
) -> Answer {
    match script(store, api, profile) {
        Ok((script, true)) => Answer::done(script),
        Ok((script, false)) => Answer::failed(script),
        Err(error) => Answer::failed(messages::reason(&error)),
    }
}

fn script(
    store: &dyn BindingStore,
    api: Option<&Arc<dyn HttpApi>>,
    profile: Profile,
) -> Result<(String, bool), StoreError> {
    let mut lines = Vec::new();
    let mut is_whole = true;
    for binding in store.scan(&Scan::all())? {
        let binding = binding?;
        match commands(&binding, profile) {
            Ok(commands) => lines.extend(commands),
            Err(problems) => {
                is_whole = false;
                lines.extend(problems.into_iter().map(|problem| format!("# {problem}")));
            }
        }
    }
    if let Some(api) = api {
        let commands = service::dump(api)?.into_iter();
        lines.extend(commands.map(|(command, options)| line(command, &options)));
    }
    Ok((format!("{START}{}{END}", lines.join("\n")), is_whole))
}

/// The commands that make a binding, or the reason why there are none.
fn commands(binding: &Binding, profile: Profile) -> Result<Vec<String>, Vec<String>> {
    let options = command_options(binding).map_err(|error| match error {
        WriteError::Inexpressible(values) => values.iter().map(ToString::to_string).collect(),
        other => vec![other.to_string()],
    })?;
    let known = tags::of_record(profile);
    let unknown = options
        .record
        .iter()
        .filter(|(tag, _)| !known.contains(tag));
    let mut unknown: Vec<_> = unknown.map(|(tag, _)| *tag).collect();
    if !options.properties.is_empty() && !profile.has_properties() {
        unknown.push("sslpropertyex");
    }
    if !unknown.is_empty() {
        let (key, tags) = (binding.key(), unknown.join(", "));
        return Err(vec![format!("{key}: netsh of {profile} has no {tags}")]);
    }
    let record = [line("add sslcert", &options.record)];
    let properties = options.properties.iter();
    let properties = properties.map(|options| line("update sslpropertyex", options));
    Ok(record.into_iter().chain(properties).collect())
}

/// A command of a script. Quotation marks keep the spaces of a value; no value contains a quotation
/// mark.
fn line(command: &str, options: &[(&'static str, String)]) -> String {
    let plain = |c: char| !c.is_whitespace();
    let mut line = command.to_owned();
    for (tag, value) in options {
        match !value.is_empty() && value.chars().all(plain) {
            true => line.push_str(&format!(" {tag}={value}")),
            false => line.push_str(&format!(" {tag}=\"{value}\"")),
        }
    }
    line
}
