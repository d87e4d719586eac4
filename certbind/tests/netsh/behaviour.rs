//! The effects of commands, and the refused ones.

use certbind::netsh::Profile;
use certbind_core::{Record, StoreName};

use crate::bench::{Bench, HASH, IIS, NEXT, Refusing, run};

const INCORRECT: &str = "\nThe parameter is incorrect.\n\n";

fn is_syntax_error(text: &str) -> bool {
    text.starts_with("One or more essential parameters were not entered.\n")
        && text.contains("\nUsage: ")
}

/// Lookups ignore case.
#[test]
fn names_keep_their_spelling() {
    let bench = Bench::new(Profile::default());
    bench.ok(&format!(
        "http add sslcert hostnameport=SNI.IIS8.com:443 certhash={} appid={} certstorename=My",
        HASH.to_uppercase(),
        IIS.to_uppercase()
    ));
    let binding = bench.binding("hostnameport=sni.iis8.com:443").unwrap();
    assert_eq!(binding.host_spelling(), Some("SNI.IIS8.com"));
    let store: StoreName = "My".parse().unwrap();
    let expected = Record::new(HASH.parse().unwrap(), Some(store), IIS.parse().unwrap());
    assert_eq!(binding.record(), &expected);
    let said = bench.ok("http show sslcert hostnameport=sni.iis8.COM:443");
    assert!(said.contains("Hostname:port                : SNI.IIS8.com:443\n"));
    bench.ok("http delete sslcert hostnameport=sni.iis8.com:443");
    assert_eq!(bench.bindings(), []);
}

#[test]
fn update_resets_omitted_fields() {
    let bench = Bench::new(Profile::default());
    bench.ok(&format!(
        "http add sslcert ipport=[::]:443 certhash={HASH} appid={IIS} certstorename=MY \
         sslctlidentifier=list sslctlstorename=CA revocationfreshnesstime=60 reject=enable \
         usagecheck=disable"
    ));
    bench.ok(&format!(
        "http update sslcert ipport=[::]:443 certhash={NEXT} appid={IIS}"
    ));
    let expected = Record::new(NEXT.parse().unwrap(), None, IIS.parse().unwrap());
    assert_eq!(bench.binding("[::]:443").unwrap().record(), &expected);
    let said = bench.fails(&format!(
        "http update sslcert ipport=[::]:444 certhash={NEXT} appid={IIS}"
    ));
    assert_eq!(
        said,
        "\nSSL Certificate update failed, Error: 2\n\
         The system cannot find the file specified.\n\n\n"
    );
}

#[test]
fn bad_values_are_incorrect() {
    let bench = Bench::new(Profile::default());
    let lines = [
        format!("ipport=0.0.0.0 certhash={HASH} appid={IIS}"),
        format!("ipport=0.0.0.0:0 certhash={HASH} appid={IIS}"),
        format!("ipport=0.0.0.0:65536 certhash={HASH} appid={IIS}"),
        format!("ipport=:::443 certhash={HASH} appid={IIS}"),
        format!("ipport=*:443 certhash={HASH} appid={IIS}"),
        format!("ipport= certhash={HASH} appid={IIS}"),
        format!("hostnameport=www.contoso.com certhash={HASH} appid={IIS} certstorename=MY"),
        format!("hostnameport=:443 certhash={HASH} appid={IIS} certstorename=MY"),
        format!("ccs=+443 appid={IIS}"),
        format!("ccs=0.0.0.0:443 appid={IIS}"),
        format!("ccs=443 appid={IIS} certhash={HASH}"),
        format!("ccs=443 appid={IIS} certstorename=MY"),
        format!("scopedccs=www.contoso.com:443 appid={IIS} certhash={HASH}"),
        format!("ipport=0.0.0.0:443 certhash= appid={IIS}"),
        format!("ipport=0.0.0.0:443 certhash=\u{200e}{HASH} appid={IIS}"),
        format!("ipport=0.0.0.0:443 certhash={HASH}\u{200e} appid={IIS}"),
        format!(
            "ipport=0.0.0.0:443 certhash=52:26{} appid={IIS}",
            &HASH[4..]
        ),
        format!("ipport=0.0.0.0:443 certhash=0x{} appid={IIS}", &HASH[2..]),
        format!("ipport=0.0.0.0:443 certhash={} appid={IIS}", &HASH[1..]),
        format!("ipport=0.0.0.0:443 certhash={HASH}00 appid={IIS}"),
        format!("ipport=0.0.0.0:443 certhash={HASH} appid={}", &IIS[1..37]),
        format!("ipport=0.0.0.0:443 certhash={HASH} appid='{IIS}'"),
        format!(
            "ipport=0.0.0.0:443 certhash={HASH} appid={}",
            IIS.replace('-', "")
        ),
        format!("ipport=0.0.0.0:443 certhash={HASH} appid={{{IIS}}}"),
        format!("ipport=0.0.0.0:443 certhash={HASH} appid={IIS} certstorename="),
        format!(
            "ipport=0.0.0.0:443 certhash={HASH} appid={IIS} certstorename={}",
            "x".repeat(128)
        ),
        format!("ipport=0.0.0.0:443 certhash={HASH} appid={IIS} reject=true"),
        format!("ipport=0.0.0.0:443 certhash={HASH} appid={IIS} reject=1"),
        format!("ipport=0.0.0.0:443 certhash={HASH} appid={IIS} reject="),
        format!("ipport=0.0.0.0:443 certhash={HASH} appid={IIS} urlretrievaltimeout=0x10"),
        format!("ipport=0.0.0.0:443 certhash={HASH} appid={IIS} urlretrievaltimeout=-1"),
        format!("ipport=0.0.0.0:443 certhash={HASH} appid={IIS} urlretrievaltimeout=+1"),
        format!("ipport=0.0.0.0:443 certhash={HASH} appid={IIS} urlretrievaltimeout=4294967296"),
        format!("ipport=0.0.0.0:443 certhash={HASH} appid={IIS} urlretrievaltimeout="),
    ];
    for line in lines {
        let said = bench.fails(&format!("http add sslcert {line}"));
        assert_eq!(said, INCORRECT, "{line}");
    }
    assert_eq!(bench.fails("http delete sslcert ipport=443"), INCORRECT);
    assert_eq!(bench.fails("http show sslcert ccs=x"), INCORRECT);
}

#[test]
fn wrong_argument_count_prints_the_usage() {
    let bench = Bench::new(Profile::default());
    for line in [
        "add sslcert".to_owned(),
        format!("add sslcert certhash={HASH} appid={IIS}"),
        format!("add sslcert ipport=0.0.0.0:443 certhash={HASH}"),
        format!("add sslcert ipport=0.0.0.0:443 appid={IIS}"),
        format!("add sslcert hostnameport=www.contoso.com:443 certhash={HASH} appid={IIS}"),
        format!("add sslcert ccs=443 scopedccs=a:443 appid={IIS}"),
        format!("add sslcert ipport=0.0.0.0:443 certhash={HASH} appid={IIS} appid={IIS}"),
        format!("add sslcert ipport=0.0.0.0:443 certhash={HASH} appid={IIS} thumbprint={HASH}"),
        "delete sslcert".to_owned(),
        format!("delete sslcert ipport=0.0.0.0:443 appid={IIS}"),
        "delete sslcert ipport=0.0.0.0:443 ccs=443".to_owned(),
        "show sslcert ipport=0.0.0.0:443 reject=enable".to_owned(),
        "show sslcert json=enable".to_owned(),
    ] {
        let said = bench.fails(&format!("http {line}"));
        assert!(is_syntax_error(&said), "{line}: {said}");
    }
}

#[test]
fn server_2019_refuses_an_option_with_exit_code_0() {
    let add = format!("http add sslcert ipport=0.0.0.0:443 certhash={HASH} appid={IIS}");
    let unknown = format!("{add} enablesessionticket=enable");
    let bench = Bench::new(Profile::Server2019);
    let said = bench.run(&unknown);
    assert!(is_syntax_error(&said.text), "{}", said.text);
    assert_eq!((said.code, bench.bindings()), (0, vec![]));
    bench.fails(&format!("{add} reject=perhaps"));
    bench.fails("http delete sslcert reject=enable");

    // The same for codes of refusal by HTTP.sys, but for no other answer.
    let said = |code, profile, line: &str| {
        let words: Vec<_> = line.split(' ').map(String::from).collect();
        run(&Refusing(code), profile, &words).code
    };
    let with_option = format!("{add} disablelegacytls=enable");
    assert_eq!(said(87, Profile::Server2019, &with_option), 0);
    assert_eq!(said(87, Profile::Server2019, &add), 1);
    assert_eq!(said(1312, Profile::Server2019, &with_option), 1);
    assert_eq!(said(87, Profile::Server2022, &with_option), 1);
    assert_eq!(Bench::new(Profile::Server2016).run(&unknown).code, 1);
}

#[test]
fn scoped_central_store_bindings_came_with_2019() {
    for profile in Profile::ALL {
        let bench = Bench::new(profile);
        let line = format!("http add sslcert scopedccs=www.contoso.com:443 appid={IIS}");
        if profile < Profile::Server2019 {
            assert!(is_syntax_error(&bench.fails(&line)), "{profile}");
        } else {
            bench.ok(&line);
            bench.ok("http show sslcert scopedccs=www.contoso.com:443");
            bench.ok("http delete sslcert scopedccs=www.contoso.com:443");
            assert_eq!(bench.bindings(), []);
        }
    }
}

#[test]
fn every_code_has_the_text_of_the_system() {
    let add = format!("http add sslcert ipport=0.0.0.0:443 certhash={HASH} appid={IIS}");
    let words: Vec<_> = add.split(' ').map(String::from).collect();
    for (code, text) in [
        (2, "The system cannot find the file specified.\n\n"),
        (5, "Access is denied.\n\n"),
        (50, "The request is not supported.\n\n"),
        (87, "The parameter is incorrect.\n\n"),
        (
            183,
            "Cannot create a file when that file already exists.\n\n",
        ),
        (
            1312,
            "A specified logon session does not exist. It may already have been terminated.\n\n",
        ),
        (4_242_424, ""),
    ] {
        let said = run(&Refusing(code), Profile::default(), &words);
        let expected = format!("\nSSL Certificate add failed, Error: {code}\n{text}\n");
        assert_eq!((said.text, said.code), (expected, 1));
    }
    // For codes that HTTP.sys never returns the store's error has more details.
    let said = run(&Refusing(19), Profile::default(), &words);
    assert_eq!(
        said.text,
        "\nSSL Certificate add failed, Error: 19\nThe media is write protected.\n\
         (the store is open for reading only; open it for writing to change it)\n\n\n"
    );
    let show = ["http", "show", "sslcert"].map(String::from);
    let said = run(&Refusing(5), Profile::default(), &show);
    assert!(
        said.text.ends_with("-\n\nAccess is denied.\n\n"),
        "{}",
        said.text
    );
    assert_eq!(said.code, 1);
}

#[test]
fn inexpressible_fields_are_named_after_the_listing() {
    let bench = Bench::new(Profile::default());
    for key in ["0.0.0.0:443", "0.0.0.0:444"] {
        bench.ok(&format!(
            "http add sslcert ipport={key} certhash={HASH} appid={IIS} certstorename=MY"
        ));
    }
    let odd = bench.binding("0.0.0.0:443").unwrap();
    let mut record = odd.record().clone();
    record.ctl_identifier = Some("two\nlines".parse().unwrap());
    let odd = odd.with_record(record).unwrap();
    certbind_core::BindingStore::update(&bench.store, odd).unwrap();
    let said = bench.fails("http show sslcert");
    assert!(said.contains(": 0.0.0.0:444\n"), "{said}");
    let last = said.lines().last().unwrap();
    assert!(
        last.starts_with("ipport=0.0.0.0:443: Ctl Identifier"),
        "{last}"
    );
}
