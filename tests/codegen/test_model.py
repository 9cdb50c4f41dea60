"""The model: what it holds, and everything that stops it from being built, with file and place."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import tiny

from codegen.load import Schema, SchemaError
from codegen.model import Action, Array, Block, Enumeration, Field, Model, Reference, Scalar, build

ROOT = Path(__file__).parents[2]


def refusal(folder: Path, schemas: dict[str, Schema] | None = None, **facts: str) -> str:
    with pytest.raises(SchemaError) as caught:
        build(schemas or tiny.schemas(), tiny.write_facts(folder, **facts))
    return str(caught.value)


def test_fields_have_everything_that_is_known_of_them(tmp_path: Path) -> None:
    ping = tiny.model(tmp_path).objects["PingRequest"]
    assert not ping.is_open
    assert ping.text == "Ask for an echo."
    assert ping.fields == (
        Field("id", "id", Scalar("string", max_length=4), False, None, "Name.", "", True),
        Field("spots", "spots", Array(Reference("SpotType"), 2, 3), True, None, "Places.", "", False),
        Field("notes", "notes", Array(Scalar("string", max_length=2), 1, None), False, None, "Remarks.", "", True),
        Field("level", "level", Scalar("integer", 1, 3), False, 1, "Loudness.", "% of all", False),
        Field("drain", "drain", Scalar("number", maximum=0), False, None, "Loss.", "", False),
        Field("heat", "heat", Scalar("number"), False, None, "Warmth.", "", False),
        Field("isLoud", "is_loud", Scalar("boolean"), False, None, "True when loud.", "", False),
        Field("data", "data", Scalar("any"), False, None, "Anything.", "", False),
        Field("tones", "tones", Array(Reference("ToneEnumType"), 0, None), False, None, "Pitches.", "", False),
        Field("customData", "custom_data", Reference("CustomDataType"), False, None, "Data of a vendor.", "", False),
    )


def test_datatypes_and_enumerations_stand_once_in_alphabetical_order(tmp_path: Path) -> None:
    model = tiny.model(tmp_path)
    assert [item.name for item in model.datatypes] == ["CustomDataType", "SpotType"]
    assert [item.is_open for item in model.datatypes] == [True, False]
    tones = (("LOW", "Low"), ("HIGH_PITCH", "High.Pitch"))
    assert model.enumerations == (Enumeration("ToneEnumType", tones, "A pitch.", "Low"),)


def test_the_default_of_an_enumeration_is_that_of_the_field(tmp_path: Path) -> None:
    tone, at = tiny.model(tmp_path).objects["SpotType"].fields
    assert (tone.default, tone.text, tone.required) == ("Low", "Pitch.", False)
    assert (at.type, at.required) == (Scalar("date-time"), True)


def test_actions_have_their_messages(tmp_path: Path) -> None:
    model = tiny.model(tmp_path)
    objects = model.objects
    noise = Block("A", "Noise", "noise")
    ping = Action("Ping", noise, "CSMS", "CALL", "2.1", objects["PingRequest"], objects["PingResponse"])
    shout = Action("Shout", noise, "CS", "SEND", "2.0.1", objects["Shout"], None)
    assert (model.blocks, model.actions) == ((noise,), (ping, shout))
    assert [len(action.messages) for action in model.actions] == [2, 1]
    assert [message.name for message in model.messages] == ["PingRequest", "PingResponse", "Shout"]


def _without(name: str) -> Callable[[dict[str, Schema]], Any]:
    return lambda schemas: schemas.pop(name)


def _with(message: str, *steps: str, **members: Any) -> Callable[[dict[str, Schema]], Any]:
    """Change members of a schema at a place of it."""

    def change(schemas: dict[str, Schema]) -> None:
        schema = schemas[message]
        for step in steps:
            schema = schema[step]
        schema.update(members)

    return change


SCHEMAS = {
    "differing definition": (
        _with("Shout", "definitions", "ToneEnumType", enum=["High.Pitch", "Low"]),
        "Shout.json: /definitions/ToneEnumType: differs from the definition in PingRequest.json",
    ),
    "datatype named as a message": (
        _with("PingRequest", "definitions", Shout=tiny.SCHEMAS["PingRequest"]["definitions"]["SpotType"]),
        "PingRequest.json: /definitions/Shout: is the name of a message too",
    ),
    "enumeration named as a message": (
        _with("PingRequest", "definitions", Shout={"type": "string", "enum": ["a"]}),
        "PingRequest.json: /definitions/Shout: is the name of a message too",
    ),
    "two values of one Python name": (
        _with("Shout", "definitions", OtherEnumType={"type": "string", "enum": ["a.b", "a-b"]}),
        "Shout.json: /definitions/OtherEnumType/enum: 'a-b' gets the Python name A_B of 'a.b'",
    ),
    "bound with a fraction": (
        _with("PingRequest", "properties", "level", minimum=0.5),
        "PingRequest.json: /properties/level/minimum: expected a whole number, found 0.5",
    ),
    "bound that is no number": (
        _with("PingRequest", "properties", "level", maximum="3"),
        "PingRequest.json: /properties/level/maximum: expected a whole number, found '3'",
    ),
    "infinite bound": (
        _with("PingRequest", "properties", "level", maximum=float("inf")),
        "PingRequest.json: /properties/level/maximum: expected a whole number, found inf",
    ),
    "date-time with a length": (
        _with("PingRequest", "properties", id={"type": "string", "format": "date-time", "maxLength": 30}),
        "PingRequest.json: /properties/id: a date-time with a length",
    ),
    "missing response": (_without("PingResponse"), "catalogue.toml: /actions/Ping: there is no PingResponse.json"),
    "missing request": (_without("PingRequest"), "catalogue.toml: /actions/Ping: there is no PingRequest.json"),
    "date-time with a length, in a datatype": (
        _with("PingRequest", "definitions", "SpotType", "properties", "at", maxLength=30),
        "PingRequest.json: /definitions/SpotType/properties/at: a date-time with a length",
    ),
    "message without wording": (
        lambda schemas: schemas.update(PongRequest=schemas["PingResponse"]),
        "wording.toml: /PongRequest/_: has no line",
    ),
}


@pytest.mark.parametrize("case", SCHEMAS)
def test_refuses_schemas(tmp_path: Path, case: str) -> None:
    change, message = SCHEMAS[case]
    schemas = tiny.schemas()
    change(schemas)
    assert refusal(tmp_path, schemas) == message


FACTS = {
    "action without a line": (
        "catalogue",
        'Shout = { block = "A", initiator = "CS", kind = "SEND", since = "2.0.1" }',
        "",
        "Shout.json: /: an action without a line in catalogue.toml",
    ),
    "unknown action": (
        "catalogue",
        "Shout = {",
        "Whisper = {",
        "catalogue.toml: /actions/Whisper: there is no Whisper.json",
    ),
    "unknown block": (
        "catalogue",
        'block = "A", initiator = "CS",',
        'block = "B", initiator = "CS",',
        "unknown block 'B'",
    ),
    "misspelt initiator": (
        "catalogue",
        '"CSMS"',
        '"CMS"',
        "catalogue.toml: /actions/Ping: Invalid enum value 'CMS' - at `$.initiator`",
    ),
    "line without a kind": (
        "catalogue",
        'kind = "SEND", ',
        "",
        "catalogue.toml: /actions/Shout: Object missing required field `kind`",
    ),
    "missing table": ("catalogue", "[identifiers]", "", "catalogue.toml: /identifiers: is missing"),
    "unknown table": ("catalogue", "[identifiers]", "[more]\n[identifiers]", "catalogue.toml: /more: is no table"),
    "identifier without a field": (
        "catalogue",
        'id = "all"',
        'id = "all"\nheat = "all"',
        "catalogue.toml: /identifiers/heat: there is no such string field",
    ),
    "identifier in no such type": (
        "catalogue",
        '["PingRequest"]',
        '["Ping"]',
        "catalogue.toml: /identifiers/notes: there is no such string field",
    ),
    "catalogue that is no TOML": ("catalogue", "[blocks]", "[blocks", "catalogue.toml: /: cannot be read as TOML: "),
    "wording that is no TOML": ("wording", "[units]", "units", "wording.toml: /: cannot be read as TOML: "),
    "entry outside a table": ("wording", "[units]", "stray = 1\n[units]", "wording.toml: /stray: is no table"),
    "wording that is no text": ("wording", '_ = "The echo."', "_ = 1", "wording.toml: /PingResponse/_: Expected `str"),
    "quantity without a text": (
        "wording",
        '{ text = "Loss.", unit = "1" }',
        '{ unit = "1" }',
        "wording.toml: /PingRequest/drain: Object missing required field `text`",
    ),
    "missing line of a type": ("wording", '_ = "A place."', "", "wording.toml: /SpotType/_: has no line"),
    "missing line of a field": ("wording", 'at = "When."', "", "wording.toml: /SpotType/at: has no line"),
    "missing line of a shared field": ("wording", 'tone = "Pitch."', "", "wording.toml: /SpotType/tone: has no line"),
    "stale line of a field": (
        "wording",
        'at = "When."',
        'at = "When."\nto = "Until."',
        "wording.toml: /SpotType/to: a line for a type or field that does not exist",
    ),
    "stale line of a type": (
        "wording",
        "[SpotType]",
        '[GoneType]\n_ = ""\n[SpotType]',
        "wording.toml: /GoneType/_: a line for a type or field that does not exist",
    ),
    "stale shared line": (
        "wording",
        "[shared]",
        '[shared]\nnobody = ""',
        "wording.toml: /shared/nobody: a line for a type or field that does not exist",
    ),
    "unknown unit": (
        "wording",
        'unit = "%"',
        'unit = "per cent"',
        "wording.toml: /PingRequest/level: unknown unit 'per cent'",
    ),
    "quantity without a unit": (
        "wording",
        '{ text = "Warmth.", unit = "1" }',
        '"Warmth."',
        "wording.toml: /PingRequest/heat: an integer or number needs a unit",
    ),
}


@pytest.mark.parametrize("case", FACTS)
def test_refuses_facts(tmp_path: Path, case: str) -> None:
    file, old, new, message = FACTS[case]
    text = {"catalogue": tiny.CATALOGUE, "wording": tiny.WORDING}[file]
    assert text.count(old) == 1
    found = refusal(tmp_path, **{file: text.replace(old, new)})
    assert found.startswith(message) or found == f"catalogue.toml: /actions/Shout: {message}"


@pytest.mark.parametrize("file", ["catalogue.toml", "wording.toml"])
def test_refuses_a_missing_file(tmp_path: Path, file: str) -> None:
    tiny.write_facts(tmp_path)
    (tmp_path / file).unlink()
    with pytest.raises(SchemaError, match=rf"^{file}: /: cannot be read as TOML: .*No such file"):
        build(tiny.schemas(), tmp_path)


def test_refuses_two_fields_of_one_python_name(tmp_path: Path) -> None:
    schemas = tiny.schemas()
    schemas["PingRequest"]["properties"]["ID"] = {"type": "string"}
    wording = tiny.WORDING.replace('id = "Name."', 'id = "Name."\nID = "Name."')
    message = "PingRequest.json: /properties/ID: gets the Python name 'id' of 'id'"
    assert refusal(tmp_path, schemas, wording=wording) == message


def test_refuses_a_default_that_is_no_value(tmp_path: Path) -> None:
    schemas = tiny.schemas()
    for schema in schemas.values():
        if "ToneEnumType" in schema.get("definitions", {}):
            schema["definitions"]["ToneEnumType"]["default"] = "Lower"
    found = refusal(tmp_path, schemas)
    assert found.endswith(".json: /definitions/ToneEnumType/default: 'Lower' is none of its values")


def test_the_whole_standard(model: Model) -> None:
    assert len(model.blocks) == 19
    assert len(model.actions) == 91
    assert sum(action.kind == "SEND" for action in model.actions) == 1
    assert len(list(model.messages)) == 181
    assert len(model.datatypes) == 122
    assert len(model.enumerations) == 110
    assert sum(len(item.fields) for item in model.objects.values()) == 1345
    assert [item.name for item in model.objects.values() if item.is_open] == ["CustomDataType"]
