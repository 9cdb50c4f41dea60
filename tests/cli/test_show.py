"""``ocpp21 show``."""

import json

import pytest
from command import invoke, run

from ocpp21._speedups import validators
from ocpp21.cli.app import app
from ocpp21.messages.registry import ACTIONS
from ocpp21.shapes import ENUMERATIONS


def lines(*arguments: object) -> list[str]:
    result = invoke("show", *arguments)
    assert (result.exit_code, result.stderr) == (0, "")
    return result.stdout.splitlines()


def test_actions_by_block():
    result = run("show")
    assert result.returncode == 0
    found = result.stdout.decode().splitlines()
    assert found[0] == "A Security"
    assert "  Heartbeat                          CALL from the Charging Station" in found
    assert "  NotifyPeriodicEventStream          SEND from the Charging Station" in found
    assert "  DataTransfer                       CALL from either side" in found
    assert {line.split()[0] for line in found if line.startswith("  ")} == set(ACTIONS)


def test_actions_say_what_to_do_next():
    assert lines()[-1] == "`ocpp21 show ACTION` shows its messages."


def test_action():
    result = run("show", "TransactionEvent")
    assert (result.returncode, result.stderr) == (0, b"")
    text = result.stdout.decode()
    assert text.startswith(
        "TransactionEvent: CALL from the Charging Station, since OCPP 2.0.1\nBlock E, Transactions\n"
    )
    assert "\nTransactionEventRequest\n" in text and "\nTransactionEventResponse\n" in text
    assert text.endswith("\n* required\n")
    assert "\x1b" not in text and all(len(line) <= 80 and line == line.rstrip() for line in text.splitlines())


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("TransactionEventRequest", ["  cableMaxCurrent         integer  A"]),
        ("TransactionEventRequest", ["  numberOfPhasesUsed      integer  0 to 3"]),
        ("TransactionEventRequest", ["  triggerReason*          TriggerReasonEnumType  one of 29 values"]),
        ("TransactionEventRequest", ["  meterValue              list of MeterValueType  1 or more items"]),
        (
            "TransactionEventRequest",
            [
                "  eventType*              TransactionEventEnumType",
                "      Whether the transaction starts, changes or ends.",
                "      Ended | Started | Updated",
            ],
        ),
        ("UnitOfMeasureType", ['  unit         string  at most 20 characters, default "Wh"']),
        ("ClearVariableMonitoringRequest", ["  id*          list of integer  1 or more items, each 0 or more"]),
        ("ChargingSchedulePeriodType", ["  dischargeLimit           number  W or A, by chargingRateUnit, 0 or less"]),
        ("CustomDataType", ["  vendorId*  string  at most 255 characters", "  and members of any other name"]),
    ],
)
def test_fields(name, field):
    found = lines(name)
    assert found[0] == name
    start = found.index(field[0])
    assert found[start : start + len(field)] == field


def test_enumeration():
    found = lines("ResetEnumType")
    assert found[:2] == [
        "ResetEnumType",
        "When and how to reset: at once, once idle, or at once with transactions resumed",
    ]
    assert found[-4:] == ["  Immediate", "  OnIdle", "  ImmediateAndResume", ""]


def test_deep_shows_everything_within_once():
    found = lines("MeterValues", "--deep")
    heads = [line for line in found if line in validators.SCHEMAS or line in ENUMERATIONS]
    assert heads[:4] == ["MeterValuesRequest", "MeterValuesResponse", "MeterValueType", "CustomDataType"]
    assert {"SampledValueType", "MeasurandEnumType", "UnitOfMeasureType", "SignedMeterValueType"} < set(heads)
    assert len(heads) == len(set(heads))
    assert "  Energy.Active.Import.Register" in found


@pytest.mark.parametrize("name", [*ACTIONS, *validators.SCHEMAS, *ENUMERATIONS])
def test_every_name_can_be_shown(name):
    assert name in lines(name, "--deep")[0]


def test_json_of_actions():
    result = invoke("show", "--json")
    found = json.loads(result.stdout)
    assert [action["name"] for action in found] == list(ACTIONS)
    assert found[-1] == {
        "name": "VatNumberValidation",
        "kind": "CALL",
        "initiator": "CS",
        "block": {"letter": "C", "title": "Authorization", "module": "authorization"},
        "since": "2.1",
        "request": "VatNumberValidationRequest",
        "response": "VatNumberValidationResponse",
    }


def test_json_of_an_action():
    found = json.loads(invoke("show", "NotifyPeriodicEventStream", "--json", "--deep").stdout)
    assert found["action"]["kind"] == "SEND" and found["action"]["response"] is None
    assert [shape["name"] for shape in found["shapes"]] == [
        "NotifyPeriodicEventStream",
        "StreamDataElementType",
        "CustomDataType",
    ]
    element = found["shapes"][1]
    assert element["fields"][0] | {"text": "..."} == {
        "wire": "t",
        "name": "t",
        "type": "number",
        "required": True,
        "minimum": None,
        "maximum": None,
        "max_length": None,
        "min_items": None,
        "max_items": None,
        "values": None,
        "unit": "s",
        "default": None,
        "text": "...",
    }


def test_json_of_an_enumeration():
    found = json.loads(invoke("show", "ResetEnumType", "--json").stdout)
    assert found["action"] is None
    assert found["shapes"][0]["values"] == ["Immediate", "OnIdle", "ImmediateAndResume"]


@pytest.mark.parametrize(
    ("name", "guess"),
    [
        ("heartbeat", "; did you mean Heartbeat or "),
        ("MeasurandEnumTyp", "; did you mean MeasurandEnumType"),
        ("?", "\n"),
        ("StrEnum", ""),
        ("x" * 100_000, "\n"),
    ],
)
def test_unknown_name(name, guess):
    result = invoke("show", name)
    assert (result.exit_code, result.stdout) == (2, "")
    assert f"ocpp21: no action, message, datatype or enumeration has the name {name}{guess}" in result.stderr
    assert result.stderr.count("\n") == 1


def test_unknown_name_is_escaped():
    result = run("show", "\x1b[2J")
    assert result.returncode == 2
    assert result.stderr == b"ocpp21: no action, message, datatype or enumeration has the name \\x1b[2J\n"


def test_without_docstrings(tmp_path):
    result = run("show", "Heartbeat", PYTHONOPTIMIZE="2")
    assert result.returncode == 0
    assert b"currentTime*  date-time\n  customData" in result.stdout


def test_colours_on_a_terminal(monkeypatch, terminal):
    with open(terminal.writer, "w", closefd=False) as writer:
        monkeypatch.setattr("sys.stdout", writer)
        app(["show", "Heartbeat"], standalone_mode=False)
    text = terminal.close().decode()
    assert "\x1b[1mHeartbeatResponse\x1b[0m" in text
    assert "currentTime\x1b[1;31m*\x1b[0m" in text
