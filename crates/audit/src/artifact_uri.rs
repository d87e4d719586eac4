//! The URIs of files in SARIF.

/// The reference of a path (RFC 3986): a relative one stays so. An absolute one has no `..` segments
/// (SARIF 2.1.0, 3.10.2).
pub(crate) fn artifact_uri(path: &str) -> String {
    let path = path.replace('\\', "/");
    let is_rooted = path.starts_with('/') || path.as_bytes().get(1) == Some(&b':');
    let path = if is_rooted { without_dots(&path) } else { path };
    let is_drive = path.as_bytes().get(1) == Some(&b':');
    let start = match path.as_str() {
        _ if is_drive => "file:///",
        // The name of a server is in place of an empty reference.
        share if share.starts_with("//") => "file:",
        rooted if rooted.starts_with('/') => "file://",
        _ => "",
    };
    let mut uri = start.to_owned();
    for byte in path.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                uri.push(char::from(byte));
            }
            b':' if is_drive => uri.push(':'),
            _ => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri
}

/// The path without `.` segments, and without `..` segments and those before them.
fn without_dots(path: &str) -> String {
    let mut segments: Vec<&str> = Vec::new();
    for segment in path.split('/') {
        match segment {
            "." => {}
            ".." if segments.len() > 1 => {
                segments.pop();
            }
            segment => segments.push(segment),
        }
    }
    segments.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_become_references() {
        for (path, expected) in [
            ("exports/web-01.txt", "exports/web-01.txt"),
            ("./a b:c.txt", "./a%20b%3Ac.txt"),
            ("/srv/bücher.txt", "file:///srv/b%C3%BCcher.txt"),
            ("/srv/a/../../b/./c.txt", "file:///b/c.txt"),
            ("../b/c.txt", "../b/c.txt"),
            ("C:\\exports\\web.txt", "file:///C:/exports/web.txt"),
            (
                "\\\\files\\exports\\web.txt",
                "file://files/exports/web.txt",
            ),
        ] {
            assert_eq!(artifact_uri(path), expected);
        }
    }
}
