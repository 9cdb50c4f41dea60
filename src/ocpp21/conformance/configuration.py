"""The configuration of a run: tokens, EVSE and times that cases ask for, and what the system under test claims.

A TOML file with four tables, all optional: ``[station]`` and ``[times]`` fill :class:`Configuration`, ``[claims]`` is
read by :mod:`ocpp21.conformance.claims`, ``[security]`` by :mod:`ocpp21.conformance.security`. Where several
systems are tested at once there is a ``[[station]]`` for each, with its ``address`` and, unless a person acts at it,
its ``driver``.
"""

from __future__ import annotations

import dataclasses
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from ocpp21.conformance.claims import Claims, ClaimsError, read_claims
from ocpp21.conformance.security import Security, SecurityError, read_security
from ocpp21.spelling import found_name

__all__ = ["Configuration", "ConfigurationError", "Declared", "Token", "read_configuration", "read_declared"]

#: Longest time that can be asked for, in seconds: a week.
_MAX_S: Final = 604_800

_TABLES: Final = ("station", "times", "claims", "security")


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
        active_slot: of the network profile that the station connects by.
        inactive_slot: another one, which is not in NetworkConfigurationPriority.
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
        security: the security profile, and certificates.
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
    active_slot: int = 1
    inactive_slot: int = 2
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
    security: Security = field(default_factory=Security)


@dataclass(frozen=True, slots=True)
class Declared:
    """A system under test as a file declares it.

    Attributes:
        configuration: for it.
        address: as the command line has it; empty when it must be given there.
        driver: URL of a service that acts at it; empty for none.
    """

    configuration: Configuration
    address: str = ""
    driver: str = ""


def read_configuration(path: Path, /) -> Configuration:
    """Read a file for one system under test.

    Raises:
        ConfigurationError: it cannot be read, something in it is unknown, or it declares several.
    """
    first, *others = read_declared(path)
    if others:
        raise ConfigurationError(f"{path}: expected one [[station]], found {len(others) + 1}")
    return first.configuration


def read_declared(path: Path, /) -> list[Declared]:
    """Read a file for one system under test (``[station]``) or several (``[[station]]``).

    Raises:
        ConfigurationError: it cannot be read, or something in it is unknown.
    """
    try:
        document = tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ConfigurationError(f"{path}: expected a TOML file, found {reason}") from error
    try:
        return list(_declared(document, path.parent))
    except (ClaimsError, ConfigurationError, SecurityError) as error:
        raise ConfigurationError(f"{path}: {error}") from error


def _declared(document: dict[str, Any], folder: Path) -> Iterator[Declared]:
    for name in document.keys() - set(_TABLES):
        raise ConfigurationError(f"expected station, times, claims or security, found {found_name(name, _TABLES)}")
    stations = document.get("station", {})
    times, claims, security = (document.get(name, {}) for name in _TABLES[1:])
    several = stations if isinstance(stations, list) else [stations]
    tables = (*(("station", one) for one in several), *zip(_TABLES[1:], (times, claims, security), strict=True))
    for name, table in tables:
        if not isinstance(table, dict):
            raise ConfigurationError(f"expected a table [{name}], found {table!r}")
    if not several:
        raise ConfigurationError("expected a table [[station]] for each station, found none")
    found = Configuration(claims=read_claims(claims), security=read_security(security, folder))
    found = dataclasses.replace(found, **{name: _value(name, value, _TIMES) for name, value in times.items()})
    for station in several:
        given = {name: _value(name, value, _STATION) for name, value in station.items()}
        place = {name: given.pop(name, "") for name in ("address", "driver")}
        configuration = dataclasses.replace(found, **given)
        _check_places(configuration)
        yield Declared(configuration, **place)


_DEFAULTS: Final = {one.name: getattr(Configuration(), one.name) for one in dataclasses.fields(Configuration)}
_TIMES: Final = {name: value for name, value in _DEFAULTS.items() if name.endswith("_s")}
_STATION: Final = {
    **{k: v for k, v in _DEFAULTS.items() if k not in _TIMES and isinstance(v, str | int | tuple | Token)},
    "address": "",
    "driver": "",
}


def _value(name: str, value: Any, known: Mapping[str, Any]) -> Any:
    if name not in known:
        raise ConfigurationError(f"expected one of {', '.join(sorted(known))}, found {found_name(name, known)}")
    default = known[name]
    if isinstance(default, Token):
        texts = value.values() if isinstance(value, dict) and value.keys() <= {"id", "type"} and "id" in value else [0]
        if not all(isinstance(text, str) and text for text in texts):
            raise ConfigurationError(f'expected {name} = {{ id = "...", type = "..." }}, found {value!r}')
        return Token(**value)
    if isinstance(default, tuple):
        if not (isinstance(value, list) and value and all(type(one) is int and one > 0 for one in value)):
            raise ConfigurationError(f"expected {name} to be a list of numbers of connectors, found {value!r}")
        return tuple(value)
    kinds = (int, float) if isinstance(default, float) else (type(default),)
    if type(value) not in kinds:
        raise ConfigurationError(f"expected {name} to be like {default!r}, found {value!r}")
    if known is _TIMES and not 0 < value < _MAX_S:
        raise ConfigurationError(f"expected {name} to be above 0 and at most {_MAX_S} s, found {value}")
    return value


def _check_places(configuration: Configuration) -> None:
    evses, evse_id, connector_id = configuration.evses, configuration.evse_id, configuration.connector_id
    if not configuration.identity:
        raise ConfigurationError("expected identity to be the name of a station, found ''")
    if not 1 <= evse_id <= len(evses):
        raise ConfigurationError(f"expected evse_id to be one of the EVSEs 1 to {len(evses)}, found {evse_id}")
    if not 1 <= connector_id <= evses[evse_id - 1]:
        most = evses[evse_id - 1]
        raise ConfigurationError(
            f"expected connector_id to be one of 1 to {most} of EVSE {evse_id}, found {connector_id}"
        )
