//! From when to when a certificate is valid.

use jiff::Timestamp;
use x509_cert::certificate::Raw;
use x509_cert::time::Time;

/// The time during which a certificate is valid, its ends included (RFC 5280, 4.1.2.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Validity {
    /// The start.
    pub not_before: Timestamp,
    /// The end, inclusive. "No end", which is written as the end of the year 9999, is the greatest
    /// [`Timestamp`].
    pub not_after: Timestamp,
}

impl Validity {
    pub(crate) fn of(validity: &x509_cert::time::Validity<Raw>) -> Self {
        Self {
            not_before: timestamp(validity.not_before),
            not_after: timestamp(validity.not_after),
        }
    }
}

fn timestamp(time: Time) -> Timestamp {
    let seconds = i64::try_from(time.to_unix_duration().as_secs()).unwrap_or(i64::MAX);
    Timestamp::from_second(seconds).unwrap_or(Timestamp::MAX)
}
