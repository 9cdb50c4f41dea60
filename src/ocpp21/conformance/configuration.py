"""The configuration of a run: tokens, EVSE and times that cases ask for, and what the system under test claims.

A TOML file with three tables, all optional: ``[station]`` and ``[times]`` fill :class:`Configuration`, ``[claims]`` is
read by :mod:`ocpp21.conformance.claims`.
"""

from __future__ import annotations

import dataclasses
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ocpp21.conformance.claims import Claims, ClaimsError, read_claims

__all__ = ["Configuration", "ConfigurationError", "Token", "read_configuration"]


class ConfigurationError(ValueError):
    """A configuration that cannot be used; the text says what was expected and found, and where."""


@dataclass(frozen=True, slots=True)
class Token:
    """An IdToken.

    Attributes:
        id: its text.
        type: its type.
    """

    id: str
    type: str = "ISO14443"


@dataclass(frozen=True, slots=True)
class Configuration:
    """What cases leave open.

    Attributes:
        identity: of the Charging Station.
        password: for Basic authentication; empty for none.
        evse_id: where cases play.
        connector_id: likewise.
        evses: connectors of each EVSE, in order.
        valid: an IdToken that may charge.
        valid2: another one.
        invalid: one that may not.
        blocked: one that is blocked.
        expired: one that has expired.
        master_pass: one of the group that may stop all transactions.
        group: groupIdToken of ``valid`` and ``valid2``.
        master_pass_group: groupIdToken of ``master_pass``.
        local_start: authorize at the station rather than by RequestStartTransaction where a case leaves it open.
        list_version: versionNumber of local lists.
        heartbeat_interval_s: told at boot.
        message_timeout_s: in which what must come must have come.
        settle_s: silence after which what may come will not come any more.
        quiet_s: how long nothing must come where a case asks for silence.
        transaction_s: how long transactions run.
        back_off_s: RetryBackOffWaitMinimum.
        connection_timeout_s: EVConnectionTimeOut.
        sample_interval_s: of sampled and clock-aligned values.
        boot_timeout_s: in which a station must have booted.
        case_timeout_s: in which a case must have ended.
        tolerance_s: of comparisons of times.
        claims: of the system under test.
    """

    identity: str = "CS001"
    password: str = ""
    evse_id: int = 1
    connector_id: int = 1
    evses: tuple[int, ...] = (1,)
    valid: Token = Token("04A2B3C4")
    valid2: Token = Token("04A2B3C5")
    invalid: Token = Token("0BADCAFE")
    blocked: Token = Token("0B10CCED")
    expired: Token = Token("0E5B12ED")
    master_pass: Token = Token("0FA57E12")
    group: str = "GROUP1"
    master_pass_group: str = "MASTERPASS"
    local_start: bool = True
    list_version: int = 2
    heartbeat_interval_s: int = 60
    message_timeout_s: float = 30.0
    settle_s: float = 2.0
    quiet_s: float = 10.0
    transaction_s: float = 5.0
    back_off_s: int = 10
    connection_timeout_s: int = 10
    sample_interval_s: int = 10
    boot_timeout_s: float = 120.0
    case_timeout_s: float = 900.0
    tolerance_s: float = 4.0
    claims: Claims = field(default_factory=Claims)


def read_configuration(path: Path, /) -> Configuration:
    """Read a file.

    Raises:
        ConfigurationError: it cannot be read, or something in it is unknown.
    """
    try:
        document = tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"{path}: expected a TOML file, found {error}") from error
    for name in document.keys() - {"station", "times", "claims"}:
        raise ConfigurationError(f"{path}: expected station, times or claims, found [{name}]")
    try:
        claims = read_claims(document.get("claims", {}))
    except ClaimsError as error:
        raise ConfigurationError(f"{path}: {error}") from error
    given = {**document.get("station", {}), **document.get("times", {})}
    return dataclasses.replace(Configuration(claims=claims), **{k: _value(path, k, v) for k, v in given.items()})


def _value(path: Path, name: str, value: Any) -> Any:
    fields = {one.name: one for one in dataclasses.fields(Configuration)}
    if name not in fields or name == "claims":
        raise ConfigurationError(
            f"{path}: expected one of {', '.join(sorted(fields.keys() - {'claims'}))}, found {name}"
        )
    default = getattr(Configuration(), name)
    if isinstance(default, Token):
        if isinstance(value, Mapping) and value.keys() <= {"id", "type"} and "id" in value:
            return Token(**value)
        raise ConfigurationError(f'{path}: expected {name} = {{ id = "...", type = "..." }}, found {value!r}')
    if isinstance(default, tuple) and isinstance(value, list):
        return tuple(value)
    if isinstance(value, bool) is not isinstance(default, bool) or not isinstance(
        value, (int, float) if isinstance(default, int | float) else type(default)
    ):
        raise ConfigurationError(f"{path}: expected {name} to be like {default!r}, found {value!r}")
    return value
