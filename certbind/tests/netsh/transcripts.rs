//! The same commands in every profile, as one transcript each: messages and listings.

use std::fmt::Write as _;

use certbind::netsh::Profile;
use snapbox::{Data, assert_data_eq, current_dir};

use crate::bench::{Bench, CommandOutput, HASH, IIS, NEXT};

/// Every message and every kind of record, with and without options.
fn commands() -> Vec<String> {
    let sslcert = |verb: &str, rest: String| format!("http {verb} sslcert {rest}");
    let add = |rest: String| sslcert("add", rest);
    let ip = "ipport=0.0.0.0:443";
    let sni = "hostnameport=SNI.IIS8.com:443";
    vec![
        "http show sslcert".to_owned(),
        add(format!("{ip} certhash={HASH} appid={IIS}")),
        add(format!("{ip} certhash={HASH} appid={IIS}")),
        add(format!(
            "ipport=[2001:db8::1]:8443 certhash={HASH} appid={IIS} certstorename=WebHosting \
             verifyclientcertrevocation=disable verifyrevocationwithcachedclientcertonly=enable \
             usagecheck=disable revocationfreshnesstime=60 urlretrievaltimeout=5000 \
             sslctlidentifier=issuers sslctlstorename=AdfsTrustedDevices dsmapperusage=enable \
             clientcertnegotiation=enable"
        )),
        add(format!(
            "{sni} certhash={NEXT} appid={IIS} certstorename=My"
        )),
        add(format!("{sni} certhash={NEXT} appid={IIS}")),
        add(format!("ccs=443 appid={IIS}")),
        add(format!(
            "scopedccs=www.contoso.com:443 appid={IIS} reject=enable"
        )),
        "http show sslcert".to_owned(),
        format!("http show sslcert {sni}"),
        "http show sslcert ccs=8443".to_owned(),
        format!("http update sslcert {ip} certhash={NEXT} appid={IIS} disablehttp2=enable"),
        format!("http update sslcert ipport=0.0.0.0:1 certhash={NEXT} appid={IIS}"),
        add(format!(
            "ipport=[::]:443 certhash={HASH} appid={IIS} disablelegacytls=enable"
        )),
        add(format!(
            "ipport=[::]:444 certhash={HASH} appid={IIS} disablesessionid=enable"
        )),
        add(format!(
            "ipport=[::]:445 certhash={HASH} appid={IIS} urlretrievaltimeout=0"
        )),
        add(format!("ipport=[::]:446 certhash=123 appid={IIS}")),
        format!("http update sslpropertyex {ip} propertyid=0 receivewindow=65536"),
        "http update sslpropertyex ccs=443 propertyid=1 maxsettingsperframe=32 \
         maxsettingsperminute=960"
            .to_owned(),
        "http show sslcert ccs=443".to_owned(),
        "http update sslpropertyex ipport=0.0.0.0:1 propertyid=0 receivewindow=1".to_owned(),
        format!("http update sslpropertyex {ip} propertyid=2 receivewindow=1"),
        format!("http update sslpropertyex {ip} propertyid=1 receivewindow=1"),
        format!("http update sslcert {ip} certhash={HASH} appid={IIS}"),
        format!("http show sslcert {ip}"),
        "http show sslcert json=enable".to_owned(),
        format!("http delete sslcert {ip}"),
        format!("http delete sslcert {ip}"),
        "http delete sslcert".to_owned(),
        "http show servicestate".to_owned(),
        "nonsense".to_owned(),
        "http add".to_owned(),
        "http ?".to_owned(),
        "/?".to_owned(),
        "-x".to_owned(),
    ]
}

/// The help is in a snapshot of its own: here only that it was printed.
fn without_help(text: &str) -> String {
    match text.find(" \nUsage: ") {
        Some(place) => format!("{}[the usage and the help]\n", &text[..place]),
        None => text.to_owned(),
    }
}

fn expected_transcript(name: &str) -> Data {
    let path = current_dir!().join("snapshots").join(name);
    Data::read_from(&path, None).raw()
}

/// Runs every command and compares the output with the transcript of the profile.
pub(crate) fn assert_transcript(profile: Profile, run: impl Fn(&str) -> CommandOutput) {
    let mut transcript = String::new();
    for line in commands() {
        let said = run(&line);
        let text = without_help(&said.text);
        writeln!(
            transcript,
            "> netsh {line}\n{text}[exit code {}]\n",
            said.code
        )
        .unwrap();
    }
    assert_data_eq!(transcript, expected_transcript(&format!("{profile}.txt")));
}

#[test]
fn every_profile_prints_as_its_release() {
    for profile in Profile::ALL {
        let bench = Bench::new(profile);
        assert_transcript(profile, |line| bench.run(line));
    }
}

#[test]
fn every_command_has_its_help() {
    for profile in Profile::ALL {
        let bench = Bench::new(profile);
        let mut help = String::new();
        for verb in ["add", "update", "delete", "show"] {
            if verb == "update" && profile < Profile::Server2019 {
                continue;
            }
            let words = ["help", "?", "/?", "HELP"];
            let said = words.map(|word| bench.ok(&format!("http {verb} sslcert {word}")));
            assert!(said.iter().all(|text| *text == said[0]), "{verb}");
            writeln!(help, "> netsh http {verb} sslcert help\n{}", said[0]).unwrap();
        }
        if profile >= Profile::Server2022 {
            let said = bench.ok("http update sslpropertyex ?");
            writeln!(help, "> netsh http update sslpropertyex ?\n{said}").unwrap();
            let said = bench.ok("http update");
            writeln!(help, "> netsh http update\n{said}").unwrap();
        }
        assert_data_eq!(help, expected_transcript(&format!("help-{profile}.txt")));
    }
}
