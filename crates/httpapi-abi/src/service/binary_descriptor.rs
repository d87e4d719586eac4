//! Security descriptors in bytes, as the registry has them.

use super::sddl::{self, SecurityDescriptor};
use super::value_error::ServiceValueError;

/// Bits of the control word (`SECURITY_DESCRIPTOR_CONTROL`).
const DACL_PRESENT: u16 = 0x0004;
const SACL_PRESENT: u16 = 0x0010;
const SELF_RELATIVE: u16 = 0x8000;

/// The letters of a list's control bits: of the discretionary list, and of the one for auditing.
const DACL_FLAGS: [(u16, &str); 3] = [(0x1000, "P"), (0x0100, "AR"), (0x0400, "AI")];
const SACL_FLAGS: [(u16, &str); 3] = [(0x2000, "P"), (0x0200, "AR"), (0x0800, "AI")];

/// The letters of an entry's flags.
const ACE_FLAGS: [(u8, &str); 7] = [
    (0x01, "OI"),
    (0x02, "CI"),
    (0x04, "NP"),
    (0x08, "IO"),
    (0x10, "ID"),
    (0x40, "SA"),
    (0x80, "FA"),
];

impl SecurityDescriptor {
    /// Reads a self-relative descriptor (MS-DTYP 2.4.6), as HTTP.sys keeps it for each reservation.
    ///
    /// # Errors
    /// [`ServiceValueError`]: it is damaged, has no discretionary list (which allows everything to
    /// everybody, and has no SDDL here), or has entries other than those that allow, deny or audit.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ServiceValueError> {
        let fault = |what| ServiceValueError::new("security descriptor", hex(bytes), what);
        let text = decoded(bytes).map_err(fault)?;
        text.parse()
    }
}

/// The first bytes, for messages.
fn hex(bytes: &[u8]) -> String {
    let shown = bytes.iter().take(24);
    let text: String = shown.map(|byte| format!("{byte:02x}")).collect();
    if bytes.len() > 24 { text + "…" } else { text }
}

fn decoded(bytes: &[u8]) -> Result<String, &'static str> {
    if bytes.first() != Some(&1) {
        return Err("it is not of revision 1");
    }
    let control = u16_at(bytes, 2).ok_or(CUT)?;
    if control & SELF_RELATIVE == 0 {
        return Err("it is not self-relative");
    }
    let offset = |at| u32_at(bytes, at).map(|offset| offset as usize).ok_or(CUT);
    let mut text = String::new();
    for (at, letter) in [(4, "O:"), (8, "G:")] {
        match offset(at)? {
            0 => {}
            at => {
                let sid = sid(bytes, at)?.0;
                text = text
                    + letter
                    + &sddl::sid(&sid).ok_or("a SID has too few or too many numbers")?;
            }
        }
    }
    match offset(16)? {
        at if control & DACL_PRESENT != 0 && at != 0 => {
            text = text + "D:" + &letters(control, DACL_FLAGS) + &list(bytes, at)?;
        }
        _ => {
            return Err("it has no discretionary access control list, so everyone has full access");
        }
    }
    match offset(12)? {
        at if control & SACL_PRESENT != 0 && at != 0 => {
            text = text + "S:" + &letters(control, SACL_FLAGS) + &list(bytes, at)?;
        }
        _ => {}
    }
    Ok(text)
}

const CUT: &str = "it is truncated";

fn letters(control: u16, flags: [(u16, &str); 3]) -> String {
    let set = flags.iter().filter(|(bit, _)| control & bit != 0);
    set.map(|(_, letters)| *letters).collect()
}

/// The entries of a list (MS-DTYP 2.4.5).
fn list(bytes: &[u8], at: usize) -> Result<String, &'static str> {
    let length = usize::from(u16_at(bytes, at + 2).ok_or(CUT)?);
    let count = u16_at(bytes, at + 4).ok_or(CUT)?;
    let list = bytes.get(at..at + length).ok_or(CUT)?;
    let mut text = String::new();
    let mut at = 8;
    for _ in 0..count {
        let length = usize::from(u16_at(list, at + 2).ok_or(CUT)?);
        let entry = list.get(at..at + length).ok_or(CUT)?;
        text.push_str(&ace(entry)?);
        at += length;
    }
    Ok(text)
}

/// An entry (MS-DTYP 2.4.4).
fn ace(entry: &[u8]) -> Result<String, &'static str> {
    let kind = match entry.first() {
        Some(0) => "A",
        Some(1) => "D",
        Some(2) => "AU",
        Some(_) => return Err("an entry neither allows, denies nor audits"),
        None => return Err(CUT),
    };
    let set = *entry.get(1).ok_or(CUT)?;
    let flags = ACE_FLAGS.iter().filter(|(bit, _)| set & bit != 0);
    let flags: String = flags.map(|(_, letters)| *letters).collect();
    let rights = u32_at(entry, 4).ok_or(CUT)?;
    let (sid, length) = sid(entry, 8)?;
    if 8 + length > entry.len() {
        return Err(CUT);
    }
    Ok(format!("({kind};{flags};{rights:#x};;;{sid})"))
}

/// A SID (MS-DTYP 2.4.2.2) and its length.
fn sid(bytes: &[u8], at: usize) -> Result<(String, usize), &'static str> {
    let head = bytes.get(at..at.saturating_add(8)).ok_or(CUT)?;
    if head[0] != 1 {
        return Err("a SID is not of revision 1");
    }
    let authority = head[2..8].iter();
    let authority = authority.fold(0, |all: u64, byte| all << 8 | u64::from(*byte));
    let mut text = format!("S-1-{authority}");
    let count = usize::from(head[1]);
    for index in 0..count {
        let number = u32_at(bytes, at + 8 + 4 * index).ok_or(CUT)?;
        text.push_str(&format!("-{number}"));
    }
    Ok((text, 8 + 4 * count))
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    let bytes = bytes.get(at..at.checked_add(2)?)?;
    Some(u16::from_le_bytes(bytes.try_into().ok()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    let bytes = bytes.get(at..at.checked_add(4)?)?;
    Some(u32::from_le_bytes(bytes.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The descriptor that Windows stores for a URL that anybody may register: `D:(A;;GX;;;WD)`.
    fn everyone() -> Vec<u8> {
        let mut bytes = vec![1, 0, 0x04, 0x80];
        bytes.extend([0; 12]);
        bytes.extend([0x14, 0, 0, 0]);
        bytes.extend([2, 0, 0x1c, 0, 1, 0, 0, 0]);
        bytes.extend([0, 0, 0x14, 0, 0, 0, 0, 0x20]);
        bytes.extend([1, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0]);
        bytes
    }

    #[test]
    fn a_descriptor_is_decoded() {
        let found = SecurityDescriptor::from_bytes(&everyone()).unwrap();
        assert_eq!(found.to_string(), "D:(A;;GX;;;WD)");
        let mut full = everyone();
        // An owner and a group before the list, which is protected and denies to children.
        full[3] = 0x90;
        full[4] = 48;
        full[8] = 48;
        full[28..30].copy_from_slice(&[1, 0x0b]);
        full.extend([1, 2, 0, 0, 0, 0, 0, 5, 32, 0, 0, 0, 0x20, 2, 0, 0]);
        let found = SecurityDescriptor::from_bytes(&full).unwrap();
        assert_eq!(found.to_string(), "O:BAG:BAD:P(D;OICIIO;GX;;;WD)");
    }

    #[test]
    fn a_damaged_descriptor_is_refused() {
        let whole = everyone();
        for length in 0..whole.len() {
            assert!(SecurityDescriptor::from_bytes(&whole[..length]).is_err());
        }
        for (at, value) in [(0, 2), (3, 0), (2, 0), (16, 0), (28, 5), (36, 2)] {
            let mut damaged = whole.clone();
            damaged[at] = value;
            assert!(SecurityDescriptor::from_bytes(&damaged).is_err(), "{at}");
        }
        for at in 0..whole.len() {
            for value in 0..=255 {
                let mut damaged = whole.clone();
                damaged[at] = value;
                // Any result but a panic is allowed.
                let _ = SecurityDescriptor::from_bytes(&damaged);
            }
        }
    }
}
