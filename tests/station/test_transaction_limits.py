"""Limits of a transaction: which are in force, and which is reached."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from ocpp21.messages import TransactionLimitType
from ocpp21.station.transaction_limits import KINDS, Usage, capped, decimal, merged, next_check_s, reached, supported


def limit(**limits: Any) -> TransactionLimitType:
    return TransactionLimitType(**limits)


ALL = limit(max_cost=1.0, max_energy=2.0, max_time=3, max_soc=4)


def test_what_is_not_supported_is_left_out() -> None:
    assert supported(ALL, ("maxEnergy", "maxSoC")) == limit(max_energy=2.0, max_soc=4)
    assert supported(ALL, ()) == limit()
    assert supported(ALL, [kind.name for kind in KINDS]) == ALL


def test_a_change_leaves_the_others_as_they_are() -> None:
    assert merged(ALL, limit(max_energy=-1.0, max_time=0)) == limit(
        max_cost=1.0, max_energy=-1.0, max_time=0, max_soc=4
    )
    assert merged(ALL, limit()) == ALL


def test_the_driver_stays_below_the_csms() -> None:
    wanted = limit(max_cost=9.0, max_energy=1.0, max_time=5)
    assert capped(wanted, limit(max_cost=2.0, max_energy=2.0)) == limit(max_cost=2.0, max_energy=1.0, max_time=5)


@pytest.mark.parametrize(
    ("usage", "name"),
    [
        (Usage(), None),
        (Usage(cost=Decimal("0.99"), energy_wh=Decimal("1.9"), time_s=Decimal("2.9"), soc=Decimal("3.9")), None),
        (Usage(cost=Decimal(1), energy_wh=Decimal(2)), "maxCost"),
        (Usage(energy_wh=Decimal(2), time_s=Decimal(3)), "maxEnergy"),
        (Usage(time_s=Decimal(3), soc=Decimal(4)), "maxTime"),
        (Usage(soc=Decimal("4.1")), "maxSoC"),
    ],
)
def test_the_first_that_is_reached(usage: Usage, name: str | None) -> None:
    kind = reached(ALL, usage)
    assert (kind and kind.name) == name
    assert reached(limit(), usage) is None


@pytest.mark.parametrize(("energy_wh", "is_reached"), [(1000, False), (1999, True), (2000, True)])
def test_a_coarse_meter_stops_before(energy_wh: int, is_reached: bool) -> None:
    found = reached(limit(max_energy=2300.0), Usage(energy_wh=Decimal(energy_wh)), step_wh=Decimal(1000))
    assert (found is not None) is is_reached  # E16.FR.19


@pytest.mark.parametrize(
    ("remaining_wh", "power_w", "wait_s"),
    [
        ("1000", None, 360),  # at 10 kW
        ("1000", "5000", 360),
        ("0.5", None, 1),
        ("0.5", "10000", 0.18),
        ("0.5", "0", 1),
        ("0", "10000", 0.1),
        ("-5", None, 1),
    ],
)
def test_when_to_look_again(remaining_wh: str, power_w: str | None, wait_s: float) -> None:
    power = None if power_w is None else Decimal(power_w)
    assert next_check_s(Decimal(remaining_wh), 10_000, power) == pytest.approx(wait_s)


def test_numbers_are_exact() -> None:
    assert decimal(0.1) + decimal(0.2) == Decimal("0.3")
