//! Transaction logs of hives, in both formats.

use super::sign;

/// The pages of an entry: where each begins, counted from the first bin's start, and its bytes.
pub type Pages = Vec<(usize, Vec<u8>)>;

/// The length of a page.
pub const PAGE: usize = 4096;

/// The pages in which two hives differ, with the bytes of the second one.
#[must_use]
pub fn changed_pages(before: &[u8], after: &[u8]) -> Pages {
    let pages = after[PAGE..].chunks(PAGE).enumerate();
    pages
        .map(|(index, page)| (index * PAGE, page.to_vec()))
        .filter(|(at, page)| before.get(PAGE + at..PAGE + at + page.len()) != Some(page))
        .collect()
}

/// A hive to whose file the host has begun to write: its sequence numbers are these.
#[must_use]
pub fn dirty(hive: &[u8], primary: u32, secondary: u32) -> Vec<u8> {
    let mut hive = hive.to_vec();
    put(&mut hive, 4, primary);
    put(&mut hive, 8, secondary);
    sign(&mut hive);
    hive
}

/// A log of Windows 8.1 or later, which begins with the base block of the hive and has these entries.
#[must_use]
pub fn log(hive: &[u8], entries: &[Vec<u8>]) -> Vec<u8> {
    let mut log = header(hive, 6);
    for entry in entries {
        log.extend(entry);
    }
    log
}

/// An entry of a log with a number, which leaves the hive with bins of this length.
#[must_use]
pub fn entry(number: u32, bins: usize, pages: &[(usize, Vec<u8>)]) -> Vec<u8> {
    let mut body = Vec::new();
    for (at, page) in pages {
        body.extend(word(*at));
        body.extend(word(page.len()));
    }
    for (_, page) in pages {
        body.extend(page);
    }
    let length = (40 + body.len()).next_multiple_of(512);
    body.resize(length - 40, 0);
    let mut entry = b"HvLE".to_vec();
    for field in [
        word(length),
        [0; 4],
        number.to_le_bytes(),
        word(bins),
        word(pages.len()),
    ] {
        entry.extend(field);
    }
    entry.extend([0; 16]);
    entry.extend(body);
    hash(&mut entry);
    entry
}

/// Sets the correct hashes of an entry, if it is as long as it claims to be.
pub fn hash(entry: &mut [u8]) {
    let Some(length) = entry
        .get(4..8)
        .map(|field| u32::from_le_bytes(field.try_into().unwrap()))
    else {
        return;
    };
    if let Some(body) = entry.get(40..length as usize) {
        let body = marvin32(body);
        entry[24..32].copy_from_slice(&body.to_le_bytes());
        let header = marvin32(&entry[..32]);
        entry[32..40].copy_from_slice(&header.to_le_bytes());
    }
}

/// A log before Windows 8.1, with the sectors in which the second hive differs from the first.
#[must_use]
pub fn old_log(before: &[u8], after: &[u8]) -> Vec<u8> {
    const SECTOR: usize = 512;
    let bins = after.len() - PAGE;
    let mut bitmap = vec![0_u8; bins / SECTOR / 8];
    let mut sectors: Vec<u8> = Vec::new();
    for (index, sector) in after[PAGE..].chunks(SECTOR).enumerate() {
        let at = PAGE + index * SECTOR;
        if before.get(at..at + SECTOR) != Some(sector) {
            bitmap[index / 8] |= 1 << (index % 8);
            sectors.extend(sector);
        }
    }
    let mut log = header(after, 1);
    log.extend(b"DIRT");
    log.extend(bitmap);
    log.resize(log.len().next_multiple_of(SECTOR), 0);
    log.extend(sectors);
    log
}

fn header(hive: &[u8], file_type: u32) -> Vec<u8> {
    let mut header = hive[..512].to_vec();
    let secondary = header[8..12].to_vec();
    header[4..8].copy_from_slice(&secondary);
    put(&mut header, 28, file_type);
    sign(&mut header);
    header
}

fn put(bytes: &mut [u8], at: usize, number: u32) {
    bytes[at..at + 4].copy_from_slice(&number.to_le_bytes());
}

fn word(number: usize) -> [u8; 4] {
    u32::try_from(number).unwrap().to_le_bytes()
}

/// Marvin32 with the seed of transaction logs.
fn marvin32(bytes: &[u8]) -> u64 {
    let (mut a, mut b) = (0x7a4e_55c5_u32, 0x82ef_4d88_u32);
    let mut padded = bytes.to_vec();
    padded.push(0x80);
    padded.resize(padded.len().next_multiple_of(4), 0);
    let words = padded
        .chunks_exact(4)
        .map(|word| u32::from_le_bytes(word.try_into().unwrap()));
    for word in words.chain([0]) {
        a = a.wrapping_add(word);
        b ^= a;
        a = a.rotate_left(20).wrapping_add(b);
        b = b.rotate_left(9) ^ a;
        a = a.rotate_left(27).wrapping_add(b);
        b = b.rotate_left(19);
    }
    (u64::from(b) << 32) | u64::from(a)
}
