"""Checks of texts that are lists."""

from __future__ import annotations

import pytest

from ocpp21.conformance.cases.checks import mismatch, parse_check


@pytest.mark.parametrize(
    ("value", "expected", "is_met"),
    [
        ("1,2", "2", True),
        ("1, 2", "2", True),
        ("12,3", "2", False),  # slots and other numbers are whole members
        ("2x", "2", False),
        ("EVConnected,Authorized", "Authorized", True),
        ("no data was found", "no data", True),  # words are found anywhere in a text
        ("EVConnected", "Authorized", False),
    ],
)
def test_what_a_text_contains(value: str, expected: str, is_met: bool) -> None:
    check = parse_check(f"attributeValue contains {expected}")
    assert (mismatch([check], {"attributeValue": value}, lambda text: text) is None) is is_met
    opposite = parse_check(f"attributeValue lacks {expected}")
    assert (mismatch([opposite], {"attributeValue": value}, lambda text: text) is None) is not is_met
