//! The output seen on hosts, word for word.

use certbind::netsh::{Netsh, Profile};
use certbind_core::MemoryStore;
use certbind_formats::netsh::Newline;

use crate::bench::{Bench, HASH, IIS, NEXT, Refusing, run};

/// Without the blank lines around it.
fn core(text: &str) -> &str {
    text.trim_matches('\n')
}

fn add(key: &str) -> String {
    format!("http add sslcert {key} certhash={HASH} appid={IIS}")
}

#[test]
fn the_usage_of_2019_is_that_of_a_host_byte_for_byte() {
    let sample = include_str!("samples/usage-2019.txt");
    let store = MemoryStore::new();
    let netsh = Netsh::new(&store, Profile::Server2019).with_newline(Newline::Crlf);
    let words = ["http", "add", "sslcert", "help"].map(String::from);
    let mut printed = Vec::new();
    let code = netsh.run(&words, &mut std::io::empty(), &mut printed);
    assert_eq!(code.unwrap(), 0);
    let printed = String::from_utf8(printed).unwrap();
    assert_eq!(printed.get(..sample.len()), Some(sample));
    assert!(
        printed[sample.len()..].starts_with("\r\nParameters:\r\n"),
        "nothing more is in the usage: {printed}"
    );
}

#[test]
fn missing_argument_message_matches_newer_hosts() {
    let sample = include_str!("samples/missing-argument.txt");
    let bench = Bench::new(Profile::Server2022);
    let said = bench.fails(&format!(
        "http add sslcert ipport=0.0.0.0:55539 certhash={HASH}"
    ));
    // The page of this sample replaced tabs by spaces and cut the ends of lines.
    let shown: String = said
        .lines()
        .map(|line| format!("{}\n", line.replace('\t', "        ").trim_end()))
        .collect();
    assert_eq!(shown.get(..sample.len()), Some(sample));
    assert!(
        shown[sample.len()..].starts_with("\nParameters:\n"),
        "nothing more is in the usage: {shown}"
    );
}

#[test]
fn a_certificate_that_cannot_be_used_is_1312() {
    let sample = include_str!("samples/add-1312.txt");
    let line = add("ipport=0.0.0.0:443");
    let words: Vec<_> = line.split(' ').map(String::from).collect();
    let said = run(&Refusing(1312), Profile::default(), &words);
    assert_eq!((core(&said.text), said.code), (core(sample), 1));
}

#[test]
fn a_key_that_is_bound_is_183() {
    let bench = Bench::new(Profile::default());
    bench.ok(&add("ipport=0.0.0.0:443"));
    let said = bench.fails(&add("ipport=0.0.0.0:443"));
    assert_eq!(core(&said), core(include_str!("samples/add-183.txt")));
}

#[test]
fn a_key_that_is_not_bound_is_2() {
    let bench = Bench::new(Profile::default());
    let said = bench.fails("http delete sslcert ipport=0.0.0.0:443");
    assert_eq!(core(&said), core(include_str!("samples/delete-2.txt")));
    let said = bench.fails("http show sslcert ipport=0.0.0.0:443");
    let sample = core(include_str!("samples/show-missing.txt"));
    assert_eq!(core(&said).lines().last(), Some(sample));
}

#[test]
fn a_value_that_is_none_is_incorrect() {
    let bench = Bench::new(Profile::default());
    let said = bench.fails(&add("ipport=0.0.0.0"));
    assert_eq!(core(&said), core(include_str!("samples/bad-parameter.txt")));
}

#[test]
fn an_update_says_so() {
    let bench = Bench::new(Profile::default());
    bench.ok(&add("ipport=0.0.0.0:443"));
    let said = bench.ok(&format!(
        "http update sslcert ipport=0.0.0.0:443 certhash={NEXT} appid={IIS}"
    ));
    assert_eq!(core(&said), core(include_str!("samples/update-ok.txt")));
}

#[test]
fn server_2012_r2_has_no_update() {
    let sample = core(include_str!("samples/no-update-verb-2012r2.txt"));
    let command = sample.split_once(": ").unwrap().1;
    let bench = Bench::new(Profile::Server2012R2);
    let said = bench.fails(command.strip_suffix('.').unwrap());
    assert_eq!(core(&said), sample);
}
