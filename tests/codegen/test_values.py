"""``values.toml``: predefined values of open fields."""

from __future__ import annotations

from pathlib import Path

import pytest

from codegen.load import SchemaError
from codegen.values import Value, ValueList, read

ROOT = Path(__file__).parents[2]

LISTS = """
[Tones]
text = "Tones."
field = "Shout.tone"
critical = ["High.Pitch"]

[Tones.values]
Low = ""
"High.Pitch" = "Hurts."
"0" = "No tone."
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "values.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_reads_the_lists(tmp_path: Path) -> None:
    values = (Value("LOW", "Low", ""), Value("HIGH_PITCH", "High.Pitch", "Hurts."), Value("NO_TONE", "0", "No tone."))
    assert read(written(tmp_path, LISTS)) == [ValueList("Tones", "Tones.", "Shout.tone", values, ("HIGH_PITCH",))]


def test_names_of_the_project_s_own_lists_and_values_are_identifiers() -> None:
    lists = read(ROOT / "codegen" / "values.toml")
    names = [item.name for item in lists] + [value.name for item in lists for value in item.values]
    assert names and all(name.isidentifier() for name in names)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('Low = ""', "Low = ", "values.toml: /: cannot be read as TOML: Invalid value"),
        ('text = "Tones."', "", "values.toml: /Tones: Object missing required field `text`"),
        ('Low = ""', "Low = 1", "values.toml: /Tones/values: Expected `str`, got `int` - at `$[...]`"),
        ('"0" =', '"high pitch" =', "values.toml: /Tones/high pitch: gets the Python name HIGH_PITCH twice"),
        ('["High.Pitch"]', '["High"]', "values.toml: /Tones/critical: 'High' is not in the list"),
    ],
)
def test_refuses(tmp_path: Path, old: str, new: str, message: str) -> None:
    with pytest.raises(SchemaError) as caught:
        read(written(tmp_path, LISTS.replace(old, new)))
    assert str(caught.value).startswith(message)


def test_refuses_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(SchemaError, match=r"^values\.toml: /: cannot be read as TOML: .*No such file"):
        read(tmp_path / "values.toml")
