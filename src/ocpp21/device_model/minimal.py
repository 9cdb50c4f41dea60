"""The device model that every Charging Station must have, with defaults to start from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from ocpp21.device_model.catalogue import COMPONENTS, EVSE, Components, Connector, NetworkConfiguration
from ocpp21.device_model.component import Component
from ocpp21.device_model.declaring import Options
from ocpp21.device_model.place import Place
from ocpp21.device_model.variable import Variable
from ocpp21.errors import LocalProtocolError
from ocpp21.messages import MutabilityEnumType
from ocpp21.messages.values import FileTransferProtocols, IdTokenTypes, TimeSources, TxStartPoints, TxStopPoints

__all__ = ["Default", "EvseLayout", "complete", "default_of"]

_MEASURANDS: Final = ("Energy.Active.Import.Register",)
_READ_ONLY: Final = MutabilityEnumType.READ_ONLY
_READ_WRITE: Final[Options] = {"mutability": MutabilityEnumType.READ_WRITE}
_STATES: Final = "Available"


@dataclass(frozen=True, slots=True)
class EvseLayout:
    """An EVSE for :meth:`DeviceModel.minimal`.

    Attributes:
        connectors: type of each Connector (``cCCS2``, ``sType2``, ...), numbered from 1 in this order.
        power_w: rated power, in W (EVSE.Power.maxLimit).
        supply_phases: AC phases, 0 for DC, 1 to 3.
    """

    connectors: tuple[str, ...] = ("sType2",)
    power_w: float = 22_000
    supply_phases: int = 3


class Default(NamedTuple):
    """What a required variable starts with: our choice where the standard has none; a maker says better."""

    value: Any = None
    options: Options = Options()


#: By component, variable and instance, in lower case. Waiting times and counts are not negative.
_DEFAULTS: Final[dict[tuple[str, str, str], Default]] = {
    ("ocppcommctrlr", "activenetworkprofile", ""): Default(1),
    ("ocppcommctrlr", "filetransferprotocols", ""): Default((FileTransferProtocols.HTTPS,)),
    ("ocppcommctrlr", "messagetimeout", "default"): Default(30, {"min_limit": 1}),
    ("ocppcommctrlr", "networkprofileconnectionattempts", ""): Default(3, {"min_limit": 1}),
    ("ocppcommctrlr", "offlinethreshold", ""): Default(60, {"min_limit": 0}),
    ("ocppcommctrlr", "messageattempts", "transactionevent"): Default(3, {"min_limit": 1}),
    ("ocppcommctrlr", "messageattemptinterval", "transactionevent"): Default(10, {"min_limit": 0}),
    ("ocppcommctrlr", "unlockonevsidedisconnect", ""): Default(True),
    ("ocppcommctrlr", "websocketpinginterval", ""): Default(60, {"min_limit": 0}),
    ("ocppcommctrlr", "retrybackoffrepeattimes", ""): Default(5, {"min_limit": 0}),
    ("ocppcommctrlr", "retrybackoffrandomrange", ""): Default(10, {"min_limit": 0}),
    ("ocppcommctrlr", "retrybackoffwaitminimum", ""): Default(10, {"min_limit": 0}),
    ("ocppcommctrlr", "resetretries", ""): Default(1, {"min_limit": 0}),
    ("networkconfiguration", "ocppcsmsurl", ""): Default(""),
    ("networkconfiguration", "ocppinterface", ""): Default("Any"),
    ("networkconfiguration", "ocppversion", ""): Default("OCPP21"),
    ("networkconfiguration", "messagetimeout", ""): Default(30, {"min_limit": 1}),
    ("networkconfiguration", "vpnenabled", ""): Default(False, {"mutability": _READ_ONLY}),
    ("networkconfiguration", "apnenabled", ""): Default(False, {"mutability": _READ_ONLY}),
    ("devicedatactrlr", "itemspermessage", "getreport"): Default(100),
    ("devicedatactrlr", "itemspermessage", "getvariables"): Default(100),
    ("devicedatactrlr", "itemspermessage", "setvariables"): Default(100),
    ("devicedatactrlr", "bytespermessage", "getreport"): Default(65_536),
    ("devicedatactrlr", "bytespermessage", "getvariables"): Default(65_536),
    ("devicedatactrlr", "bytespermessage", "setvariables"): Default(65_536),
    ("clockctrlr", "timesource", ""): Default((TimeSources.HEARTBEAT,)),
    ("securityctrlr", "organizationname", ""): Default(""),
    ("securityctrlr", "certificateentries", ""): Default(0),
    ("securityctrlr", "additionalrootcertificatecheck", ""): Default(False),
    ("authctrlr", "authorizeremotestart", ""): Default(False, _READ_WRITE),
    ("authctrlr", "localauthorizeoffline", ""): Default(True),
    ("authctrlr", "localpreauthorize", ""): Default(False),
    ("authctrlr", "supportedidtokentypes", ""): Default(
        (IdTokenTypes.ISO14443,), {"values_list": (IdTokenTypes.ISO14443, IdTokenTypes.CENTRAL)}
    ),
    ("txctrlr", "evconnectiontimeout", ""): Default(60, {"min_limit": 0}),
    ("txctrlr", "stoptxonevsidedisconnect", ""): Default(True),
    ("txctrlr", "txstartpoint", ""): Default((TxStartPoints.POWER_PATH_CLOSED,), _READ_WRITE),
    ("txctrlr", "txstoppoint", ""): Default((TxStopPoints.EV_CONNECTED, TxStopPoints.AUTHORIZED), _READ_WRITE),
    ("txctrlr", "stoptxoninvalidid", ""): Default(True),
    ("sampleddatactrlr", "txendedmeasurands", ""): Default(_MEASURANDS, {"values_list": _MEASURANDS}),
    ("sampleddatactrlr", "txendedinterval", ""): Default(0, {"min_limit": 0}),
    ("sampleddatactrlr", "txstartedmeasurands", ""): Default(_MEASURANDS, {"values_list": _MEASURANDS}),
    ("sampleddatactrlr", "txupdatedmeasurands", ""): Default(_MEASURANDS, {"values_list": _MEASURANDS}),
    ("sampleddatactrlr", "txupdatedinterval", ""): Default(60, {"min_limit": 0}),
    ("aligneddatactrlr", "measurands", ""): Default((), {"values_list": _MEASURANDS}),
    ("aligneddatactrlr", "interval", ""): Default(0, {"min_limit": 0}),
    ("aligneddatactrlr", "txendedmeasurands", ""): Default((), {"values_list": _MEASURANDS}),
    ("aligneddatactrlr", "txendedinterval", ""): Default(0, {"min_limit": 0}),
    ("chargingstation", "available", ""): Default(True),
    ("chargingstation", "availabilitystate", ""): Default(_STATES),
    ("evse", "available", ""): Default(True),
    ("evse", "availabilitystate", ""): Default(_STATES),
    ("connector", "available", ""): Default(True),
    ("connector", "availabilitystate", ""): Default(_STATES),
}

#: Required with these security profiles only.
_BY_PROFILE: Final = {"if security profile 1 or 2": (1, 2), "if security profile 2 or 3": (2, 3)}


def default_of(place: Place, /) -> Default:
    """What a variable starts with unless a maker says otherwise."""
    return _DEFAULTS.get((place.component.lower(), *place.variable_key), Default())


def complete(
    model: Components,
    evses: Sequence[EvseLayout] = (),
    /,
    *,
    security_profile: int = 1,
    configuration_slots: Iterable[int] = (1, 2),
) -> None:
    """Add the variables that every Charging Station must have and that are not there yet.

    Args:
        model: the device model.
        evses: the EVSEs, numbered from 1 in this order; at least one.
        security_profile: profile in use, 1 to 3.
        configuration_slots: slots of network connection profiles, two or more (B09.FR.06); the first one is in use.

    Raises:
        LocalProtocolError: there is no EVSE, or an EVSE without Connector, or no such security profile.
    """
    if not evses or not all(layout.connectors for layout in evses):
        raise LocalProtocolError("expected at least one EVSE, each with a Connector (Part 1, 7)")
    if security_profile not in (1, 2, 3):
        raise LocalProtocolError(f"expected security profile 1, 2 or 3, found {security_profile}")
    slots = [str(slot) for slot in configuration_slots]
    _add(model.security_ctrlr.security_profile, Default(security_profile))
    priority = Default(tuple(slots[:1]), {"values_list": slots})
    _add(model.ocpp_comm_ctrlr.network_configuration_priority, priority)
    _add(model.charging_station.supply_phases, Default(max(layout.supply_phases for layout in evses)))
    for number, layout in enumerate(evses, 1):
        evse = EVSE(model).at(number)
        _add(evse.supply_phases, Default(layout.supply_phases))
        _add(evse.power, Default(None, {"max_limit": layout.power_w}))
        for position, kind in enumerate(layout.connectors, 1):
            connector = Connector(model).at(number, position)
            _add(connector.supply_phases, Default(layout.supply_phases))
            _add(connector.connector_type, Default(kind))
    for slot in slots:
        _add(NetworkConfiguration(model)[slot].security_profile, Default(security_profile))
    for component in _components(model, evses, slots):
        for variable in _required(component, security_profile):
            _add(variable, default_of(variable.place))


def _components(model: Components, evses: Sequence[EvseLayout], slots: Sequence[str]) -> Iterator[Component]:
    for kind in COMPONENTS.values():
        if kind is EVSE:
            yield from (kind(model).at(number) for number in range(1, len(evses) + 1))
        elif kind is Connector:
            for number, layout in enumerate(evses, 1):
                yield from (kind(model).at(number, position) for position in range(1, len(layout.connectors) + 1))
        elif kind is NetworkConfiguration:
            yield from (kind(model)[slot] for slot in slots)  # B09.FR.08
        else:
            yield kind(model)


def _required(component: Component, security_profile: int) -> Iterator[Variable[Any]]:
    for accessor in component.ACCESSORS.values():
        for row in accessor.rows:
            if row.required == "yes" or security_profile in _BY_PROFILE.get(row.required, ()):
                yield accessor.__get__(component, type(component))[row.instance]


def _add(variable: Variable[Any], default: Default) -> None:
    if not variable.exists:
        variable.add(default.value, **default.options)
