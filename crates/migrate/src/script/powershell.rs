//! A change script for PowerShell.

use std::fmt::Write;

use super::confirm::{self, ROLLING_BACK, WAITING};
use super::step::{NOT_BOUND, NetshCommand, State, UNREADABLE, marker};
use super::{Script, exit};

/// The functions of every script. `$step` is an entry of `$steps`.
const FUNCTIONS: &str = r#"
function Invoke-Netsh([string[]] $Command) {
    # Windows PowerShell quotes an argument that has a space, and netsh accepts that.
    $script:output = & netsh $Command 2>&1 | Out-String
}

function Get-State($Step) {
    $script:listing = ''
    # The error of a netsh that cannot be started must not be taken for its answer.
    try { $script:listing = & netsh 'http' 'show' 'sslcert' $Step.Key 2>$null | Out-String }
    catch { return 'unknown' }
    if ($LASTEXITCODE -lt 0 -or $LASTEXITCODE -ge 9000) { return 'unknown' }
    $listing = $script:listing
    $has = { param($lines) foreach ($line in $lines) {
        if ($listing.IndexOf($line, [StringComparison]::OrdinalIgnoreCase) -lt 0) { return $false } }
        return $true }
    if ($listing.IndexOf('{') -lt 0) {
        # Only these sentences say that the key is not bound.
        foreach ($sentence in $notBound) {
            if (& $has @($sentence)) { return $Step.Absent }
        }
        return 'unknown'
    }
    if ($Step.Before -and (& $has $Step.Before)) { return 'before' }
    if ($Step.After -and (& $has $Step.After)) { return 'after' }
    return 'other'
}

function Invoke-Commands($Commands) {
    foreach ($command in $Commands) { Invoke-Netsh $command }
}

function Set-Binding($Step) {
    $state = Get-State $Step
    $marker = Join-Path $folder $Step.Marker
    if ($state -eq 'after') {
        if (Test-Path -LiteralPath $marker) { Remove-Item -LiteralPath $marker }
        return 'already done'
    }
    $resumes = $state -eq 'absent' -and (Test-Path -LiteralPath $marker)
    if ($state -ne 'before' -and -not $resumes) { return 'FAILED' }
    if ($Step.Verb -eq 'update' -and $state -eq 'before' -and $hasUpdate) {
        Invoke-Commands $Step.Update
        $state = Get-State $Step
        if ($state -eq 'after') { return 'done' }
        $failure = $script:output
        if ($state -ne 'before') { Invoke-Commands $Step.UpdateBack }
        $script:output = $failure
        return 'FAILED'
    }
    if ($Step.Verb -eq 'update' -and $state -eq 'before') {
        Set-Content -LiteralPath $marker -Value $Step.Key
    }
    if ($Step.Verb -ne 'create' -and $state -eq 'before') {
        Invoke-Netsh @('http', 'delete', 'sslcert', $Step.Key)
    }
    if ($Step.Verb -eq 'delete' -or (Get-State $Step) -ne 'before' -or $Step.Verb -eq 'create') {
        Invoke-Commands $Step.Add
    }
    $state = Get-State $Step
    if ($state -eq 'after') {
        if (Test-Path -LiteralPath $marker) { Remove-Item -LiteralPath $marker }
        return 'done'
    }
    $failure = $script:output
    if ($state -ne 'before') {
        if ($state -ne 'absent') { Invoke-Netsh @('http', 'delete', 'sslcert', $Step.Key) }
        Invoke-Commands $Step.AddBack
        $state = Get-State $Step
    }
    $script:output = $failure
    if ($state -eq 'before' -and (Test-Path -LiteralPath $marker)) { Remove-Item -LiteralPath $marker }
    return 'FAILED'
}
"#;

const MAIN: &str = r#"
$help = & netsh 'http' 'update' 'sslcert' '/?' 2>&1 | Out-String
$hasUpdate = $help.Contains('certhash')
$bad = $false
foreach ($step in $steps) {
    $state = Get-State $step
    $resumes = $state -eq 'absent' -and (Test-Path -LiteralPath (Join-Path $folder $step.Marker))
    $usable = $state -eq 'before' -and ($hasUpdate -or -not $step.NeedsUpdate)
    if ($state -ne 'after' -and -not $usable -and -not $resumes) {
        if ($state -eq 'unknown') {
            Write-Output "$($step.Key): $unreadable"
            Write-Output $script:listing
        } else {
            Write-Output "$($step.Key): does not match the plan"
        }
        $bad = $true
    }
}
if ($bad) {
    Write-Output 'The host does not match the plan. Nothing was changed.'
    exit 2
}
"#;

/// Makes the changes and verifies them. The code after it is in the block of the success.
const CHANGES: &str = r#"
$failed = $false
for ($i = 0; $i -lt $steps.Count -and -not $failed; $i++) {
    $result = Set-Binding $steps[$i]
    Write-Output "[$($i + 1)/$($steps.Count)] $($steps[$i].Verb) $($steps[$i].Key): $result"
    if ($result -eq 'FAILED') {
        Write-Output $script:output
        $failed = $true
    }
}
if (-not $failed) {
    foreach ($step in $steps) {
        if ((Get-State $step) -ne 'after') {
            Write-Output "$($step.Key): NOT VERIFIED"
            $failed = $true
        }
    }
}
if (-not $failed) {
    foreach ($note in $notes) {
        Write-Output $note
    }
    Write-Output "Done: $($steps.Count) of $($steps.Count) verified""#;

/// The end of a script whose changes failed.
const FAILURE: [&str; 3] = [
    r#"
}
$partly = $false
foreach ($step in $steps) {
    $state = Get-State $step
    if ($state -eq 'unknown') { Write-Output "$($step.Key): $unreadable" }
    elseif ($state -ne 'before') { Write-Output "$($step.Key): differs from before" }
    if ($state -ne 'before') { $partly = $true }
}
if ($partly) {
"#,
    r#"    Write-Output "Failed. Run this script again, or $other to restore the bindings."
    exit 4
}
"#,
    r#"Write-Output 'Failed. Every binding is as before.'
exit 3
"#,
];

pub(super) fn render(script: &Script) -> String {
    let mut text = format!(
        "# {}.ps1: {} changes of TLS certificate bindings. Run it as administrator.
# Exit codes: 0 done or already done; 1 cannot run; 2 the host does not match the plan, nothing
# changed; 3 a change failed, every binding is as before; 4 a change failed, and the bindings named
# differ from before: run it again, or the other script.
$ErrorActionPreference = 'Continue'
$PSNativeCommandUseErrorActionPreference = $false
$folder = Split-Path -Parent $MyInvocation.MyCommand.Path
$other = '{}.ps1'
$unreadable = '{UNREADABLE}'
$notBound = @('{NOT_BOUND}', (New-Object ComponentModel.Win32Exception 2).Message)
if (-not (Get-Command netsh -ErrorAction SilentlyContinue)) {{
    Write-Output 'Cannot run: netsh is missing'
    exit {}
}}
$steps = @(
",
        script.name,
        script.steps.len(),
        script.other,
        exit::CANNOT_RUN,
    );
    let commands = |state: &Option<State>, of: fn(&State) -> &[NetshCommand]| match state {
        Some(state) => arrays(of(state)),
        None => "@()".to_owned(),
    };
    for (at, step) in script.steps.iter().enumerate() {
        let lines = |state: &Option<State>| match state {
            Some(state) => array(&state.lines),
            None => "$null".to_owned(),
        };
        let absent = match (&step.before, &step.after) {
            (None, _) => "before",
            (_, None) => "after",
            _ => "absent",
        };
        let comma = if at + 1 < script.steps.len() { "," } else { "" };
        let _ = writeln!(
            text,
            "    @{{
        Key = {}; Verb = '{}'; Absent = '{absent}'; NeedsUpdate = ${}; Marker = {}
        Before = {}
        After = {}
        Add = {}
        Update = {}
        AddBack = {}
        UpdateBack = {}
    }}{comma}",
            literal(&step.key),
            step.verb(),
            step.needs_update,
            literal(&marker(step)),
            lines(&step.before),
            lines(&step.after),
            commands(&step.after, |state| &state.add),
            commands(&step.after, |state| &state.update),
            commands(&step.before, |state| &state.add),
            commands(&step.before, |state| &state.update),
        );
    }
    text.push_str(")\n");
    text.push_str(FUNCTIONS);
    if script.waits().is_some() {
        text.push_str(&confirm::powershell_undo());
    }
    let notes: Vec<_> = script.notes.iter().map(|note| literal(note)).collect();
    let _ = writeln!(text, "$notes = @({})", notes.join(", "));
    text.push_str(MAIN);
    if let Some(pfx) = &script.import_pfx {
        let file = match pfx.is_relative() {
            true => format!("(Join-Path $folder {})", literal(&pfx.file)),
            false => literal(&pfx.file),
        };
        let _ = writeln!(
            text,
            "& certutil -f -importpfx {} {file}
if ($LASTEXITCODE -ne 0) {{
    Write-Output 'The import of the PFX file failed. No binding was changed.'
    exit {}
}}",
            literal(&pfx.store),
            exit::FAILED
        );
    }
    if script.waits().is_some() {
        let _ = write!(
            text,
            "$todo = @($steps | Where-Object {{ (Get-State $_) -ne 'after' }}).Count -gt 0
if ($todo) {{ Set-Content -LiteralPath $waiting -Value 'The changes wait for confirm.ps1.' }}
"
        );
    }
    text.push_str(CHANGES);
    if let Some(seconds) = script.waits() {
        text.push_str(&confirm::powershell_wait(seconds));
    }
    if script.ends_wait() {
        for file in [WAITING, ROLLING_BACK] {
            let _ = write!(
                text,
                "\n    $file = Join-Path $folder '{file}'
    if (Test-Path -LiteralPath $file) {{ Remove-Item -LiteralPath $file }}"
            );
        }
    }
    text.push_str("\n    if (-not $failed) { exit 0 }");
    let [states, partly, unchanged] = FAILURE;
    text.push_str(states);
    if script.waits().is_some() {
        text.push_str("    if (Test-Path -LiteralPath $waiting) { Undo-Changes }\n");
    }
    text.push_str(partly);
    if script.waits().is_some() {
        text.push_str(
            "if (Test-Path -LiteralPath $waiting) { Remove-Item -LiteralPath $waiting }\n",
        );
    }
    text.push_str(unchanged);
    let text = text.replace('\n', "\r\n");
    match text.is_ascii() {
        true => text,
        // Windows PowerShell reads a file without a mark in the host's code page.
        false => format!("\u{feff}{text}"),
    }
}

/// The commands as an array of arrays; the comma keeps an array of one from being flattened.
fn arrays(commands: &[NetshCommand]) -> String {
    let commands: Vec<_> = commands
        .iter()
        .map(|it| format!(",{}", array(it)))
        .collect();
    match commands.as_slice() {
        [] => "@()".to_owned(),
        [only] => format!("@({only})"),
        [first, rest @ ..] => {
            let rest: String = rest.iter().map(String::as_str).collect();
            format!("@({}{rest})", first.trim_start_matches(','))
        }
    }
}

fn array(words: &[String]) -> String {
    let words: Vec<_> = words.iter().map(|word| literal(word)).collect();
    format!("@({})", words.join(", "))
}

/// A literal in single quotes. PowerShell takes typographic quotation marks for quotes as well.
fn literal(text: &str) -> String {
    let mut literal = String::from("'");
    for c in text.chars() {
        literal.push(c);
        if matches!(c, '\'' | '\u{2018}'..='\u{201b}') {
            literal.push(c);
        }
    }
    literal.push('\'');
    literal
}
