"""A run from the outside: an address, a driver and a configuration become a system under test that plays cases."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ocpp21.conformance.case import Case, Side
from ocpp21.conformance.claims import Claims
from ocpp21.conformance.configuration import Configuration, ConfigurationError, read_configuration
from ocpp21.conformance.drivers import CsmsDriver, StationDriver
from ocpp21.conformance.drivers.csms import OwnCsms
from ocpp21.conformance.drivers.http import HttpCsms, HttpDriver
from ocpp21.conformance.drivers.interactive import InteractiveCsms, InteractiveDriver
from ocpp21.conformance.drivers.simulator import SimulatorDriver
from ocpp21.conformance.runner import CsmsRunner, StationRunner
from ocpp21.conformance.selection import NoSuchCase, select
from ocpp21.conformance.verdict import Result
from ocpp21.errors import LocalProtocolError
from ocpp21.testing import virtual_time

__all__ = ["OWN", "SystemUnderTest", "Unusable", "system_under_test"]

#: In place of an address: our own station or CSMS, in virtual time.
OWN: Final = "own"


class Unusable(ValueError):
    """What was asked for cannot be run; one line says why."""


@dataclass(frozen=True, slots=True)
class SystemUnderTest:
    """A system under test.

    Attributes:
        role: of it.
        address: where the test system listens for the station (``host:port``), URL of the CSMS, or :data:`OWN`.
        configuration: of the run.
        driver: URL of a service; empty to ask a person.
    """

    role: Side
    address: str
    configuration: Configuration
    driver: str = ""

    def select(self, patterns: Sequence[str], /) -> list[Case]:
        """Select cases for it.

        Raises:
            Unusable: a pattern means none.
        """
        try:
            return select(patterns, role=self.role)
        except NoSuchCase as error:
            raise Unusable(str(error)) from error

    def run(
        self, cases: Sequence[Case], /, on_result: Callable[[Result], object] = lambda result: None
    ) -> list[Result]:
        """Run cases, one after the other.

        Raises:
            Unusable: the address cannot be used, or the CSMS lets nobody in.
        """
        if self.address == OWN:
            return virtual_time.run(self._run(cases, on_result), real_io=True)
        return asyncio.run(self._run(cases, on_result))

    async def _run(self, cases: Sequence[Case], on_result: Callable[[Result], object]) -> list[Result]:
        runner = self._station() if self.role == "CS" else self._csms()
        try:
            await runner.probe()
        except (OSError, LocalProtocolError) as error:
            raise Unusable(f"{self.address}: {str(error) or type(error).__name__}") from error
        results = []
        for case in cases:
            results.append(await runner.run(case))
            on_result(results[-1])
        return results

    def _station(self) -> StationRunner:
        if self.address == OWN:
            driver: StationDriver = SimulatorDriver(self.configuration, epoch=virtual_time.EPOCH)
            return StationRunner(self.configuration, virtual_time.wall_time, driver=driver)
        host, _, port = self.address.removeprefix("ws://").rstrip("/").rpartition(":")
        if not port.isdigit() or not host:
            raise Unusable(f"expected an address to listen on such as 127.0.0.1:9000, found {self.address!r}")
        driver = HttpDriver(self.driver) if self.driver else InteractiveDriver()
        return StationRunner(self.configuration, driver=driver, host=host, port=int(port))

    def _csms(self) -> CsmsRunner:
        if self.address == OWN:
            driver: CsmsDriver = OwnCsms(self.configuration, now=virtual_time.wall_time)
            return CsmsRunner(self.configuration, virtual_time.wall_time, driver=driver)
        driver = HttpCsms(self.driver, csms=self.address) if self.driver else InteractiveCsms(self.address)
        return CsmsRunner(self.configuration, driver=driver)


def system_under_test(role: Side, address: str, /, *, driver: str = "", configuration: str = "") -> SystemUnderTest:
    """Put a system under test together.

    Args:
        role: of it.
        address: as :class:`SystemUnderTest` has it.
        driver: URL of a service that acts at it; empty to ask a person.
        configuration: path of a file; empty for the defaults, which claim everything.

    Raises:
        Unusable: the file cannot be used.
    """
    found = Configuration(claims=Claims(everything=True))
    if configuration:
        try:
            found = read_configuration(Path(configuration))
        except ConfigurationError as error:
            raise Unusable(str(error)) from error
    elif address == OWN:
        found = dataclasses.replace(found, evses=(1, 1))
    return SystemUnderTest(role, address, found, driver)
