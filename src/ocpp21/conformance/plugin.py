"""The pytest plugin: ``pytest --ocpp-station 127.0.0.1:9000 --ocpp-cases "TC_B_*"``, ``pytest --ocpp-csms ws://...``.

Each case is a test; inconclusive and not applicable ones are skipped. ``own`` in place of an address plays against our
own station or CSMS, in virtual time. Several stations are tested at once with pytest-xdist, ``-n`` of them: each worker
has one of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from ocpp21.conformance.cases.case import Case, Side
    from ocpp21.conformance.sessions import SystemUnderTest

__all__ = ["pytest_addoption", "pytest_collection_modifyitems", "pytest_configure"]


#: The systems under test of the run, and what of them this process plays at.
_SYSTEMS = pytest.StashKey["list[SystemUnderTest]"]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    group = parser.getgroup("ocpp", "OCPP 2.1 conformance")
    group.addoption(
        "--ocpp-station",
        metavar="ADDRESS",
        action="append",
        default=[],
        help="listen here for a station under test, or `own`; repeatable, with -n of pytest-xdist",
    )
    group.addoption(
        "--ocpp-csms",
        metavar="URL",
        action="append",
        default=[],
        help="of a CSMS under test, or `own`; repeatable, with -n of pytest-xdist",
    )
    group.addoption("--ocpp-cases", metavar="PATTERN", action="append", default=[], help="ids of cases; repeatable")
    group.addoption("--ocpp-config", metavar="FILE", help="tokens, times and claims, in TOML")
    group.addoption(
        "--ocpp-driver",
        metavar="URL",
        action="append",
        default=[],
        help="service that acts at the system under test, once or for each of them; a person is asked by default",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Find what is wrong before anything is run: addresses that cannot be used, more workers than systems."""
    roles = {"CS": config.getoption("ocpp_station"), "CSMS": config.getoption("ocpp_csms")}
    config.stash[_SYSTEMS] = []
    if not any(roles.values()):
        return
    from ocpp21.conformance.sessions import Unusable, probe

    for role, addresses in roles.items():
        if addresses:
            try:
                systems = _systems("CS" if role == "CS" else "CSMS", addresses, config)
                system = systems[_worker(config, systems)]
                system.select(config.getoption("ocpp_cases"))
                if not hasattr(config, "workerinput") and not config.getoption("collectonly"):
                    probe(systems)
            except Unusable as error:
                raise pytest.UsageError(str(error)) from error
            config.stash[_SYSTEMS].append(system)


def _systems(role: Side, addresses: list[str], config: pytest.Config) -> list[SystemUnderTest]:
    from ocpp21.conformance.sessions import systems_under_test

    drivers, file = config.getoption("ocpp_driver"), config.getoption("ocpp_config") or ""
    return systems_under_test(role, addresses, drivers=drivers, configuration=file)


def _worker(config: pytest.Config, systems: list[SystemUnderTest]) -> int:
    """Which of the systems is that of this process: each worker of pytest-xdist has one of its own.

    Raises:
        Unusable: there are not as many workers as systems.
    """
    from ocpp21.conformance.sessions import OWN, Unusable

    if systems[0].address == OWN:  # of which there are as many as anybody wants
        return 0
    workerinput = getattr(config, "workerinput", None)
    if workerinput is not None:
        return int(workerinput["workerid"].removeprefix("gw"))
    workers = max(len(config.getoption("tx", None) or ()), 1)
    if workers != len(systems):
        raise Unusable(f"expected a worker for each of {len(systems)} systems (-n {len(systems)}), found {workers}")
    return 0


def pytest_collection_modifyitems(session: pytest.Session, config: pytest.Config, items: list[pytest.Item]) -> None:
    """Add the cases to the tests."""
    for system in config.stash[_SYSTEMS]:
        cases = system.select(config.getoption("ocpp_cases"))
        items.extend(ConformanceItem.from_parent(session, name=case.id, case=case, system=system) for case in cases)


class ConformanceItem(pytest.Item):
    """One case."""

    def __init__(self, *, case: Case, system: SystemUnderTest, **options: Any) -> None:
        super().__init__(**options)
        self.case = case
        self.system = system

    def runtest(self) -> None:
        """Run the case."""
        from ocpp21.conformance.verdict import Verdict

        result = self.system.run([self.case])[0]
        if result.verdict is Verdict.FAIL:
            self.add_report_section("call", "wire", result.wire)
            self.add_report_section("call", "again", result.again)
            pytest.fail(result.text, pytrace=False)
        if result.verdict is not Verdict.PASS:
            pytest.skip(f"{result.verdict}: {result.reason}")

    def reportinfo(self) -> tuple[Any, int | None, str]:
        """Where it stands: nowhere but in the standard."""
        return self.path, None, f"{self.case.id} {self.case.title}"
