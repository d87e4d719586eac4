//! Understanding one record.

use certbind_core::{
    Binding, BindingKey, CertCheckMode, CertHash, Certificate, Kind, Record, StoreName, Uuid,
};

use super::extended;
use super::field::{BASIC, CHECKS, Field, NULL, OPTIONS, key_label};
use super::fields::{Fields, Found, expected};
use super::label_dictionary::{Entry, LabelDictionary, Recognition};
use super::layout::Line;
use super::line_reader::{RawLine, guid, is_hash, key_shape};
use crate::report::{ConversionWarning, ParseError, WarningKind};

/// A record that was understood.
#[derive(Debug)]
pub(super) struct Parsed {
    pub(super) binding: Binding,
    pub(super) warnings: Vec<ConversionWarning>,
    /// How its lines are laid out, with the words that were found.
    pub(super) lines: Vec<Line>,
    /// Whether it has every basic line, each with a value.
    pub(super) is_complete: bool,
    /// The fields that it has lines for.
    pub(super) fields: Vec<Field>,
    /// The labels that teach something, and what they were told to stand for.
    pub(super) labels: Vec<(String, Recognition)>,
}

/// Understands the lines of a record. `ascii_only`: what is beyond ASCII cannot be told.
pub(super) fn parse(
    lines: &[RawLine],
    known: &LabelDictionary,
    ascii_only: bool,
) -> Result<Parsed, ParseError> {
    let split = extended::start(lines).unwrap_or(lines.len());
    let (main, sections) = lines.split_at(split);
    let shown: Vec<_> = main
        .iter()
        .filter_map(|line| line.parts().map(|parts| (line, parts)))
        .collect();
    let first = lines.first().map_or(0, |line| line.number);
    let named = |error: ParseError| match shown.first() {
        Some((_, key)) if key_shape(key.value).is_some() => error.of(key.value),
        _ => error,
    };
    let entries: Vec<_> = shown
        .iter()
        .map(|(_, parts)| Entry {
            label: parts.label,
            value: parts.value,
        })
        .collect();
    let told = known.tell(&entries).map_err(|unexpected| {
        let line = shown.get(unexpected.at);
        let found = line.map_or("nothing", |(_, parts)| parts.value);
        named(ParseError::at(
            line.map_or(first, |(line, _)| line.number),
            format!("expected {}, found {found:?}", unexpected.expected),
        ))
    })?;

    let mut fields = Fields::new(known, ascii_only);
    for ((line, parts), told) in shown.iter().zip(&told) {
        fields.add(line, *parts, *told).map_err(named)?;
    }
    let sections = extended::parse(sections, known);
    fields.extended = sections.properties;
    let key_line = shown.first().map_or(first, |(line, _)| line.number);
    let mut parsed = fields.finish(key_line).map_err(named)?;

    let labels = shown.iter().zip(told).filter(|(_, told)| told.teaches());
    parsed.labels = labels
        .map(|((_, parts), told)| (parts.label.to_owned(), told))
        .collect();
    parsed.labels.extend(sections.labels);
    let mut laid_out = parsed.lines.into_iter();
    parsed.lines = Vec::with_capacity(lines.len());
    for line in main {
        parsed.lines.extend(if line.is_empty() {
            Some(Line::text(&line.text))
        } else {
            laid_out.next()
        });
    }
    parsed.lines.extend(sections.lines);
    parsed.fields.extend(sections.fields);
    let key = parsed.binding.key();
    parsed.warnings.extend(sections.warnings);
    parsed.warnings = parsed
        .warnings
        .into_iter()
        .map(|warning| warning.of(key))
        .collect();
    Ok(parsed)
}

impl<'a> Fields<'a> {
    fn finish(mut self, key_line: u64) -> Result<Parsed, ParseError> {
        let key_found = self.find(Field::Key).ok_or_else(|| {
            ParseError::at(
                key_line,
                "expected the line of the key first, as in \"IP:port : 0.0.0.0:443\"",
            )
        })?;
        self.refuse_unknown_characters(Field::Key, key_found)?;
        let kind = self.kind(key_found)?;
        let what = match kind {
            Kind::IpPort => "an address and port, as in 0.0.0.0:443 or [::]:443",
            Kind::Sni | Kind::ScopedCcs => "a host name and port, as in www.contoso.com:443",
            Kind::Ccs => "a port from 1 to 65535",
        };
        let key = BindingKey::parse_as(kind, key_found.value)
            .map_err(|_| expected(Field::Key, key_found, what))?;
        let app_id = self.app_id(key_line)?;
        let certificate = self.certificate(kind, key_line)?;
        if self.find(Field::UseFreshness).is_none() {
            // Hosts without that line: netsh puts a time in force by setting one.
            self.check_mode
                .set(CertCheckMode::USE_REVOCATION_FRESHNESS, self.freshness != 0);
        }
        let mut missing: Vec<_> = BASIC
            .iter()
            .filter(|field| self.find(**field).is_none() || self.blank.contains(field))
            .filter(|field| **field != Field::Hash)
            .chain(self.blank.iter().filter(|field| !BASIC.contains(field)))
            .map(|field| field.label())
            .collect();
        let is_complete = missing.is_empty();
        missing.extend(self.gaps().map(Field::label));
        if !missing.is_empty() {
            let what = format!(
                "trimmed: no value for {}; taken to be at the default",
                missing.join(", ")
            );
            self.warnings
                .push(ConversionWarning::new(WarningKind::Trimmed, what).at(key_found.line));
        }
        let record = Record::central(app_id)
            .with_certificate(certificate)
            .with_check_mode(self.check_mode)
            .with_revocation_freshness_time(self.freshness)
            .with_url_retrieval_timeout(self.timeout)
            .with_ctl_identifier(self.ctl_identifier)
            .with_ctl_store_name(self.ctl_store_name)
            .with_flags(self.flags)
            .with_extended(self.extended);
        let invalid =
            |error: &dyn std::fmt::Display| ParseError::at(key_found.line, error.to_string());
        let mut binding = Binding::new(key, record).map_err(|error| invalid(&error))?;
        if let Some((host, _)) = key_found.value.rsplit_once(':')
            && matches!(kind, Kind::Sni | Kind::ScopedCcs)
        {
            binding = binding
                .with_host_spelling(host)
                .map_err(|error| invalid(&error))?;
        }
        Ok(Parsed {
            binding,
            warnings: self.warnings,
            lines: self.lines,
            is_complete,
            fields: self.seen.iter().map(|(field, _)| *field).collect(),
            labels: Vec::new(),
        })
    }

    /// The lines that are missing among those that versions differ in: no version has the others
    /// without them.
    fn gaps(&self) -> impl Iterator<Item = Field> + use<'a> {
        let seen: Vec<_> = self.seen.iter().map(|(field, _)| *field).collect();
        let gaps = |versions: &'static [&'static [Field]]| {
            let all = versions.last().copied().unwrap_or_default();
            let here: Vec<_> = all.iter().filter(|field| seen.contains(field)).collect();
            let version = versions
                .iter()
                .filter(|version| here.iter().all(|field| version.contains(field)))
                .min_by_key(|version| version.len());
            let version = version.copied().unwrap_or_default();
            let missing = version.iter().filter(|field| !seen.contains(field));
            let missing = missing.filter(|field| !BASIC.contains(field));
            missing.copied().collect::<Vec<_>>()
        };
        gaps(CHECKS).into_iter().chain(gaps(OPTIONS))
    }

    /// The kind of key: by its label; else by the value, and by whether there is a certificate.
    fn kind(&mut self, key: Found<'_>) -> Result<Kind, ParseError> {
        let shape = key_shape(key.value);
        let kinds = self.known.key(self.key_label).unwrap_or_default();
        let is_host = kinds.contains(&Kind::Sni);
        let kind = match (key_label(self.key_label), shape) {
            (Some(_), _) if !is_host => kinds.first().copied(),
            (Some(_), _) => Some(Kind::Sni),
            // The label of a host name makes one of `10.0.0.1:443` too.
            (None, Some(Kind::IpPort)) if is_host => Some(Kind::Sni),
            (None, shape) => shape,
        };
        let kind = kind.ok_or_else(|| {
            expected(
                Field::Key,
                key,
                "an address and port, a host name and port, or a port",
            )
        })?;
        let hash = self.find(Field::Hash).map(|found| found.value);
        if kind != Kind::Sni || hash.is_some_and(|hash| hash != NULL) {
            return Ok(kind);
        }
        if hash.is_none() {
            let store = self.find(Field::StoreName).map(|found| found.value);
            if store.is_some_and(|store| store != NULL) {
                return Ok(kind);
            }
            let what = "no certificate hash; read as a binding of the central certificate store";
            self.warnings
                .push(ConversionWarning::new(WarningKind::Inferred, what).at(key.line));
        }
        Ok(Kind::ScopedCcs)
    }

    fn app_id(&self, key_line: u64) -> Result<Uuid, ParseError> {
        const WHAT: &str = "a GUID in braces, as {4dc3e181-e14b-4a21-b022-59fc669b0914}";
        let found = self
            .find(Field::AppId)
            .ok_or_else(|| ParseError::at(key_line, "expected an Application ID in this record"))?;
        guid(found.value).ok_or_else(|| expected(Field::AppId, found, WHAT))
    }

    fn certificate(
        &mut self,
        kind: Kind,
        key_line: u64,
    ) -> Result<Option<Certificate>, ParseError> {
        let hash = self.find(Field::Hash);
        let store = self
            .find(Field::StoreName)
            .filter(|found| found.value != NULL && !found.value.is_empty());
        if !kind.names_certificate() {
            if let Some(hash) = hash.filter(|hash| hash.value != NULL) {
                let what = "(null): the certificate comes from the central certificate store";
                return Err(expected(Field::Hash, hash, what));
            }
            if let Some(store) = store {
                let what = format!(
                    "the store name {:?} is not carried: the certificate comes from the central \
                     certificate store",
                    store.value
                );
                self.warnings
                    .push(ConversionWarning::new(WarningKind::Value, what).at(store.line));
            }
            return Ok(None);
        }
        let hash = hash.ok_or_else(|| {
            ParseError::at(key_line, "expected a Certificate Hash in this record")
        })?;
        let parsed = Some(hash.value)
            .filter(|value| is_hash(value))
            .and_then(|value| value.parse::<CertHash>().ok())
            .ok_or_else(|| expected(Field::Hash, hash, "40 hexadecimal digits"))?;
        let store_name = match store {
            Some(found) => Some(
                StoreName::new(found.value)
                    .map_err(|error| ParseError::at(found.line, error.to_string()))?,
            ),
            None => None,
        };
        Ok(Some(Certificate::new(parsed).with_store_name(store_name)))
    }
}
