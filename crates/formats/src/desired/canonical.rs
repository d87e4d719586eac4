//! The canonical form of a desired state in TOML.

use certbind_core::CertHash;
use toml_edit::{DocumentMut, Item, Table, Value};

use super::document::{DEFAULTS, DOCUMENT, KEYS};
use crate::error::ReadError;
use crate::format::Format;
use crate::options::ReadOptions;

/// The longest line of a list.
const WIDTH: usize = 100;

/// A desired state in TOML with its sections and fields in their order, one form of spaces, and
/// hashes as 40 digits. Comments stay with the line that they precede or end. Lines end as the first
/// one does: git may check files out with CR LF. The output of [`write`](super::write()) is in this
/// form.
///
/// # Errors
/// [`ReadError`]: the text is not a desired state. Certificate files that it names are read.
pub fn canonical(text: &str, options: &ReadOptions) -> Result<String, ReadError> {
    let read = |text: &str| super::read(text.as_bytes(), Format::Toml, options);
    let before = read(text)?;
    // It was parsed as TOML before, so this does not fail.
    let document: DocumentMut = text.parse().map_err(|error: toml_edit::TomlError| {
        ReadError::Malformed(crate::report::ParseError::in_file(error.to_string()))
    })?;
    let mut writer = Writer::default();
    writer.table(&[], document.as_table());
    writer.comments(document.trailing().as_str().unwrap_or_default());
    let first = text.split_inclusive('\n').next().unwrap_or_default();
    if first.ends_with("\r\n") {
        writer.text = writer.text.replace("\r\n", "\n").replace('\n', "\r\n");
    }
    let after = read(&writer.text)?;
    // An output that reads differently is worse than none.
    if (&before.export, &before.managed) != (&after.export, &after.managed) {
        return Err(ReadError::Malformed(crate::report::ParseError::in_file(
            "the canonical form would give other bindings; this is a bug in certbind",
        )));
    }
    Ok(writer.text)
}

#[derive(Default)]
struct Writer {
    text: String,
}

impl Writer {
    /// The lines of a table, and then its sections.
    fn table(&mut self, path: &[String], table: &Table) {
        let mut fields: Vec<(&str, &Item)> = table.iter().collect();
        fields.sort_by_key(|(name, _)| place(path, name));
        let is_section = |item: &Item| {
            item.is_array_of_tables() || item.as_table().is_some_and(|it| !it.is_dotted())
        };
        for (name, item) in fields.iter().filter(|(_, item)| !is_section(item)) {
            self.field(path, table, name, item);
        }
        for (name, item) in fields.iter().filter(|(_, item)| is_section(item)) {
            let key = table.key(name).map(|key| key.display_repr().into_owned());
            let mut path = path.to_vec();
            path.push(key.unwrap_or_else(|| (*name).to_owned()));
            let of_list = item.as_array_of_tables().into_iter().flatten();
            let of_list = of_list.map(|table| (table, true));
            let single = item.as_table().map(|table| (table, false));
            for (table, is_list) in single.into_iter().chain(of_list) {
                self.section(&path, table, is_list);
            }
        }
    }

    fn section(&mut self, path: &[String], table: &Table, is_list: bool) {
        let is_written = is_list || !table.is_implicit();
        if is_written {
            if !self.text.is_empty() {
                self.text.push('\n');
            }
            let decor = table.decor();
            let prefix = decor.prefix().and_then(|it| it.as_str());
            self.comments(prefix.unwrap_or_default());
            let name = path.join(".");
            self.text.push_str(&match is_list {
                true => format!("[[{name}]]"),
                false => format!("[{name}]"),
            });
            self.end_line(decor.suffix().and_then(|it| it.as_str()));
        }
        self.table(path, table);
    }

    fn field(&mut self, path: &[String], table: &Table, name: &str, item: &Item) {
        let Some(key) = table.key(name) else {
            return;
        };
        let prefix = key.leaf_decor().prefix().and_then(|it| it.as_str());
        self.comments(prefix.unwrap_or_default());
        let key = key.display_repr();
        match item {
            Item::Value(value) => {
                let value_text = value_of(path, name, value, key.len());
                self.text.push_str(&format!("{key} = {value_text}"));
                self.end_line(value.decor().suffix().and_then(|it| it.as_str()));
            }
            // `groups.shop = …`: unchanged.
            Item::Table(dotted) => {
                for (inner, value) in dotted.get_values() {
                    let inner: Vec<_> = inner.iter().map(|it| it.display_repr()).collect();
                    let value_text = value_of(path, name, value, key.len());
                    self.text
                        .push_str(&format!("{key}.{} = {value_text}", inner.join(".")));
                    self.end_line(value.decor().suffix().and_then(|it| it.as_str()));
                }
            }
            Item::None | Item::ArrayOfTables(_) => {}
        }
    }

    /// The comments before a line. An empty line between two of them is kept.
    fn comments(&mut self, text: &str) {
        let mut is_apart = false;
        let mut is_first = true;
        for line in text.lines().map(str::trim) {
            if line.starts_with('#') {
                if is_apart && !is_first {
                    self.text.push('\n');
                }
                self.text.push_str(line);
                self.text.push('\n');
                (is_apart, is_first) = (false, false);
            } else {
                is_apart = true;
            }
        }
    }

    /// Ends a line with its comment, if it has one.
    fn end_line(&mut self, suffix: Option<&str>) {
        let comment = suffix.unwrap_or_default().trim();
        if comment.starts_with('#') {
            self.text.push(' ');
            self.text.push_str(comment);
        }
        self.text.push('\n');
    }
}

/// The place of a field among those of its table. Names that people choose keep their order.
fn place(path: &[String], name: &str) -> usize {
    let of = |names: &[&str]| names.iter().position(|known| *known == name);
    let place = match path {
        [] => of(DOCUMENT),
        [section] if section == "defaults" => of(DEFAULTS),
        // The keys come first, and the spelling of a host name last.
        [section] if section == "binding" => match name {
            "host_spelling" => None,
            "port" => Some(KEYS.len()),
            _ => of(KEYS).or_else(|| of(DEFAULTS).map(|place| KEYS.len() + 1 + place)),
        },
        _ => Some(0),
    };
    place.unwrap_or(usize::MAX)
}

fn value_of(path: &[String], name: &str, value: &Value, indent: usize) -> String {
    let raw = || value.to_string().trim().to_owned();
    match value {
        Value::String(text) if name == "cert" => match text.value().parse::<CertHash>() {
            Ok(hash) => plain_text(&hash.to_string()),
            Err(_) => plain_text(text.value()),
        },
        Value::String(text) => plain_text(text.value()),
        Value::Integer(number) => number.value().to_string(),
        Value::Array(items) => {
            let is_commented = raw().lines().any(|line| line.contains('#'));
            if is_commented {
                return raw();
            }
            let items: Vec<_> = items.iter().map(|it| value_of(path, "", it, 0)).collect();
            let of_keys = path == ["binding"] && matches!(name, "key" | "host") && items.len() > 1;
            list(&items, indent, of_keys)
        }
        Value::Float(_) | Value::Boolean(_) | Value::Datetime(_) | Value::InlineTable(_) => raw(),
    }
}

/// A list, on one line unless that would be too long after a name of this length.
pub(super) fn list(items: &[String], name: usize, is_apart: bool) -> String {
    let line = format!("[{}]", items.join(", "));
    if !is_apart && name + 3 + line.len() <= WIDTH {
        return line;
    }
    let lines: String = items.iter().map(|it| format!("    {it},\n")).collect();
    format!("[\n{lines}]")
}

fn plain_text(text: &str) -> String {
    toml::Value::from(text).to_string()
}
