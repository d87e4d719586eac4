//! The certificate of `add`, `update` and `set`, and the checks before it is bound.

use std::path::{Path, PathBuf};

use clap::Args;
use zeroize::Zeroizing;

use super::hash::HashPrefix;
use crate::error::Error;

/// The certificate to bind.
#[derive(Debug, Args)]
#[group(multiple = false)]
pub(crate) struct CertificateSource {
    /// The certificate's SHA-1 hash (thumbprint), or a unique prefix of a hash that is bound.
    #[arg(long, value_name = "HEX")]
    pub(crate) hash: Option<HashPrefix>,
    /// A PEM, DER or PFX file with the certificate. Of a chain, in any order, its end is bound.
    #[arg(long, value_name = "FILE")]
    pub(crate) cert: Option<PathBuf>,
}

/// The checks of a certificate before it is bound.
#[derive(Debug, Default, Args)]
#[group(skip)]
pub(crate) struct Checks {
    /// A file with passwords for a PFX file, one per line.
    #[arg(long, value_name = "FILE", requires = "cert")]
    pub(crate) passwords: Option<PathBuf>,
    /// A folder with certificates (PEM, DER): those that are bound now, whose names the new one must
    /// cover as well, and those that are named by a hash.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) certificates: Option<PathBuf>,
    /// Bind the certificate although the checks refuse it: it has expired, is for other names or not
    /// for servers, has a weak key or signature, or its PFX has no private key.
    #[arg(long)]
    pub(crate) force: bool,
}

/// Passwords, whose memory is overwritten when they are dropped.
pub(crate) type Passwords = Zeroizing<Vec<String>>;

/// The passwords in a file, one per line.
pub(crate) fn passwords(file: Option<&Path>) -> Result<Passwords, Error> {
    let Some(path) = file else {
        return Ok(Passwords::default());
    };
    let text = crate::read_file::read_text(path).map_err(|source| Error::Input {
        path: path.to_owned(),
        source,
    })?;
    let text = Zeroizing::new(text);
    Ok(Zeroizing::new(text.lines().map(str::to_owned).collect()))
}
