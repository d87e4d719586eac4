//! Terminal escaping: data must not move the cursor, change colours or reverse the direction of text.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::{self, IsTerminal, Write};

use certbind_formats::hidden::{is_hidden, visible};

/// The text with an escape for every character that a terminal might interpret or hide.
pub(crate) fn escaped(text: &str) -> Cow<'_, str> {
    visible(text)
}

/// JSON with these characters as `\u` escapes: they occur only in its strings, so the value is the
/// same.
pub(crate) fn escaped_json(json: &str) -> String {
    let mut shown = String::with_capacity(json.len());
    for character in json.chars() {
        if character != '\n' && is_hidden(character) {
            let mut units = [0; 2];
            for unit in character.encode_utf16(&mut units) {
                let _ = write!(shown, "\\u{unit:04x}");
            }
        } else {
            shown.push(character);
        }
    }
    shown
}

/// Escapes the JSON that is written to it like [`escaped_json`], without keeping all of it in
/// memory. A character must not be split between writes; `serde_json` never does that.
pub(crate) struct EscapingJson<W: Write>(pub(crate) W);

impl<W: Write> Write for EscapingJson<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if bytes.iter().all(|byte| matches!(byte, b' '..=b'~' | b'\n')) {
            return self.0.write(bytes);
        }
        let text = std::str::from_utf8(bytes);
        let text = text.map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
        self.0.write_all(escaped_json(text).as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// Standard output for text that has to keep its bytes in a file or a pipe: only on a terminal it
/// is escaped.
pub(crate) fn exact_stdout() -> Box<dyn Write> {
    let stdout = io::stdout().lock();
    if stdout.is_terminal() {
        Box::new(Escaping(stdout))
    } else {
        Box::new(io::BufWriter::new(IgnoreBrokenPipe(stdout)))
    }
}

/// A writer that ignores a broken pipe: the work continues, and the exit code reports the result.
pub(crate) struct IgnoreBrokenPipe<W: Write>(pub(crate) W);

impl<W: Write> Write for IgnoreBrokenPipe<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.0.write(bytes) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(bytes.len()),
            written => written,
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self.0.flush() {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            flushed => flushed,
        }
    }
}

/// Escapes the text written to it, except line ends and tabs. Bytes that are not UTF-8 become
/// U+FFFD.
struct Escaping<W: Write>(W);

impl<W: Write> Write for Escaping<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // All code of this program writes complete lines.
        let text = String::from_utf8_lossy(bytes);
        for part in text.split_inclusive(['\n', '\r', '\t']) {
            let end = part.len() - usize::from(part.ends_with(['\n', '\r', '\t']));
            self.0.write_all(escaped(&part[..end]).as_bytes())?;
            self.0.write_all(&part.as_bytes()[end..])?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_a_terminal_acts_on_gets_through() {
        let hostile = "MY\u{1b}]0;owned\u{7}\u{9b}31m\u{202e}txt\r\n\u{200b}";
        let shown = escaped(hostile);
        assert_eq!(
            shown,
            "MY\\u{1b}]0;owned\\u{7}\\u{9b}31m\\u{202e}txt\\u{d}\\u{a}\\u{200b}"
        );
        assert_eq!(escaped("Zertifikate äöü 証明書"), "Zertifikate äöü 証明書");
    }

    #[test]
    fn escaping_preserves_json_values() {
        let value = serde_json::json!({ "store": "\u{7f}\u{9b}31m\u{202e}x" });
        let shown = escaped_json(&serde_json::to_string_pretty(&value).unwrap());
        assert!(shown.chars().all(|c| c == '\n' || !is_hidden(c)), "{shown}");
        assert_eq!(
            serde_json::from_str::<serde_json::Value>(&shown).unwrap(),
            value
        );
    }

    #[test]
    fn json_is_escaped_the_same_on_its_way() {
        let texts = [
            "plain",
            "",
            "\u{7f}\u{9b}31m\u{202e}x",
            "tab\t\"\\",
            "b\u{fc}cher \u{1f600}",
        ];
        let value = serde_json::json!({ "all": texts, "\u{9b}": 1 });
        let whole = escaped_json(&serde_json::to_string_pretty(&value).unwrap());
        let mut streamed = Vec::new();
        serde_json::to_writer_pretty(EscapingJson(&mut streamed), &value).unwrap();
        assert_eq!(String::from_utf8(streamed).unwrap(), whole);
        assert!(whole.contains("\\u202e"));
    }

    #[test]
    fn terminal_escaping_preserves_lines() {
        let mut shown = Vec::new();
        Escaping(&mut shown)
            .write_all(b"a\tb\r\n\x1b[2J\xff\n")
            .unwrap();
        assert_eq!(
            String::from_utf8(shown).unwrap(),
            "a\tb\r\n\\u{1b}[2J\u{fffd}\n"
        );
    }
}
