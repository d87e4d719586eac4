//! Which of the new certificates takes the place of an old one.

use certbind_certificates::{Certificate, Folder};
use certbind_core::CertHash;

use crate::error::Error;

/// New certificates for old ones, matched by their contents: the same subject, and the same names.
///
/// ```no_run
/// use certbind_certificates::Folder;
/// use certbind_migrate::{Planner, Successors};
///
/// let successors = Successors {
///     old: Folder::read("certificates/old".as_ref())?,
///     new: Folder::read("certificates/new".as_ref())?,
/// };
/// let planner = Planner { successors, ..Planner::default() };
/// # Ok::<(), certbind_certificates::FolderError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Successors {
    /// The certificates that bindings name now.
    pub old: Folder,
    /// Those that may take their place.
    pub new: Folder,
}

impl Successors {
    /// The certificate that takes the place of `old`; none where `old` is not among the old ones,
    /// or no other has its subject and names. A certificate is its own successor only if there is
    /// no other.
    ///
    /// # Errors
    /// [`Error::Ambiguous`] if several could.
    pub fn of(&self, old: &CertHash) -> Result<Option<CertHash>, Error> {
        let Some(certificate) = self.old.get(old) else {
            return Ok(None);
        };
        let mut found = self
            .new
            .certificates()
            .filter(|new| new.hash() != old && succeeds(new, certificate))
            .map(|new| *new.hash());
        let first = found.next();
        let rest: Vec<_> = found.collect();
        match first {
            Some(first) if !rest.is_empty() => Err(Error::Ambiguous {
                old: *old,
                subject: certificate.subject().to_owned(),
                new: std::iter::once(first).chain(rest).collect(),
            }),
            Some(only) => Ok(Some(only)),
            None => Ok(self.new.get(old).map(|_| *old)),
        }
    }

    /// Whether `old` is among the old certificates.
    pub(crate) fn knows(&self, old: &CertHash) -> bool {
        self.old.get(old).is_some()
    }
}

fn succeeds(new: &Certificate, old: &Certificate) -> bool {
    new.subject() == old.subject() && same_names(new, old)
}

/// Whether two certificates are for the same names. A certificate without a name matches no other.
pub(crate) fn same_names(new: &Certificate, old: &Certificate) -> bool {
    !old.names().is_empty() && new.names() == old.names()
}
