"""The names by which programs in several languages ask for the library on Linux."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from certbind_harness import Harness

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

# The module on which XS and Perl's packages for foreign functions stand.
PERL = """
for my $name (@ARGV) {
    my $file = $name =~ /^-l/ ? DynaLoader::dl_findfile("-L" . (split /:/, $ENV{LD_LIBRARY_PATH})[0], $name) : $name;
    my $library = DynaLoader::dl_load_file($file, 0) or die "$name: " . DynaLoader::dl_error();
    DynaLoader::dl_find_symbol($library, "CertbindHttpApiCalls") or die $name;
    print "0\\n";
}
"""

PYTHON = """
import ctypes, sys
for name in sys.argv[1:]:
    print(ctypes.CDLL(name).CertbindHttpApiCalls(0))
"""


def finds(harness, command, names):
    done = harness.run([*command, *names])
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
