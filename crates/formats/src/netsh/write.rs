//! Printing bindings as netsh does.

use std::collections::HashMap;
use std::io::{self, Write};

use certbind_core::{Binding, BindingKey, Kind};

use super::address::key_text;
use super::evidence::Text;
use super::field::{Field, key_label};
use super::language::Language;
use super::layout::Layout;
use super::line_reader::{Parts, key_shape};
use super::names::Text as Name;
use super::read_back::Printed;
use super::translation::has_word;
use crate::export::Export;
use crate::report::{ConversionWarning, WarningKind};
use crate::write::{InexpressibleValue, WriteError, check_whole};

/// Prints the bindings of an export as `netsh http show sslcert` on a host with this layout does.
/// Returns warnings for the parts that such a host does not show.
///
/// # Errors
/// [`WriteError::Inexpressible`], before anything is written, if a binding has a value that could
/// not be read back; [`WriteError::NotWhole`] if parts of the store could not be read;
/// [`WriteError::Io`] if `out` fails.
pub fn write(
    out: &mut impl Write,
    export: &Export,
    layout: &Layout,
) -> Result<Vec<ConversionWarning>, WriteError> {
    print(out, export, layout).map(|(warnings, _)| warnings)
}

fn print(
    out: &mut impl Write,
    export: &Export,
    layout: &Layout,
) -> Result<(Vec<ConversionWarning>, Printed), WriteError> {
    check_whole(export)?;
    let bindings = layout.ordered(&export.bindings);
    let refused: Vec<_> = bindings
        .iter()
        .flat_map(|binding| layout.refusals(binding))
        .collect();
    if !refused.is_empty() {
        return Err(WriteError::Inexpressible(refused));
    }
    let mut writer = Writer::new(out, layout)?;
    let mut warnings = Vec::new();
    for binding in bindings {
        writer.print(binding)?;
        warnings.extend(layout.warnings(binding));
    }
    let printed = writer.finish()?;
    Ok((warnings, printed))
}

/// Prints a listing as [`write()`] does, and reads it back before it is written to `out`.
///
/// # Errors
/// As [`write()`]; [`WriteError::Misread`] or [`WriteError::Unreadable`] if the listing would be
/// read as other bindings.
pub fn write_checked(
    out: &mut impl Write,
    export: &Export,
    layout: &Layout,
) -> Result<Vec<ConversionWarning>, WriteError> {
    let mut listing = Vec::new();
    let (warnings, printed) = print(&mut listing, export, layout)?;
    printed.check(|| Ok(listing.as_slice()), layout)?;
    out.write_all(&listing)?;
    Ok(warnings)
}

/// Prints a listing binding by binding, in as much memory as one of them takes. They have to be
/// pushed in the order of the listing: the canonical one, unless the layout has another
/// ([`Layout::order`]).
///
/// ```
/// use certbind_formats::netsh::{Release, Writer};
/// use certbind_core::{Binding, Record, Uuid};
///
/// let layout = Release::Server2022.layout();
/// let mut listing = Vec::new();
/// let mut writer = Writer::new(&mut listing, &layout)?;
/// let binding = Binding::new("ccs=443".parse()?, Record::central(Uuid::nil()))?;
/// assert!(layout.refusals(&binding).is_empty());
/// writer.push(&binding)?;
/// writer.finish()?;
/// assert!(String::from_utf8(listing)?.contains("Central Certificate Store"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Writer<'a, W> {
    out: W,
    layout: &'a Layout,
    is_first: bool,
    last: Option<Kind>,
    printed: Printed,
}

impl<'a, W: Write> Writer<'a, W> {
    /// A listing of this layout.
    ///
    /// # Errors
    /// [`WriteError::Io`] if `out` fails.
    pub fn new(mut out: W, layout: &'a Layout) -> Result<Self, WriteError> {
        out.write_all(layout.encoding.mark())?;
        Ok(Self {
            out,
            layout,
            is_first: true,
            last: None,
            printed: Printed::default(),
        })
    }

    /// Prints one more binding.
    ///
    /// # Errors
    /// [`WriteError::Inexpressible`], and nothing of it is written, if it has a value that could not
    /// be read back ([`Layout::refusals`]); [`WriteError::Io`] if `out` fails.
    pub fn push(&mut self, binding: &Binding) -> Result<(), WriteError> {
        let refused = self.layout.refusals(binding);
        if !refused.is_empty() {
            return Err(WriteError::Inexpressible(refused));
        }
        self.print(binding)
    }

    /// Ends the listing. The output can be compared with the listing as it is read
    /// ([`Printed::check`]).
    ///
    /// # Errors
    /// [`WriteError::Io`] if `out` fails.
    pub fn finish(mut self) -> Result<Printed, WriteError> {
        if self.last.is_none() {
            for text in &self.layout.lead {
                self.line(text)?;
            }
        }
        for text in &self.layout.tail {
            self.line(text)?;
        }
        self.out.flush()?;
        Ok(self.printed)
    }

    fn print(&mut self, binding: &Binding) -> Result<(), WriteError> {
        for text in self.layout.gap(self.last, binding) {
            self.line(text)?;
        }
        self.last = Some(binding.key().kind());
        self.printed.add(binding, self.layout);
        for text in self.layout.record(binding).into_iter().flatten() {
            self.line(&text)?;
        }
        Ok(())
    }

    fn line(&mut self, text: &str) -> Result<(), WriteError> {
        let encoding = self.layout.encoding;
        let foreign = |character| {
            WriteError::Io(io::Error::new(
                io::ErrorKind::InvalidData,
                format!("{encoding} has no character {character:?}"),
            ))
        };
        if !std::mem::take(&mut self.is_first) {
            let end = self.layout.newline.text();
            self.out
                .write_all(&encoding.encode(end).map_err(foreign)?)?;
        }
        self.out
            .write_all(&encoding.encode(text).map_err(foreign)?)?;
        Ok(())
    }
}

impl Layout {
    /// Warnings for the parts of a binding that a host with this layout does not show.
    #[must_use]
    pub fn warnings(&self, binding: &Binding) -> Vec<ConversionWarning> {
        let hidden = self.hidden(binding).into_iter();
        let hidden = hidden.map(|what| format!("{what}: not shown by a host with this layout"));
        let flags = self.hidden_property_flags(binding).into_iter();
        let warning = |what| ConversionWarning::new(WarningKind::Value, what).of(binding.key());
        hidden.chain(flags).map(warning).collect()
    }

    /// The keys of the records that the host listed, in its order, where that was not the canonical
    /// one. A listing begins with those of them that are bound.
    #[must_use]
    pub fn order(&self) -> &[BindingKey] {
        &self.order
    }

    /// The bindings in the order of the host, followed by those that it did not have.
    fn ordered<'a>(&self, bindings: &'a [Binding]) -> Vec<&'a Binding> {
        let places: HashMap<_, _> = self.order.iter().zip(0_usize..).collect();
        let mut ordered: Vec<_> = bindings.iter().collect();
        if !places.is_empty() {
            ordered.sort_by_key(|binding| places.get(binding.key()).copied().unwrap_or(usize::MAX));
        }
        ordered
    }

    /// The values of a binding that a listing could not represent.
    #[must_use]
    pub fn refusals(&self, binding: &Binding) -> Vec<InexpressibleValue> {
        let refuse = |field: &str, reason: &str| InexpressibleValue {
            key: binding.key().clone(),
            field: field.to_owned(),
            reason: reason.to_owned(),
        };
        let kind = binding.key().kind();
        let language = self.language;
        let Some(lines) = self.records.get(&kind) else {
            let reason = match language {
                Language::English => "a host with this layout has no such bindings".to_owned(),
                other => format!(
                    "no published output of netsh in {} has the label {:?}, or the release no such \
                     bindings",
                    other.name(),
                    key_label(kind)
                ),
            };
            return vec![refuse("key", &reason)];
        };
        let record = binding.record();
        let store = record
            .certificate
            .as_ref()
            .and_then(|c| c.store_name.as_ref());
        let texts = [
            (
                Field::StoreName,
                store.map(certbind_core::StoreName::as_str),
            ),
            (
                Field::CtlIdentifier,
                record
                    .ctl_identifier
                    .as_ref()
                    .map(certbind_core::CtlIdentifier::as_str),
            ),
            (
                Field::CtlStoreName,
                record
                    .ctl_store_name
                    .as_ref()
                    .map(certbind_core::StoreName::as_str),
            ),
            (Field::Key, binding.host_spelling()),
        ];
        let mut refused: Vec<_> = texts
            .into_iter()
            .filter_map(|(field, text)| Some((field, text?)))
            .filter_map(|(field, text)| {
                let reason = self.unreadable(text)?;
                Some(refuse(field.label(), reason))
            })
            .collect();
        let bits = lines.iter().filter_map(|line| {
            let field = line.field?;
            let on = field.bit()?.is_shown_on(record.check_mode, record.flags);
            let is_known = has_word(language, field.shape(), on);
            (!is_known).then_some((field, Text::Word(field.shape(), on)))
        });
        refused.extend(bits.map(|(field, word)| {
            let name = language.name();
            let reason =
                format!("no published output of netsh in {name} has the word for \"{word}\"");
            refuse(field.label(), &reason)
        }));
        // Without an English label a key is recognized by its syntax.
        let key = key_text(binding);
        let label_line = lines.iter().find(|line| line.field == Some(Field::Key));
        let label_kinds = label_line
            .and_then(|line| Parts::of(&line.before))
            .and_then(|parts| super::labels::key(parts.label));
        let looks = key_shape(&key);
        let is_told = match label_kinds {
            Some(kinds) => kinds.contains(&kind),
            None => looks == Some(kind) || (looks, kind) == (Some(Kind::Sni), Kind::ScopedCcs),
        };
        if !is_told {
            refused.push(refuse(
                "key",
                "in this language it would be read as another kind",
            ));
        }
        refused
    }

    /// The reason why a text could not be read back, if any.
    fn unreadable(&self, text: &str) -> Option<&'static str> {
        if matches!(Name::of(text), Name::Absent | Name::AbsentAndMore) {
            Some("netsh prints (null) for an absent value")
        } else if text.chars().any(char::is_control) {
            Some("it contains a control character")
        } else if text.starts_with(':') {
            Some("it begins with a colon")
        } else if text.starts_with(char::is_whitespace) || text.ends_with(char::is_whitespace) {
            Some("it begins or ends with a space")
        } else if self.encoding.encode(text).is_err() {
            Some("it contains a character that the layout's encoding lacks")
        } else if self.encoding.is_unknown() && !text.is_ascii() {
            Some("it is not ASCII, and the layout's code page is unknown")
        } else {
            None
        }
    }
}
