"""Who the stations are."""

from __future__ import annotations

from pathlib import Path

import pytest

from ocpp21.asyncio import SecurityProfile
from ocpp21.errors import LocalProtocolError
from ocpp21.load import Unusable, crew, read_crew
from ocpp21.testing.pki import Pki

PASSWORD = "correct-horse-battery-staple"


def test_a_pattern_makes_identities() -> None:
    members = crew(3, pattern="CS-{:03}", first=9)
    assert [member.identity for member in members] == ["CS-009", "CS-010", "CS-011"]
    assert {member.security.password for member in members} == {None}
    assert {member.context for member in members} == {None}


def test_stations_share_what_they_have_in_common(tmp_path: Path) -> None:
    security = SecurityProfile.tls_basic("CS", PASSWORD, trust=Pki(tmp_path).trust)
    first, second = crew(2, security=security)
    assert first.context is second.context is not None
    assert first.security.password == second.security.password == PASSWORD.encode()


@pytest.mark.parametrize("pattern", ["{", "{}{}", "{name}", "{:Q}", "{0.x}"])
def test_patterns_that_are_none(pattern: str) -> None:
    with pytest.raises(Unusable, match=r"^expected a pattern with one place such as \{:05\}, found "):
        crew(2, pattern=pattern)


def test_a_pattern_without_a_place() -> None:
    with pytest.raises(Unusable) as caught:
        crew(2, pattern="CS")
    assert str(caught.value) == "the pattern CS: expected each identity once, found CS again"


def test_a_pattern_that_makes_no_identities() -> None:
    with pytest.raises(LocalProtocolError, match="expected 1 to 48 characters"):
        crew(1, pattern="CS/{}")


def write(path: Path, text: str) -> Path:
    file = path / "crew.csv"
    file.write_text(text, encoding="utf-8-sig")
    return file


def test_a_file_with_passwords(tmp_path: Path) -> None:
    file = write(tmp_path, f"identity,password\nCS1,{PASSWORD}\nCS2,\n")
    first, second = read_crew(file)
    assert (first.identity, first.security.password) == ("CS1", PASSWORD.encode())
    assert (second.identity, second.security.password) == ("CS2", None)


def test_a_file_with_certificates(tmp_path: Path) -> None:
    pki = Pki(tmp_path)
    rows = []
    for identity in ("CS1", "CS2"):
        certificate, key = pki.station(identity).files
        rows.append(f"{identity},{certificate.relative_to(tmp_path)},{key.relative_to(tmp_path)}")
    file = write(tmp_path, "\n".join(["identity,certificate,key", *rows]))
    first, second = read_crew(file, security=SecurityProfile(number=2, identity="", trust=pki.trust))
    assert (first.security.number, second.security.number) == (3, 3)
    assert first.context is not None is not second.context
    assert first.context is not second.context


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", ": expected the columns identity, and password or certificate and key, in the header"),
        ("name\nCS1\n", ": expected the columns identity, and password or certificate and key, in the header"),
        ("identity,x\nCS1,1\n", ": expected the columns identity, and password or certificate and key, in the header"),
        ("identity\n", ": expected at least one station, found none"),
        ("identity\nCS1\ncs1\n", ": expected each identity once, found cs1 again"),
        ("identity,password\nCS1,short\n", ":2: expected a password of 16 to 64 characters, found 5"),
        ("identity,certificate,key\nCS1,a.pem,\n", ":2: expected a certificate and a key, found one of them"),
        (
            "identity,certificate,key\nCS1,a.pem,b.pem\n",
            ":2: expected roots of the CSMS with a client certificate, found none",
        ),
    ],
)
def test_files_that_are_none(tmp_path: Path, text: str, message: str) -> None:
    file = write(tmp_path, text)
    with pytest.raises(Unusable) as caught:
        read_crew(file)
    assert str(caught.value) == f"{file}{message}"


def test_an_identity_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(Unusable, match=r"crew.csv:3: expected 1 to 48 characters"):
        read_crew(write(tmp_path, "identity\nCS1\nC S\n"))
