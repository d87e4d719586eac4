//! Commands from standard input and from scripts.

use std::io::BufRead;

use certbind::netsh::{Netsh, Profile};
use certbind_core::MemoryStore;
use certbind_formats::netsh::Newline;

use crate::bench::{Bench, CommandOutput, HASH, IIS};

fn with_input(bench: &Bench, arguments: &[&str], mut input: &[u8]) -> CommandOutput {
    let arguments: Vec<_> = arguments.iter().map(|word| (*word).to_owned()).collect();
    let mut printed = Vec::new();
    let netsh = Netsh::new(&bench.store, bench.profile);
    let code = netsh.run(&arguments, &mut input, &mut printed);
    CommandOutput {
        text: String::from_utf8(printed).unwrap(),
        code: code.unwrap(),
    }
}

fn add(port: u16) -> String {
    format!("add sslcert ipport=0.0.0.0:{port} certhash={HASH} appid={IIS}")
}

const ADDED: &str = "\nSSL Certificate successfully added\n\n";

#[test]
fn commands_are_read_from_standard_input() {
    let bench = Bench::new(Profile::default());
    let lines = format!(
        "\u{feff}http {}\r\n\r\nhttp {} certstorename=\"Remote Desktop\n",
        add(1),
        add(2)
    );
    let said = with_input(&bench, &[], lines.as_bytes());
    assert_eq!(said.text, format!("netsh>{ADDED}netsh>netsh>{ADDED}netsh>"));
    assert_eq!(said.code, 0);
    let binding = bench.binding("0.0.0.0:2").unwrap();
    let certificate = binding.record().certificate.as_ref().unwrap();
    let store_name = certificate.store_name.as_ref().unwrap();
    assert_eq!(store_name.as_str(), "Remote Desktop");
}

#[test]
fn contexts_are_entered_and_left() {
    let bench = Bench::new(Profile::default());
    let lines = format!(
        "http\n{}\nhttp {}\n..\n{}\nbye\nhttp {}",
        add(1),
        add(2),
        add(3),
        add(4)
    );
    let said = with_input(&bench, &[], lines.as_bytes());
    let not_found = format!("The following command was not found: {}.\n", add(3));
    assert_eq!(
        said.text,
        format!("netsh>netsh http>{ADDED}netsh http>{ADDED}netsh http>netsh>{not_found}netsh>")
    );
    assert_eq!(said.code, 1, "a command had failed");
    assert_eq!(bench.bindings().len(), 2);
}

#[test]
fn the_context_can_be_given_in_front() {
    let bench = Bench::new(Profile::default());
    let said = with_input(&bench, &["-c", "HTTP"], add(1).as_bytes());
    assert_eq!(said.text, format!("netsh http>{ADDED}netsh http>"));
    bench.ok(&format!("-c http {}", add(2)));
    assert_eq!(bench.bindings().len(), 2);
    for line in ["-c ftp show sslcert", "-c", "-f", "-x http", "-r host http"] {
        assert!(bench.fails(line).starts_with("\nUsage: netsh "), "{line}");
    }
}

#[test]
fn non_unicode_line_is_reported_and_skipped() {
    let bench = Bench::new(Profile::default());
    let lines = [b"http show ssl\xffcert\nhttp ", add(1).as_bytes()].concat();
    let said = with_input(&bench, &[], &lines);
    assert_eq!(
        said.text,
        format!("netsh>\nThe line: it is not in UTF-8\n\nnetsh>{ADDED}netsh>")
    );
    assert_eq!((said.code, bench.bindings().len()), (1, 1));
}

/// Output is visible to the test once it was flushed.
struct Ear<'a> {
    buffered: Vec<u8>,
    heard: &'a std::cell::RefCell<Vec<u8>>,
}

impl std::io::Write for Ear<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.buffered.extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        self.heard.borrow_mut().append(&mut self.buffered);
        Ok(())
    }
}

#[test]
fn every_command_is_answered_before_the_next_is_read() {
    /// Gives a line only when the answer to the one before has been written and flushed.
    struct Talk<'a> {
        lines: Vec<&'a [u8]>,
        heard: &'a std::cell::RefCell<Vec<u8>>,
        asked: usize,
    }
    impl std::io::Read for Talk<'_> {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            unreachable!("lines are read through the buffer")
        }
    }
    impl BufRead for Talk<'_> {
        fn fill_buf(&mut self) -> std::io::Result<&[u8]> {
            let heard = String::from_utf8(self.heard.borrow().clone()).unwrap();
            assert_eq!(heard.matches("netsh>").count(), self.asked + 1);
            assert!(heard.ends_with("netsh>"), "{heard}");
            Ok(self.lines.first().copied().unwrap_or_default())
        }
        fn consume(&mut self, bytes: usize) {
            if bytes > 0 {
                self.lines.remove(0);
                self.asked += 1;
            }
        }
    }

    let store = MemoryStore::new();
    let heard = std::cell::RefCell::default();
    let mut talk = Talk {
        lines: vec![b"http show sslcert\n", b"nonsense\n"],
        heard: &heard,
        asked: 0,
    };
    let mut ear = Ear {
        buffered: Vec::new(),
        heard: &heard,
    };
    let netsh = Netsh::new(&store, Profile::default());
    assert_eq!(netsh.run(&[], &mut talk, &mut ear).unwrap(), 1);
    assert_eq!(talk.asked, 2);
}

#[test]
fn session_output_is_not_buffered() {
    let store = MemoryStore::new();
    let netsh = Netsh::new(&store, Profile::default());
    for (arguments, input) in [
        (vec!["nonsense".to_owned()], ""),
        (vec![], "nonsense\nbye\n"),
    ] {
        let heard = std::cell::RefCell::default();
        let mut ear = Ear {
            buffered: Vec::new(),
            heard: &heard,
        };
        let code = netsh.run(&arguments, &mut input.as_bytes(), &mut ear);
        assert_eq!(code.unwrap(), 1);
        assert!(ear.buffered.is_empty());
        assert!(String::from_utf8_lossy(&heard.borrow()).contains("nonsense"));
    }
}

#[test]
fn scripts_are_played_in_utf_8_and_utf_16() {
    let directory = tempfile::tempdir().unwrap();
    let script = directory.path().join("add.txt");
    let text = format!("# bindings\n\nhttp\n{}\nnonsense\n{}\n", add(1), add(2));
    let utf_16 = ["\u{feff}", &text].concat();
    let utf_16: Vec<u8> = utf_16.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let marked = ["\u{feff}", &text.replace('\n', "\r\n")].concat();
    for bytes in [text.as_bytes(), &utf_16, marked.as_bytes()] {
        std::fs::write(&script, bytes).unwrap();
        let bench = Bench::new(Profile::default());
        let said = bench.run(&format!("-f {}", script.display()));
        let not_found = "The following command was not found: nonsense.\n";
        assert_eq!(said.text, format!("{ADDED}{not_found}{ADDED}"));
        assert_eq!((said.code, bench.bindings().len()), (1, 2));
    }
    std::fs::write(&script, b"http show \xff").unwrap();
    let bench = Bench::new(Profile::default());
    let said = bench.fails(&format!("-f {}", script.display()));
    assert!(
        said.ends_with("it is neither in UTF-8 nor in UTF-16\n\n"),
        "{said}"
    );
    let missing = directory.path().join("missing.txt");
    let said = bench.fails(&format!("-f {}", missing.display()));
    assert!(said.contains("missing.txt: "), "{said}");
}

#[test]
fn lines_end_as_on_windows_where_that_is_asked_for() {
    let store = MemoryStore::new();
    let netsh = Netsh::new(&store, Profile::default()).with_newline(Newline::Crlf);
    let input = format!(
        "http {}\nhttp show sslcert\nhttp add sslcert\nx\nhttp ?\n",
        add(1)
    );
    let mut printed = Vec::new();
    let code = netsh.run(&[], &mut input.as_bytes(), &mut printed);
    assert_eq!(code.unwrap(), 1);
    let printed = String::from_utf8(printed).unwrap();
    assert!(printed.contains("0.0.0.0:1\r\n"));
    assert_eq!(
        printed.matches('\n').count(),
        printed.matches("\r\n").count()
    );
    assert!(!printed.contains("\r\r"));
}

/// netsh takes `tag = value` too: its own dumps of other contexts have been printing them so.
#[test]
fn a_script_with_spaces_around_the_signs_is_carried_out() {
    let bench = Bench::new(Profile::default());
    let folder = tempfile::TempDir::new().unwrap();
    let file = folder.path().join("commands.txt");
    let key = "ipport = 0.0.0.0:447";
    let script = format!(
        "http\nadd sslcert {key} certhash = {HASH} appid = {IIS} certstorename = MY\n\
         show sslcert {key}\ndelete sslcert {key}\n"
    );
    std::fs::write(&file, script).unwrap();
    let said = with_input(&bench, &["-f", file.to_str().unwrap()], &[]);
    assert_eq!(said.code, 0, "{}", said.text);
    let shown = format!("Certificate Hash             : {HASH}");
    for part in [
        ADDED,
        "0.0.0.0:447",
        &shown,
        "SSL Certificate successfully deleted",
    ] {
        assert!(said.text.contains(part), "{part}: {}", said.text);
    }
    assert!(bench.binding("0.0.0.0:447").is_none());
}

/// As in KurrentDB's and other scripts: contexts are kept and left, comments are indented.
#[test]
fn contexts_are_kept_by_pushd() {
    let bench = Bench::new(Profile::default());
    let lines = format!(
        "pushd http\n{}\npopd\n{}\npopd\npushd\npushd ftp\n",
        add(1),
        add(2)
    );
    let said = with_input(&bench, &[], lines.as_bytes());
    let not_found = |what: &str| format!("The following command was not found: {what}.\n");
    assert_eq!(
        said.text,
        format!(
            "netsh>netsh http>{ADDED}netsh http>netsh>{}netsh>netsh>netsh>{}netsh>",
            not_found(&add(2)),
            not_found("pushd ftp")
        )
    );
    assert_eq!(bench.bindings().len(), 1);
}

#[test]
fn exec_runs_a_script() {
    let folder = tempfile::TempDir::new().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let outer = format!("  # a comment\nexec {}\n{}\n", path("inner"), add(2));
    std::fs::write(path("outer"), outer).unwrap();
    std::fs::write(
        path("inner"),
        format!("pushd http\n{}\npopd\nhttp\n", add(1)),
    )
    .unwrap();
    let bench = Bench::new(Profile::default());
    let said = bench.run(&format!("exec {}", path("outer")));
    assert_eq!(said.text, [ADDED, ADDED].concat());
    assert_eq!((said.code, bench.bindings().len()), (0, 2));

    let itself = path("itself");
    std::fs::write(&itself, format!("exec {itself}\n")).unwrap();
    let said = bench.fails(&format!("exec {itself}"));
    assert!(said.contains("scripts run each other"), "{said}");
    assert!(bench.fails("exec").contains("not found"));
    assert!(
        bench
            .fails(&format!("exec {}", path("missing")))
            .contains("missing: ")
    );
}
