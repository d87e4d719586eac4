//! The arguments of `drift`.

use std::str::FromStr;

use certbind_core::{Binding, BindingKey};
use certbind_migrate::FieldChange;
use clap::Args;

use super::output::Output;
use crate::input::Input;

#[derive(Debug, Args)]
pub(crate) struct Drift {
    /// The desired state (bindings.toml), an export file, or a store URL.
    pub(crate) desired: Input,
    /// The store or export to check. It is never written.
    pub(crate) target: Input,
    /// A key or a field whose differences do not count: 0.0.0.0:443, cert, app, store, flags, check_mode, …
    /// Repeat it for several.
    #[arg(long, value_name = "KEY|FIELD")]
    pub(crate) ignore: Vec<Ignored>,
    #[command(flatten)]
    pub(crate) output: Output,
}

/// A difference that does not count as drift.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Ignored {
    Key(BindingKey),
    /// The name of a [`FieldChange`] in JSON.
    Field(&'static str),
}

/// The fields by their names in JSON.
const FIELDS: [&str; 11] = [
    "host_spelling",
    "hash",
    "store_name",
    "app_id",
    "check_mode",
    "revocation_freshness_time",
    "url_retrieval_timeout",
    "ctl_identifier",
    "ctl_store_name",
    "flags",
    "extended",
];

impl FromStr for Ignored {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let name = match text.to_lowercase().replace('-', "_").as_str() {
            "cert" | "certificate" => "hash".to_owned(),
            "store" => "store_name".to_owned(),
            "app" => "app_id".to_owned(),
            other => other.to_owned(),
        };
        if let Some(field) = FIELDS.into_iter().find(|field| *field == name) {
            return Ok(Self::Field(field));
        }
        text.parse().map(Self::Key).map_err(|_| {
            format!(
                "expected a key such as 0.0.0.0:443, or a field: cert, store, app, {}",
                FIELDS[4..].join(", ")
            )
        })
    }
}

impl Drift {
    pub(crate) fn ignores_key(&self, key: &BindingKey) -> bool {
        self.ignore.contains(&Ignored::Key(key.clone()))
    }

    /// Whether all that differs between two bindings of a key is ignored.
    pub(crate) fn ignores_fields(&self, before: &Binding, after: &Binding) -> bool {
        let changes = FieldChange::between(before, after);
        !changes.is_empty()
            && changes.iter().all(|change| {
                let json = serde_json::to_value(change).unwrap_or_default();
                self.ignore.iter().any(|ignored| match ignored {
                    Ignored::Field(field) => json["field"] == *field,
                    Ignored::Key(_) => false,
                })
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_fields_are_distinguished() {
        let parse = |text: &str| text.parse::<Ignored>();
        assert_eq!(parse("cert"), Ok(Ignored::Field("hash")));
        assert_eq!(parse("check-mode"), Ok(Ignored::Field("check_mode")));
        let key = "ipport=0.0.0.0:443".parse().unwrap();
        assert_eq!(parse("0.0.0.0:443"), Ok(Ignored::Key(key)));
        assert!(parse("certt").unwrap_err().contains("cert, store, app"));
    }
}
