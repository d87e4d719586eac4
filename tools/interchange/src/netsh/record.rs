//! Understanding one record.

use store_core::{
    Binding, BindingKey, CertCheckMode, CertHash, Certificate, CtlIdentifier, Kind, Record,
    SslFlags, StoreName, TextError, Uuid,
};

use super::NULL;
use super::extended;
use super::field::{BASIC, CHECKS, Field, OPTIONS, Shape, key_label};
use super::known::{Entry, Known, Told};
use super::layout::Line;
use super::line::{Parts, guid, is_empty, is_hash, is_number, key_shape};
use super::pieces::RawLine;
use super::words;
use crate::report::{Loss, LossKind, Problem};

/// A record that was understood.
#[derive(Debug)]
pub(super) struct Parsed {
    pub(super) binding: Binding,
    pub(super) losses: Vec<Loss>,
    /// How its lines are laid out, with the words that were found.
    pub(super) lines: Vec<Line>,
    /// Whether it has every basic line, each with a value.
    pub(super) is_complete: bool,
    /// The fields that it has lines for.
    pub(super) fields: Vec<Field>,
    /// The labels, and what they were told to stand for.
    pub(super) labels: Vec<(String, Told)>,
}

/// Understands the lines of a record. `ascii_only`: what is beyond ASCII cannot be told.
pub(super) fn parse(lines: &[RawLine], known: &Known, ascii_only: bool) -> Result<Parsed, Problem> {
    let split = extended::start(lines).unwrap_or(lines.len());
    let (main, sections) = lines.split_at(split);
    let shown: Vec<_> = main
        .iter()
        .filter_map(|line| Parts::of(&line.text).map(|parts| (line, parts)))
        .collect();
    let first = lines.first().map_or(0, |line| line.number);
    let named = |problem: Problem| match shown.first() {
        Some((_, key)) if key_shape(key.value).is_some() => problem.of(key.value),
        _ => problem,
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
        named(Problem::at(
            line.map_or(first, |(line, _)| line.number),
            format!("expected {}, found {found:?}", unexpected.expected),
        ))
    })?;

    let mut fields = Fields::new(known, ascii_only);
    for ((line, parts), told) in shown.iter().zip(&told) {
        fields.add(line, *parts, *told).map_err(named)?;
    }
    let key_line = shown.first().map_or(first, |(line, _)| line.number);
    let mut parsed = fields.finish(key_line).map_err(named)?;

    let labels = shown.iter().map(|(_, parts)| parts.label.to_owned());
    parsed.labels = labels.zip(told.iter().copied()).collect();
    let mut laid_out = parsed.lines.into_iter();
    parsed.lines = Vec::with_capacity(lines.len());
    for line in main {
        parsed.lines.extend(if is_empty(&line.text) {
            Some(Line::text(&line.text))
        } else {
            laid_out.next()
        });
    }
    let (section_lines, section_losses) = extended::parse(sections);
    parsed.lines.extend(section_lines);
    let key = parsed.binding.key();
    parsed.losses.extend(section_losses);
    parsed.losses = parsed.losses.into_iter().map(|loss| loss.of(key)).collect();
    Ok(parsed)
}

/// A value and the line it is on.
#[derive(Clone, Copy)]
struct Found<'a> {
    line: u64,
    value: &'a str,
}

/// The fields of a record as far as its lines have been read.
struct Fields<'a> {
    known: &'a Known,
    ascii_only: bool,
    seen: Vec<(Field, Found<'a>)>,
    key_label: &'a str,
    check_mode: CertCheckMode,
    flags: SslFlags,
    freshness: u32,
    timeout: u32,
    ctl_identifier: Option<CtlIdentifier>,
    ctl_store_name: Option<StoreName>,
    blank: Vec<Field>,
    losses: Vec<Loss>,
    lines: Vec<Line>,
}

impl<'a> Fields<'a> {
    fn new(known: &'a Known, ascii_only: bool) -> Self {
        Self {
            known,
            ascii_only,
            seen: Vec::new(),
            key_label: "",
            check_mode: CertCheckMode::empty(),
            flags: SslFlags::empty(),
            freshness: 0,
            timeout: 0,
            ctl_identifier: None,
            ctl_store_name: None,
            blank: Vec::new(),
            losses: Vec::new(),
            lines: Vec::new(),
        }
    }

    fn add(&mut self, line: &RawLine, parts: Parts<'a>, told: Told) -> Result<(), Problem> {
        let found = Found {
            line: line.number,
            value: parts.value,
        };
        let Some(field) = told.field() else {
            return self.add_unknown(line, parts);
        };
        if let Some((_, earlier)) = self.seen.iter().find(|(seen, _)| *seen == field) {
            let first = earlier.line;
            return Err(Problem::at(
                found.line,
                format!("{:?} is on line {first} already", field.label()),
            ));
        }
        self.seen.push((field, found));
        if matches!(told, Told::Inferred(_)) {
            let what = format!(
                "{:?} is no label that is known; read as {:?}, going by its place",
                shortened(parts.label),
                field.label()
            );
            self.losses
                .push(Loss::new(LossKind::Inferred, what).at(found.line));
        }
        let mut laid_out = Line {
            field: Some(field),
            after: parts.after.to_owned(),
            ..Line::text(parts.before)
        };
        match field.shape() {
            Shape::Key => self.key_label = parts.label,
            Shape::Hash | Shape::AppId => {}
            _ if found.value.is_empty() => self.blank.push(field),
            Shape::Text => self.text(field, found)?,
            Shape::Number => self.number(field, found)?,
            shape @ (Shape::Enabled | Shape::Set) => {
                let on = self.word(field, shape, found, told)?;
                *(if on {
                    &mut laid_out.on
                } else {
                    &mut laid_out.off
                }) = Some(found.value.to_owned());
            }
        }
        self.lines.push(laid_out);
        Ok(())
    }

    fn text(&mut self, field: Field, found: Found<'_>) -> Result<(), Problem> {
        self.refuse_unknown_characters(field, found)?;
        let invalid = |error: TextError| Problem::at(found.line, error.to_string());
        match field {
            _ if found.value == NULL => {}
            Field::CtlIdentifier => {
                self.ctl_identifier = Some(CtlIdentifier::new(found.value).map_err(invalid)?);
            }
            Field::CtlStoreName => {
                self.ctl_store_name = Some(StoreName::new(found.value).map_err(invalid)?);
            }
            // The store name goes with the hash: `finish` takes it.
            _ => drop(StoreName::new(found.value).map_err(invalid)?),
        }
        Ok(())
    }

    fn number(&mut self, field: Field, found: Found<'_>) -> Result<(), Problem> {
        let number = Some(found.value)
            .filter(|value| is_number(value))
            .and_then(|value| value.parse::<u32>().ok())
            .ok_or_else(|| expected(field, found, "a number from 0 to 4294967295"))?;
        if field == Field::Freshness {
            self.freshness = number;
        } else {
            self.timeout = number;
        }
        Ok(())
    }

    fn word(
        &mut self,
        field: Field,
        shape: Shape,
        found: Found<'_>,
        told: Told,
    ) -> Result<bool, Problem> {
        let meaning = |shape| words::meaning(self.known.words.as_ref(), shape, found.value);
        let other = if shape == Shape::Set {
            Shape::Enabled
        } else {
            Shape::Set
        };
        // Where the label tells what the line is, the other pair of words will do as well.
        let by_label = matches!(told, Told::ByLabel(_));
        let on = meaning(shape).or_else(|| meaning(other).filter(|_| by_label));
        let Some(on) = on else {
            let what = match shape {
                Shape::Set => "Set or Not Set, or the words for them in a language that is known",
                _ => "Enabled or Disabled, or the words for them in a language that is known",
            };
            return Err(if self.ascii_only && !found.value.is_ascii() {
                unknown_characters(field, found)
            } else {
                expected(field, found, what)
            });
        };
        if let Some(bit) = field.bit() {
            bit.take(on, &mut self.check_mode, &mut self.flags);
            let is_default = on == bit.is_shown_on(CertCheckMode::empty(), SslFlags::empty());
            if matches!(told, Told::Unsure(_)) && !is_default {
                let what = format!("read as {:?}, going by its place", field.label());
                self.losses
                    .push(Loss::new(LossKind::Inferred, what).at(found.line));
            }
        }
        Ok(on)
    }

    /// A line that is none of those known: an option that a newer Windows has, or one that cannot
    /// be told in this language.
    fn add_unknown(&mut self, line: &RawLine, parts: Parts<'_>) -> Result<(), Problem> {
        let words = self.known.words.as_ref();
        let shape = [Shape::Set, Shape::Enabled]
            .into_iter()
            .find(|shape| words::meaning(words, *shape, parts.value).is_some());
        let on = shape.and_then(|shape| words::meaning(words, shape, parts.value));
        let label = parts.label;
        let mut text = line.text.clone();
        let (kind, what) = match on {
            Some(false) => (
                LossKind::Default,
                format!("{label:?} is not an option that is known; it is off"),
            ),
            _ if key_label(self.key_label).is_none() => {
                let what = format!(
                    "expected an option that can be told by its label; {label:?} is {:?}, and \
                     which option that is cannot be told in this language",
                    parts.value
                );
                return Err(Problem::at(line.number, what));
            }
            _ => (
                LossKind::Value,
                format!(
                    "{label:?} is not an option that is known; that it is {:?} is not carried",
                    parts.value
                ),
            ),
        };
        if on == Some(true)
            && let Some(off) = shape.and_then(|shape| words::counterpart(words, shape, parts.value))
        {
            text = format!("{}{off}{}", parts.before, parts.after);
        }
        self.losses.push(Loss::new(kind, what).at(line.number));
        self.lines.push(Line::text(&text));
        Ok(())
    }

    fn find(&self, field: Field) -> Option<Found<'a>> {
        let seen = self.seen.iter().find(|(seen, _)| *seen == field);
        seen.map(|(_, found)| *found)
    }

    fn finish(mut self, key_line: u64) -> Result<Parsed, Problem> {
        let key_found = self.find(Field::Key).ok_or_else(|| {
            Problem::at(
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
            self.losses
                .push(Loss::new(LossKind::Trimmed, what).at(key_found.line));
        }
        let record = Record {
            certificate,
            app_id,
            check_mode: self.check_mode,
            revocation_freshness_time: self.freshness,
            url_retrieval_timeout: self.timeout,
            ctl_identifier: self.ctl_identifier,
            ctl_store_name: self.ctl_store_name,
            flags: self.flags,
        };
        let invalid =
            |error: &dyn std::fmt::Display| Problem::at(key_found.line, error.to_string());
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
            losses: self.losses,
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
    fn kind(&mut self, key: Found<'_>) -> Result<Kind, Problem> {
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
            self.losses
                .push(Loss::new(LossKind::Inferred, what).at(key.line));
        }
        Ok(Kind::ScopedCcs)
    }

    fn app_id(&self, key_line: u64) -> Result<Uuid, Problem> {
        const WHAT: &str = "a GUID in braces, as {4dc3e181-e14b-4a21-b022-59fc669b0914}";
        let found = self
            .find(Field::AppId)
            .ok_or_else(|| Problem::at(key_line, "expected an Application ID in this record"))?;
        guid(found.value).ok_or_else(|| expected(Field::AppId, found, WHAT))
    }

    fn certificate(&mut self, kind: Kind, key_line: u64) -> Result<Option<Certificate>, Problem> {
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
                self.losses
                    .push(Loss::new(LossKind::Value, what).at(store.line));
            }
            return Ok(None);
        }
        let hash = hash
            .ok_or_else(|| Problem::at(key_line, "expected a Certificate Hash in this record"))?;
        let parsed = Some(hash.value)
            .filter(|value| is_hash(value))
            .and_then(|value| value.parse::<CertHash>().ok())
            .ok_or_else(|| expected(Field::Hash, hash, "40 hexadecimal digits"))?;
        let store_name = match store {
            Some(found) => Some(
                StoreName::new(found.value)
                    .map_err(|error| Problem::at(found.line, error.to_string()))?,
            ),
            None => None,
        };
        Ok(Some(Certificate {
            hash: parsed,
            store_name,
        }))
    }

    fn refuse_unknown_characters(&self, field: Field, found: Found<'_>) -> Result<(), Problem> {
        if self.ascii_only && !found.value.is_ascii() {
            return Err(unknown_characters(field, found));
        }
        Ok(())
    }
}

fn unknown_characters(field: Field, found: Found<'_>) -> Problem {
    Problem::at(
        found.line,
        format!(
            "{}: the value has characters of a code page that cannot be told; name the encoding",
            field.label()
        ),
    )
}

fn expected(field: Field, found: Found<'_>, what: &str) -> Problem {
    let value = if found.value.is_empty() {
        "nothing".to_owned()
    } else {
        format!("{:?}", shortened(found.value))
    };
    let label = if field == Field::Key {
        "key"
    } else {
        field.label()
    };
    Problem::at(
        found.line,
        format!("{label}: expected {what}, found {value}"),
    )
}

/// Enough of a value to find it by.
fn shortened(value: &str) -> String {
    const MOST: usize = 80;
    let mut short: String = value.chars().take(MOST).collect();
    if short.len() < value.len() {
        short.push('…');
    }
    short
}
