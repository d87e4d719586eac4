//! The options that each release takes, and their effect on a record.

use certbind::netsh::Profile;
use certbind_core::{CertCheckMode, Record, SslFlags};

use crate::bench::{Bench, HASH, IIS};

/// The options in a usage, in its order.
fn usage_options(usage: &str) -> Vec<(&str, &str)> {
    usage
        .lines()
        .filter_map(|line| line.trim().strip_prefix('[')?.strip_suffix(']'))
        .map(|option| option.split_once('=').unwrap())
        .collect()
}

/// The usage that a release prints.
fn usage(profile: Profile) -> String {
    let help = Bench::new(profile).ok("http add sslcert ?");
    help.split("\nParameters:").next().unwrap().to_owned()
}

/// The options that hosts were seen to list.
fn seen(profile: Profile) -> Option<Vec<(&'static str, &'static str)>> {
    match profile {
        Profile::Server2019 => Some(usage_options(include_str!("samples/usage-2019.txt"))),
        Profile::Server2022 => Some(usage_options(include_str!("samples/missing-argument.txt"))),
        _ => None,
    }
}

fn values(form: &str) -> &'static [&'static str] {
    match form {
        "<u-int>" => &["1", "4294967295"],
        "enable|disable" => &["enable", "disable", "ENABLE"],
        _ => &["MY", "WebHosting"],
    }
}

fn add(option: &str) -> String {
    format!("http add sslcert ipport=0.0.0.0:443 certhash={HASH} appid={IIS} {option}")
}

#[test]
fn usages_list_the_options_of_hosts() {
    for profile in Profile::ALL {
        let usage = usage(profile);
        if let Some(seen) = seen(profile) {
            assert_eq!(usage_options(&usage), seen, "{profile}");
        }
    }
}

#[test]
fn releases_accept_exactly_their_options() {
    let all = usage(Profile::Server2025);
    let all = usage_options(&all);
    assert_eq!(all.len(), 22);
    for profile in Profile::ALL {
        let usage = usage(profile);
        let options = usage_options(&usage);
        for option in &all {
            let (tag, form) = option;
            let is_known = options.contains(option);
            for value in values(form) {
                let bench = Bench::new(profile);
                let line = add(&format!("{tag}={value}"));
                // The hash of the line itself would occur twice.
                let line = if *tag == "certhash" { add("") } else { line };
                let said = bench.run(line.trim_end());
                assert_eq!(
                    bench.bindings().len(),
                    usize::from(is_known),
                    "{profile}: {line}: {}",
                    said.text
                );
                assert_eq!(said.text.contains("\nUsage: add sslcert"), !is_known);
            }
        }
    }
    let counts = Profile::ALL.map(|profile| usage_options(&usage(profile)).len());
    assert_eq!(counts, [11, 11, 12, 13, 18, 21, 21, 22]);
}

#[test]
fn every_flag_sets_its_bit_and_nothing_else() {
    let flag = |bits| (CertCheckMode::empty(), SslFlags::from_bits_retain(bits));
    let check = |mode| (mode, SslFlags::empty());
    let enabled = [
        ("dsmapperusage", flag(0x1)),
        ("clientcertnegotiation", flag(0x2)),
        ("reject", flag(0x8)),
        ("disablehttp2", flag(0x10)),
        ("disablequic", flag(0x20)),
        ("disabletls13", flag(0x40)),
        ("disableocspstapling", flag(0x80)),
        ("enabletokenbinding", flag(0x100)),
        ("logextendedevents", flag(0x200)),
        ("disablelegacytls", flag(0x400)),
        ("enablesessionticket", flag(0x800)),
        ("disabletls12", flag(0x1000)),
        ("disablesessionid", flag(0x4000)),
        (
            "verifyrevocationwithcachedclientcertonly",
            check(CertCheckMode::CACHED_REVOCATION),
        ),
    ];
    let disabled = [
        (
            "verifyclientcertrevocation",
            check(CertCheckMode::NO_REVOCATION),
        ),
        ("usagecheck", check(CertCheckMode::NO_USAGE_CHECK)),
    ];
    let cases = enabled
        .map(|case| (case, "enable", "disable"))
        .into_iter()
        .chain(disabled.map(|case| (case, "disable", "enable")));
    let plain = Record::new(HASH.parse().unwrap(), None, IIS.parse().unwrap());
    for ((tag, (check_mode, flags)), on, off) in cases {
        let bench = Bench::new(Profile::Server2025);
        bench.ok(&add(&format!("{tag}={on}")));
        let expected = plain.clone().with_check_mode(check_mode).with_flags(flags);
        assert_eq!(bench.bindings()[0].record(), &expected, "{tag}");
        bench.ok("http delete sslcert ipport=0.0.0.0:443");
        bench.ok(&add(&format!("{tag}={off}")));
        assert_eq!(bench.bindings()[0].record(), &plain, "{tag}");
    }
}

#[test]
fn nonzero_freshness_time_is_in_force() {
    let bench = Bench::new(Profile::Server2022);
    bench.ok(&add("revocationfreshnesstime=0 urlretrievaltimeout=0"));
    let record = bench.bindings()[0].record().clone();
    assert_eq!(record.check_mode, CertCheckMode::empty());
    bench.ok("http delete sslcert ipport=0.0.0.0:443");
    bench.ok(&add("revocationfreshnesstime=60 urlretrievaltimeout=5000"));
    let record = bench.bindings()[0].record().clone();
    assert_eq!(record.check_mode, CertCheckMode::USE_REVOCATION_FRESHNESS);
    assert_eq!(record.revocation_freshness_time, 60);
    assert_eq!(record.url_retrieval_timeout, 5000);
}

#[test]
fn server_2025_refuses_explicit_zeros() {
    for zero in ["revocationfreshnesstime=0", "urlretrievaltimeout=00"] {
        for profile in Profile::ALL {
            let bench = Bench::new(profile);
            if profile == Profile::Server2025 {
                assert_eq!(bench.fails(&add(zero)), "\nThe parameter is incorrect.\n\n");
            } else {
                bench.ok(&add(zero));
            }
        }
    }
}
