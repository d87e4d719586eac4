//! Applications that keep a certificate in their own configuration as well.

use crate::bench::{Bench, IIS, NEW, OLD};

const SSTP: &str = "ba195980-cd49-458b-9e23-c84ee0adcd75";
const WINRM: &str = "afebb9ad-9b97-4a91-9ab5-daf4d59122f6";

/// A site of IIS, SSTP and WinRM, with one certificate.
fn host() -> Bench {
    let bench = Bench::new();
    for (key, application) in [
        ("0.0.0.0:443", IIS),
        ("[::]:443", SSTP),
        ("0.0.0.0:5986", WINRM),
    ] {
        let add = [
            "add",
            key,
            "--hash",
            OLD,
            "--app-id",
            application,
            "--store-name",
            "MY",
        ];
        bench.ok(&[&["--store", "redb:a"], &add[..]].concat());
    }
    bench
}

fn owners(json: &serde_json::Value) -> Vec<(&str, &str)> {
    let warnings = json.as_array().unwrap().iter();
    let owners = warnings.filter(|warning| warning["warning"] == "owner");
    owners
        .map(|it| {
            let command = it["command"].as_str().unwrap();
            assert!(command.contains(NEW), "{command}");
            (
                it["application"].as_str().unwrap(),
                it["keys"][0].as_str().unwrap(),
            )
        })
        .collect()
}

/// `rotate`, `plan`, `apply` and the scripts name each owner, in text and JSON.
#[test]
fn owners_and_their_commands_are_named() {
    let bench = host();
    let expected = [
        ("WinRM", "ipport=0.0.0.0:5986"),
        ("SSTP", "ipport=[::]:443"),
    ];
    let rotate = ["--store", "redb:a", "rotate", OLD, NEW];
    let json = bench.json(&[&rotate[..], &["--dry-run", "--format", "json"]].concat());
    assert_eq!(owners(&json["warnings"]), expected);
    let text = bench.ok(&[&rotate[..], &["--export", "plan.json"]].concat());
    for part in [
        "owner                  SSTP",
        "Set-RemoteAccess -SslCertificate",
        "winrm set",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let plan: serde_json::Value = serde_json::from_str(&bench.read("plan.json")).unwrap();
    assert_eq!(owners(&plan["warnings"]), expected);

    let map = format!("{OLD}={NEW}");
    for script in ["cmd", "powershell", "sh"] {
        let to = ["plan", "redb:a", "redb:a", "--map-certificate", &map];
        bench.ok(&[&to[..], &["--script", script, "--out", script]].concat());
    }
    for file in ["cmd/apply.cmd", "powershell/apply.ps1", "sh/apply.sh"] {
        let script = bench.read(file);
        assert!(
            script.contains("SSTP") && script.contains("Set-RemoteAccess"),
            "{file}"
        );
    }
    let apply = ["apply", "plan.json", "--dry-run"];
    let text = bench.ok(&apply);
    assert!(text.contains("belongs to SSTP"), "{text}");
    let json = bench.json(&[&apply[..], &["--format", "json"]].concat());
    assert_eq!(owners(&json["owners"]), expected);
}

/// The bindings that have the new certificate.
fn renewed(bench: &Bench) -> Vec<String> {
    let held = bench.held("redb:a");
    let held = held.as_array().unwrap().iter();
    let renewed = held.filter(|it| it["certificate"]["hash"] == NEW);
    renewed.map(|it| it["key"].to_string()).collect()
}

#[test]
fn applications_are_selected_by_name_or_id() {
    let bench = host();
    let rotate = ["--store", "redb:a", "rotate", OLD, NEW];
    bench.ok(&[&rotate[..], &["--skip-app", "sstp", "--skip-app", WINRM]].concat());
    assert_eq!(renewed(&bench).len(), 1);
    let said = bench.fails(
        certbind::exit::USAGE,
        &[&rotate[..], &["--app", "sstpp"]].concat(),
    );
    assert!(said.contains("did you mean SSTP?"), "{said}");

    // A plan is applied in part.
    bench.ok(&[&rotate[..], &["--export", "plan.json"]].concat());
    let text = bench.ok(&["apply", "plan.json", "--yes", "--app", "winrm"]);
    assert!(
        text.contains("winrm set") && !text.contains("Set-RemoteAccess"),
        "{text}"
    );
    assert_eq!(renewed(&bench).len(), 2);

    let map = format!("{OLD}={NEW}");
    let plan = [
        "plan",
        "redb:a",
        "redb:a",
        "--map-certificate",
        &map,
        "--skip-app",
        "sstp",
    ];
    let text = bench.ok(&plan);
    assert!(text.contains("Nothing to change"), "{text}");
}
