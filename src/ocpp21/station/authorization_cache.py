"""The Authorization Cache: what the CSMS has said of tokens, kept for as long as it is good (Part 2, C10 to C12).

The text of a token is not kept: an entry is found by a hash of it, under a key that this station has made for itself.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import msgspec

from ocpp21.errors import StoreError
from ocpp21.id_tokens import is_accepted, is_cacheable, token_key
from ocpp21.messages import IdTokenInfoType, IdTokenType, StatusInfoType
from ocpp21.messages.values import ReasonCodes
from ocpp21.station.authorization_order import LocalEntry
from ocpp21.station.seeing_through import see_through
from ocpp21.station.store import Change, Table

if TYPE_CHECKING:
    from ocpp21.station import ChargingStation

__all__ = ["AuthorizationCache", "CacheEntry"]

logger: Final = logging.getLogger("ocpp21.station")

#: Room for entries where AuthCacheCtrlr.Storage names none, in B.
_CAPACITY_B: Final = 1_000_000

_CUSTOM: Final = "CUSTOM"


class CacheEntry(msgspec.Struct, kw_only=True, omit_defaults=True):
    """What is kept of a token.

    Attributes:
        type: kind of token.
        info: what the CSMS has said last.
        stored_at: when it said something first.
        updated_at: when it said this.
        used_at: when the token was presented last, or the CSMS said something of it.
        uses: how often it was presented.
    """

    type: str
    info: IdTokenInfoType
    stored_at: datetime
    updated_at: datetime
    used_at: datetime
    uses: int = 0


class _Secret(msgspec.Struct, frozen=True):
    value: str


#: What goes first when there is no room, by AuthCacheCtrlr.Policy.
_ORDERS: Final[dict[str, Callable[[CacheEntry], Any]]] = {
    "LRU": lambda entry: entry.used_at,
    "LFU": lambda entry: (entry.uses, entry.used_at),
    "FIFO": lambda entry: entry.stored_at,
}


class AuthorizationCache:
    """Remembers tokens; there is one when the device model has AuthCacheCtrlr, with Available or Enabled.

    Args:
        station: whose device model has the settings, and whose store keeps the entries.

    Attributes:
        custom_order: for the policy CUSTOM: what is greater stays longer. The policy can be set when it is there.
    """

    def __init__(self, station: ChargingStation, /) -> None:
        self.custom_order: Callable[[CacheEntry], Any] | None = None
        self._station: Final = station
        self._entries: Final[dict[str, CacheEntry]] = {}
        self._sizes: Final[dict[str, int]] = {}  # of the entries in the store, in B
        self._unsaved: Final[dict[tuple[str, str], Change]] = {}  # to be stored with the next change
        self._table: Final = Table("authorization_cache", CacheEntry)
        self._secrets: Final = Table("authorization_cache_secret", _Secret)
        self._secret: bytes | None = None
        control = station.device_model.auth_cache_ctrlr
        control.enabled.honour()  # C10.FR.11
        control.life_time.honour()
        control.policy.honour(self._check_policy)
        control.disable_post_authorize.honour()
        self._complete()

    async def load(self) -> None:
        """Take up what is stored (C10.FR.02).

        Raises:
            StoreError: it could not be read.
        """
        self._complete()
        secret = (await self._secrets.load(self._station.store)).get("secret")
        self._secret = None if secret is None else bytes.fromhex(secret.value)
        self._entries.clear()
        self._sizes.clear()
        for key, entry in (await self._table.load(self._station.store)).items():
            self._keep(key, entry)

    # What others ask

    @property
    def is_enabled(self) -> bool:
        """Whether it is used; what it holds stays as it is while it is not."""
        return self._station.device_model.auth_cache_ctrlr.enabled.get(False)

    @property
    def size_b(self) -> int:
        """Room that the entries take, in B."""
        return sum(self._sizes.values())

    def look_up(self, id_token: IdTokenType, /) -> LocalEntry | None:
        """What is known of a token, and is still good."""
        if not self.is_enabled or self._secret is None or not is_cacheable(id_token):
            return None
        key = self._key(id_token)
        entry = self._entries.get(key)
        if entry is None:
            return None
        now = self._station.now()
        if self._is_over(entry, now):  # C10.FR.10, C10.FR.13
            self._drop(key)
            return None
        entry.used_at, entry.uses = now, entry.uses + 1
        is_final = self._station.device_model.auth_cache_ctrlr.disable_post_authorize.get(False)
        return LocalEntry(entry.info, is_final)

    async def learn(self, id_token: IdTokenType, info: IdTokenInfoType, /) -> None:
        """Keep what the CSMS has said of a token, whatever it is (C10.FR.01, C10.FR.04, C10.FR.05, C12.FR.06).

        What cannot be stored is kept for as long as the station runs.
        """
        if not self.is_enabled or not is_cacheable(id_token):
            return
        if self._secret is None:
            self._secret = secrets.token_bytes(32)
            self._note(self._secrets.put("secret", _Secret(self._secret.hex())))
        key, now = self._key(id_token), self._station.now()
        before = self._entries.get(key)
        entry = CacheEntry(
            type=id_token.type,
            info=_without_additions(info),  # C10.FR.14
            stored_at=now if before is None else before.stored_at,
            updated_at=now,
            used_at=now,
            uses=0 if before is None else before.uses,
        )
        self._drop(key)
        if not self._is_over(entry, now) and self._make_room(entry, key):
            self._note(self._keep(key, entry))
        try:
            await self._save()
        except StoreError as error:
            logger.error("authorization cache not stored: %s", error)

    async def clear(self) -> None:
        """Forget all tokens (C11.FR.01).

        Raises:
            StoreError: they could not be removed, and are still there.
        """
        await see_through(self._station, self._clear())

    async def _clear(self) -> None:
        before = dict(self._entries)
        await self._save(*(self._table.delete(key) for key in before))
        for key, entry in before.items():
            if self._entries.get(key) is entry:
                del self._entries[key], self._sizes[key]

    # The machinery

    async def _save(self, *more: Change) -> None:
        changes = dict(self._unsaved)
        await self._station.store.commit(*changes.values(), *more)
        for place, change in changes.items():
            if self._unsaved.get(place) is change:
                del self._unsaved[place]

    def _note(self, change: Change) -> None:
        self._unsaved[change.table, change.key] = change

    def _key(self, id_token: IdTokenType) -> str:
        assert self._secret is not None
        return hmac.new(self._secret, token_key(id_token).encode(), hashlib.sha256).hexdigest()  # C10.FR.12

    def _keep(self, key: str, entry: CacheEntry) -> Change:
        change = self._table.put(key, entry)
        self._entries[key] = entry
        self._sizes[key] = len(key) + len(change.value)
        return change

    def _drop(self, key: str) -> None:
        if self._entries.pop(key, None) is not None:
            del self._sizes[key]
            self._note(self._table.delete(key))

    def _is_over(self, entry: CacheEntry, now: datetime) -> bool:
        """Whether what is known is no longer good: by the date of the CSMS, or else by LifeTime."""
        if entry.info.cache_expiry_date_time is not None:  # C10.FR.13
            return entry.info.cache_expiry_date_time <= now
        life_time_s = self._station.device_model.auth_cache_ctrlr.life_time.get()
        return life_time_s is not None and now - entry.updated_at > timedelta(seconds=life_time_s)  # C10.FR.08

    def _make_room(self, entry: CacheEntry, key: str) -> bool:
        """Drop what must go for a new entry to fit; False when it never will (C10.FR.07)."""
        size = len(key) + len(self._table.put(key, entry).value)
        missing = self.size_b + size - self._capacity_b
        if missing <= 0:
            return True
        if size > self._capacity_b:
            return False
        now, order = self._station.now(), self._order
        for old in sorted(
            self._entries,
            key=lambda old: (
                not self._is_over(self._entries[old], now),
                is_accepted(self._entries[old].info),
                order(self._entries[old]),
            ),
        ):
            if missing <= 0:
                break
            missing -= self._sizes[old]
            self._drop(old)
        return True

    @property
    def _order(self) -> Callable[[CacheEntry], Any]:
        policy = self._station.device_model.auth_cache_ctrlr.policy.get("LRU")
        if policy == _CUSTOM and self.custom_order is not None:
            return self.custom_order
        return _ORDERS.get(policy, _ORDERS["LRU"])

    @property
    def _capacity_b(self) -> int:
        storage = self._station.device_model.auth_cache_ctrlr.storage
        limit = storage.characteristics.max_limit if storage.exists else None
        return _CAPACITY_B if limit is None else int(limit)

    def _check_policy(self, policy: str) -> StatusInfoType | None:
        if policy != _CUSTOM or self.custom_order is not None:
            return None
        return StatusInfoType(reason_code=ReasonCodes.INVALID_VALUE, additional_info="no order of our own")

    def _complete(self) -> None:
        """Add the variables that belong to a cache, where there is one."""
        control = self._station.device_model.auth_cache_ctrlr
        if not control.enabled.exists:
            if not control.available.get(False):
                return
            control.enabled.add(True)
        if not control.storage.exists:
            control.storage.add(0, max_limit=_CAPACITY_B)
        control.storage.provide(lambda: self.size_b)


def _without_additions(info: IdTokenInfoType) -> IdTokenInfoType:
    group = info.group_id_token
    if group is None or group.additional_info is None:
        return info
    return msgspec.structs.replace(info, group_id_token=msgspec.structs.replace(group, additional_info=None))
