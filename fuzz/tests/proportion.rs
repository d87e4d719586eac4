//! Memory and time in proportion to the input, for every reader and each hostile shape: at most twenty
//! bytes of memory for a byte of input and 64 MiB, and four times the input takes about four times as
//! long. An optimised build tries every reader with every shape, at eighty times the size:
//!
//!     cargo test --release --package certbind-fuzz --test proportion

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "tests may unwrap")]

use std::fmt::Write;
use std::time::Duration;

use allocation_counter::measure;
use certbind_audit::{Config, EarlierReport, HostExport, Inventory, audit, html};
use certbind_formats::netsh::Listing;
use certbind_formats::{Export, Format, ReadOptions, read, snapshot};
use certbind_migrate::{MappingFile, Plan};
use rustix::time::{ClockId, clock_gettime};

/// The smaller of the two sizes of inputs, in bytes; the other is four times that. An optimised build
/// reads more in the same time.
const SMALL: usize = if cfg!(debug_assertions) { 12 } else { 1024 } << 10;

/// How many bytes of memory a byte of input may take.
const PER_BYTE: u64 = 20;

/// The memory that any input may take: bounded tables, and a scrypt of 32 MiB.
const ANYWAY: u64 = 64 << 20;

/// Four times the input takes four times the processor's time, and twice that where the larger input
/// does not fit in its caches.
const SLOWER: u32 = 8;

/// Times below this are not compared.
const SHORT: Duration = Duration::from_millis(400);

type Reader = (&'static str, fn(&[u8]));

/// Each reads an input, and drops the result.
const READERS: [Reader; 18] = [
    ("export", |input| {
        let _ = read(input, &ReadOptions::default());
    }),
    ("what can be read of a listing", |input| {
        partly(input, Format::Netsh);
    }),
    ("what can be read of JSON", |input| {
        partly(input, Format::Json);
    }),
    ("what can be read of a .reg", |input| {
        partly(input, Format::Reg);
    }),
    ("what can be read of a hive", |input| {
        partly(input, Format::Hive);
    }),
    ("what can be read of TOML", |input| {
        partly(input, Format::Toml);
    }),
    ("what can be read of YAML", |input| {
        partly(input, Format::Yaml);
    }),
    ("snapshot", |input| partly(input, Format::Snapshot)),
    ("listing in one pass", |input| {
        let _ = Listing::prescan(|| Ok(input), &ReadOptions::default());
    }),
    ("host of an audit, and its page", |input| {
        let options = ReadOptions {
            keep_going: true,
            ..ReadOptions::default()
        };
        let Ok(reading) = read(input, &options) else {
            return;
        };
        let hosts = [HostExport::new("host", reading)];
        let (inventory, now) = (Inventory::none(), "2026-06-01T00:00:00Z".parse().unwrap());
        let report = audit(&hosts, &inventory, &Config::at(now));
        html::write(&mut std::io::sink(), &hosts, &inventory, &report).unwrap();
    }),
    ("certificates", |input| {
        let mut inventory = Inventory::none();
        inventory.add_file("file", input, &["secret".to_owned()]);
    }),
    ("private keys", |input| {
        drop(certbind_certificates::PrivateKeys::read(
            input,
            &["secret".to_owned()],
        ));
    }),
    ("plan", |input| {
        let _ = Plan::from_json(input);
    }),
    ("trace", |input| {
        let _ = certbind_trace::read(input);
    }),
    ("earlier report", |input| {
        let _ = EarlierReport::parse(&String::from_utf8_lossy(input));
    }),
    ("configuration", |input| {
        let now = "2026-06-01T00:00:00Z".parse().unwrap();
        let _ = Config::parse(&String::from_utf8_lossy(input), now);
    }),
    ("configuration of IIS", |input| {
        let _ = certbind_audit::iis::Configuration::parse(input);
    }),
    ("mapping", |input| {
        let _ = MappingFile::parse(&String::from_utf8_lossy(input));
    }),
];

fn partly(input: &[u8], format: Format) {
    let options = ReadOptions {
        format: Some(format),
        keep_going: true,
        ..ReadOptions::default()
    };
    let _ = read(input, &options);
}

type Shape = (&'static str, fn(usize) -> Vec<u8>);

/// A start, pieces up to a length, and an end.
fn repeated(start: &str, piece: &str, end: &str, length: usize) -> Vec<u8> {
    let count = length.saturating_sub(start.len() + end.len()) / piece.len();
    [start, &piece.repeat(count), end].concat().into_bytes()
}

/// The same with a number in each piece, in place of `#`.
fn numbered(start: &str, piece: &str, end: &str, length: usize) -> Vec<u8> {
    let mut text = start.to_owned();
    let mut number = 0;
    while text.len() + end.len() < length {
        let next = piece.replace('#', &number.to_string());
        write!(text, "{next}").unwrap();
        number += 1;
    }
    (text + end).into_bytes()
}

const EXPORT: &str = r#"{"format":"certbind-export","version":1,"header":{},"bindings":["#;
const RECORD: &str = "    IP:port                      : 10.#:443\r\n    Certificate Hash             : \
    5226dc6c54559761cd471b86eb51c096252c90f2\r\n    Application ID               : \
    {4dc3e181-e14b-4a21-b022-59fc669b0914}\r\n\r\n";
const REG: &str = "Windows Registry Editor Version 5.00\r\n\r\n";
const SSL: &str =
    r"[HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\HTTP\Parameters\SslBindingInfo";

/// One for each way in which few bytes may require much memory.
const SHAPES: [Shape; 72] = [
    ("blank lines", |n| repeated("", "\n", "", n)),
    ("blank lines of Windows", |n| repeated("", "\r\n", "", n)),
    ("lines of a blank", |n| repeated("", " \n", "", n)),
    ("one line of blanks", |n| repeated("", " ", "", n)),
    ("zeros", |n| vec![0; n]),
    ("ones", |n| vec![0xff; n]),
    ("one long line", |n| repeated("", "a", "", n)),
    ("short lines", |n| repeated("", "a\n", "", n)),
    ("lines with a colon", |n| repeated("", ":\n", "", n)),
    ("labels", |n| repeated("", "a : b\n", "", n)),
    ("different labels", |n| numbered("", "a# : b\n", "", n)),
    ("rules", |n| {
        repeated("", "-------------------------\n", "", n)
    }),
    ("keys without records", |n| {
        repeated("", "IP:port : 0.0.0.0:443\n", "", n)
    }),
    ("records of one key", |n| {
        repeated("\r\n", &RECORD.replace('#', "0.0.1"), "", n)
    }),
    ("records without keys", |n| numbered("\r\n", RECORD, "", n)),
    ("records cut off", |n| {
        repeated(
            "\r\n",
            "    IP:port : 1.1.1.1:1\r\n    Certificate Hash : 5\r\n\r\n",
            "",
            n,
        )
    }),
    ("blank lines between records", |n| {
        repeated(&RECORD.replace('#', "0.0.1"), "\r\n", RECORD, n)
    }),
    ("layers of a log", |n| repeated("", "> ", "a", n)),
    ("escape sequences", |n| repeated("", "\u{1b}[31m", "", n)),
    ("lines of a diff", |n| repeated("", "+ a\n- b\n", "", n)),
    ("UTF-16", |n| {
        [&[0xff, 0xfe][..], &[b'\n', 0].repeat(n / 2)].concat()
    }),
    ("JSON: zeros", |n| repeated("[", "0,", "0]", n)),
    ("JSON: brackets", |n| repeated("", "[", "", n)),
    ("JSON: objects in objects", |n| {
        repeated("", "{\"a\":", "", n)
    }),
    ("JSON: empty objects", |n| repeated("[", "{},", "{}]", n)),
    ("JSON: fields", |n| numbered("{", "\"#\":0,", "\"a\":0}", n)),
    ("JSON: one string", |n| repeated("\"", "a", "\"", n)),
    ("JSON: escapes", |n| repeated("\"", "\\u0000", "\"", n)),
    ("JSON: zeros for bindings", |n| {
        repeated(EXPORT, "0,", "0]}", n)
    }),
    ("JSON: nothing for bindings", |n| {
        repeated(EXPORT, "{},", "{}]}", n)
    }),
    ("JSON: lists for bindings", |n| {
        repeated(EXPORT, "[],", "[]]}", n)
    }),
    ("JSON: bindings cut off", |n| {
        repeated(EXPORT, "{\"key\":\"ccs=1\"},", "{}]}", n)
    }),
    ("JSON: one key", |n| {
        repeated(
            EXPORT,
            "{\"key\":\"ccs=1\",\"app_id\":\"00000000-0000-0000-0000-000000000000\"},",
            "{}]}",
            n,
        )
    }),
    ("JSON: unreadable parts", |n| {
        let start = EXPORT
            .replace("1,", "3,")
            .replace("\"bindings\":[", "\"bindings\":[],\"unreadable\":[");
        repeated(&start, "\"\",", "\"\"]}", n)
    }),
    ("JSON: unreadable parts of a list", |n| {
        let start = "[{\"host\":\"a\",\"bindings\":[],\"unreadable\":[";
        repeated(start, "\"\",", "\"\"]}]", n)
    }),
    ("JSON: a layout", |n| {
        let start = EXPORT.replace("\"bindings\":[", "\"bindings\":[],\"layout\":{\"lines\":[");
        repeated(&start, "\"\",", "\"\"]}}", n)
    }),
    ("plan: steps", |n| {
        repeated(
            "{\"format\":\"certbind-plan\",\"version\":1,\"header\":{},\"steps\":[",
            "{},",
            "{}]}",
            n,
        )
    }),
    ("lines of JSON", |n| repeated("", "{}\n", "", n)),
    ("report: findings", |n| {
        repeated(
            "{\"format\":\"certbind-audit\",\"version\":1,\"findings\":[",
            "{},",
            "{}]}",
            n,
        )
    }),
    (".reg: keys", |n| {
        numbered(REG, &format!("{SSL}\\#]\r\n"), "", n)
    }),
    (".reg: short keys", |n| repeated(REG, "[a]\r\n", "", n)),
    (".reg: values", |n| {
        numbered(
            &format!("{REG}{SSL}\\0.0.0.0:443]\r\n"),
            "\"#\"=dword:0\r\n",
            "",
            n,
        )
    }),
    (".reg: broken values", |n| {
        repeated(&format!("{REG}{SSL}\\0.0.0.0:443]\r\n"), "\"a\"\r\n", "", n)
    }),
    (".reg: one value", |n| {
        repeated(
            &format!("{REG}{SSL}\\0.0.0.0:443]\r\n\"a\"=hex:00"),
            ",\\\r\n00",
            "",
            n,
        )
    }),
    ("hive", |n| repeated("regf", "\0", "", n)),
    ("hive: bins", |n| {
        repeated("regf", "hbin\0\0\0\0\0\u{10}\0\0", "", n)
    }),
    ("hive: keys", |n| {
        repeated("regf", "nk\u{20}\0\0\0\0\0lf\u{1}\0", "", n)
    }),
    ("snapshot: zeros", |n| {
        let mut file = Vec::new();
        snapshot::write(&mut file, &Export::default()).unwrap();
        file.resize(n, 0);
        file
    }),
    ("TOML: keys", |n| numbered("", "a# = 1\n", "", n)),
    ("TOML: tables", |n| repeated("", "[[binding]]\n", "", n)),
    ("TOML: dots", |n| repeated("[a", ".a", "]", n)),
    ("TOML: lists", |n| repeated("a = ", "[", "", n)),
    ("TOML: a list", |n| repeated("a = [", "0,", "]", n)),
    ("YAML: items", |n| repeated("binding:\n", "- \n", "", n)),
    ("YAML: objects", |n| repeated("a: [", "{},\n", "{}]", n)),
    ("YAML: nesting", |n| repeated("", "- ", "", n)),
    ("YAML: aliases", |n| {
        repeated("a: &a [a]\nb: [", "*a,", "]", n)
    }),
    ("YAML: anchors", |n| numbered("", "a#: &a# [1]\n", "", n)),
    ("XML: elements", |n| repeated("<a>", "<b/>", "</a>", n)),
    ("XML: nesting", |n| repeated("", "<a>", "", n)),
    ("XML: attributes", |n| numbered("<a ", "a#='' ", "/>", n)),
    ("XML: references", |n| repeated("<a>", "&lt;", "</a>", n)),
    ("XML: comments", |n| repeated("<a>", "<!---->", "</a>", n)),
    ("XML: sites", |n| {
        numbered(
            "<configuration><system.applicationHost><sites>",
            "<site name='#' id='#'><bindings><binding protocol='https' \
             bindingInformation='*:443:'/></bindings></site>",
            "</sites></system.applicationHost></configuration>",
            n,
        )
    }),
    ("XML: locations", |n| {
        numbered(
            "<configuration>",
            "<location path='#'><a/></location>",
            "</configuration>",
            n,
        )
    }),
    ("PEM: begins", |n| {
        repeated("", "-----BEGIN CERTIFICATE-----\n", "", n)
    }),
    ("PEM: empty", |n| {
        repeated(
            "",
            "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n",
            "",
            n,
        )
    }),
    ("PEM: short", |n| {
        repeated(
            "",
            "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n",
            "",
            n,
        )
    }),
    ("DER: small elements", |n| {
        let mut der = vec![0x30, 0x83, 0, 0, 0];
        der.extend([5, 0].repeat((n - 5) / 2));
        let length = u32::try_from(der.len() - 5).unwrap().to_be_bytes();
        der[2..5].copy_from_slice(&length[1..]);
        der
    }),
    ("DER: nesting", |n| vec![0x30; n]),
    ("BER: nesting", |n| [0x30, 0x80].repeat(n / 2)),
    ("serialized store", |n| {
        let element = [32, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0];
        [&b"\0\0\0\0CERT"[..], &element.repeat((n - 8) / 12)].concat()
    }),
];

/// Whether a reader has a shape to fear: in an unoptimised build each has those of its own format, and in
/// an optimised one all.
fn reads(reader: &str, shape: &str) -> bool {
    let families: &[(&str, &[&str])] = &[
        (
            "JSON:",
            &["JSON", "YAML", "plan", "trace", "earlier report"],
        ),
        ("plan:", &["plan"]),
        ("lines of JSON", &["trace", "export"]),
        ("report:", &["earlier report"]),
        (".reg:", &[".reg", "export"]),
        ("hive", &["hive"]),
        ("snapshot", &["snapshot"]),
        ("TOML:", &["TOML", "configuration", "mapping"]),
        ("YAML:", &["YAML"]),
        ("XML:", &["IIS"]),
        ("PEM:", &["certificates", "private keys"]),
        ("DER:", &["certificates", "private keys"]),
        ("BER:", &["certificates", "private keys"]),
        ("serialized", &["certificates"]),
    ];
    let family = families.iter().find(|(start, _)| shape.starts_with(start));
    let readers = family.map_or(&["listing", "TOML"][..], |(_, readers)| *readers);
    !cfg!(debug_assertions) || readers.iter().any(|part| reader.contains(part))
}

/// The most memory that a reader has in use for an input at once, and how long it keeps the processor
/// busy. Readers start no threads.
fn cost(reader: &Reader, input: &[u8]) -> (u64, Duration) {
    let start = cpu_time();
    let used = measure(|| reader.1(input)).bytes_max;
    (used, cpu_time() - start)
}

/// How long this thread has run. What else the machine does is not in it.
fn cpu_time() -> Duration {
    clock_gettime(ClockId::ThreadCPUTime).try_into().unwrap()
}

/// Tries the shapes and readers that pass a filter. Returns the failures.
fn tried(small: usize, is_tried: impl Fn(&str, &str) -> bool) -> Vec<String> {
    let mut wrong = Vec::new();
    for shape in &SHAPES {
        let (small, large) = ((shape.1)(small), (shape.1)(4 * small));
        assert!(large.len() > small.len() * 3, "{} grows", shape.0);
        for reader in READERS.iter().filter(|reader| is_tried(reader.0, shape.0)) {
            let what = format!("{}: {}", reader.0, shape.0);
            let (_, small_time) = cost(reader, &small);
            let (memory, time) = cost(reader, &large);
            if memory > PER_BYTE * large.len() as u64 + ANYWAY {
                wrong.push(format!("{what}: {memory} bytes"));
            }
            if time > SHORT && time > small_time * SLOWER {
                wrong.push(format!(
                    "{what}: {time:?}, and a quarter of it {small_time:?}"
                ));
            }
        }
    }
    wrong
}

#[test]
fn every_reader_is_linear_in_hostile_input() {
    let wrong = tried(SMALL, reads);
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Shapes that once took hundreds of bytes for each of theirs, or time that grew with its square, at a
/// size at which that shows in any build.
#[test]
fn known_hostile_shapes_are_linear() {
    let known = [
        ("what can be read of a listing", "blank lines"),
        ("what can be read of TOML", "TOML: a list"),
        ("what can be read of YAML", "JSON: empty objects"),
        ("what can be read of YAML", "JSON: objects in objects"),
    ];
    let wrong = tried(64 << 10, |reader, shape| known.contains(&(reader, shape)));
    assert!(wrong.is_empty(), "{wrong:#?}");
}
