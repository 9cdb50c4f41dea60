"""The conformance kit: the test cases of Part 6, played against a Charging Station or a CSMS.

::

    configuration = read_configuration(Path("station.toml"))
    runner = StationRunner(configuration, driver=InteractiveDriver())
    for case in select(["TC_B_*"], role="CS"):
        print(result_line(await runner.run(case)))

The test system asserts on the wire alone, and writes its own frames from the data of the case. On the command line it
is ``ocpp21 conform``; for pytest there is :mod:`ocpp21.conformance.plugin`.
"""

from ocpp21.conformance.cases.case import Case, Slip
from ocpp21.conformance.cases.load import CaseError, Library, library, load
from ocpp21.conformance.cases.selection import NoSuchCase, select
from ocpp21.conformance.claims import Claims
from ocpp21.conformance.configuration import Configuration, ConfigurationError, Token, read_configuration
from ocpp21.conformance.runner import CsmsRunner, StationRunner
from ocpp21.conformance.verdict import Result, Verdict

__all__ = [
    "Case",
    "CaseError",
    "Claims",
    "Configuration",
    "ConfigurationError",
    "CsmsRunner",
    "Library",
    "NoSuchCase",
    "Result",
    "Slip",
    "StationRunner",
    "Token",
    "Verdict",
    "library",
    "load",
    "read_configuration",
    "select",
]
