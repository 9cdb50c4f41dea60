"""Local Authorization List (block D) of the Charging Station: tokens that the CSMS wants it to know by itself.

The list belongs to the CSMS: it changes by SendLocalList alone, all of an update or nothing, and survives a loss of
power together with its version. While it is switched off it stays as it is, unused.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Final

import msgspec

from ocpp21 import codec
from ocpp21.block import Block
from ocpp21.errors import CallError, ErrorCode, StoreError, StoreFull
from ocpp21.id_tokens import is_accepted, token_key
from ocpp21.local_lists import ListRefused, updated
from ocpp21.messages import (
    AuthorizationData,
    AuthorizationStatusEnumType,
    GetLocalListVersionRequest,
    GetLocalListVersionResponse,
    IdTokenType,
    SendLocalListRequest,
    SendLocalListResponse,
    SendLocalListStatusEnumType,
    StatusInfoType,
    UpdateEnumType,
)
from ocpp21.messages.values import ReasonCodes
from ocpp21.station.authorization_order import LocalEntry
from ocpp21.station.seeing_through import see_through
from ocpp21.station.store import Change, Table

if TYPE_CHECKING:
    from ocpp21.device_model import Variable
    from ocpp21.station import ChargingStation

__all__ = ["LocalAuthorizationList"]

logger: Final = logging.getLogger("ocpp21.station")

#: What a list may have where the maker names nothing: tokens, tokens in a message, and bytes of a message.
_CAPACITY: Final = 1000
_ITEMS: Final = 100
_BYTES: Final = 65_536

_Status = SendLocalListStatusEnumType


class _Version(msgspec.Struct, frozen=True):
    number: int


class LocalAuthorizationList(Block["ChargingStation"]):
    """Local Authorization List, Part 2, block D: D01 and D02; it decides on tokens for C13 and C14.

    There is a list when the device model has LocalAuthListCtrlr, with Available or Enabled. Variables that go with
    it are added, unless the maker has: Entries, whose maxLimit is the most tokens (1000), ItemsPerMessage (100) and
    BytesPerMessage (65536).

    Attributes:
        version: of the list; 0 until there is one.
    """

    def __init__(self, role: ChargingStation, /) -> None:
        super().__init__(role)
        self.version = 0
        self._entries: dict[str, AuthorizationData] = {}
        self._table: Final = Table("local_authorization_list", AuthorizationData)
        self._versions: Final = Table("local_authorization_list_version", _Version)
        self._updating: Final = asyncio.Lock()
        control = role.device_model.local_auth_list_ctrlr
        control.enabled.honour()  # D01.FR.13
        control.disable_post_authorize.honour()
        self._complete()
        role.authorization.deciders.insert(0, self)  # C13.FR.01, C14.FR.01

    async def start(self) -> None:
        """Take up the list (D01.FR.10)."""
        self._complete()
        version = (await self._versions.load(self.role.store)).get("version")
        self.version = 0 if version is None else version.number
        self._entries = await self._table.load(self.role.store)

    # What others ask

    @property
    def is_enabled(self) -> bool:
        """Whether the list is used, and updates are taken."""
        return self.role.device_model.local_auth_list_ctrlr.enabled.get(False)

    def look_up(self, id_token: IdTokenType, /) -> LocalEntry | None:
        """What the list has of a token; one that has expired, where that counts, is Expired."""
        entry = self._entries.get(token_key(id_token)) if self.is_enabled else None
        if entry is None or entry.id_token_info is None:
            return None
        control, info = self.role.device_model.local_auth_list_ctrlr, entry.id_token_info
        expires_at = info.cache_expiry_date_time
        # C13.FR.02, C13.FR.05, C14.FR.02, C14.FR.04
        if is_accepted(info) and expires_at is not None and control.supports_expiry_date_time.get(False):
            if expires_at <= self.role.now():  # C14.FR.05: asked about, as though it were not listed
                return LocalEntry(msgspec.structs.replace(info, status=AuthorizationStatusEnumType.EXPIRED))
        return LocalEntry(info, control.disable_post_authorize.get(False))  # C14.FR.03

    # Handlers

    def on_get_local_list_version_request(self, request: GetLocalListVersionRequest) -> GetLocalListVersionResponse:
        """Tell the version of the list; 0 where none is used (D02)."""
        return GetLocalListVersionResponse(
            version_number=self.version if self.is_enabled else 0  # D02.FR.01, D02.FR.02, D02.FR.03
        )

    async def on_send_local_list_request(self, request: SendLocalListRequest) -> SendLocalListResponse:
        """Make an update of the list, all of it or nothing (D01)."""
        if not self._exists:
            raise CallError(ErrorCode.NOT_SUPPORTED, "expected a station with a local list, found one without")
        return await see_through(self.role, self._take(request))  # D01.FR.02

    # The machinery

    async def _take(self, request: SendLocalListRequest) -> SendLocalListResponse:
        async with self._updating:
            try:
                is_newer = await self._update(request)
            except ListRefused as refused:
                return _failed(refused.reason_code, str(refused))
            except StoreError as error:
                logger.error("local authorization list not stored: %s", error)
                is_full = isinstance(error, StoreFull)
                return _failed(ReasonCodes.OUT_OF_STORAGE if is_full else ReasonCodes.INTERNAL_ERROR, "not stored")
        return SendLocalListResponse(status=_Status.ACCEPTED if is_newer else _Status.VERSION_MISMATCH)

    async def _update(self, request: SendLocalListRequest) -> bool:
        """Make an update; False when its version is not newer than the list.

        Raises:
            ListRefused: it is forbidden.
            StoreError: it could not be stored.
        """
        changes = request.local_authorization_list or ()
        if not self.is_enabled:
            raise ListRefused(ReasonCodes.NOT_ENABLED, "the local list is switched off")
        if request.version_number <= 0:  # D01.FR.18
            raise ListRefused(ReasonCodes.VALUE_TOO_LOW, "expected a versionNumber above 0")
        is_differential = request.update_type == UpdateEnumType.DIFFERENTIAL
        if is_differential and request.version_number <= self.version:  # D01.FR.19
            return False
        self._check_size(request, len(changes))
        after = updated(self._entries, request.update_type, changes)
        if len(after) > (most := _limit(self.role.device_model.local_auth_list_ctrlr.entries, _CAPACITY)):  # D01.FR.12
            raise ListRefused(ReasonCodes.OUT_OF_STORAGE, f"expected at most {most} tokens, found {len(after)}")
        await self.role.store.commit(
            *self._changes_to(after), self._versions.put("version", _Version(request.version_number))
        )
        self._entries, self.version = after, request.version_number  # D01.FR.01; by nothing else: D01.FR.09
        return True

    def _check_size(self, request: SendLocalListRequest, items: int) -> None:
        control = self.role.device_model.local_auth_list_ctrlr
        if items > (most := control.items_per_message.get(_ITEMS)):  # D01.FR.11
            raise ListRefused(ReasonCodes.TOO_MANY_ELEMENTS, f"expected at most {most} tokens, found {items}")
        largest = control.bytes_per_message.get(_BYTES)
        if (size := len(codec.encode(request))) > largest:  # D01.FR.11
            raise ListRefused(ReasonCodes.TOO_LARGE_ELEMENT, f"expected at most {largest} bytes, found {size}")

    def _changes_to(self, after: dict[str, AuthorizationData]) -> list[Change]:
        """The changes to the store that make this the list."""
        gone = [self._table.delete(key) for key in self._entries if key not in after]
        return [*gone, *(self._table.put(key, new) for key, new in after.items() if self._entries.get(key) != new)]

    @property
    def _exists(self) -> bool:
        control = self.role.device_model.local_auth_list_ctrlr
        return control.enabled.exists

    def _complete(self) -> None:
        """Add the variables that belong to a list, where there is one."""
        control = self.role.device_model.local_auth_list_ctrlr
        if not control.enabled.exists:
            if not control.available.get(False):
                return
            control.enabled.add(True)
        if not control.entries.exists:
            control.entries.add(0, max_limit=_CAPACITY)
        control.entries.provide(lambda: len(self._entries))
        if not control.items_per_message.exists:
            control.items_per_message.add(_ITEMS)
        if not control.bytes_per_message.exists:
            control.bytes_per_message.add(_BYTES)
        if control.storage.exists:
            control.storage.provide(self._size_b)

    def _size_b(self) -> int:
        return sum(len(key) + len(self._table.put(key, entry).value) for key, entry in self._entries.items())


def _limit(variable: Variable[int], default: int) -> int:
    """The maxLimit of a variable, which is how much there can be."""
    limit = variable.characteristics.max_limit if variable.exists else None
    return default if limit is None else int(limit)


def _failed(reason_code: str, explanation: str) -> SendLocalListResponse:
    return SendLocalListResponse(
        status=_Status.FAILED, status_info=StatusInfoType(reason_code=reason_code, additional_info=explanation)
    )
