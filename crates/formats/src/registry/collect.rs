//! The bindings collected from their keys.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use certbind_core::{Binding, BindingKey, Kind};

use jiff::Timestamp;

use super::configuration::HTTP2_OVER_TLS;
use super::found::Found;
use super::location::RegistryLocation;
use super::record::binding;
use crate::configuration::Configuration;
use crate::error::ReadError;
use crate::error_list::ErrorList;
use crate::export::{Export, Header};
use crate::options::ReadOptions;
use crate::read_outcome::ReadOutcome;
use crate::report::{ConversionWarning, ParseError, WarningKind};

/// The bindings of a registry as far as they were read.
#[derive(Debug, Default)]
pub(crate) struct Collected {
    bindings: Vec<Binding>,
    /// The key of each binding.
    keys: Vec<KeyOfBinding>,
    parameters: Option<RegistryLocation>,
    reservations: Option<RegistryLocation>,
    configuration: Option<Configuration>,
    warnings: Vec<ConversionWarning>,
    errors: ErrorList,
    /// Where the bindings of these keys are.
    seen: HashMap<BindingKey, usize>,
}

/// The registry key of a binding.
#[derive(Debug)]
struct KeyOfBinding {
    line: Option<u64>,
    time: Option<Timestamp>,
    location: RegistryLocation,
}

impl Collected {
    /// Takes a binding's key.
    pub(crate) fn key(&mut self, kind: Kind, name: &str, found: Found<'_>) {
        let (line, time) = (found.line, found.time);
        if !found.errors.is_empty() {
            self.errors.append(found.errors);
            return;
        }
        if kind.names_certificate() && found.has_options_only() {
            let what = "the key has options, and neither a certificate nor an application: it is \
                not a binding, and is not converted";
            self.warning(found.warning(WarningKind::Leftover, line, what));
            return;
        }
        match binding(kind, name, found) {
            Ok((binding, location, warnings)) => {
                match self.seen.entry(binding.key().clone()) {
                    Entry::Vacant(place) => {
                        place.insert(self.bindings.len());
                    }
                    Entry::Occupied(earlier) => {
                        let earlier = self.keys.get(*earlier.get());
                        self.errors.push(|| {
                            let place = match earlier {
                                Some(KeyOfBinding {
                                    line: Some(line), ..
                                }) => format!("line {line}"),
                                Some(other) => other.location.path.clone(),
                                None => String::new(),
                            };
                            let what = format!(
                                "{} is bound by {place} already; expected each key once",
                                binding.key()
                            );
                            ParseError::in_location(line, location, what)
                        });
                        return;
                    }
                }
                self.warnings.extend(warnings);
                self.bindings.push(binding);
                self.keys.push(KeyOfBinding {
                    line,
                    time,
                    location,
                });
            }
            Err(error) => self.errors.push(|| error),
        }
    }

    /// Takes the key of HTTP.sys itself, which has the settings of the host. Only a setting that
    /// changes the effect of bindings matters; damage in the others does not.
    pub(crate) fn parameters(&mut self, found: &Found<'_>) {
        let configuration = self.configuration.get_or_insert_default();
        let warnings = configuration.take_parameters(found);
        self.parameters.get_or_insert_with(|| found.location());
        self.warnings.extend(warnings);
        let value = found.value(HTTP2_OVER_TLS);
        if let Some(value) = value.filter(|value| value.data.as_dword() == Ok(0)) {
            let what = format!(
                "{HTTP2_OVER_TLS} is 0: HTTP/2 is disabled for every binding of the host; the \
                 setting is not converted"
            );
            self.warning(found.warning(WarningKind::HostSetting, value.line, what));
        }
    }

    /// Takes the key of the URL reservations.
    pub(crate) fn reservations(&mut self, found: &Found<'_>) {
        let configuration = self.configuration.get_or_insert_default();
        let warnings = configuration.take_reservations(found);
        self.reservations.get_or_insert_with(|| found.location());
        self.warnings.extend(warnings);
    }

    /// Takes the key of a kind itself, whose values are of no binding.
    pub(crate) fn family(&mut self, mut found: Found<'_>) {
        self.errors.append(std::mem::take(&mut found.errors));
        self.warnings.append(&mut found.warnings);
        for value in found.values() {
            let what = format!(
                "the value {:?} is in no binding's key; HTTP.sys is not known to read it there, \
                 and it is not converted",
                value.name
            );
            self.warning(found.warning(WarningKind::Value, value.line, what));
        }
    }

    /// Reports a key that is not known.
    pub(crate) fn unknown_key(&mut self, key: RegistryLocation, line: Option<u64>) {
        let what = "this key is unknown; its content is not converted";
        let warning = ConversionWarning::new(WarningKind::Value, what).in_location(key);
        self.warning(ConversionWarning { line, ..warning });
    }

    pub(crate) fn lose(
        &mut self,
        kind: WarningKind,
        line: Option<u64>,
        path: &str,
        what: impl Into<String>,
    ) {
        let warning = ConversionWarning::new(kind, what).in_key(path);
        self.warning(match line {
            Some(line) => warning.at(line),
            None => warning,
        });
    }

    pub(crate) fn warning(&mut self, warning: ConversionWarning) {
        self.warnings.push(warning);
    }

    pub(crate) fn error(&mut self, error: ParseError) {
        self.errors.push(|| error);
    }

    /// As [`error`](Self::error). Of many errors only the first ones are made.
    pub(crate) fn error_with(&mut self, error: impl FnOnce() -> ParseError) {
        self.errors.push(error);
    }

    pub(crate) fn has_errors(&self) -> bool {
        !self.errors.is_empty()
    }

    /// The collected bindings or, without `keep_going`, the errors. Keys are located under the path of
    /// `Parameters`, which begins with the name of the hive.
    pub(crate) fn finish(
        mut self,
        header: Header,
        parameters: &str,
        options: &ReadOptions,
    ) -> Result<ReadOutcome, ReadError> {
        let mut errors = self.errors.into_errors();
        let (hive, _) = parameters.split_once('\\').unwrap_or((parameters, ""));
        let of_errors = errors
            .iter_mut()
            .filter_map(|it| it.registry.as_deref_mut());
        let warnings = self.warnings.iter_mut();
        let of_warnings = warnings.filter_map(|it| it.registry.as_deref_mut());
        let of_settings = self.parameters.iter_mut().chain(&mut self.reservations);
        let of_bindings = self.keys.iter_mut().map(|key| &mut key.location);
        let of_keys = of_bindings.chain(of_settings);
        for location in of_errors.chain(of_warnings).chain(of_keys) {
            location.locate(hive, parameters);
        }
        // An error without a line is the number of the others.
        errors.sort_by_key(|error| (error.line.is_none(), error.line));
        if !errors.is_empty() && !options.keep_going {
            return Err(ReadError::Broken(errors));
        }
        self.warnings.sort_by_key(|warning| warning.line);
        // A hive has no lines, and every key of an exported registry has one.
        let lines = self.keys.iter().filter_map(|key| key.line).collect();
        let names = || self.bindings.iter().map(|binding| binding.key().clone());
        let times = names().zip(&self.keys);
        let times = times.filter_map(|(name, key)| Some((name, key.time?)));
        let times = times.collect();
        let locations = self.keys.into_iter().map(|key| key.location);
        let registry = names().zip(locations).collect();
        Ok(ReadOutcome {
            export: Export {
                header,
                bindings: self.bindings,
                times,
                configuration: self.configuration,
                ..Export::default()
            },
            lines,
            warnings: self.warnings,
            errors,
            registry,
            parameters: self.parameters,
            reservations: self.reservations,
            recovery: None,
            managed: None,
        })
    }
}
