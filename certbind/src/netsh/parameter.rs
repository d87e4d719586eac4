//! A line of the parameter table in a help text.

pub(super) fn parameter(help: &mut String, tag: &str, dash: char, lines: &[&str]) {
    let mut columns = (tag, dash);
    for line in lines {
        let (tag, dash) = std::mem::replace(&mut columns, ("", ' '));
        help.push_str(&format!("\t{tag:<40} {dash} {line}\n"));
    }
}
