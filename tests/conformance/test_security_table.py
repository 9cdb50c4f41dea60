"""The table ``[security]`` of a configuration."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from ocpp21.conformance.cases.case import Side
from ocpp21.conformance.cases.selection import select
from ocpp21.conformance.configuration import ConfigurationError, read_configuration
from ocpp21.conformance.own import own_csms, own_station
from ocpp21.conformance.security import Security, SecurityError, address_of, read_security, unfit
from ocpp21.conformance.sessions import Unusable, probe, system_under_test
from ocpp21.conformance.verdict import Inconclusive, Verdict
from tests.conformance.own import system

WHOLE = """
[security]
profile = 2
host = "csms.example.com"
certificates = [["ec.pem", "ec.key"]]
trust = "root.pem"
second_address = "0.0.0.0:9001"
second_profile = 3
[security.faulty]
expired = ["expired.pem", "expired.key"]
"""


def test_a_whole_table(tmp_path: Path) -> None:
    file = tmp_path / "station.toml"
    file.write_text(WHOLE)
    found = read_configuration(file).security
    assert (found.profile, found.profile_of(1), found.profile_of(2)) == (2, 2, 3)
    assert found.certificates == ((tmp_path / "ec.pem", tmp_path / "ec.key"),)
    assert found.trust == tmp_path / "root.pem"
    assert found.faulty == {"expired": (tmp_path / "expired.pem", tmp_path / "expired.key")}
    assert address_of(found.second_address) == ("0.0.0.0", 9001)
    with pytest.raises(Inconclusive, match=r"^\[security\]: .*ec\.pem|^\[security\]: .*No such file"):
        found.server_context(2)


@pytest.mark.parametrize(
    ("table", "error"),
    [
        ({"profil": 2}, "expected one of certificates, .*, found profil"),
        ({"profile": 4}, "expected profile to be 1, 2 or 3, found 4"),
        ({"trust": 1}, "expected trust to be a text, found 1"),
        ({"certificates": ["ec.pem"]}, "expected the paths of a certificate and of its key for certificates"),
        ({"faulty": {"moon": ["a", "b"]}}, "expected one of expired, .* found moon"),
        ({"second_address": "9001"}, "expected an address to listen on such as 127.0.0.1:9001, found '9001'"),
    ],
)
def test_a_typo(table: dict[str, Any], error: str, tmp_path: Path) -> None:
    with pytest.raises(SecurityError, match=error):
        read_security(table, tmp_path)


def test_the_error_names_the_file(tmp_path: Path) -> None:
    file = tmp_path / "station.toml"
    file.write_text("[security]\nprofile = 4\n")
    with pytest.raises(ConfigurationError, match=r"station\.toml: expected profile"):
        read_configuration(file)


def test_what_is_not_configured_is_inconclusive() -> None:
    with pytest.raises(Inconclusive, match="no certificates are configured"):
        Security(profile=2).server_context(2)
    with pytest.raises(Inconclusive, match="no trust is configured"):
        Security(profile=2).client_context(2)
    assert Security().server_context(1) is None and Security().client_context(1) is None


@pytest.mark.parametrize(
    ("case", "profiles"),
    [
        ("TC_A_01_CS", {1, 2}),
        ("TC_A_05_CS", {2, 3}),
        ("TC_A_11_CS", {3}),
        ("TC_B_110_CS", {2, 3}),
        ("TC_B_112_CS", {3}),
        ("TC_A_04_CSMS", {2, 3}),
        ("TC_B_01_CS", {1, 2, 3}),
    ],
)
def test_which_security_profiles_a_case_is_for(case: str, profiles: set[int]) -> None:
    (found,) = select([case])
    assert {profile for profile in (1, 2, 3) if not unfit(found, profile)} == profiles


def test_the_certificates_of_our_own_roles_go_with_them() -> None:
    for role, make in (("CS", own_station), ("CSMS", own_csms)):
        runner: Any = make(system(role, 3).configuration)  # type: ignore[operator, arg-type]
        (certificate, key), *_ = runner.configuration.security.certificates
        assert certificate.exists() and key.stat().st_mode & 0o777 == 0o600
        del runner
        assert not certificate.exists()
    assert dataclasses.replace(Security(), profile=2).profile_of(2) == 2


@pytest.mark.parametrize(("role", "address"), [("CS", "127.0.0.1:1"), ("CSMS", "wss://127.0.0.1:1")])
def test_a_run_without_certificates_ends_in_one_line(role: Side, address: str, tmp_path: Path) -> None:
    file = tmp_path / "station.toml"
    file.write_text("[security]\nprofile = 2\n")
    system = system_under_test(role, address, driver="http://127.0.0.1:1", configuration=str(file))
    with pytest.raises(Unusable, match=r"configured in|driver at"):
        probe([system])


def test_the_second_endpoint_may_have_a_password_of_its_own() -> None:
    (case,) = select(["TC_B_45_CS"])
    configuration = system("CS").configuration
    second = dataclasses.replace(configuration.security, second_password="AnotherPasswordOfLength")
    ours = dataclasses.replace(system("CS"), configuration=dataclasses.replace(configuration, security=second))
    (result,) = ours.run([case])
    assert (result.verdict, result.text) == (Verdict.PASS, "")
