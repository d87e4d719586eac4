//! The fields in which two bindings differ.

use std::fmt;

use crate::binding::Binding;

/// A field in which two bindings differ, and its values as text.
///
/// ```
/// use certbind_core::{Binding, CertHash, Record, SslFlags, Uuid};
///
/// let record = Record::new(CertHash::new([7; 20]), None, Uuid::nil());
/// let expected = Binding::new("0.0.0.0:443".parse()?, record)?;
/// let mut record = expected.record().clone();
/// record.flags = SslFlags::DISABLE_HTTP2;
/// let found = expected.clone().with_record(record)?;
/// let differences = expected.differences(&found);
/// assert_eq!(differences[0].field, "flags");
/// assert_eq!(differences[0].to_string(), "flags: expected 0x00000000, found 0x00000010");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FieldDifference {
    /// The name of the field.
    pub field: &'static str,
    /// Its value in the expected binding.
    pub expected: String,
    /// Its value in the binding that was found.
    pub found: String,
}

impl fmt::Display for FieldDifference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: expected {}, found {}",
            self.field, self.expected, self.found
        )
    }
}

impl Binding {
    /// The fields in which `found` differs from this binding; empty if they are equal.
    #[must_use]
    pub fn differences(&self, found: &Self) -> Vec<FieldDifference> {
        let (expected, found) = (fields(self), fields(found));
        expected
            .into_iter()
            .zip(found)
            .filter(|((_, expected), (_, found))| expected != found)
            .map(|((field, expected), (_, found))| FieldDifference {
                field,
                expected,
                found,
            })
            .collect()
    }
}

/// Every field of a binding as text, in one order.
fn fields(binding: &Binding) -> [(&'static str, String); 12] {
    let record = binding.record();
    let certificate = record.certificate.as_ref();
    let store_name = certificate.and_then(|certificate| certificate.store_name.as_ref());
    [
        ("key", binding.key().to_string()),
        (
            "host spelling",
            text(binding.host_spelling().map(|text| format!("{text:?}"))),
        ),
        ("certificate", text(record.hash().map(ToString::to_string))),
        (
            "certificate store",
            text(store_name.map(|name| format!("{:?}", name.as_str()))),
        ),
        ("application id", format!("{{{}}}", record.app_id)),
        ("check mode", hex(record.check_mode.bits())),
        (
            "revocation freshness time",
            record.revocation_freshness_time.to_string(),
        ),
        (
            "URL retrieval timeout",
            record.url_retrieval_timeout.to_string(),
        ),
        (
            "CTL identifier",
            text(
                record
                    .ctl_identifier
                    .as_ref()
                    .map(|id| format!("{:?}", id.as_str())),
            ),
        ),
        (
            "CTL store name",
            text(
                record
                    .ctl_store_name
                    .as_ref()
                    .map(|name| format!("{:?}", name.as_str())),
            ),
        ),
        ("flags", hex(record.flags.bits())),
        ("extended properties", format!("{:?}", record.extended)),
    ]
}

fn hex(bits: u32) -> String {
    format!("{bits:#010x}")
}

fn text(value: Option<String>) -> String {
    value.unwrap_or_else(|| "none".to_owned())
}
