"""``device-model.csv``: the standardized components and variables."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
import tiny

from codegen import names
from codegen.device_model import GENERIC, RESERVED, StandardComponent, StandardVariable, read
from codegen.load import SchemaError
from codegen.model import Model
from codegen.values import read as read_values
from ocpp21.device_model import Component

ROOT = Path(__file__).parents[2]

TONES = {"ToneEnumType": ("Low", "High.Pitch")}


def written(folder: Path, text: str = tiny.DEVICE_MODEL) -> Path:
    path = folder / "device-model.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_reads_what_stands_in_the_cells(tmp_path: Path) -> None:
    label = StandardVariable("Label", "", "no", "RO", "string", "", None, "", "", None, "name (any component)")
    marks = StandardVariable("Marks", "", "no", "WO", "MemberList", "", "", "", "", ("A", "B"), 'marks on "it", wide')
    tone = StandardVariable("Tone", "", "yes", "RW", "OptionList", "", "Low", "", "", TONES["ToneEnumType"], "pitch")
    loudness = (
        StandardVariable(
            "Loudness", "Day", "no", "RO/RW", "decimal", "dB", None, "0", "120.5", None, "how loud by day"
        ),
        StandardVariable(
            "Loudness", "Night", "if quiet", "RO", "decimal", "dB", None, "", "", None, "how loud by night"
        ),
    )
    assert read(written(tmp_path), TONES, []) == [
        StandardComponent(GENERIC, "", {"label": (label,)}),
        StandardComponent("EVSE", "<slot>", {"marks": (marks,)}),
        StandardComponent("Horn", "", {"tone": (tone,), "loudness": loudness}),
    ]


@pytest.fixture(scope="module")
def components(model: Model) -> list[StandardComponent]:
    enumerations = {item.name: tuple(value for _, value in item.members) for item in model.enumerations}
    return read(ROOT / "codegen" / "device-model.csv", enumerations, read_values(ROOT / "codegen" / "values.toml"))


def test_the_project_s_own_catalogue(components: list[StandardComponent]) -> None:
    rows = [item for component in components for items in component.variables.values() for item in items]
    assert (len(components), len(rows)) == (84, 727)
    assert Counter(row.required for row in rows)["yes"] == 63
    attributes = [names.snake(component.name) for component in components]
    assert len(set(attributes)) == len(attributes)


def test_lists_and_limits_that_are_for_the_station_to_give(components: list[StandardComponent]) -> None:
    rows = {
        (component.name, item.name): item
        for component in components
        for items in component.variables.values()
        for item in items
    }
    # Over 1000 characters: the station picks what it can measure.
    assert rows["SampledDataCtrlr", "TxUpdatedMeasurands"].values is None
    assert rows["OCPPCommCtrlr", "NetworkConfigurationPriority"].values is None
    assert rows["DisplayMessageCtrlr", "Language"].values is None
    assert rows["Connector", "ConnectorType"].values is None
    assert "Central" in (rows["AuthCtrlr", "SupportedIdTokenTypes"].values or ())
    assert rows["EVSE", "PhaseRotation"].values == ("", "RST", "RTS", "SRT", "STR", "TRS", "TSR", "RSx", "Rxx")
    assert rows["EVSE", "Power"].maximum == ""
    # The value of another variable: told in the meaning.
    assert rows["V2XChargingCtrlr", "TxEndedInterval"].default is None


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("component,", "Component,", "/1: expected the columns component,component_instance,"),
        ("Horn,,Tone,,yes,", "Horn,,Tone,,", "/2: expected 13 cells, found 12"),
        ("Horn,,Loudness,Night", "HORN,,loudness,Day", "/4: has HORN.loudness for a second time"),
        ("Horn,,Tone", "Ho rn,,Tone", "/2: expected the name of a component, found 'Ho rn'"),
        ("Horn,,Loudness,Night", "HORN,,Loudness,Night", "/4: spells Horn in another way"),
        ("Horn,,Loudness,Night", "Horn,<slot>,Loudness,Night", "/4: spells Horn in another way"),
        ("Horn,,Tone", "Horn,,Exists", "/2: gets the Python name exists, which every component has"),
        ("Horn,,Loudness,Night", "Horn,,LOUDNESS,Night", "/4: gets the Python name loudness, as Loudness does"),
        (
            "Night,if quiet,RO,decimal",
            "Night,if quiet,RO,integer",
            "/4: expected decimal as in other instances, found ",
        ),
        ("Horn,,Tone", "Horn,,To-ne", "/2/variable: expected the name of a variable, found 'To-ne'"),
        (",,yes,", ",,maybe,", "/2/required: expected yes, no or a condition, found 'maybe'"),
        ("yes,RW,", "yes,WR,", "/2/mutability: expected one of RO, RW, WO, RO/RW, RW/RO, found 'WR'"),
        ("OptionList", "Option", "/2/data_type: expected one of string, decimal, integer, dateTime, boolean, "),
        ("decimal,dB,,0", "decimal,decibels of a horn,,0", "/3/unit: expected a unit of at most 16 characters, found "),
        ("dB,,0,120.5", "dB,,low,120.5", "/3/min: expected a number, found 'low'"),
        ("dB,,0,120.5", "dB,,0,high", "/3/max: expected a number, found 'high'"),
        ("dB,,0,120.5", "dB,loud,0,120.5", "/3/default: expected a value of decimal, found 'loud'"),
        (",Low,", ",Middle,", "/2/default: expected elements of values, found 'Middle'"),
        ("[min] pitch", "[min] ", "/2/meaning: expected a meaning, found '[min] '"),
    ],
)
def test_refuses(tmp_path: Path, old: str, new: str, message: str) -> None:
    with pytest.raises(SchemaError) as caught:
        read(written(tmp_path, tiny.DEVICE_MODEL.replace(old, new, 1)), TONES, [])
    assert str(caught.value).startswith(f"device-model.csv: {message}")


@pytest.mark.parametrize("content", [None, b"\xff"], ids=["missing", "no UTF-8"])
def test_refuses_a_file_that_is_no_text(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "device-model.csv"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SchemaError, match=r"^device-model\.csv: /: cannot be read as CSV: "):
        read(path, {}, [])


def test_an_empty_file_has_not_the_columns(tmp_path: Path) -> None:
    with pytest.raises(SchemaError, match=r"^device-model\.csv: /1: expected the columns component,.*, found $"):
        read(written(tmp_path, ""), {}, [])


def test_the_reserved_names_are_those_of_a_component() -> None:
    public = {name for name in dir(Component) if name.islower() and not name.startswith("_")}
    assert RESERVED == public
