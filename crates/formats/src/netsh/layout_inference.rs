//! Infers the layout of the host that printed a listing.

use std::collections::BTreeMap;
use std::collections::HashMap;

use certbind_core::{BindingKey, Kind};

use super::field::{Field, Shape, key_label};
use super::gap::Gap;
use super::language::Language;
use super::layout::{Case, Layout, Line, Newline};
use super::line_reader::{LineEnd, RawLine};
use super::locale::{Locale, counterpart};
use super::record::Parsed;
use super::release::Release;
use crate::encoding::Encoding;

/// The most lines outside of records that are kept, of all gaps together.
pub(super) const MOST_LINES: usize = 200_000;

/// The most records with gaps of their own. Further ones are printed with other gaps, and reported.
const MOST_GAPS: usize = 100_000;

/// The layout inferred so far from the records of a listing and the text around them.
#[derive(Debug, Default)]
pub(super) struct LayoutInference {
    named_words: Option<Locale>,
    newlines: [Option<u64>; 2],
    lead: Option<Vec<String>>,
    pending: Vec<String>,
    /// How many lines are kept, in gaps and pending.
    kept: usize,
    last_kind: Option<Kind>,
    between: Option<Vec<String>>,
    titles: BTreeMap<Kind, Vec<String>>,
    /// The gaps that differed from `between` when they were read.
    gaps: BTreeMap<BindingKey, Vec<String>>,
    records: BTreeMap<Kind, Vec<Line>>,
    words: HashMap<Field, [Option<String>; 2]>,
    hash_case: Option<Case>,
    app_id_case: Option<Case>,
}

impl LayoutInference {
    pub(super) fn new(named_words: Option<Locale>) -> Self {
        Self {
            named_words,
            ..Self::default()
        }
    }

    /// Infers the layout of a line, inside or outside of a record.
    pub(super) fn line(&mut self, line: &RawLine) {
        let seen = match line.end {
            Some(LineEnd::Crlf) => &mut self.newlines[0],
            Some(LineEnd::Lf) => &mut self.newlines[1],
            None => return,
        };
        seen.get_or_insert(line.number);
    }

    /// Adds a line that belongs to no record.
    pub(super) fn text(&mut self, line: String) {
        if !self.is_cut() {
            self.kept += 1;
            self.pending.push(line);
        }
    }

    /// Whether there were more lines than are kept. There is no layout then.
    pub(super) fn is_cut(&self) -> bool {
        self.kept >= MOST_LINES
    }

    /// Whether any layout that will be learnt prints the lines before the next record, which is of this
    /// kind.
    pub(super) fn has_usual_gap(&self, kind: Kind) -> bool {
        let usual = match self.last_kind {
            Some(last) if last == kind => self.between.as_ref(),
            Some(_) => self.titles.get(&kind),
            None => None,
        };
        usual == Some(&self.pending)
    }

    /// The lines before the next record.
    pub(super) fn gap(&self) -> Gap {
        Gap {
            last_kind: self.last_kind,
            lines: self.pending.clone(),
        }
    }

    /// Adds a record that is printed like an earlier one.
    pub(super) fn repeated(&mut self, key: &BindingKey) {
        let kind = key.kind();
        let gap = std::mem::take(&mut self.pending);
        if self.last_kind == Some(kind) && self.between.as_ref() == Some(&gap) {
            // Nearly all are so: the lines are reused.
            self.kept -= gap.len();
            self.pending = gap;
            self.pending.clear();
            return;
        }
        let is_blank = gap.iter().all(|line| line.trim().is_empty());
        if self.lead.is_none() {
            self.lead = Some(gap);
        } else if self.last_kind != Some(kind) && !self.titles.contains_key(&kind) {
            self.titles.insert(kind, gap);
        } else if self.between.is_none() && is_blank {
            self.between = Some(gap);
        } else if self.between.as_ref() != Some(&gap) && self.gaps.len() < MOST_GAPS {
            self.gaps.insert(key.clone(), gap);
        } else {
            self.kept -= gap.len();
        }
        self.last_kind = Some(kind);
    }

    /// Adds a record.
    pub(super) fn record(&mut self, parsed: &Parsed, hash: &str, app_id: &str) {
        let kind = parsed.binding.key().kind();
        self.repeated(parsed.binding.key());
        self.hash_case = self.hash_case.or_else(|| Case::of(hash));
        self.app_id_case = self.app_id_case.or_else(|| Case::of(app_id));
        for line in &parsed.lines {
            let Some(field) = line.field else { continue };
            let words = self.words.entry(field).or_default();
            for (word, found) in words.iter_mut().zip([&line.on, &line.off]) {
                if word.is_none() {
                    word.clone_from(found);
                }
            }
        }
        let known = self.records.entry(kind).or_default();
        let fields = |lines: &[Line]| lines.iter().filter(|line| line.field.is_some()).count();
        // The lines that a host prints of a central store binding are not known: any of them are
        // accepted.
        let is_whole = parsed.is_complete || !kind.names_certificate();
        if is_whole && fields(&parsed.lines) > fields(known) {
            known.clone_from(&parsed.lines);
        }
    }

    /// The inferred layout, and a line whose end differs from most. There is no layout where every
    /// record was trimmed.
    pub(super) fn finish(
        mut self,
        encoding: Encoding,
        order: Vec<BindingKey>,
    ) -> (Option<Layout>, Option<u64>) {
        let newline = match self.newlines {
            [None, Some(_)] => Newline::Lf,
            _ => Newline::Crlf,
        };
        let odd = match self.newlines {
            [Some(crlf), Some(lf)] => Some(crlf.max(lf)),
            _ => None,
        };
        let is_empty = self.lead.is_none();
        let lead = self
            .lead
            .take()
            .unwrap_or_else(|| std::mem::take(&mut self.pending));
        self.records.retain(|_, lines| !lines.is_empty());
        if self.is_cut() || (self.records.is_empty() && !is_empty) {
            return (None, odd);
        }
        let between = self.between.take().unwrap_or_else(|| {
            let blank = |gap: &&Vec<String>| gap.iter().all(|line| line.trim().is_empty());
            let gap = self.titles.values().find(blank);
            gap.cloned().unwrap_or_else(|| vec![String::new()])
        });
        self.titles.retain(|_, title| *title != between);
        self.gaps.retain(|_, gap| *gap != between);
        let words = self.words();
        for line in self.records.values_mut().flatten() {
            settle_words(line, &self.words, &words);
        }
        add_kinds(&mut self.records);
        let layout = Layout {
            encoding,
            newline,
            lead,
            between,
            titles: self.titles,
            asides: self.gaps,
            tail: self.pending,
            records: self.records,
            words,
            hash_case: self.hash_case.unwrap_or_default(),
            app_id_case: self.app_id_case.unwrap_or_default(),
            order,
            language: Language::English,
        };
        (Some(layout), odd)
    }

    /// The words of most lines: those of the first line, in the order of the fields, that has them.
    fn words(&self) -> Locale {
        let mut words = self.named_words.clone().unwrap_or_default();
        for (shape, on, off) in [
            (Shape::Enabled, &mut words.enabled, &mut words.disabled),
            (Shape::Set, &mut words.set, &mut words.not_set),
        ] {
            let found = |which: usize| {
                Field::ALL
                    .iter()
                    .filter(|field| field.shape() == shape)
                    .find_map(|field| self.words.get(field)?[which].clone())
            };
            let pair = |word: &String| counterpart(self.named_words.as_ref(), shape, word);
            let (found_on, found_off) = (found(0), found(1));
            if let Some(word) = found_on
                .clone()
                .or_else(|| found_off.as_ref().and_then(pair))
            {
                *on = word;
            }
            if let Some(word) = found_off.or_else(|| found_on.as_ref().and_then(pair)) {
                *off = word;
            }
        }
        words
    }
}

/// Leaves a line only the words that are not those of the layout.
fn settle_words(line: &mut Line, seen: &HashMap<Field, [Option<String>; 2]>, words: &Locale) {
    let Some(field) = line.field else { return };
    let [on, off] = seen.get(&field).cloned().unwrap_or_default();
    let unlike =
        |word: Option<String>, on: bool| word.filter(|word| word != words.word(field.shape(), on));
    line.on = unlike(on, true);
    line.off = unlike(off, false);
}

/// Lays out the kinds that the listing has none of as those that it has, their key labelled in
/// English in the same column.
fn add_kinds(records: &mut BTreeMap<Kind, Vec<Line>>) {
    let Some(model) = records.values().next().cloned() else {
        records.extend(Release::default().layout().records);
        return;
    };
    for kind in Kind::ALL {
        records.entry(kind).or_insert_with(|| {
            let mut lines = model.clone();
            for line in &mut lines {
                if line.field == Some(Field::Key) {
                    line.before = relabelled(&line.before, key_label(kind));
                }
            }
            lines
        });
    }
}

fn relabelled(before: &str, label: &str) -> String {
    let indent: String = before.chars().take_while(|c| c.is_whitespace()).collect();
    let text: Vec<char> = before.chars().collect();
    let colon = text.iter().rposition(|c| *c == ':').unwrap_or(text.len());
    let behind: String = text.iter().skip(colon + 1).collect();
    let width = colon
        .saturating_sub(indent.chars().count())
        .saturating_sub(1);
    format!("{indent}{label:<width$} :{behind}")
}
