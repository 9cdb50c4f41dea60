"""The variables of a Charging Station, and the network profiles that are made of them (B05, B06, B09, B10)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, TypeVar

from ocpp21.block import Block
from ocpp21.csms.network_configuration import PRIORITY, check_apart, prioritized, rows, written
from ocpp21.csms.splitting import MessageLimits, split
from ocpp21.errors import LocalProtocolError
from ocpp21.messages import (
    AttributeEnumType,
    GetVariableDataType,
    GetVariableResultType,
    GetVariablesRequest,
    NetworkConnectionProfileType,
    SetNetworkProfileRequest,
    SetNetworkProfileResponse,
    SetVariableDataType,
    SetVariableResultType,
    SetVariablesRequest,
)
from ocpp21.network_profile import check_profile

if TYPE_CHECKING:
    from ocpp21.csms.station import Station

__all__ = ["Variables"]

DataT = TypeVar("DataT")

#: How the attribute Actual is spelt.
_ACTUAL: Final = (None, AttributeEnumType.ACTUAL)


class Variables(Block["Station"]):
    """The part of provisioning that reads and sets variables."""

    def __init__(self, role: Station, /) -> None:
        super().__init__(role)
        self._limits: MessageLimits | None = None  # None until they are needed

    # Variables

    async def get_variables(self, data: Sequence[GetVariableDataType], /) -> list[GetVariableResultType]:
        """Read variables, in as many requests as the Charging Station needs (B06).

        Args:
            data: which variables, and which attributes of them.

        Returns:
            One result for each, in the order of the answers.

        Raises:
            LocalProtocolError: there is none, one is too large to be sent, or the Charging Station was rejected.
            OcppError: a request has failed, as :meth:`Role.call` says.
        """
        limits = await self._known_limits()
        results: list[GetVariableResultType] = []
        first = GetVariablesRequest(get_variable_data=_some(data)[:1])
        for part in split(data, "GetVariables", limits, frame=first):  # B06.FR.05
            response = await self.role.call(GetVariablesRequest(get_variable_data=part))
            results += response.get_variable_result
        for result in results:
            if result.attribute_type in _ACTUAL:
                limits.learn(result.component, result.variable, result.attribute_value)
        return results

    async def set_variables(self, data: Sequence[SetVariableDataType], /) -> list[SetVariableResultType]:
        """Set variables, in as many requests as the Charging Station needs (B05).

        Args:
            data: which variables and attributes, and their values.

        Returns:
            One result for each, in the order of the answers.

        Raises:
            LocalProtocolError: there is none, one is there twice or too large to be sent, one is of a network
                configuration in use, or the Charging Station was rejected; nothing was set.
            OcppError: a request has failed, as :meth:`Role.call` says; those before it are done.
        """
        seen = set()
        for each in _some(data):
            place = _place(each)
            if place in seen:  # B05.FR.13
                raise LocalProtocolError(
                    f"expected each attribute once, found {each.component.name!a} {each.variable.name!a} twice"
                )
            seen.add(place)
        if slots := written(data):
            (priority,) = await self.get_variables([PRIORITY])
            check_apart(slots, priority.attribute_value)  # B09.FR.21
        limits = await self._known_limits()
        first = SetVariablesRequest(set_variable_data=list(data[:1]))
        results: list[SetVariableResultType] = []
        for part in split(data, "SetVariables", limits, frame=first):  # B05.FR.11
            response = await self.role.call(SetVariablesRequest(set_variable_data=part))
            results += response.set_variable_result
        return results

    # Network profiles

    async def set_network_profile(
        self, slot: int, profile: NetworkConnectionProfileType, /
    ) -> SetNetworkProfileResponse:
        """Store a network connection profile in a slot (B09); it counts once NetworkConfigurationPriority has the slot.

        It carries identity and password of the Charging Station, where they are to change (B09.FR.14).

        Args:
            slot: one of the slots of the Charging Station.
            profile: to store; the security profile may be raised, and not lowered to 1.

        Raises:
            LocalProtocolError: the profile is none, or the Charging Station was rejected.
            OcppError: the request has failed, as :meth:`Role.call` says.
        """
        check_profile(profile)
        return await self.role.call(SetNetworkProfileRequest(configuration_slot=slot, connection_data=profile))

    async def configure_network(
        self, slot: int, profile: NetworkConnectionProfileType, /
    ) -> list[SetVariableResultType]:
        """Write a network connection profile by variables, into a slot that is not in use (B09, since OCPP 2.1).

        Args:
            slot: one that is not in NetworkConfigurationPriority.
            profile: to write, with ApnEnabled and VpnEnabled as it has an APN and a VPN.

        Returns:
            One result for each variable. A Charging Station without modem refuses ApnEnabled and VpnEnabled as
            read-only; all others must be accepted.

        Raises:
            LocalProtocolError: the profile is none, the slot is in use, or the Charging Station was rejected.
            OcppError: a request has failed, as :meth:`Role.call` says.
        """
        check_profile(profile)
        return await self.set_variables(rows(slot, profile))

    async def prioritize_networks(self, slots: Sequence[int], /) -> SetVariableResultType:
        """Let the Charging Station connect by other slots, from its next start or loss of connection on (B10).

        Args:
            slots: one or more, each once, the first one first; keep one that is known to work.

        Raises:
            LocalProtocolError: there is none, or one twice, or the Charging Station was rejected.
            OcppError: the request has failed, as :meth:`Role.call` says.
        """
        (result,) = await self.set_variables([prioritized(slots)])
        return result

    # Private

    async def _known_limits(self) -> MessageLimits:
        """The limits of requests, from what was reported before."""
        if self._limits is None:
            stored = await self.role.csms.store.variables(self.role.identity)
            self._limits = self._limits or MessageLimits()
            self._limits.learn_report(received.message for received in stored)
        return self._limits


def _some(data: Sequence[DataT]) -> list[DataT]:
    if not data:
        raise LocalProtocolError("expected at least one variable, found none")
    return list(data)


def _place(data: SetVariableDataType) -> tuple[object, ...]:
    """What a value is for; names without regard to case (Part 2, 2.1.4)."""
    component, variable, evse = data.component, data.variable, data.component.evse
    names = (component.name, component.instance or "", variable.name, variable.instance or "")
    numbers = None if evse is None else (evse.id, evse.connector_id)
    return (*(name.lower() for name in names), numbers, data.attribute_type or AttributeEnumType.ACTUAL)
