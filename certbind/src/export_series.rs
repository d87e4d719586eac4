//! A series of exports of one host: when each was made, and of which host it is, by its name.

use std::path::Path;

use jiff::civil::Date;
use jiff::tz::Offset;
use jiff::{SignedDuration, Timestamp};

use crate::files;
use crate::recording::Interval;

/// The parts of the name of an export.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ExportName {
    /// The part before the time.
    pub(crate) host: Option<String>,
    /// A time, or a whole day in UTC.
    pub(crate) time: Option<Interval>,
}

impl ExportName {
    /// `web01-2026-11-29.txt`, `web01_2026-11-29T120000Z.json`, `20261129.reg`, …
    pub(crate) fn of(path: &Path) -> Self {
        let stem = files::stem(path);
        let starts = stem.char_indices().filter(|(start, first)| {
            let before = stem[..*start].chars().next_back();
            first.is_ascii_digit() && !before.is_some_and(|it| it.is_ascii_digit())
        });
        for (start, _) in starts {
            if let Some(time) = time(&stem[start..]) {
                let host = stem[..start].trim_end_matches(['-', '_', '.', ' ', '@']);
                return Self {
                    host: (!host.is_empty()).then(|| host.to_owned()),
                    time: Some(time),
                };
            }
        }
        Self::default()
    }
}

/// A date, and a time of day in UTC after it, if there is one.
fn time(text: &str) -> Option<Interval> {
    let (date, rest) = date(text)?;
    let day = Offset::UTC.to_timestamp(date.at(0, 0, 0, 0)).ok()?;
    if let Some(time) = rest.strip_prefix(['T', 't']) {
        let time: String = time.chars().filter(|it| !":-".contains(*it)).collect();
        let digits = time.bytes().take_while(u8::is_ascii_digit).count();
        // Without its zone it is no time.
        if !time[digits..].starts_with(['Z', 'z']) || !matches!(digits, 4 | 6) {
            return None;
        }
        let part = |at: usize| time.get(at..at + 2).and_then(|it| it.parse::<i64>().ok());
        let (hour, minute, second) = (part(0)?, part(2)?, if digits == 6 { part(4)? } else { 0 });
        if hour > 23 || minute > 59 || second > 59 {
            return None;
        }
        let since = SignedDuration::from_secs(hour * 3600 + minute * 60 + second);
        let exactly = day.checked_add(since).ok()?;
        let unit = SignedDuration::from_secs(if digits == 6 { 0 } else { 60 });
        return Some(Interval {
            began: exactly,
            ended: exactly.checked_add(unit).ok()?,
        });
    }
    if rest.starts_with(|it: char| it.is_ascii_digit()) {
        return None;
    }
    let end = day.checked_add(SignedDuration::from_hours(24)).ok()?;
    Some(Interval {
        began: day,
        ended: end.min(Timestamp::now().max(day)),
    })
}

fn date(text: &str) -> Option<(Date, &str)> {
    [("%Y-%m-%d", 10), ("%Y%m%d", 8)]
        .into_iter()
        .find_map(|(format, length)| {
            let (date, rest) = text.split_at_checked(length)?;
            Some((Date::strptime(format, date).ok()?, rest))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_a_host_and_a_time() {
        let day = Some(("2025-11-29T00:00:00Z", "2025-11-30T00:00:00Z"));
        let minute = Some(("2025-11-29T12:30:00Z", "2025-11-29T12:31:00Z"));
        let second = Some(("2025-11-29T12:30:05Z", "2025-11-29T12:30:05Z"));
        for (name, host, time) in [
            ("web01-2025-11-29.txt", Some("web01"), day),
            ("a/web-01_20251129.json.gz", Some("web-01"), day),
            ("2025-11-29.txt", None, day),
            ("web01-2025-11-29-morning.txt", Some("web01"), day),
            ("web01-2025-11-29T1230Z.reg", Some("web01"), minute),
            ("web01 2025-11-29T12-30-05Z.reg", Some("web01"), second),
            ("20251129T123005Z", None, second),
            // No zone, no such time, no date: no time is recognized.
            ("web01-2025-11-29T1230.txt", None, None),
            ("web01-2025-11-29T2530Z.txt", None, None),
            ("web01-2025-13-29.txt", None, None),
            ("web01-202511290.txt", None, None),
            ("web01.txt", None, None),
        ] {
            let time = time.map(|(began, ended)| Interval {
                began: began.parse().unwrap(),
                ended: ended.parse().unwrap(),
            });
            let host = host.map(ToOwned::to_owned);
            assert_eq!(
                ExportName::of(Path::new(name)),
                ExportName { host, time },
                "{name}"
            );
        }
    }
}
