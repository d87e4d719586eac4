"""The names by which programs in several languages ask for the library on Linux."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from certbind_harness import Harness, HarnessError
from certbind_harness.api import library_in

NAMES = ["httpapi", "Httpapi", "HTTPAPI", "httpapi.dll", "Httpapi.dll", "HttpApi.dll", "HTTPAPI.DLL", "libhttpapi.so"]

# Debian's package libjna-java.
JNA = Path("/usr/share/java/jna.jar")

JAVA = """
public class Probe {
    public static void main(String[] names) {
        for (String name : names) {
            com.sun.jna.NativeLibrary library = com.sun.jna.NativeLibrary.getInstance(name);
            System.out.println(library.getFunction("CertbindHttpApiCalls").invokeLong(new Object[] {0}));
        }
    }
}
"""

# The module that loads XS and Perl's packages for foreign functions.
PERL = """
for my $name (@ARGV) {
    my $file = $name =~ /^-l/ ? DynaLoader::dl_findfile("-L" . (split /:/, $ENV{LD_LIBRARY_PATH})[0], $name) : $name;
    my $library = DynaLoader::dl_load_file($file, 0) or die "$name: " . DynaLoader::dl_error();
    DynaLoader::dl_find_symbol($library, "CertbindHttpApiCalls") or die $name;
    print "0\\n";
}
"""

# What one of the foreign functions of Node is called by.
KOFFI = """
const koffi = require("koffi");
for (const name of process.argv.slice(1))
    console.log(String(koffi.load(name).func("uint64_t CertbindHttpApiCalls(uint32_t)")(0)));
"""

# cgo links by -lhttpapi, and has the name libhttpapi.so.
GO = """
package main

// #cgo LDFLAGS: -lhttpapi
// #include <stdint.h>
// uint64_t CertbindHttpApiCalls(uint32_t);
import "C"
import "fmt"

func main() { fmt.Println(C.CertbindHttpApiCalls(0)) }
"""

CSHARP = """
using System.Runtime.InteropServices;

static class Probe
{
    DECLARATIONS
    static void Main() { CALLS }
}
"""

# The newest .NET runtime that can be installed.
RUNTIME = """{"runtimeOptions": {
    "framework": {"name": "Microsoft.NETCore.App", "version": "3.1.23"},
    "configProperties": {"System.Globalization.Invariant": true}
}}"""

PYTHON = """
import ctypes, sys
for name in sys.argv[1:]:
    print(ctypes.CDLL(name).CertbindHttpApiCalls(0))
"""


def installed(name):
    """Where `cargo xtask test --install` puts what Debian has no package of."""
    return library_in(Path(os.environ["CERTBIND_KIT"])).resolve().parents[1] / name


def finds(harness, command, names, **options):
    done = harness.run([*command, *names], **options)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "0\n" * len(names)


@pytest.fixture
def harness():
    with Harness() as harness:
        yield harness


pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="on Windows the library has one name")


def test_python_finds_the_library_by_every_name(harness):
    finds(harness, [sys.executable, "-c", PYTHON], NAMES)


@pytest.mark.skipif(not JNA.exists() or shutil.which("javac") is None, reason="no JNA")
def test_jna_finds_the_library_by_every_name(harness, tmp_path):
    source = tmp_path / "Probe.java"
    source.write_text(JAVA, encoding="utf-8")
    subprocess.run(["javac", "-cp", str(JNA), str(source)], check=True)
    finds(harness, ["java", "-Xshare:auto", "-cp", f"{JNA}:{tmp_path}", "Probe"], NAMES)


@pytest.mark.skipif(shutil.which("perl") is None, reason="no Perl")
def test_perl_finds_the_library_by_every_name(harness):
    finds(harness, ["perl", "-MDynaLoader", "-e", PERL], [*NAMES, "-lhttpapi"])


@pytest.mark.skipif(shutil.which("node") is None, reason="no Node")
def test_koffi_finds_the_library_by_every_name(harness):
    koffi = installed("koffi")
    if not koffi.is_dir():
        pytest.skip("no koffi")
    finds(harness, ["node", "-e", KOFFI], NAMES, cwd=koffi)
    with pytest.raises(HarnessError, match="could not load the library"):
        harness.run(["node", "-e", KOFFI, "httpapi.sys"], cwd=koffi)


@pytest.mark.skipif(shutil.which("go") is None or shutil.which("gcc") is None, reason="no cgo")
def test_cgo_links_and_finds_the_library(harness, tmp_path):
    (tmp_path / "probe.go").write_text(GO, encoding="utf-8")
    options = {"CGO_LDFLAGS": f"-L{harness.folder / 'lib'}", "GO111MODULE": "off", "GOCACHE": str(tmp_path / "cache")}
    subprocess.run(["go", "build", "probe.go"], cwd=tmp_path, env={**os.environ, **options}, check=True)
    finds(harness, [tmp_path / "probe"], ["one"])


@pytest.mark.skipif(shutil.which("mcs") is None, reason="no compiler of C#")
@pytest.mark.parametrize("runtime", ["mono", "dotnet"])
def test_dllimport_finds_the_library_by_every_name(harness, tmp_path, runtime):
    command = [shutil.which("mono")]
    if runtime == "dotnet":
        command = [installed("dotnet/dotnetcore2/bin/dotnet"), "exec", "--runtimeconfig", "runtime.json"]
    if command[0] is None or not Path(command[0]).is_file():
        pytest.skip(f"no {runtime}")
    declarations = "".join(
        f'[DllImport("{name}", EntryPoint = "CertbindHttpApiCalls")] static extern ulong Calls{number}(uint function);'
        for number, name in enumerate(NAMES)
    )
    calls = "".join(f"System.Console.WriteLine(Calls{number}(0));" for number in range(len(NAMES)))
    source = CSHARP.replace("DECLARATIONS", declarations).replace("CALLS", calls)
    (tmp_path / "probe.cs").write_text(source, encoding="utf-8")
    (tmp_path / "runtime.json").write_text(RUNTIME, encoding="utf-8")
    subprocess.run(["mcs", "-warnaserror", "-out:probe.dll", "probe.cs"], cwd=tmp_path, check=True)
    done = harness.run([*command, "probe.dll"], cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "0\n" * len(NAMES)), done.stderr
