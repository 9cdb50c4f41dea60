"""Whose client certificate is it: the rules of Part 2, A00.FR.404, A00.FR.405 and A00.FR.511, one by one."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from ocpp21.asyncio.binding import (
    ByIdentity,
    BySerialNumber,
    BySerialNumberOrIdentity,
    CertificateBinder,
    PeerCertificate,
)

CSO = {"Example CSO", "Roaming Partner"}
SERIALS = {"CS-1": "SN-0001", "CS-2": "SN-0002", "CS-3": "CS-4"}

BY_SERIAL: CertificateBinder = BySerialNumber(CSO, SERIALS)
BY_IDENTITY: CertificateBinder = ByIdentity(CSO)
BY_EITHER: CertificateBinder = BySerialNumberOrIdentity(CSO, SERIALS)


def certificate(*names: str, organizations: Sequence[str] = ("Example CSO",)) -> PeerCertificate:
    return PeerCertificate(names, tuple(organizations), ("Example CSO",), "01", b"")


def test_the_serial_number_of_the_identity() -> None:
    assert BY_SERIAL(certificate("SN-0001"), "CS-1") is None
    assert BY_SERIAL(certificate("SN-0001"), "cs-1") is None
    assert BySerialNumber(CSO, {"cs-1": "SN-0001"})(certificate("SN-0001"), "CS-1") is None
    assert BY_SERIAL(certificate("SN-0002"), "CS-1") == "expected `SN-0001` as CN, found `SN-0002`"
    assert BY_SERIAL(certificate("sn-0001"), "CS-1") == "expected `SN-0001` as CN, found `sn-0001`"
    assert BY_SERIAL(certificate("CS-1"), "CS-1") == "expected `SN-0001` as CN, found `CS-1`"
    assert BY_SERIAL(certificate("CS-9"), "CS-9") == "expected an identity with a serial number, found none for it"


def test_serial_numbers_may_be_learnt_later() -> None:
    serial_numbers: dict[str, str] = {}
    for binder in (BySerialNumber(CSO, serial_numbers), BySerialNumberOrIdentity(CSO, serial_numbers)):
        serial_numbers.clear()
        assert binder(certificate("SN-7"), "CS-7") is not None
        serial_numbers["CS-7"] = "SN-7"
        assert binder(certificate("SN-7"), "CS-7") is None


def test_the_identity() -> None:
    assert BY_IDENTITY(certificate("CS-1"), "CS-1") is None
    assert BY_IDENTITY(certificate("cs-1"), "CS-1") is None
    assert BY_IDENTITY(certificate("CS-2"), "CS-1") == "expected `CS-1` as CN, found `CS-2`"
    for other in ("CS-1 ", " CS-1", "CS-1\0", "CS-1\0x", "", "CS-\uff11"):
        assert BY_IDENTITY(certificate(other), "CS-1") is not None
    assert BY_IDENTITY(certificate("\u212a1"), "k1") is not None  # the Kelvin sign


def test_the_serial_number_where_one_is_known_else_the_identity() -> None:
    assert BY_EITHER(certificate("SN-0001"), "CS-1") is None
    assert BY_EITHER(certificate("CS-1"), "cs-1") == "expected `SN-0001` as CN, found `CS-1`"
    assert BY_EITHER(certificate("CS-9"), "CS-9") is None
    assert BY_EITHER(certificate("CS-9"), "CS-8") == "expected `CS-8` as CN, found `CS-9`"


def test_a_serial_number_does_not_pass_for_the_identity_of_the_same_letters() -> None:
    """CS-4 is the serial number of the station CS-3, and the identity of another one."""
    assert BY_EITHER(certificate("CS-4"), "CS-3") is None
    refusal = "expected the identity as CN, found the serial number of another station"
    assert BY_EITHER(certificate("CS-4"), "CS-4") == refusal


@pytest.mark.parametrize("binder", [BY_SERIAL, BY_IDENTITY, BY_EITHER], ids=["serial", "identity", "either"])
def test_the_subject_names_one_organization_and_one_station(binder: CertificateBinder) -> None:
    name = "CS-1" if binder is BY_IDENTITY else "SN-0001"
    assert binder(certificate(name, organizations=["Roaming Partner"]), "CS-1") is None
    for organization in ("Other", "example cso", "Example CSO\0", ""):
        why = binder(certificate(name, organizations=[organization]), "CS-1")
        assert why is not None and why.startswith("expected the CSO or an organization it trusts as O, found `")
    for names, organizations in (
        ((), ["Example CSO"]),
        ((name, name), ["Example CSO"]),
        ((name, "SN-0002"), ["Example CSO"]),
        ((name,), []),
        ((name,), ["Example CSO", "Other"]),
    ):
        why = binder(certificate(*names, organizations=organizations), "CS-1")
        assert why == f"expected one CN and one O in the subject, found {len(names)} and {len(organizations)}"


@pytest.mark.parametrize("name", ["10.0.0.1", "::1", "2001:db8::1", "wss://cs-1", "https://example.com/CS-1"])
def test_a_name_that_looks_like_an_address_is_refused(name: str) -> None:
    why = BY_IDENTITY(certificate(name), name)
    assert why == f"expected no URL or address as CN, found `{name}`"


def test_what_is_refused_is_said_on_one_line() -> None:
    why = BY_IDENTITY(certificate("evil\nline\x1b[2J" + "x" * 300), "CS-1")
    assert why is not None and why.isprintable() and len(why) < 256


def test_a_table_of_stations_is_not_shown() -> None:
    assert "SN-0001" not in repr(BY_SERIAL) + repr(BY_EITHER)
