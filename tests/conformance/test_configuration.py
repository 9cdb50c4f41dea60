"""The file of a run: what becomes of it, for one system and for several."""

from __future__ import annotations

from pathlib import Path

import pytest

from ocpp21.conformance import ConfigurationError, Token, read_configuration
from ocpp21.conformance.configuration import read_declared

ONE = """
[station]
identity = "CS7"
evses = [1, 2]
evse_id = 2
connector_id = 2
valid = { id = "AB" }
blocked = { id = "AC", type = "Central" }
local_start = false

[times]
settle_s = 1
transaction_s = 2.5

[claims]
profiles = ["Core"]
features = ["C-01"]
answers = ["AQ-9"]
evses = 2
"""

TWO = """
[[station]]
address = "a:1"
driver = "http://a"

[[station]]
address = "b:2"
identity = "CS2"

[times]
quiet_s = 3
"""


def test_a_file_for_one(tmp_path: Path) -> None:
    file = tmp_path / "one.toml"
    file.write_text(ONE)
    found = read_configuration(file)
    assert (found.identity, found.evses, found.evse_id, found.connector_id) == ("CS7", (1, 2), 2, 2)
    assert found.valid == Token("AB") and found.blocked == Token("AC", "Central") and not found.local_start
    assert (found.settle_s, found.transaction_s) == (1, 2.5)
    assert found.claims.features == {"C-01", "AQ-9"} and found.claims.evses == 2


def test_a_file_for_several(tmp_path: Path) -> None:
    file = tmp_path / "two.toml"
    file.write_text(TWO)
    first, second = read_declared(file)
    assert (first.address, first.driver, first.configuration.identity) == ("a:1", "http://a", "CS001")
    assert (second.address, second.driver, second.configuration.identity) == ("b:2", "", "CS2")
    assert first.configuration.quiet_s == second.configuration.quiet_s == 3
    with pytest.raises(ConfigurationError, match=r"two\.toml: expected one \[\[station\]\], found 2"):
        read_configuration(file)


def test_an_empty_file_and_one_that_is_no_text(tmp_path: Path) -> None:
    file = tmp_path / "empty.toml"
    file.write_text("")
    assert read_configuration(file).identity == "CS001"
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigurationError, match="expected a TOML file, found "):
        read_configuration(file)
    file.write_text("[station\n")
    with pytest.raises(ConfigurationError, match="expected a TOML file, found "):
        read_configuration(file)
