"""The tables of the validator: every name is found in them, and what does not fit is refused."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import tiny

from codegen.emit_tables import MULTIPLIER, TABLES, emit, hash_name
from codegen.load import SchemaError
from codegen.model import Array, Enumeration, Field, Model, Object, Reference, Scalar

ROOT = Path(__file__).parents[2]


class Tables:
    """The tables, read back from the text of the header file."""

    def __init__(self, model: Model) -> None:
        [(path, text)] = emit(model, "# HEADER").items()
        assert path == TABLES
        self.text = text
        self.pool = bytes(int(n) for n in re.findall(r"\d+", self._body("OCPP_POOL")))
        self.slots = [int(n) for n in re.findall(r"\d+", self._body("OCPP_SLOTS"))]
        self.values, self.enums, self.fields, self.objects = (
            [[cell.strip() for cell in row.split(",")] for row in re.findall(r"\{(.*)\}", self._body(f"OCPP_{name}"))]
            for name in ("VALUES", "ENUMS", "FIELDS", "OBJECTS")
        )

    def _body(self, name: str) -> str:
        match = re.search(rf" {name}\[\] = \{{\n(.*?)\n\}};", self.text, re.DOTALL)
        assert match
        return match[1]

    def name(self, row: list[str], at: int = 0) -> str:
        start, length = int(row[at]), int(row[at + 1])
        return self.pool[start : start + length].decode("ascii")

    def find(self, name: str, slots: str, bits: str, seed: str) -> int:
        """Look a name up as the validator does; the index in its run, or -1."""
        place = hash_name(name.encode(), int(seed.removesuffix("u"))) >> (64 - int(bits))
        return self.slots[int(slots) + place] - 1


@pytest.fixture(scope="module")
def tables(model: Model) -> Tables:
    return Tables(model)


def test_every_field_is_found_by_its_name(tables: Tables, model: Model) -> None:
    assert [tables.name(row, 1) for row in tables.objects] == sorted(model.objects)
    for row, item in zip(tables.objects, (model.objects[name] for name in sorted(model.objects)), strict=True):
        first, count = int(row[3]), int(row[4])
        assert count == len(item.fields)
        for index, field in enumerate(item.fields):
            assert tables.name(tables.fields[first + index]) == field.wire
            assert tables.find(field.wire, *row[5:8]) == index
            assert bool(int(row[0].removesuffix("u"), 16) >> index & 1) == field.required
        assert row[8] == str(int(item.is_open))


def test_every_value_is_found(tables: Tables, model: Model) -> None:
    for row, enumeration in zip(tables.enums, model.enumerations, strict=True):
        assert tables.name(row) == enumeration.name
        first, count = int(row[2]), int(row[3])
        assert count == len(enumeration.members)
        for index, (_, value) in enumerate(enumeration.members):
            assert tables.name(tables.values[first + index]) == value
            assert tables.find(value, *row[5:8]) == index
        usual = int(row[4])
        assert (enumeration.members[usual - 1][1] if usual else None) == enumeration.default


def test_names_are_padded_for_reads_of_eight_bytes(tables: Tables) -> None:
    assert tables.pool.endswith(bytes(8)) and 0 not in tables.pool[:-8]


def test_what_the_station_receives_is_marked(tables: Tables, model: Model) -> None:
    received = {tables.name(row, 1) for row in tables.objects if row[9] == "1"}
    expected = {action.request.name for action in model.actions if action.initiator != "CS"}
    expected |= {
        action.response.name for action in model.actions if action.response and action.initiator in ("CS", "BOTH")
    }
    assert received == expected
    assert {"DataTransferRequest", "DataTransferResponse", "ResetRequest", "HeartbeatResponse"} <= received
    assert not {"ResetResponse", "HeartbeatRequest", "NotifyPeriodicEventStream"} & received


def test_fields_of_the_tiny_standard(tmp_path: Path) -> None:
    tables = Tables(tiny.model(tmp_path))
    assert {tables.name(row): row[2:] for row in tables.fields} == {
        "vendorId": ["OCPP_STRING", "OCPP_MAX_LENGTH", "0", "0", "0", "3", "0", "0"],
        "id": ["OCPP_STRING", "OCPP_IDENTIFIER | OCPP_MAX_LENGTH", "0", "0", "0", "4", "0", "0"],
        "spots": ["OCPP_OBJECT", "OCPP_ARRAY", "4", "0", "0", "0", "2", "3"],
        "notes": ["OCPP_STRING", "OCPP_IDENTIFIER | OCPP_ARRAY | OCPP_MAX_LENGTH", "0", "0", "0", "2", "1", "0"],
        "level": ["OCPP_INTEGER", "OCPP_MINIMUM | OCPP_MAXIMUM", "0", "1", "3", "0", "0", "0"],
        "drain": ["OCPP_NUMBER", "OCPP_MAXIMUM", "0", "0", "0", "0", "0", "0"],
        "heat": ["OCPP_NUMBER", "0", "0", "0", "0", "0", "0", "0"],
        "isLoud": ["OCPP_BOOLEAN", "0", "0", "0", "0", "0", "0", "0"],
        "data": ["OCPP_ANY", "0", "0", "0", "0", "0", "0", "0"],
        "tones": ["OCPP_ENUM", "OCPP_ARRAY", "0", "0", "0", "0", "0", "0"],
        "tone": ["OCPP_ENUM", "0", "0", "0", "0", "0", "0", "0"],
        "at": ["OCPP_DATETIME", "0", "0", "0", "0", "0", "0", "0"],
        "customData": ["OCPP_OBJECT", "0", "0", "0", "0", "0", "0", "0"],
    }


def test_the_validator_hashes_with_the_same_number() -> None:
    assert f"<uint64_t>0x{MULTIPLIER:X}" in (ROOT / "src" / "_speedups" / "names.pxd").read_text(encoding="utf-8")


def _field(type_: Any, wire: str = "f") -> Field:
    return Field(wire, "f", type_, False, None, "", "", False)


def _object(*fields: Field) -> Model:
    return Model((), (), (Object("XType", fields, False, ""),), ())


def _enumeration(*values: str) -> Model:
    return Model((), (), (), (Enumeration("XEnumType", tuple((value, value) for value in values), ""),))


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (_object(*(_field(Scalar("any"), f"f{n}") for n in range(65))), "/XType: more than 64 fields"),
        (_object(_field(Scalar("any"), "f" * 65)), f"/{'f' * 65}: a name of more than 64 ASCII characters"),
        (_object(_field(Scalar("any"), "é")), "/é: a name of more than 64 ASCII characters"),
        (_object(_field(Scalar("integer", minimum=-32769))), "/XType/f: a limit beyond 16 bits"),
        (_object(_field(Scalar("integer", maximum=32768))), "/XType/f: a limit beyond 16 bits"),
        (_object(_field(Scalar("string", max_length=65536))), "/XType/f: a limit beyond 16 bits"),
        (_object(_field(Array(Scalar("any"), 0, 65536))), "/XType/f: a limit beyond 16 bits"),
        (_enumeration(*(f"v{n}" for n in range(256))), "/XEnumType: more than 255 values"),
    ],
)
def test_refuses_what_does_not_fit(model: Model, message: str) -> None:
    with pytest.raises(SchemaError) as caught:
        emit(model, "# HEADER")
    assert str(caught.value) == f"schema_tables.h: {message} does not fit the tables of the validator"


def test_takes_what_just_fits() -> None:
    limits = [
        Scalar("integer", -32768, 32767),
        Scalar("string", max_length=65535),
        Array(Reference("XEnumType"), 1, 65535),
    ]
    fields = [_field(limit, f"f{n}".ljust(64, "x")) for n, limit in enumerate(limits)]
    fields += [_field(Scalar("any"), f"g{n}") for n in range(61)]
    enumeration = _enumeration(*(f"v{n}" for n in range(255)))
    tables = Tables(replace(_object(*fields), enumerations=enumeration.enumerations))
    assert len(tables.fields) == 64 and len(tables.values) == 255
