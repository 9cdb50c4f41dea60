"""``ocpp21 conform``: plays the test cases of Part 6 against a Charging Station or a CSMS."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer

from ocpp21.cli.credentials import need_sockets
from ocpp21.cli.terminal import complain

if TYPE_CHECKING:
    from ocpp21.conformance import Case, Result
    from ocpp21.conformance.case import Side

__all__ = ["conform"]

conform = typer.Typer(no_args_is_help=True, help="Play the test cases of Part 6 against a Charging Station or a CSMS.")

CasesOption: TypeAlias = Annotated[
    list[str] | None, typer.Option("--cases", metavar="PATTERN", help="Ids of cases, with * and ?. Repeatable.")
]
ConfigOption: TypeAlias = Annotated[
    Path | None, typer.Option("--config", metavar="FILE", help="Tokens, times and claims, in TOML.")
]
DriverOption: TypeAlias = Annotated[
    str,
    typer.Option("--driver", metavar="URL", help="Service that acts at the system under test; a person is asked else."),
]
JsonOption: TypeAlias = Annotated[Path | None, typer.Option("--json", metavar="FILE", help="Also write results here.")]
JunitOption: TypeAlias = Annotated[
    Path | None, typer.Option("--junit", metavar="FILE", help="Also write results here, as JUnit XML.")
]
HtmlOption: TypeAlias = Annotated[
    Path | None, typer.Option("--html", metavar="FILE", help="Also write a page with a sequence diagram for each case.")
]


@conform.command("station")
def station(
    address: Annotated[str, typer.Argument(help="Listen here for the station (host:port), or `own` for our own.")],
    cases: CasesOption = None,
    config: ConfigOption = None,
    driver: DriverOption = "",
    as_json: JsonOption = None,
    junit: JunitOption = None,
    html: HtmlOption = None,
) -> None:
    """Play the CSMS against a Charging Station.

    Exit codes: 0 no case has failed, 1 one has, 2 wrong usage, an unusable file or address.
    """
    _run("CS", address, cases or [], config, driver, {"json": as_json, "junit": junit, "html": html})


@conform.command("csms")
def csms(
    url: Annotated[str, typer.Argument(help="Of the CSMS, without the identity, or `own` for our own.")],
    cases: CasesOption = None,
    config: ConfigOption = None,
    driver: DriverOption = "",
    as_json: JsonOption = None,
    junit: JunitOption = None,
    html: HtmlOption = None,
) -> None:
    """Play a Charging Station against a CSMS.

    Exit codes: 0 no case has failed, 1 one has, 2 wrong usage, an unusable file or a CSMS that lets nobody in.
    """
    _run("CSMS", url, cases or [], config, driver, {"json": as_json, "junit": junit, "html": html})


@conform.command("list")
def list_cases(
    cases: CasesOption = None,
    profile: Annotated[str, typer.Option("--profile", help="Beginning of the name of a certification profile.")] = "",
    role: Annotated[str, typer.Option("--role", help="Of the system under test: CS or CSMS.")] = "",
    use_case: Annotated[str, typer.Option("--use-case", help="Such as B01.")] = "",
    requirement: Annotated[str, typer.Option("--requirement", help="Such as B01.FR.01.")] = "",
) -> None:
    """List cases, and say which of them the kit cannot play yet, and why.

    Exit codes: 0 all is well, 2 wrong usage.
    """
    need_sockets()
    from ocpp21.conformance import Configuration, NoSuchCase, select
    from ocpp21.conformance.claims import known_profiles

    if role not in ("", "CS", "CSMS"):
        raise _unusable(f"expected CS or CSMS for --role, found {role!r}")
    if profile and not any(name.lower().startswith(profile.lower()) for name in known_profiles()):
        raise _unusable(f"expected a profile ({', '.join(sorted(known_profiles()))}), found {profile!r}")
    try:
        found = select(cases or [], role=_side(role), profile=profile, use_case=use_case, requirement=requirement)
    except NoSuchCase as error:
        raise _unusable(str(error)) from error
    configuration = Configuration(evses=(1, 1))
    for case in found:
        typer.echo(_line(case, configuration))


def _side(role: str) -> Side | None:
    return "CS" if role == "CS" else "CSMS" if role == "CSMS" else None


def _line(case: Case, configuration: Any) -> str:
    from ocpp21.conformance.runner import playable
    from ocpp21.conformance.verdict import Inconclusive

    profiles = "; ".join(f"{one.profile}, {one.status}" for one in case.listings) or "no profile"
    try:
        playable(case, configuration)
    except Inconclusive as reason:
        return f"{case.id:15} {case.title} ({profiles}) - not playable: {reason}"
    return f"{case.id:15} {case.title} ({profiles})"


def _run(
    role: Side,
    address: str,
    patterns: Sequence[str],
    config: Path | None,
    driver: str,
    files: dict[str, Path | None],
) -> None:
    need_sockets()
    from ocpp21.conformance import reports
    from ocpp21.conformance.sessions import Unusable, system_under_test
    from ocpp21.conformance.verdict import Verdict

    try:
        system = system_under_test(role, address, driver=driver, configuration=str(config or ""))
        chosen = system.select(patterns)
        results = system.run(chosen, lambda result: typer.echo(reports.result_line(result)))
    except Unusable as error:
        raise _unusable(str(error)) from error
    typer.echo(reports.summary(results))
    _write(results, files)
    if any(result.verdict is Verdict.FAIL for result in results):
        raise typer.Exit(1)


def _write(results: Sequence[Result], files: dict[str, Path | None]) -> None:
    from ocpp21.conformance import reports

    writers = {"json": reports.json_report, "junit": reports.junit_report, "html": reports.html_report}
    for name, path in files.items():
        if path is not None:
            try:
                path.write_text(writers[name](results), encoding="utf-8")
            except OSError as error:
                raise _unusable(f"{path}: {error.strerror}") from error


def _unusable(reason: str) -> typer.Exit:
    complain(reason)
    return typer.Exit(2)
