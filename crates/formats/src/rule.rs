//! The rules that prevent a value from being misread. The known-answer test breaks each of them,
//! and has to detect it.

/// A rule of the reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rule {
    /// A separator is a colon next to a space, or the only colon of the line.
    Separator,
    /// A label of the table identifies the line, at any position.
    LabelBeforePosition,
    /// The labels of a record are of one language.
    OneLanguage,
    /// A label, and so a field, occurs once in a record.
    LabelOnce,
    /// The label of a key determines its kind, not its value.
    KindByLabel,
    /// Without labels, a record has exactly the lines of a release.
    ExactOrder,
    /// Names that no language translates are in their positions.
    UntranslatedNames,
    /// A known label after other text is not an unknown label.
    HiddenLabel,
    /// A value that is identified by its position alone is reported, unless it is the default.
    PositionIsReported,
    /// Labels learned from an earlier record keep their order, without others in between.
    LearnedLabels,
    /// An unknown label is reported, and never read as a field.
    UnknownLabel,
    /// `(null)` is not a name, in any case.
    NullIsNoName,
    /// `(null)` with text after it is an error.
    NullAlone,
    /// A name with something unusual in it is reported.
    UnusualName,
    /// A word or a number that is not known is an error.
    WholeValue,
    /// A line that every release prints is reported where it is missing.
    MissingLine,
    /// So is one that no release leaves out next to the others of the record.
    MissingOption,
    /// So are the checks that only the newest releases print, and nothing is inferred from that.
    MissingChecks,
    /// So is one that other records of the listing have.
    MissingOfOthers,
    /// Lines in an order that no release prints are reported: others may be missing.
    LineOrder,
    /// A missing Extended Property is reported.
    MissingSection,
    /// So is a value of an Extended Property.
    MissingProperty,
    /// The Extended Properties of a record are its last lines.
    PropertiesLast,
    /// A key occurs once in a listing.
    KeyOnce,
    /// Text that belongs to no record is reported.
    TextIsReported,
    /// Text without a record is not a listing.
    RecordOrEmpty,
    /// Several outputs in one file that differ are not a listing.
    OneOutput,
}

/// Whether the reader keeps to a rule: always, except in a test that breaks one.
#[cfg(not(test))]
pub(crate) const fn holds(_: Rule) -> bool {
    true
}

#[cfg(test)]
pub(crate) use broken::{holds, without};

#[cfg(test)]
mod broken {
    use std::cell::Cell;

    use super::Rule;

    thread_local! {
        static BROKEN: Cell<Option<Rule>> = const { Cell::new(None) };
    }

    pub(crate) fn holds(rule: Rule) -> bool {
        BROKEN.get() != Some(rule)
    }

    /// Runs something on a reader that breaks a rule.
    pub(crate) fn without<T>(rule: Rule, run: impl FnOnce() -> T) -> T {
        BROKEN.set(Some(rule));
        let result = run();
        BROKEN.set(None);
        result
    }

    impl Rule {
        pub(crate) const ALL: [Self; 27] = [
            Self::Separator,
            Self::LabelBeforePosition,
            Self::OneLanguage,
            Self::LabelOnce,
            Self::KindByLabel,
            Self::ExactOrder,
            Self::UntranslatedNames,
            Self::HiddenLabel,
            Self::PositionIsReported,
            Self::LearnedLabels,
            Self::UnknownLabel,
            Self::NullIsNoName,
            Self::NullAlone,
            Self::UnusualName,
            Self::WholeValue,
            Self::MissingLine,
            Self::MissingOption,
            Self::MissingChecks,
            Self::MissingOfOthers,
            Self::LineOrder,
            Self::MissingSection,
            Self::MissingProperty,
            Self::PropertiesLast,
            Self::KeyOnce,
            Self::TextIsReported,
            Self::RecordOrEmpty,
            Self::OneOutput,
        ];
    }
}
