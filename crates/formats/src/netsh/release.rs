//! The layouts of the releases of Windows, for printing from scratch.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use certbind_core::Kind;

use super::evidence::Text;
use super::field::{BASIC, Field, PRINTED, Shape, key_label};
use super::language::Language;
use super::layout::{Case, Layout, Line, Newline};
use super::locale::Locale;
use super::translation::{self, NoEvidence, known};
use crate::encoding::Encoding;

/// A release of Windows whose listings have a layout of their own. Each is known from listings of
/// hosts or inferred from them; the page on [listings] gives the source of each line.
///
/// [listings]: https://github.com/certbind/certbind/blob/main/docs/formats/netsh.md#layouts
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Release {
    /// Windows Server 2008: as 2008 R2, with nothing where a CTL value is absent.
    Server2008,
    /// Windows 7 and Server 2008 R2: irregular columns, spaces after values, `ipport` only.
    Server2008R2,
    /// Windows 8 to Server 2012 R2: the thirteen basic lines, in columns.
    Server2012R2,
    /// Windows Server 2016 as first released, and Windows 10 1607: with `Reject Connections`.
    Server2016Rtm,
    /// Windows Server 2016: with `Reject Connections` and `Disable HTTP2`.
    Server2016,
    /// Windows Server 2019: with the lines for QUIC, TLS and OCSP.
    Server2019,
    /// Windows Server 2022: with session tickets, and Extended Properties 0 to 4.
    #[default]
    Server2022,
    /// Windows 11 22H2 and 23H2: with caching of the client hello.
    Windows11,
    /// Windows Server 2025: with three more checks of client certificates, session ids, caching of
    /// the client hello, and Extended Properties 0 to 4.
    Server2025,
}

impl Release {
    /// All of them, the oldest first.
    pub const ALL: [Self; 9] = [
        Self::Server2008,
        Self::Server2008R2,
        Self::Server2012R2,
        Self::Server2016Rtm,
        Self::Server2016,
        Self::Server2019,
        Self::Server2022,
        Self::Windows11,
        Self::Server2025,
    ];

    /// The name: `2008` to `2025`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Server2008 => "2008",
            Self::Server2008R2 => "2008r2",
            Self::Server2012R2 => "2012r2",
            Self::Server2016Rtm => "2016rtm",
            Self::Server2016 => "2016",
            Self::Server2019 => "2019",
            Self::Server2022 => "2022",
            Self::Windows11 => "win11-23h2",
            Self::Server2025 => "2025",
        }
    }

    /// The layout of its listings in English: UTF-8, lines ending in CRLF.
    #[must_use]
    pub fn layout(self) -> Layout {
        let old = self <= Self::Server2008R2;
        let kinds = if old { &Kind::ALL[..1] } else { &Kind::ALL };
        let records: BTreeMap<_, _> = kinds
            .iter()
            .map(|kind| (*kind, self.lines(*kind)))
            .collect();
        let mut lead = vec![
            String::new(),
            "SSL Certificate bindings:".to_owned(),
            "-".repeat(25),
        ];
        let blank_lines = if self >= Self::Server2022 { 3 } else { 1 };
        lead.extend(std::iter::repeat_n(String::new(), blank_lines));
        Layout {
            encoding: Encoding::UTF_8,
            newline: Newline::Crlf,
            lead,
            between: vec![String::new()],
            titles: BTreeMap::new(),
            asides: BTreeMap::new(),
            tail: vec![String::new(), String::new()],
            records,
            words: Locale::default(),
            hash_case: Case::Lower,
            app_id_case: Case::Lower,
            order: Vec::new(),
            language: Language::English,
        }
    }

    /// The layout of its listings in a language: UTF-8, lines ending in CRLF. The spaces of the lines
    /// are those of the host whose output was published, which may have had another release.
    ///
    /// # Errors
    /// [`NoEvidence`] with the lines that no published output has in that language.
    pub fn layout_in(self, language: Language) -> Result<Layout, NoEvidence> {
        let mut layout = self.layout();
        if language == Language::English {
            return Ok(layout);
        }
        let mut missing = Vec::new();
        let mut translated = |text: Text| match known(language, text) {
            Some(known) => (known.spelling, known.gap),
            None => {
                if !missing.contains(&text) {
                    missing.push(text);
                }
                ("", "")
            }
        };
        layout.lead[1] = translated(Text::Title).0.to_owned();
        layout.lead[2] = translated(Text::Rule).0.to_owned();
        // No published output has all kinds of keys. A binding with another one is refused.
        layout.records.retain(|kind, _| {
            *kind == Kind::IpPort || translation::kinds(language).any(|known| known == *kind)
        });
        for (kind, lines) in &mut layout.records {
            for line in lines {
                let text = match line.field {
                    Some(Field::Key) => Text::Key(*kind),
                    Some(field) => Text::Field(field),
                    None if line.before == EXTENDED_TITLE => Text::Properties,
                    None => Text::PropertyId,
                };
                let (label, gap) = translated(text);
                let id = match text {
                    Text::PropertyId => line.before.rsplit(' ').next().unwrap_or_default(),
                    _ => "",
                };
                let indent = if text == Text::Properties {
                    " "
                } else {
                    "    "
                };
                line.before = format!("{indent}{label}{gap}{id}");
            }
        }
        let mut fields = layout.records.values().flatten();
        let has_set = fields.any(|line| line.field.is_some_and(|f| f.shape() == Shape::Set));
        // Nearly every record has these words. One with `Set` is refused where that is not known.
        translated(Text::Word(Shape::Enabled, true));
        translated(Text::Word(Shape::Enabled, false));
        if has_set {
            translated(Text::Word(Shape::Set, false));
        }
        layout.words = translation::words(language);
        layout.language = language;
        match NoEvidence::of_all(language, missing) {
            Some(missing) => Err(missing),
            None => Ok(layout),
        }
    }

    fn lines(self, kind: Kind) -> Vec<Line> {
        let printed = match self {
            Self::Server2008 | Self::Server2008R2 | Self::Server2012R2 => &PRINTED[0],
            Self::Server2016Rtm => &PRINTED[1],
            Self::Server2016 => &PRINTED[2],
            Self::Server2019 => &PRINTED[3],
            Self::Server2022 => &PRINTED[5],
            Self::Windows11 => &PRINTED[7],
            Self::Server2025 => &PRINTED[PRINTED.len() - 1],
        };
        let fields = BASIC[..4].iter().chain(printed.checks).chain(&BASIC[7..]);
        let mut lines: Vec<_> = fields
            .chain(printed.options)
            .map(|field| match self {
                Self::Server2008 => Line {
                    off: is_ctl(*field).then(String::new),
                    ..old_line(*field)
                },
                Self::Server2008R2 => old_line(*field),
                _ => line(*field, kind),
            })
            .collect();
        for (id, fields) in &EXTENDED[..printed.sections] {
            lines.push(Line::text(EXTENDED_TITLE));
            lines.push(Line::text(&format!("{}{id}", column("PropertyId"))));
            lines.extend(fields.iter().map(|field| line(*field, kind)));
        }
        lines
    }
}

/// The line above an extended property.
const EXTENDED_TITLE: &str = " Extended Properties:";

/// The Extended Properties that hosts print, by their ids.
const EXTENDED: [(u32, &[Field]); 5] = [
    (0, &[Field::ReceiveWindow]),
    (
        1,
        &[Field::MaxSettingsPerFrame, Field::MaxSettingsPerMinute],
    ),
    (2, &[]),
    (3, &[]),
    (4, &[]),
];

impl Line {
    /// A line without a value.
    pub(super) fn text(text: &str) -> Self {
        Self {
            field: None,
            before: text.to_owned(),
            after: String::new(),
            on: None,
            off: None,
        }
    }
}

fn line(field: Field, kind: Kind) -> Line {
    let label = match field {
        Field::Key => key_label(kind),
        _ => field.label(),
    };
    Line {
        field: Some(field),
        ..Line::text(&column(label))
    }
}

/// A label in its column: four spaces, 29 characters, the separator.
pub(super) fn column(label: &str) -> String {
    format!("    {label:<28} : ")
}

fn is_ctl(field: Field) -> bool {
    matches!(field, Field::CtlIdentifier | Field::CtlStoreName)
}

fn old_line(field: Field) -> Line {
    let (gap, after) = match field {
        Field::Key => (17, " "),
        Field::Hash => (8, ""),
        Field::AppId => (10, " "),
        Field::StoreName => (2, " "),
        Field::Freshness => (1, " "),
        Field::Timeout => (3, " "),
        Field::CtlIdentifier | Field::CtlStoreName => (10, " "),
        _ => (4, ""),
    };
    Line {
        field: Some(field),
        after: after.to_owned(),
        ..Line::text(&format!("    {}{:gap$}: ", field.label(), ""))
    }
}

/// No release has this name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is not a layout; expected 2008, 2008r2, 2012r2, 2016rtm, 2016, 2019, 2022, win11-23h2 \
     or 2025"
)]
pub struct UnknownRelease(String);

impl FromStr for Release {
    type Err = UnknownRelease;

    fn from_str(name: &str) -> Result<Self, UnknownRelease> {
        Self::ALL
            .into_iter()
            .find(|release| release.name().eq_ignore_ascii_case(name))
            .ok_or_else(|| UnknownRelease(name.to_owned()))
    }
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
