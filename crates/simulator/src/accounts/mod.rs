//! The accounts of a simulated host: names and SIDs.

mod known;
mod process;

use std::collections::BTreeMap;

use certbind_httpapi_abi::service::SecurityDescriptor;

/// The accounts of a host, as `user=` of `netsh http add urlacl` and security descriptors name them.
///
/// Every host has the well-known accounts and groups, by their English names and by those of other
/// languages as far as public evidence exists, `NT SERVICE\NAME` and `IIS APPPOOL\NAME`. A simulated host
/// has a name, the accounts of its configuration, and a caller: the account that programs run as.
///
/// ```
/// use certbind_simulator::Accounts;
///
/// let accounts = Accounts::named("WEB1", "ann")
///     .with_account(r"CONTOSO\svc-web", "S-1-5-21-3623811015-3361044348-30300820-1104")?;
/// assert_eq!(accounts.sid_of("Jeder").as_deref(), Some("S-1-1-0"));
/// assert_eq!(accounts.sid_of("svc-web"), accounts.sid_of(r"contoso\SVC-WEB"));
/// assert_eq!(accounts.name_of(&accounts.sid_of("ann").unwrap()).as_deref(), Some(r"WEB1\ann"));
/// assert_eq!(accounts.sid_of(r"CONTOSO\nobody"), None);
/// # Ok::<(), certbind_simulator::AccountError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Accounts {
    /// The name of the machine, which is the domain of its own accounts.
    machine: Option<String>,
    /// Those that are not well known, in the order in which they were added.
    own: Vec<Account>,
    /// The SID of the account that programs run as.
    caller: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Account {
    domain: String,
    name: String,
    sid: String,
}

/// The reason why an account is invalid.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AccountError {
    /// The name.
    #[error(
        "{0:?} is not an account name; write DOMAIN\\name, or the name alone for one of the machine"
    )]
    Name(String),
    /// The SID.
    #[error("account {name:?}: {sid:?} is not a SID; write S-1-5-21-… as `whoami /user` prints it")]
    Sid {
        /// The account.
        name: String,
        /// The invalid SID.
        sid: String,
    },
    /// It is known already, with another SID.
    #[error("account {name:?} has the SID {known} already")]
    Duplicate {
        /// The account.
        name: String,
        /// Its SID.
        known: String,
    },
    /// No account has this name.
    #[error("run_as: no account is named {0:?}; add it to `accounts`")]
    Unknown(String),
}

/// The first SID of the machine's own accounts, in the form of Windows, with an invented machine.
const USER_SID: &str = "S-1-5-21-1004336348-1177238915-682003330-1001";

/// Characters that no account has in its name (`NetUserAdd` in Microsoft's documentation).
const NEVER_IN_NAMES: &[char] = &[
    '"', '/', '\\', '[', ']', ':', '|', '<', '>', '+', '=', ';', ',', '?', '*',
];

impl Accounts {
    /// The well-known accounts alone: a host about which nothing is known.
    #[must_use]
    pub fn well_known() -> Self {
        Self::default()
    }

    /// The accounts of a machine of this name with one user, the caller.
    #[must_use]
    pub fn named(machine: &str, user: &str) -> Self {
        let user = Account {
            domain: machine.to_owned(),
            name: user.to_owned(),
            sid: USER_SID.to_owned(),
        };
        Self {
            machine: Some(machine.to_owned()),
            own: vec![user],
            caller: Some(USER_SID.to_owned()),
        }
    }

    /// The accounts of the machine and the user of this process, by `COMPUTERNAME` and `USERNAME` where they are
    /// set, as on Windows.
    #[must_use]
    pub fn of_process() -> Self {
        let (machine, user) = (process::machine(), process::user());
        let mut accounts = Self::named(&machine, &user);
        // A user of a domain is `USERDOMAIN\USERNAME`; programs use both.
        if let Some(domain) = process::domain().filter(|domain| !same(domain, &machine)) {
            accounts.own.push(Account {
                domain,
                name: user,
                sid: USER_SID.to_owned(),
            });
        }
        accounts
    }

    /// The configured accounts: the name of the machine, accounts with their SIDs, and the caller.
    /// Omitted values are those of this process.
    ///
    /// # Errors
    /// [`AccountError`] for the first account that cannot be.
    pub fn configured(
        machine: Option<&str>,
        accounts: &BTreeMap<String, String>,
        run_as: Option<&str>,
    ) -> Result<Self, AccountError> {
        let mut made = match machine {
            Some(machine) => {
                check_name(machine, machine)?;
                Self::named(machine, &process::user())
            }
            None => Self::of_process(),
        };
        for (name, sid) in accounts {
            made = made.with_account(name, sid)?;
        }
        match run_as {
            Some(name) => made.run_as(name),
            None => Ok(made),
        }
    }

    /// Adds an account: `DOMAIN\name`, or the name alone for an account of the machine.
    ///
    /// # Errors
    /// [`AccountError`] for an invalid name or SID, and for a name that has another SID.
    pub fn with_account(mut self, name: &str, sid: &str) -> Result<Self, AccountError> {
        let machine = self.machine.clone().unwrap_or_default();
        let (domain, account) = name.split_once('\\').unwrap_or((&machine, name));
        let domain = if domain == "." { &machine } else { domain };
        for part in [domain, account] {
            check_name(part, name)?;
        }
        let canonical = canonical_sid(sid).ok_or_else(|| AccountError::Sid {
            name: name.to_owned(),
            sid: sid.to_owned(),
        })?;
        // The current user may be configured with its real SID.
        let is_user = |found: &Account| found.sid == USER_SID;
        let named = |found: &Account| same(&found.domain, domain) && same(&found.name, account);
        let given = self.own.iter().find(|found| named(found));
        let known = match given {
            Some(found) if is_user(found) => None,
            Some(found) => Some(found.sid.clone()),
            None => known::sid_of(&format!("{domain}\\{account}")),
        };
        if let Some(known) = known.filter(|known| *known != canonical) {
            return Err(AccountError::Duplicate {
                name: name.to_owned(),
                known,
            });
        }
        if given.is_some_and(is_user) && self.caller.as_deref() == Some(USER_SID) {
            self.caller = Some(canonical.clone());
        }
        self.own.retain(|found| !named(found));
        self.own.push(Account {
            domain: domain.to_owned(),
            name: account.to_owned(),
            sid: canonical,
        });
        Ok(self)
    }

    /// Sets the account that programs run as.
    ///
    /// # Errors
    /// [`AccountError::Unknown`] if no account has this name.
    pub fn run_as(mut self, name: &str) -> Result<Self, AccountError> {
        let sid = self.sid_of(name);
        self.caller = Some(sid.ok_or_else(|| AccountError::Unknown(name.to_owned()))?);
        Ok(self)
    }

    /// The SID of an account, `S-1-…`, by `DOMAIN\name`, `.\name` or the name alone. A name alone
    /// is searched among the well-known accounts, those of the machine, and those of domains, in
    /// this order (`LookupAccountName` in Microsoft's documentation). A SID is returned unchanged.
    #[must_use]
    pub fn sid_of(&self, name: &str) -> Option<String> {
        if let Some(sid) = known::sid_of(name) {
            return Some(sid);
        }
        let machine = self.machine.as_deref().unwrap_or_default();
        let found = match name.split_once('\\') {
            Some((domain, account)) => {
                let domain = if domain == "." { machine } else { domain };
                let is_it =
                    |found: &&Account| same(&found.domain, domain) && same(&found.name, account);
                self.own.iter().find(is_it)
            }
            None => {
                let mut named = self.own.iter().filter(|found| same(&found.name, name));
                let of_machine = named.clone().find(|found| same(&found.domain, machine));
                of_machine.or_else(|| named.next())
            }
        };
        found.map(|found| found.sid.clone())
    }

    /// `DOMAIN\name` of a SID, as Windows in English prints it.
    #[must_use]
    pub fn name_of(&self, sid: &str) -> Option<String> {
        let own = self.own.iter().find(|found| found.sid == sid);
        own.map(|found| format!("{}\\{}", found.domain, found.name))
            .or_else(|| known::name_of(sid))
    }

    /// Whether the caller is this account, or in this group. An administrator is in `Administrators`. A
    /// person is logged on interactively; a service and an application pool are services.
    #[must_use]
    pub fn caller_is(&self, sid: &str, is_administrator: bool) -> bool {
        let caller = self.caller.as_deref().unwrap_or(USER_SID);
        if sid == caller {
            return true;
        }
        let is_service = known::is_service(caller);
        match sid {
            known::EVERYONE | known::AUTHENTICATED_USERS | known::USERS | known::LOCAL => true,
            known::INTERACTIVE => !is_service,
            known::SERVICE => is_service,
            known::ADMINISTRATORS => is_administrator || caller == known::SYSTEM,
            _ => false,
        }
    }
}

/// Names of accounts and domains are the same in either case.
fn same(left: &str, right: &str) -> bool {
    left.to_lowercase() == right.to_lowercase()
}

fn check_name(part: &str, name: &str) -> Result<(), AccountError> {
    let is_name = !part.trim_matches([' ', '.']).is_empty()
        && !part.contains(NEVER_IN_NAMES)
        && !part.contains(char::is_control);
    match is_name {
        true => Ok(()),
        false => Err(AccountError::Name(name.to_owned())),
    }
}

/// A SID as Windows prints it: the two-letter abbreviations of security descriptors are not
/// accepted.
fn canonical_sid(sid: &str) -> Option<String> {
    let is_sid = sid
        .get(..4)
        .is_some_and(|start| start.eq_ignore_ascii_case("S-1-"));
    let descriptor = SecurityDescriptor::allowing(sid, true, false).ok();
    let descriptor = descriptor.filter(|_| is_sid)?;
    Some(descriptor.aces().first()?.sid().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SVC: &str = "S-1-5-21-3623811015-3361044348-30300820-1104";

    #[test]
    fn the_user_of_a_simulated_host_is_found() {
        let host = Accounts::named("HOST", "Ann");
        for name in ["ann", "host\\ANN", ".\\Ann"] {
            assert_eq!(Accounts::well_known().sid_of(name), None, "{name}");
            assert_eq!(host.sid_of(name).as_deref(), Some(USER_SID), "{name}");
        }
        assert_eq!(host.sid_of("OTHER\\Ann"), None);
        assert_eq!(host.sid_of("Bob"), None);
        assert_eq!(host.name_of(USER_SID).as_deref(), Some("HOST\\Ann"));
        assert_eq!(Accounts::well_known().name_of(USER_SID), None);
    }

    #[test]
    fn an_account_of_the_machine_comes_before_one_of_a_domain() {
        let host = Accounts::named("HOST", "ann").with_account("CONTOSO\\svc", SVC);
        let host = host.unwrap();
        assert_eq!(host.sid_of("svc").as_deref(), Some(SVC));
        let other = "S-1-5-21-1004336348-1177238915-682003330-1002";
        let host = host.with_account("svc", other).unwrap();
        assert_eq!(host.sid_of("SVC").as_deref(), Some(other));
        assert_eq!(host.sid_of(".\\svc").as_deref(), Some(other));
        assert_eq!(host.sid_of("contoso\\svc").as_deref(), Some(SVC));
        assert_eq!(host.name_of(other).as_deref(), Some("HOST\\svc"));
    }

    #[test]
    fn accounts_that_cannot_be_are_refused() {
        let host = Accounts::named("HOST", "ann");
        for name in ["", "\\svc", "CONTOSO\\", "a\\b\\c", "a:b", "svc\n"] {
            let refused = host.clone().with_account(name, SVC);
            assert_eq!(refused, Err(AccountError::Name(name.into())));
        }
        for sid in ["", "WD", "S-1-5", "1104", "S-1-5-21-x"] {
            let refused = host.clone().with_account("CONTOSO\\svc", sid);
            assert!(matches!(refused, Err(AccountError::Sid { .. })), "{sid}");
        }
        let host = host.with_account("CONTOSO\\svc", SVC).unwrap();
        for name in ["contoso\\SVC", "BUILTIN\\Users", "VORDEFINIERT\\Benutzer"] {
            let refused = host.clone().with_account(name, "S-1-5-21-1-2-3-1105");
            let is_duplicate = matches!(refused, Err(AccountError::Duplicate { .. }));
            assert!(is_duplicate, "{name}");
        }
        let refused = host.run_as("CONTOSO\\nobody");
        assert!(matches!(refused, Err(AccountError::Unknown(_))));
    }

    #[test]
    fn the_current_user_can_have_its_real_sid() {
        let host = Accounts::named("HOST", "ann").with_account("host\\ann", SVC);
        let host = host.unwrap();
        assert_eq!(host.sid_of("ann").as_deref(), Some(SVC));
        assert!(host.caller_is(SVC, false));
        assert!(!host.caller_is(USER_SID, false));
    }

    #[test]
    fn the_caller_is_in_the_groups_of_its_kind() {
        let ann = Accounts::named("HOST", "ann");
        let service = ann.clone().run_as("NT AUTHORITY\\NetworkService").unwrap();
        let pool = ann.clone().run_as("IIS APPPOOL\\Shop").unwrap();
        let system = ann.clone().run_as("SYSTEM").unwrap();
        let pool_sid = ann.sid_of("IIS APPPOOL\\Shop").unwrap();
        for (host, sid, is_in) in [
            (&ann, USER_SID, true),
            (&ann, "S-1-1-0", true),
            (&ann, "S-1-5-4", true),
            (&ann, "S-1-5-6", false),
            (&ann, "S-1-5-32-544", false),
            (&ann, SVC, false),
            (&service, "S-1-5-20", true),
            (&service, "S-1-5-6", true),
            (&service, "S-1-5-4", false),
            (&service, USER_SID, false),
            (&pool, pool_sid.as_str(), true),
            (&pool, "S-1-5-6", true),
            (&system, "S-1-5-32-544", true),
        ] {
            assert_eq!(host.caller_is(sid, false), is_in, "{sid}");
        }
        assert!(ann.caller_is("S-1-5-32-544", true));
    }
}
