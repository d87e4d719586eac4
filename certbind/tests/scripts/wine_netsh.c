/* netsh.exe of the tests under Wine. It starts the real one, counts the commands that change something,
 * and lets one of them fail, or kills the script before or after it. */
#include <windows.h>
#include <shellapi.h>
#include <stdio.h>
#include <stdlib.h>
#include <tlhelp32.h>
#include <wchar.h>

static wchar_t *variable(const wchar_t *name)
{
    static wchar_t values[8][1024];
    static int used;
    wchar_t *value = values[used++ % 8];
    if (!GetEnvironmentVariableW(name, value, 1024))
        value[0] = 0;
    return value;
}

static void fail(const char *what)
{
    fprintf(stderr, "netsh of the tests: %s: error %lu\n", what, GetLastError());
    exit(99);
}

/* The next number in the file. */
static int count(void)
{
    const wchar_t *path = variable(L"TEST_COUNT");
    int number = 0;
    FILE *file = _wfopen(path, L"r");
    if (!file || fscanf(file, "%d", &number) != 1)
        fail("the file with the number of changes");
    fclose(file);
    file = _wfopen(path, L"w");
    if (!file || fprintf(file, "%d", ++number) < 0 || fclose(file))
        fail("the file with the number of changes");
    return number;
}

/* Ends the process that has started this one, and this one. */
static void kill_script(void)
{
    PROCESSENTRY32W entry = {.dwSize = sizeof entry};
    HANDLE all = CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0);
    BOOL more = Process32FirstW(all, &entry);
    while (more && entry.th32ProcessID != GetCurrentProcessId())
        more = Process32NextW(all, &entry);
    HANDLE script = more ? OpenProcess(PROCESS_TERMINATE, FALSE, entry.th32ParentProcessID) : NULL;
    FILE *mark = _wfopen(variable(L"TEST_KILLED"), L"w");
    if (!script || !mark || fclose(mark) || !TerminateProcess(script, 137))
        fail("the script is not killed");
    ExitProcess(137);
}

int main(void)
{
    int words;
    wchar_t **arguments = CommandLineToArgvW(GetCommandLineW(), &words);
    const wchar_t *event = variable(L"TEST_EVENT");
    int is_change = words > 3 && wcscmp(arguments[2], L"show") && wcscmp(arguments[words - 1], L"/?");
    int is_now = is_change && count() == _wtoi(variable(L"TEST_AT"));
    int fails = is_now && !wcscmp(event, L"fault");
    if (is_now && !wcscmp(event, L"kill-before"))
        kill_script();
    if (fails)
        SetEnvironmentVariableW(L"CERTBIND_HTTPAPI", variable(L"TEST_FAULT"));

    /* The command line with the path of the real program in place of the first word. */
    const wchar_t *rest = GetCommandLineW();
    if (*rest == L'"')
        rest = wcschr(rest + 1, L'"') + 1;
    else
        rest += wcscspn(rest, L" ");
    wchar_t line[16384];
    _snwprintf(line, 16384, L"\"%ls\"%ls", variable(L"TEST_NETSH"), rest);
    STARTUPINFOW startup = {.cb = sizeof startup};
    PROCESS_INFORMATION started;
    if (!CreateProcessW(NULL, line, NULL, NULL, TRUE, 0, NULL, NULL, &startup, &started))
        fail("the real netsh");
    WaitForSingleObject(started.hProcess, INFINITE);
    DWORD code = 99;
    GetExitCodeProcess(started.hProcess, &code);
    if (is_now && !wcscmp(event, L"kill-after"))
        kill_script();
    return fails && code ? _wtoi(variable(L"TEST_FAULT_EXIT")) : (int)code;
}
