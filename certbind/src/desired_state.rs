//! Warnings about a desired state that are about the file as a whole.

use std::path::Path;

use certbind_formats::ReadOutcome;

use crate::input::Input;
use crate::message::warn;
use crate::terminal::escaped;

/// Warns of a file without effect: an empty one looks like a host without differences.
pub(crate) fn warn_of(path: &Path, reading: Option<&ReadOutcome>) {
    let Some(reading) = reading else {
        return;
    };
    let manages_nothing = reading.managed.as_ref().is_some_and(Vec::is_empty);
    if manages_nothing && reading.export.bindings.is_empty() {
        warn(&escaped(&format!(
            "{}: it has no bindings and manages no application, so every binding of a host is left \
             alone; list the applications whose bindings it owns: manages = [\"IIS\"]",
            path.display()
        )));
    }
}

/// The same, and a warning if the file is for another host than the target.
pub(crate) fn warn_for(desired: &Input, reading: Option<&ReadOutcome>, target: Option<&str>) {
    let Input::File(path) = desired else {
        return;
    };
    warn_of(path, reading);
    let is_desired_state = reading.is_some_and(|it| it.managed.is_some());
    let host = reading.and_then(|it| it.export.header.host.as_deref());
    if let (true, Some(host), Some(target)) = (is_desired_state, host, target)
        && !is_same_host(host, target)
    {
        warn(&escaped(&format!(
            "{} is for host {host}, and the target is {target}; if that is intended, remove the line \
             host = {host:?}",
            path.display()
        )));
    }
}

/// Whether two names are of one host: one may have its domain.
fn is_same_host(one: &str, other: &str) -> bool {
    let (one, other) = (one.to_lowercase(), other.to_lowercase());
    let short = |name: &str| name.split('.').next().unwrap_or_default().to_owned();
    let has_domain = |name: &str| name.contains('.');
    match has_domain(&one) && has_domain(&other) {
        true => one == other,
        false => short(&one) == short(&other),
    }
}

#[cfg(test)]
mod tests {
    use super::is_same_host;

    #[test]
    fn a_name_without_a_domain_is_of_any() {
        assert!(is_same_host("WEB01", "web01.contoso.com"));
        assert!(is_same_host("web01.contoso.com", "WEB01.contoso.com"));
        assert!(!is_same_host("web01.contoso.com", "web01.fabrikam.com"));
        assert!(!is_same_host("web01", "web02"));
    }
}
