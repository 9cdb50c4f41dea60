"""Vectors: their text for the tiny standard, and that they leave out no constraint of the whole one."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import published
import pytest
import tiny

from codegen.emit_vectors import CODES, PLUG, VECTORS, emit
from codegen.model import Model
from ocpp21 import refusal

AT = "2026-01-01T00:00:00Z"
SPOTS = [{"at": AT}, {"at": AT}]

VALID = [
    {"spots": SPOTS},
    {
        "id": "xxxx",
        "spots": [{"tone": "High.Pitch", "at": "9999-12-31T23:59:59.999Z"}, *SPOTS],
        "notes": ["xx", ""],
        "level": 3,
        "drain": 0,
        "heat": -123456.789012,
        "isLoud": False,
        "data": [None, {"": [False, "", 0.5]}],
        "tones": ["High.Pitch", "Low"],
        "customData": {"vendorId": f"{PLUG}xx", "x": [PLUG, {"": -0.5}]},
    },
]

#: keyword, pointer, and the members that make the fault, beside the smallest payload.
INVALID: list[tuple[str, str, dict[str, Any]]] = [
    ("additionalProperties", "/not~1known", {"not/known": 0}),
    ("type", "/id", {"id": 0}),
    ("type", "/id", {"id": None}),
    ("maxLength", "/id", {"id": f"{PLUG}xxxx"}),
    ("type", "/spots", {"spots": {}}),
    ("type", "/spots", {"spots": None}),
    ("minItems", "/spots", {"spots": SPOTS[:1]}),
    ("maxItems", "/spots", {"spots": SPOTS * 2}),
    ("type", "/spots/0", {"spots": [[], SPOTS[1]]}),
    ("type", "/spots/0", {"spots": [None, SPOTS[1]]}),
    ("type", "/notes", {"notes": {}}),
    ("type", "/notes", {"notes": None}),
    ("minItems", "/notes", {"notes": []}),
    ("type", "/notes/0", {"notes": [0]}),
    ("type", "/notes/0", {"notes": [None]}),
    ("maxLength", "/notes/0", {"notes": [f"{PLUG}xx"]}),
    ("type", "/level", {"level": 1.5}),
    ("type", "/level", {"level": None}),
    ("minimum", "/level", {"level": 0}),
    ("maximum", "/level", {"level": 4}),
    ("type", "/drain", {"drain": True}),
    ("type", "/drain", {"drain": None}),
    ("maximum", "/drain", {"drain": 1}),
    ("type", "/heat", {"heat": True}),
    ("type", "/heat", {"heat": None}),
    ("type", "/isLoud", {"isLoud": 0}),
    ("type", "/isLoud", {"isLoud": None}),
    ("type", "/tones", {"tones": {}}),
    ("type", "/tones", {"tones": None}),
    ("type", "/tones/0", {"tones": [0]}),
    ("type", "/tones/0", {"tones": [None]}),
    ("enum", "/tones/0", {"tones": ["High.Pitchx"]}),
    ("type", "/customData", {"customData": []}),
    ("type", "/customData", {"customData": None}),
    ("required", "/spots/0", {"spots": [{}, SPOTS[1]]}),
    ("additionalProperties", "/spots/0/not~1known", {"spots": [{"at": AT, "not/known": 0}, SPOTS[1]]}),
    ("type", "/spots/0/tone", {"spots": [{"at": AT, "tone": 0}, SPOTS[1]]}),
    ("type", "/spots/0/tone", {"spots": [{"at": AT, "tone": None}, SPOTS[1]]}),
    ("enum", "/spots/0/tone", {"spots": [{"at": AT, "tone": "High.Pitchx"}, SPOTS[1]]}),
    ("type", "/spots/0/at", {"spots": [{"at": 0}, SPOTS[1]]}),
    ("type", "/spots/0/at", {"spots": [{"at": None}, SPOTS[1]]}),
    ("format", "/spots/0/at", {"spots": [{"at": "2026-01-01T00:00:00"}, SPOTS[1]]}),
    ("required", "/customData", {"customData": {}}),
    ("type", "/customData/vendorId", {"customData": {"vendorId": 0}}),
    ("type", "/customData/vendorId", {"customData": {"vendorId": None}}),
    ("maxLength", "/customData/vendorId", {"customData": {"vendorId": f"{PLUG}xxx"}}),
]


def lines(text: str) -> list[Any]:
    assert text.endswith("\n")
    return [json.loads(line) for line in text.splitlines()]


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    files = emit(tiny.model(tmp_path_factory.mktemp("facts")))
    assert {path.parent for path in files} == {VECTORS}
    return {path.name: text for path, text in files.items()}


@pytest.fixture(scope="module")
def whole(model: Model) -> dict[str, list[Any]]:
    return {path.name: lines(text) for path, text in emit(model).items() if path.suffix == ".jsonl"}


def test_there_are_two_files_per_message(small: dict[str, str]) -> None:
    verdicts = [f"{name}.{verdict}.jsonl" for name in tiny.SCHEMAS for verdict in ("valid", "invalid")]
    assert sorted(small) == sorted(["README.md", *verdicts])


def test_the_smallest_and_the_fullest_payload(small: dict[str, str]) -> None:
    assert lines(small["PingRequest.valid.jsonl"]) == VALID
    assert lines(small["PingResponse.valid.jsonl"]) == [{}, {}]


def test_one_fault_per_constraint(small: dict[str, str]) -> None:
    found = lines(small["PingRequest.invalid.jsonl"])
    expected = [("type", "", []), ("type", "", None), ("required", "", {})]
    expected += [(keyword, pointer, {**VALID[0], **members}) for keyword, pointer, members in INVALID]
    assert [(line["keyword"], line["pointer"], line["payload"]) for line in found] == expected
    assert all(line["code"] == CODES[line["keyword"]] for line in found)


def test_a_datatype_is_reached_by_the_smallest_payload(whole: dict[str, list[Any]]) -> None:
    """The first of many ways to an EVSE in a transaction event is not the shortest to every datatype."""
    routes = {
        line["pointer"] for line in whole["TransactionEventRequest.invalid.jsonl"] if line["keyword"] == "required"
    }
    assert {"/evse", "/idToken", "/meterValue/0/sampledValue/0"} <= routes


def test_no_constraint_of_the_published_schemas_is_left_out(whole: dict[str, list[Any]]) -> None:
    for name, schema in published.SCHEMAS.items():
        found = Counter(line["keyword"] for line in whole[f"{name}.invalid.jsonl"])
        assert found == _constraints(schema), name


def _constraints(schema: dict[str, Any]) -> Counter[str]:
    """How many faults a schema file gives cause for: a field counts for itself and for its items."""
    found: Counter[str] = Counter(type=2)
    for home in (schema, *schema["definitions"].values()):
        if "properties" not in home:
            continue
        found["required"] += len(home.get("required", ()))
        found["additionalProperties"] += home.get("additionalProperties") is False
        for field in home["properties"].values():
            for part in (field, field["items"]) if "items" in field else (field,):
                target = schema["definitions"][part["$ref"].removeprefix("#/definitions/")] if "$ref" in part else part
                found["type"] += 2 * ("type" in target)
                for keyword in CODES.keys() & {*part, *(["enum"] if "enum" in target else [])} - {"type"}:
                    found[keyword] += 1
    return found


def test_the_fullest_payload_has_every_member_of_every_type_in_the_message(whole: dict[str, list[Any]]) -> None:
    for name, schema in published.SCHEMAS.items():
        smallest, fullest = whole[f"{name}.valid.jsonl"]
        assert sorted(smallest) == sorted(schema.get("required", []))
        assert sorted(fullest) == sorted(schema["properties"])


def test_codes_are_those_of_the_product() -> None:
    assert {keyword: refusal.CODES[keyword].value for keyword in CODES} == CODES
