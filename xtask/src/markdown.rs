//! Markdown of generated pages.

/// The maximum number of characters in a line.
const WIDTH: usize = 100;

/// A text in lines of at most [`WIDTH`] characters; lines after the first begin with `indent`. Code
/// spans and links are not broken.
pub(crate) fn wrapped(text: &str, indent: &str) -> String {
    let mut wrapped = String::new();
    let mut width = 0;
    for word in words(text) {
        let length = word.chars().count();
        if width > 0 && width + 1 + length > WIDTH {
            wrapped.push('\n');
            wrapped.push_str(indent);
            width = indent.len();
        } else if width > 0 {
            wrapped.push(' ');
            width += 1;
        }
        wrapped.push_str(&word);
        width += length;
    }
    wrapped.push('\n');
    wrapped
}

/// The words of a text, where a code span or the text of a link is one word.
fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut is_open = false;
    for word in text.split_whitespace() {
        match words.last_mut() {
            Some(last) if is_open => {
                last.push(' ');
                last.push_str(word);
            }
            _ => words.push(word.to_owned()),
        }
        let last = words.last().map_or("", String::as_str);
        is_open = last.matches('`').count() % 2 == 1
            || last.matches('[').count() > last.matches(']').count();
    }
    words
}
