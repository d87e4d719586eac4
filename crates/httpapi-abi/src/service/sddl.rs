//! For whom a URL is reserved: a security descriptor in SDDL.

use std::fmt;
use std::str::FromStr;

use super::value_error::ServiceValueError;

/// A security descriptor as text ("Security Descriptor String Format" in Microsoft's
/// documentation), as far as reservations have one: a discretionary access control list, and the
/// parts around it.
///
/// Well-known SIDs have the two letters that Windows prints for them, however they were given.
///
/// ```
/// use certbind_httpapi_abi::service::SecurityDescriptor;
///
/// let sddl: SecurityDescriptor = "D:(A;;GX;;;S-1-1-0)".parse()?;
/// assert_eq!(sddl.to_string(), "D:(A;;GX;;;WD)");
/// assert_eq!(sddl.aces()[0].sid(), "S-1-1-0");
/// assert!(sddl.aces()[0].may_listen() && !sddl.aces()[0].may_delegate());
/// # Ok::<(), certbind_httpapi_abi::service::ServiceValueError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecurityDescriptor {
    text: String,
    aces: Vec<Ace>,
}

/// An entry of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ace {
    /// `A` for an entry that allows; other letters for other types.
    kind: String,
    flags: String,
    rights: String,
    object: String,
    inherited_object: String,
    sid: String,
}

impl SecurityDescriptor {
    /// The longest, in UTF-16 units: inferred from the 64 KiB that a list can have.
    pub const MAX_LENGTH: usize = 65_535;

    /// One that allows an account, named by its SID, to register a URL, to delegate it, or both.
    ///
    /// # Errors
    /// [`ServiceValueError`] for an invalid SID.
    pub fn allowing(sid: &str, listen: bool, delegate: bool) -> Result<Self, ServiceValueError> {
        let rights = match (listen, delegate) {
            (true, true) => "GA",
            (true, false) => "GX",
            (false, true) => "GW",
            (false, false) => "",
        };
        format!("D:(A;;{rights};;;{sid})").parse()
    }

    /// The entries of the list, in their order.
    #[must_use]
    pub fn aces(&self) -> &[Ace] {
        &self.aces
    }
}

impl Ace {
    /// Whether it allows to register the URL (`GX`, or `GA` for everything).
    #[must_use]
    pub fn may_listen(&self) -> bool {
        self.allows("GX")
    }

    /// Whether the entry denies registering the URL.
    #[must_use]
    pub fn denies_listening(&self) -> bool {
        self.names("D", "GX")
    }

    /// Whether the entry allows reserving parts of the URL for others (`GW`, or `GA` for everything).
    #[must_use]
    pub fn may_delegate(&self) -> bool {
        self.allows("GW")
    }

    /// The account: `S-1-…`, or two letters for the groups of a domain.
    #[must_use]
    pub fn sid(&self) -> &str {
        let known = ALIASES.iter().find(|(alias, _)| *alias == self.sid);
        known.map_or(&self.sid, |(_, sid)| sid)
    }

    fn allows(&self, right: &str) -> bool {
        self.names("A", right)
    }

    fn names(&self, kind: &str, right: &str) -> bool {
        let mut rights = self.rights.as_bytes().chunks(2);
        self.kind == kind && rights.any(|found| found == b"GA" || found == right.as_bytes())
    }
}

/// The two letters of well-known SIDs ("SID Strings" in Microsoft's documentation), those of
/// domains left out.
const ALIASES: &[(&str, &str)] = &[
    ("WD", "S-1-1-0"),
    ("CO", "S-1-3-0"),
    ("CG", "S-1-3-1"),
    ("NU", "S-1-5-2"),
    ("IU", "S-1-5-4"),
    ("SU", "S-1-5-6"),
    ("AN", "S-1-5-7"),
    ("PS", "S-1-5-10"),
    ("AU", "S-1-5-11"),
    ("RC", "S-1-5-12"),
    ("SY", "S-1-5-18"),
    ("LS", "S-1-5-19"),
    ("NS", "S-1-5-20"),
    ("BA", "S-1-5-32-544"),
    ("BU", "S-1-5-32-545"),
    ("BG", "S-1-5-32-546"),
    ("PU", "S-1-5-32-547"),
    ("BO", "S-1-5-32-551"),
    ("RD", "S-1-5-32-555"),
    ("NO", "S-1-5-32-556"),
    ("IS", "S-1-5-32-568"),
    ("AC", "S-1-15-2-1"),
];

/// A SID as Windows prints it.
pub(super) fn sid(text: &str) -> Option<String> {
    let upper = text.to_ascii_uppercase();
    let known = |(alias, sid): &&(&str, &str)| *alias == upper || *sid == upper;
    if let Some((alias, _)) = ALIASES.iter().find(known) {
        return Some((*alias).to_owned());
    }
    // Letters of a domain's groups, whose SIDs are not known here.
    if matches!(&*upper, "LA" | "LG" | "DA" | "DG" | "DU" | "DC" | "DD") {
        return Some(upper);
    }
    let numbers = upper.strip_prefix("S-1-")?;
    if !numbers
        .bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'-')
    {
        return None;
    }
    let mut numbers = numbers.split('-');
    // An authority of 48 bits, and up to 15 numbers of 32.
    let authority = numbers
        .next()?
        .parse()
        .ok()
        .filter(|found: &u64| *found < 1 << 48);
    let rest: Vec<&str> = numbers.collect();
    let are_numbers = rest.iter().all(|number| number.parse::<u32>().is_ok());
    let fits = authority.is_some() && (1..=15).contains(&rest.len());
    (fits && are_numbers).then_some(upper)
}

impl FromStr for SecurityDescriptor {
    type Err = ServiceValueError;

    fn from_str(text: &str) -> Result<Self, ServiceValueError> {
        let fault = |reason| ServiceValueError::new("security descriptor", text, reason);
        if text.encode_utf16().nth(Self::MAX_LENGTH).is_some() {
            return Err(fault("it is too long"));
        }
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(fault("it contains a character that is not valid in SDDL"));
        }
        let (before, list) = match text.strip_prefix("D:") {
            Some(list) => ("", list),
            None => text
                .find("D:")
                .filter(|_| text.starts_with("O:") || text.starts_with("G:"))
                .map(|at| (&text[..at], &text[at + 2..]))
                .ok_or_else(|| fault("it has no discretionary access control list (D:)"))?,
        };
        let (flags, mut rest) = list.split_at(list.find('(').unwrap_or(list.len()));
        if !flags.bytes().all(|byte| byte.is_ascii_uppercase()) {
            return Err(fault("the flags of its list are not valid"));
        }
        let mut aces = Vec::new();
        while let Some(entry) = rest.strip_prefix('(') {
            let (entry, behind) = entry
                .split_once(')')
                .ok_or_else(|| fault("an entry has no closing parenthesis"))?;
            aces.push(ace(entry).ok_or_else(|| fault("an entry is malformed"))?);
            rest = behind;
        }
        if !rest.is_empty() && !rest.starts_with("S:") {
            return Err(fault("the text after its list is not valid"));
        }
        let mut canonical = format!("{before}D:{flags}");
        for ace in &aces {
            canonical.push_str(&ace.to_string());
        }
        canonical.push_str(rest);
        Ok(Self {
            text: canonical,
            aces,
        })
    }
}

/// `type;flags;rights;object;inherited object;SID`.
fn ace(text: &str) -> Option<Ace> {
    let fields: Vec<&str> = text.split(';').collect();
    let [kind, flags, rights, object, inherited, trustee] = fields[..] else {
        return None;
    };
    let letters = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphabetic());
    if kind.is_empty() || !letters(kind) || !letters(flags) || !flags.len().is_multiple_of(2) {
        return None;
    }
    Some(Ace {
        kind: kind.to_ascii_uppercase(),
        flags: flags.to_ascii_uppercase(),
        rights: canonical_rights(rights)?,
        object: object.to_owned(),
        inherited_object: inherited.to_owned(),
        sid: sid(trustee)?,
    })
}

/// The rights with letters of their own, in rising order of their bits, as Windows prints them
/// (`GXGWGR` in icacls and in the default descriptor of WinRM). Source: "ACE strings", Microsoft.
const RIGHTS: [(u32, &str); 17] = [
    (0x0000_0001, "CC"),
    (0x0000_0002, "DC"),
    (0x0000_0004, "LC"),
    (0x0000_0008, "SW"),
    (0x0000_0010, "RP"),
    (0x0000_0020, "WP"),
    (0x0000_0040, "DT"),
    (0x0000_0080, "LO"),
    (0x0000_0100, "CR"),
    (0x0001_0000, "SD"),
    (0x0002_0000, "RC"),
    (0x0004_0000, "WD"),
    (0x0008_0000, "WO"),
    (0x1000_0000, "GA"),
    (0x2000_0000, "GX"),
    (0x4000_0000, "GW"),
    (0x8000_0000, "GR"),
];

/// Pairs of letters, or a number, which generic rights have letters for. Letters are sorted in the
/// order of their bits; those of rights that are not in the table, such as `FA`, are kept.
fn canonical_rights(text: &str) -> Option<String> {
    let letters = |mask: u32| -> String {
        let set = RIGHTS.iter().filter(|(bit, _)| mask & bit != 0);
        set.map(|(_, letters)| *letters).collect()
    };
    if text.bytes().all(|byte| byte.is_ascii_alphabetic()) {
        let upper = text.to_ascii_uppercase();
        let bit = |pair: &[u8]| {
            let found = RIGHTS
                .iter()
                .find(|(_, letters)| letters.as_bytes() == pair);
            found.map(|(bit, _)| *bit)
        };
        let bits: Option<Vec<_>> = upper.as_bytes().chunks(2).map(bit).collect();
        return text.len().is_multiple_of(2).then(|| match bits {
            Some(bits) => letters(bits.iter().fold(0, |mask, bit| mask | bit)),
            None => upper,
        });
    }
    let number = match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) => u32::from_str_radix(digits, 16).ok()?,
        None if text.starts_with('+') => return None,
        None => text.parse().ok()?,
    };
    const GENERIC: u32 = 0xf000_0000;
    if number == 0 || number & !GENERIC != 0 {
        return Some(format!("{number:#x}"));
    }
    Some(letters(number))
}

impl fmt::Display for Ace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            kind,
            flags,
            rights,
            object,
            inherited_object,
            sid,
        } = self;
        write!(
            f,
            "({kind};{flags};{rights};{object};{inherited_object};{sid})"
        )
    }
}

impl fmt::Display for SecurityDescriptor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canonical(text: &str) -> Option<String> {
        text.parse::<SecurityDescriptor>()
            .ok()
            .map(|sddl| sddl.to_string())
    }

    #[test]
    fn descriptors_of_hosts_round_trip() {
        for text in [
            "D:(A;;GX;;;WD)",
            "D:(A;;GA;;;S-1-5-80-2885764129-887777008-271615777-1616004480-2722851051)",
            "D:(A;;GX;;;NS)(A;;GXGW;;;BA)",
            "D:PAI(A;OICI;GA;;;SY)",
            "O:BAG:SYD:(A;;GX;;;BU)S:(AU;FA;GA;;;WD)",
            "D:",
        ] {
            assert_eq!(canonical(text).as_deref(), Some(text));
        }
    }

    #[test]
    fn well_known_sids_and_generic_rights_have_letters() {
        for (given, printed) in [
            ("D:(A;;GX;;;S-1-5-20)", "D:(A;;GX;;;NS)"),
            ("D:(a;;gx;;;s-1-5-32-545)", "D:(A;;GX;;;BU)"),
            ("D:(A;;0x20000000;;;WD)", "D:(A;;GX;;;WD)"),
            ("D:(A;;0x60000000;;;WD)", "D:(A;;GXGW;;;WD)"),
            ("D:(A;;0x3;;;WD)", "D:(A;;0x3;;;WD)"),
            // In the order of their bits, as icacls prints them.
            ("D:(A;;GRGWGX;;;WD)", "D:(A;;GXGWGR;;;WD)"),
            ("D:(A;;GXGX;;;WD)", "D:(A;;GX;;;WD)"),
            ("D:(A;;RCCC;;;WD)", "D:(A;;CCRC;;;WD)"),
            ("D:(A;;GXFA;;;WD)", "D:(A;;GXFA;;;WD)"),
        ] {
            assert_eq!(canonical(given).as_deref(), Some(printed));
        }
    }

    #[test]
    fn rights_of_allow_entries_are_effective() {
        let may = |text: &str| {
            let sddl: SecurityDescriptor = text.parse().unwrap();
            (sddl.aces()[0].may_listen(), sddl.aces()[0].may_delegate())
        };
        assert_eq!(may("D:(A;;GA;;;WD)"), (true, true));
        assert_eq!(may("D:(A;;GX;;;WD)"), (true, false));
        assert_eq!(may("D:(A;;GW;;;WD)"), (false, true));
        assert_eq!(may("D:(D;;GA;;;WD)"), (false, false));
        for (listen, delegate) in [(true, true), (true, false), (false, true), (false, false)] {
            let made = SecurityDescriptor::allowing("S-1-1-0", listen, delegate).unwrap();
            assert_eq!(may(&made.to_string()), (listen, delegate));
        }
    }

    #[test]
    fn denials_differ_from_permissions() {
        let denies = |text: &str| {
            let sddl: SecurityDescriptor = text.parse().unwrap();
            sddl.aces()[0].denies_listening()
        };
        assert!(denies("D:(D;;GX;;;WD)") && denies("D:(D;;GA;;;WD)"));
        assert!(!denies("D:(D;;GW;;;WD)") && !denies("D:(A;;GX;;;WD)"));
    }

    #[test]
    fn invalid_descriptor_is_refused() {
        let long = format!("D:{}", "(A;;GX;;;WD)".repeat(6000));
        for text in [
            "",
            "Everyone",
            "(A;;GX;;;WD)",
            "D:(A;;GX;;;WD",
            "D:(A;;GX;;WD)",
            "D:(A;;GX;;;WD)x",
            "D:(A;;GXX;;;WD)",
            "D:(A;;GX;;;XX)",
            "D:(A;;GX;;;S-1)",
            "D:(A;;GX;;;S-1-5)",
            "D:(A;;GX;;;S-1-5-4294967296)",
            "D:(A;;GX;;;S-1-5-+1)",
            "D:(A;;+1;;;WD)",
            "D:(;;GX;;;WD)",
            "D:(A;;GX;;;WD)\n",
            "D:p(A;;GX;;;WD)",
            &long,
        ] {
            assert_eq!(canonical(text), None, "{text}");
        }
    }
}
