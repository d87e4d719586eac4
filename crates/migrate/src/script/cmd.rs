//! A change script as a batch file. It uses no parenthesized block, no `||` and no `&&`, and tests
//! `errorlevel` on lines of their own.

use super::confirm::{KEPT, NOT_ROLLED_BACK, ROLLING_BACK, WAITING};
use super::step::{self, NOT_BOUND, NetshCommand, ScriptStep, State, UNREADABLE};
use super::{Script, exit};

/// How often a folder for temporary files is tried.
const FOLDER_ATTEMPTS: usize = 5;

pub(super) fn render(script: &Script) -> String {
    let mut out = Batch::default();
    let total = script.steps.len();
    out.line("@echo off");
    out.line("setlocal DisableDelayedExpansion");
    out.line(&format!(
        "rem {}.cmd: {total} changes of TLS certificate bindings. Run it as administrator.",
        script.name
    ));
    out.line("rem Exit codes: 0 done or already done; 1 cannot run; 2 the host does not match the");
    out.line(
        "rem plan, nothing changed; 3 a change failed, every binding is as before; 4 a change",
    );
    out.line(
        "rem failed, and the bindings named differ from before: run it again, or the other script.",
    );
    if script.waits().is_some() {
        out.line("rem 5 not confirmed, or a change failed, and all changes were rolled back.");
    }
    out.line("set \"CB_DIR=%~dp0\"");
    out.temporary_folder();
    out.line("set \"CB_BAD=0\"");
    out.line("set \"CB_UPDATE=0\"");
    out.line("netsh http update sslcert /? >\"%CB_LIST%\" 2>&1");
    out.line("if not exist \"%CB_LIST%\" goto cannot_run");
    out.line("find \"certhash\" \"%CB_LIST%\" >nul");
    out.line("if not errorlevel 1 set \"CB_UPDATE=1\"");
    out.line("netsh http show sslcert >\"%CB_OUT%\" 2>&1");
    out.line("if errorlevel 9000 goto cannot_run");
    out.line("if not errorlevel 0 goto cannot_run");
    // netsh reports in the language of the host that a key is not bound.
    out.line(&format!("set \"CB_NONE={NOT_BOUND}\""));
    out.line("net helpmsg 2 >\"%CB_OUT%\" 2>&1");
    out.line("if errorlevel 1 goto language");
    out.line("if not errorlevel 0 goto language");
    out.line("for /f \"usebackq delims=\" %%i in (\"%CB_OUT%\") do set \"CB_NONE=%%i\"");
    out.line(":language");
    if script.waits().is_some() {
        // An earlier run was killed.
        out.line(&format!("if exist {} goto due", beside(ROLLING_BACK)));
        out.line(&format!("if exist {} goto recover", beside(WAITING)));
        out.line("set \"CB_TODO=0\"");
    }
    for at in 1..=total {
        out.line(&format!("call :check_{at}"));
    }
    out.line("if \"%CB_BAD%\"==\"1\" goto mismatch");
    if let Some(pfx) = &script.import_pfx {
        let folder = if pfx.is_relative() { "%CB_DIR%" } else { "" };
        out.line(&format!(
            "certutil -f -importpfx \"{}\" \"{folder}{}\"",
            pfx.store.replace('%', "%%"),
            pfx.file.replace('%', "%%")
        ));
        out.line("if errorlevel 1 goto import_failed");
        // certutil fails with an HRESULT, which is negative.
        out.line("if not errorlevel 0 goto import_failed");
    }
    if script.waits().is_some() {
        out.line("if \"%CB_TODO%\"==\"0\" goto changes");
        out.line(&format!(
            ">{0} echo The changes wait for confirm.cmd.",
            beside(WAITING)
        ));
        out.line(&format!("if not exist {} goto cannot_run", beside(WAITING)));
        out.line(":changes");
    }
    for at in 1..=total {
        out.line(&format!("call :change_{at}"));
        out.line("if errorlevel 1 goto failed");
    }
    for (at, step) in script.steps.iter().enumerate() {
        let key = echoed(&step.key);
        out.line(&format!("call :state_{}", at + 1));
        out.line(&format!(
            "if not \"%CB_STATE%\"==\"after\" echo {key}: NOT VERIFIED"
        ));
        out.line("if not \"%CB_STATE%\"==\"after\" set \"CB_BAD=1\"");
    }
    out.line("if \"%CB_BAD%\"==\"1\" goto failed");
    for note in &script.notes {
        out.line(&format!("echo {}", echoed(note)));
    }
    out.line(&format!("echo Done: {total} of {total} verified"));
    if let Some(seconds) = script.waits() {
        out.wait(seconds, total);
    }
    if script.ends_wait() {
        for file in [WAITING, ROLLING_BACK] {
            out.line(&format!("if exist {0} del {0}", beside(file)));
        }
    }
    out.end(exit::DONE);
    out.line(":cannot_run");
    out.line("echo Cannot run: netsh or the folder for temporary files is missing");
    out.end(exit::CANNOT_RUN);
    out.line(":mismatch");
    out.line("echo The host does not match the plan. Nothing was changed.");
    out.end(exit::MISMATCH);
    if script.import_pfx.is_some() {
        out.line(":import_failed");
        out.line("echo The import of the PFX file failed. No binding was changed.");
        out.end(exit::FAILED);
    }
    out.line(":failed");
    out.line("set \"CB_BAD=0\"");
    for (at, step) in script.steps.iter().enumerate() {
        let key = echoed(&step.key);
        out.line(&format!("call :state_{}", at + 1));
        out.line(&format!(
            "if \"%CB_STATE%\"==\"unknown\" echo {key}: {UNREADABLE}"
        ));
        out.line(&format!(
            "if \"%CB_STATE%\"==\"unknown\" goto unknown_{}",
            at + 1
        ));
        out.line(&format!(
            "if not \"%CB_STATE%\"==\"before\" echo {key}: differs from before"
        ));
        out.line(&format!(":unknown_{}", at + 1));
        out.line("if not \"%CB_STATE%\"==\"before\" set \"CB_BAD=1\"");
    }
    out.line("if \"%CB_BAD%\"==\"1\" goto partly");
    if script.waits().is_some() {
        out.line(&format!("if exist {0} del {0}", beside(WAITING)));
    }
    out.line("echo Failed. Every binding is as before.");
    out.end(exit::FAILED);
    out.line(":partly");
    if script.waits().is_some() {
        out.line(&format!("if exist {} goto recover", beside(WAITING)));
    }
    out.line(&format!(
        "echo Failed. Run this script again, or {}.cmd to restore the bindings.",
        script.other
    ));
    out.end(exit::PARTLY_CHANGED);
    if script.waits().is_some() {
        out.undo();
    }
    for (at, step) in script.steps.iter().enumerate() {
        out.step(at + 1, total, step, script.waits().is_some());
    }
    // A file that is not ASCII is UTF-8, and selects that code page before its first such line.
    if !out.text.is_ascii() {
        out.text = out.text.replacen(
            "setlocal DisableDelayedExpansion\r\n",
            "setlocal DisableDelayedExpansion\r\nchcp 65001 >nul\r\n",
            1,
        );
    }
    out.text
}

#[derive(Default)]
struct Batch {
    text: String,
}

impl Batch {
    fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push_str("\r\n");
    }

    /// Deletes the temporary files and ends the script.
    fn end(&mut self, code: u8) {
        self.line("if exist \"%CB_LIST%\" del \"%CB_LIST%\"");
        self.line("if exist \"%CB_OUT%\" del \"%CB_OUT%\"");
        self.line("rd \"%CB_TEMP%\"");
        self.line(&format!("exit /b {code}"));
    }

    /// Makes a folder for temporary files that no other program uses. Scripts that start in the same
    /// second get the same random numbers, so a folder that exists belongs to another one.
    fn temporary_folder(&mut self) {
        for _ in 0..FOLDER_ATTEMPTS {
            self.line("set \"CB_TEMP=%TEMP%\\certbind-%RANDOM%-%RANDOM%\"");
            // `md` does not change ERRORLEVEL if it succeeds.
            self.line("call :zero");
            self.line("md \"%CB_TEMP%\" >nul 2>&1");
            self.line("if not errorlevel 1 goto folder");
        }
        self.line("echo Cannot run: no folder for temporary files can be made in %%TEMP%%");
        self.line(&format!("exit /b {}", exit::CANNOT_RUN));
        self.line(":zero");
        self.line("exit /b 0");
        self.line(":folder");
        self.line("set \"CB_LIST=%CB_TEMP%\\list.txt\"");
        self.line("set \"CB_OUT=%CB_TEMP%\\out.txt\"");
    }

    /// Runs commands, keeping their output for an error message.
    fn run(&mut self, commands: &[NetshCommand]) {
        for command in commands {
            self.line(&format!("netsh {} >\"%CB_OUT%\" 2>&1", quoted(command)));
        }
    }

    /// Waits until the changes are confirmed, and then continues.
    fn wait(&mut self, seconds: u32, total: usize) {
        self.line("if \"%CB_TODO%\"==\"0\" goto done");
        self.line(&format!(
            "echo Run confirm.cmd within {seconds} seconds to keep the changes."
        ));
        self.line(&format!("set \"CB_LEFT={seconds}\""));
        self.line(":wait");
        self.line(&format!("if not exist {} goto confirmed", beside(WAITING)));
        self.line("if \"%CB_LEFT%\"==\"0\" goto recover");
        // A second each. The command `timeout` fails without a keyboard.
        self.line("ping -n 2 127.0.0.1 >nul");
        self.line("set /a CB_LEFT-=1");
        self.line("goto wait");
        self.line(":confirmed");
        // Or they were rolled back by hand in the meantime.
        for at in 1..=total {
            self.line(&format!("call :state_{at}"));
            self.line("if not \"%CB_STATE%\"==\"after\" goto failed");
        }
        self.line(&format!("echo {KEPT}"));
        self.line(":done");
    }

    /// Rolls back, unless the changes were confirmed at the last moment.
    fn undo(&mut self) {
        self.line(":recover");
        self.line(&format!("ren {} {ROLLING_BACK} >nul 2>&1", beside(WAITING)));
        self.line(":due");
        self.line(&format!(
            "if not exist {} goto confirmed",
            beside(ROLLING_BACK)
        ));
        self.line("echo Not confirmed. Rolling back.");
        // `call` would change carets and percent signs of a path.
        self.line("pushd \"%CB_DIR%\"");
        self.line("call .\\rollback.cmd");
        self.line("if errorlevel 1 goto not_rolled_back");
        self.line("popd");
        self.line("echo Rolled back.");
        self.end(exit::ROLLED_BACK);
        self.line(":not_rolled_back");
        self.line("popd");
        self.line(&format!("echo {NOT_ROLLED_BACK}"));
        self.end(exit::PARTLY_CHANGED);
    }

    fn step(&mut self, at: usize, total: usize, step: &ScriptStep, waits: bool) {
        self.state(at, step);
        self.check(at, step, waits);
        self.change(at, total, step);
    }

    /// Sets `CB_STATE` to `before`, `after`, `absent`, `other`, or to `unknown` if netsh has not answered.
    fn state(&mut self, at: usize, step: &ScriptStep) {
        let [both, before, after] = step.text();
        let find = |line: &str| format!("find \"{}\" \"%CB_LIST%\" >nul", line.replace('%', "%%"));
        self.line(&format!(":state_{at}"));
        self.line("set \"CB_STATE=unknown\"");
        self.line(&format!(
            "netsh {} >\"%CB_LIST%\" 2>&1",
            quoted(&step.show())
        ));
        // A program that was not started, or crashed, has not answered. The code of a crash is negative.
        self.line("if errorlevel 9000 exit /b 0");
        self.line("if not errorlevel 0 exit /b 0");
        self.line("find \"{\" \"%CB_LIST%\" >nul");
        self.line("if errorlevel 2 exit /b 0");
        self.line(&format!("if errorlevel 1 goto absent_{at}"));
        self.line("set \"CB_STATE=other\"");
        for line in both {
            self.line(&find(line));
            self.line("if errorlevel 1 exit /b 0");
        }
        if step.before.is_some() {
            for line in before {
                self.line(&find(line));
                self.line(&format!("if errorlevel 1 goto not_before_{at}"));
            }
            self.line("set \"CB_STATE=before\"");
            self.line("exit /b 0");
            self.line(&format!(":not_before_{at}"));
        }
        if step.after.is_some() {
            for line in after {
                self.line(&find(line));
                self.line("if errorlevel 1 exit /b 0");
            }
            self.line("set \"CB_STATE=after\"");
        }
        self.line("exit /b 0");
        self.line(&format!(":absent_{at}"));
        let absent = match (&step.before, &step.after) {
            (None, _) => "before",
            (_, None) => "after",
            _ => "absent",
        };
        // Only this sentence proves it: an empty answer, or one with another error, does not.
        for sentence in [NOT_BOUND, "%CB_NONE%"] {
            self.line(&format!("find \"{sentence}\" \"%CB_LIST%\" >nul"));
            self.line(&format!("if not errorlevel 1 set \"CB_STATE={absent}\""));
        }
        self.line("exit /b 0");
    }

    fn check(&mut self, at: usize, step: &ScriptStep, waits: bool) {
        let key = echoed(&step.key);
        self.line(&format!(":check_{at}"));
        self.line(&format!("call :state_{at}"));
        self.line("if \"%CB_STATE%\"==\"after\" exit /b 0");
        if waits {
            self.line("set \"CB_TODO=1\"");
        }
        if step.needs_update {
            self.line(&format!("if \"%CB_UPDATE%\"==\"0\" goto bad_{at}"));
        }
        self.line("if \"%CB_STATE%\"==\"before\" exit /b 0");
        if step.before.is_some() && step.after.is_some() {
            // An earlier run was killed between delete and add.
            self.line(&format!("if not \"%CB_STATE%\"==\"absent\" goto bad_{at}"));
            self.line(&format!("if exist {} exit /b 0", marker(step)));
        }
        self.line(&format!(":bad_{at}"));
        self.line("set \"CB_BAD=1\"");
        self.line(&format!("if \"%CB_STATE%\"==\"unknown\" goto unread_{at}"));
        self.line(&format!("echo {key}: does not match the plan"));
        self.line("exit /b 0");
        self.line(&format!(":unread_{at}"));
        self.line(&format!("echo {key}: {UNREADABLE}"));
        self.line("type \"%CB_LIST%\"");
        self.line("exit /b 0");
    }

    fn change(&mut self, at: usize, total: usize, step: &ScriptStep) {
        let key = echoed(&step.key);
        let verb = step.verb();
        self.line(&format!(":change_{at}"));
        self.line(&format!("call :state_{at}"));
        self.line(&format!(
            "if \"%CB_STATE%\"==\"after\" echo [{at}/{total}] {verb} {key}: already done"
        ));
        self.line(&format!("if \"%CB_STATE%\"==\"after\" goto done_{at}"));
        match (&step.before, &step.after) {
            (Some(before), Some(after)) => self.replace(at, step, before, after),
            (None, Some(after)) => {
                self.line(&format!(
                    "if not \"%CB_STATE%\"==\"before\" goto failed_{at}"
                ));
                self.run(&after.add);
                self.verify(at);
                // A refused property leaves a binding that did not exist before.
                self.line(&format!("if \"%CB_STATE%\"==\"before\" goto failed_{at}"));
                self.run(&[step.delete()]);
            }
            (_, None) => {
                self.line(&format!(
                    "if not \"%CB_STATE%\"==\"before\" goto failed_{at}"
                ));
                self.run(&[step.delete()]);
                self.verify(at);
            }
        }
        self.line(&format!(":failed_{at}"));
        self.line(&format!("echo [{at}/{total}] {verb} {key}: FAILED"));
        self.line("if exist \"%CB_OUT%\" type \"%CB_OUT%\"");
        self.line("exit /b 1");
        self.line(&format!(":changed_{at}"));
        self.line(&format!("echo [{at}/{total}] {verb} {key}: done"));
        self.line(&format!(":done_{at}"));
        if step.before.is_some() && step.after.is_some() {
            self.line(&format!("if exist {0} del {0}", marker(step)));
        }
        self.line("exit /b 0");
    }

    fn replace(&mut self, at: usize, step: &ScriptStep, before: &State, after: &State) {
        let marker = marker(step);
        self.line(&format!("if \"%CB_STATE%\"==\"absent\" goto add_{at}"));
        self.line(&format!(
            "if not \"%CB_STATE%\"==\"before\" goto failed_{at}"
        ));
        self.line(&format!("if \"%CB_UPDATE%\"==\"1\" goto update_{at}"));
        self.line(&format!(">{marker} echo {}", echoed(&step.key)));
        self.line(&format!("if not exist {marker} goto failed_{at}"));
        self.run(&[step.delete()]);
        self.line(&format!("call :state_{at}"));
        self.line(&format!("if \"%CB_STATE%\"==\"before\" goto restored_{at}"));
        self.line(&format!(":add_{at}"));
        self.run(&after.add);
        self.verify(at);
        self.line(&format!("if \"%CB_STATE%\"==\"before\" goto restored_{at}"));
        self.line(&format!("if \"%CB_STATE%\"==\"absent\" goto restore_{at}"));
        self.line(&format!("netsh {} >nul 2>&1", quoted(&step.delete())));
        self.line(&format!(":restore_{at}"));
        for command in &before.add {
            self.line(&format!("netsh {} >nul 2>&1", quoted(command)));
        }
        self.line(&format!("call :state_{at}"));
        // The marker stays: the next run adds the binding.
        self.line(&format!(
            "if not \"%CB_STATE%\"==\"before\" goto failed_{at}"
        ));
        self.line(&format!(":restored_{at}"));
        self.line(&format!("if exist {marker} del {marker}"));
        self.line(&format!("goto failed_{at}"));
        self.line(&format!(":update_{at}"));
        self.run(&after.update);
        self.verify(at);
        self.line(&format!("if \"%CB_STATE%\"==\"before\" goto failed_{at}"));
        for command in &before.update {
            self.line(&format!("netsh {} >nul 2>&1", quoted(command)));
        }
    }

    fn verify(&mut self, at: usize) {
        self.line(&format!("call :state_{at}"));
        self.line(&format!("if \"%CB_STATE%\"==\"after\" goto changed_{at}"));
    }
}

/// A file in the folder of the script.
fn beside(file: &str) -> String {
    format!("\"%CB_DIR%{file}\"")
}

/// The file that marks a binding as deleted to be added again. Both scripts use it.
fn marker(of: &ScriptStep) -> String {
    beside(&step::marker(of))
}

/// The words of a command, quoted where cmd or netsh would split them.
fn quoted(words: &[String]) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || ".:-_[]*{}=".contains(c);
    let quoted = words.iter().map(|word| match word.split_once('=') {
        Some((tag, value)) if !word.chars().all(plain) => {
            format!("{tag}=\"{}\"", value.replace('%', "%%"))
        }
        _ => word.clone(),
    });
    quoted.collect::<Vec<_>>().join(" ")
}

/// A key for `echo`.
fn echoed(key: &str) -> String {
    let mut text = String::new();
    for c in key.chars() {
        match c {
            '%' => text.push_str("%%"),
            '&' | '|' | '<' | '>' | '^' => {
                text.push('^');
                text.push(c);
            }
            c => text.push(c),
        }
    }
    text
}
