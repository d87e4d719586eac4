//! The file of a certificate that still has to be requested.

/// The longest name of a file on Windows and Linux, in bytes.
const MAX_LENGTH: usize = 255;

/// The name of the file of a new certificate: for a host name, an address and port, or the hash of
/// the certificate that it replaces. Each has a file of its own, so that a command never binds the
/// certificate that was requested for another finding. `None` if the name would be too long.
pub(super) fn new_file(of: &str) -> Option<String> {
    let of = of.to_ascii_lowercase();
    let (start, rest) = match of.strip_prefix("*.") {
        // As lego and others name the files of wildcard certificates.
        Some(rest) => ("_.", rest),
        None => ("", &*of),
    };
    let mut name = format!("renewed-{start}");
    for byte in rest.bytes() {
        match byte {
            b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-' => name.push(byte.into()),
            // Windows reads a colon in the name of a file as the start of a stream's name.
            b':' => name.push('-'),
            b'[' | b']' => {}
            _ => name.push_str(&format!("_{byte:02x}")),
        }
    }
    name.push_str(".pem");
    (name.len() <= MAX_LENGTH).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_named_after_hosts_addresses_and_hashes() {
        for (of, expected) in [
            ("www.contoso.com", "renewed-www.contoso.com.pem"),
            ("WWW.Contoso.com", "renewed-www.contoso.com.pem"),
            ("*.contoso.com", "renewed-_.contoso.com.pem"),
            ("_.contoso.com", "renewed-_5f.contoso.com.pem"),
            ("10.0.0.7:445", "renewed-10.0.0.7-445.pem"),
            ("[::1]:445", "renewed---1-445.pem"),
            ("a/..\\b$(id)", "renewed-a_2f.._5cb_24_28id_29.pem"),
            ("bücher.de", "renewed-b_c3_bccher.de.pem"),
        ] {
            assert_eq!(new_file(of).as_deref(), Some(expected));
        }
        assert!(new_file(&"a".repeat(243)).is_some_and(|name| name.len() == 255));
        assert_eq!(new_file(&"a".repeat(244)), None);
    }
}
