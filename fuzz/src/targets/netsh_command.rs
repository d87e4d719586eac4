//! Commands of netsh, a line each, as a script pipes them.

use certbind::netsh::{Netsh, Profile};
use certbind_core::{BindingStore, MemoryStore, Scan};

use crate::{Outcome, Target};

pub(crate) const TARGET: Target = Target {
    name: "netsh-command",
    longest: 512,
    read,
    seeds: || {
        // Of each profile, and with the bindings that the first command adds for the later ones.
        let lines =
            |n: u8, line: &str| [&[n], SEEDS[0].as_bytes(), b"\n", line.as_bytes()].concat();
        (0..)
            .zip(SEEDS)
            .map(|(n, line)| lines(n % 5, line))
            .collect()
    },
    dictionary: &[
        "http ",
        "add ",
        "update ",
        "delete ",
        "show ",
        "sslcert ",
        "ipport=",
        "hostnameport=",
        "ccs=",
        "scopedccs=",
        "certhash=",
        "appid=",
        "certstorename=",
        "usagecheck=",
        "=enable",
        "=disable",
        "revocationfreshnesstime=",
        "\"",
        "'",
        "{",
        "}",
        "?",
        "help",
        "0.0.0.0:443",
        "\t",
        " = ",
    ],
    memory: |length| (4 << 20) + 4096 * length as u64,
};

const SEEDS: [&str; 6] = [
    "http add sslcert ipport=0.0.0.0:443 certhash=5226dc6c54559761cd471b86eb51c096252c90f2 \
     appid={4dc3e181-e14b-4a21-b022-59fc669b0914}",
    "http add sslcert hostnameport=www.contoso.com:443 certstorename=MY \
     certhash=5226dc6c54559761cd471b86eb51c096252c90f2 \
     appid=\"{4dc3e181-e14b-4a21-b022-59fc669b0914}\" disablehttp2=enable usagecheck=disable",
    "http add sslcert ccs=443 appid={4dc3e181-e14b-4a21-b022-59fc669b0914}",
    "http update sslcert ipport=0.0.0.0:443 certhash=8d90a17d2851f802b0a5619bf695b03544b8f5cb \
     appid={4dc3e181-e14b-4a21-b022-59fc669b0914} revocationfreshnesstime=86400",
    "http show sslcert ipport=0.0.0.0:443",
    "http delete sslcert ipport=0.0.0.0:443",
];

/// The first byte chooses the profile.
fn read(input: &[u8]) -> Outcome {
    let (first, lines) = input.split_first().unwrap_or((&0, &[]));
    // Lines that would execute further files are removed.
    let text = String::from_utf8_lossy(lines);
    let lines: Vec<_> = text.lines().filter(|line| !line.contains("exec")).collect();
    let store = MemoryStore::new();
    let profile = Profile::ALL[usize::from(*first) % Profile::ALL.len()];
    let mut printed = Vec::new();
    let netsh = Netsh::new(&store, profile);
    let code = netsh
        .run(&[], &mut lines.join("\n").as_bytes(), &mut printed)
        .expect("it is read from memory, and printed to it");
    assert!(code <= 1, "{code}");
    let bound = store.scan(&Scan::all()).expect("a scan").count();
    let printed = String::from_utf8(printed).expect("text is printed");
    let kinds = printed
        .lines()
        .map(|line| line.split([',', ':']).next().unwrap_or_default());
    let mut kinds: Vec<_> = kinds.filter(|line| line.len() > 12).take(6).collect();
    kinds.dedup();
    Outcome::of((bound, code, kinds))
}
