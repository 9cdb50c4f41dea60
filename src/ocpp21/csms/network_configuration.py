"""The component NetworkConfiguration as a CSMS writes it, variable by variable (B09, since OCPP 2.1)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Final

from ocpp21.errors import LocalProtocolError
from ocpp21.messages import (
    ComponentType,
    GetVariableDataType,
    NetworkConnectionProfileType,
    SetVariableDataType,
    VariableType,
)
from ocpp21.network_profile import APN, VALUES, VPN

__all__ = ["PRIORITY", "check_apart", "prioritized", "rows", "written"]

_NAME: Final = "NetworkConfiguration"
_COMM: Final = ComponentType(name="OCPPCommCtrlr")
_PRIORITY: Final = VariableType(name="NetworkConfigurationPriority")

#: Which slots are in use.
PRIORITY: Final = GetVariableDataType(component=_COMM, variable=_PRIORITY)


def rows(slot: int, profile: NetworkConnectionProfileType, /) -> list[SetVariableDataType]:
    """The variables that put a profile into a slot."""
    values: dict[str, Any] = {
        "ApnEnabled": profile.apn is not None,  # B09.FR.29, B09.FR.30
        "VpnEnabled": profile.vpn is not None,  # B09.FR.29, B09.FR.30
    }
    for group, names in ((profile, VALUES), (profile.apn, APN), (profile.vpn, VPN)):
        if group is not None:
            values |= {name: value for field, name in names.items() if (value := getattr(group, field)) is not None}
    component = ComponentType(name=_NAME, instance=str(slot))
    return [
        SetVariableDataType(
            component=component,
            variable=VariableType(name=name),
            attribute_value=str(value).lower() if isinstance(value, bool) else str(value),
        )
        for name, value in values.items()
    ]


def prioritized(slots: Sequence[int], /) -> SetVariableDataType:
    """NetworkConfigurationPriority with these slots.

    Raises:
        LocalProtocolError: there is none, or one twice.
    """
    if not slots or len(set(slots)) < len(slots):
        raise LocalProtocolError(f"expected one slot or more, each once, found {list(slots)}")
    text = ",".join(map(str, slots))
    return SetVariableDataType(component=_COMM, variable=_PRIORITY, attribute_value=text)


def written(data: Sequence[SetVariableDataType], /) -> set[str]:
    """The slots whose NetworkConfiguration is written."""
    return {item.component.instance or "" for item in data if item.component.name.lower() == _NAME.lower()}


def check_apart(slots: Collection[str], priority: str | None, /) -> None:
    """See that no slot is written that is in use (B09.FR.21).

    Args:
        slots: that are to be written.
        priority: value of NetworkConfigurationPriority; None when the Charging Station has not told it.

    Raises:
        LocalProtocolError: one is.
    """
    listed = {slot.strip() for slot in (priority or "").split(",")}
    if both := sorted(listed.intersection(slots)):
        raise LocalProtocolError(f"expected slots that are not in NetworkConfigurationPriority, found {','.join(both)}")
