//! Detecting the format of an export.

use std::borrow::Cow;

use crate::encoding::Encoding;
use crate::format::Format;
use crate::{desired, encoding, hive, reg, snapshot};

/// The format of the export in `bytes`, determined by its start: a snapshot, a hive file and a
/// registry export begin with their names (a snapshot is recognized with a partly damaged name), a
/// JSON object with a brace after any whitespace, and a desired state has a line `[[binding]]`,
/// `binding:` or that of another section. The output of netsh has none of these.
#[must_use]
pub fn detect(bytes: &[u8]) -> Format {
    if snapshot::is_meant(bytes) {
        return Format::Snapshot;
    }
    if hive::is_hive(bytes) {
        return Format::Hive;
    }
    if reg::is_reg(bytes) {
        return Format::Reg;
    }
    let (encoding, start) = encoding::of_start(bytes);
    let step = encoding.unit();
    let first = bytes[start.min(bytes.len())..]
        .chunks(step)
        .find(|unit| !unit.iter().all(|b| b.is_ascii_whitespace() || *b == 0));
    match first {
        Some(unit) if unit.contains(&b'{') && !is_command_output(bytes) => Format::Json,
        Some(unit) if unit.contains(&b'[') && is_list(&start_of(bytes, encoding)) => Format::Json,
        _ => desired::detect(&start_of(bytes, encoding)).unwrap_or(Format::Netsh),
    }
}

/// The text of the start, where it is long enough for the first section of a desired state.
fn start_of(bytes: &[u8], encoding: Encoding) -> Cow<'_, str> {
    let start = &bytes[..bytes.len().min(1 << 16)];
    match encoding.unit() {
        1 => String::from_utf8_lossy(start),
        _ => encoding.decode(start).unwrap_or_default(),
    }
}

/// Whether a text starts as a JSON list of objects, or is an empty one.
fn is_list(text: &str) -> bool {
    let text = text.trim_start_matches('\u{feff}').trim_start();
    let Some(rest) = text.strip_prefix('[').map(str::trim_start) else {
        return false;
    };
    rest.starts_with('{') || rest.trim_end() == "]"
}

/// Whether a JSON object contains the output of a command, as Ansible's do: it may contain a
/// listing.
fn is_command_output(bytes: &[u8]) -> bool {
    let start = &bytes[..bytes.len().min(1 << 16)];
    let has = |text: &[u8]| start.windows(text.len()).any(|window| window == text);
    has(b"\"stdout") && !has(crate::format::JSON_FORMAT.as_bytes())
}
