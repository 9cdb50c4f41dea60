"""Compares two pieces of work within one run, collects the ratios, and prints them beside their targets at the end."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from ocpp21.cli.datasets import Dataset, datasets
from ocpp21.cli.measure import Ratio, interleave, ratio

Work = Callable[[], object]


class Target(NamedTuple):
    """A speed that was promised.

    Attributes:
        text: what is compared with what.
        found: the ratio measured.
        limit: what it may be at most, or must be at least.
        aim: what would be even better.
        is_least: True when a greater ratio is a better one.
    """

    text: str
    found: Ratio
    limit: float
    aim: float | None
    is_least: bool

    @property
    def is_met(self) -> bool:
        return self.found.median >= self.limit if self.is_least else self.found.median <= self.limit

    def __str__(self) -> str:
        verdict = "ok" if self.is_met else "MISSED"
        measured = f"{self.found.median:.3g} ±{self.found.spread:.0%}"
        limit = f"{'>=' if self.is_least else '<='} {self.limit:g}"
        aim = "" if self.aim is None else f"aim {self.aim:g}"
        return f"{verdict:6} {measured:>11}  {limit:8}{aim:9}{self.text}"


TARGETS = pytest.StashKey[list[Target]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--assert-targets", action="store_true", help="fail when a target is missed")
    parser.addoption("--guard", action="store_true", help="only the guard: a few ratios with generous limits")
    parser.addoption("--rounds", type=int, default=31, help="samples of each piece of work (default: 31)")


def pytest_configure(config: pytest.Config) -> None:
    config.stash[TARGETS] = []


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """The guard alone with ``--guard``, and all but the guard without: it is no benchmark."""
    if collection_path.suffix != ".py" or not collection_path.name.startswith("test_"):
        return None
    is_guard = collection_path.name == "test_guard.py"
    return True if is_guard != config.getoption("--guard") else None


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if not config.stash[TARGETS]:
        return
    terminalreporter.section("ratios")
    for target in config.stash[TARGETS]:
        terminalreporter.line(str(target), red=not target.is_met)


class Compare:
    """Measures a ratio and files it under the targets."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    def __call__(
        self, text: str, work: Work, reference: Work, *, limit: float, aim: float | None = None, is_least: bool = False
    ) -> None:
        """Time two pieces of work in turns; the ratio is work over reference.

        Args:
            text: what is compared with what.
            work: what is measured.
            reference: what it is measured in.
            limit: most that the ratio may be; least with ``is_least``.
            aim: what would be even better.
            is_least: True when the work is a peer's, and the ratio says how much faster we are.
        """
        seconds = interleave({"work": work, "reference": reference}, self._config.getoption("--rounds"))
        self.judge(text, seconds["work"], seconds["reference"], limit=limit, aim=aim, is_least=is_least)

    def judge(
        self,
        text: str,
        work: list[float],
        reference: list[float],
        *,
        limit: float,
        aim: float | None = None,
        is_least: bool = False,
    ) -> None:
        """File figures that were measured in turns elsewhere."""
        target = Target(text, ratio(work, reference), limit, aim, is_least)
        self._config.stash[TARGETS].append(target)
        if self._config.getoption("--assert-targets"):
            assert target.is_met, (
                f"{target}; medians {statistics.median(work):.3g} s, {statistics.median(reference):.3g} s"
            )


@pytest.fixture
def compare(pytestconfig: pytest.Config) -> Compare:
    return Compare(pytestconfig)


@pytest.fixture(scope="session")
def data() -> dict[str, Dataset]:
    return datasets()
