//! Hives made cell by cell, also such as no tool makes, and their transaction logs.

#![allow(
    missing_docs,
    clippy::missing_panics_doc,
    clippy::unwrap_used,
    reason = "for tests, which may panic"
)]

pub mod log;

/// A key to make.
#[derive(Clone, Debug, Default)]
pub struct Node {
    pub name: String,
    pub values: Vec<(String, u32, Vec<u8>)>,
    pub keys: Vec<Node>,
    /// Names in UTF-16, also where they are ASCII.
    pub is_wide: bool,
    pub list: List,
    /// The last-write time, as a FILETIME.
    pub time: u64,
}

/// How the keys under a key are listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum List {
    #[default]
    Lh,
    Lf,
    Li,
    /// A root, and leaves of two keys each.
    Ri,
}

pub const SZ: u32 = 1;
pub const BINARY: u32 = 3;
pub const DWORD: u32 = 4;
pub const MULTI_SZ: u32 = 7;

/// The security descriptor `D:(A;;GX;;;WD)` in bytes, self-relative (MS-DTYP 2.4.6): everyone may listen.
pub const EVERYONE: [u8; 48] = [
    1, 0, 4, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x14, 0, 0, 0, // the head
    2, 0, 0x1c, 0, 1, 0, 0, 0, // a list of one entry
    0, 0, 0x14, 0, 0, 0, 0, 0x20, 1, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, // allows S-1-1-0
];

pub fn key(name: &str) -> Node {
    Node {
        name: name.to_owned(),
        ..Node::default()
    }
}

impl Node {
    pub fn value(mut self, name: &str, kind: u32, data: &[u8]) -> Self {
        self.values.push((name.to_owned(), kind, data.to_vec()));
        self
    }

    pub fn text(self, name: &str, text: &str) -> Self {
        let units = text.encode_utf16().chain([0]);
        let bytes: Vec<u8> = units.flat_map(u16::to_le_bytes).collect();
        self.value(name, SZ, &bytes)
    }

    pub fn texts(self, name: &str, texts: &[&str]) -> Self {
        let units = texts.iter().flat_map(|text| text.encode_utf16().chain([0]));
        let bytes: Vec<u8> = units.chain([0]).flat_map(u16::to_le_bytes).collect();
        self.value(name, MULTI_SZ, &bytes)
    }

    pub fn dword(self, name: &str, number: u32) -> Self {
        self.value(name, DWORD, &number.to_le_bytes())
    }

    pub fn key(mut self, key: Node) -> Self {
        self.keys.push(key);
        self
    }

    pub fn listed(mut self, list: List) -> Self {
        self.list = list;
        self
    }

    pub fn written_at(mut self, filetime: u64) -> Self {
        self.time = filetime;
        self
    }

    pub fn wide(mut self) -> Self {
        self.is_wide = true;
        self
    }
}

/// A `SYSTEM` hive whose current control set, the second, has these keys under HTTP.sys's.
pub fn system(families: Vec<Node>) -> Node {
    system_with(Node {
        keys: families,
        ..key("Parameters")
    })
}

/// The same with this key `Parameters`.
pub fn system_with(parameters: Node) -> Node {
    let http = key("HTTP").key(parameters);
    let host = key("ComputerName").text("ComputerName", "WEB-01");
    let control = key("Control").key(key("ComputerName").key(host));
    let second = key("ControlSet002").key(control).key(
        key("Services")
            .key(key("Dhcp"))
            .key(http)
            .key(key("W32Time")),
    );
    key("ROOT")
        .key(key("ControlSet001").key(key("Services")))
        .key(second)
        .key(key("Select").dword("Current", 2).dword("Default", 2))
}

/// A binding's key with a hash and an application id.
pub fn binding(name: &str) -> Node {
    key(name)
        .value("AppId", BINARY, &[0x11; 16])
        .value("SslCertHash", BINARY, &[0x52; 20])
}

/// The file of a hive, all of it in one bin.
pub fn file(root: &Node) -> Vec<u8> {
    written(Cells::in_one_bin(), root)
}

/// The file of a hive in bins as Windows makes them: each as short as it can be for its first cell.
pub fn file_in_bins(root: &Node) -> Vec<u8> {
    written(Cells::in_bins(), root)
}

fn written(mut cells: Cells, root: &Node) -> Vec<u8> {
    let security = security(&mut cells);
    let root = write(&mut cells, root, u32::MAX, security, 0x0c);
    let bins = cells.bins();
    let length = bins.len();

    let mut base = vec![0; 4096];
    base[..4].copy_from_slice(b"regf");
    for (at, word) in [
        (4, 7),
        (8, 7),
        (20, 1),
        (24, 5),
        (32, 1),
        (36, root),
        (40, length32(length)),
        (44, 1),
    ] {
        base[at..at + 4].copy_from_slice(&u32::to_le_bytes(word));
    }
    sign(&mut base);
    base.extend(bins);
    base
}

/// Sets the correct checksum of a hive's first block.
pub fn sign(file: &mut [u8]) {
    let words = file[..508].as_chunks::<4>().0;
    let sum = words
        .iter()
        .fold(0, |sum, word| sum ^ u32::from_le_bytes(*word));
    file[508..512].copy_from_slice(&sum.to_le_bytes());
}

/// Where a key's cell begins in a file, by its name.
pub fn place_of(file: &[u8], name: &str) -> usize {
    let starts = (4096..file.len() - 4).step_by(4);
    let mut nodes = starts.filter(|at| file[at + 4..].starts_with(b"nk"));
    let is_named = |at: &usize| file[at + 80..].starts_with(name.as_bytes());
    nodes.find(is_named).expect("a key of that name")
}

/// The bins so far; the last one has no end yet, or it has this one.
struct Cells {
    bytes: Vec<u8>,
    start: usize,
    end: Option<usize>,
}

/// The length of a bin's header.
const HEADER: usize = 32;

impl Cells {
    fn in_one_bin() -> Self {
        Self {
            bytes: vec![0; HEADER],
            start: 0,
            end: None,
        }
    }

    fn in_bins() -> Self {
        Self {
            end: Some(4096),
            ..Self::in_one_bin()
        }
    }

    fn add(&mut self, data: &[u8]) -> u32 {
        let length = (data.len() + 4).next_multiple_of(8);
        if self.end.is_some_and(|end| end - self.bytes.len() < length) {
            self.close();
            self.bytes.resize(self.start + HEADER, 0);
            self.end = Some((self.start + HEADER + length).next_multiple_of(4096));
        }
        let at = self.bytes.len();
        self.bytes
            .extend(length32(length).wrapping_neg().to_le_bytes());
        self.bytes.extend(data);
        self.bytes.resize(at + length, 0);
        length32(at)
    }

    /// Ends the last bin, with a free cell after the others.
    fn close(&mut self) {
        let free = self.bytes.len();
        let end = self.end.unwrap_or((free + 8).next_multiple_of(4096));
        self.bytes.resize(end, 0);
        if free < end {
            self.bytes[free..free + 4].copy_from_slice(&length32(end - free).to_le_bytes());
        }
        let header = &mut self.bytes[self.start..];
        header[..4].copy_from_slice(b"hbin");
        header[4..8].copy_from_slice(&length32(self.start).to_le_bytes());
        header[8..12].copy_from_slice(&length32(end - self.start).to_le_bytes());
        self.start = end;
    }

    fn bins(mut self) -> Vec<u8> {
        self.close();
        self.bytes
    }

    fn list(&mut self, offsets: &[u32]) -> u32 {
        let bytes: Vec<u8> = offsets
            .iter()
            .flat_map(|offset| offset.to_le_bytes())
            .collect();
        self.add(&bytes)
    }
}

fn length32(length: usize) -> u32 {
    u32::try_from(length).unwrap()
}

fn length16(length: usize) -> [u8; 2] {
    u16::try_from(length).unwrap().to_le_bytes()
}

/// A security descriptor with nothing in it.
fn security(cells: &mut Cells) -> u32 {
    let own = length32(cells.bytes.len());
    let mut data = b"sk\0\0".to_vec();
    for word in [own, own, 1, 20, 0x8000_0001, 0, 0, 0, 0] {
        data.extend(u32::to_le_bytes(word));
    }
    cells.add(&data)
}

fn stored(name: &str, is_wide: bool) -> Vec<u8> {
    if is_wide {
        name.encode_utf16().flat_map(u16::to_le_bytes).collect()
    } else {
        name.bytes().collect()
    }
}

fn write(cells: &mut Cells, node: &Node, parent: u32, security: u32, flags: u16) -> u32 {
    let name = stored(&node.name, node.is_wide);
    let mut data = vec![0; 76];
    data.extend(&name);
    let own = cells.add(&data);
    let keys: Vec<_> = node
        .keys
        .iter()
        .map(|key| (key.name.as_str(), write(cells, key, own, security, 0)))
        .collect();
    let keys_list = if keys.is_empty() {
        u32::MAX
    } else {
        keys_list(cells, node.list, &keys)
    };
    let values: Vec<_> = node
        .values
        .iter()
        .map(|(name, kind, data)| {
            value(
                cells,
                &stored(name, node.is_wide),
                node.is_wide,
                *kind,
                data,
            )
        })
        .collect();
    let values_list = if values.is_empty() {
        u32::MAX
    } else {
        cells.list(&values)
    };
    let flags = if node.is_wide { flags } else { flags | 0x20 };
    data[..2].copy_from_slice(b"nk");
    data[2..4].copy_from_slice(&flags.to_le_bytes());
    for (at, word) in [
        (16, parent),
        (20, length32(keys.len())),
        (28, keys_list),
        (32, u32::MAX),
        (36, length32(values.len())),
        (40, values_list),
        (44, security),
        (48, u32::MAX),
    ] {
        data[at..at + 4].copy_from_slice(&word.to_le_bytes());
    }
    data[4..12].copy_from_slice(&node.time.to_le_bytes());
    data[72..74].copy_from_slice(&length16(name.len()));
    let at = own as usize + 4;
    cells.bytes[at..at + data.len()].copy_from_slice(&data);
    own
}

fn keys_list(cells: &mut Cells, list: List, keys: &[(&str, u32)]) -> u32 {
    let (signature, with_hint) = match list {
        List::Lh => (b"lh", true),
        List::Lf => (b"lf", true),
        List::Li => (b"li", false),
        List::Ri => {
            let leaves: Vec<_> = keys
                .chunks(2)
                .map(|keys| (keys[0].0, keys_list(cells, List::Lh, keys)))
                .collect();
            let offsets: Vec<_> = leaves
                .iter()
                .flat_map(|(_, leaf)| leaf.to_le_bytes())
                .collect();
            let head = [b"ri".as_slice(), &length16(leaves.len()), &offsets].concat();
            return cells.add(&head);
        }
    };
    let mut data = signature.to_vec();
    data.extend(length16(keys.len()));
    for (name, offset) in keys {
        data.extend(offset.to_le_bytes());
        if with_hint {
            let hash = name.to_ascii_uppercase().bytes().fold(0_u32, |hash, byte| {
                hash.wrapping_mul(37).wrapping_add(byte.into())
            });
            let mut hint = hash.to_le_bytes();
            if list == List::Lf {
                hint = [0; 4];
                let start = &name.as_bytes()[..name.len().min(4)];
                hint[..start.len()].copy_from_slice(start);
            }
            data.extend(hint);
        }
    }
    cells.add(&data)
}

fn value(cells: &mut Cells, name: &[u8], is_wide: bool, kind: u32, data: &[u8]) -> u32 {
    let mut size = length32(data.len());
    let place = match data.len() {
        0..=4 => {
            size |= 1 << 31;
            let mut inline = [0; 4];
            inline[..data.len()].copy_from_slice(data);
            u32::from_le_bytes(inline)
        }
        5..=16344 => cells.add(data),
        _ => {
            let segments: Vec<_> = data
                .chunks(16344)
                .map(|segment| cells.add(segment))
                .collect();
            let list = cells.list(&segments);
            let head = [
                b"db".as_slice(),
                &length16(segments.len()),
                &list.to_le_bytes(),
                &[0; 4],
            ];
            cells.add(&head.concat())
        }
    };
    let mut head = b"vk".to_vec();
    head.extend(length16(name.len()));
    for word in [size, place, kind] {
        head.extend(word.to_le_bytes());
    }
    head.extend(if is_wide { [0; 4] } else { [1, 0, 0, 0] });
    head.extend(name);
    cells.add(&head)
}
