"""What the generator reads, and everything that it refuses to read, with file and place."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import published
import pytest
import tiny

from codegen.load import SchemaError, kind_of, load_schema, load_schemas, without_prose

REMOVED = object()


def edited(document: dict[str, Any], place: str, value: Any) -> dict[str, Any]:
    """Put a value at a place of the schema, or take away what is there."""
    *steps, last = place.split("/")
    target = document
    for step in steps:
        target = target[step]
    if value is REMOVED:
        del target[last]
    else:
        target[last] = value
    return document


def refusal(folder: Path, text: str | bytes) -> str:
    path = folder / "PingRequest.json"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(SchemaError) as caught:
        load_schema(path)
    return str(caught.value)


def test_reads_a_schema_without_its_prose(tmp_path: Path) -> None:
    schema = tiny.schemas()["PingRequest"]
    prosaic = {"comment": "of the authors", **schema, "description": "more"}
    prosaic["definitions"] = {
        name: {"description": "what", **definition} for name, definition in schema["definitions"].items()
    }
    (tmp_path / "PingRequest.json").write_text(json.dumps(prosaic), encoding="utf-8")
    assert load_schemas(tmp_path) == {"PingRequest": schema}


def test_reads_a_schema_without_definitions_and_members(tmp_path: Path) -> None:
    schema = tiny.schemas()["PingResponse"]
    del schema["definitions"], schema["properties"]
    (tmp_path / "PingResponse.json").write_text(json.dumps(schema), encoding="utf-8")
    assert load_schemas(tmp_path) == {"PingResponse": schema}


def test_members_called_description_are_no_prose() -> None:
    named = {"properties": {"description": {"description": "a text", "type": "string"}}, "definitions": {"comment": {}}}
    assert without_prose(named) == {"properties": {"description": {"type": "string"}}, "definitions": {"comment": {}}}
    assert without_prose({"properties": 1, "enum": ["comment", {"comment": 1}]}) == {
        "properties": 1,
        "enum": ["comment", {}],
    }


def test_reads_the_published_files_in_alphabetical_order() -> None:
    schemas = load_schemas(published.DIRECTORY)
    assert list(schemas) == sorted(published.SCHEMAS)
    assert len(schemas) == 181


@pytest.mark.parametrize(
    ("schema", "kind"),
    [
        ({"$ref": "#/definitions/X"}, "reference"),
        ({"type": "string", "enum": []}, "enum"),
        ({"type": "integer"}, "integer"),
        ({}, "any"),
        ({"type": ["string", "null"]}, "['string', 'null']"),
    ],
)
def test_kinds(schema: dict[str, Any], kind: str) -> None:
    assert kind_of(schema) == kind


PROPERTY = "/properties/id"
ITEMS = "/properties/notes/items"

REFUSALS = [
    ("pattern", "x", "/: unknown keyword 'pattern' (in use here: $id, $schema,"),
    (
        "$schema",
        "http://json-schema.org/draft-07/schema#",
        "/$schema: expected http://json-schema.org/draft-06/schema#",
    ),
    ("$schema", REMOVED, "/$schema: expected http://json-schema.org/draft-06/schema#, found None"),
    ("$id", "urn:tiny:Other", "/$id: expected an id that ends in :PingRequest, found 'urn:tiny:Other'"),
    ("$id", REMOVED, "/$id: expected an id that ends in :PingRequest, found None"),
    ("type", "array", "/type: a message is an object"),
    ("properties", [], "/properties: expected dict, found list"),
    ("definitions", [], "/definitions: expected dict, found list"),
    ("additionalProperties", {}, "/additionalProperties: expected bool, found dict"),
    ("required", ["spots", "nobody"], "/required: names the unknown property 'nobody'"),
    ("required", "spots", "/required: expected list, found str"),
    ("definitions/SpotType", True, "/definitions/SpotType: expected dict, found bool"),
    ("definitions/SpotType", {"type": "string"}, "/definitions/SpotType: a definition is an object or an enumeration"),
    ("definitions/SpotType", {}, "/definitions/SpotType: a definition is an object or an enumeration, found any"),
    ("definitions/SpotType/minProperties", 1, "/definitions/SpotType: unknown keyword 'minProperties'"),
    ("definitions/SpotType/required", ["no"], "/definitions/SpotType/required: names the unknown property 'no'"),
    (
        "definitions/SpotType/properties/at/pattern",
        "",
        "/definitions/SpotType/properties/at: unknown keyword 'pattern'",
    ),
    ("definitions/ToneEnumType/maxLength", 4, "/definitions/ToneEnumType: unknown keyword 'maxLength'"),
    ("definitions/ToneEnumType/enum", "Low", "/definitions/ToneEnumType/enum: expected list, found str"),
    ("definitions/ToneEnumType/enum", ["Low", 1], "/definitions/ToneEnumType: an enumeration holds strings"),
    ("definitions/ToneEnumType/type", "integer", "/definitions/ToneEnumType: an enumeration holds strings"),
    ("properties/id", True, f"{PROPERTY}: expected dict, found bool"),
    ("properties/id/minLength", 1, f"{PROPERTY}: unknown keyword 'minLength' (in use here: default, format, maxLength"),
    ("properties/id/maxLength", 1.5, f"{PROPERTY}/maxLength: expected int, found float"),
    ("properties/id/format", "uri", f"{PROPERTY}/format: unsupported format 'uri'"),
    ("properties/id", {"type": "object"}, f"{PROPERTY}: unsupported type 'object' in a property"),
    ("properties/id", {"type": "string", "enum": ["x"]}, f"{PROPERTY}: unsupported type 'enum' in a property"),
    ("properties/id", {"type": "null"}, f"{PROPERTY}: unsupported type 'null' in a property"),
    ("properties/id", {"type": "root"}, f"{PROPERTY}: unsupported type 'root' in a property"),
    (
        "properties/id",
        {"type": ["string", "null"]},
        f"{PROPERTY}: unsupported type \"['string', 'null']\" in a property",
    ),
    ("properties/id", {"title": "x"}, f"{PROPERTY}: unknown keyword 'title' (in use here: )"),
    (
        "properties/id",
        {"$ref": "#/definitions/No"},
        f"{PROPERTY}: reference to the unknown definition #/definitions/No",
    ),
    ("properties/id", {"$ref": "SpotType"}, f"{PROPERTY}: reference to the unknown definition SpotType"),
    ("properties/id", {"$ref": 1}, f"{PROPERTY}/$ref: expected str, found int"),
    ("properties/id", {"$ref": "#/definitions/SpotType", "default": 1}, f"{PROPERTY}: unknown keyword 'default'"),
    ("definitions", REMOVED, "/properties/spots/items: reference to the unknown definition #/definitions/SpotType"),
    ("properties/notes/items", REMOVED, "/properties/notes: an array without items"),
    ("properties/notes/items", [{}], f"{ITEMS}: expected dict, found list"),
    ("properties/notes/items", {"type": "array", "items": {}}, f"{ITEMS}: an array of arrays"),
    ("properties/notes/items/pattern", "", f"{ITEMS}: unknown keyword 'pattern'"),
    ("properties/notes/minItems", "1", "/properties/notes/minItems: expected int, found str"),
    ("properties/notes/uniqueItems", True, "/properties/notes: unknown keyword 'uniqueItems'"),
]


@pytest.mark.parametrize(("place", "value", "message"), REFUSALS)
def test_refuses_what_it_does_not_understand(tmp_path: Path, place: str, value: Any, message: str) -> None:
    broken = edited(tiny.schemas()["PingRequest"], place, value)
    assert refusal(tmp_path, json.dumps(broken)).startswith(f"PingRequest.json: {message}")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "PingRequest.json: /: cannot be read as JSON: Expecting property name"),
        (b"\xff", "PingRequest.json: /: cannot be read as JSON: 'utf-8' codec can't decode byte 0xff"),
        ("\ufeff{}", "PingRequest.json: /: cannot be read as JSON: Unexpected UTF-8 BOM"),
        ("[]", "PingRequest.json: /: expected an object, found list"),
    ],
)
def test_refuses_what_is_no_schema(tmp_path: Path, text: str | bytes, message: str) -> None:
    assert refusal(tmp_path, text).startswith(message)


def test_refuses_a_file_that_it_cannot_read(tmp_path: Path) -> None:
    (tmp_path / "PingRequest.json").mkdir()
    with pytest.raises(SchemaError, match=r"^PingRequest\.json: /: cannot be read as JSON: .*Is a directory"):
        load_schemas(tmp_path)


@pytest.mark.parametrize("folder", [".", "missing"])
def test_refuses_a_folder_without_schemas(tmp_path: Path, folder: str) -> None:
    directory = tmp_path / folder
    with pytest.raises(SchemaError) as caught:
        load_schemas(directory)
    assert str(caught.value) == f"{directory}: /: no schema files (*.json) here"
