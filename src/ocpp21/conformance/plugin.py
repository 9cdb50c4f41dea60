"""The pytest plugin: ``pytest --ocpp-station 127.0.0.1:9000 --ocpp-cases "TC_B_*"``, ``pytest --ocpp-csms ws://...``.

Each case is a test; inconclusive and not applicable ones are skipped. ``own`` in place of an address plays against our
own station or CSMS, in virtual time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from ocpp21.conformance.case import Case
    from ocpp21.conformance.sessions import SystemUnderTest

__all__ = ["pytest_addoption", "pytest_collection_modifyitems"]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    group = parser.getgroup("ocpp", "OCPP 2.1 conformance")
    group.addoption("--ocpp-station", metavar="ADDRESS", help="listen here for the station under test, or `own`")
    group.addoption("--ocpp-csms", metavar="URL", help="of the CSMS under test, or `own`")
    group.addoption("--ocpp-cases", metavar="PATTERN", action="append", default=[], help="ids of cases; repeatable")
    group.addoption("--ocpp-config", metavar="FILE", help="tokens, times and claims, in TOML")
    group.addoption("--ocpp-driver", metavar="URL", help="service that acts at the system under test; asks by default")


def pytest_collection_modifyitems(session: pytest.Session, config: pytest.Config, items: list[pytest.Item]) -> None:
    """Add the cases to the tests."""
    station, csms = config.getoption("ocpp_station"), config.getoption("ocpp_csms")
    if station is None and csms is None:
        return
    from ocpp21.conformance.sessions import Unusable, system_under_test

    for role, address in (("CS", station), ("CSMS", csms)):
        if address is None:
            continue
        try:
            system = system_under_test(
                "CS" if role == "CS" else "CSMS",
                address,
                driver=config.getoption("ocpp_driver") or "",
                configuration=config.getoption("ocpp_config") or "",
            )
            cases = system.select(config.getoption("ocpp_cases"))
        except Unusable as error:
            raise pytest.UsageError(str(error)) from error
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
            lines = "\n".join(f"{entry.at:9.3f} {entry.kind:4} {entry.step:4} {entry.text}" for entry in result.log)
            self.add_report_section("call", "wire", lines)
            pytest.fail(result.text, pytrace=False)
        if result.verdict is not Verdict.PASS:
            pytest.skip(f"{result.verdict}: {result.reason}")

    def reportinfo(self) -> tuple[Any, int | None, str]:
        """Where it stands: nowhere but in the standard."""
        return self.path, None, f"{self.case.id} {self.case.title}"
