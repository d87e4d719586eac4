//! The explanation of one connection.

use certbind_core::{Binding, BindingKey};
use certbind_resolve::{Connection, LocalAddress, Resolution, Resolver};
use serde_json::{Value, json};

use super::client::ClientView;
use super::{Answer, Certificates};
use crate::terminal::escaped;

/// How many losing candidates the text has. JSON has all.
const MAX_LOSERS: usize = 20;

pub(super) fn answer(
    bindings: &[Binding],
    connection: &Connection,
    certificates: &Certificates,
) -> Answer {
    let host = Resolver::new(bindings);
    let resolution = host.resolve(connection);
    let winner = resolution.winner.map(|(_, binding)| *binding);
    let client = ClientView::of(winner, connection, certificates);
    Answer {
        text: in_words(connection, &resolution, &client),
        json: as_json(connection, &resolution, &client),
        answered: resolution.winner.is_some(),
    }
}

fn in_words(
    connection: &Connection,
    resolution: &Resolution<'_, &Binding>,
    client: &ClientView<'_>,
) -> String {
    let mut text = format!("{}\n", escaped(&connection.to_string()));
    let mut label = "";
    let mut line = |new: &'static str, value: &str| {
        let shown = if new == label { "" } else { new };
        label = new;
        text.push_str(&format!("  {shown:<12} {value}\n"));
    };
    match resolution.winner {
        Some((step, binding)) => {
            line(
                "answered by",
                &format!("{} ({})", binding.key(), step.name()),
            );
            if let Some(hash) = binding.record().hash() {
                line("certificate", &hash.to_string());
            }
        }
        None => line("answered by", "no binding"),
    }
    if let Some(certificate) = client.certificate {
        line("subject", &escaped(certificate.subject()));
        let names: Vec<_> = certificate
            .names()
            .iter()
            .map(ToString::to_string)
            .collect();
        line("names", &escaped(&names.join(", ")));
        line("valid until", &certificate.validity().not_after.to_string());
    }
    for sentence in client.in_words() {
        line("client sees", &sentence);
    }
    let winner = resolution.winner.map(|(_, binding)| binding.key());
    let losers = resolution.candidates.iter();
    let losers: Vec<_> = losers
        .filter(|loser| Some(loser.binding.key()) != winner)
        .collect();
    for loser in losers.iter().take(MAX_LOSERS) {
        let reason = format!("{}: {}", loser.binding.key(), loser.outcome);
        line("not used", &reason);
    }
    if losers.len() > MAX_LOSERS {
        let more = losers.len() - MAX_LOSERS;
        line(
            "not used",
            &format!("and {more} more; --format json lists all"),
        );
    }
    for alternative in &resolution.alternatives {
        let other = key_of(alternative.winner.map(|(_, binding)| binding.key()));
        let source = alternative.order.source();
        line(
            "disputed",
            &format!("{other} answers according to {source}"),
        );
    }
    if let Some((step, _)) = resolution.winner {
        let (evidence, source) = step.evidence();
        line(
            "evidence",
            &format!("{}, not verified by certbind. {source}", evidence.name()),
        );
    }
    text
}

fn key_of(key: Option<&BindingKey>) -> String {
    key.map_or_else(|| "no binding".to_owned(), ToString::to_string)
}

fn as_json(
    connection: &Connection,
    resolution: &Resolution<'_, &Binding>,
    client: &ClientView<'_>,
) -> Value {
    let address = match connection.local() {
        LocalAddress::Address(ip) => Some(ip.to_string()),
        LocalAddress::Unbound(_) => None,
    };
    let winner = resolution.winner.map(|(step, binding)| {
        let (evidence, source) = step.evidence();
        json!({
            "key": binding.key(),
            "step": step.id(),
            "evidence": evidence.name(),
            "sources": source,
            "binding": binding,
        })
    });
    let winner_key = resolution.winner.map(|(_, binding)| binding.key());
    let losers = resolution.candidates.iter();
    let losers = losers
        .filter(|loser| Some(loser.binding.key()) != winner_key)
        .map(|loser| {
            json!({
                "key": loser.binding.key(),
                "step": loser.step.id(),
                "outcome": loser.outcome.id(),
                "reason": loser.outcome.to_string(),
            })
        });
    let alternatives = resolution.alternatives.iter().map(|alternative| {
        json!({
            "order": alternative.order.id(),
            "source": alternative.order.source(),
            "key": alternative.winner.map(|(_, binding)| binding.key()),
        })
    });
    json!({
        "connection": {
            "address": address,
            "family": connection.family().to_string(),
            "port": connection.port().get(),
            "sni": connection.name(),
        },
        "winner": winner,
        "losers": losers.collect::<Vec<_>>(),
        "alternatives": alternatives.collect::<Vec<_>>(),
        "client": client.as_json(),
    })
}
