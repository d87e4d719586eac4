//! Times on the command line.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::Offset;

/// A day, which is its start in UTC, or a time with its zone.
pub(crate) fn instant(text: &str) -> Result<Timestamp, String> {
    let day = text.parse::<Date>().map(|day| day.at(0, 0, 0, 0));
    if let Ok(day) = day
        && text.len() == "2026-12-31".len()
    {
        return Offset::UTC
            .to_timestamp(day)
            .map_err(|error| error.to_string());
    }
    text.parse().map_err(|_| {
        "expected a day or a time with its zone, as in 2026-12-31 or 2026-12-31T12:00:00Z"
            .to_owned()
    })
}
