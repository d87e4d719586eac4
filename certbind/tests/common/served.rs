//! `certbind serve` and its clients.

#![allow(dead_code, reason = "each test program uses a part")]

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// A certificate and its key in a folder; its hash.
pub(crate) fn certificate(folder: &Path, name: &str) -> String {
    let made = Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
        ])
        .args(["-days", "30", "-subj", &format!("/CN={name}"), "-keyout"])
        .arg(folder.join(format!("{name}.key")))
        .arg("-out")
        .arg(folder.join(format!("{name}.pem")))
        .output()
        .unwrap();
    assert!(made.status.success(), "{made:?}");
    let pem = std::fs::read(folder.join(format!("{name}.pem"))).unwrap();
    certbind_certificates::hash_of_file(&pem)
        .unwrap()
        .to_string()
}

/// The hash of the certificate that a server shows.
pub(crate) fn met(server: SocketAddr, name: &str) -> Option<String> {
    let output = Command::new("openssl")
        .args([
            "s_client",
            "-connect",
            &server.to_string(),
            "-servername",
            name,
        ])
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let (_, rest) = text.split_once("-----BEGIN CERTIFICATE-----")?;
    let (base64, _) = rest.split_once("-----END")?;
    let pem = format!("-----BEGIN CERTIFICATE-----{base64}-----END CERTIFICATE-----\n");
    Some(
        certbind_certificates::hash_of_file(pem.as_bytes())
            .unwrap()
            .to_string(),
    )
}

/// Ends a program whose test has failed.
pub(crate) struct Running(pub(crate) Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts `certbind serve --format json`; gives where it listens for 127.0.0.1.
pub(crate) fn start(serve: &mut Command) -> (Running, SocketAddr) {
    let mut server = Running(serve.stdout(Stdio::piped()).spawn().unwrap());
    let mut lines = BufReader::new(server.0.stdout.take().unwrap()).lines();
    let started = lines.next().unwrap().unwrap();
    // It prints a line for each connection, which has to be read.
    std::thread::spawn(move || lines.for_each(drop));
    let started: serde_json::Value = serde_json::from_str(&started).unwrap();
    let mut endpoints = started["endpoints"].as_array().unwrap().iter();
    let endpoint = endpoints.find(|it| it["address"] == "127.0.0.1").unwrap();
    let socket = endpoint["listens_on"].as_str().unwrap();
    (server, socket.parse().unwrap())
}
