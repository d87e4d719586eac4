"""The HTTP Server API in this process."""

import ctypes
import os
import sys
from pathlib import Path
from uuid import UUID

import pytest
from certbind_harness import Api, Binding, HttpApiError, UrlReservation, properties
from certbind_harness import api as api_module
from certbind_harness.api import library_in
from certbind_harness.structures import CCS, IP_PORT, QUERIES, SETS, SNI
from ctypes import sizeof

HASH = "5226dc6c54559761cd471b86eb51c096252c90f2"
IIS = UUID("4dc3e181-e14b-4a21-b022-59fc669b0914")


@pytest.fixture
def api():
    return Api(library_in(Path(os.environ["CERTBIND_KIT"])))


def test_structures_have_the_sizes_of_windows():
    assert [sizeof(SETS[kind]) for kind in (IP_PORT, SNI, CCS)] == [88, 216, 208]
    assert [sizeof(QUERIES[kind]) for kind in (IP_PORT, SNI, CCS)] == [24, 152, 144]


def test_extended_property_sizes_match_windows():
    assert [sizeof(properties.SETS[kind]) for kind in (IP_PORT, SNI, CCS)] == [160, 168, 160]
    assert [sizeof(properties.QUERIES[kind]) for kind in (IP_PORT, SNI, CCS)] == [144, 152, 144]


def test_every_field_of_every_kind_of_key_comes_back(api):
    full = dict(
        hash=HASH,
        store_name="My Störe",
        app_id=IIS,
        check_mode=1,
        revocation_freshness_time=60,
        url_retrieval_timeout=15000,
        ctl_identifier="List",
        ctl_store_name="CA",
        flags=0x80000002,
    )
    bindings = [
        Binding("ipport=192.0.2.4:443", **full),
        Binding("ipport=[2001:db8::1]:8443", hash=HASH),
        Binding("hostnameport=Www.Contoso.com:443", **full),
        Binding("ccs=443", app_id=IIS),
        Binding("scopedccs=shop.contoso.com:443", app_id=IIS, flags=2),
    ]
    for binding in bindings:
        api.set(binding)
    assert api.bindings() == bindings
    changed = Binding("ipport=192.0.2.4:443", hash=HASH)
    api.update(changed)
    api.delete("ccs=443")
    assert api.bindings() == [changed, bindings[1], bindings[2], bindings[4]]


def test_extended_properties_are_read_alone(api):
    binding = Binding("ipport=0.0.0.0:443", hash=HASH, extended={"http2_window": {"receive_window": 1}})
    for call in [api.set, api.update]:
        with pytest.raises(ValueError, match="ipport=0.0.0.0:443"):
            call(binding)
    assert api.bindings() == []


def test_refusals_carry_their_code(api):
    api.set(Binding("ipport=0.0.0.0:443", hash=HASH))
    with pytest.raises(HttpApiError) as refused:
        api.set(Binding("ipport=0.0.0.0:443", hash=HASH))
    assert refused.value.code == 183
    with pytest.raises(ValueError):
        api.delete("port=443")


def test_faults_fire_and_calls_are_counted(api):
    api.fail("set", 2, 1312)
    api.set(Binding("ipport=0.0.0.0:1", hash=HASH))
    with pytest.raises(HttpApiError) as refused:
        api.set(Binding("ipport=0.0.0.0:2", hash=HASH))
    assert refused.value.code == 1312
    assert api.calls("set") == 2


def test_unknown_function_is_refused(api):
    for call in [lambda: api.fail("get", 1, 5), lambda: api.delay("get", 1, 5), lambda: api.calls("get")]:
        with pytest.raises(ValueError, match="'get' is no function; there are initialize, set"):
            call()


def test_numbers_that_a_word_does_not_hold_are_refused(api):
    for call in [
        lambda: api.fail("set", 0, 5), lambda: api.fail("set", -1, 5), lambda: api.fail("set", 1, 2**32),
        lambda: api.delay("set", 2**64, 5), lambda: api.delay("set", 1, -1),
    ]:  # fmt: skip
        with pytest.raises(ValueError, match="has to be an integer"):
            call()


def test_a_broken_configuration_says_why(api):
    with pytest.raises(HttpApiError) as broken:
        api.configure("/nowhere/simulator.toml")
    assert broken.value.code == 21 and "/nowhere/simulator.toml" in str(broken.value)


def test_url_is_reserved_once(api):
    reservation = UrlReservation("http://+:8080/App/", "D:(A;;GX;;;NS)")
    api.reserve(reservation)
    with pytest.raises(HttpApiError) as refused:
        api.reserve(UrlReservation("http://+:8080/app", "D:(A;;GA;;;WD)"))
    assert refused.value.code == 183
    with pytest.raises(HttpApiError) as refused:
        api.reserve(UrlReservation("http://+/", "D:(A;;GA;;;WD)"))
    assert refused.value.code == 87
    assert api.url_reservations() == [reservation]


@pytest.mark.skipif(sys.platform != "linux", reason="Linux numbers families otherwise")
def test_ipv6_has_its_number_of_linux_as_well(api, monkeypatch):
    def asked(family):
        monkeypatch.setattr("certbind_harness.api.AF_INET6", family)
        record, kept = _exact_query("[2001:db8::1]:443")
        room = ctypes.create_string_buffer(1024)
        size = ctypes.c_uint32()
        code = api._lib.HttpQueryServiceConfiguration(
            None, IP_PORT, ctypes.byref(record), sizeof(record), room, len(room), ctypes.byref(size), None
        )
        assert code == 0, kept
        address = ctypes.c_void_p.from_buffer(room).value
        return ctypes.c_uint16.from_address(address).value

    monkeypatch.setattr("certbind_harness.api.AF_INET6", 10)
    api.set(Binding("ipport=[2001:db8::1]:443", hash=HASH))
    assert [asked(family) for family in [10, 23]] == [10, 23]
    # An enumeration gives the number of Windows.
    assert [binding.key for binding in api.bindings()] == ["ipport=[2001:db8::1]:443"]
    monkeypatch.setattr("certbind_harness.api.AF_INET6", 11)
    with pytest.raises(HttpApiError) as refused:
        api.delete("ipport=[2001:db8::1]:443")
    assert refused.value.code == 87
    monkeypatch.setattr("certbind_harness.api.AF_INET6", 10)
    api.delete("ipport=[2001:db8::1]:443")
    assert api.bindings() == []


def _exact_query(key):
    kind, record, kept = api_module._record(Binding(f"ipport={key}"))
    query = QUERIES[kind]()
    query.key = record.key
    return query, kept
