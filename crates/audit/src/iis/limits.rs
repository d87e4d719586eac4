//! Limits of XML before it is read: the reader compares every attribute of an element with all others, and
//! copies the namespaces of an element to those inside it. Open elements take more of its memory than others.

/// The most attributes of an element. Those of IIS have fewer than 40.
const MAX_ATTRIBUTES: usize = 256;

/// The most declarations of namespaces. IIS writes none into these files.
const MAX_NAMESPACES: usize = 256;

/// The most elements that are inside each other. Those of IIS have fewer than 20.
const MAX_DEPTH: usize = 256;

/// Checks the limits of a text, which need not be well-formed.
///
/// # Errors
/// The limit that it exceeds.
pub(super) fn check(text: &str) -> Result<(), String> {
    let mut namespaces = 0;
    let mut depth = 0_usize;
    let mut rest = text;
    while let Some(at) = rest.find('<') {
        rest = &rest[at + 1..];
        let other = [("!--", "-->"), ("![CDATA[", "]]>"), ("?", "?>")];
        if let Some((_, end)) = other.iter().find(|(start, _)| rest.starts_with(start)) {
            // What has no end is refused by the reader.
            rest = rest.find(end).map_or("", |at| &rest[at + end.len()..]);
            continue;
        }
        let tag = tag(rest);
        let (inside, after) = rest.split_at(tag.length);
        rest = after;
        if inside.starts_with('/') {
            depth = depth.saturating_sub(1);
        } else if !inside.ends_with('/') {
            depth += 1;
        }
        namespaces += tag.namespaces;
        if tag.attributes > MAX_ATTRIBUTES {
            return Err(format!(
                "an element has more than {MAX_ATTRIBUTES} attributes"
            ));
        }
        if namespaces > MAX_NAMESPACES {
            return Err(format!("it declares more than {MAX_NAMESPACES} namespaces"));
        }
        if depth > MAX_DEPTH {
            return Err(format!(
                "more than {MAX_DEPTH} elements are inside each other"
            ));
        }
    }
    Ok(())
}

struct Tag {
    /// In bytes, up to its end.
    length: usize,
    attributes: usize,
    namespaces: usize,
}

/// Measures a tag after its `<`. An equals sign outside of quotes stands for an attribute.
fn tag(text: &str) -> Tag {
    let mut tag = Tag {
        length: text.len(),
        attributes: 0,
        namespaces: 0,
    };
    let mut quote = None;
    // Where the name of an attribute begins.
    let mut name = 0;
    for (at, byte) in text.bytes().enumerate() {
        match (quote, byte) {
            (None, b'>') => {
                tag.length = at;
                break;
            }
            (None, b'"' | b'\'') => quote = Some(byte),
            (None, b'=') => {
                tag.attributes += 1;
                let is_namespace = text.as_bytes()[name..at].starts_with(b"xmlns");
                tag.namespaces += usize::from(is_namespace);
            }
            (None, b' ' | b'\t' | b'\r' | b'\n') => name = at + 1,
            (Some(open), close) if open == close => {
                quote = None;
                name = at + 1;
            }
            _ => {}
        }
    }
    tag
}

#[cfg(test)]
mod tests {
    use super::*;

    fn repeated(piece: &str, times: usize) -> String {
        (0..times)
            .map(|number| piece.replace('#', &number.to_string()))
            .collect()
    }

    #[test]
    fn attributes_of_an_element_are_limited() {
        for (piece, quote) in [("a#='=' ", '\''), ("a# = \">\"\n", '"')] {
            let element = |times| format!("<a {}b={quote}{quote}/>", repeated(piece, times));
            assert_eq!(check(&element(255)), Ok(()));
            assert_eq!(check(&repeated(&element(255), 20)), Ok(()));
            let error = check(&element(256)).unwrap_err();
            assert!(error.contains("256 attributes"), "{error}");
        }
    }

    #[test]
    fn text_and_comments_have_no_attributes() {
        let signs = "a='b' ".repeat(1000);
        for text in [
            format!("<a>{signs}</a>"),
            format!("<!-- {signs} --><a/>"),
            format!("<a><![CDATA[{signs}]]></a>"),
            format!("<?a {signs}?><a/>"),
        ] {
            assert_eq!(check(&text), Ok(()));
            let after = format!("{text}<a {}/>", repeated("a#='' ", 300));
            assert!(check(&after).is_err(), "elements after it are checked");
        }
        for text in ["<", "<!--", "<![CDATA[ ]]", "<a b='", "<?", "", "<a b"] {
            assert_eq!(check(text), Ok(()));
        }
    }

    #[test]
    fn depth_is_limited() {
        let nested = |times| format!("{}{}", "<a b='>/'>".repeat(times), "</a>".repeat(times));
        assert_eq!(check(&nested(256).repeat(2)), Ok(()));
        assert_eq!(check(&"<a/><b c='' />".repeat(300)), Ok(()));
        let error = check(&nested(257)).unwrap_err();
        assert!(error.contains("256 elements"), "{error}");
    }

    #[test]
    fn declarations_of_namespaces_are_limited() {
        let nested = |times| repeated("<a xmlns:n#='#'>", times);
        assert_eq!(check(&nested(256)), Ok(()));
        let error = check(&nested(257)).unwrap_err();
        assert!(error.contains("256 namespaces"), "{error}");
        assert!(check(&repeated("<a\tb='' xmlns=''>", 257)).is_err());
    }
}
