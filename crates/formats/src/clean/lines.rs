//! Lines with the numbers that they have in the file, and the labels in them.

/// A line, without its end, and its number in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct NumberedLine {
    pub(super) number: u64,
    pub(super) text: String,
}

pub(super) type Lines = Vec<NumberedLine>;

/// Whether a text has a label of a listing and its separator in it.
pub(super) fn has_label(text: &str) -> bool {
    label_at(text).is_some()
}

/// Where the first English label of a listing begins in a line, with a colon after it.
pub(super) fn label_at(text: &str) -> Option<usize> {
    const LABELS: [&str; 8] = [
        "IP:port",
        "Hostname:port",
        "CCS:port",
        "Central Certificate Store",
        "Certificate Hash",
        "Application ID",
        "Certificate Store Name",
        "Revocation Freshness Time",
    ];
    let places = LABELS.iter().filter_map(|label| {
        let at = text.find(label)?;
        text[at + label.len()..].contains(':').then_some(at)
    });
    places.min()
}
