"""A plugin: which use cases of Part 2 have a test that passes.

::

    python -m pytest --use-cases            run the tests that show a use case, and print the table of all 176
    python -m pytest --use-cases=FILE       the same, and write the table as Markdown
"""

from __future__ import annotations

import tomllib
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

TITLES: dict[str, str] = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))

#: Outcomes of the tests of each use case.
_OUTCOMES = pytest.StashKey[dict[str, list[str]]]()

_HEAD = """# Use cases

Which of the 176 use cases of OCPP 2.1 are carried by tests that pass, over both roles. Written by
`python -m pytest --use-cases=docs/use-cases.md`.

| id | use case | state | tests |
|---|---|---|---|
"""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--use-cases",
        nargs="?",
        const="",
        metavar="FILE",
        help="run the tests that show a use case only, print the table of all, and write it to FILE",
    )


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_OUTCOMES] = defaultdict(list)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        for use_case in marks(item):
            if use_case not in TITLES:
                raise pytest.UsageError(f"{item.nodeid}: expected the id of a use case, found {use_case!r}")
            item.user_properties.append(("use_case", use_case))
    if config.getoption("--use-cases") is not None:
        chosen = [item for item in items if marks(item)]
        config.hook.pytest_deselected(items=[item for item in items if not marks(item)])
        items[:] = chosen


def marks(item: pytest.Item) -> list[str]:
    """The use cases that a test shows."""
    return sorted({use_case for mark in item.iter_markers("use_case") for use_case in mark.args})


class _Table:
    """Counts the outcomes."""

    def __init__(self, config: pytest.Config) -> None:
        self._outcomes = config.stash[_OUTCOMES]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call" or report.outcome != "passed":
            for name, value in report.user_properties:
                if name == "use_case":
                    self._outcomes[str(value)].append(report.outcome)


def pytest_sessionstart(session: pytest.Session) -> None:
    session.config.pluginmanager.register(_Table(session.config))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    target = config.getoption("--use-cases")
    if target is None:
        return
    lines = list(rows(config.stash[_OUTCOMES]))
    terminalreporter.section("use cases")
    for use_case, title, state, count in lines:
        terminalreporter.line(f"{use_case}  {state:8} {count:4}  {title}", red=state == "fails")
    done = sum(state == "pass" for _, _, state, _ in lines)
    terminalreporter.line(f"{done} of {len(lines)} use cases pass")
    if target:
        table = "".join(f"| {use_case} | {title} | {state} | {count} |\n" for use_case, title, state, count in lines)
        Path(target).write_text(_HEAD + table, encoding="utf-8")


def rows(outcomes: dict[str, list[str]]) -> Iterator[tuple[str, str, str, int]]:
    """Id, title, state and number of tests of every use case."""
    for use_case, title in TITLES.items():
        found = [outcome for outcome in outcomes.get(use_case, []) if outcome != "skipped"]
        state = "not yet" if not found else "pass" if set(found) == {"passed"} else "fails"
        yield use_case, title, state, len(found)
