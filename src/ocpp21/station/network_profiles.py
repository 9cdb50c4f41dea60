"""The slots of network connection profiles: kept in the device model, checked before they are written (B09, B10).

The component NetworkConfiguration has one instance for each slot of NetworkConfigurationPriority.valuesList. Both ways
of writing one end here: SetNetworkProfile replaces a slot as a whole, SetVariables a value of a slot that is not in
NetworkConfigurationPriority. Whoever connects asks for :attr:`NetworkProfiles.priority` and
:meth:`NetworkProfiles.profile` before each attempt, and tells by :meth:`NetworkProfiles.connected` which has worked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Final, cast

from ocpp21.device_model import Change, Variable
from ocpp21.device_model.catalogue import NetworkConfiguration
from ocpp21.device_model.characteristics import ValueRefused
from ocpp21.device_model.data_types import BOOLEAN
from ocpp21.errors import LocalProtocolError, shorten
from ocpp21.identity import check_endpoint, check_identity
from ocpp21.messages import (
    APNAuthenticationEnumType,
    APNType,
    NetworkConnectionProfileType,
    OCPPInterfaceEnumType,
    OCPPTransportEnumType,
    OCPPVersionEnumType,
    SetNetworkProfileRequest,
    StatusInfoType,
    VPNEnumType,
    VPNType,
)
from ocpp21.messages.values import ReasonCodes
from ocpp21.network_profile import (
    APN,
    SECURITY_PROFILES,
    VALUES,
    VPN,
    Problem,
    ProfileNumber,
    check_change,
    check_password_length,
    find_problem,
)

if TYPE_CHECKING:
    from ocpp21.device_model import DeviceModel

__all__ = ["NetworkProfiles"]

#: Longest additionalInfo, in characters (Part 2, StatusInfoType).
_INFO_SIZE: Final = 1024


class NetworkProfiles:
    """The network connection profiles of a Charging Station.

    Args:
        model: the device model.
    """

    def __init__(self, model: DeviceModel, /) -> None:
        self._model: Final = model
        self._comm: Final = model.ocpp_comm_ctrlr
        self._active: int | None = None
        for slot in self.slots:
            identity = model.network_configuration[str(slot)].identity
            if not identity.exists:
                identity.add()
            for variable in model.network_configuration[str(slot)].variables:
                if variable.is_writable:  # B09.FR.10: told as it can be written
                    variable.honour(partial(self._why_not, slot, variable))
        self._comm.network_configuration_priority.honour(self._why_no_priority)
        model.security_ctrlr.identity.honour(partial(_why_no, check_identity))
        model.security_ctrlr.basic_auth_password.honour(partial(_why_no, check_password_length))  # A01.FR.01

    # What there is

    @property
    def slots(self) -> list[int]:
        """The slots, in use or not (B09.FR.05)."""
        priority = self._comm.network_configuration_priority
        values = priority.characteristics.values_list if priority.exists else None
        return [int(slot) for slot in values or ()]

    @property
    def priority(self) -> list[int]:
        """The slots that the station connects by, the first one first (NetworkConfigurationPriority)."""
        return [int(slot) for slot in self._comm.network_configuration_priority.get(())]

    @property
    def active(self) -> int | None:
        """The slot that the latest connection was made with; None before the first."""
        return self._active

    def profile(self, slot: int, /) -> NetworkConnectionProfileType:
        """What a slot holds now; whether that will do, :meth:`problem` says.

        Raises:
            LocalProtocolError: there is no such slot.
        """
        if slot not in self.slots:
            raise LocalProtocolError(f"expected a slot of {self.slots}, found {slot}")
        found = self._model.network_configuration[str(slot)]
        version = found.ocpp_version.get()
        return NetworkConnectionProfileType(
            ocpp_csms_url=found.ocpp_csms_url.get(""),
            ocpp_interface=OCPPInterfaceEnumType(found.ocpp_interface.get(OCPPInterfaceEnumType.ANY)),
            ocpp_transport=OCPPTransportEnumType(found.ocpp_transport.get(OCPPTransportEnumType.JSON)),
            ocpp_version=OCPPVersionEnumType(version) if version else None,
            message_timeout=found.message_timeout.get(0),
            security_profile=found.security_profile.get(0),
            identity=found.identity.get() or None,
            basic_auth_password=found.basic_auth_password.get() or None,
            apn=self._apn(slot),
            vpn=self._vpn(slot),
        )

    def problem(self, slot: int, /) -> Problem | None:
        """Say what is wrong with a slot, or None when the station can connect by it."""
        return find_problem(self.profile(slot))

    # What is to be written

    def why_not(self, request: SetNetworkProfileRequest, /) -> StatusInfoType | None:
        """Say why a profile may not be stored, or None."""
        slot, data = request.configuration_slot, request.connection_data
        if slot not in self.slots:  # B09.FR.05
            return _info(ReasonCodes.INVALID_CONF_SLOT, f"expected a slot of {self.slots}, found {slot}")
        # A downgrade is called one whatever else is wrong: its URL may be that of the profile in use (TC_B_110_CS).
        if data.security_profile in SECURITY_PROFILES:
            downgrade = self._why_no_change_to(data.security_profile)  # B09.FR.04, B09.FR.31
            if downgrade is not None:
                return downgrade
        problem = find_problem(data) or self._unsupported(slot, data)
        if problem is None:
            return None
        return _info(ReasonCodes.INVALID_NETWORK_CONF, f"{problem.variable}: {problem.text}")  # B09.FR.02

    def changes(self, slot: int, data: NetworkConnectionProfileType, /) -> list[Change]:
        """The changes of the device model that put a profile into a slot (B09.FR.09).

        Raises:
            LocalProtocolError: the device model cannot hold it.
        """
        return [change for variable, value in self._values(slot, data) if (change := variable.change(value))]

    def cleared(self, changes: Sequence[Change], /) -> list[Change]:
        """What follows from a SetVariables: the slot in use loses identity and password (B09.FR.26, B09.FR.27)."""
        if self._active is None:
            return []
        own, found = self._model.security_ctrlr, self._model.network_configuration[str(self._active)]
        pairs = ((own.identity, found.identity), (own.basic_auth_password, found.basic_auth_password))
        set_ = {change.place for change in changes}
        return [
            change
            for of_station, of_slot in pairs
            if of_station.place in set_ and of_slot.is_writable and (change := of_slot.change(None))
        ]

    # What came of it

    def connected(self, slot: int, /) -> None:
        """Take note that there is a connection by a slot: what is in use is told by the device model."""
        self._active = slot
        data = self.profile(slot)
        security = self._model.security_ctrlr
        _show(self._comm.active_network_profile, slot)
        _show(self._comm.message_timeout["Default"], data.message_timeout)
        _show(security.security_profile, data.security_profile)
        if data.identity:  # B09.FR.28
            _show(security.identity, data.identity)
        if data.basic_auth_password:  # B09.FR.28
            _show(security.basic_auth_password, data.basic_auth_password)

    # Private

    def _apn(self, slot: int) -> APNType | None:
        found = self._model.network_configuration[str(slot)]
        if not found.apn_enabled.get(False):
            return None
        pin = found.sim_pin.get()
        return APNType(
            apn=found.apn.get(""),
            apn_user_name=found.apn_user_name.get() or None,
            apn_password=found.apn_password.get() or None,
            sim_pin=int(pin) if pin and pin.isdecimal() else None,
            preferred_network=found.preferred_network.get() or None,
            use_only_preferred_network=found.use_only_preferred_network.get(),
            apn_authentication=APNAuthenticationEnumType(found.apn_authentication.get("AUTO")),
        )

    def _vpn(self, slot: int) -> VPNType | None:
        found = self._model.network_configuration[str(slot)]
        if not found.vpn_enabled.get(False):
            return None
        return VPNType(
            server=found.vpn_server.get(""),
            user=found.vpn_user.get(""),
            group=found.vpn_group.get() or None,
            password=found.vpn_password.get(""),
            key=found.vpn_key.get(""),
            type=VPNEnumType(found.vpn_type.get(VPNEnumType.IKEV2)),
        )

    def _values(self, slot: int, data: NetworkConnectionProfileType) -> Iterator[tuple[Variable[Any], Any]]:
        """The variables of a slot, with the values that a profile gives them; None leaves one without."""
        found = self._model.network_configuration[str(slot)]
        for field, name in VALUES.items():
            value = getattr(data, field)
            if field == "ocpp_version":
                value = value or OCPPVersionEnumType.OCPP21  # ignored, but some value it must have
            yield _named(found, name), value
        if found.apn_enabled.is_writable:
            yield found.apn_enabled, data.apn is not None  # B09.FR.11, B09.FR.12
        if found.vpn_enabled.is_writable:
            yield found.vpn_enabled, data.vpn is not None  # B09.FR.11, B09.FR.12
        for group, names in ((data.apn, APN), (data.vpn, VPN)):
            for field, name in names.items() if group is not None else ():
                if (variable := _named(found, name)).exists:
                    yield variable, _value(variable, getattr(group, field))

    def _unsupported(self, slot: int, data: NetworkConnectionProfileType) -> Problem | None:
        """What this station cannot do of a profile that is right as such."""
        found = self._model.network_configuration[str(slot)]
        for group, names, enabled in ((data.apn, APN, found.apn_enabled), (data.vpn, VPN, found.vpn_enabled)):
            if group is None:
                continue
            if not enabled.is_writable:  # B09.FR.13
                return Problem(enabled.place.variable, "expected none, since there is no such network here")
            for field, name in names.items():
                variable = _named(found, name)
                if getattr(group, field) is not None and not variable.exists:
                    return Problem(variable.place.variable, "expected none, since it cannot be set here")
        for variable, value in self._values(slot, data):
            try:
                if value is not None:
                    _check(variable, value)
            except ValueRefused as error:
                return Problem(variable.place.variable, str(error))
        return None

    def _why_no_change_to(self, security_profile: int) -> StatusInfoType | None:
        security = self._model.security_ctrlr
        current, allow_downgrade = (
            security.security_profile.get(1),
            security.allow_security_profile_downgrade.get(False),
        )
        try:
            check_change(
                cast(ProfileNumber, current), cast(ProfileNumber, security_profile), allow_downgrade=allow_downgrade
            )
        except LocalProtocolError as error:
            return _info(ReasonCodes.NO_SECURITY_DOWNGRADE, str(error))
        return None

    def _why_not(self, slot: int, variable: Variable[Any], value: Any) -> StatusInfoType | None:
        """Say why the CSMS may not set a value of a slot, or None (B09.FR.23)."""
        if slot in self.priority:  # B09.FR.22
            return _info(ReasonCodes.PRIORITY_NETWORK_CONF, f"slot {slot} is in NetworkConfigurationPriority")
        name = variable.place.variable
        if name == "SecurityProfile":
            if value not in SECURITY_PROFILES:  # B09.FR.25
                return _info(ReasonCodes.INVALID_VALUE, f"expected 1, 2 or 3, found {value}")
            return self._why_no_change_to(value)  # B09.FR.32, B09.FR.35
        check = _CHECKS.get(name)
        return None if check is None or not value else _why_no(check, value)  # B09.FR.25

    def _why_no_priority(self, value: tuple[str, ...]) -> StatusInfoType | None:
        """Say why the CSMS may not set NetworkConfigurationPriority, or None."""
        if not value:
            return _info(ReasonCodes.INVALID_VALUE, "expected at least one slot, found none")
        for slot in map(int, value):
            if slot in self.priority:  # B09.FR.20
                continue
            problem = self.problem(slot)  # B09.FR.33, B10.FR.01
            if problem is not None:  # B09.FR.34, B10.FR.02
                text = f"NetworkConfiguration[{slot}].{problem.variable}: {problem.text}"
                return _info(ReasonCodes.INVALID_NETWORK_CONF, text)
        return None


#: What a single value must be, beyond its characteristics.
_CHECKS: Final[dict[str, Callable[[str], object]]] = {"OcppCsmsUrl": check_endpoint, "Identity": check_identity}


def _why_no(check: Callable[[str], object], value: str) -> StatusInfoType | None:
    """Say why a text may not be set, by what raises an error then, or None."""
    try:
        check(value)
    except LocalProtocolError as error:
        return _info(ReasonCodes.INVALID_VALUE, str(error))
    return None


def _info(reason_code: str, text: str) -> StatusInfoType:
    return StatusInfoType(reason_code=reason_code, additional_info=shorten(text, _INFO_SIZE))


def _named(found: NetworkConfiguration, name: str) -> Variable[Any]:
    """A variable of a slot by its name in the standard."""
    return found.ACCESSORS[name.lower()].__get__(found, type(found))


def _value(variable: Variable[Any], value: Any) -> Any:
    """The value that a field gives to a variable: numbers are texts there, and what is absent is false."""
    if isinstance(value, bool) or not isinstance(value, int):
        return False if value is None and variable.characteristics.data_type is BOOLEAN else value
    return str(value)


def _check(variable: Variable[Any], value: Any) -> None:
    """See that a variable can hold a value.

    Raises:
        ValueRefused: it cannot.
    """
    facts = variable.characteristics
    facts.check(facts.data_type.write(value), is_secret=True)


def _show(variable: Variable[Any], value: Any) -> None:
    if variable.exists:
        variable.set(value)
