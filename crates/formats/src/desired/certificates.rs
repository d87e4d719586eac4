//! The certificates that a desired state names.

use std::cell::OnceCell;
use std::path::PathBuf;

use certbind_certificates::{Certificate, Folder, hash_of_file, read_named_file};
use certbind_core::CertHash;

/// Finds certificates in files.
pub(super) struct Certificates {
    /// The folder that files are relative to.
    folder: PathBuf,
    /// The folder that is searched for subjects.
    subjects: Option<PathBuf>,
    read: OnceCell<Result<Folder, String>>,
}

impl Certificates {
    pub(super) fn new(folder: PathBuf, subjects: Option<PathBuf>) -> Self {
        Self {
            folder,
            subjects,
            read: OnceCell::new(),
        }
    }

    /// The hash that a `cert` field gives, or that of the certificate in the file that it names.
    pub(super) fn named(&self, text: &str) -> Result<CertHash, String> {
        let problem = match text.parse::<CertHash>() {
            Ok(hash) => return Ok(hash),
            Err(problem) => problem,
        };
        let is_hash = |c: char| c.is_ascii_hexdigit() || c == ' ' || c == ':';
        if text.is_empty() || text.chars().all(is_hash) {
            return Err(format!(
                "cert: {problem}; write the hash, or the path of a certificate file"
            ));
        }
        let path = self.folder.join(text);
        let shown = path.display();
        let bytes = read_named_file(&self.folder, text).map_err(|source| {
            format!("cert is neither a hash nor a certificate file: cannot read {shown}: {source}")
        })?;
        hash_of_file(&bytes).map_err(|source| format!("cert: {shown}: {source}"))
    }

    /// The hash of the certificate with a subject: the complete one, or one part of it.
    pub(super) fn of_subject(&self, subject: &str) -> Result<CertHash, String> {
        let Some(folder) = &self.subjects else {
            return Err(
                "a subject is looked up in a folder; name it at the start of the file: certificates \
                 = \"certs\""
                    .to_owned(),
            );
        };
        let read = || {
            let read = Folder::read(folder);
            read.map_err(|error| {
                format!(
                    "certificates: cannot read {}: {}",
                    error.path.display(),
                    error.source
                )
            })
        };
        let certificates = self.read.get_or_init(read).as_ref().map_err(Clone::clone)?;
        let has_subject = |certificate: &&Certificate| {
            let whole = certificate.subject();
            let mut parts = whole.split(',').map(str::trim);
            whole == subject || parts.any(|part| part == subject)
        };
        let mut found: Vec<_> = certificates.certificates().filter(has_subject).collect();
        // A self-signed certificate may be an authority.
        if found.iter().any(|it| !it.is_authority()) {
            found.retain(|it| !it.is_authority());
        }
        match found.as_slice() {
            [only] => Ok(*only.hash()),
            [] => Err(format!(
                "no certificate in {} has the subject {subject:?}",
                folder.display()
            )),
            several => {
                let hashes: Vec<_> = several.iter().map(|it| it.hash().to_string()).collect();
                Err(format!(
                    "several certificates in {} have the subject {subject:?}: {}; name one by its hash \
                     or file: cert = …",
                    folder.display(),
                    hashes.join(", ")
                ))
            }
        }
    }
}
