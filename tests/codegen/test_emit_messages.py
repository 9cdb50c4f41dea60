"""Generated Python: its text for the tiny standard, and that all of it is deterministic and well-formed."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
import tiny

from codegen import emit_messages
from codegen.model import Model
from codegen.values import Value, ValueList, read

ROOT = Path(__file__).parents[2]

TONES = ValueList(
    "Tones", "Tones.", "Shout.tone", (Value("LOW", "Low", ""), Value("HIGH", "High", "Hurts.")), ("HIGH",)
)

NOISE = '''\
# HEADER

from __future__ import annotations

from typing import Annotated, Any

from msgspec import UNSET, Meta, UnsetType, field

from ocpp21.wire import CustomDataType, Request, Response, Send

from .datatypes import SpotType, String2
from .enumerations import ToneEnumType


class PingRequest(Request["PingResponse"], frozen=True, kw_only=True):
    """Ask for an echo.

    Sent by the CSMS, answered with :class:`PingResponse`.
    Block A, Noise. Source: Part 3, PingRequest.json.

    Attributes:
        id: Name. [at most 4 characters]
        spots: Places. [2 to 3 items]
        notes: Remarks. [1 or more items, each at most 2 characters]
        level: Loudness. [% of all, 1 to 3, default 1]
        drain: Loss. [0 or less]
        heat: Warmth.
        is_loud: True when loud.
        data: Anything.
        tones: Pitches. [0 or more items]
        custom_data: Data of a vendor.
    """

    id: Annotated[str, Meta(max_length=4)] | None = None
    spots: Annotated[list[SpotType], Meta(max_length=3, min_length=2)]
    notes: Annotated[list[String2], Meta(min_length=1)] | None = None
    level: Annotated[int, Meta(ge=1, le=3)] | None = None
    drain: Annotated[float, Meta(le=0.0)] | None = None
    heat: float | None = None
    is_loud: bool | None = field(name="isLoud", default=None)
    tones: Annotated[list[ToneEnumType], Meta(min_length=0)] | None = None
    custom_data: CustomDataType | None = field(name="customData", default=None)
    data: Any | UnsetType = UNSET


class PingResponse(Response, frozen=True, kw_only=True):
    """The echo.

    Answer to :class:`PingRequest`.
    Block A, Noise. Source: Part 3, PingResponse.json.
    """


class Shout(Send, frozen=True, kw_only=True):
    """Make noise.

    Sent by the Charging Station, never answered.
    Block A, Noise. Source: Part 3, Shout.json.

    Attributes:
        tone: Pitch. [default "Low"]
    """

    tone: ToneEnumType
'''


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    model = tiny.model(tmp_path_factory.mktemp("facts"))
    files = emit_messages.emit(model, [TONES], "# HEADER")
    assert {path.parent for path in files} == {emit_messages.PACKAGE}
    return {path.name: text for path, text in files.items()}


@pytest.fixture(scope="module")
def whole(model: Model) -> dict[Path, str]:
    return emit_messages.emit(model, read(ROOT / "codegen" / "values.toml"), "# HEADER")


def test_there_is_one_module_per_block_beside_the_shared_ones(small: dict[str, str]) -> None:
    assert list(small) == ["__init__.py", "datatypes.py", "enumerations.py", "noise.py", "registry.py", "values.py"]


def test_messages_read_as_if_written_by_hand(small: dict[str, str]) -> None:
    assert small["noise.py"] == NOISE


def test_enumerations_keep_their_order_and_values(small: dict[str, str]) -> None:
    assert small["enumerations.py"].endswith(
        'class ToneEnumType(StrEnum):\n    """A pitch."""\n\n    LOW = "Low"\n    HIGH_PITCH = "High.Pitch"\n'
    )


def test_an_open_datatype_is_no_class(small: dict[str, str]) -> None:
    assert "class CustomDataType" not in "".join(small.values())
    assert "from ..wire import CustomDataType\n" in small["__init__.py"]


def test_items_with_limits_have_a_named_type(small: dict[str, str]) -> None:
    assert small["datatypes.py"].endswith("\nString2: TypeAlias = Annotated[str, Meta(max_length=2)]\n")


def test_the_registry_has_every_action(small: dict[str, str]) -> None:
    assert (
        '    Action("Ping", PingRequest, PingResponse, _A, "CSMS", "CALL", "on_ping_request", "2.1"),\n'
        in small["registry.py"]
    )
    assert '    Action("Shout", Shout, None, _A, "CS", "SEND", "on_shout", "2.0.1"),\n' in small["registry.py"]
    assert '_A = Block("A", "Noise", "noise")\n' in small["registry.py"]


def test_predefined_values_are_constants(small: dict[str, str]) -> None:
    assert '    LOW: Final = "Low"\n    HIGH: Final = "High"\n    """Hurts."""\n' in small["values.py"]
    assert "        Tones.HIGH,\n    }\n)\n" in small["values.py"]


def test_every_module_says_that_it_is_generated(whole: dict[Path, str]) -> None:
    assert all(text.startswith("# HEADER\n") for text in whole.values())


def test_every_module_is_python_within_the_line_length(whole: dict[Path, str]) -> None:
    for text in whole.values():
        ast.parse(text)
        assert max(map(len, text.splitlines())) <= emit_messages.LINE_LENGTH


def test_what_is_in_the_tree_is_what_is_written(whole: dict[Path, str]) -> None:
    for path, text in whole.items():
        written = (ROOT / path).read_text(encoding="utf-8")
        assert written.partition("\n")[2] == text.partition("\n")[2]
