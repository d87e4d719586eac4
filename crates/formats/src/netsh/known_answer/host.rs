//! Hosts: bindings that a release prints completely, and the printed lines.

use certbind_core::{
    Binding, BindingKey, CertCheckMode, ExtendedProperties, Property, PropertyValue, Record,
    SslFlags,
};
use certbind_formats::Export;
use certbind_formats::netsh::{self, Release};

use super::draw::Draw;

/// A host and its listing.
pub(super) struct Host {
    pub(super) is_english: bool,
    pub(super) bindings: Vec<Binding>,
    pub(super) lines: Vec<String>,
}

/// A display language.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Language {
    English,
    /// Its labels are read by their order alone, its words are English.
    Unknown,
    /// As that one, with French words.
    French,
    /// The table has a few of its labels.
    German,
}

/// The flags and checks that a release shows, and whether it shows extended properties.
fn shown_by(release: Release) -> (u32, u32, bool) {
    match release {
        Release::Server2008 | Release::Server2008R2 | Release::Server2012R2 => {
            (0x3, 0x1_0003, false)
        }
        Release::Server2016Rtm => (0xb, 0x1_0003, false),
        Release::Server2016 => (0x1b, 0x1_0003, false),
        Release::Server2019 => (0x14fb, 0x1_0003, false),
        Release::Server2022 => (0x1ffb, 0x1_0003, true),
        Release::Windows11 => (0x9ffb, 0x1_0003, true),
        _ => (0xdffb, 0x1_001f, true),
    }
}

pub(super) fn host(draw: &mut Draw<'_>) -> Host {
    let release = draw.of(&Release::ALL);
    let language = draw.of(&[
        Language::English,
        Language::English,
        Language::English,
        Language::Unknown,
        Language::French,
        Language::German,
    ]);
    let is_english = language == Language::English;
    let count = 1 + draw.below(4);
    let drawn = (0..count).map(|at| binding(draw, release, is_english, at));
    let mut bindings: Vec<Binding> = drawn.collect();
    bindings.sort_by(|a, b| a.key().cmp(b.key()));
    let mut text = Vec::new();
    let export = Export {
        bindings: bindings.clone(),
        ..Export::default()
    };
    netsh::write(&mut text, &export, &release.layout()).unwrap();
    let text = String::from_utf8(text).unwrap();
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    if matches!(release, Release::Server2022 | Release::Windows11) {
        without_empty_properties(&mut lines);
    }
    if !is_english {
        for line in &mut lines {
            *line = translated(line, language);
        }
    }
    Host {
        is_english,
        bindings,
        lines,
    }
}

/// Removes Extended Properties 2 to 4, which have no values: the cases of the rules are of hosts of an
/// earlier build, with two. Those of Windows Server 2025 have five.
fn without_empty_properties(lines: &mut Vec<String>) {
    let is_empty = |line: &str| {
        let id = line.trim().strip_prefix("PropertyId");
        id.is_some_and(|id| ["2", "3", "4"].contains(&id.trim_start_matches([' ', ':'])))
    };
    while let Some(at) = lines.iter().position(|line| is_empty(line)) {
        lines.drain(at - 1..=at);
    }
}

fn binding(draw: &mut Draw<'_>, release: Release, is_english: bool, at: usize) -> Binding {
    let (flags, checks, has_properties) = shown_by(release);
    let kinds = if release <= Release::Server2008R2 {
        2
    } else if is_english {
        6
    } else {
        5
    };
    let port = 1 + draw.below(60_000);
    let key = match draw.below(kinds) {
        0 => format!("10.0.{at}.{}:{port}", draw.below(256)),
        1 => format!("[2001:db8::{at}:{}]:{port}", 1 + draw.below(9)),
        2 => format!("hostnameport=host{at}.contoso.com:{port}"),
        3 => format!("ccs={}", 10 * (1 + port % 5_000) + at),
        4 => format!("scopedccs=shop{at}.contoso.com:{port}"),
        // Its label alone shows that it is no address.
        _ => format!("hostnameport=10.1.{at}.1:{port}"),
    };
    let key: BindingKey = key.parse().unwrap();
    let app_id = draw.of(&[
        "4dc3e181-e14b-4a21-b022-59fc669b0914",
        "5d89a20c-beab-4389-9447-324788eb944a",
        "00000000-0000-0000-0000-000000000000",
    ]);
    let app_id = app_id.parse().unwrap();
    let mut record = if key.kind().names_certificate() {
        let store = draw.of(&["MY", "WebHosting", "", "My Own Store"]);
        let store = (!store.is_empty()).then(|| store.parse().unwrap());
        Record::new(draw.hex(40).parse().unwrap(), store, app_id)
    } else {
        Record::central(app_id)
    };
    let bits = |draw: &mut Draw<'_>| {
        let mut bits = 0_u32;
        for at in 0..18 {
            bits |= u32::from(draw.one_in(4)) << at;
        }
        bits
    };
    record.flags = SslFlags::from_bits_retain(bits(draw) & flags);
    record.check_mode = CertCheckMode::from_bits_retain(bits(draw) & checks);
    record.revocation_freshness_time = draw.of(&[0, 0, 60, 86_400]);
    record.url_retrieval_timeout = draw.of(&[0, 0, 5_000]);
    let in_force = CertCheckMode::USE_REVOCATION_FRESHNESS;
    if checks & in_force.bits() == 0 {
        let is_set = record.revocation_freshness_time != 0;
        record.check_mode.set(in_force, is_set);
    }
    if draw.one_in(4) {
        record.ctl_identifier = Some("Trusted".parse().unwrap());
    }
    if draw.one_in(4) {
        record.ctl_store_name = Some("AdfsTrustedDevices".parse().unwrap());
    }
    if has_properties && draw.one_in(3) {
        let window = PropertyValue::Http2Window {
            receive_window: draw.of(&[65_536, 100]),
        };
        let limits = PropertyValue::Http2SettingsLimits {
            max_per_frame: draw.of(&[100, 2_796_202]),
            max_per_minute: draw.of(&[200, u32::MAX]),
        };
        let set = [Property::from(window), Property::from(limits)];
        record.extended = ExtendedProperties::new(set).unwrap();
    }
    Binding::new(key, record).unwrap()
}

/// A line in an invented or rare language.
fn translated(line: &str, language: Language) -> String {
    let Some((label, value)) = line.split_once(" : ") else {
        return line
            .replace("SSL Certificate bindings", "Utrixam")
            .replace("Extended", "Ratlo");
    };
    let indent = label.len() - label.trim_start().len();
    let mut label = label.trim().to_owned();
    let german = [
        ("Certificate Hash", "Zertifikathash"),
        ("Application ID", "Anwendungs-ID"),
        ("Certificate Store Name", "Zertifikatspeichername"),
    ];
    let known = german.iter().find(|(from, _)| *from == label);
    match known.filter(|_| language == Language::German) {
        Some((_, to)) => label = (*to).to_owned(),
        None if label != "PropertyId" => {
            for (from, to) in WORDS {
                label = label.replace(from, to);
            }
        }
        None => {}
    }
    let value = match value {
        "Enabled" if language == Language::French => "Activé",
        "Disabled" if language == Language::French => "Désactivé",
        "Set" if language == Language::French => "Défini",
        "Not Set" if language == Language::French => "Non défini",
        value => value,
    };
    let label = format!("{:indent$}{label}", "");
    format!("{label:<32} : {value}")
}

const WORDS: [(&str, &str); 18] = [
    ("Certificate", "Zertum"),
    ("Verify", "Prufa"),
    ("Disable", "Ekki"),
    ("Enable", "Jaja"),
    ("Hash", "Hakk"),
    ("Application", "Forrit"),
    ("Usage", "Notkun"),
    ("Revocation", "Tilbaka"),
    ("Retrieval", "Sokn"),
    ("Ctl", "Traust"),
    ("DS Mapper", "DS Kort"),
    ("Negotiate", "Semja"),
    ("Reject", "Hafna"),
    ("Log", "Skra"),
    ("Window", "Gluggi"),
    ("Settings", "Stillingar"),
    ("Use", "Nota"),
    ("port", "porta"),
];
