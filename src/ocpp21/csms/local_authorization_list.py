"""Local Authorization List (block D) of the CSMS: what each Charging Station is to know by itself.

The CSMS keeps its own view of the list of each Charging Station: all that was accepted, part by part, and the version
that it made. A Charging Station that has another version than that has another list, and is sent the whole one.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import msgspec

from ocpp21.block import Block
from ocpp21.csms.events import LocalListUpdated
from ocpp21.csms.splitting import split
from ocpp21.csms.store import LocalListRecord
from ocpp21.csms.tokens import check_info
from ocpp21.errors import CallError, ErrorCode
from ocpp21.id_tokens import token_key
from ocpp21.local_lists import difference, updated
from ocpp21.messages import (
    AuthorizationData,
    ComponentType,
    GetLocalListVersionRequest,
    GetVariableDataType,
    SendLocalListRequest,
    SendLocalListStatusEnumType,
    StatusInfoType,
    UpdateEnumType,
    VariableType,
)

if TYPE_CHECKING:
    from ocpp21.csms.splitting import MessageLimits
    from ocpp21.csms.station import Station

__all__ = ["ListUpdate", "LocalAuthorizationList"]

logger: Final = logging.getLogger("ocpp21.csms")

_FULL: Final = UpdateEnumType.FULL
_DIFFERENTIAL: Final = UpdateEnumType.DIFFERENTIAL
_ACCEPTED: Final = SendLocalListStatusEnumType.ACCEPTED

#: Greatest integer on the wire (Part 2, 2.1.4).
_MAX_INTEGER: Final = 2**31 - 1

_ACTION: Final = "SendLocalList"

#: What a Charging Station answers that knows nothing of lists.
_NO_LISTS: Final = (ErrorCode.NOT_IMPLEMENTED, ErrorCode.NOT_SUPPORTED)


class ListUpdate(msgspec.Struct, frozen=True, kw_only=True):
    """What has become of an update.

    Attributes:
        status: of the last part; all of it was taken when it is Accepted.
        update_type: how it was sent in the end: Full also when a Differential update was refused (D01.FR.03).
        version: that the list has now, as far as the CSMS knows.
        status_info: of the last part.
    """

    status: SendLocalListStatusEnumType
    update_type: UpdateEnumType
    version: int
    status_info: StatusInfoType | None = None


class _Sent(msgspec.Struct, frozen=True):
    """The last part that was sent: its kind, its version, and the answer."""

    update_type: UpdateEnumType
    version: int
    status: SendLocalListStatusEnumType
    status_info: StatusInfoType | None


class LocalAuthorizationList(Block["Station"]):
    """Local Authorization List, Part 2, block D: D01 and D02."""

    def __init__(self, role: Station, /) -> None:
        super().__init__(role)
        self._sending: asyncio.Lock | None = None  # held from the first part of an update to the last
        self._has_asked = False  # for the limits of a message

    # Verbs

    async def view(self) -> LocalListRecord:
        """The list as the CSMS believes it to be: version 0 and no entries when none was ever sent.

        Raises:
            StoreError: it could not be read.
        """
        identity = self.role.identity
        return await self.role.csms.store.local_list(identity) or LocalListRecord(identity=identity)

    async def get_version(self) -> int:
        """Ask for the version of the list (D02); 0 when there is none, or the Charging Station knows no lists.

        Raises:
            LocalProtocolError: the Charging Station was rejected.
            OcppError: the request has failed, as :meth:`Role.call` says.
        """
        try:
            return (await self.role.call(GetLocalListVersionRequest())).version_number
        except CallError as error:
            if error.code in _NO_LISTS:
                return 0
            raise

    async def send_full(self, entries: Sequence[AuthorizationData], /) -> ListUpdate:
        """Replace the list (D01); without entries, empty it (D01.FR.04).

        What does not fit into one message follows in Differential ones (D01.FR.11).

        Args:
            entries: each token once, with idTokenInfo.

        Raises:
            LocalProtocolError: an entry is not as it must be, or too large to be sent; nothing was sent.
            OcppError: a request has failed, as :meth:`Role.call` says; parts before it are done.
            StoreError: the view could not be read or stored.
        """
        _check(entries, _FULL)
        async with self._lock:
            return await self._send_whole(entries, (await self.view()).version)

    async def send_differential(self, changes: Sequence[AuthorizationData], /) -> ListUpdate:
        """Change the list (D01): add or update tokens with idTokenInfo, remove those without.

        When the Charging Station has lost the list, has another one, or refuses a part, it is sent the whole list, as
        it is with these changes (D01.FR.03).

        Args:
            changes: each token once.

        Raises:
            LocalProtocolError, OcppError, StoreError: as :meth:`send_full` says.
        """
        _check(changes, _DIFFERENTIAL)
        async with self._lock:
            return await self._change(changes, await self.view(), await self.get_version())

    async def synchronize(self, entries: Sequence[AuthorizationData], /) -> ListUpdate | None:
        """Make the list this one, with as little as that takes; None when it is so already.

        Args:
            entries: each token once, with idTokenInfo.

        Raises:
            LocalProtocolError, OcppError, StoreError: as :meth:`send_full` says.
        """
        _check(entries, _FULL)
        async with self._lock:
            view, version = await self.view(), await self.get_version()
            if version != view.version or not version:
                return await self._send_whole(entries, max(view.version, version))
            changes = difference(_by_key(view.entries), updated({}, _FULL, entries))
            return await self._change(changes, view, version) if changes else None

    # Private

    @property
    def _lock(self) -> asyncio.Lock:
        self._sending = self._sending or asyncio.Lock()
        return self._sending

    async def _change(self, changes: Sequence[AuthorizationData], view: LocalListRecord, version: int) -> ListUpdate:
        """Send a Differential update, or all of the list where that does not help."""
        newest = max(view.version, version)
        wanted = list(updated(_by_key(view.entries), _DIFFERENTIAL, changes).values())
        parts = await self._parts(changes)
        is_another_list = bool(view.version) and view.version != version
        if is_another_list or newest + len(parts) > _MAX_INTEGER:
            return await self._send_whole(wanted, newest)
        sent = await self._send(_DIFFERENTIAL, parts, newest + 1)
        if sent.status is _ACCEPTED:
            return await self._outcome(sent, _DIFFERENTIAL)
        logger.info("local list sent anew identity=%s: %s", self.role.identity, sent.status)
        return await self._send_whole(wanted, max(sent.version, await self.get_version()))  # D01.FR.03

    async def _send_whole(self, entries: Sequence[AuthorizationData], newest: int) -> ListUpdate:
        """Send a Full update, once more when one of the Differential parts behind it is refused (D01.FR.03).

        Args:
            entries: of the list.
            newest: greatest version that was in use so far.
        """
        parts = await self._parts(entries)
        sent = await self._send(_FULL, parts, _first(newest, len(parts)))
        if sent.status is not _ACCEPTED and sent.update_type is _DIFFERENTIAL:
            sent = await self._send(_FULL, parts, _first(sent.version, len(parts)))
        return await self._outcome(sent, _FULL)

    async def _send(
        self, update_type: UpdateEnumType, parts: Sequence[Sequence[AuthorizationData]], version: int
    ) -> _Sent:
        """Send the parts of an update with rising versions, until one is refused; keep what was accepted."""
        store = self.role.csms.store
        for number, part in enumerate(parts):
            kind = _DIFFERENTIAL if number else update_type
            request = SendLocalListRequest(
                version_number=version + number,  # D01.FR.01, D01.FR.18
                update_type=kind,
                local_authorization_list=list(part) or None,
            )
            response = await self.role.call(request)
            sent = _Sent(kind, version + number, response.status, response.status_info)
            if response.status is not _ACCEPTED:
                return sent
            view = await self.view()
            entries = updated(_by_key(view.entries), kind, part)
            record = LocalListRecord(identity=self.role.identity, version=sent.version, entries=tuple(entries.values()))
            await store.put_local_list(record)
            self.role.csms.publish(LocalListUpdated(station=self.role, at=self.role.now(), local_list=record))
        return sent

    async def _outcome(self, sent: _Sent, update_type: UpdateEnumType) -> ListUpdate:
        return ListUpdate(
            status=sent.status,
            update_type=update_type,
            version=(await self.view()).version,
            status_info=sent.status_info,
        )

    async def _parts(self, entries: Sequence[AuthorizationData]) -> list[list[AuthorizationData]]:
        """The entries in messages that the Charging Station takes; one without entries when there are none."""
        if not entries:
            return [[]]
        frame = SendLocalListRequest(
            version_number=_MAX_INTEGER, update_type=_DIFFERENTIAL, local_authorization_list=list(entries[:1])
        )
        return split(entries, _ACTION, await self._limits(), frame=frame)  # D01.FR.11

    async def _limits(self) -> MessageLimits:
        """What fits into one message, from what was reported, or else by asking for it once."""
        provisioning = self.role.provisioning
        limits = await provisioning.message_limits()
        if not limits.knows(_ACTION) and not self._has_asked:
            await provisioning.get_variables(_LIMITS)
            self._has_asked = True
        return limits


_LIMITS: Final = [
    GetVariableDataType(component=ComponentType(name="LocalAuthListCtrlr"), variable=VariableType(name=name))
    for name in ("ItemsPerMessage", "BytesPerMessage")
]


def _check(entries: Sequence[AuthorizationData], update_type: UpdateEnumType) -> None:
    """See that an update keeps the rules.

    Raises:
        LocalProtocolError: it does not.
    """
    updated({}, update_type, entries)  # D01.FR.06
    for entry in entries:
        if entry.id_token_info is not None:
            check_info(entry.id_token_info)


def _by_key(entries: Sequence[AuthorizationData]) -> dict[str, AuthorizationData]:
    return {token_key(entry.id_token): entry for entry in entries}


def _first(newest: int, parts: int) -> int:
    """The first version of a Full update: it need not be greater than the last, so the numbers begin anew."""
    return newest + 1 if newest + parts <= _MAX_INTEGER else 1
