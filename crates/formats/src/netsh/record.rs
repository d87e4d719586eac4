//! Understanding one record.

use certbind_core::{
    Binding, BindingError, BindingKey, CertCheckMode, CertHash, Certificate, Kind, Record,
    StoreName, Uuid,
};

use super::extended;
use super::field::{BASIC, CHECKS, Field, OPTIONS, PRINTED};
use super::fields::{Fields, Found, expected};
use super::label_dictionary::LabelDictionary;
use super::labels;
use super::layout::Line;
use super::line_reader::{Entry, Parts, RawLine, guid, is_hash, key_shape};
use super::names::Text;
use super::recognition::Recognition;
use super::shown_fields::FieldSet;
use crate::report::{ConversionWarning, ParseError, WarningKind};
use crate::rule::{Rule, holds};

/// A successfully parsed record.
#[derive(Debug)]
pub(super) struct Parsed {
    pub(super) binding: Binding,
    pub(super) warnings: Vec<ConversionWarning>,
    /// How its lines are laid out, with the words that were found.
    pub(super) lines: Vec<Line>,
    /// Whether it has every basic line, each with a value.
    pub(super) is_complete: bool,
    /// The fields that it has lines for.
    pub(super) fields: FieldSet,
    /// The fields whose values are reported as missing.
    pub(super) missing: FieldSet,
    /// The labels for the dictionary.
    pub(super) labels: Vec<(String, Recognition)>,
    /// The release whose order of lines distinguished them, where no label did.
    pub(super) order_of: Option<&'static str>,
    /// Whether a record with the same text around its values is read the same way.
    pub(super) is_alike: bool,
}

/// A record that cannot be read.
#[derive(Debug)]
pub(super) struct Broken {
    pub(super) error: ParseError,
    /// Whether earlier records of the listing are in doubt as well.
    pub(super) is_contradiction: bool,
}

impl From<ParseError> for Broken {
    fn from(error: ParseError) -> Self {
        Self {
            error,
            is_contradiction: false,
        }
    }
}

/// Interprets the lines of a record. `ascii_only`: characters beyond ASCII cannot be decoded.
pub(super) fn parse(
    lines: &[RawLine],
    known: &LabelDictionary,
    ascii_only: bool,
) -> Result<Parsed, Broken> {
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
    let shown_sections = extended::count(sections);
    let recognized = known
        .recognize(&entries, shown_sections)
        .map_err(|unexpected| {
            let line = shown.get(unexpected.at);
            let found = line.map_or("nothing", |(line, _)| line.text.trim());
            let error = named(ParseError::at(
                line.map_or(first, |(line, _)| line.number),
                format!("expected {}, found {found:?}", unexpected.expected),
            ));
            Broken {
                error,
                is_contradiction: unexpected.is_contradiction,
            }
        })?;

    let mut fields = Fields::new(known, ascii_only);
    for ((line, parts), recognition) in shown.iter().zip(&recognized.lines) {
        fields.add(line, *parts, *recognition).map_err(named)?;
    }
    let is_learned = entries
        .iter()
        .any(|entry| labels::find(entry.label).is_none() && known.field(entry.label).is_some());
    let by_position = recognized.order_of.is_some() || is_learned;
    if let Some(line) = extended::foreign(sections, known)
        && holds(Rule::PropertiesLast)
    {
        let what = "expected the line of a key before this one: Extended Properties end a record";
        return Err(named(ParseError::at(line, what)).into());
    }
    if let Some(line) = late_hash(&shown, &recognized.lines) {
        let what =
            "expected the line of a key before this one: the hash comes directly after the key";
        return Err(named(ParseError::at(line, what)).into());
    }
    let sections = extended::parse(sections, known, by_position);
    if let Some(line) = sections.contradiction
        && holds(Rule::LearnedLabels)
    {
        let what = "expected the lines in the order of the earlier records";
        return Err(Broken {
            error: named(ParseError::at(line, what)),
            is_contradiction: true,
        });
    }
    fields.extended = sections.properties;
    let key_line = shown.first().map_or(first, |(line, _)| line.number);
    let mut parsed = fields.finish(key_line, shown_sections).map_err(named)?;
    parsed.order_of = recognized.order_of;

    if by_position {
        let labels = shown.iter().zip(recognized.lines);
        let labels = labels.filter(|(_, recognition)| recognition.teaches());
        parsed.labels = labels
            .map(|((_, parts), recognition)| (parts.label.to_owned(), recognition))
            .collect();
        parsed.labels.extend(sections.labels);
    }
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
    sections
        .fields
        .iter()
        .for_each(|field| parsed.fields.add(*field));
    let missing = sections.missing.iter();
    missing.for_each(|field| parsed.missing.add(*field));
    let is_plain = |warning: &ConversionWarning| warning.kind == WarningKind::Default;
    parsed.is_alike =
        parsed.is_complete && parsed.warnings.is_empty() && sections.warnings.iter().all(is_plain);
    let key = parsed.binding.key();
    parsed.warnings.extend(sections.warnings);
    parsed.warnings = parsed
        .warnings
        .into_iter()
        .map(|warning| warning.of(key))
        .collect();
    Ok(parsed)
}

/// The line of a hash that is not one of the first three lines. Every release prints it as the
/// second; after an option it belongs to the next record, whose key and hash were swapped.
fn late_hash(shown: &[(&RawLine, Parts<'_>)], recognized: &[Recognition]) -> Option<u64> {
    let is_hash = |recognition: &Recognition| recognition.field() == Some(Field::Hash);
    let at = recognized.iter().position(is_hash).filter(|at| *at > 2)?;
    shown.get(at).map(|(line, _)| line.number)
}

/// Releases with `Disable Session ID` and more Extended Properties print whether the freshness time has
/// an effect. A French Windows Server 2022 has five, without that option and those lines.
const MOST_SECTIONS_OF_OLD: usize = 2;

fn is_absent(value: &str) -> bool {
    Text::of(value) == Text::Absent
}

impl<'a> Fields<'a> {
    fn finish(mut self, key_line: u64, sections: usize) -> Result<Parsed, ParseError> {
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
        let newer = [Field::UseFreshness, Field::CachedUrls, Field::NoAia];
        // A release that prints this many properties has these lines.
        let lacks_newer = sections > MOST_SECTIONS_OF_OLD
            && self.find(Field::SessionId).is_some()
            && holds(Rule::MissingChecks);
        if !newer.iter().any(|field| self.find(*field).is_some()) && !lacks_newer {
            // Hosts without that line: netsh enables a time by setting one.
            self.check_mode
                .set(CertCheckMode::USE_REVOCATION_FRESHNESS, self.freshness != 0);
        }
        self.accept_blank_ctl();
        let mut missing: Vec<_> = BASIC
            .iter()
            .filter(|field| self.find(**field).is_none() || self.blank.contains(field))
            .filter(|field| **field != Field::Hash)
            .chain(self.blank.iter().filter(|field| !BASIC.contains(field)))
            .copied()
            .collect();
        let is_complete = missing.is_empty();
        if !holds(Rule::MissingLine) {
            missing.clear();
        }
        if holds(Rule::MissingOption) {
            missing.extend(self.gaps());
        }
        if lacks_newer {
            let lost = newer.iter().filter(|field| self.find(**field).is_none());
            let lost = lost.filter(|field| !missing.contains(field));
            missing.extend(lost.copied().collect::<Vec<_>>());
        }
        let mut labels: Vec<_> = missing.iter().map(|field| field.label()).collect();
        if self.lacks_sections(sections) && holds(Rule::MissingSection) {
            labels.push("Extended Properties");
            missing.extend(Field::EXTENDED);
        }
        if !labels.is_empty() {
            let what = format!(
                "trimmed: no value for {}; assumed to be at the default",
                labels.join(", ")
            );
            self.warnings
                .push(ConversionWarning::new(WarningKind::Trimmed, what).at(key_found.line));
        }
        if let Some((field, line)) = self.out_of_order()
            && holds(Rule::LineOrder)
        {
            let what = format!(
                "trimmed: {:?} is not at its place in the order of any Windows release, so that lines \
                 may be missing; missing lines are assumed to be at the default",
                field.label()
            );
            let warning = ConversionWarning::new(WarningKind::Trimmed, what);
            self.warnings.push(warning.at(line));
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
        let invalid = |error: BindingError| ParseError::from_error(key_found.line, error);
        let mut binding = Binding::new(key, record).map_err(invalid)?;
        if let Some((host, _)) = key_found.value.rsplit_once(':')
            && matches!(kind, Kind::Sni | Kind::ScopedCcs)
        {
            binding = binding.with_host_spelling(host).map_err(invalid)?;
        }
        Ok(Parsed {
            binding,
            warnings: self.warnings,
            lines: self.lines,
            is_complete,
            fields: self.seen.iter().map(|(field, _)| *field).collect(),
            missing: missing.into_iter().collect(),
            labels: Vec::new(),
            order_of: None,
            is_alike: false,
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

    /// The first line that comes after one that every release prints after it, in a record that may
    /// lack lines: without the lines that only newer releases print it resembles one of an older
    /// release.
    fn out_of_order(&self) -> Option<(Field, u64)> {
        let versions = [CHECKS, OPTIONS];
        let newest = versions.iter().filter_map(|versions| versions.last());
        let mut newest = newest.copied().flatten();
        if newest.all(|field| self.find(*field).is_some()) {
            return None;
        }
        let pairs = self.seen.windows(2);
        let mut later = pairs.filter(|pair| pair[0].0 > pair[1].0);
        later.next().map(|pair| (pair[1].0, pair[1].1.line))
    }

    /// Windows Server 2008 shows absent CTL values as nothing, both of them.
    fn accept_blank_ctl(&mut self) {
        let ctl = [Field::CtlIdentifier, Field::CtlStoreName];
        let is_old = !self.seen.iter().any(|(field, _)| *field > Field::Negotiate);
        if is_old && ctl.iter().all(|field| self.blank.contains(field)) {
            self.blank.retain(|field| !ctl.contains(field));
        }
    }

    /// Whether a release with these options prints more Extended Properties than these.
    fn lacks_sections(&self, sections: usize) -> bool {
        let seen = |field: &&Field| self.find(**field).is_some();
        let options = OPTIONS[OPTIONS.len() - 1].iter().filter(seen).count();
        let of_same = PRINTED.iter().filter(|printed| {
            printed.options.len() == options && printed.options.iter().all(|field| seen(&field))
        });
        let least = of_same.map(|printed| printed.sections).min();
        least.is_some_and(|least| sections < least)
            || (sections > 0 && !PRINTED.iter().any(|printed| printed.sections == sections))
    }

    /// The kind of key: by its label; else by the value, and by whether there is a certificate.
    fn kind(&self, key: Found<'_>) -> Result<Kind, ParseError> {
        let shape = key_shape(key.value);
        let kinds = self.known.key(self.key_label).unwrap_or_default();
        let kinds = if holds(Rule::KindByLabel) { kinds } else { &[] };
        let label = labels::key(self.key_label).filter(|_| holds(Rule::KindByLabel));
        let is_host = kinds.contains(&Kind::Sni);
        let kind = match (label, shape) {
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
        if kind != Kind::Sni || !hash.is_some_and(is_absent) {
            return Ok(kind);
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
            .filter(|found| !is_absent(found.value) && !found.value.is_empty());
        if !kind.names_certificate() {
            if let Some(hash) = hash.filter(|hash| !is_absent(hash.value)) {
                let what = "(null): the certificate comes from the central certificate store";
                return Err(expected(Field::Hash, hash, what));
            }
            if let Some(store) = store {
                let what = format!(
                    "the store name {:?} is ignored: the certificate comes from the central \
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
                    .map_err(|error| ParseError::from_error(found.line, error))?,
            ),
            None => None,
        };
        Ok(Some(Certificate::new(parsed).with_store_name(store_name)))
    }
}
