"""What a Charging Station takes in one request, and lists cut to fit it.

``DeviceDataCtrlr`` says how many items and how many bytes a request may have (ItemsPerMessage, BytesPerMessage), each
by the action. Until that is known a request has one item, and any number of bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, TypeVar

from ocpp21.codec import encode
from ocpp21.errors import LocalProtocolError
from ocpp21.framing import MAX_MESSAGE_ID
from ocpp21.messages import AttributeEnumType, ComponentType, ReportDataType, VariableType
from ocpp21.messages.registry import ACTIONS
from ocpp21.wire import Datatype

__all__ = ["MessageLimits", "split"]

ItemT = TypeVar("ItemT", bound=Datatype)

#: The actions that requests are split for.
_ACTIONS: Final = frozenset(name.lower() for name, action in ACTIONS.items() if action.initiator != "CS")

#: The variables that hold a limit. Names are compared without regard to case (Part 2, 2.1.4).
_VARIABLES: Final = {"itemspermessage": 0, "bytespermessage": 1}


#: Has the limits of SendLocalList in variables without instance (D01.FR.11).
_LISTS: Final = "localauthlistctrlr"


class MessageLimits:
    """How much fits into one request, as the Charging Station has told."""

    __slots__ = ("_limits",)

    def __init__(self) -> None:
        self._limits: dict[str, list[int | None]] | None = None

    def of(self, action: str, /) -> tuple[int, int | None]:
        """Most items, and most bytes of the whole frame; None is no limit."""
        items, size = (self._limits or {}).get(action.lower(), (None, None))
        return items or 1, size

    def knows(self, action: str, /) -> bool:
        """Whether any limit of an action was told."""
        return action.lower() in (self._limits or {})

    def learn(self, component: ComponentType, variable: VariableType, value: str | None, /) -> None:
        """Take note of the actual value of a variable, if it is a limit; anything but a positive integer is ignored."""
        place = _VARIABLES.get(variable.name.lower())
        if component.evse is not None or place is None or value is None or not _is_limit(value):
            return
        action = (variable.instance or "").lower()
        if component.name.lower() == _LISTS and not action:
            action = "sendlocallist"
        elif component.name.lower() != "devicedatactrlr":
            return
        if action in _ACTIONS:
            self._limits = self._limits or {}
            self._limits.setdefault(action, [None, None])[place] = int(value)

    def learn_report(self, rows: Iterable[ReportDataType], /) -> None:
        """Take note of all limits in a report."""
        for row in rows:
            for attribute in row.variable_attribute:
                if attribute.type in (None, AttributeEnumType.ACTUAL):
                    self.learn(row.component, row.variable, attribute.value)


def split(items: Sequence[ItemT], action: str, limits: MessageLimits, /, *, frame: Datatype) -> list[list[ItemT]]:
    """Cut a list into as few parts as the limits of an action allow, in order.

    Args:
        items: of the list.
        action: whose request they go into.
        limits: of the Charging Station.
        frame: the request with the first item alone, from which the size of the rest of the frame is known.

    Raises:
        LocalProtocolError: an item is not valid, or too large to be sent at all.
    """
    most, size = limits.of(action)
    if size is None:
        return [list(items[start : start + most]) for start in range(0, len(items), most)]
    sizes = [len(encode(item)) for item in items]
    # [2,"<id>","<action>",{...}]
    around = len(encode(frame)) - sizes[0] + len(action) + MAX_MESSAGE_ID + len('[2,"","",]')
    parts: list[list[ItemT]] = []
    used = size
    for item, length in zip(items, sizes, strict=True):
        if around + length > size:
            raise LocalProtocolError(f"expected at most {size} bytes of {action}, found one item of {length} bytes")
        if used + length > size or len(parts[-1]) == most:
            parts.append([])
            used = around
        parts[-1].append(item)
        used += length + 1  # the comma
    return parts


def _is_limit(value: str) -> bool:
    return value.isascii() and value.isdecimal() and len(value) < 10 and int(value) > 0
