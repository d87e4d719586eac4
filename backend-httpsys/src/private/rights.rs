//! Finds the accounts that may change a Windows file, from its security descriptor in Microsoft's
//! Security Descriptor Definition Language (SDDL): `O:BAG:BAD:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)`.
//! Microsoft documents it under "Security Descriptor String Format" and "ACE Strings".

/// SYSTEM, Administrators and TrustedInstaller, which have full access in any case, and the rights
/// of an owner.
const TRUSTED: [&str; 4] = [
    "SY",
    "BA",
    "S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464",
    "OW",
];

/// The rights with which a file is changed, or a folder's files are: to write data (2), to append (4), to
/// write extended attributes (0x10), to delete a child (0x40), to write attributes (0x100), to delete
/// (0x10000), to write the list and the owner (0xC0000), and the generic ones.
const CHANGES: u32 = 0x5000_0000 | 0x000d_0000 | 0x0156;

/// The access masks of the rights codes. Files also have the bits that are named after directories.
const RIGHTS: [(&str, u32); 20] = [
    ("FA", 0x001f_01ff),
    ("FR", 0x0012_0089),
    ("FW", 0x0012_0116),
    ("FX", 0x0012_00a0),
    ("GA", 0x1000_0000),
    ("GX", 0x2000_0000),
    ("GW", 0x4000_0000),
    ("GR", 0x8000_0000),
    ("CC", 0x0001),
    ("DC", 0x0002),
    ("LC", 0x0004),
    ("SW", 0x0008),
    ("RP", 0x0010),
    ("WP", 0x0020),
    ("DT", 0x0040),
    ("LO", 0x0080),
    ("CR", 0x0100),
    ("SD", 0x0001_0000),
    ("RC", 0x0002_0000),
    ("WD", 0x0004_0000),
];

/// Checks that a file belongs to an administrator, to the system or to `user`, and that no other may change
/// it. `user` is spelled as in the descriptor.
///
/// # Errors
/// An error with the other accounts that own or may change the file, or with the part of the
/// descriptor that was not understood.
pub(super) fn check(descriptor: &str, user: &str) -> Result<(), String> {
    let is_trusted = |sid: &str| TRUSTED.contains(&sid) || sid == user;
    let (owner, list) = parts(descriptor).ok_or_else(|| unknown(descriptor))?;
    if !is_trusted(owner) || owner == "OW" {
        return Err(format!(
            "it belongs to {owner}, not to an administrator or the current user"
        ));
    }
    let (flags, entries) = list.split_at(list.find('(').unwrap_or(list.len()));
    if flags.contains("NO_ACCESS_CONTROL") {
        return Err("everyone may write to it; remove that permission".to_owned());
    }
    for entry in entries.split_terminator(')') {
        let entry = entry.strip_prefix('(').ok_or_else(|| unknown(descriptor))?;
        let fields: Vec<_> = entry.split(';').collect();
        let [kind, flags, rights, _, _, sid, ..] = fields[..] else {
            return Err(unknown(descriptor));
        };
        // Entries that deny, audit or label grant no right.
        let gives = !["D", "OD", "XD", "AU", "AL", "OU", "OL", "XU", "ML", "SP"].contains(&kind);
        // For children alone: whoever creates a file, which is a trusted account.
        let is_for_creator = sid == "CO" && flags_of(flags).any(|flag| flag == "IO");
        if !gives || is_for_creator || is_trusted(sid) {
            continue;
        }
        if mask(rights).is_none_or(|mask| mask & CHANGES != 0) {
            return Err(format!(
                "{sid} may write to it ({entry}); leave it to administrators"
            ));
        }
    }
    Ok(())
}

/// The owner, and the discretionary list with its flags. None if there is no list, which grants
/// access to all users.
fn parts(descriptor: &str) -> Option<(&str, &str)> {
    let rest = descriptor.strip_prefix("O:")?;
    let (head, list) = rest.split_once("D:")?;
    let owner = head.split("G:").next()?;
    // The list of audits comes after it.
    let list = list.split("S:").next()?;
    Some((owner, list))
}

fn flags_of(flags: &str) -> impl Iterator<Item = &str> {
    flags
        .as_bytes()
        .chunks(2)
        .map_while(|flag| str::from_utf8(flag).ok())
}

/// The bits of rights: a number, or codes one after the other. None if one is not known.
fn mask(rights: &str) -> Option<u32> {
    if let Some(number) = rights.strip_prefix("0x") {
        return u32::from_str_radix(number, 16).ok();
    }
    let mut mask = 0;
    for code in rights.as_bytes().chunks(2) {
        let known = RIGHTS.iter().find(|(known, _)| known.as_bytes() == code);
        mask |= known?.1;
    }
    Some(mask)
}

fn unknown(descriptor: &str) -> String {
    format!("its access control list is not supported: {descriptor}")
}

#[cfg(test)]
mod tests {
    use super::*;

    const USER: &str = "S-1-5-21-1-2-3-1001";

    #[test]
    fn folders_of_administrators_and_of_the_user_are_taken() {
        for good in [
            "O:BAG:BAD:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)",
            "O:SYG:SYD:PAI(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)",
            "O:S-1-5-21-1-2-3-1001G:DUD:P(A;OICI;FA;;;SY)(A;OICI;FA;;;S-1-5-21-1-2-3-1001)",
            // Below `Program Files`: others may read, and the creator of a file owns it.
            "O:S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464G:SYD:PAI\
             (A;OICIIO;GA;;;CO)(A;OICI;FA;;;SY)(A;OICI;0x1200a9;;;BU)(A;;FRFX;;;WD)",
            // Other accounts are denied, which grants no right; audits are ignored.
            "O:BAD:(D;;FA;;;WD)(A;;FA;;;BA)S:(AU;SAFA;FA;;;WD)",
            "O:BAG:BAD:",
        ] {
            assert_eq!(check(good, USER), Ok(()), "{good}");
        }
    }

    #[test]
    fn folders_that_others_own_or_may_change_are_refused() {
        for (bad, why) in [
            ("O:S-1-5-21-1-2-3-1002G:DUD:P(A;OICI;FA;;;BA)", "belongs to"),
            ("O:BUG:BAD:P(A;OICI;FA;;;BA)", "belongs to BU"),
            ("O:BAD:(A;OICI;FA;;;WD)", "WD may write"),
            ("O:BAD:(A;;FA;;;BA)(A;CI;DCLC;;;BU)", "BU may write"),
            ("O:BAD:(A;ID;0x1301bf;;;AU)", "AU may write"),
            ("O:BAD:(A;;0x100;;;BU)", "BU may write"),
            // Files that are created in the folder inherit it.
            ("O:BAD:P(A;OICIIO;FA;;;WD)(A;;FA;;;BA)", "WD may write"),
            ("O:BAD:P(A;OICI;FA;;;CO)(A;;FA;;;BA)", "CO may write"),
            ("O:BAD:(A;;FRSD;;;BU)", "BU may write"),
            ("O:BAD:(A;;GW;;;IU)", "IU may write"),
            ("O:BAD:(XA;;FA;;;BU;(a))", "BU may write"),
            ("O:BAD:(A;;ZZ;;;BU)", "BU may write"),
            ("O:BAD:NO_ACCESS_CONTROL", "everyone"),
            ("O:BA", "not supported"),
            ("O:BAD:(A;;FA)", "not supported"),
            ("", "not supported"),
        ] {
            let found = check(bad, USER).unwrap_err();
            assert!(found.contains(why), "{bad}: {found}");
        }
    }
}
