"""``ocpp21 conform``: plays the test cases of Part 6 against a Charging Station or a CSMS."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer

from ocpp21.cli.conformance_run import run_cases
from ocpp21.cli.credentials import need_sockets
from ocpp21.cli.terminal import complain

if TYPE_CHECKING:
    from ocpp21.conformance import Case
    from ocpp21.conformance.cases.case import Side

__all__ = ["conform"]

conform = typer.Typer(no_args_is_help=True, help="Play the test cases of Part 6 against a Charging Station or a CSMS.")

CasesOption: TypeAlias = Annotated[
    list[str] | None, typer.Option("--cases", metavar="PATTERN", help="Ids of cases, with * and ?. Repeatable.")
]
ConfigOption: TypeAlias = Annotated[
    Path | None, typer.Option("--config", metavar="FILE", help="Tokens, times, claims and addresses, in TOML.")
]
DriverOption: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--driver",
        metavar="URL",
        help="Service that acts at the system under test; a person is asked else. Once for all systems, or for each.",
    ),
]
JobsOption: TypeAlias = Annotated[int, typer.Option("--jobs", min=1, max=64, help="How many of our own at once.")]
JsonOption: TypeAlias = Annotated[Path | None, typer.Option("--json", metavar="FILE", help="Also write results here.")]
JunitOption: TypeAlias = Annotated[
    Path | None, typer.Option("--junit", metavar="FILE", help="Also write results here, as JUnit XML.")
]
HtmlOption: TypeAlias = Annotated[
    Path | None, typer.Option("--html", metavar="FILE", help="Also write a page with a sequence diagram for each case.")
]


@conform.command("station")
def station(
    addresses: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="ADDRESS...", help="Listen here for a station (host:port), or `own` for our own. Several at once."
        ),
    ] = None,
    cases: CasesOption = None,
    config: ConfigOption = None,
    driver: DriverOption = None,
    jobs: JobsOption = 1,
    as_json: JsonOption = None,
    junit: JunitOption = None,
    html: HtmlOption = None,
) -> None:
    """Play the CSMS against a Charging Station, or against several: then the cases are shared out over them.

    Ctrl-C ends the run after what has been played, which is reported; a second one at once.

    Exit codes: 0 no case has failed, 1 one has, 2 wrong usage, an unusable file or address, 130 interrupted.
    """
    run_cases("CS", addresses, cases, config, driver, jobs, as_json=as_json, junit=junit, html=html)


@conform.command("csms")
def csms(
    urls: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="URL...", help="Of the CSMS, without the identity, or `own` for our own. Several at once."
        ),
    ] = None,
    cases: CasesOption = None,
    config: ConfigOption = None,
    driver: DriverOption = None,
    jobs: JobsOption = 1,
    as_json: JsonOption = None,
    junit: JunitOption = None,
    html: HtmlOption = None,
) -> None:
    """Play a Charging Station against a CSMS, or against several: then the cases are shared out over them.

    Ctrl-C ends the run after what has been played, which is reported; a second one at once.

    Exit codes: 0 no case has failed, 1 one has, 2 wrong usage, an unusable file or a CSMS that lets nobody in, 130
    interrupted.
    """
    run_cases("CSMS", urls, cases, config, driver, jobs, as_json=as_json, junit=junit, html=html)


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


def _unusable(reason: str) -> typer.Exit:
    complain(reason)
    return typer.Exit(2)
