//! The size of TOML that is read: the parser keeps some sixty bytes for each token.

/// The most characters other than letters and digits.
const MOST: usize = 750_000;

/// Refuses TOML that would take memory out of proportion. A desired state of ten thousand bindings is
/// half as long.
///
/// # Errors
/// The limit that the text exceeds.
pub fn check_toml_size(text: &str) -> Result<(), String> {
    let between = |byte: &u8| byte.is_ascii() && !byte.is_ascii_alphanumeric();
    match text.bytes().filter(between).count() > MOST {
        true => Err(format!(
            "this TOML has more than {MOST} spaces, line ends and punctuation characters; write \
             it as JSON"
        )),
        false => Ok(()),
    }
}
