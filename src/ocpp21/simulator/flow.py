"""How much power flows from an EVSE into an EV: the least of what any part of the way allows."""

from __future__ import annotations

from typing import Literal, NamedTuple

from ocpp21.simulator.ev import EV
from ocpp21.simulator.integral import milli
from ocpp21.station.hardware import EvseFacts, Limit

__all__ = ["AC_VOLTAGE_V", "NOTHING", "Flow", "Offer", "flow", "offer"]

#: Between a phase and neutral (IEC 60038).
AC_VOLTAGE_V = 230


class Offer(NamedTuple):
    """What an EVSE offers at the end of a cable.

    Attributes:
        current_ma: per phase, or as DC, in mA.
        power_mw: of all phases, in mW.
        phases: 1 to 3; 0 for DC.
    """

    current_ma: int
    power_mw: int
    phases: int


class Flow(NamedTuple):
    """What flows.

    Attributes:
        power_mw: of all phases, in mW.
        current_ma: per phase, or as DC, in mA, cut.
        phases: in use, 1 to 3; 0 for DC.
        suspended_by: who prevents it when nothing flows; None when it does.
    """

    power_mw: int
    current_ma: int
    phases: int
    suspended_by: Literal["EV", "EVSE"] | None


NOTHING = Flow(0, 0, 0, "EVSE")


def offer(facts: EvseFacts, limit: Limit, /, *, cable_max_current_a: float | None, is_derated: bool) -> Offer:
    """What an EVSE offers under a limit.

    Args:
        facts: of the EVSE.
        limit: set by the station.
        cable_max_current_a: what the cable is coded for, in A; None for no limit.
        is_derated: too hot: half the current.
    """
    currents = [facts.max_current_a, cable_max_current_a, limit.current_a]
    current_ma = min(milli(current) for current in currents if current is not None)
    power_mw = min(milli(power) for power in (facts.max_power_w, limit.power_w) if power is not None)
    phases = min(facts.phases, limit.phases or 3)
    return Offer(current_ma // 2 if is_derated else current_ma, power_mw, phases)


def flow(offered: Offer, ev: EV, /) -> Flow:
    """What an EV takes of an offer, now."""
    if not offered.phases:
        return _dc(offered, ev)
    phases = min(offered.phases, ev.phases)
    voltage_mv = milli(AC_VOLTAGE_V)
    signalled_ma = min(offered.current_ma, offered.power_mw * 1000 // (voltage_mv * phases))
    if signalled_ma <= 0 or signalled_ma < milli(ev.min_current_a):
        return NOTHING
    most_mw = voltage_mv * min(signalled_ma, milli(ev.max_current_a)) * phases // 1000
    return _taken(min(most_mw, ev.wanted_mw), voltage_mv, phases)


def _dc(offered: Offer, ev: EV) -> Flow:
    if ev.dc_voltage_v is None or min(offered.current_ma, offered.power_mw) <= 0:
        return NOTHING
    voltage_mv = milli(ev.dc_voltage_v)
    most_mw = min(offered.power_mw, voltage_mv * offered.current_ma // 1000)
    return _taken(min(most_mw, ev.wanted_mw), voltage_mv, 0)


def _taken(power_mw: int, voltage_mv: int, phases: int) -> Flow:
    if not power_mw:
        return Flow(0, 0, phases, "EV")
    return Flow(power_mw, power_mw * 1000 // (voltage_mv * (phases or 1)), phases, None)
