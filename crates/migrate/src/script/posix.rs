//! A change script for a POSIX shell with a program `netsh`, such as certbind's own.

use std::fmt::Write;

use super::confirm::{self, KEPT, ROLLING_BACK, WAITING};
use super::step::{NOT_BOUND, NetshCommand, ScriptStep, State, UNREADABLE, marker};
use super::{Script, exit};

pub(super) fn render(script: &Script) -> String {
    let total = script.steps.len();
    let mut text = format!(
        "#!/bin/sh
# {name}.sh: {total} changes of TLS certificate bindings.
# Exit codes: 0 done or already done; 1 cannot run; 2 the host does not match the plan, nothing
# changed; 3 a change failed, every binding is as before; 4 a change failed, and the bindings named
# differ from before: run it again, or the other script.
dir=$(dirname \"$0\")
out=$(mktemp) || exit {cannot_run}
trap 'rm -f \"$out\"' EXIT
command -v netsh >/dev/null || exit {cannot_run}
list=
has() {{ case $list in *\"$1\"*) return 0 ;; esac; return 1; }}
update=0
list=$(netsh http update sslcert '/?' 2>&1)
has certhash && update=1
",
        name = script.name,
        cannot_run = exit::CANNOT_RUN,
    );
    for (at, step) in script.steps.iter().enumerate() {
        state(&mut text, at + 1, step);
        change(&mut text, at + 1, total, step);
    }
    if script.waits().is_some() {
        text.push_str(&confirm::posix_undo());
    }
    text.push_str("bad=0\n");
    for (at, step) in script.steps.iter().enumerate() {
        check(&mut text, at + 1, step);
        if script.waits().is_some() {
            text.push_str("[ $state = after ] || todo=1\n");
        }
    }
    let _ = writeln!(
        text,
        "if [ $bad = 1 ]; then
    echo 'The host does not match the plan. Nothing was changed.'
    exit {}
fi
failed=0",
        exit::MISMATCH
    );
    if let Some(pfx) = &script.import_pfx {
        let folder = if pfx.is_relative() { "\"$dir\"/" } else { "" };
        let _ = writeln!(
            text,
            "if ! certutil -f -importpfx {} {folder}{}; then\n    \
             echo 'The import of the PFX file failed. No binding was changed.'\n    exit {}\nfi",
            quoted_word(&pfx.store),
            quoted_word(&pfx.file),
            exit::FAILED
        );
    }
    if script.waits().is_some() {
        let _ = writeln!(
            text,
            "[ $todo = 0 ] || : >\"$dir/{WAITING}\" || exit {}",
            exit::CANNOT_RUN
        );
    }
    for at in 1..=total {
        let _ = writeln!(text, "[ $failed = 1 ] || change_{at} || failed=1");
    }
    text.push_str("if [ $failed = 0 ]; then\n");
    for (at, step) in script.steps.iter().enumerate() {
        let key = &step.key;
        let _ = writeln!(
            text,
            "    state_{}\n    [ $state = after ] || {{ echo '{key}: NOT VERIFIED'; failed=1; }}",
            at + 1
        );
    }
    text.push_str("fi\nif [ $failed = 0 ]; then\n");
    for note in &script.notes {
        let _ = writeln!(text, "    printf '%s\\n' {}", quoted_word(note));
    }
    let _ = writeln!(text, "    echo 'Done: {total} of {total} verified'");
    if let Some(seconds) = script.waits() {
        text.push_str(&confirm::posix_wait(seconds));
        // Or they were rolled back by hand in the meantime.
        for at in 1..=total {
            let _ = writeln!(
                text,
                "        state_{at}\n        [ $state = after ] || failed=1"
            );
        }
        let _ = writeln!(text, "        [ $failed = 1 ] || echo '{KEPT}'\n    fi");
    }
    if script.ends_wait() {
        let _ = writeln!(text, "    rm -f \"$dir/{WAITING}\" \"$dir/{ROLLING_BACK}\"");
    }
    let _ = writeln!(text, "    [ $failed = 1 ] || exit {}\nfi", exit::DONE);
    for (at, step) in script.steps.iter().enumerate() {
        let key = &step.key;
        let _ = writeln!(
            text,
            "state_{}
case $state in
before) ;;
unknown) echo '{key}: {UNREADABLE}'; bad=1 ;;
*) echo '{key}: differs from before'; bad=1 ;;
esac",
            at + 1
        );
    }
    let [undo, forget] = match script.waits() {
        Some(_) => [
            format!("    [ -e \"$dir/{WAITING}\" ] && undo\n"),
            format!("rm -f \"$dir/{WAITING}\"\n"),
        ],
        None => [String::new(), String::new()],
    };
    let _ = writeln!(
        text,
        "if [ $bad = 1 ]; then
{undo}    echo 'Failed. Run this script again, or {}.sh to restore the bindings.'
    exit {}
fi
{forget}echo 'Failed. Every binding is as before.'
exit {}",
        script.other,
        exit::PARTLY_CHANGED,
        exit::FAILED
    );
    text
}

/// Sets `state` to `before`, `after`, `absent`, `other`, or to `unknown` if netsh has not answered.
fn state(text: &mut String, at: usize, step: &ScriptStep) {
    let [both, before, after] = step.text();
    let all = |lines: &[&str]| {
        let lines = lines
            .iter()
            .map(|line| format!("has {}", quoted_word(line)));
        let tests = lines.collect::<Vec<_>>().join(" && ");
        if tests.is_empty() {
            "true".to_owned()
        } else {
            tests
        }
    };
    let absent = match (&step.before, &step.after) {
        (None, _) => "before",
        (_, None) => "after",
        _ => "absent",
    };
    let _ = writeln!(
        text,
        "state_{at}() {{
    state=unknown
    list=$(netsh {} 2>&1)
    [ $? -lt 126 ] || return 0
    if ! has '{{'; then
        has '{NOT_BOUND}' && state={absent}
        return 0
    fi
    state=other
    {} || return 0",
        quoted(&step.show()),
        all(&both)
    );
    for (state, lines, exists) in [
        ("before", before, step.before.is_some()),
        ("after", after, step.after.is_some()),
    ] {
        if exists {
            let _ = writeln!(
                text,
                "    {} && {{ state={state}; return 0; }}",
                all(&lines)
            );
        }
    }
    text.push_str("    return 0\n}\n");
}

fn check(text: &mut String, at: usize, step: &ScriptStep) {
    let marker = marker(step);
    let interrupted = match (&step.before, &step.after) {
        (Some(_), Some(_)) => {
            format!("[ $state = absent ] && [ -e \"$dir/{marker}\" ] && ok=1\n")
        }
        _ => String::new(),
    };
    let needs_update = match step.needs_update {
        true => " && [ $update = 1 ]",
        false => "",
    };
    let _ = write!(
        text,
        "ok=0
state_{at}
[ $state = after ] && ok=1
[ $state = before ]{needs_update} && ok=1
{interrupted}if [ $ok = 0 ]; then
    bad=1
    case $state in
    unknown) echo '{0}: {UNREADABLE}'; printf '%s\\n' \"$list\" ;;
    *) echo '{0}: does not match the plan' ;;
    esac
fi
",
        step.key
    );
}

fn change(text: &mut String, at: usize, total: usize, step: &ScriptStep) {
    let (key, verb, file) = (&step.key, step.verb(), marker(step));
    let run = |commands: &[NetshCommand]| -> String {
        let lines = commands.iter();
        let lines = lines.map(|it| format!("    netsh {} >\"$out\" 2>&1\n", quoted(it)));
        lines.collect()
    };
    let done = format!(
        "    state_{at}\n    [ $state = after ] && {{ echo '[{at}/{total}] {verb} {key}: done'; \
         rm -f \"$dir/{file}\"; return 0; }}\n"
    );
    let fail = format!("echo '[{at}/{total}] {verb} {key}: FAILED'; cat \"$out\"; return 1");
    let _ = write!(
        text,
        "change_{at}() {{
    state_{at}
    [ $state = after ] && {{ echo '[{at}/{total}] {verb} {key}: already done'; \
         rm -f \"$dir/{file}\"; return 0; }}
"
    );
    let delete = step.delete();
    match (&step.before, &step.after) {
        (Some(before), Some(after)) => {
            replace(text, step, [before, after], &run, [&done, &fail]);
        }
        (None, Some(after)) => {
            let _ = write!(
                text,
                "    [ $state = before ] || {{ {fail}; }}\n{}{done}    \
                 [ $state = before ] || netsh {} >/dev/null 2>&1\n",
                run(&after.add),
                quoted(&delete)
            );
        }
        _ => {
            let _ = write!(
                text,
                "    [ $state = before ] || {{ {fail}; }}\n{}{done}",
                run(&[delete])
            );
        }
    }
    let _ = writeln!(text, "    {fail}\n}}");
}

fn replace(
    text: &mut String,
    step: &ScriptStep,
    [before, after]: [&State; 2],
    run: &dyn Fn(&[NetshCommand]) -> String,
    [done, fail]: [&str; 2],
) {
    let file = marker(step);
    let show = done.lines().next().unwrap_or_default();
    let delete = step.delete();
    let _ = write!(
        text,
        "    [ $state = before ] || [ $state = absent ] || {{ {fail}; }}
    if [ $state = before ] && [ $update = 1 ]; then
{}{done}    [ $state = before ] && {{ {fail}; }}
{}    {fail}
    fi
    if [ $state = before ]; then
    : >\"$dir/{file}\" || {{ {fail}; }}
{}{show}
    [ $state = before ] && {{ rm -f \"$dir/{file}\"; {fail}; }}
    fi
{}{done}    if [ $state != before ]; then
    [ $state = absent ] || netsh {} >/dev/null 2>&1
{}{show}
    fi
    [ $state = before ] && rm -f \"$dir/{file}\"
",
        run(&after.update),
        quietly(run(&before.update)),
        run(std::slice::from_ref(&delete)),
        run(&after.add),
        quoted(&delete),
        quietly(run(&before.add)),
    );
}

/// The commands that restore a binding must not replace the output of the one that failed.
fn quietly(commands: String) -> String {
    commands.replace(">\"$out\"", ">/dev/null")
}

fn quoted(words: &[String]) -> String {
    let words: Vec<_> = words.iter().map(|word| quoted_word(word)).collect();
    words.join(" ")
}

fn quoted_word(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}
