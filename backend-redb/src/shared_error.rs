//! Errors that several callers receive: those of a group, and those after a store has stopped.

use std::error::Error;
use std::fmt;
use std::io;
use std::sync::Arc;

use certbind_core::StoreError;

/// The reason why a store has stopped, with the error of the disk as its source.
#[derive(Clone, Debug)]
pub(crate) struct Stopped {
    reason: String,
    error: Option<Arc<StoreError>>,
}

impl Stopped {
    /// Stopped for a reason that contains the message of `error`.
    pub(crate) fn by(error: &Arc<StoreError>, reason: String) -> Self {
        let error = Some(Arc::clone(error));
        Self { reason, error }
    }

    /// Stopped without an error of its own.
    pub(crate) fn because(reason: &str) -> Self {
        Self {
            reason: reason.to_owned(),
            error: None,
        }
    }
}

impl fmt::Display for Stopped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}

impl Error for Stopped {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.error.as_deref().map(|error| error as _)
    }
}

/// The cause of an error that is shared with other callers. It prints that cause, which is its source.
#[derive(Debug)]
struct SharedCause(Arc<StoreError>);

impl SharedCause {
    /// The cause that the duplicate's own message does not contain.
    fn cause(&self) -> &(dyn Error + 'static) {
        use StoreError::{Corrupt, Io, Unavailable};
        let cause = match &*self.0 {
            Io { .. } | Corrupt { .. } | Unavailable { .. } => self.0.source(),
            _ => None,
        };
        cause.unwrap_or(&*self.0)
    }
}

impl fmt::Display for SharedCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self.cause(), f)
    }
}

impl Error for SharedCause {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(self.cause())
    }
}

/// The same error for another caller. An error of the operating system keeps its code.
pub(crate) fn duplicate(error: &Arc<StoreError>) -> StoreError {
    let cause = || SharedCause(Arc::clone(error));
    match &**error {
        StoreError::Io {
            action,
            path,
            source,
        } => StoreError::Io {
            action: action.clone(),
            path: path.clone(),
            source: match source.raw_os_error() {
                Some(code) => io::Error::from_raw_os_error(code),
                None => io::Error::new(source.kind(), cause()),
            },
        },
        StoreError::Corrupt { what, .. } => StoreError::corrupt(what.clone(), cause()),
        _ => StoreError::unavailable(cause()),
    }
}

#[cfg(test)]
mod tests {
    use certbind_core::codec::CodecError;

    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("the disk is gone")]
    struct DiskError;

    /// Whether the chain of sources has an error of this type.
    fn has<T: Error + 'static>(error: &StoreError) -> bool {
        let mut next = error.source();
        while let Some(cause) = next {
            if cause.is::<T>() {
                return true;
            }
            next = cause.source();
        }
        false
    }

    #[test]
    fn every_caller_gets_the_cause_as_a_source() {
        let damage = Arc::new(StoreError::corrupt("a block", CodecError::Checksum));
        let disk = io::Error::other(DiskError);
        let disk = Arc::new(StoreError::io("write", "bindings.redb".as_ref(), disk));
        for _ in 0..2 {
            let copy = duplicate(&damage);
            assert_eq!(copy.to_string(), damage.to_string());
            assert!(has::<CodecError>(&copy), "{copy:?}");
            let copy = duplicate(&disk);
            assert_eq!(copy.to_string(), disk.to_string());
            let StoreError::Io { source, .. } = &copy else {
                panic!("{copy:?}");
            };
            assert_eq!(source.kind(), io::ErrorKind::Other);
            // The error of a custom io::Error is no source of it, but can be had.
            let original = source.source().and_then(|it| it.downcast_ref());
            let original: &io::Error = original.expect("the first caller's error");
            assert!(
                original
                    .get_ref()
                    .is_some_and(<dyn std::error::Error + Send + Sync>::is::<DiskError>)
            );
        }
    }

    #[test]
    fn errors_of_the_system_have_their_code() {
        let full = io::Error::from_raw_os_error(28);
        let full = Arc::new(StoreError::io("write", "bindings.redb".as_ref(), full));
        let StoreError::Io { source, .. } = duplicate(&full) else {
            panic!("an I/O error");
        };
        assert_eq!(source.raw_os_error(), Some(28));
    }

    #[test]
    fn stopped_store_has_the_first_error_as_a_source() {
        let error = Arc::new(StoreError::corrupt("a block", CodecError::Checksum));
        let stopped = Stopped::by(&error, format!("a commit failed: {error}"));
        let stopped = Arc::new(StoreError::unavailable(stopped));
        for error in [&*stopped, &duplicate(&stopped)] {
            assert!(error.to_string().contains("a commit failed: "), "{error}");
            assert!(
                has::<StoreError>(error) && has::<CodecError>(error),
                "{error:?}"
            );
        }
    }
}
