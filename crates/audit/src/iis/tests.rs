use super::*;

/// A configuration with this in its sites section.
fn with_sites(sites: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n<configuration>\r\n\
         <configSections><sectionGroup name=\"system.applicationHost\" /></configSections>\r\n\
         <system.applicationHost>\r\n<sites>\r\n{sites}\r\n</sites>\r\n</system.applicationHost>\r\n\
         </configuration>\r\n"
    )
}

fn site(bindings: &str) -> String {
    format!("<site name=\"A\" id=\"1\"><bindings>{bindings}</bindings></site>")
}

const WWW: &str =
    "<binding protocol=\"https\" bindingInformation=\"*:443:www.a.test\" sslFlags=\"1\"/>";
const MAIL: &str = "<binding protocol=\"https\" bindingInformation=\"*:443:mail.a.test\"/>";

fn bindings(file: &str) -> Vec<String> {
    let configuration = Configuration::parse(file.as_bytes()).unwrap();
    let sites = configuration.sites.iter();
    let bindings = sites.flat_map(|site| &site.https);
    bindings.map(|it| it.information.clone()).collect()
}

#[track_caller]
fn refused(file: &str, said: &str) {
    let error = Configuration::parse(file.as_bytes())
        .unwrap_err()
        .to_string();
    assert!(error.contains(said), "{error}");
}

#[test]
fn every_encoding_of_windows_is_read() {
    let file = with_sites(&site(&format!("{WWW}{MAIL}"))).replace("www.a.test", "b\u{fc}cher.test");
    let expected = Configuration::parse(file.as_bytes()).unwrap();
    assert_eq!(
        expected.sites[0].https[0].host.as_deref(),
        Some("b\u{fc}cher.test")
    );
    let utf16 = file.replace("UTF-8", "utf-16");
    let little: Vec<u8> = utf16.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = utf16.encode_utf16().flat_map(u16::to_be_bytes).collect();
    for bytes in [
        [b"\xEF\xBB\xBF", file.as_bytes()].concat(),
        [b"\xFF\xFE", &little[..]].concat(),
        [b"\xFE\xFF", &big[..]].concat(),
        little.clone(),
        big.clone(),
    ] {
        assert_eq!(Configuration::parse(&bytes), Ok(expected.clone()));
    }
    assert!(Configuration::parse(&little[..little.len() - 1]).is_err());
    refused(&file.replace("UTF-8", "windows-1252"), "windows-1252");
}

#[test]
fn changes_apply_in_the_order_of_the_file() {
    let remove = "<remove protocol=\"https\" bindingInformation=\"*:443:www.a.test\" />".to_owned();
    for (list, expected) in [
        (format!("{WWW}<clear/>{MAIL}"), &["*:443:mail.a.test"][..]),
        (
            format!("<clear/>{WWW}{MAIL}"),
            &["*:443:www.a.test", "*:443:mail.a.test"],
        ),
        (format!("{WWW}{MAIL}<clear/>"), &[]),
        (format!("{WWW}{remove}{MAIL}"), &["*:443:mail.a.test"]),
        (format!("{remove}{WWW}"), &["*:443:www.a.test"]),
    ] {
        assert_eq!(bindings(&with_sites(&site(&list))), expected, "{list}");
    }
    let cleared = with_sites(&format!(
        "{}<clear/><site name=\"B\" id=\"2\"><bindings>{MAIL}</bindings></site>",
        site(WWW)
    ));
    assert_eq!(bindings(&cleared), ["*:443:mail.a.test"]);
    let default = format!("<siteDefaults><bindings>{WWW}</bindings></siteDefaults>");
    let inherited = with_sites(&format!("{}{default}", site(MAIL)));
    assert_eq!(
        bindings(&inherited),
        ["*:443:www.a.test", "*:443:mail.a.test"]
    );
    let own = with_sites(&format!("{default}{}", site(&format!("<clear/>{MAIL}"))));
    assert_eq!(bindings(&own), ["*:443:mail.a.test"]);
}

#[test]
fn comments_and_attributes_over_several_lines_are_read() {
    let file = with_sites(&site(&format!(
        "<!-- {WWW} --><binding\r\n  protocol='HTTPS'\r\n\tbindingInformation = '*:443:a&#46;test'\r\n/>"
    )));
    let configuration = Configuration::parse(file.as_bytes()).unwrap();
    let binding = &configuration.sites[0].https[0];
    assert_eq!(binding.host.as_deref(), Some("a.test"));
    assert_eq!(binding.line, 6);
    // A line end in an attribute is a space (XML 1.0, 3.3.3), and no part of an address.
    refused(
        &file.replace("'*:443:", "'\r\n*:443:"),
        "bindingInformation \" *:443:a.test\"",
    );
}

#[test]
fn sites_of_another_file_or_place_are_refused() {
    let sites = with_sites(&site(WWW));
    refused(
        &sites.replace("<sites>", "<sites configSource=\"sites.config\">"),
        "sites.config",
    );
    refused(
        &sites.replace(
            "<sites>",
            "<sites configProtectionProvider=\"RsaProtectedConfigurationProvider\">",
        ),
        "encrypted",
    );
    let group = |open: &str| {
        let start = sites.replace(
            "<system.applicationHost>",
            &format!("{open}<system.applicationHost>"),
        );
        start.replace(
            "</system.applicationHost>",
            "</system.applicationHost></location>",
        )
    };
    refused(
        &group("<location path=\"Default Web Site\">"),
        "Default Web Site",
    );
    for open in [
        "<location>",
        "<location path=\"\">",
        "<location path=\".\" overrideMode=\"Deny\">",
    ] {
        assert_eq!(bindings(&group(open)), ["*:443:www.a.test"]);
    }
    refused(
        &sites.replace("</sites>", "</sites><sites></sites>"),
        "two sites sections",
    );
    refused(
        &with_sites(&format!("{}{}", site(WWW), site(MAIL))),
        "another site has the name \"A\"",
    );
}

/// A few bytes can ask for much: each site has the bindings of the defaults.
#[test]
fn work_out_of_proportion_is_refused() {
    let defaults = |bindings: usize| {
        let bindings = WWW.repeat(bindings);
        format!("<siteDefaults><bindings>{bindings}</bindings></siteDefaults>")
    };
    let sites = |count: usize| -> String {
        let numbers = 0..count;
        let site = |number| format!("<site name=\"{number}\" id=\"{number}\"/>");
        numbers.map(site).collect()
    };
    let ordinary = with_sites(&format!("{}{}", defaults(2), sites(10_000)));
    assert_eq!(bindings(&ordinary).len(), 20_000);
    let many = with_sites(&format!("{}{}", defaults(500), sites(1_000)));
    refused(&many, "too many sites and bindings");

    let remove = "<remove name=\"none\"/>".repeat(1_000);
    refused(
        &with_sites(&format!("{}{remove}", sites(1_000))),
        "too many sites and bindings",
    );
    let remove = "<remove protocol=\"https\" bindingInformation=\"\"/>".repeat(1_000);
    refused(
        &with_sites(&site(&format!("{}{remove}", WWW.repeat(1_000)))),
        "too many sites and bindings",
    );
}

#[test]
fn a_removed_site_leaves_its_name_and_number() {
    let other = "<site name=\"A\" id=\"1\"/>";
    for between in ["<remove name=\"A\"/>", "<clear/>"] {
        let file = with_sites(&format!("{}{between}{other}", site(WWW)));
        let configuration = Configuration::parse(file.as_bytes()).unwrap();
        assert_eq!(configuration.sites.len(), 1, "{between}");
        assert!(configuration.sites[0].https.is_empty());
    }
}

#[test]
fn entities_and_other_documents_are_refused() {
    let sites = with_sites(&site(WWW));
    let doctype = "<!DOCTYPE configuration [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>\r\n";
    refused(
        &sites.replace("<configuration>", &format!("{doctype}<configuration>")),
        "XML",
    );
    refused(&sites.replace("www.a.test", "&x;"), "XML");
    refused(&sites[..sites.len() - 20], "XML");
    refused("", "XML");
    refused("<configuration></configuration>", "no sites section");
    refused("<web><sites/></web>", "its root is \"web\"");
    refused(
        &sites.replace("sslFlags=\"1\"", "sslFlags=\"Sni\""),
        "not a number",
    );
    refused(&sites.replace("protocol=\"https\" ", ""), "no protocol");
    refused(
        &sites.replace("protocol=\"https\"", "protocol=\"https\" protocol=\"http\""),
        "XML",
    );
}

#[test]
fn certificates_of_ftp_and_of_the_metadata_are_read() {
    let hash = "0102030405060708090a0b0c0d0e0f1011121314";
    let ssl =
        format!("<ftpServer><security><ssl serverCertHash=\"{hash}\"/></security></ftpServer>");
    let ftp = "<binding protocol=\"ftp\" bindingInformation=\"*:21:\" />";
    let of = |text: String| Configuration::parse(with_sites(&text).as_bytes()).unwrap();
    let file = |bindings: &str, ssl: &str| {
        of(format!(
            "<site name=\"A\" id=\"1\"><bindings>{bindings}</bindings>{ssl}</site>"
        ))
    };
    let found = file(ftp, &ssl).sites.remove(0).ftp;
    assert_eq!(found.map(|it| it.hash), Some(hash.parse().unwrap()));
    assert_eq!(file(WWW, &ssl).sites[0].ftp, None, "it has no FTP binding");
    let empty = ssl.replace(hash, "");
    assert_eq!(file(ftp, &empty).sites[0].ftp, None);
    let inherited = of(format!("<siteDefaults>{ssl}</siteDefaults>{}", site(ftp)));
    assert!(inherited.sites[0].ftp.is_some());

    let key = "<key path=\"LM/W3SVC/1\"><property id=\"5511\" value=\"MY\"/>\
               <property id=\"5506\" value=\"oXiHOzFAMOF0YxIuI7soWvDFEzg=\"/></key>";
    let metadata = |content: &str| {
        let section =
            format!("<customMetadata>{content}</customMetadata></system.applicationHost>");
        let file = with_sites("").replace("</system.applicationHost>", &section);
        let found = Configuration::parse(file.as_bytes()).unwrap().metadata;
        found.into_iter().map(|it| it.path).collect::<Vec<_>>()
    };
    assert_eq!(metadata(key), ["LM/W3SVC/1"]);
    assert_eq!(metadata(&format!("{key}<clear/>")), [""; 0]);
    assert_eq!(metadata(&key.replace("</key>", "<clear/></key>")), [""; 0]);
    assert_eq!(metadata(&key.replace("5506", "5507")), [""; 0]);
}

#[test]
fn a_redirected_configuration_is_reported() {
    let file = |attributes: &str| {
        format!("<configuration><configurationRedirection{attributes}/></configuration>")
    };
    let of = |attributes: &str| is_redirected(file(attributes).as_bytes()).ok();
    assert_eq!(of(" enabled=\"true\" path=\"\\\\files\\iis\""), Some(true));
    assert_eq!(of(" enabled=\"False\""), Some(false));
    assert_eq!(of(""), Some(false));
    assert_eq!(of(" enabled=\"perhaps\""), None);
}

#[test]
fn flags_ask_for_those_of_the_record() {
    let flags = SiteFlags::SNI | SiteFlags::DISABLE_HTTP2 | SiteFlags::DISABLE_LEGACY_TLS;
    assert_eq!(
        flags.missing_in(SslFlags::empty()),
        ["DisableHTTP2", "DisableLegacyTLS"]
    );
    assert_eq!(
        flags.missing_in(SslFlags::DISABLE_HTTP2),
        ["DisableLegacyTLS"]
    );
    assert_eq!(
        SiteFlags::from_bits_retain(3).missing_in(SslFlags::empty()),
        [""; 0]
    );
}
