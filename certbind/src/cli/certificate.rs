//! The certificate of `add` and `update`.

use std::path::PathBuf;

use certbind_core::CertHash;
use clap::Args;

/// The certificate to bind.
#[derive(Debug, Args)]
#[group(multiple = false)]
pub(crate) struct CertificateSource {
    /// The certificate's SHA-1 hash (thumbprint).
    #[arg(long, value_name = "HEX")]
    pub(crate) hash: Option<CertHash>,
    /// A PEM or DER file with the certificate.
    #[arg(long, value_name = "FILE")]
    pub(crate) cert: Option<PathBuf>,
}
