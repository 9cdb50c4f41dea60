"""Read the schema files and refuse whatever this generator does not understand.

The schemas use a small part of JSON Schema draft-06. The lists below are closed: a keyword that is not on them
changes what a valid message is, so it stops the run instead of being ignored.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Schema = dict[str, Any]

#: Keywords that say nothing about validity; they are dropped by ``import`` and skipped here.
PROSE = frozenset({"description", "comment"})

#: Every other keyword in use, by the place where it may stand.
KEYWORDS = {
    "root": frozenset({"$schema", "$id", "definitions", "type", "additionalProperties", "properties", "required"}),
    "object": frozenset({"javaType", "type", "additionalProperties", "properties", "required"}),
    "enum": frozenset({"javaType", "type", "default", "additionalProperties", "enum"}),
    "reference": frozenset({"$ref"}),
    "array": frozenset({"type", "additionalItems", "items", "minItems", "maxItems"}),
    "string": frozenset({"type", "maxLength", "format", "default"}),
    "integer": frozenset({"type", "minimum", "maximum", "default"}),
    "number": frozenset({"type", "minimum", "maximum", "default"}),
    "boolean": frozenset({"type", "default"}),
    "any": frozenset[str](),
}

#: What the value of a keyword must be; "minimum" and "maximum" are checked with the model, "default" may be anything.
FORMS: dict[str, type] = {
    "properties": dict,
    "definitions": dict,
    "additionalProperties": bool,
    "additionalItems": bool,
    "items": dict,
    "required": list,
    "enum": list,
    "$ref": str,
    "maxLength": int,
    "minItems": int,
    "maxItems": int,
}

DRAFT = "http://json-schema.org/draft-06/schema#"


class SchemaError(Exception):
    """The input cannot be compiled; the message names the file and the place in it."""

    def __init__(self, file: str, place: str, problem: str) -> None:
        super().__init__(f"{file}: {place or '/'}: {problem}")


def load_schemas(directory: Path) -> dict[str, Schema]:
    """Read every ``*.json`` of ``directory`` and check its form.

    Args:
        directory: folder in the official layout, one message per file.

    Returns:
        Schemas by file name without suffix, in alphabetical order, prose removed.

    Raises:
        SchemaError: a file is unreadable, is no JSON, or uses an unknown keyword.
    """
    paths = sorted(directory.glob("*.json"))
    if not paths:
        raise SchemaError(str(directory), "", "no schema files (*.json) here")
    return {path.stem: load_schema(path) for path in paths}


def load_schema(path: Path) -> Schema:
    """Read one schema file, without its prose.

    Raises:
        SchemaError: the file is unreadable, is no JSON, or uses an unknown keyword.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SchemaError(path.name, "", f"cannot be read as JSON: {error}") from error
    if not isinstance(document, dict):
        raise SchemaError(path.name, "", f"expected an object, found {type(document).__name__}")
    schema: Schema = without_prose(document)
    _check_root(path.name, path.stem, schema)
    return schema


def without_prose(schema: Any) -> Any:
    """Copy a schema without descriptions and comments; a property of that name stays."""
    if isinstance(schema, list):
        return [without_prose(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    copy = {}
    for keyword, value in schema.items():
        if keyword in ("properties", "definitions") and isinstance(value, dict):
            copy[keyword] = {name: without_prose(sub) for name, sub in value.items()}
        elif keyword not in PROSE:
            copy[keyword] = without_prose(value)
    return copy


def kind_of(schema: Schema) -> str:
    """Say which list of ``KEYWORDS`` a schema below the root falls under."""
    if "$ref" in schema:
        return "reference"
    if "enum" in schema:
        return "enum"
    return str(schema.get("type", "any"))


def _check_root(file: str, name: str, schema: Schema) -> None:
    _check_keywords(file, "", schema, "root")
    if schema.get("$schema") != DRAFT:
        raise SchemaError(file, "/$schema", f"expected {DRAFT}, found {schema.get('$schema')!r}")
    if not str(schema.get("$id", "")).endswith(f":{name}"):
        raise SchemaError(file, "/$id", f"expected an id that ends in :{name}, found {schema.get('$id')!r}")
    if schema.get("type") != "object":
        raise SchemaError(file, "/type", "a message is an object")
    _check_members(file, "", schema)
    for definition, sub in schema.get("definitions", {}).items():
        place = f"/definitions/{definition}"
        _check_form(file, place, sub, dict)
        kind = kind_of(sub)
        if kind not in ("object", "enum"):
            raise SchemaError(file, place, f"a definition is an object or an enumeration, found {kind}")
        _check_keywords(file, place, sub, kind)
        if kind == "object":
            _check_members(file, place, sub)
        elif sub.get("type") != "string" or not all(isinstance(value, str) for value in sub["enum"]):
            raise SchemaError(file, place, "an enumeration holds strings")
    for place, target in _references(schema, ""):
        prefix, _, name = target.rpartition("/")
        if prefix != "#/definitions" or name not in schema.get("definitions", {}):
            raise SchemaError(file, place, f"reference to the unknown definition {target}")


def _check_members(file: str, place: str, schema: Schema) -> None:
    properties = schema.get("properties", {})
    for name, sub in properties.items():
        _check_property(file, f"{place}/properties/{name}", sub)
    for name in schema.get("required", []):
        if name not in properties:
            raise SchemaError(file, f"{place}/required", f"names the unknown property {name!r}")


def _check_property(file: str, place: str, schema: Schema) -> None:
    _check_form(file, place, schema, dict)
    kind = kind_of(schema)
    if kind not in KEYWORDS or kind in ("root", "object", "enum"):
        raise SchemaError(file, place, f"unsupported type {kind!r} in a property")
    _check_keywords(file, place, schema, kind)
    if kind == "string" and schema.get("format", "date-time") != "date-time":
        raise SchemaError(file, f"{place}/format", f"unsupported format {schema['format']!r}")
    if kind == "array":
        if "items" not in schema:
            raise SchemaError(file, place, "an array without items")
        if kind_of(schema["items"]) == "array":
            raise SchemaError(file, f"{place}/items", "an array of arrays")
        _check_property(file, f"{place}/items", schema["items"])


def _check_keywords(file: str, place: str, schema: Schema, kind: str) -> None:
    unknown = sorted(set(schema) - KEYWORDS[kind])
    if unknown:
        raise SchemaError(
            file, place, f"unknown keyword {unknown[0]!r} (in use here: {', '.join(sorted(KEYWORDS[kind]))})"
        )
    for keyword in sorted(FORMS.keys() & schema.keys()):
        _check_form(file, f"{place}/{keyword}", schema[keyword], FORMS[keyword])


def _check_form(file: str, place: str, value: Any, form: type) -> None:
    if type(value) is not form:
        raise SchemaError(file, place, f"expected {form.__name__}, found {type(value).__name__}")


def _references(schema: Any, place: str) -> Iterator[tuple[str, str]]:
    if isinstance(schema, dict):
        for key, value in schema.items():
            if key == "$ref":
                yield place, value
            else:
                yield from _references(value, f"{place}/{key}")
