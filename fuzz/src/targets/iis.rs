//! `applicationHost.config` of IIS, and the redirection next to it.

use std::collections::HashSet;

use certbind_audit::iis::{Configuration, is_redirected};

use crate::{Outcome, Target};

pub(crate) const TARGET: Target = Target {
    name: "iis",
    longest: 4096,
    read,
    seeds: || {
        let text = std::str::from_utf8(SITES).expect("UTF-8");
        vec![SITES.to_vec(), utf16(text), REDIRECTION.to_vec()]
    },
    dictionary: &[
        "<clear/>",
        "<remove protocol=\"https\" bindingInformation=\"*:443:\"/>",
        "<remove name=\"Shop\"/>",
        "<remove path=\"LM/W3SVC/1\"/>",
        "<add protocol=\"https\" bindingInformation=\"*:443:\"/>",
        "<site name=\"A\" id=\"7\">",
        "</site>",
        "<sites>",
        "</sites>",
        "<!--",
        "-->",
        "<![CDATA[",
        "]]>",
        "<!DOCTYPE a [<!ENTITY b \"c\">]>",
        "&b;",
        "&#10;",
        "xmlns:a=\"b\"",
        "configSource=\"other.config\"",
        "configProtectionProvider=\"x\"",
        "<location path=\"Shop\">",
        "</location>",
        "[::1]:443:",
        "serverAutoStart=\"false\"",
    ],
    // The elements, and the bindings that the defaults of sites may add.
    memory: |length| (24 << 20) + 64 * length as u64,
};

const SITES: &[u8] = br#"<?xml version="1.0" encoding="UTF-8"?>
<configuration><system.applicationHost><sites>
<siteDefaults><bindings><binding protocol="https" bindingInformation="*:8443:"/></bindings></siteDefaults>
<site name="Shop" id="1" serverAutoStart="true"><bindings>
<binding protocol="https" bindingInformation="*:443:shop.contoso.com" sslFlags="33"/>
<binding protocol="ftp" bindingInformation="10.0.0.5:21:"/></bindings>
<ftpServer><security><ssl serverCertHash="0102030405060708090a0b0c0d0e0f1011121314"/></security></ftpServer></site>
<site name="Mail" id="2"><bindings><clear/>
<binding protocol="https" bindingInformation="[::1]:443:" sslFlags="2"/></bindings></site>
</sites><customMetadata><key path="LM/W3SVC/1"><property id="5506" value="eA=="/></key></customMetadata>
</system.applicationHost></configuration>"#;

const REDIRECTION: &[u8] =
    br#"<configuration><configurationRedirection enabled="true" path="\\files\iis"/></configuration>"#;

fn utf16(text: &str) -> Vec<u8> {
    let units = std::iter::once(0xFEFF).chain(text.encode_utf16());
    units.flat_map(u16::to_le_bytes).collect()
}

fn read(input: &[u8]) -> Outcome {
    let redirected = is_redirected(input).map_err(Outcome::error);
    let configuration = match Configuration::parse(input) {
        Ok(configuration) => configuration,
        Err(error) => return Outcome::of((redirected, Outcome::error(error))),
    };
    let lines = input.iter().filter(|byte| **byte == b'\n').count() as u64 + 1;
    let (mut names, mut ids) = (HashSet::new(), HashSet::new());
    for site in &configuration.sites {
        assert!(
            names.insert(&site.name) && ids.insert(site.id),
            "site {}",
            site.id
        );
        for binding in &site.https {
            assert!((1..=lines).contains(&binding.line), "line {}", binding.line);
        }
    }
    // The encoding makes no difference.
    if let Ok(text) = std::str::from_utf8(input)
        && input.first() == Some(&b'<')
    {
        assert_eq!(
            Configuration::parse(&utf16(text)),
            Ok(configuration.clone())
        );
    }
    let shape: Vec<_> = configuration
        .sites
        .iter()
        .map(|site| (site.starts, site.https.len(), site.ftp.is_some()))
        .collect();
    Outcome::of((redirected, shape, configuration.metadata.len()))
}
