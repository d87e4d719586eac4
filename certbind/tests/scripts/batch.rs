//! An interpreter of the batch files that certbind writes, so that their text is executed without
//! Windows. It supports their commands, and fails on any other.
//!
//! Where versions of `cmd` differ in the ERRORLEVEL after a command, it is [`UNKNOWN`], which must
//! not be read. Sources: `cmd /?`, `set /?`, `if /?`, `call /?`, and the page "Command-line
//! reference" of Microsoft Learn for each command.

use std::collections::BTreeMap;

use crate::batch_command::{Command, arguments, quoted};

/// The programs that a batch file starts.
pub(crate) trait Programs {
    /// Runs a program; gives its output and exit code, or nothing if the batch file was killed.
    fn run(&mut self, program: &str, arguments: &[String]) -> Option<(String, i32)>;

    /// The event while the batch file waits for a second; `None` if it was killed.
    fn wait(&mut self, _files: &mut Files) -> Option<()> {
        panic!("the batch file is not to wait")
    }
}

/// The folder of the batch file, as `%~dp0` has it.
pub(crate) const FOLDER: &str = r"C:\certbind change\50% & more^\";
const TEMP: &str = r"C:\Users\A B\Temp";

/// An ERRORLEVEL that no command may depend on.
const UNKNOWN: Option<i32> = None;

/// The files of a host by their full names.
pub(crate) type Files = BTreeMap<String, String>;

/// Runs a batch file; gives its exit code, if it was not killed, and its output.
pub(crate) fn run(
    text: &str,
    files: &mut Files,
    programs: &mut dyn Programs,
) -> (Option<i32>, String) {
    run_with(text, &[], files, programs)
}

/// Runs a batch file that is started with more variables.
pub(crate) fn run_with(
    text: &str,
    variables: &[(&str, &str)],
    files: &mut Files,
    programs: &mut dyn Programs,
) -> (Option<i32>, String) {
    assert!(text.ends_with("\r\n"), "the last line has no end");
    let lines: Vec<_> = text.split_terminator("\r\n").collect();
    assert!(lines.iter().all(|line| !line.contains(['\n', '\r'])));
    let mut labels = BTreeMap::new();
    for (at, line) in lines.iter().enumerate() {
        if let Some(label) = line.strip_prefix(':') {
            let is_plain = label.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
            assert!(is_plain && !label.is_empty(), "label {label:?}");
            let other = labels.insert(label.to_ascii_lowercase(), at);
            assert_eq!(other, None, "label {label} is there twice");
        }
    }
    let mut batch = Batch {
        lines,
        labels,
        variables: [&[("TEMP", TEMP)], variables]
            .concat()
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect(),
        files,
        programs,
        level: Some(0),
        folder: None,
        random: 0,
        output: String::new(),
    };
    let code = batch.execute();
    (code, batch.output)
}

/// The folder for temporary files of a run after so many random numbers, as an entry of [`Files`].
pub(crate) fn temporary_folder(numbers: u32) -> String {
    format!(r"{TEMP}\certbind-{}-{}\", numbers + 1, numbers + 2)
}

struct Batch<'a> {
    lines: Vec<&'a str>,
    labels: BTreeMap<String, usize>,
    variables: BTreeMap<String, String>,
    files: &'a mut Files,
    programs: &'a mut dyn Programs,
    level: Option<i32>,
    /// The folder of `pushd`.
    folder: Option<String>,
    random: u32,
    output: String,
}

/// How the batch file continues after a line.
enum Next {
    Line,
    Goto(usize),
    Call(usize),
    Return,
    Killed,
}

impl Batch<'_> {
    fn execute(&mut self) -> Option<i32> {
        let mut at = 0;
        let mut calls = Vec::new();
        for _ in 0..1_000_000 {
            let line = *self
                .lines
                .get(at)
                .expect("the batch file runs past its end");
            match self.line(line) {
                Next::Line => at += 1,
                Next::Goto(to) => at = to,
                Next::Call(to) => {
                    calls.push(at + 1);
                    at = to;
                }
                Next::Return => match calls.pop() {
                    Some(back) => at = back,
                    None => return Some(self.level.expect("exit /b sets a code")),
                },
                Next::Killed => return None,
            }
        }
        panic!("the batch file does not end");
    }

    fn line(&mut self, line: &str) -> Next {
        if line.starts_with(':') {
            return Next::Line;
        }
        let line = line.strip_prefix('@').unwrap_or(line);
        if line.starts_with("rem ") {
            // `cmd` expands variables in remarks as well.
            assert!(!line.contains('%'), "{line}");
            return Next::Line;
        }
        let expanded = self.expand(line);
        assert!(expanded.encode_utf16().count() <= 8191, "{expanded}");
        self.command(&expanded)
    }

    /// The first phase of `cmd`: variables.
    fn expand(&mut self, line: &str) -> String {
        let mut text = String::new();
        let mut rest = line;
        while let Some((plain, after)) = rest.split_once('%') {
            text.push_str(plain);
            if let Some(after) = after.strip_prefix('%') {
                text.push('%');
                rest = after;
            } else if let Some(after) = after.strip_prefix("~dp0") {
                text.push_str(FOLDER);
                rest = after;
            } else {
                let (name, after) = after.split_once('%').expect("a name between percent signs");
                if name == "RANDOM" {
                    self.random += 1;
                    text.push_str(&self.random.to_string());
                } else {
                    let value = self.variables.get(name);
                    text.push_str(value.unwrap_or_else(|| panic!("{name} is not set: {line}")));
                }
                rest = after;
            }
        }
        text + rest
    }

    fn command(&mut self, line: &str) -> Next {
        if let Some(condition) = line.strip_prefix("if ") {
            return self.condition(condition);
        }
        if let Some(rest) = line.strip_prefix("for /f \"usebackq delims=\" %i in (") {
            return self.each_line(rest);
        }
        let Command {
            words,
            output,
            with_errors,
        } = Command::parse(line);
        let (name, rest) = words.split_once(' ').unwrap_or((&words, ""));
        assert!(
            output.is_some() || !with_errors,
            "errors go to a closed output: {line}"
        );
        let printed = match name {
            "echo" if rest == "off" => String::new(),
            "echo" => {
                assert!(!rest.is_empty() && rest != "on", "{line}");
                format!("{rest}\r\n")
            }
            "setlocal" => {
                assert_eq!(rest, "DisableDelayedExpansion");
                String::new()
            }
            "chcp" => {
                assert_eq!(rest, "65001");
                self.level = UNKNOWN;
                "Active code page: 65001\r\n".to_owned()
            }
            "set" if rest.starts_with("/a ") => {
                let (name, number) = rest[3..].split_once("-=").expect("a subtraction");
                let value: i64 = self.variables[name].parse().expect("a number");
                let value = value - number.parse::<i64>().expect("a number");
                self.variables.insert(name.to_owned(), value.to_string());
                self.level = UNKNOWN;
                String::new()
            }
            "ping" => {
                // It sends two packets, a second apart.
                assert_eq!(rest, "-n 2 127.0.0.1");
                self.level = UNKNOWN;
                if self.programs.wait(self.files).is_none() {
                    return Next::Killed;
                }
                "Reply from 127.0.0.1\r\n".to_owned()
            }
            "ren" => {
                let [path, name] = &arguments(rest)[..] else {
                    panic!("{line}")
                };
                assert!(!name.contains('\\'), "{line}");
                let (folder, _) = path.rsplit_once('\\').expect("a folder");
                let new = format!("{folder}\\{name}");
                if !self.files.contains_key(&new)
                    && let Some(content) = self.files.remove(path)
                {
                    self.files.insert(new, content);
                }
                self.level = UNKNOWN;
                String::new()
            }
            "pushd" => {
                let (folder, after) = quoted(rest);
                let before = self.folder.replace(folder.to_owned());
                assert!(before.is_none() && after.is_empty(), "{line}");
                self.level = UNKNOWN;
                String::new()
            }
            "popd" => {
                assert!(self.folder.take().is_some() && rest.is_empty(), "{line}");
                self.level = UNKNOWN;
                String::new()
            }
            "call" if rest.starts_with(".\\") => {
                let folder = self.folder.as_deref().expect("a folder");
                let path = format!("{folder}{}", &rest[2..]);
                let text = self.files.get(&path).expect("a batch file").clone();
                let (code, printed) = run(&text, self.files, self.programs);
                self.output.push_str(&printed);
                if code.is_none() {
                    return Next::Killed;
                }
                self.level = code;
                String::new()
            }
            "set" => {
                let assignment = rest
                    .strip_prefix('"')
                    .and_then(|rest| rest.strip_suffix('"'));
                let assignment = assignment.expect("set in quotation marks");
                let (name, value) = assignment.split_once('=').expect("an assignment");
                assert!(!value.is_empty() && !value.contains('"'), "{line}");
                self.variables.insert(name.to_owned(), value.to_owned());
                self.level = UNKNOWN;
                String::new()
            }
            "goto" => return Next::Goto(self.label(rest)),
            "call" => {
                let label = rest.strip_prefix(':').expect("a label to call");
                return Next::Call(self.label(label));
            }
            "exit" => {
                let code = rest.strip_prefix("/b ").expect("exit /b");
                self.level = Some(code.parse().expect("an exit code"));
                return Next::Return;
            }
            "del" => {
                let [path] = &arguments(rest)[..] else {
                    panic!("{line}")
                };
                assert!(self.files.remove(path).is_some(), "{path} is not there");
                self.level = UNKNOWN;
                String::new()
            }
            "md" => {
                let [path] = &arguments(rest)[..] else {
                    panic!("{line}")
                };
                // Without an error, `md` does not change ERRORLEVEL.
                let folder = format!("{path}\\");
                if self.files.insert(folder, String::new()).is_some() {
                    self.level = Some(1);
                }
                String::new()
            }
            "rd" => {
                let [path] = &arguments(rest)[..] else {
                    panic!("{line}")
                };
                let folder = format!("{path}\\");
                assert!(self.files.remove(&folder).is_some(), "{path} is not there");
                let inside = self.files.keys().find(|file| file.starts_with(&folder));
                assert_eq!(inside, None, "{path} is not empty");
                self.level = UNKNOWN;
                String::new()
            }
            "type" => {
                let [path] = &arguments(rest)[..] else {
                    panic!("{line}")
                };
                self.level = UNKNOWN;
                self.files.get(path).expect("a file to type").clone()
            }
            "find" => self.find(rest),
            "net" | "netsh" | "certutil" | "certbind" => {
                let arguments = arguments(rest);
                match self.programs.run(name, &arguments) {
                    Some((printed, code)) => {
                        self.level = Some(code);
                        printed
                    }
                    None => return Next::Killed,
                }
            }
            _ => panic!("unknown command: {line}"),
        };
        match output.as_deref() {
            None => self.output.push_str(&printed),
            Some("nul") => {}
            Some(path) => {
                assert!(path.contains('\\'), "{path} is relative");
                self.files.insert(path.to_owned(), printed);
            }
        }
        Next::Line
    }

    fn condition(&mut self, condition: &str) -> Next {
        let (condition, negated) = match condition.strip_prefix("not ") {
            Some(condition) => (condition, true),
            None => (condition, false),
        };
        let (holds, command) = if let Some(rest) = condition.strip_prefix("errorlevel ") {
            let (number, command) = rest.split_once(' ').expect("a command");
            let level = self.level.expect("ERRORLEVEL is known");
            (level >= number.parse().expect("a number"), command)
        } else if let Some(rest) = condition.strip_prefix("exist ") {
            let (path, command) = quoted(rest);
            (self.files.contains_key(path), command)
        } else {
            let (left, rest) = quoted(condition);
            let (right, command) = quoted(rest.strip_prefix("==").expect("a comparison"));
            (left == right, command)
        };
        if holds == negated {
            return Next::Line;
        }
        self.command(command.trim_start())
    }

    /// `"FILE") do COMMAND`: a command for each line that is not empty.
    fn each_line(&mut self, rest: &str) -> Next {
        let (path, rest) = quoted(rest);
        let command = rest.strip_prefix(") do ").expect("do");
        let text = self.files.get(path).expect("a file to read").clone();
        for line in text.lines().filter(|line| !line.is_empty()) {
            assert!(!line.starts_with(';'), "{line}");
            let next = self.command(&command.replace("%i", line));
            assert!(matches!(next, Next::Line), "{command}");
        }
        Next::Line
    }

    /// `find "TEXT" "FILE"`: lines that have a text, in the same case.
    fn find(&mut self, rest: &str) -> String {
        let (text, rest) = quoted(rest);
        let (path, rest) = quoted(rest.trim_start());
        assert!(!text.is_empty() && rest.is_empty(), "{rest}");
        let file = self
            .files
            .get(path)
            .unwrap_or_else(|| panic!("{path} is not there"));
        let found: Vec<_> = file.lines().filter(|line| line.contains(text)).collect();
        self.level = Some(i32::from(found.is_empty()));
        found.join("\r\n")
    }

    fn label(&self, label: &str) -> usize {
        let found = self.labels.get(&label.to_ascii_lowercase());
        *found.unwrap_or_else(|| panic!("no label {label}"))
    }
}

/// An unknown command must not be accepted.
#[test]
fn unknown_syntax_is_refused() {
    for line in [
        "dir",
        "echo a & echo b",
        "netsh x || exit /b 1",
        "echo %UNSET%",
        "goto nowhere",
        "if (1)==(1) echo a",
        "set X=1",
        "set \"X=1\"\r\nif errorlevel 1 exit /b 0",
    ] {
        let text = format!("{line}\r\nexit /b 0\r\n");
        let done = std::panic::catch_unwind(|| run(&text, &mut Files::new(), &mut NoPrograms));
        assert!(done.is_err(), "{line}");
    }
}

struct NoPrograms;

impl Programs for NoPrograms {
    fn run(&mut self, program: &str, _: &[String]) -> Option<(String, i32)> {
        panic!("{program} is not to be started")
    }
}
