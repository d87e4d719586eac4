//! `serve`: a store's bindings, met by a client, changed while they are served.

use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use certbind::exit;
use certbind_test_support::require;
use serde_json::Value;

use super::{Host, IIS};
use crate::outputs::schemas;
use crate::served::{Running, certificate, met, start};

/// Changes by other processes apply to the next handshake, and SIGTERM ends the program.
#[test]
fn changes_of_a_store_are_served_until_sigterm() {
    require!("openssl");
    let host = Host::new();
    let folder = host.file("certificates");
    std::fs::create_dir(&folder).unwrap();
    let [old, new] = ["old", "new"].map(|name| certificate(&folder, name));
    let key = "hostnameport=www.contoso.com:443";
    host.ok(&["add", key, "--hash", &old, "--app-id", IIS]);
    let ready = host.file("ready.json");
    let paths = [&folder, &ready].map(|path| path.to_str().unwrap());
    let mut command = host.command(&[
        "serve",
        "--certificates",
        paths[0],
        "--map",
        "443=0",
        "--ready-file",
        paths[1],
        "--format",
        "json",
    ]);
    let mut server = Running(command.stdout(Stdio::piped()).spawn().unwrap());
    let mut lines = BufReader::new(server.0.stdout.take().unwrap()).lines();
    let mut line = || -> Value {
        let line = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
        schemas::validate("serve", &line);
        line
    };
    let started = line();
    // The line is printed before the file is written.
    let end = Instant::now() + Duration::from_secs(20);
    while !ready.exists() && Instant::now() < end {
        std::thread::sleep(Duration::from_millis(5));
    }
    let file: Value = serde_json::from_slice(&std::fs::read(&ready).unwrap()).unwrap();
    assert_eq!(file, started);
    let endpoints = started["endpoints"].as_array().unwrap();
    let endpoint = endpoints.iter().find(|it| it["address"] == "127.0.0.1");
    let socket = endpoint.unwrap()["listens_on"].as_str().unwrap();
    let socket: SocketAddr = socket.parse().unwrap();

    assert_eq!(met(socket, "www.contoso.com"), Some(old.clone()));
    let connection = line();
    assert_eq!(connection["outcome"], "served");
    assert_eq!(
        (&connection["binding"], &connection["certificate"]),
        (&key.into(), &old.into())
    );
    host.ok(&["update", key, "--hash", &new]);
    assert_eq!(met(socket, "www.contoso.com"), Some(new.clone()));
    assert_eq!(line()["certificate"], new);
    assert_eq!(met(socket, "www.fabrikam.com"), None);
    assert_eq!(line()["outcome"], "no_binding");

    let id = server.0.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-TERM", &id])
            .status()
            .unwrap()
            .success()
    );
    let ended = server.0.wait().unwrap();
    assert_eq!(ended.code(), Some(exit::DONE.into()));
    assert!(TcpStream::connect(socket).is_err());
    assert!(!ready.exists());
}

#[test]
fn wrong_mappings_and_empty_stores_are_refused() {
    let host = Host::new();
    host.add("0.0.0.0:60000");
    host.fails(exit::USAGE, &["serve", "--map", "443"]);
    let complaint = host.fails(exit::REFUSED, &["serve", "--offset", "9000"]);
    assert!(
        complaint.contains("port 60000 is mapped to no valid port"),
        "{complaint}"
    );
    host.ok(&["delete", "0.0.0.0:60000"]);
    let complaint = host.fails(exit::REFUSED, &["serve"]);
    assert!(complaint.contains("no bindings"), "{complaint}");
}

/// Replaces the files of a certificate by a PFX file.
fn to_pfx(folder: &Path, name: &str, pfx: &Path) {
    let [pem, key] = ["pem", "key"].map(|extension| folder.join(format!("{name}.{extension}")));
    let made = Command::new("openssl")
        .args(["pkcs12", "-export", "-passout", "pass:secret", "-in"])
        .arg(&pem)
        .arg("-inkey")
        .arg(&key)
        .arg("-out")
        .arg(pfx)
        .output()
        .unwrap();
    assert!(made.status.success(), "{made:?}");
    for file in [pem, key] {
        std::fs::remove_file(file).unwrap();
    }
}

/// Each kind of key, on mapped ports, with PFX files; changed by netsh.
#[test]
fn probe_finds_every_kind_of_binding_served_as_bound() {
    require!("openssl");
    let host = Host::new();
    let [folder, central] = ["certificates", "central"].map(|name| host.file(name));
    for folder in [&folder, &central] {
        std::fs::create_dir(folder).unwrap();
    }
    let mut bound = vec![
        "ipport=10.0.0.5:443",
        "ipport=0.0.0.0:443",
        "hostnameport=www.contoso.com:443",
        "hostnameport=*.contoso.com:443",
    ];
    if std::net::TcpListener::bind("[::1]:0").is_ok() {
        bound.push("ipport=[::]:443");
    }
    for (at, key) in bound.iter().enumerate() {
        let name = format!("certificate{at}");
        let hash = certificate(&folder, &name);
        to_pfx(&folder, &name, &folder.join(format!("{name}.pfx")));
        host.ok(&["add", key, "--hash", &hash, "--app-id", IIS]);
    }
    let scoped = certificate(&central, "ccs.fabrikam.com");
    to_pfx(
        &central,
        "ccs.fabrikam.com",
        &central.join("ccs.fabrikam.com.pfx"),
    );
    for key in ["scopedccs=ccs.fabrikam.com:443", "ccs=443"] {
        host.ok(&["add", key, "--app-id", IIS]);
    }
    let renewed = certificate(&folder, "renewed");
    to_pfx(&folder, "renewed", &folder.join("renewed.pfx"));
    std::fs::write(host.file("passwords"), "other\nsecret\n").unwrap();
    let ready = host.file("ready.json");
    let [certificates, central, passwords, ready_file] =
        [&folder, &central, &host.file("passwords"), &ready]
            .map(|path| path.to_str().unwrap().to_owned());
    let mut command = host.command(&[
        "serve",
        "--certificates",
        &certificates,
        "--central-store",
        &central,
        "--passwords",
        &passwords,
        "--map",
        "443=0",
        "--ready-file",
        &ready_file,
    ]);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let server = Running(command.spawn().unwrap());
    let end = Instant::now() + Duration::from_secs(20);
    while !ready.exists() && Instant::now() < end {
        std::thread::sleep(Duration::from_millis(5));
    }

    let probe = || {
        let probe = ["probe", "--served-by", &ready_file, "--format", "json"];
        let rows: Value = serde_json::from_str(&host.ok(&probe)).unwrap();
        schemas::validate("probe", &rows);
        let rows = rows.as_array().unwrap().iter();
        rows.map(|row| (row["key"].as_str().unwrap().to_owned(), row.clone()))
            .collect::<std::collections::BTreeMap<_, _>>()
    };
    let rows = probe();
    assert_eq!(rows.len(), bound.len() + 2);
    for key in &bound {
        assert_eq!(rows[*key]["found"], "same", "{:?}", rows[*key]);
    }
    // The central store is no part of the bindings, so these have no verdict.
    let row = &rows["scopedccs=ccs.fabrikam.com:443"];
    assert_eq!(
        (&row["found"], &row["served"]),
        (&"served".into(), &scoped.clone().into())
    );
    assert_eq!(rows["ccs=443"]["found"], "not_probed");

    // netsh renews one binding, which is served so at once.
    let key = "hostnameport=www.contoso.com:443";
    let hash = format!("certhash={renewed}");
    let app = format!("appid={{{IIS}}}");
    host.ok(&[
        "netsh",
        "http",
        "update",
        "sslcert",
        key,
        &hash,
        &app,
        "certstorename=MY",
    ]);
    let rows = probe();
    assert_eq!(rows[key]["found"], "same");
    let listens_on = rows[key]["address"].as_str().unwrap().parse().unwrap();
    assert_eq!(met(listens_on, "www.contoso.com"), Some(renewed));
    assert_eq!(met(listens_on, "ccs.fabrikam.com"), Some(scoped));
    // An address that is not in the file is not connected to. The server writes its own file
    // again at every change.
    drop(server);
    host.ok(&[
        "add",
        "ipport=192.0.2.1:9443",
        "--hash",
        super::HASH,
        "--app-id",
        IIS,
    ]);
    std::fs::write(&ready, r#"{"process":1,"endpoints":[]}"#).unwrap();
    let row = &probe()["ipport=192.0.2.1:9443"];
    assert_eq!(
        (&row["found"], &row["address"]),
        (&"not_probed".into(), &Value::Null)
    );
    std::fs::write(&ready, "{}").unwrap();
    host.fails(exit::NOT_AUDITED, &["probe", "--served-by", &ready_file]);
}

/// The resident memory of a process, in bytes.
#[cfg(target_os = "linux")]
fn memory(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.unwrap().trim().trim_end_matches(" kB");
    kilobytes.parse::<u64>().unwrap() * 1024
}

/// Clients that send nothing, a part of a message, garbage, or a long message that does not end, and
/// never leave: the memory has a limit, and other clients are served.
#[cfg(target_os = "linux")]
#[test]
fn floods_of_connections_use_bounded_memory() {
    use std::io::Write;

    const CONNECTIONS: usize = 64;
    const MEGABYTE: u64 = 1 << 20;
    require!("openssl");
    let host = Host::new();
    let folder = host.file("certificates");
    std::fs::create_dir(&folder).unwrap();
    let hash = certificate(&folder, "www.contoso.com");
    host.ok(&["add", "0.0.0.0:443", "--hash", &hash, "--app-id", IIS]);
    let (certificates, limit) = (folder.to_str().unwrap(), CONNECTIONS.to_string());
    let arguments = ["serve", "--free-ports", "--certificates", certificates];
    let options = ["--format", "json", "--max-connections", &limit];
    let (server, socket) = start(&mut host.command(&[&arguments[..], &options].concat()));
    assert_eq!(met(socket, "www.contoso.com"), Some(hash.clone()));
    let before = memory(server.0.id());
    // A record of 16 KiB of a message of 64 KB.
    let record = [&[22, 3, 1, 0x40, 0, 1, 0, 0xff, 0xf0][..], &[3; 0x4000 - 4]].concat();
    let long = record.repeat(3);
    let messages: [&[u8]; 4] = [b"", &[22, 3, 1, 2, 0, 1, 0], &[0; 4096], &long];
    let mut clients = Vec::new();
    for number in 0..1_500 {
        let mut stream = TcpStream::connect(socket).unwrap();
        // A client that had to make room is reset.
        let _ = stream.write_all(messages[number % messages.len()]);
        // The newest ones stay, more than the server serves at a time.
        clients.push(stream);
        if clients.len() > 2 * CONNECTIONS {
            clients.remove(0);
        }
        if number % 500 == 499 {
            assert_eq!(met(socket, "www.contoso.com"), Some(hash.clone()));
        }
    }
    // Each connection may have sent 128 KiB, and more than that is in the buffers of the system.
    let grown = memory(server.0.id()).saturating_sub(before);
    assert!(grown < 32 * MEGABYTE, "{grown} bytes more than {before}");
}

/// The two `sh` blocks of the page, with a free port instead of 8443.
#[test]
fn commands_of_the_serve_page_run() {
    require!("openssl", "curl");
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/serve.md");
    let page = std::fs::read_to_string(page).unwrap();
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = free.local_addr().unwrap().port();
    drop(free);
    let blocks = page.split("```sh\n").skip(1);
    let blocks = blocks.map(|block| block.split_once("\n```").unwrap().0);
    let blocks: Vec<_> = blocks
        .map(|block| {
            let block = block.replace("8443", &port.to_string());
            block.replace("8000", &(port - 443).to_string())
        })
        .collect();
    let [serve, request] = &blocks[..] else {
        panic!("{blocks:?}");
    };
    let host = Host::new();
    let folder = host.file("certificates");
    std::fs::create_dir(&folder).unwrap();
    let hash = certificate(&folder, "www.contoso.com");
    let key = "hostnameport=www.contoso.com:443";
    host.ok(&["add", key, "--hash", &hash, "--app-id", IIS]);

    let mut words = serve.split(' ');
    assert_eq!(words.next(), Some("certbind"));
    let mut command = host.command(&words.collect::<Vec<_>>());
    let command = command.current_dir(host.0.path()).stdout(Stdio::piped());
    let mut server = Running(command.spawn().unwrap());
    let mut started = String::new();
    let mut output = BufReader::new(server.0.stdout.take().unwrap());
    output.read_line(&mut started).unwrap();
    std::thread::spawn(move || output.lines().for_each(drop));

    let mut words = request.split(' ');
    let program = words.next().unwrap();
    let answered = Command::new(program).args(words).output().unwrap();
    let answer: Value = serde_json::from_slice(&answered.stdout)
        .unwrap_or_else(|error| panic!("{started}{error}: {answered:?}"));
    assert_eq!(answer["connection"]["binding"], key);
    assert_eq!(answer["connection"]["certificate"], hash);
}
