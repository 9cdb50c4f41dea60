"""The values of the device model that survive a reboot: stored before they take effect (B05)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from ocpp21.device_model import DeviceModel, Ignored, Key
from ocpp21.messages import AttributeEnumType
from ocpp21.station.store import Put, Store, Table

__all__ = ["puts", "restore"]


class _Setting(msgspec.Struct, frozen=True, omit_defaults=True):
    """The value of one attribute of a variable."""

    component: str
    variable: str
    value: str
    component_instance: str | None = None
    evse_id: int | None = None
    connector_id: int | None = None
    variable_instance: str | None = None
    attribute: AttributeEnumType = AttributeEnumType.ACTUAL


_TABLE: Final = Table("setting", _Setting)


def puts(values: Mapping[Key, str], /) -> list[Put]:
    """The changes to the store that keep these values."""
    return [_TABLE.put(_name(key), _setting(key, value)) for key, value in values.items()]


async def restore(device_model: DeviceModel, store: Store, /) -> list[Ignored]:
    """Put the stored values in force, before anything looks at them.

    Returns:
        What was not taken, and why: an older firmware may have known more variables.

    Raises:
        StoreError: the store could not be read.
    """
    return device_model.load({_key(setting): setting.value for setting in (await _TABLE.load(store)).values()})


def _name(key: Key) -> str:
    return msgspec.json.encode(list(key)).decode()


def _setting(key: Key, value: str) -> _Setting:
    return _Setting(value=value, **key._asdict())


def _key(setting: _Setting) -> Key:
    return Key(*(getattr(setting, name) for name in Key._fields))
