"""A simulated Charging Station behind :class:`ocpp21.station.hardware.Hardware`: drivers, EVs, faults, exact energy.

* :mod:`ocpp21.simulator.station`: the station, and all that can be done to it.
* :mod:`ocpp21.simulator.ev`: EVs, with a battery and a charge curve.
* :mod:`ocpp21.simulator.fleet`: many stations and EVs from one seed, and the facts of two common ones.
* :mod:`ocpp21.simulator.scenario`: what happens and when, in TOML; :mod:`ocpp21.simulator.play` lets it happen.
* :mod:`ocpp21.simulator.live`: the station with the software on it, which reboots, and goes offline and online.

Everything runs in the time of the event loop: in a week of virtual time as in real time, with ``real_epoch()``.
"""

from ocpp21.simulator.clock import real_epoch
from ocpp21.simulator.connector import Cable, Impossible
from ocpp21.simulator.ev import EV, ChargeCurve
from ocpp21.simulator.fleet import Fleet, fast_charger, wallbox
from ocpp21.simulator.live import Line, LiveStation, registers
from ocpp21.simulator.play import Actor, ScenarioFailed, perform, play
from ocpp21.simulator.scenario import Scenario, ScenarioError, parse
from ocpp21.simulator.station import SimulatedStation

__all__ = [
    "EV",
    "Actor",
    "Cable",
    "ChargeCurve",
    "Fleet",
    "Impossible",
    "Line",
    "LiveStation",
    "Scenario",
    "ScenarioError",
    "ScenarioFailed",
    "SimulatedStation",
    "fast_charger",
    "parse",
    "perform",
    "play",
    "real_epoch",
    "registers",
    "wallbox",
]
