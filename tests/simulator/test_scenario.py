"""Scenarios: read strictly, refused in one line."""

from __future__ import annotations

import re

import pytest

from ocpp21.messages import BootReasonEnumType
from ocpp21.simulator import ScenarioError, parse, scenario
from ocpp21.station.hardware import Fault


def test_the_example_of_the_docstring() -> None:
    text = re.sub(r"^    ", "", (scenario.__doc__ or "").split("::\n", 1)[1].split("\n\nA step is", 1)[0], flags=re.M)
    found = parse(text)
    assert found.name == "charge, lose the connection, come back"
    assert found.steps == (
        scenario.PlugIn(evse=1, ev="small"),
        scenario.Present(after=5, token="04A2B3C4", evse=1),
        scenario.WaitUntil(evse=1, state="Charging", within=30),
        scenario.GoOffline(at=600),
    )
    assert found.ev("small").state_of_charge == 40
    assert found.ev(None).state_of_charge == 20


def test_every_step_can_be_written() -> None:
    members = {
        "drive_in": "evse = 1",
        "drive_out": "evse = 1",
        "plug_in": "evse = 1\nconnector = 2",
        "unplug": "evse = 1",
        "unplug_ev": "evse = 1",
        "present": 'token = "1234"\ntype = "KeyCode"',
        "stop": "evse = 1",
        "reboot": 'reason = "Watchdog"',
        "fault": 'fault = "GroundFailure"\nevse = 1',
        "clear_fault": 'fault = "GroundFailure"',
        "wait_until": 'evse = 1\nstate = "Available"',
    }
    text = "\n".join(f'[[steps]]\ndo = "{name}"\n{members.get(name, "")}' for name in scenario.STEPS)
    found = parse(text)
    assert [step.name for step in found.steps] == list(scenario.STEPS)
    assert scenario.Reboot(reason=BootReasonEnumType.WATCHDOG) in found.steps
    assert scenario.RaiseFault(fault=Fault.GROUND_FAILURE, evse=1) in found.steps


def test_an_empty_scenario_does_nothing() -> None:
    assert parse("") == scenario.Scenario()


GOOD = '[[steps]]\ndo = "unplug"\nevse = 1\n'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("steps = [", "expected TOML: Invalid value (at end of document)"),
        ("nmae = 'x'", "scenario: expected one of name, evs, steps, found 'nmae' (did you mean name?)"),
        ("name = 1", "scenario: expected str, found int"),
        ("steps = 1", "steps: expected array, found int"),
        ("steps = [1]", "steps: [0]: expected object, found int"),
        ("evs = {a = 1}", "evs: [...]: expected object, found int"),
        (
            "[evs.a]\ncapacity = 1",
            "evs.a: expected one of capacity_wh, state_of_charge, target_soc, phases, max_current_a, min_current_a, "
            "dc_voltage_v, max_power_w, found 'capacity' (did you mean capacity_wh?)",
        ),
        ("[evs.a]\nphases = 1.5", "evs.a: phases: expected int, found float"),
        ("[evs.a]\nphases = 7", "evs.a: expected phases from 1 to 3, found 7"),
        (
            GOOD + '[[steps]]\ndo = "plugin"\nevse = 1',
            "step 2: expected do to be one of "
            + ", ".join(scenario.STEPS)
            + ", found 'plugin' (did you mean plug_in?)",
        ),
        ("[[steps]]\nevse = 1", "step 1: expected do to be one of " + ", ".join(scenario.STEPS) + ", found none"),
        ("[[steps]]\ndo = 7", "step 1: expected do to be one of " + ", ".join(scenario.STEPS) + ", found 7"),
        (
            GOOD + '[[steps]]\ndo = "plug_in"\nevs = 1',
            "step 2 (plug_in): expected one of at, after, evse, connector, ev, found 'evs' (did you mean evse?)",
        ),
        ('[[steps]]\ndo = "plug_in"', "step 1 (plug_in): object missing required field evse"),
        ('[[steps]]\ndo = "stop"\nevse = "1"', "step 1 (stop): evse: expected int, found str"),
        ('[[steps]]\ndo = "stop"\nevse = 0', "step 1 (stop): evse: expected int >= 1"),
        ('[[steps]]\ndo = "stop"\nevse = 1\nat = -1', "step 1 (stop): at: expected float >= 0.0"),
        (
            '[[steps]]\ndo = "stop"\nevse = 1\nat = 1\nafter = 1',
            "step 1 (stop): expected at or after, found both",
        ),
        (
            '[[steps]]\ndo = "go_offline"\nat = 10\n[[steps]]\ndo = "go_online"\nat = 9',
            "step 2 (go_online): expected at to be 10 or more, as in a step before, found 9",
        ),
        (
            '[evs.small]\n[[steps]]\ndo = "plug_in"\nevse = 1\nev = "smal"',
            "step 1 (plug_in): expected ev to be one of small, found 'smal' (did you mean small?)",
        ),
        (
            '[[steps]]\ndo = "plug_in"\nevse = 1\nev = "big"',
            "step 1 (plug_in): expected ev to be one of none that is defined, found 'big'",
        ),
        ('[[steps]]\ndo = "fault"\nfault = "GroundFault"', "step 1 (fault): fault: invalid enum value 'GroundFault'"),
        (
            '[[steps]]\ndo = "wait_until"\nevse = 1\nstate = "charging"',
            "step 1 (wait_until): state: expected one of EVConnected, Charging, SuspendedEV, SuspendedEVSE, Idle, "
            "Available, Occupied, Reserved, Unavailable, Faulted, found 'charging'",
        ),
    ],
)
def test_a_typo_gives_one_line(text: str, message: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        parse(text)
    assert str(caught.value) == message
    assert "\n" not in message
