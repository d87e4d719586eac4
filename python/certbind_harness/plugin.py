"""The plugin of pytest: a host for each test, on one release of Windows or on several."""

from typing import Iterator, List, Optional

import pytest

from .binding import Binding, differences
from .configuration import PROFILES, RELEASES
from .harness import Harness

_DEFAULT = "2022"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.getgroup("certbind").addoption(
        "--certbind-profile",
        action="append",
        metavar="PROFILE",
        choices=[*PROFILES, *RELEASES, "all"],
        help=f"run the tests of the fixture http_sys on this version of Windows: {', '.join([*PROFILES, *RELEASES])}, or all; "
        f"repeat it for several. Default: {_DEFAULT}",
    )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    named = metafunc.config.getoption("--certbind-profile")
    if named and "http_sys" in metafunc.fixturenames:
        profiles = PROFILES if "all" in named else list(dict.fromkeys(named))
        metafunc.parametrize("http_sys", profiles, indirect=True)


@pytest.fixture
def http_sys(request: pytest.FixtureRequest) -> Iterator[Harness]:
    """A host without bindings for this test alone, of each version that --certbind-profile names."""
    with Harness(profile=getattr(request, "param", _DEFAULT)) as host:
        yield host


def pytest_assertrepr_compare(op: str, left: object, right: object) -> Optional[List[str]]:
    """Has `assert host.bindings() == [...]` show the differences by binding and field."""
    if op != "==" or not (_are_bindings(left) and _are_bindings(right)) or not (left or right):
        return None
    printed = differences(right, left)
    if not printed:
        return None
    return ["the bindings are not as expected (- missing, + not expected, ~ expected -> found)", *printed.splitlines()]


def _are_bindings(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(binding, Binding) for binding in value)
