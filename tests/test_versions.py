"""Versions: data that the session asks, checked against what Part 4 says of both."""

from __future__ import annotations

import msgspec
import published
import pytest

from ocpp21.errors import ErrorCode
from ocpp21.messages.registry import ACTIONS
from ocpp21.versions import OCPP21, OCPP201, Version

#: What OCPP 2.1 has added, by the change list of its Part 0, one of each kind.
ADDED = ["AFRRSignal", "BatterySwap", "NotifyPeriodicEventStream", "SetDERControl", "VatNumberValidation"]


def test_the_subprotocols_are_those_that_are_registered() -> None:
    assert [OCPP21.subprotocol, OCPP201.subprotocol] == ["ocpp2.1", "ocpp2.0.1"]


def test_2_1_has_all_actions_and_all_types_of_messages() -> None:
    assert OCPP21.actions == ACTIONS.keys()
    assert all(map(OCPP21.has, ACTIONS))
    assert OCPP21.message_types == {2, 3, 4, 5, 6}


def test_2_0_1_has_neither_the_new_actions_nor_the_new_types() -> None:
    assert OCPP201.message_types == {2, 3, 4}
    assert not any(map(OCPP201.has, ADDED))
    assert all(OCPP21.has(action) for action in ADDED)
    assert OCPP201.actions < OCPP21.actions


def test_2_0_1_has_the_actions_of_its_published_schemas() -> None:
    schemas = published.DIRECTORY.parents[1] / "v201" / "schemas"
    assert OCPP201.actions == {path.stem.removesuffix("Request") for path in schemas.glob("*Request.json")}


@pytest.mark.parametrize("action", ["", "heartbeat", "HeartbeatRequest", "StartTransaction"])
@pytest.mark.parametrize("version", [OCPP21, OCPP201], ids=lambda version: version.subprotocol)
def test_nobody_has_what_is_no_action(version: Version, action: str) -> None:
    assert not version.has(action)


def test_they_treat_unknown_types_and_bad_answers_differently() -> None:
    assert (OCPP21.unknown_type, OCPP21.refuses_results) == (None, True)
    assert (OCPP201.unknown_type, OCPP201.refuses_results) == (ErrorCode.MESSAGE_TYPE_NOT_SUPPORTED, False)
    assert OCPP21.retry_keeps_id and OCPP201.retry_keeps_id


def test_a_version_is_a_value() -> None:
    assert msgspec.structs.replace(OCPP21) == OCPP21 != OCPP201
    with pytest.raises(AttributeError):
        OCPP21.subprotocol = "ocpp1.6"
