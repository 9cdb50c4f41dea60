"""Meter readings of a case as a whole: measurands that come together, at moments that lie an interval apart."""

from __future__ import annotations

from typing import Any

import pytest

from ocpp21.conformance.cases.readings import parse_readings
from ocpp21.conformance.playing.meter_readings import MeterReadings

ENERGY = "Energy.Active.Import.Register"
VALUES = {"AlignedDataCtrlr.Measurands": f"{ENERGY}, Voltage", "AlignedDataCtrlr.Interval": "10"}
LINE = "MeterValuesRequest in Sample.Clock: AlignedDataCtrlr.Measurands every AlignedDataCtrlr.Interval"
NONE_WITHIN = "MeterValuesRequest in Sample.Clock: none within the transaction"


def reading(at_s: float, *measurands: str, evse_id: int = 1, context: str = "Sample.Clock") -> dict[str, Any]:
    """A MeterValuesRequest; the energy register needs no name."""
    values = [{"value": 1.0, "context": context, **({} if one == ENERGY else {"measurand": one})} for one in measurands]
    return {"evseId": evse_id, "meterValue": [{"timestamp": moment(at_s), "sampledValue": values}]}


def moment(at_s: float) -> str:
    return f"2026-01-01T00:00:{at_s:06.3f}Z"


def fault(line: str, *readings: dict[str, Any], transaction: tuple[str | None, str | None] = (None, None)) -> Any:
    """What is wrong with readings."""
    taken = MeterReadings()
    for one in readings:
        taken.take("MeterValuesRequest", one)
        taken.take("MeterValuesRequest", one)  # once more: what was kept is looked at again
    return taken.fault(parse_readings(line), VALUES, transaction)


def test_readings_may_be_spread_over_messages_and_meters() -> None:
    assert (
        fault(
            LINE, *(reading(at, one, evse_id=e) for at in (10, 20, 30) for one in (ENERGY, "Voltage") for e in (0, 1))
        )
        is None
    )


def test_readings_of_another_context_are_none_of_them() -> None:
    others = [reading(at, "Current.Import", context="Sample.Periodic") for at in (11, 12)]
    assert fault(LINE, *others, reading(10, ENERGY, "Voltage"), reading(20, ENERGY, "Voltage")) is None


def test_a_measurand_too_few_or_too_many_is_found() -> None:
    few = fault(LINE, reading(10, ENERGY, "Voltage"), reading(20, ENERGY))
    assert few == (f"{ENERGY}, Voltage", f"{ENERGY} at 2026-01-01T00:00:20+00:00 of 1")
    many = fault(LINE, reading(10, ENERGY, "Voltage", "SoC"))
    assert many == (f"{ENERGY}, Voltage", f"{ENERGY}, SoC, Voltage at 2026-01-01T00:00:10+00:00 of 1")


def test_no_reading_at_all_is_found() -> None:
    assert fault(LINE) == ("Sample.Clock readings in MeterValuesRequest", "none")


@pytest.mark.parametrize(
    ("rhythm", "moments", "found"),
    [
        ("every", (10.0, 20.0, 30.0), None),
        ("every", (10.0, 10.4, 20.4, 29.9), None),
        ("every", (10.0, 22.0), "12 s"),
        ("every", (10.0, 30.0), "20 s"),
        ("every", (10.0,), "readings of one moment alone"),
        ("at multiples of", (10.0, 40.0, 50.0), None),
        ("at multiples of", (10.0, 35.0), "25 s"),
        ("at multiples of", (10.0, 12.0), "2 s"),
    ],
)
def test_moments_lie_an_interval_apart(rhythm: str, moments: tuple[float, ...], found: str | None) -> None:
    wrong = fault(LINE.replace("every", rhythm), *(reading(at, ENERGY, "Voltage") for at in moments))
    assert wrong == (None if found is None else ("readings 10 s apart", found))


@pytest.mark.parametrize(
    ("at_s", "is_fault"), [(9.0, False), (10.0, False), (15.0, True), (20.0, False), (21.0, False)]
)
def test_no_readings_within_a_transaction(at_s: float, is_fault: bool) -> None:
    wrong = fault(NONE_WITHIN, reading(at_s, ENERGY), transaction=(moment(10.0), moment(20.0)))
    assert (wrong is not None) is is_fault


def test_a_transaction_that_has_not_ended_says_nothing_about_readings() -> None:
    wrong = fault(NONE_WITHIN, reading(15.0, ENERGY), transaction=(moment(10.0), None))
    assert wrong == ("a transaction", "none that has begun and ended")


def test_readings_of_one_kind_of_event() -> None:
    taken = MeterReadings()
    for event, measurand in (("Started", "Voltage"), ("Ended", ENERGY)):
        info = {"eventType": event, "transactionInfo": {"transactionId": "T1"}}
        taken.take("TransactionEventRequest", {**info, **reading(10.0, measurand, context="Transaction.Begin")})
    line = "TransactionEventRequest {} in Transaction.Begin: SampledDataCtrlr.TxStartedMeasurands"
    values = {"SampledDataCtrlr.TxStartedMeasurands": "Voltage"}
    assert taken.fault(parse_readings(line.format("Started")), values, (None, None)) is None
    assert taken.fault(parse_readings(line.format("Ended")), values, (None, None)) is not None
