"""Who the stations are: an identity and credentials each, made by a pattern or read from a file."""

from __future__ import annotations

import csv
import dataclasses
import ssl
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from ocpp21.asyncio.passwords import check_password
from ocpp21.asyncio.security import SecurityProfile
from ocpp21.errors import LocalProtocolError, printable
from ocpp21.identity import check_identity, fold

__all__ = ["Member", "Unusable", "crew", "read_crew"]

_COLUMNS: Final = {"identity", "password", "certificate", "key"}


class Unusable(LocalProtocolError):
    """A pattern or a file does not say who the stations are; the text says where and why."""


@dataclasses.dataclass(frozen=True)
class Member:
    """One station.

    Attributes:
        security: its identity, and how it shows who it is.
        context: of TLS; None for none. Stations without a certificate of their own share one.
    """

    security: SecurityProfile
    context: ssl.SSLContext | None = None

    @property
    def identity(self) -> str:
        return self.security.identity


def crew(
    count: int, /, *, pattern: str = "LOAD{:05}", security: SecurityProfile | None = None, first: int = 1
) -> tuple[Member, ...]:
    """Make stations that differ in their identity only.

    Args:
        count: how many.
        pattern: of the identities, with one place for a number as :meth:`str.format` takes it.
        security: of each, but for the identity; profile 1 without a password by default.
        first: number of the first one.

    Raises:
        Unusable: the pattern makes no identities, or not as many different ones.
        LocalProtocolError: the certificates are none.
        OSError: a file of certificates cannot be read.
    """
    whole = security if security is not None else SecurityProfile(number=1, identity="")
    try:
        identities = [check_identity(pattern.format(number)) for number in range(first, first + count)]
    except (ValueError, LookupError, AttributeError) as error:
        raise Unusable(f"expected a pattern with one place such as {{:05}}, found {printable(pattern)}") from error
    _check_unique(identities, f"the pattern {printable(pattern)}")
    context = whole.client_context()
    return tuple(Member(dataclasses.replace(whole, identity=identity), context) for identity in identities)


def read_crew(file: Path, /, *, security: SecurityProfile | None = None) -> tuple[Member, ...]:
    """Read stations from a CSV file with a header: ``identity``, and ``password`` or ``certificate`` and ``key``.

    Args:
        file: to read; names of files in it are relative to its directory.
        security: what they have in common.

    Raises:
        Unusable: the file is none of the kind.
        LocalProtocolError: the certificates are none.
        OSError: the file, or one that it names, cannot be read.
    """
    whole = security if security is not None else SecurityProfile(number=1, identity="")
    with file.open(encoding="utf-8-sig", newline="") as stream:
        rows = csv.DictReader(stream)
        columns = set(rows.fieldnames or ())
        if "identity" not in columns or columns - _COLUMNS:
            raise Unusable(f"{file}: expected the columns identity, and password or certificate and key, in the header")
        profiles = [_profile(row, whole, f"{file}:{rows.line_num}", file.parent) for row in rows]
    if not profiles:
        raise Unusable(f"{file}: expected at least one station, found none")
    _check_unique([profile.identity for profile in profiles], str(file))
    contexts: dict[Any, ssl.SSLContext | None] = {}  # by the files of certificate and key
    for profile in profiles:
        if profile.files not in contexts:
            contexts[profile.files] = profile.client_context()
    return tuple(Member(profile, contexts[profile.files]) for profile in profiles)


def _profile(row: dict[str, str], whole: SecurityProfile, place: str, directory: Path) -> SecurityProfile:
    try:
        found = dataclasses.replace(whole, identity=check_identity(row["identity"] or ""))
        if row.get("password"):
            found = dataclasses.replace(found, password=check_password(row["password"]))
    except LocalProtocolError as error:
        raise Unusable(f"{place}: {error}") from error
    certificate, key = row.get("certificate"), row.get("key")
    if bool(certificate) != bool(key):
        raise Unusable(f"{place}: expected a certificate and a key, found one of them")
    if certificate and key:
        if found.trust is None:
            raise Unusable(f"{place}: expected roots of the CSMS with a client certificate, found none")
        found = dataclasses.replace(found, number=3, files=(directory / certificate, directory / key))
    return found


def _check_unique(identities: Sequence[str], source: str) -> None:
    """A station that comes twice would throw itself out."""
    seen: set[str] = set()
    for identity in identities:
        if fold(identity) in seen:
            raise Unusable(f"{source}: expected each identity once, found {identity} again")
        seen.add(fold(identity))
