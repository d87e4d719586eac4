//! The output of each release of Windows, checked by snapshots.

use std::path::PathBuf;

use certbind_core::{Binding, Kind, Record, SslFlags};
use certbind_formats::netsh::{Newline, Release};

use crate::listings::{export, print, read_text, sample};

fn bindings(release: Release) -> Vec<Binding> {
    let hash = "61d34f532da121bbab64723c4871e72c92f03735".parse().unwrap();
    let iis = "4dc3e181-e14b-4a21-b022-59fc669b0914".parse().unwrap();
    let my = Some("MY".parse().unwrap());
    let keys = [
        "0.0.0.0:443",
        "[::ffff:0:10.0.0.1]:443",
        "hostnameport=www.contoso.com:443",
        "ccs=443",
        "scopedccs=shop.contoso.com:443",
    ];
    let keys = keys.map(|key| key.parse::<certbind_core::BindingKey>().unwrap());
    keys.into_iter()
        .filter(|key| release > Release::Server2008R2 || key.kind() == Kind::IpPort)
        .map(|key| {
            let mut record = if key.kind().names_certificate() {
                Record::new(hash, my.clone(), iis)
            } else {
                Record::central(iis)
            };
            record.flags = SslFlags::NEGOTIATE_CLIENT_CERT;
            Binding::new(key, record).unwrap()
        })
        .collect()
}

#[test]
fn every_release_prints_as_its_snapshot() {
    for release in Release::ALL {
        let (printed, warnings) = print(&export(bindings(release)), &release.layout());
        assert_eq!(warnings, []);
        let name = format!(
            "{}/tests/snapshots/{release}.txt",
            env!("CARGO_MANIFEST_DIR")
        );
        let path = PathBuf::from(name);
        if std::env::var_os("SNAPSHOTS").is_some() {
            std::fs::write(&path, &printed).unwrap();
        }
        let expected = std::fs::read(&path).unwrap();
        assert!(
            printed == expected,
            "{release} prints otherwise; look, then run with SNAPSHOTS=overwrite:\n{}",
            String::from_utf8_lossy(&printed)
        );
    }
}

#[test]
fn the_releases_print_the_records_of_their_samples() {
    let hash = "61d34f532da121bbab64723c4871e72c92f03735";
    let filled = |name: &str| {
        sample(name)
            .replace("{0}", "192.0.2.1:8443")
            .replace("{1}", hash)
            .replace("{2}", "{4dc3e181-e14b-4a21-b022-59fc669b0914}")
    };
    for (name, release) in [
        ("01-server-2012-null-store.txt", Release::Server2012R2),
        ("04-old-layout-default.txt", Release::Server2008R2),
        ("05-old-layout-options.txt", Release::Server2008R2),
        ("06-extended-properties.txt", Release::Server2022),
        ("07-legacy-tls.txt", Release::Server2019),
    ] {
        let text = filled(name);
        let reading = read_text(&text).unwrap();
        let layout = release.layout().with_newline(Newline::Lf);
        let (printed, _) = print(&reading.export, &layout);
        let printed = String::from_utf8(printed).unwrap();
        let record = |text: &str| {
            let start = text.find("    IP:port").unwrap();
            text[start..].trim_end_matches('\n').to_owned()
        };
        // The host of this sample was older, and had two Extended Properties.
        let printed = record(&printed);
        let shown = match release {
            Release::Server2022 => {
                printed.split("\n Extended Properties:\n    PropertyId                   : 2")
            }
            _ => printed.split("\0"),
        };
        assert_eq!(shown.take(1).collect::<String>(), record(&text), "{name}");
    }
}

#[test]
fn a_release_without_host_names_refuses_them() {
    let mut out = Vec::new();
    let bindings = bindings(Release::Server2022);
    let layout = Release::Server2008R2.layout();
    let error = certbind_formats::netsh::write(&mut out, &export(bindings), &layout).unwrap_err();
    assert_eq!(
        error.to_string(),
        "hostnameport=www.contoso.com:443: key cannot be written: a host with this layout has no \
         such bindings (and 2 more)"
    );
    assert_eq!(out, b"");
}

#[test]
fn releases_are_named() {
    for release in Release::ALL {
        assert_eq!(release.name().parse(), Ok(release));
    }
    assert_eq!("2012R2".parse(), Ok(Release::Server2012R2));
    assert!("2003".parse::<Release>().is_err());
}

#[test]
fn the_text_around_a_listing_can_be_left_out() {
    let reading = read_text(&crate::listings::host()).unwrap();
    let layout = reading.export.layout.clone().unwrap();
    let (bare, _) = print(&reading.export, &layout.without_surroundings());
    let (preset, _) = print(&reading.export, &Release::Server2022.layout());
    // The host had two Extended Properties, and newer ones have five, three of them without a value.
    let mut preset = String::from_utf8(preset).unwrap();
    for id in 2..5 {
        let section =
            format!(" Extended Properties:\r\n    PropertyId                   : {id}\r\n");
        preset = preset.replace(&section, "");
    }
    assert_eq!(String::from_utf8(bare).unwrap(), preset);
}
