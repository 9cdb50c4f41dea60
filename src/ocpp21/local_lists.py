"""Local Authorization Lists as both roles reckon with them: what an update makes of one (Part 2, D01).

Pure computation. A list is a mapping from the key of each token, :func:`~ocpp21.id_tokens.token_key`, to its entry.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from ocpp21.errors import LocalProtocolError
from ocpp21.id_tokens import token_key
from ocpp21.messages import AuthorizationData, UpdateEnumType
from ocpp21.messages.values import ReasonCodes

__all__ = ["ListRefused", "difference", "updated"]


class ListRefused(LocalProtocolError):
    """An update that the standard forbids; it changes nothing.

    Attributes:
        reason_code: of :class:`ocpp21.messages.values.ReasonCodes`.
    """

    def __init__(self, reason_code: str, explanation: str, /) -> None:
        super().__init__(explanation)
        self.reason_code: Final = reason_code


def updated(
    entries: Mapping[str, AuthorizationData], update_type: UpdateEnumType, changes: Sequence[AuthorizationData], /
) -> dict[str, AuthorizationData]:
    """The list after an update.

    Args:
        entries: the list before.
        update_type: Full or Differential.
        changes: the elements of the update; none leaves a Full list empty (D01.FR.04), another one as it is
            (D01.FR.05).

    Raises:
        ListRefused: a token is there twice, or one of a Full list has no idTokenInfo.
    """
    by_key = {token_key(change.id_token): change for change in changes}
    if len(by_key) < len(changes):  # D01.FR.06
        raise ListRefused(ReasonCodes.INVALID_VALUE, "expected each idToken once, found one twice")
    if update_type == UpdateEnumType.FULL:  # D01.FR.15
        if any(change.id_token_info is None for change in changes):
            raise ListRefused(ReasonCodes.MISSING_PARAM, "expected idTokenInfo of each idToken of a Full update")
        return by_key
    after = {**entries, **by_key}  # D01.FR.16
    return {key: entry for key, entry in after.items() if entry.id_token_info is not None}  # D01.FR.17


def difference(
    before: Mapping[str, AuthorizationData], after: Mapping[str, AuthorizationData], /
) -> list[AuthorizationData]:
    """The elements of the Differential update that makes one list the other."""
    gone = [AuthorizationData(id_token=entry.id_token) for key, entry in before.items() if key not in after]
    return gone + [entry for key, entry in after.items() if before.get(key) != entry]
