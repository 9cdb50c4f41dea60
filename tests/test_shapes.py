"""What a message looks like: the same as in the published schemas, in the docstrings and in the validator."""

import subprocess
import sys

import msgspec
import pytest

from ocpp21 import messages, shapes
from ocpp21._speedups import validators
from ocpp21.errors import LocalProtocolError
from ocpp21.messages import enumerations
from ocpp21.messages.registry import ACTIONS, BLOCKS
from ocpp21.shapes import EnumerationShape, FieldShape, Shape, describe, describe_enumeration


def field(message, wire):
    return next(each for each in describe(message).fields if each.wire == wire)


def test_message():
    shape = describe("NotifyPeriodicEventStream")
    assert describe(messages.NotifyPeriodicEventStream) == shape
    assert (shape.name, shape.action) == ("NotifyPeriodicEventStream", "NotifyPeriodicEventStream")
    assert (shape.block, shape.initiator, shape.kind) == (BLOCKS["diagnostics"], "CS", "SEND")
    assert [each.wire for each in shape.fields] == ["data", "id", "pending", "basetime", "customData"]
    assert shape.text == "Send values of a periodic event stream; there is no response."


def test_response_has_the_facts_of_its_action():
    shape = describe(messages.ResetResponse)
    assert (shape.action, shape.initiator, shape.kind) == ("Reset", "CSMS", "CALL")


def test_datatype_has_no_action():
    shape = describe(messages.IdTokenType)
    assert (shape.action, shape.block, shape.initiator, shape.kind) == (None, None, None, None)
    assert not shape.is_open


def test_open_datatype():
    shape = describe("CustomDataType")
    assert shape == Shape(
        name="CustomDataType",
        text=field("StatusInfoType", "customData").text,
        fields=(FieldShape(wire="vendorId", name="vendorId", type="string", required=True, max_length=255),),
        is_open=True,
    )
    assert shape.text


@pytest.mark.parametrize(
    ("message", "wire", "facts"),
    [
        ("TransactionEventRequest", "timestamp", {"type": "date-time", "required": True}),
        ("TransactionEventRequest", "offline", {"type": "boolean", "required": False, "default": False}),
        ("TransactionEventRequest", "numberOfPhasesUsed", {"type": "integer", "minimum": 0, "maximum": 3}),
        ("TransactionEventRequest", "cableMaxCurrent", {"name": "cable_max_current", "unit": "A"}),
        (
            "TransactionEventRequest",
            "meterValue",
            {"type": "list of MeterValueType", "min_items": 1, "max_items": None},
        ),
        (
            "TransactionEventResponse",
            "totalCost",
            {"type": "number", "unit": "in the currency of the tariff, ISO 4217"},
        ),
        ("TransactionEventResponse", "updatedPersonalMessageExtra", {"min_items": 1, "max_items": 4}),
        (
            "ClearVariableMonitoringRequest",
            "id",
            {"type": "list of integer", "min_items": 1, "minimum": 0, "unit": None},
        ),
        ("DataTransferRequest", "data", {"type": "any", "unit": None, "default": None}),
        ("UnitOfMeasureType", "unit", {"max_length": 20, "default": "Wh", "unit": None}),
        ("UnitOfMeasureType", "multiplier", {"default": 0}),
        ("IdTokenType", "idToken", {"type": "identifierString", "max_length": 255}),
        (
            "ChargingSchedulePeriodType",
            "dischargeLimit",
            {"unit": "W or A, by chargingRateUnit", "maximum": 0, "minimum": None},
        ),
        (
            "TransactionEventRequest",
            "eventType",
            {"type": "TransactionEventEnumType", "values": ("Ended", "Started", "Updated")},
        ),
    ],
)
def test_field(message, wire, facts):
    found = field(message, wire)
    assert {name: getattr(found, name) for name in facts} == facts


def test_text_of_several_lines_is_joined():
    docstring = messages.TransactionEventResponse.__doc__
    text = field("TransactionEventResponse", "totalCost").text
    assert text.startswith("Running cost after an update") and text.endswith(".")
    assert text in " ".join(docstring.split())


@pytest.mark.parametrize("name", sorted(validators.SCHEMAS))
def test_every_field_has_a_text_and_the_name_of_the_struct(name):
    shape = describe(name)
    assert shape.text
    if shape.is_open:
        return
    kind = getattr(messages, name)
    names = dict(zip(kind.__struct_encode_fields__, kind.__struct_fields__, strict=True))
    assert {each.wire: each.name for each in shape.fields} == names
    for each in shape.fields:
        assert each.text and "[" not in each.text, each
        assert each.required == (each.name in required_of(kind))


def required_of(kind):
    return {each.name for each in msgspec.structs.fields(kind) if each.required}


@pytest.mark.parametrize("action", ACTIONS.values(), ids=lambda action: action.name)
def test_block_of_every_message_is_that_of_its_docstring(action):
    shape = describe(action.request)
    assert f"Block {shape.block.letter}, {shape.block.title}." in action.request.__doc__


def test_every_enumeration():
    assert len(shapes.ENUMERATIONS) == 110
    for name, kind in shapes.ENUMERATIONS.items():
        found = describe_enumeration(name)
        assert found == describe_enumeration(kind)
        assert found.values == tuple(kind)
        assert found.text == " ".join(kind.__doc__.split())


def test_enumeration():
    assert describe_enumeration("ResetEnumType") == EnumerationShape(
        name="ResetEnumType",
        text=" ".join(enumerations.ResetEnumType.__doc__.split()),
        values=("Immediate", "OnIdle", "ImmediateAndResume"),
    )


class HeartbeatRequest(msgspec.Struct):
    """Not ours."""


@pytest.mark.parametrize(
    "unknown", ["Heartbeat", "annotations", "datetime", "Datatype", "ResetEnumType", "", int, HeartbeatRequest]
)
def test_unknown_message(unknown):
    with pytest.raises(LocalProtocolError, match=r"^expected a message or datatype of OCPP 2\.1, found `"):
        describe(unknown)


@pytest.mark.parametrize("unknown", ["StrEnum", "annotations", "HeartbeatRequest", "\x1b[2J", "", int])
def test_unknown_enumeration(unknown):
    with pytest.raises(LocalProtocolError, match=r"^expected an enumeration of OCPP 2\.1, found `") as caught:
        describe_enumeration(unknown)
    assert "\x1b" not in str(caught.value)


def test_without_docstrings_all_but_the_texts_is_there():
    code = (
        "from ocpp21.shapes import describe, describe_enumeration as enumeration;"
        "shapes = [describe('MeterValuesRequest'), describe('CustomDataType'), enumeration('ResetEnumType')];"
        "print(*shapes, *(shape.text for shape in shapes), sep='\\n')"
    )
    done = subprocess.run([sys.executable, "-OO", "-c", code], capture_output=True, check=True, text=True)
    lines = done.stdout.splitlines()
    assert "wire='meterValue', name='meter_value', type='list of MeterValueType', required=True" in lines[0]
    assert "min_items=1" in lines[0] and "text=''" in lines[0]
    assert "Immediate" in lines[2]
    assert lines[3:] == ["", "", ""]
