//! The machine and the user of this process.

/// The name of the machine.
pub(super) fn machine() -> String {
    let file = || std::fs::read_to_string("/etc/hostname").ok();
    first_variable(&["COMPUTERNAME", "HOSTNAME"])
        .or_else(|| file().and_then(|name| word(&name)))
        .unwrap_or_else(|| "localhost".to_owned())
}

/// The name of the user. A container may lack the variable for it.
pub(super) fn user() -> String {
    first_variable(&["USERNAME", "USER", "LOGNAME"])
        .or_else(user_of_process)
        .unwrap_or_else(|| "user".to_owned())
}

/// The domain of the user, if Windows or a test sets it.
pub(super) fn domain() -> Option<String> {
    first_variable(&["USERDOMAIN"])
}

/// By the number of the process's user, as Linux shows it.
fn user_of_process() -> Option<String> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let numbers = status.lines().find_map(|line| line.strip_prefix("Uid:"))?;
    let number = numbers.split_whitespace().next()?;
    let users = std::fs::read_to_string("/etc/passwd").ok()?;
    name_of(&users, number)
}

/// The name of a user in a file of the form of `/etc/passwd`: `name:password:number:…`.
fn name_of(users: &str, number: &str) -> Option<String> {
    users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)? == number).then(|| name.to_owned())
    })
}

fn first_variable(names: &[&str]) -> Option<String> {
    let mut values = names.iter().filter_map(|name| std::env::var(name).ok());
    values.find_map(|value| word(&value))
}

fn word(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_are_found_by_number() {
        let users = "root:x:0:0::/root:/bin/sh\nann:x:1000:1000::/home/ann:/bin/sh\n";
        assert_eq!(name_of(users, "1000").as_deref(), Some("ann"));
        assert_eq!(name_of(users, "0").as_deref(), Some("root"));
        assert_eq!(name_of(users, "10"), None);
    }
}
