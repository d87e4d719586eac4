//! The end of a chain of certificates.

use std::collections::BTreeMap;

use certbind_core::CertHash;

use crate::certificate::Certificate;
use crate::file_error::FileError;

/// The reason why a file has no single certificate of a server.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LeafError {
    /// The file cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// The file contains no certificate: a private key or a request, for example.
    #[error("it contains no certificate")]
    None,
    /// Several certificates qualify. They are named by hash and subject.
    #[error(
        "it contains {} certificates, none of which issued another; name one by its hash: {}",
        candidates.len(),
        named(candidates)
    )]
    Several {
        /// The hashes and subjects.
        candidates: Vec<(CertHash, String)>,
    },
}

/// The certificate that issued no other one and is not an authority, if there is exactly one. A
/// self-signed certificate of a server may be marked as an authority: it has alternative names.
pub(crate) fn leaf(certificates: &[Certificate]) -> Result<&Certificate, LeafError> {
    // A certificate may occur several times.
    let each: BTreeMap<_, _> = certificates.iter().map(|it| (it.hash(), it)).collect();
    let is_end = |one: &Certificate| !each.values().any(|other| one.issued(other));
    let ends: Vec<_> = each.values().copied().filter(|one| is_end(one)).collect();
    let is_server = |one: &&Certificate| !one.is_authority() || one.has_alternative_names();
    let servers = ends.iter().copied().filter(is_server);
    let servers: Vec<_> = servers.collect();
    let candidates = if servers.is_empty() { ends } else { servers };
    match candidates.as_slice() {
        [one] => Ok(one),
        [] => Err(LeafError::None),
        several => Err(LeafError::Several {
            candidates: several
                .iter()
                .map(|one| (*one.hash(), one.subject().to_owned()))
                .collect(),
        }),
    }
}

fn named(candidates: &[(CertHash, String)]) -> String {
    const MOST: usize = 8;
    let named = candidates.iter().take(MOST);
    let named = named.map(|(hash, subject)| format!("{hash} ({})", subject.escape_debug()));
    let mut text = named.collect::<Vec<_>>().join(", ");
    if candidates.len() > MOST {
        text.push_str(", …");
    }
    text
}
