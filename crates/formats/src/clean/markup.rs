//! Pages: tags and entities of HTML, and the fences of Markdown.

use super::lines::{Lines, NumberedLine, has_label};

/// Tags that end a line.
const BREAKS: [&str; 12] = [
    "br", "p", "/p", "div", "/div", "li", "/li", "tr", "/tr", "pre", "/pre", "/h1",
];

/// Tags within a line.
const INLINE: [&str; 16] = [
    "span", "strong", "b", "i", "em", "code", "font", "u", "mark", "html", "body", "ul", "ol",
    "table", "td", "a",
];

/// Removes tags and entities, if the text has a tag and every tag in it is a known one.
pub(super) fn html(lines: &[NumberedLine]) -> Option<(Lines, String)> {
    if lines
        .iter()
        .any(|line| line.text.trim_start().starts_with("```"))
    {
        let fences = |line: &&NumberedLine| !line.text.trim_start().starts_with("```");
        let left = lines.iter().filter(fences).cloned();
        return Some((
            left.collect(),
            "the listing is fenced as in Markdown".to_owned(),
        ));
    }
    let is_page = lines.iter().any(|line| {
        let lower = line.text.to_ascii_lowercase();
        ["<br", "</", "<p>", "<pre", "<div"]
            .iter()
            .any(|tag| lower.contains(tag))
            || has_label(&line.text) && (lower.contains("&nbsp;") || lower.contains("&#"))
    });
    if !is_page {
        return None;
    }
    let mut left = Lines::new();
    for line in lines {
        let text = with_breaks(&line.text)?;
        // A break at the end of a line ends that line alone.
        let text = text.strip_suffix('\n').unwrap_or(&text);
        for part in text.split('\n') {
            let text = html_text(part);
            left.push(NumberedLine {
                number: line.number,
                text: text.trim_end().to_owned(),
            });
        }
    }
    Some((left, "the listing is part of an HTML page".to_owned()))
}

/// A line without tags, with a line feed for each tag that ends a line.
fn with_breaks(line: &str) -> Option<String> {
    let mut text = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(at) = rest.find('<') {
        text.push_str(&rest[..at]);
        let tag = &rest[at + 1..];
        let end = tag.find('>')?;
        let name: String = tag[..end]
            .chars()
            .take_while(|c| c.is_ascii_alphanumeric() || *c == '/')
            .collect();
        let name = name.to_ascii_lowercase();
        let name = name.strip_suffix('/').unwrap_or(&name);
        if BREAKS.contains(&name) {
            text.push('\n');
        } else if !INLINE.contains(&name.strip_prefix('/').unwrap_or(name)) {
            return None;
        }
        rest = &tag[end + 1..];
    }
    text.push_str(rest);
    Some(text)
}

/// A text with its entities decoded.
fn html_text(text: &str) -> String {
    const ENTITIES: [(&str, &str); 8] = [
        ("&nbsp;", " "),
        ("&#160;", " "),
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#39;", "'"),
        ("&#123;", "{"),
        ("&#125;", "}"),
    ];
    let mut text = text.replace('\u{a0}', " ");
    for (entity, character) in ENTITIES {
        text = text.replace(entity, character);
    }
    text.replace("&amp;", "&")
}
