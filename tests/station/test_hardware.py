"""The protocol of the hardware: its events, its measured values, and the example of docs/hardware.md at work."""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any, get_args

import msgspec
import pytest
from mypy import api

from ocpp21.messages import BootReasonEnumType, IdTokenType, MeasurandEnumType, UnitOfMeasureType
from ocpp21.station import hardware as hw
from ocpp21.testing.virtual_time import run

ROOT = Path(__file__).parents[2]
DOCUMENT = (ROOT / "docs" / "hardware.md").read_text(encoding="utf-8")
(EXAMPLE,) = re.findall(r"```python\n(.*?)```", DOCUMENT, re.DOTALL)


class FakeBoard:
    """Pins in a dictionary. The bolt follows its motor, unless it is jammed; a watched pin tells of its changes."""

    def __init__(self) -> None:
        self.pins: dict[int, Any] = {}
        self.watched: dict[int, Callable[[Any], None]] = {}
        self.letter = "A"
        self.duty: float | None = None
        self.count = 0
        self.is_jammed = False
        self.log: list[object] = []

    def read(self, pin: int) -> bool:
        return bool(self.pins.get(pin, False))

    def write(self, pin: int, level: bool) -> None:
        self.pins[pin] = level
        if pin == example.LOCK and not self.is_jammed:
            self.pins[example.LOCKED] = level

    def watch(self, pin: int, callback: Callable[[Any], None]) -> None:
        self.watched[pin] = callback

    def change(self, pin: int, level: Any) -> None:
        self.pins[pin] = level
        self.watched[pin](level)

    def pwm(self, pin: int, percent: float) -> None:
        self.duty = percent

    def pilot(self) -> str:
        return self.letter

    def pilots(self, letter: str) -> None:
        self.letter = letter
        self.watched[example.PILOT](True)

    def pulses(self) -> int:
        return self.count

    def set_rtc(self, time: datetime) -> None:
        self.log.append(time)

    def reset(self) -> None:
        self.log.append("reset")


def load() -> Any:
    module = ModuleType("wallbox")
    sys.modules["wallbox"] = module
    exec(compile(EXAMPLE, str(ROOT / "docs" / "hardware.md"), "exec"), module.__dict__)
    return module


example = load()


@pytest.fixture
def board() -> FakeBoard:
    return FakeBoard()


def test_the_example_charges_an_ev(board: FakeBoard) -> None:
    async def main() -> None:
        wallbox: hw.Hardware = example.Wallbox(board)
        told: list[hw.HardwareEvent] = []
        wallbox.listen(told.append)
        assert told == []
        evse = wallbox.evses[1]
        lock = evse.connectors[1].lock
        assert lock is not None

        board.change(example.PLUG, True)
        board.pilots("B")
        board.change(example.READER, b"\x04\xa2\xb3\xc4")
        card = IdTokenType(id_token="04A2B3C4", type="ISO14443")
        assert told == [hw.CablePluggedIn(1, 1), hw.EVConnected(1, 1), hw.TokenPresented(card, 1)]
        told.clear()

        await lock.lock()
        await evse.offer(hw.Limit(current_a=12))
        assert board.duty == 20
        await evse.contactor.close()
        board.pilots("C")
        assert told == [hw.EnergyTransferSuspended(1, "EV"), hw.EnergyTransferStarted(1, 3)]
        told.clear()

        board.count = 1500
        (register,) = await evse.meter.read()
        assert register == hw.sampled(MeasurandEnumType.ENERGY_ACTIVE_IMPORT_REGISTER, 1500)

        await evse.offer(hw.Limit(power_w=2000))  # 2.9 A cannot be signalled
        assert board.duty == 100
        assert told == [hw.EnergyTransferSuspended(1, "EVSE")]
        await evse.offer(hw.Limit())
        assert board.duty == pytest.approx(16 / 0.6)
        told.clear()

        board.pilots("A")
        assert told == [hw.EVDisconnected(1, 1)]
        assert not board.read(example.RELAY)
        with pytest.raises(hw.HardwareError):
            await evse.contactor.close()
        await evse.contactor.open()
        await lock.unlock()
        board.change(example.PLUG, False)
        assert told[-1] == hw.CableUnplugged(1, 1)

    run(main())


def test_the_example_tells_what_is_already_so(board: FakeBoard) -> None:
    told: list[hw.HardwareEvent] = []
    board.pins = {example.PLUG: True, example.GROUND_FAULT: True}
    board.letter = "B"
    example.Wallbox(board).listen(told.append)
    assert told == [hw.CablePluggedIn(1, 1), hw.EVConnected(1, 1), hw.FaultRaised(hw.Fault.GROUND_FAILURE, 1)]
    board.change(example.GROUND_FAULT, False)
    assert told[-1] == hw.FaultCleared(hw.Fault.GROUND_FAILURE, 1)


def test_the_example_fails_loudly(board: FakeBoard) -> None:
    async def main() -> None:
        lock = example.Wallbox(board).evses[1].connectors[1].lock
        board.is_jammed = True
        with pytest.raises(hw.HardwareError, match="jammed"):
            await lock.lock()

    run(main())


def test_the_example_keeps_time_and_reboots(board: FakeBoard) -> None:
    async def main() -> None:
        wallbox: hw.Hardware = example.Wallbox(board)
        now = wallbox.clock.now()
        assert now.tzinfo is UTC
        await wallbox.clock.set(now)
        await wallbox.reboot(BootReasonEnumType.REMOTE_RESET)
        assert board.log == [now, "reset"]
        assert (wallbox.main_meter, wallbox.display, wallbox.evses[1].display) == (None, None, None)
        assert wallbox.evses[1].parking_bay is None

    run(main())


def test_the_example_is_about_a_hundred_lines_and_passes_mypy(tmp_path: Path) -> None:
    assert len([line for line in EXAMPLE.splitlines() if line.strip()]) < 130
    path = tmp_path / "wallbox.py"
    path.write_text(EXAMPLE + "\n\ndef check(board: Any) -> hw.Hardware:\n    return Wallbox(board)\n")
    out, err, status = api.run(["--strict", "--config-file", "", "--cache-dir", str(tmp_path / "cache"), str(path)])
    assert (status, err) == (0, ""), out


def test_every_event_is_a_value_that_its_module_exports() -> None:
    for event in get_args(hw.HardwareEvent):
        assert issubclass(event, msgspec.Struct)
        assert event.__struct_config__.frozen
        assert event.__name__ in hw.__all__
        assert event.__doc__


@pytest.mark.parametrize("measurand", MeasurandEnumType)
def test_measured_values_have_the_unit_of_their_measurand(measurand: MeasurandEnumType) -> None:
    unit = hw.sampled(measurand, 1).unit_of_measure
    without = {"Power.Factor", "Display.ChargingComplete", "Display.InletHot"}
    assert (unit is None) == (measurand in without)


@pytest.mark.parametrize(
    ("measurand", "unit"),
    [
        ("Energy.Active.Import.Register", "Wh"),
        ("Energy.Reactive.Net", "varh"),
        ("Energy.Apparent.Net", "VAh"),
        ("EnergyRequest.Bulk", "Wh"),
        ("Power.Active.Import", "W"),
        ("Power.Reactive.Import", "var"),
        ("Current.Offered", "A"),
        ("Voltage.Minimum", "V"),
        ("Frequency", "Hz"),
        ("SoC", "Percent"),
        ("Display.TargetSOC", "Percent"),
        ("Display.RemainingTimeToTargetSOC", "s"),
        ("Display.BatteryEnergyCapacity", "Wh"),
    ],
)
def test_units(measurand: str, unit: str) -> None:
    assert hw.sampled(MeasurandEnumType(measurand), 1).unit_of_measure == UnitOfMeasureType(unit=unit)


def test_a_fixed_cable_is_told_by_the_type_of_the_connector() -> None:
    assert hw.ConnectorFacts(connector_id=1, type="cCCS2").has_fixed_cable
    assert not hw.ConnectorFacts(connector_id=1, type="sType2").has_fixed_cable


def test_a_failure_is_an_ordinary_exception() -> None:
    assert issubclass(hw.HardwareError, Exception)
    assert inspect.iscoroutinefunction(example.Wallbox.reboot)
