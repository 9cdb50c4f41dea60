"""A run from the outside: addresses, drivers and a configuration become systems under test that play cases."""

from __future__ import annotations

import asyncio
import dataclasses
import shlex
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from ocpp21.asyncio.unreachable import why_unreachable
from ocpp21.conformance.cases.case import Case, Side
from ocpp21.conformance.cases.selection import NoSuchCase, select
from ocpp21.conformance.claims import Claims
from ocpp21.conformance.configuration import Configuration, ConfigurationError, Declared, read_declared
from ocpp21.conformance.drivers import CsmsDriver, StationDriver
from ocpp21.conformance.drivers.http import HttpCsms, HttpDriver
from ocpp21.conformance.drivers.interactive import InteractiveCsms, InteractiveDriver
from ocpp21.conformance.drivers.person import Person
from ocpp21.conformance.own import own_csms, own_station
from ocpp21.conformance.runner import CsmsRunner, Runner, StationRunner
from ocpp21.conformance.sharing import Plays, Sharing
from ocpp21.conformance.verdict import Inconclusive, Result
from ocpp21.errors import LocalProtocolError
from ocpp21.testing import virtual_time

__all__ = ["OWN", "SystemUnderTest", "Unusable", "probe", "run", "system_under_test", "systems_under_test"]

#: In place of an address: our own station or CSMS, in virtual time.
OWN: Final = "own"

#: With which our own are played when nothing is configured.
_OWN_PASSWORD: Final = "PasswordOfSufficientLength"

#: How long each system has to show that it is there, before a run: its driver may set it back first.
_PROBE_S: Final = 90.0


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
        name: of it, among those of a run.
        options: of the command line that mean it, the address or identity first.
        person: who is asked.
    """

    role: Side
    address: str
    configuration: Configuration
    driver: str = ""
    name: str = ""
    options: tuple[str, ...] = ()
    person: Person = field(default_factory=Person, compare=False)

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
        """Play cases at it alone, one after the other.

        Raises:
            Unusable: the address or the driver is none.
        """
        return run([self], cases, on_result)

    def again(self, case: Case, /) -> str:
        """The command that plays a case at it alone."""
        kind = "station" if self.role == "CS" else "csms"
        return shlex.join(["ocpp21", "conform", kind, *self.options, "--cases", case.id])

    def make_runner(self) -> Runner:
        """Make what plays cases at it.

        Raises:
            Unusable: the address or the driver is none.
        """
        try:
            return self._station() if self.role == "CS" else self._csms()
        except ValueError as error:
            raise Unusable(str(error)) from error

    def _station(self) -> StationRunner:
        configuration, identity = self.configuration, self.configuration.identity
        if self.address == OWN:
            return own_station(configuration)
        host, port = _listening(self.address)
        asked = InteractiveDriver(self.person, name=self.name)
        driver: StationDriver = HttpDriver(self.driver, identity=identity) if self.driver else asked
        return StationRunner(configuration, driver=driver, host=host, port=port)

    def _csms(self) -> CsmsRunner:
        configuration, identity = self.configuration, self.configuration.identity
        if self.address == OWN:
            return own_csms(configuration)
        if self.driver:
            driver: CsmsDriver = HttpCsms(self.driver, csms=self.address, identity=identity)
        else:
            driver = InteractiveCsms(self.address, self.person, name=self.name)
        return CsmsRunner(configuration, driver=driver)


def system_under_test(role: Side, address: str, /, *, driver: str = "", configuration: str = "") -> SystemUnderTest:
    """Put one system under test together, as :func:`systems_under_test` does several.

    Raises:
        Unusable: the file cannot be used.
    """
    return systems_under_test(role, [address], drivers=[driver] if driver else (), configuration=configuration)[0]


def systems_under_test(
    role: Side, addresses: Sequence[str] = (), /, *, drivers: Sequence[str] = (), configuration: str = "", jobs: int = 1
) -> list[SystemUnderTest]:
    """Put systems under test together.

    Args:
        role: of them.
        addresses: as :class:`SystemUnderTest` has them; those of the configuration by default.
        drivers: URLs of services that act at them, one for all or one for each; empty for those of the configuration,
            or else to ask a person.
        configuration: path of a file; empty for the defaults, which claim everything.
        jobs: how many of our own.

    Raises:
        Unusable: the file cannot be used, or these do not go together.
    """
    declared = _declared(configuration, list(addresses))
    places = [one.address for one in declared]
    if len(drivers) not in (0, 1, len(declared)):
        raise Unusable(f"expected one driver, or one for each of {len(declared)} systems, found {len(drivers)}")
    if OWN in places:
        if len(places) > 1:
            raise Unusable(f"expected {OWN} alone, found it beside other addresses (--jobs plays several at once)")
        if drivers or declared[0].driver:
            raise Unusable(f"expected no driver beside {OWN}, which has one of its own")
        declared *= jobs
    elif jobs != 1:
        raise Unusable(f"expected --jobs with {OWN} only: other systems are as many as their addresses")
    options = ("--config", configuration) if configuration else ()
    person, found = Person(), []
    for number, one in enumerate(declared):
        driver = one.driver if not drivers else drivers[number if len(drivers) > 1 else 0]
        argument = one.address if places.count(one.address) == 1 or one.address == OWN else one.configuration.identity
        ours = (argument, *options, "--driver", driver) if driver else (argument, *options)
        name = f"{OWN} {number + 1}" if one.address == OWN else one.address
        if len(declared) == 1:
            name = ""
        found.append(SystemUnderTest(role, one.address, one.configuration, driver, name, ours, person))
    _check_apart(found)
    return list(_named(found))


def _declared(configuration: str, addresses: list[str]) -> list[Declared]:
    """Bring addresses of the command line and of the file together."""
    found = [Declared(Configuration(claims=Claims(everything=True)))]
    if configuration:
        try:
            found = read_declared(Path(configuration))
        except ConfigurationError as error:
            raise Unusable(str(error)) from error
    elif addresses == [OWN]:
        found = [Declared(dataclasses.replace(found[0].configuration, evses=(1, 1), password=_OWN_PASSWORD))]
    if not addresses:
        if not all(one.address for one in found):
            raise Unusable("expected an address, on the command line or for each [[station]] of the configuration")
        return found
    if len(found) == 1 and found[0].address in ("", *addresses):
        return [dataclasses.replace(found[0], address=address) for address in addresses]
    picked = []
    for address in addresses:
        meant = [one for one in found if address in (one.address, one.configuration.identity)]
        if not meant:
            known = ", ".join(sorted({one.address for one in found}))
            raise Unusable(f"{configuration}: expected an address ({known}) or an identity, found {address!r}")
        picked.extend(meant)
    return picked


def _check_apart(systems: Sequence[SystemUnderTest]) -> None:
    """See that each system is one of its own: several stations may be played to one CSMS, by their identities."""
    if systems[0].address == OWN:
        return
    for system, count in Counter(map(_place, systems)).items():
        if count > 1:
            what = " and identity" if systems[0].role == "CSMS" else ""
            raise Unusable(f"expected each system to have an address{what} of its own, found {system[0]} {count} times")
    for (driver, identity), count in Counter((one.driver, one.configuration.identity) for one in systems).items():
        if driver and count > 1:
            raise Unusable(f"expected a driver or an identity for each system alone, found {identity} {count} times")


def _place(system: SystemUnderTest) -> tuple[str, str]:
    if system.role == "CS":
        host, port = _listening(system.address)
        return f"{host}:{port}", ""
    return system.address.rstrip("/").lower(), system.configuration.identity


def _named(systems: Sequence[SystemUnderTest]) -> Iterator[SystemUnderTest]:
    """Add the identity to names that are not enough."""
    counts = Counter(system.name for system in systems)
    for system in systems:
        is_enough = counts[system.name] == 1
        name = system.name if is_enough else f"{system.name} {system.configuration.identity}"
        yield dataclasses.replace(system, name=name)


def _listening(address: str) -> tuple[str, int]:
    host, _, port = address.removeprefix("ws://").removeprefix("wss://").rstrip("/").rpartition(":")
    if not (port.isascii() and port.isdigit() and 0 < int(port) < 65536) or not host or "/" in host:
        raise Unusable(f"expected an address to listen on such as 127.0.0.1:9000, found {address!r}")
    return host.strip("[]"), int(port)


def probe(systems: Sequence[SystemUnderTest], /) -> None:
    """See that systems under test can be reached, all at once.

    Raises:
        Unusable: an address cannot be used, a CSMS lets nobody in, a driver is not there.
    """

    async def live() -> None:
        async with AsyncExitStack() as stack:
            for system in systems:
                try:
                    async with asyncio.timeout(_PROBE_S):
                        await stack.enter_async_context(system.make_runner().reached())
                except Inconclusive as error:
                    raise Unusable(str(error)) from error
                except (OSError, LocalProtocolError) as error:
                    why = why_unreachable(error, timeout_s=_PROBE_S)
                    raise Unusable(f"{system.address}: {why or type(error).__name__}") from error

    if systems[0].address != OWN:
        asyncio.run(live())


def run(
    systems: Sequence[SystemUnderTest],
    cases: Sequence[Case],
    /,
    on_result: Callable[[Result], object] = lambda result: None,
    *,
    on_note: Callable[[str], object] = lambda text: None,
    make_end: Callable[[], asyncio.Event] = asyncio.Event,
) -> list[Result]:
    """Play cases: at each system one after the other, at several systems at once.

    Args:
        systems: under test.
        cases: to play.
        on_result: called with each result as it comes.
        on_note: called with what else there is to tell.
        make_end: makes, when the run begins, what is set when it must end early.

    Returns:
        Results in the order of the cases; fewer than cases when it has ended early.

    Raises:
        Unusable: an address or a driver is none.
    """
    runners: dict[str, Plays] = {system.name: system.make_runner() for system in systems}
    named = {system.name: system for system in systems}
    is_own = systems[0].address == OWN

    def complete(result: Result) -> None:
        result.again = named.get(result.system, systems[0]).again(result.case)
        on_result(result)

    async def live() -> list[Result]:
        return await Sharing(runners, cases, complete, on_note).run(make_end())

    if is_own and len(systems) == 1:
        return virtual_time.run(live(), real_io=True)
    with ThreadPoolExecutor(len(systems)) as threads:
        if is_own:
            runners = {name: _InThread(runner, threads) for name, runner in runners.items()}
        return asyncio.run(live())


@dataclass(frozen=True, slots=True)
class _InThread:
    """Plays each case in a thread, in a virtual time of its own: that of one case must not wait for another's."""

    runner: Plays
    threads: ThreadPoolExecutor

    async def run(self, case: Case, /) -> Result:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self.threads, lambda: virtual_time.run(self.runner.run(case), real_io=True))
