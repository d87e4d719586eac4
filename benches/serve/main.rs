//! `certbind serve` compared with nginx: `cargo xtask bench serve`.
//!
//! Both servers have the same certificate and answer with bodies of the same length. One client
//! meets them in the same run, in turn, round after round. Where the system has `taskset`, each
//! server runs on one processor and the client on another.

#![allow(clippy::unwrap_used, reason = "a figure of what failed is no figure")]

mod certificates;
mod client;
mod large_host;
mod processes;
mod report;
mod servers;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use client::{Client, Load};
use processes::Processors;
use report::{Figures, Row};
use rustls::version::{TLS12, TLS13};
use servers::{Server, Sessions, certbind, nginx};

const USAGE: &str = "serve [--program CERTBIND] [--rounds N] [--seconds S] [--quick] [--out FILE]";

struct Arguments {
    program: PathBuf,
    rounds: usize,
    turn: Duration,
    bindings: usize,
    certificates: usize,
    out: Option<PathBuf>,
}

fn arguments() -> Option<Arguments> {
    let own = std::env::current_exe().ok()?;
    let mut parsed = Arguments {
        program: own.with_file_name("certbind"),
        rounds: 7,
        turn: Duration::from_secs(1),
        bindings: 100_000,
        certificates: 10_000,
        out: None,
    };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--quick" => {
                (parsed.rounds, parsed.turn) = (1, Duration::from_millis(50));
                (parsed.bindings, parsed.certificates) = (200, 20);
            }
            "--program" => parsed.program = arguments.next()?.into(),
            "--rounds" => parsed.rounds = arguments.next()?.parse().ok()?,
            "--seconds" => {
                let seconds = arguments.next()?.parse().ok()?;
                parsed.turn = Duration::try_from_secs_f64(seconds).ok()?;
            }
            "--out" => parsed.out = Some(arguments.next()?.into()),
            _ => return None,
        }
    }
    Some(parsed)
}

fn main() -> ExitCode {
    let Some(arguments) = arguments() else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    let load_before = processes::load_average();
    let pinned = processes::pin_client();
    let (one, all) = match pinned {
        true => (Processors::First, Processors::All),
        false => (Processors::Unchanged, Processors::Unchanged),
    };
    let certificate = certificates::certificate("www.contoso.com");
    let mut rows = Vec::new();
    for (name, load, version, sessions) in [
        (
            "full handshakes, TLS 1.3",
            Load::Full,
            &TLS13,
            Sessions::Cache,
        ),
        (
            "full handshakes, TLS 1.2",
            Load::Full,
            &TLS12,
            Sessions::Cache,
        ),
        (
            "resumed, TLS 1.3, sessions of the server",
            Load::Resumed,
            &TLS13,
            Sessions::Cache,
        ),
        (
            "resumed, TLS 1.3, tickets",
            Load::Resumed,
            &TLS13,
            Sessions::Tickets,
        ),
        (
            "resumed, TLS 1.2, sessions of the server",
            Load::Resumed,
            &TLS12,
            Sessions::Cache,
        ),
        (
            "resumed, TLS 1.2, tickets",
            Load::Resumed,
            &TLS12,
            Sessions::Tickets,
        ),
        (
            "requests on open connections",
            Load::Requests,
            &TLS13,
            Sessions::Cache,
        ),
    ] {
        let ours = certbind(&arguments.program, &certificate, sessions, one);
        let body = Client::new(&ours, version).body_length();
        let theirs = nginx(&certificate, sessions, body, one);
        let servers: [&Server; 2] = [&ours, &theirs];
        let clients = servers.map(|server| Client::new(server, version));
        for client in &clients {
            client.run(load, arguments.turn / 4);
        }
        let mut figures: [Vec<Figures>; 2] = Default::default();
        for round in 0..arguments.rounds {
            eprintln!("{name}: round {} of {}", round + 1, arguments.rounds);
            for turn in 0..2 {
                let at = (round + turn) % 2;
                let before = servers[at].processor_time();
                let (count, elapsed) = clients[at].run(load, arguments.turn);
                let used = servers[at].processor_time() - before;
                figures[at].push(Figures {
                    count,
                    elapsed,
                    used,
                });
            }
        }
        let [ours, theirs] = figures;
        let row = Row { name, ours, theirs };
        eprint!("{}", row.markdown());
        rows.push(row);
    }
    let large = large_host::measure(
        &arguments.program,
        arguments.bindings,
        arguments.certificates,
        arguments.rounds,
        all,
    );
    let text = report::markdown(&rows, &large, arguments.rounds, pinned, &load_before);
    print!("{text}");
    if let Some(path) = arguments.out {
        std::fs::write(path, text).unwrap();
    }
    ExitCode::SUCCESS
}
