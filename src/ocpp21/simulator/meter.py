"""Meters: what they show of a flow, and how they sign."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

import msgspec

from ocpp21.messages import LocationEnumType, MeasurandEnumType, PhaseEnumType, SampledValueType, SignedMeterValueType
from ocpp21.messages.values import EncodingMethods
from ocpp21.simulator.flow import AC_VOLTAGE_V, Flow, Offer
from ocpp21.simulator.integral import wh
from ocpp21.station.hardware import HardwareError, sampled

__all__ = ["Reading", "SimulatedMeter"]

_LINES: Final = (
    (PhaseEnumType.L1, PhaseEnumType.L1_N),
    (PhaseEnumType.L2, PhaseEnumType.L2_N),
    (PhaseEnumType.L3, PhaseEnumType.L3_N),
)
_MILLI: Final = 1000


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """What there is to be measured at a moment.

    Attributes:
        register_pj: energy that has ever passed, in pJ.
        flow: what flows now.
        phases: of the supply, 1 to 3; 0 for DC.
        dc_voltage_v: at the outlet, in V, for DC; 0 without an EV.
        offered: to the EV; None for a meter that does not know.
        state_of_charge: of the EV, in percent; None when it does not tell, as in AC.
        location: of the meter.
    """

    register_pj: int
    flow: Flow
    phases: int
    dc_voltage_v: float = 0.0
    offered: Offer | None = None
    state_of_charge: Decimal | None = None
    location: LocationEnumType = LocationEnumType.OUTLET


class SimulatedMeter:
    """A meter. Its register shows Wh with three decimals, cut, and survives everything.

    Args:
        take: takes a reading.
        check_power: raises :class:`~ocpp21.station.hardware.HardwareError` when there is none.
        now: wall time, for signed values.
        serial_number: for signed values.

    Attributes:
        is_broken: it does not answer.
    """

    def __init__(
        self,
        take: Callable[[], Reading],
        check_power: Callable[[], None],
        now: Callable[[], datetime],
        serial_number: str,
    ) -> None:
        self._take: Final = take
        self._check_power: Final = check_power
        self._now: Final = now
        self._serial_number: Final = serial_number
        self.is_broken = False

    async def read(self, *, signed: bool = False) -> Sequence[SampledValueType]:
        """Read register, powers, currents, voltages, and what is offered; with DC the state of charge, too.

        A signed register comes as OCMF, unsigned in truth: its signature is a digest that nobody can verify.
        """
        self._check_power()
        if self.is_broken:
            raise HardwareError("the meter does not answer")
        reading = self._take()
        register = sampled(
            MeasurandEnumType.ENERGY_ACTIVE_IMPORT_REGISTER, _register_wh(reading), location=reading.location
        )
        if signed:
            register = msgspec.structs.replace(register, signed_meter_value=self._sign(register.value))
        values = [register, *_electrical(reading)]
        if reading.offered is not None:
            values += [
                sampled(MeasurandEnumType.CURRENT_IMPORT_OFFERED, reading.offered.current_ma / _MILLI),
                sampled(MeasurandEnumType.POWER_IMPORT_OFFERED, reading.offered.power_mw / _MILLI),
            ]
        if reading.state_of_charge is not None:
            soc = float(round(reading.state_of_charge, 1))
            values.append(sampled(MeasurandEnumType.SOC, soc, location=LocationEnumType.EV))
        return values

    def _sign(self, register_wh: float) -> SignedMeterValueType:
        payload = json.dumps(
            {
                "FV": "1.0",
                "MS": self._serial_number,
                "RD": [
                    {"TM": f"{self._now().astimezone(UTC):%Y-%m-%dT%H:%M:%S,000+0000} S", "RV": register_wh, "RU": "Wh"}
                ],
            }
        )
        signature = json.dumps({"SD": hashlib.sha256(payload.encode()).hexdigest()})
        return SignedMeterValueType(
            signed_meter_data=base64.b64encode(f"OCMF|{payload}|{signature}".encode()).decode(),
            encoding_method=EncodingMethods.OCMF,
            public_key=base64.b64encode(f"oca:base16:asn1:{self._serial_number}".encode()).decode(),
        )


def _register_wh(reading: Reading) -> float:
    return float(int(wh(reading.register_pj) * _MILLI)) / _MILLI


def _electrical(reading: Reading) -> list[SampledValueType]:
    """Power, currents and voltages: of each phase of the supply, or of DC."""
    flow, location = reading.flow, reading.location
    values = [sampled(MeasurandEnumType.POWER_ACTIVE_IMPORT, flow.power_mw / _MILLI, location=location)]
    if not reading.phases:
        return [
            *values,
            sampled(MeasurandEnumType.CURRENT_IMPORT, flow.current_ma / _MILLI, location=location),
            sampled(MeasurandEnumType.VOLTAGE, reading.dc_voltage_v, location=location),
        ]
    for number, (line, line_to_neutral) in enumerate(_LINES[: reading.phases]):
        current_a = flow.current_ma / _MILLI if number < flow.phases else 0.0
        values += [
            sampled(MeasurandEnumType.CURRENT_IMPORT, current_a, phase=line, location=location),
            sampled(MeasurandEnumType.VOLTAGE, AC_VOLTAGE_V, phase=line_to_neutral, location=location),
        ]
    return [*values, sampled(MeasurandEnumType.FREQUENCY, 50, location=location)]
