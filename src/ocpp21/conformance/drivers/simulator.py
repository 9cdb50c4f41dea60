"""The driver for our own :class:`~ocpp21.station.ChargingStation` on simulated hardware, a new one for each case."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from ocpp21.asyncio import BackOff, Client, NetworkProfile, Patience
from ocpp21.asyncio.roles import keep_connected
from ocpp21.asyncio.security import SecurityProfile
from ocpp21.conformance.cases.setup_lines import SetVariable
from ocpp21.conformance.configuration import Configuration
from ocpp21.conformance.drivers import CannotDo
from ocpp21.conformance.planning.acts import Act, Deed
from ocpp21.device_model import DeviceModel
from ocpp21.device_model.variable import Variable
from ocpp21.messages import AttributeEnumType, IdTokenType, MutabilityEnumType
from ocpp21.simulator import EV, Impossible, SimulatedStation, wallbox
from ocpp21.simulator.live import LiveStation
from ocpp21.station import ChargingStation
from ocpp21.station.hardware import Fault, StationFacts
from ocpp21.station.memory import MemoryStore

__all__ = ["SimulatorDriver"]

_PATIENCE: Final = Patience(ping_interval_s=0.0)

_REGISTER: Final = "Energy.Active.Import.Register"

#: How long the station needs to boot, in seconds.
_BOOT_S: Final = 1.0


def equip(model: DeviceModel, /) -> None:
    """Add an authorization cache, a local list, a group of master passes, an identity, and what is measured."""
    model.auth_cache_ctrlr.available.add(True)
    model.auth_cache_ctrlr.enabled.add(True)
    model.auth_cache_ctrlr.disable_post_authorize.add(False)
    model.local_auth_list_ctrlr.available.add(True)
    model.local_auth_list_ctrlr.enabled.add(True)
    model.local_auth_list_ctrlr.disable_post_authorize.add(False)
    model.auth_ctrlr.master_pass_group_id.add("")
    model.security_ctrlr.identity.add("", mutability=MutabilityEnumType.READ_WRITE)
    for measurands in (
        model.aligned_data_ctrlr.measurands,
        model.aligned_data_ctrlr.tx_ended_measurands,
        model.sampled_data_ctrlr.tx_started_measurands,
        model.sampled_data_ctrlr.tx_updated_measurands,
        model.sampled_data_ctrlr.tx_ended_measurands,
    ):
        if measurands.exists:
            model.load({measurands.place.key(AttributeEnumType.ACTUAL): _REGISTER})
        else:
            measurands.add((_REGISTER,))


class SimulatorDriver:
    """Acts at a simulated station.

    Args:
        configuration: of the run.
        epoch: aware wall time at time 0 of the event loop.
        facts: how the station is built; a wallbox with as many EVSEs as the configuration says by default.
        equip: adds to the device model of each station what it can.
        security: what it shows and trusts, with security profile 2 or 3; names of servers stand for this machine.
    """

    def __init__(
        self,
        configuration: Configuration,
        /,
        *,
        epoch: datetime,
        facts: StationFacts | None = None,
        equip: Callable[[DeviceModel], object] = equip,
        security: SecurityProfile | None = None,
    ) -> None:
        self._configuration: Final = configuration
        self._epoch: Final = epoch
        self._facts: Final = facts or wallbox(evses=len(configuration.evses))
        self._equip: Final = equip
        self._security: Final = security
        self._live: LiveStation | None = None
        self._values: list[tuple[SetVariable, str]] = []
        self._url = ""
        self._evs: dict[int, EV] = {}

    async def start(self, url: str, /) -> None:
        """Make a station that has never been anywhere, and switch it on."""
        self._url = url
        self._values = []
        self._evs = {evse.evse_id: EV() for evse in self._facts.evses}
        hardware = SimulatedStation(self._facts, epoch=self._epoch, has_bay_sensors=True, boot_s=_BOOT_S)
        self._live = LiveStation(hardware, MemoryStore(), connect=self._connect, prepare=self._prepare)
        await self._live.__aenter__()

    async def stop(self) -> None:
        """Switch it off for ever."""
        live, self._live = self._live, None
        if live is not None:
            await live.__aexit__(None, None, None)

    async def perform(self, act: Act, /) -> None:
        """Do something at the simulated hardware."""
        assert self._live is not None
        try:
            self._do(self._live.hardware, act)
        except Impossible as error:
            raise CannotDo(f"{act.text}: {error}") from error

    async def configure(self, line: SetVariable, value: str, /) -> None:
        """Change the device model, as the maker would at the factory."""
        station = self._live.station if self._live is not None else None
        if station is None:
            raise CannotDo("the station is down")
        self._apply(station, line, value)
        self._values.append((line, value))

    def _do(self, hardware: SimulatedStation, act: Act) -> None:
        evse, connector = act.evse_id, act.connector_id
        match act.deed:
            case Deed.PLUG_IN | Deed.PLUG_IN_EV:
                self._evs[evse].resume()
                hardware.plug_in(evse, connector, self._evs[evse])
            case Deed.PLUG_IN_STATION:
                pass  # both ends are plugged in at once
            case Deed.UNPLUG:
                hardware.unplug_ev(evse, connector)
                with contextlib.suppress(Impossible):
                    hardware.unplug(evse, connector)
            case Deed.UNPLUG_EV:
                hardware.unplug_ev(evse, connector)
            case Deed.UNPLUG_STATION:
                hardware.unplug(evse, connector)
            case Deed.PRESENT:
                assert act.token is not None
                hardware.present(IdTokenType(id_token=act.token.id, type=act.token.type), evse)
            case Deed.DRIVE_IN:
                hardware.drive_in(evse)
            case Deed.DRIVE_OUT:
                hardware.drive_out(evse)
            case Deed.JAM_LOCK:
                hardware.raise_fault(Fault.LOCK_FAILURE, evse, connector)
            case Deed.SUSPEND:
                self._evs[evse].pause()
            case Deed.STOP_SESSION:
                hardware.stop_session(evse)
            case Deed.CUT_POWER:
                hardware.cut_power()
            case Deed.RESTORE_POWER:
                hardware.restore_power()
            case Deed.REBOOT:
                hardware.cut_power()
                hardware.restore_power()
            case _:
                raise CannotDo(f"the simulator cannot {act.text!r}")

    # The software on the station

    def _connect(self, station: ChargingStation) -> Client:
        secured: dict[str, Any] = {}
        if (security := self._security) is None:
            profile = NetworkProfile(self._url, self._configuration.identity, self._configuration.password or None)
        else:
            profile = NetworkProfile(self._url, security.identity, security.password, security.client_context())
            secured = {"host": "127.0.0.1"}
        back_off = BackOff(wait_minimum_s=self._configuration.back_off_s, random_range_s=0.0, repeat_times=0)
        return keep_connected(station, [profile], back_off=back_off, patience=_PATIENCE, **secured)

    def _prepare(self, station: ChargingStation) -> None:
        self._equip(station.device_model)
        for line, value in self._values:
            self._apply(station, line, value)

    def _apply(self, station: ChargingStation, line: SetVariable, value: str) -> None:
        model = station.device_model
        component = model.component(line.component, line.component_instance or "")
        name, instance = line.variable.lower(), line.variable_instance or ""
        for attribute in dir(type(component)):
            if attribute.startswith("_"):
                continue
            handle = getattr(component, attribute)
            if isinstance(handle, Variable) and handle.place.variable.lower() == name:
                _write(model, handle[instance] if instance else handle, value)
                return
        raise CannotDo(f"the standard has no {line.component}.{line.variable}")


def _write(model: Any, handle: Variable[Any], text: str) -> None:
    """Give a variable a value, and add it where it is not there."""
    if handle.exists:
        ignored = model.load({handle.place.key(AttributeEnumType.ACTUAL): text})
        if not ignored:
            return
        raise CannotDo(f"the station does not take {text!r} for {handle.place}: {ignored[0]}")
    for value in _readings(text):
        try:
            handle.add(value)
        except (TypeError, ValueError, InvalidOperation):
            continue
        return
    raise CannotDo(f"the station has no {handle.place}")


def _readings(text: str) -> list[Any]:
    """What a text may mean."""
    found: list[Any] = []
    if text in ("true", "false"):
        found.append(text == "true")
    with contextlib.suppress(ValueError):
        found.append(int(text))
    with contextlib.suppress(InvalidOperation):
        found.append(Decimal(text))
    found.append(text)
    found.append(tuple(part.strip() for part in text.split(",") if part.strip()))
    return found
