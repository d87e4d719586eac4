//! Forwarding requests to an application.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::thread;

use certbind_core::SslFlags;
use certbind_test_support::require;

use crate::certificates::{Certificates, socket};
use crate::programs::run;

/// An HTTP server that answers with the head of the request and its body.
fn echo() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = BufReader::new(stream.unwrap());
            let mut head = String::new();
            while !head.ends_with("\r\n\r\n") {
                if stream.read_line(&mut head).unwrap() == 0 {
                    break;
                }
            }
            let length = head.lines().find_map(|line| {
                let (name, value) = line.split_once(": ")?;
                name.eq_ignore_ascii_case("content-length")
                    .then(|| value.parse().unwrap())
            });
            let mut body = vec![0; length.unwrap_or(0)];
            stream.read_exact(&mut body).unwrap();
            let answer = [head.as_bytes(), &body].concat();
            let status = "HTTP/1.1 201 Created\r\nConnection: close\r\nX-Answer: yes\r\n";
            let head = format!("{status}Content-Length: {}\r\n\r\n", answer.len());
            stream.get_mut().write_all(head.as_bytes()).unwrap();
            stream.get_mut().write_all(&answer).unwrap();
        }
    });
    url
}

#[test]
fn the_application_gets_the_request_and_its_answer_comes_back() {
    require!("curl");
    let certificates = Certificates::new(&["www.contoso.com"]);
    let bindings = vec![certificates.bind("0.0.0.0:443", 0, SslFlags::empty())];
    let server = certificates
        .serve(bindings)
        .upstream(echo())
        .start()
        .unwrap();
    let to = socket(&server, "127.0.0.1", 443);
    for version in ["--http1.1", "--http2"] {
        let mut curl = std::process::Command::new("curl");
        curl.args([
            "--silent",
            "--insecure",
            "--include",
            "--max-time",
            "20",
            version,
        ]);
        curl.args(["--connect-to", &format!("::{to}"), "--data", "a body"]);
        curl.args([
            "-H",
            "X-Forwarded-For: forged",
            "https://www.contoso.com/a?b=c",
        ]);
        let output = run(&mut curl, "");
        let text = String::from_utf8_lossy(&output.stdout).to_ascii_lowercase();
        for part in [
            " 201",
            "x-answer: yes",
            "post /a?b=c http/1.1",
            "host: www.contoso.com",
            "x-forwarded-for: 127.0.0.1",
            "x-forwarded-proto: https",
            "a body",
        ] {
            assert!(text.contains(part), "{version}: {part}: {text}");
        }
        assert!(!text.contains("forged"));
    }
    server.stop();
}

#[test]
fn an_application_that_is_not_there_is_reported() {
    require!("curl");
    let certificates = Certificates::new(&["www.contoso.com"]);
    let bindings = vec![certificates.bind("0.0.0.0:443", 0, SslFlags::empty())];
    let closed = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let server = certificates
        .serve(bindings)
        .upstream(format!("http://{closed}"));
    let server = server.start().unwrap();
    let to = crate::programs::Attempt {
        socket: socket(&server, "127.0.0.1", 443),
        name: Some("www.contoso.com".to_owned()),
    };
    let (_, answer) = crate::programs::curl(&to, &[]).unwrap();
    let error = answer["error"].as_str().unwrap();
    assert!(error.contains(&closed.to_string()), "{error}");
    server.stop();
}
