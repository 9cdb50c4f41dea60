"""In which order it is decided on a token: local list, cache, CSMS (Part 2, C01, C10, C12 to C15). Pure computation.

========================== =========================================== =============================================
found here                 online                                      offline
========================== =========================================== =============================================
Accepted                   accepted where LocalPreAuthorize is true    accepted where LocalAuthorizeOffline is true
another status             the CSMS is asked; with                     refused
                           DisablePostAuthorize it is refused
listed Accepted, expired   the CSMS is asked                           refused: what is listed is not unknown
nothing                    the CSMS is asked                           accepted where OfflineTxForUnknownIdEnabled is
========================== =========================================== =============================================

What the list has of a token goes before what the cache has. Where DisableRemoteAuthorization is true, the CSMS is never
asked, and list and cache decide alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Protocol

import msgspec

from ocpp21.id_tokens import is_accepted
from ocpp21.messages import AuthorizationStatusEnumType, IdTokenInfoType, IdTokenType

__all__ = ["LocalDecider", "LocalEntry", "decide_offline", "decide_online", "look_up"]

_ACCEPTED: Final = IdTokenInfoType(status=AuthorizationStatusEnumType.ACCEPTED)
_UNKNOWN: Final = IdTokenInfoType(status=AuthorizationStatusEnumType.UNKNOWN)


class LocalEntry(msgspec.Struct, frozen=True):
    """What is known of a token here.

    Attributes:
        info: what the CSMS has said of it; Expired when that is no longer good.
        is_final: the CSMS is not asked again, although the token is not Accepted (DisablePostAuthorize).
    """

    info: IdTokenInfoType
    is_final: bool = False


class LocalDecider(Protocol):
    """What knows tokens without asking the CSMS: a list, a cache."""

    def look_up(self, id_token: IdTokenType, /) -> LocalEntry | None:
        """What is known of a token; None when nothing is, or the decider is switched off."""
        ...


def look_up(deciders: Iterable[LocalDecider], id_token: IdTokenType, /) -> LocalEntry | None:
    """What the first decider that knows a token knows of it (C13.FR.01, C14.FR.01)."""
    return next((entry for decider in deciders if (entry := decider.look_up(id_token)) is not None), None)


def decide_online(entry: LocalEntry | None, /, *, pre_authorizes: bool, may_ask: bool) -> IdTokenInfoType | None:
    """Decide on a token while there is a connection; None when the CSMS is to be asked.

    Args:
        entry: what is known here.
        pre_authorizes: LocalPreAuthorize.
        may_ask: not DisableRemoteAuthorization.
    """
    if not may_ask:
        return _UNKNOWN if entry is None else entry.info
    if entry is None or not pre_authorizes:  # C01.FR.02
        return None
    if is_accepted(entry.info):  # C12.FR.02, C14.FR.02, C14.FR.04
        return entry.info
    return entry.info if entry.is_final else None  # C10.FR.03, C12.FR.05, C14.FR.03, C14.FR.05


def decide_offline(entry: LocalEntry | None, /, *, authorizes: bool, takes_unknown: bool) -> IdTokenInfoType:
    """Decide on a token while there is no connection.

    Args:
        entry: what is known here.
        authorizes: LocalAuthorizeOffline.
        takes_unknown: OfflineTxForUnknownIdEnabled.
    """
    if entry is None:  # C13.FR.04, C13.FR.06, C15.FR.08
        return _ACCEPTED if takes_unknown else _UNKNOWN
    if authorizes or not is_accepted(entry.info):  # C13.FR.02, C13.FR.05
        return entry.info
    return _UNKNOWN
