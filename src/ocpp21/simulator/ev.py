"""An electric vehicle: a battery with a charge curve, an inlet, and a driver who may set a target."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from decimal import Decimal
from typing import Final

import msgspec

from ocpp21.messages import IdTokenType
from ocpp21.simulator.integral import PJ_PER_WH, Integral, milli

__all__ = ["EV", "ChargeCurve"]


class ChargeCurve(msgspec.Struct, frozen=True, kw_only=True):
    """How much power a battery takes: constant up to a knee, then less with each per cent.

    Real curves bend down above about 80 %; ours goes down in steps of 1 %, so that power is constant for a while and
    energy stays exact.

    Attributes:
        max_power_w: up to the knee, in W.
        knee_percent: where the taper begins, 0 to 100.
        final_percent: what is left of the power in the last step, in percent of ``max_power_w``, more than 0.

    Raises:
        ValueError: a value is out of its range.
    """

    max_power_w: float
    knee_percent: int = 80
    final_percent: int = 10

    def __post_init__(self) -> None:
        for name, value, low, high in (
            ("max_power_w", self.max_power_w, 1, 10_000_000),
            ("knee_percent", self.knee_percent, 0, 100),
            ("final_percent", self.final_percent, 1, 100),
        ):
            if not low <= value <= high:
                raise ValueError(f"expected {name} from {low} to {high}, found {value}")

    def steps(self) -> list[tuple[int, int]]:
        """From which state of charge on, in percent, how much power is taken, in mW; the last is (100, 0)."""
        most = milli(self.max_power_w)
        taper = 100 - self.knee_percent
        steps = [(0, most)] if self.knee_percent else []
        for number in range(taper):
            percent = 100 - (100 - self.final_percent) * (number + 1) // taper
            steps.append((self.knee_percent + number, most * percent // 100))
        return [*steps, (100, 0)]


class EV:
    """An electric vehicle. What it takes from the outlet goes into its battery without loss.

    Args:
        capacity_wh: of the battery, in Wh.
        state_of_charge: at the beginning, in percent, 0 to 100.
        target_soc: where it stops by itself, in percent, 1 to 100.
        curve: what the battery takes; by default what the AC charger gives, tapered above 80 %.
        phases: of its AC charger, 1 to 3.
        max_current_a: of its AC charger, per phase, in A.
        min_current_a: least offer that its AC charger works with, per phase, in A (6 in IEC 61851-1).
        dc_voltage_v: voltage of the battery, in V; None when it has no DC inlet.
        id_token: tells it as soon as it is connected (autocharge: type ``EVCCID`` or ``MacAddress``).

    Raises:
        ValueError: a value is out of its range.
    """

    def __init__(
        self,
        *,
        capacity_wh: float = 60_000,
        state_of_charge: float = 20,
        target_soc: float = 100,
        curve: ChargeCurve | None = None,
        phases: int = 3,
        max_current_a: float = 16,
        min_current_a: float = 6,
        dc_voltage_v: float | None = 400,
        id_token: IdTokenType | None = None,
    ) -> None:
        for name, value, low, high in (
            ("capacity_wh", capacity_wh, 1, 10_000_000),
            ("state_of_charge", state_of_charge, 0, 100),
            ("target_soc", target_soc, 1, 100),
            ("phases", phases, 1, 3),
            ("min_current_a", min_current_a, 0, max_current_a),
        ):
            if not low <= value <= high:
                raise ValueError(f"expected {name} from {low} to {high}, found {value}")
        self.capacity_pj: Final = milli(capacity_wh) * PJ_PER_WH // 1000
        self.curve: Final = curve or ChargeCurve(max_power_w=230 * phases * max_current_a)
        self.phases: Final = phases
        self.max_current_a: Final = max_current_a
        self.min_current_a: Final = min_current_a
        self.dc_voltage_v: Final = dc_voltage_v
        self.id_token: Final = id_token
        self.stored: Final = Integral(self._at(state_of_charge))
        self.changed: Callable[[], object] | None = None  #: Told by the EVSE: whom to ask for another power.
        self._is_paused = False
        target = self._at(target_soc)
        steps = [(self._at(percent), power) for percent, power in self.curve.steps()]
        self._steps: Final = [step for step in steps if step[0] < target] + [(target, 0)]

    @property
    def state_of_charge(self) -> Decimal:
        """In percent, cut to six decimals, never more than 100. Needs a running event loop while it charges."""
        stored = min(self.stored.value, self.capacity_pj)  # it is over by a nanosecond of power at most
        return Decimal(stored * 100_000_000 // self.capacity_pj).scaleb(-6)

    @property
    def wanted_mw(self) -> int:
        """Power that it would take now, in mW; 0 when it is full, has reached the target or is paused."""
        return 0 if self._is_paused else self._steps[self._step()][1]

    @property
    def next_step_pj(self) -> int | None:
        """Stored energy at which it will want another power, in pJ; None when it is full."""
        following = self._step() + 1
        return self._steps[following][0] if following < len(self._steps) else None

    def pause(self) -> None:
        """Take no more energy for now, as by a timer of the driver (chargingState SuspendedEV)."""
        self._set_paused(True)

    def resume(self) -> None:
        """Take energy again."""
        self._set_paused(False)

    def _set_paused(self, paused: bool) -> None:
        self._is_paused = paused
        if self.changed is not None:
            self.changed()

    def _at(self, percent: float) -> int:
        return self.capacity_pj * milli(percent) // 100_000

    def _step(self) -> int:
        return bisect_right(self._steps, self.stored.value, key=lambda step: step[0]) - 1
