//! The answers of other TLS servers to the same connection.

use certbind_core::Binding;
use certbind_resolve::{Connection, OTHER_SERVERS, OtherAnswer};
use serde_json::json;

use super::Answer;
use crate::terminal::escaped;

/// Adds the answers of other servers, if the client sends a server name.
pub(super) fn add(answer: &mut Answer, bindings: &[Binding], connection: &Connection) {
    let Some(name) = connection.name() else {
        return;
    };
    let keys = bindings.iter().map(Binding::key);
    let keys = keys.filter(|key| key.port() == connection.port());
    let keys: Vec<_> = keys.collect();
    let servers = OTHER_SERVERS.iter();
    let answers: Vec<_> = servers
        .map(|server| (server.name(), server.answer(keys.iter().copied(), name)))
        .collect();
    let mut label = "elsewhere";
    let mut shown: Vec<&OtherAnswer> = Vec::new();
    for (_, given) in &answers {
        if shown.contains(&given) {
            continue;
        }
        shown.push(given);
        let servers = answers.iter().filter(|(_, other)| other == given);
        let servers: Vec<_> = servers.map(|(server, _)| *server).collect();
        let line = format!("{given}: {}", servers.join("; "));
        answer
            .text
            .push_str(&format!("  {label:<12} {}\n", escaped(&line)));
        label = "";
    }
    let rows = answers.iter().map(|(server, given)| {
        let (site, alert) = match given {
            OtherAnswer::Site(site) => (Some(site), None),
            OtherAnswer::Alert(alert) => (None, Some(alert)),
            _ => (None, None),
        };
        json!({ "server": server, "answer": given.id(), "site": site, "alert": alert })
    });
    answer.json["other_servers"] = rows.collect();
}
