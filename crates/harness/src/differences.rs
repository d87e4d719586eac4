//! The differences between the contents of a store and the expected contents.

use std::fmt;

use certbind_core::{Binding, StoreError};
use certbind_migrate::{Comparison, FieldChange};

/// Where the bindings of a store are not the expected ones. Printed, it has a line for each binding
/// that is missing (`-`) or not expected (`+`), and for each field that differs; texts of the
/// bindings are escaped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Differences(Vec<Comparison>);

impl Differences {
    /// The differences between bindings in any order, each key once.
    pub(crate) fn new(
        expected: impl IntoIterator<Item = Binding>,
        found: Vec<Binding>,
    ) -> Result<Self, StoreError> {
        let mut expected: Vec<_> = expected.into_iter().collect();
        expected.sort_by(|a, b| a.key().cmp(b.key()));
        let compared =
            certbind_migrate::diff(expected.into_iter().map(Ok), found.into_iter().map(Ok));
        let differs =
            |compared: &Result<Comparison, _>| !matches!(compared, Ok(Comparison::Same(_)));
        Ok(Self(compared.filter(differs).collect::<Result<_, _>>()?))
    }

    /// Whether the store has the expected contents.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Differences {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return f.write_str("the store is as expected");
        }
        f.write_str(
            "the store is not as expected (- missing, + not expected, ~ expected -> found)",
        )?;
        for compared in &self.0 {
            match compared {
                Comparison::Added(binding) => whole(f, '+', binding)?,
                Comparison::Removed(binding) => whole(f, '-', binding)?,
                Comparison::Changed { before, after } => changed(f, before, after)?,
                Comparison::Same(_) => {}
            }
        }
        Ok(())
    }
}

fn whole(f: &mut fmt::Formatter<'_>, sign: char, binding: &Binding) -> fmt::Result {
    let record = binding.record();
    write!(f, "\n{sign} {}  ", binding.key())?;
    match &record.certificate {
        Some(certificate) => {
            write!(f, "{}", certificate.hash)?;
            if let Some(store) = &certificate.store_name {
                write!(f, " in {}", store.as_str().escape_debug())?;
            }
        }
        None => f.write_str("central store")?,
    }
    write!(f, ", {{{}}}", record.app_id)
}

fn changed(f: &mut fmt::Formatter<'_>, before: &Binding, after: &Binding) -> fmt::Result {
    write!(f, "\n~ {}", before.key())?;
    for field in FieldChange::between(before, after) {
        let change = field.change();
        write!(f, "\n    {:<22} {}", field.name(), change.escape_debug())?;
    }
    Ok(())
}
