//! Recognizing the lines of a record by their order, in a language whose labels are not known.

use certbind_core::Kind;

use super::field::{Field, NULL, PRINTED, Printed, Shape};
use super::labels;
use super::line_reader::{Entry, guid, is_hash, is_number, key_shape};
use super::locale::{Locale, meaning};
use super::recognition::{Recognition, Recognized, Unexpected};
use crate::rule::{Rule, holds};

/// Recognizes the lines if their number, order and values are exactly those of a known release.
/// Labels that are known, and names that no language translates, have to agree with it.
pub(super) fn recognize(
    entries: &[Entry<'_>],
    known: &[Option<Recognition>],
    sections: usize,
    locale: Option<&Locale>,
) -> Result<Recognized, Unexpected> {
    if let Some(at) = entries
        .iter()
        .position(|entry| labels::is_hidden(entry.label))
        && holds(Rule::HiddenLabel)
    {
        let expected = "a label alone before the colon; remove what stands before it";
        return Err(Unexpected::at(at, expected));
    }
    let mut fitting: Vec<(Vec<Field>, &Printed)> = Vec::new();
    let mut farthest = 0;
    for printed in PRINTED
        .iter()
        .filter(|printed| printed.sections == sections)
    {
        for order in orders(printed, entries) {
            let fits = |at: &usize| fits(entries[*at], known[*at], order[*at], locale);
            let matching = (0..order.len().min(entries.len())).take_while(fits).count();
            farthest = farthest.max(matching);
            let is_exact = order.len() == entries.len() || !holds(Rule::ExactOrder);
            if matching == entries.len() && is_exact {
                fitting.push((order, printed));
            }
        }
    }
    let Some((_, printed)) = fitting.first() else {
        let last = entries.len().saturating_sub(1);
        let expected = "labels in English, or the lines of a known release of Windows, all of them \
                        and in their order";
        return Err(Unexpected::at(farthest.min(last), expected));
    };
    let order_of = Some(printed.windows);
    let lines = (0..entries.len()).map(|at| {
        let mut fields = fitting.iter().map(|(order, _)| order[at]);
        let field = fields
            .next()
            .filter(|field| fields.all(|other| other == *field));
        match (known[at], field) {
            (Some(known), _) => known,
            (None, None) => Recognition::Unknown,
            (None, Some(field)) => Recognition::ByPosition(field),
        }
    });
    let lines = lines.collect();
    Ok(Recognized { lines, order_of })
}

/// The orders of lines that a record of a release may have. One of the central store may lack the
/// lines of the certificate.
fn orders(printed: &Printed, entries: &[Entry<'_>]) -> Vec<Vec<Field>> {
    let key = entries.first().and_then(|entry| key_shape(entry.value));
    let heads: &[&[Field]] = match key {
        Some(Kind::Ccs) => &[
            &[Field::Key, Field::Hash, Field::AppId, Field::StoreName],
            &[Field::Key, Field::AppId, Field::StoreName],
            &[Field::Key, Field::AppId],
        ],
        _ => &[&[Field::Key, Field::Hash, Field::AppId, Field::StoreName]],
    };
    let middle = [
        Field::Freshness,
        Field::Timeout,
        Field::CtlIdentifier,
        Field::CtlStoreName,
        Field::DsMapper,
        Field::Negotiate,
    ];
    let order = |head: &&[Field]| {
        let parts = [*head, printed.checks, &middle, printed.options];
        parts.concat()
    };
    heads.iter().map(order).collect()
}

/// Whether a line may be the one of a field.
fn fits(
    entry: Entry<'_>,
    known: Option<Recognition>,
    field: Field,
    locale: Option<&Locale>,
) -> bool {
    if known.is_some_and(|known| known.field() != Some(field)) {
        return false;
    }
    if known.is_none()
        && Field::anchored(entry.label) != field.untranslated().map(|_| field)
        && holds(Rule::UntranslatedNames)
    {
        return false;
    }
    let value = entry.value;
    let is_word = |shape| meaning(locale, shape, value).is_some();
    match field.shape() {
        Shape::Key => key_shape(value).is_some(),
        Shape::Hash => is_hash(value) || value == NULL,
        Shape::AppId => guid(value).is_some(),
        // Windows Server 2008 shows nothing for an absent one.
        Shape::Text if value.is_empty() => field > Field::StoreName,
        Shape::Text => !is_word(Shape::Enabled) && !is_word(Shape::Set),
        Shape::Number => is_number(value),
        shape => is_word(shape),
    }
}
