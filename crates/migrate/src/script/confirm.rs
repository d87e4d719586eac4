//! Changes that a script rolls back unless they are confirmed.
//!
//! `apply` writes [`WAITING`] before its first change. `confirm` removes the file, which keeps the changes.
//! At the deadline `apply` renames it to [`ROLLING_BACK`] and runs `rollback`, which removes it. One of
//! the two renames it, so only one of them decides. A run of `apply` that finds one of the files rolls
//! back first: the run before it was killed.

use super::{Dialect, exit};

pub(super) const WAITING: &str = "certbind-unconfirmed.txt";
pub(super) const ROLLING_BACK: &str = "certbind-rolling-back.txt";
/// The name to which `confirm` renames [`WAITING`], before it removes it.
const CONFIRMED: &str = "certbind-confirmed.txt";

pub(super) const NOT_ROLLED_BACK: &str = "The changes were not rolled back. Run this script again.";
pub(super) const KEPT: &str = "Confirmed: the changes are kept.";
const TOO_LATE: &str = "Too late: the changes are being rolled back.";
const NOTHING: &str = "No change waits for a confirmation.";

/// The script that keeps the changes.
pub(super) fn render(dialect: Dialect) -> String {
    let cannot_run = exit::CANNOT_RUN;
    match dialect {
        Dialect::Cmd => format!(
            "@echo off
setlocal DisableDelayedExpansion
rem confirm.cmd: keeps the changes of apply.cmd. Exit codes: 0 kept; 1 nothing waits, or too late.
set \"CB_DIR=%~dp0\"
if exist \"%CB_DIR%{ROLLING_BACK}\" goto too_late
if not exist \"%CB_DIR%{WAITING}\" goto nothing
if exist \"%CB_DIR%{CONFIRMED}\" del \"%CB_DIR%{CONFIRMED}\"
ren \"%CB_DIR%{WAITING}\" {CONFIRMED} >nul 2>&1
if not exist \"%CB_DIR%{CONFIRMED}\" goto too_late
del \"%CB_DIR%{CONFIRMED}\"
echo {KEPT}
exit /b 0
:too_late
echo {TOO_LATE}
exit /b {cannot_run}
:nothing
echo {NOTHING}
exit /b {cannot_run}
"
        )
        .replace('\n', "\r\n"),
        Dialect::PowerShell => format!(
            "# confirm.ps1: keeps the changes of apply.ps1. Exit codes: 0 kept; 1 nothing waits, or too late.
$folder = Split-Path -Parent $MyInvocation.MyCommand.Path
$waiting = Join-Path $folder '{WAITING}'
$confirmed = Join-Path $folder '{CONFIRMED}'
$late = Test-Path -LiteralPath (Join-Path $folder '{ROLLING_BACK}')
if (-not $late -and -not (Test-Path -LiteralPath $waiting)) {{
    Write-Output '{NOTHING}'
    exit {cannot_run}
}}
if (-not $late) {{
    if (Test-Path -LiteralPath $confirmed) {{ Remove-Item -LiteralPath $confirmed }}
    Rename-Item -LiteralPath $waiting -NewName '{CONFIRMED}' -ErrorAction SilentlyContinue
}}
if ($late -or -not (Test-Path -LiteralPath $confirmed)) {{
    Write-Output '{TOO_LATE}'
    exit {cannot_run}
}}
Remove-Item -LiteralPath $confirmed
Write-Output '{KEPT}'
exit 0
"
        )
        .replace('\n', "\r\n"),
        Dialect::Posix => format!(
            "#!/bin/sh
# confirm.sh: keeps the changes of apply.sh. Exit codes: 0 kept; 1 nothing waits, or too late.
dir=$(dirname \"$0\")
if [ ! -e \"$dir/{ROLLING_BACK}\" ]; then
    if [ ! -e \"$dir/{WAITING}\" ]; then
        echo '{NOTHING}'
        exit {cannot_run}
    fi
    rm -f \"$dir/{CONFIRMED}\"
    if mv \"$dir/{WAITING}\" \"$dir/{CONFIRMED}\" 2>/dev/null; then
        rm -f \"$dir/{CONFIRMED}\"
        echo '{KEPT}'
        exit 0
    fi
fi
echo '{TOO_LATE}'
exit {cannot_run}
"
        ),
    }
}

/// PowerShell: rolls back, also the changes of an earlier run.
pub(super) fn powershell_undo() -> String {
    let (rolled_back, partly) = (exit::ROLLED_BACK, exit::PARTLY_CHANGED);
    format!(
        r"
$waiting = Join-Path $folder '{WAITING}'
$rollingBack = Join-Path $folder '{ROLLING_BACK}'
function Undo-Changes {{
    if (Test-Path -LiteralPath $waiting) {{
        Rename-Item -LiteralPath $waiting -NewName '{ROLLING_BACK}' -ErrorAction SilentlyContinue
    }}
    if (-not (Test-Path -LiteralPath $rollingBack)) {{ return }}
    Write-Output 'Not confirmed. Rolling back.'
    & (Join-Path $folder 'rollback.ps1')
    if ($LASTEXITCODE -ne 0) {{
        Write-Output '{NOT_ROLLED_BACK}'
        exit {partly}
    }}
    Write-Output 'Rolled back.'
    exit {rolled_back}
}}
if ((Test-Path -LiteralPath $waiting) -or (Test-Path -LiteralPath $rollingBack)) {{ Undo-Changes }}
"
    )
}

/// PowerShell: waits until the changes are confirmed. Sets `$failed` if they were rolled back
/// before that.
pub(super) fn powershell_wait(seconds: u32) -> String {
    format!(
        r#"
    if ($todo) {{
        Write-Output 'Run confirm.ps1 within {seconds} seconds to keep the changes.'
        for ($left = {seconds}; $left -gt 0 -and (Test-Path -LiteralPath $waiting); $left--) {{
            Start-Sleep -Seconds 1
        }}
        if (Test-Path -LiteralPath $waiting) {{ Undo-Changes }}
        foreach ($step in $steps) {{
            if ((Get-State $step) -ne 'after') {{ $failed = $true }}
        }}
        if (-not $failed) {{ Write-Output '{KEPT}' }}
    }}"#
    )
}

/// sh: rolls back, also the changes of an earlier run.
pub(super) fn posix_undo() -> String {
    let (rolled_back, partly) = (exit::ROLLED_BACK, exit::PARTLY_CHANGED);
    format!(
        "undo() {{
    mv \"$dir/{WAITING}\" \"$dir/{ROLLING_BACK}\" 2>/dev/null
    [ -e \"$dir/{ROLLING_BACK}\" ] || return 0
    echo 'Not confirmed. Rolling back.'
    sh \"$dir/rollback.sh\" || {{ echo '{NOT_ROLLED_BACK}'; exit {partly}; }}
    echo 'Rolled back.'
    exit {rolled_back}
}}
if [ -e \"$dir/{WAITING}\" ] || [ -e \"$dir/{ROLLING_BACK}\" ]; then undo; fi
todo=0
"
    )
}

/// sh: the start of the wait, until the changes are confirmed or rolled back.
pub(super) fn posix_wait(seconds: u32) -> String {
    format!(
        "    if [ $todo = 1 ]; then
        echo 'Run confirm.sh within {seconds} seconds to keep the changes.'
        left={seconds}
        while [ -e \"$dir/{WAITING}\" ] && [ $left -gt 0 ]; do
            sleep 1
            left=$((left - 1))
        done
        [ -e \"$dir/{WAITING}\" ] && undo
"
    )
}
