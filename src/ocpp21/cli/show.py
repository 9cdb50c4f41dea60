"""``ocpp21 show``: what a message, datatype or enumeration looks like."""

from __future__ import annotations

import difflib
import json
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from typing import Annotated, Any, Final

import msgspec
import typer
from rich.console import Console
from rich.text import Text

from ocpp21._speedups import validators
from ocpp21.cli.terminal import complain
from ocpp21.messages.registry import ACTIONS, BLOCKS
from ocpp21.shapes import ENUMERATIONS, EnumerationShape, FieldShape, Shape, describe, describe_enumeration
from ocpp21.wire import Action

__all__ = ["show"]

_SIDES: Final = {"CS": "the Charging Station", "CSMS": "the CSMS", "BOTH": "either side"}

#: An enumeration of more characters is not listed where it is the type of a field.
_MAX_LISTED: Final = 120

#: Types stand below one another, from this column on at most.
_COLUMN: Final = 28

AnyShape = Shape | EnumerationShape


def show(
    name: Annotated[
        str | None,
        typer.Argument(metavar="NAME", help="Action, message, datatype or enumeration; nothing lists the actions."),
    ] = None,
    deep: Annotated[bool, typer.Option("--deep", help="Also show all datatypes and enumerations within.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show what a message looks like: its fields with their types, limits, units and meaning, and who sends it.

    Exit codes: 0 shown, 2 OCPP 2.1 has no such name.
    """
    if name is None:
        if as_json:
            _print_json([_facts_of(action) for action in ACTIONS.values()])
        else:
            Console(highlight=False).print(_action_list(), end="", soft_wrap=True)
        return
    shapes = _find(name)
    if not shapes:
        complain(f"no action, message, datatype or enumeration has the name {name}{_guess(name)}")
        raise typer.Exit(2)
    if deep:
        shapes += _within(shapes)
    action = ACTIONS.get(name)
    if as_json:
        _print_json({"action": action and _facts_of(action), "shapes": [msgspec.to_builtins(each) for each in shapes]})
    else:
        console = Console(highlight=False)
        console.print(_page(action, shapes, console.width), end="", soft_wrap=True)


def _print_json(value: Any) -> None:
    print(json.dumps(value, indent=2))


# Names


def _find(name: str) -> list[AnyShape]:
    """The shapes that a name stands for: two for the action of a CALL."""
    action = ACTIONS.get(name)
    if action is not None:
        return [describe(message) for message in (action.request, action.response) if message is not None]
    if name in validators.SCHEMAS:
        return [describe(name)]
    return [describe_enumeration(name)] if name in ENUMERATIONS else []


def _guess(name: str) -> str:
    known = {each.casefold(): each for each in (*ACTIONS, *validators.SCHEMAS, *ENUMERATIONS)}
    close = difflib.get_close_matches(name[:64].casefold(), known, n=3)
    return f"; did you mean {' or '.join(known[each] for each in close)}?" if close else ""


def _within(shapes: Iterable[AnyShape]) -> list[AnyShape]:
    """All datatypes and enumerations that shapes refer to, each once, in the order of first mention."""
    seen = {shape.name for shape in shapes}
    waiting = list(shapes)
    found: list[AnyShape] = []
    for shape in waiting:
        for field in shape.fields if isinstance(shape, Shape) else ():
            name = field.type.removeprefix("list of ")
            if name not in seen and (inner := _find(name)):
                seen.add(name)
                waiting += inner
                found += inner
    return found


def _facts_of(action: Action) -> dict[str, Any]:
    return {
        "name": action.name,
        "kind": action.kind,
        "initiator": action.initiator,
        "block": msgspec.to_builtins(action.block),
        "since": action.since,
        "request": action.request.__name__,
        "response": action.response and action.response.__name__,
    }


# Text


def _action_list() -> Text:
    width = max(map(len, ACTIONS))
    page = Text()
    for block in BLOCKS.values():
        page.append(f"{block.letter} {block.title}\n", style="bold")
        for action in ACTIONS.values():
            if action.block == block:
                page.append(f"  {action.name:{width}}  ").append(f"{_way(action)}\n", style="dim")
    return page.append("\n`ocpp21 show ACTION` shows its messages.\n", style="dim")


def _way(action: Action) -> str:
    return f"{action.kind} from {_SIDES[action.initiator]}"


def _page(action: Action | None, shapes: Sequence[AnyShape], width: int) -> Text:
    page = Text()
    if action is not None:
        block = action.block
        page.append(action.name, style="bold").append(f": {_way(action)}, since OCPP {action.since}\n")
        page.append(f"Block {block.letter}, {block.title}\n\n")
    for shape in shapes:
        page.append(f"{shape.name}\n", style="bold").append(_wrap(shape.text, 0, width))
        if isinstance(shape, EnumerationShape):
            page.append("".join(f"  {value}\n" for value in shape.values), style="green")
        else:
            _append_fields(page, shape, width)
        page.append("\n")
    if any(isinstance(shape, Shape) for shape in shapes):
        page.append("* required\n", style="dim")
    return page


def _append_fields(page: Text, shape: Shape, width: int) -> None:
    column = min(_COLUMN, max(len(field.wire) for field in shape.fields) + 1)
    for field in shape.fields:
        gap = " " * (column - len(field.wire) - field.required + 2)
        facts = ", ".join(_facts(field))
        page.append(f"  {field.wire}").append("*" if field.required else "", style="bold red")
        page.append(gap or "  ").append(field.type, style="green").append(f"  {facts}\n" if facts else "\n")
        page.append(_wrap(field.text, 6, width), style="dim")
        if field.values and _is_listed(field.values):
            page.append(_wrap(" | ".join(field.values), 6, width), style="green dim")
    if shape.is_open:
        page.append("  and members of any other name\n")


def _wrap(text: str, indent: int, width: int) -> str:
    """Lay out a text in whole lines."""
    margin = " " * indent
    lines = textwrap.wrap(
        text, width, initial_indent=margin, subsequent_indent=margin, break_long_words=False, break_on_hyphens=False
    )
    return "".join(f"{line}\n" for line in lines)


def _is_listed(values: Sequence[str]) -> bool:
    """Tell whether the values of an enumeration are few enough to be listed where it is the type of a field."""
    return sum(map(len, values)) <= _MAX_LISTED


def _facts(field: FieldShape) -> Iterator[str]:
    """Unit, limits and default, as text."""
    if field.values and not _is_listed(field.values):
        yield f"one of {len(field.values)} values"
    if field.unit:
        yield field.unit
    if field.min_items is not None:
        yield f"{_range(field.min_items, field.max_items)} items"
    each = "" if field.min_items is None else "each "
    if field.max_length is not None:
        yield f"{each}at most {field.max_length} characters"
    if field.minimum is not None or field.maximum is not None:
        yield f"{each}{_range(field.minimum, field.maximum)}"
    if field.default is not None:
        yield f"default {json.dumps(field.default)}"


def _range(minimum: int | None, maximum: int | None) -> str:
    if maximum is None:
        return f"{minimum} or more"
    return f"{maximum} or less" if minimum is None else f"{minimum} to {maximum}"
