//! The exit codes of errors.

#[cfg(feature = "etcd")]
use certbind_core::StoreError;
#[cfg(feature = "etcd")]
use certbind_etcd::{EtcdError, EtcdErrorKind};
use certbind_formats::WriteError;

use crate::error::Error;
use crate::exit;

impl Error {
    /// The exit code of a command that ends with the error.
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::Diff(_) => exit::NOT_COMPARED,
            Self::Plan(_) => exit::NOT_PLANNED,
            Self::Audit(_) | Self::Probe(_) | Self::Verify(_) => exit::NOT_AUDITED,
            Self::Explain(_) => exit::NOT_EXPLAINED,
            Self::Filter(_) => exit::NOT_SEARCHED,
            #[cfg(feature = "etcd")]
            Self::Sync(error) => match &**error {
                Self::NoStore { .. } => exit::UNKNOWN_HOST,
                Self::Store(error) if is_unreachable(error) => exit::UNREACHABLE,
                _ => exit::NOT_SYNCED,
            },
            Self::Usage(_)
            | Self::Environment { .. }
            | Self::Profile(_)
            | Self::Language(_)
            | Self::NoTranslation(_)
            | Self::LanguageWithoutListing
            | Self::Arguments { .. }
            | Self::NetshChangesExport
            | Self::NotInExport { .. }
            | Self::NoSuccessor
            | Self::Rotate { .. }
            | Self::AmbiguousHash { .. }
            | Self::Pattern { .. }
            | Self::NoExport(_)
            | Self::Renamed { .. }
            | Self::StoreAndTargets
            | Self::NothingToUpdate
            | Self::HealsFile
            | Self::SnapshotToTerminal
            | Self::SameCertificate
            | Self::InputTwice
            | Self::PrunesMost { .. }
            | Self::PrunesFromDirtyHive { .. }
            | Self::Logs { .. }
            | Self::NothingToCompare
            | Self::UnnamedHost { .. }
            | Self::RecordsWithoutHistory
            | Self::RecordsItself { .. }
            | Self::SeveralSources
            | Self::UndatedExport { .. }
            | Self::TimeOfSeveral
            | Self::ExportsOfTwoHosts { .. }
            | Self::ExportsAtOneTime { .. }
            | Self::NoFolder
            | Self::NotAFolder { .. }
            | Self::ExportsOfOneHost { .. }
            | Self::NoTarget { .. }
            | Self::NotConfirmed
            | Self::SeveralToConfirm { .. }
            | Self::Connection(_)
            | Self::Migrate(certbind_migrate::Error::Contradiction { .. })
            | Self::Binding(_) => exit::USAGE,
            Self::Input { .. }
            | Self::Certificate { .. }
            | Self::BrokenInput { .. }
            | Self::BrokenExport { .. }
            | Self::Dsc(_) => exit::BROKEN_INPUT,
            Self::PartialLook { .. } | Self::Export(WriteError::NotWhole { .. }) => {
                exit::PARTLY_READ
            }
            Self::CertificateRefused { .. } => exit::CERTIFICATE_REFUSED,
            _ => exit::REFUSED,
        }
    }
}

/// Whether no endpoint of etcd answered.
#[cfg(feature = "etcd")]
fn is_unreachable(error: &StoreError) -> bool {
    let mut source = std::error::Error::source(error);
    while let Some(error) = source {
        if let Some(error) = error.downcast_ref::<EtcdError>() {
            return error.kind() == EtcdErrorKind::Unreachable;
        }
        source = error.source();
    }
    false
}
