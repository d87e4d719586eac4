//! TLS clients that are programs of their own.

use std::io::Write;
use std::net::SocketAddr;
use std::process::{Command, Output, Stdio};

use certbind_core::CertHash;
use serde_json::Value;

/// A connection for a client to make.
#[derive(Clone, Debug)]
pub(crate) struct Attempt {
    pub(crate) socket: SocketAddr,
    pub(crate) name: Option<String>,
}

/// Runs a program with an input.
pub(crate) fn run(command: &mut Command, input: &str) -> Output {
    let command = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // A program that does not read its input has closed it.
    let _ = stdin.write_all(input.as_bytes());
    drop(stdin);
    child.wait_with_output().unwrap()
}

/// The hash of the first certificate that a program prints in PEM.
pub(crate) fn printed_certificate(output: &Output) -> Option<CertHash> {
    let text = String::from_utf8_lossy(&output.stdout);
    let start = text.find("-----BEGIN CERTIFICATE-----")?;
    let end = text[start..].find("-----END CERTIFICATE-----")? + start;
    let pem = format!("{}-----END CERTIFICATE-----\n", &text[start..end]);
    Some(certbind_certificates::hash_of_file(pem.as_bytes()).unwrap())
}

/// `openssl s_client`, with a version of TLS and more options.
pub(crate) fn s_client(attempt: &Attempt, options: &[&str]) -> Output {
    let mut command = Command::new("openssl");
    command.args(["s_client", "-connect", &attempt.socket.to_string()]);
    match &attempt.name {
        Some(name) => command.args(["-servername", name]),
        None => command.arg("-noservername"),
    };
    run(command.args(options), "")
}

/// The certificate that curl gets, and the answer.
pub(crate) fn curl(attempt: &Attempt, options: &[&str]) -> Option<(CertHash, Value)> {
    let host = attempt.name.as_deref().unwrap_or("127.0.0.1");
    let mut command = Command::new("curl");
    command
        .args([
            "--silent",
            "--insecure",
            "--max-time",
            "20",
            "--write-out",
            "%{certs}",
        ])
        .args(["--connect-to", &format!("::{}", attempt.socket)])
        .args(options)
        .arg(format!("https://{host}/path?query"));
    let output = run(&mut command, "");
    // The connection was reset in the handshake.
    if output.status.code() == Some(35) {
        return None;
    }
    let text = String::from_utf8_lossy(&output.stdout);
    let answer = text
        .lines()
        .next()
        .and_then(|line| serde_json::from_str(line).ok());
    match (printed_certificate(&output), answer) {
        (Some(certificate), Some(answer)) => Some((certificate, answer)),
        _ => panic!("{command:?}: {output:?}"),
    }
}

/// `gnutls-cli`.
pub(crate) fn gnutls(attempt: &Attempt) -> Option<CertHash> {
    let mut command = Command::new("gnutls-cli");
    command.args(["--insecure", "--print-cert", "--port"]);
    command.arg(attempt.socket.port().to_string());
    match &attempt.name {
        Some(name) => command.arg(format!("--sni-hostname={name}")),
        None => command.arg("--disable-sni"),
    };
    let output = run(command.arg(attempt.socket.ip().to_string()), "");
    printed_certificate(&output)
}

/// Chromium, which sends no name for an address.
pub(crate) fn chromium(attempt: &Attempt) -> Option<CertHash> {
    let profile = tempfile::tempdir().unwrap();
    let mut command = Command::new("chromium");
    command.args(["--headless", "--no-sandbox", "--disable-gpu"]);
    command.args([
        "--ignore-certificate-errors",
        "--disable-background-networking",
    ]);
    command.args(["--no-first-run", "--dump-dom"]);
    command.arg(format!("--user-data-dir={}", profile.path().display()));
    match &attempt.name {
        Some(name) => {
            command.arg(format!("--host-resolver-rules=MAP * {}", attempt.socket));
            command.arg(format!("https://{name}/"));
        }
        None => {
            command.arg(format!("https://{}/", attempt.socket));
        }
    }
    let output = run(&mut command, "");
    let page = String::from_utf8_lossy(&output.stdout);
    if page.contains("ERR_CONNECTION_RESET") {
        return None;
    }
    assert!(page.contains(r#""alpn":"h2""#), "{output:?}");
    let (_, rest) = page.split_once(r#""certificate":""#).unwrap();
    Some(rest.split('"').next().unwrap().parse().unwrap())
}

/// The hashes that a program prints for some attempts, a line for each; `-` is a reset.
fn hashes(output: &Output, attempts: usize) -> Vec<Option<CertHash>> {
    let text = String::from_utf8_lossy(&output.stdout);
    let hashes: Vec<_> = text
        .lines()
        .map(|line| (line != "-").then(|| line.parse().unwrap()))
        .collect();
    assert_eq!(hashes.len(), attempts, "{output:?}");
    hashes
}

fn input(attempts: &[Attempt]) -> String {
    let line = |attempt: &Attempt| {
        let name = attempt.name.as_deref().unwrap_or("-");
        format!("{} {} {name}\n", attempt.socket.ip(), attempt.socket.port())
    };
    attempts.iter().map(line).collect()
}

/// Python's ssl module.
pub(crate) fn python(attempts: &[Attempt]) -> Vec<Option<CertHash>> {
    const SCRIPT: &str = "
import hashlib, socket, ssl, sys
context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
context.check_hostname = False
context.verify_mode = ssl.CERT_NONE
for line in sys.stdin:
    address, port, name = line.split()
    try:
        with socket.create_connection((address, int(port)), 20) as raw:
            with context.wrap_socket(raw, server_hostname=None if name == '-' else name) as tls:
                print(hashlib.sha1(tls.getpeercert(True)).hexdigest())
    except ConnectionResetError:
        print('-')
";
    let output = run(
        Command::new("python3").args(["-c", SCRIPT]),
        &input(attempts),
    );
    hashes(&output, attempts.len())
}

/// The JDK.
pub(crate) fn java(attempts: &[Attempt]) -> Vec<Option<CertHash>> {
    const PROGRAM: &str = r#"
import java.net.Socket;
import java.security.*;
import java.security.cert.X509Certificate;
import java.util.*;
import javax.net.ssl.*;

public class Client {
    public static void main(String[] none) throws Exception {
        TrustManager any = new X509ExtendedTrustManager() {
            public void checkClientTrusted(X509Certificate[] c, String a) {}
            public void checkServerTrusted(X509Certificate[] c, String a) {}
            public void checkClientTrusted(X509Certificate[] c, String a, Socket s) {}
            public void checkServerTrusted(X509Certificate[] c, String a, Socket s) {}
            public void checkClientTrusted(X509Certificate[] c, String a, SSLEngine e) {}
            public void checkServerTrusted(X509Certificate[] c, String a, SSLEngine e) {}
            public X509Certificate[] getAcceptedIssuers() { return new X509Certificate[0]; }
        };
        Scanner lines = new Scanner(System.in);
        while (lines.hasNextLine()) {
            String[] part = lines.nextLine().split(" ");
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(null, new TrustManager[] { any }, null);
            Socket raw = new Socket(part[0], Integer.parseInt(part[1]));
            SSLSocket tls = (SSLSocket) context.getSocketFactory().createSocket(raw, null, raw.getPort(), true);
            if (!part[2].equals("-")) {
                SSLParameters parameters = tls.getSSLParameters();
                parameters.setServerNames(List.of(new SNIHostName(part[2])));
                tls.setSSLParameters(parameters);
            }
            try {
                tls.startHandshake();
                byte[] der = tls.getSession().getPeerCertificates()[0].getEncoded();
                byte[] hash = MessageDigest.getInstance("SHA-1").digest(der);
                System.out.println(HexFormat.of().formatHex(hash));
            } catch (java.net.SocketException reset) {
                System.out.println("-");
            } catch (SSLException reset) {
                if (!(reset.getCause() instanceof java.net.SocketException)) throw reset;
                System.out.println("-");
            }
            tls.close();
        }
    }
}
"#;
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("Client.java");
    std::fs::write(&source, PROGRAM).unwrap();
    let mut command = Command::new("java");
    command.args(["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"]);
    let output = run(command.arg(source), &input(attempts));
    hashes(&output, attempts.len())
}
