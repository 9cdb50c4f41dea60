"""What differs between the versions of OCPP-J, as data: the session asks, and nobody compares version strings.

Only OCPP 2.1 has messages here; 2.0.1 is described so that it can join (Part 4 of both; docs/decisions.md).
"""

from __future__ import annotations

from collections.abc import Set
from typing import Final, Literal

import msgspec

from ocpp21.errors import ErrorCode
from ocpp21.messages.registry import ACTIONS

__all__ = ["OCPP21", "OCPP201", "Version"]


class Version(msgspec.Struct, frozen=True):
    """The rules of one version.

    Attributes:
        subprotocol: name in ``Sec-WebSocket-Protocol`` (Part 4, 3.1.2).
        message_types: types of frames that exist.
        unknown_type: what an integer that is no type is answered with; None: it is ignored (2.1: Part 4, 4.1.3 and
            4.4; 2.0.1 answers by its 4.4).
        refuses_results: a CALLRESULT that is not valid is answered with a CALLRESULTERROR (FR.06); otherwise with
            nothing.
        actions: names of its actions.
        retry_keeps_id: a retried message may keep its id (Part 4, 4.1.4).
    """

    subprotocol: str
    message_types: Set[int]
    unknown_type: ErrorCode | None
    refuses_results: bool
    actions: Set[str]
    retry_keeps_id: bool

    def has(self, action: str) -> bool:
        """Say whether the version has an action."""
        return action in self.actions


def _actions(*since: Literal["2.0.1", "2.1"]) -> frozenset[str]:
    return frozenset(action.name for action in ACTIONS.values() if action.since in since)


OCPP21: Final = Version(
    subprotocol="ocpp2.1",
    message_types=frozenset({2, 3, 4, 5, 6}),
    unknown_type=None,
    refuses_results=True,
    actions=_actions("2.0.1", "2.1"),
    retry_keeps_id=True,
)

OCPP201: Final = Version(
    subprotocol="ocpp2.0.1",
    message_types=frozenset({2, 3, 4}),
    unknown_type=ErrorCode.MESSAGE_TYPE_NOT_SUPPORTED,
    refuses_results=False,
    actions=_actions("2.0.1"),
    retry_keeps_id=True,
)
