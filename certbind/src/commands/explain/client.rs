//! The view of a connection's client.

use certbind_certificates::Certificate;
use certbind_core::{Binding, BindingKey, SslFlags};
use certbind_resolve::Connection;
use serde_json::{Value, json};

use super::Certificates;
use crate::terminal::escaped;

/// The outcome for a client.
pub(super) struct ClientView<'a> {
    pub(super) sees: Sees,
    /// The certificate, if it is known.
    pub(super) certificate: Option<&'a Certificate>,
    /// Whether certificates were given.
    has_folder: bool,
    /// The reasons why the client would refuse the certificate.
    pub(super) problems: Vec<Refusal>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Sees {
    /// No binding answers.
    Reset,
    /// The binding has the flag REJECT.
    Rejected,
    /// The certificate comes from the first of these files that exists.
    CentralStore(Vec<String>),
    /// The certificate of the binding.
    Certificate,
}

/// A reason to refuse a certificate: its identifier in JSON, and a sentence.
pub(super) type Refusal = (&'static str, String);

impl<'a> ClientView<'a> {
    pub(super) fn of(
        winner: Option<&Binding>,
        connection: &Connection,
        certificates: &'a Certificates,
    ) -> Self {
        let sees = sees(winner, connection);
        let hash = winner.and_then(|binding| binding.record().hash());
        let folder = certificates.folder.as_ref();
        let certificate = hash.and_then(|hash| folder?.get(hash));
        let judged = certificate.filter(|_| sees == Sees::Certificate);
        let mut problems = Vec::new();
        if let Some(certificate) = judged {
            if let Some(name) = connection.name()
                && !certificate.covers(name)
            {
                let what = format!("the certificate does not cover {name}");
                problems.push(("name_not_covered", what));
            }
            let validity = certificate.validity();
            if certificates.now > validity.not_after {
                let what = format!("the certificate expired on {}", validity.not_after);
                problems.push(("expired", what));
            }
            if certificates.now < validity.not_before {
                let what = format!("the certificate is valid from {} on", validity.not_before);
                problems.push(("not_yet_valid", what));
            }
        }
        Self {
            sees,
            certificate,
            has_folder: folder.is_some(),
            problems,
        }
    }

    /// Sentences for a person.
    pub(super) fn in_words(&self) -> Vec<String> {
        match &self.sees {
            Sees::Reset => vec!["the connection is reset: no binding matches".to_owned()],
            Sees::Rejected => vec!["the connection is rejected: the binding has reject".to_owned()],
            Sees::CentralStore(files) => vec![format!(
                "a certificate of the central store: {}",
                escaped(&files.join(", else "))
            )],
            Sees::Certificate if !self.problems.is_empty() => {
                let problems = self.problems.iter();
                problems
                    .map(|(_, what)| escaped(what).into_owned())
                    .collect()
            }
            Sees::Certificate if self.certificate.is_some() => {
                vec!["the certificate covers the name and is valid".to_owned()]
            }
            Sees::Certificate if self.has_folder => {
                vec!["the certificate, which is not in the folder of --certificates".to_owned()]
            }
            Sees::Certificate => {
                vec!["the certificate; --certificates FOLDER checks its names and dates".to_owned()]
            }
        }
    }

    pub(super) fn as_json(&self) -> Value {
        let (sees, files) = match &self.sees {
            Sees::Reset => ("reset", &[][..]),
            Sees::Rejected => ("rejected", &[][..]),
            Sees::CentralStore(files) => ("central_store", files.as_slice()),
            Sees::Certificate => ("certificate", &[][..]),
        };
        let problems = self.problems.iter();
        let problems = problems.map(|(kind, what)| json!({ "kind": kind, "text": what }));
        json!({
            "sees": sees,
            "files": files,
            "problems": problems.collect::<Vec<_>>(),
            "certificate": self.certificate.map(|certificate| json!({
                "hash": certificate.hash(),
                "subject": certificate.subject(),
                "names": certificate.names().iter().map(ToString::to_string).collect::<Vec<_>>(),
                "not_before": certificate.validity().not_before.to_string(),
                "not_after": certificate.validity().not_after.to_string(),
            })),
        })
    }
}

fn sees(winner: Option<&Binding>, connection: &Connection) -> Sees {
    let Some(binding) = winner else {
        return Sees::Reset;
    };
    if binding.record().flags.contains(SslFlags::REJECT) {
        return Sees::Rejected;
    }
    match binding.key() {
        BindingKey::Ccs(_) | BindingKey::ScopedCcs(_) => {
            let name = connection.name().unwrap_or_default().to_ascii_lowercase();
            let wildcard = name
                .split_once('.')
                .map(|(_, parent)| format!("_.{parent}.pfx"));
            let files = [format!("{name}.pfx")].into_iter().chain(wildcard);
            Sees::CentralStore(files.collect())
        }
        BindingKey::IpPort(_) | BindingKey::Sni(_) => Sees::Certificate,
    }
}
