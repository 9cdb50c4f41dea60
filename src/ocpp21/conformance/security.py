"""The security profile of a run, and the certificates that the test system shows and trusts.

::

    [security]
    profile = 2
    host = "csms.example.com"                               # what stations connect to
    certificates = [["ec.pem", "ec.key"], ["rsa.pem", "rsa.key"]]
    trust = "root.pem"                                      # what the system under test has its certificates from
    second_address = "0.0.0.0:9001"                         # where a station finds its second network profile
    [security.faulty]
    expired = ["expired.pem", "expired.key"]

Paths are relative to the file. With our own roles as systems under test none are needed: certificates are made then.
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeAlias

from ocpp21.asyncio import tls
from ocpp21.conformance.cases.case import Case
from ocpp21.conformance.verdict import Inconclusive
from ocpp21.errors import LocalProtocolError
from ocpp21.network_profile import ProfileNumber

__all__ = ["FAULTS", "Files", "Security", "SecurityError", "address_of", "read_security", "unfit"]

#: Profiles that a case asks for, in the words of its condition.
_PROFILES: Final = re.compile(r"(?:security|active) profile (above )?(\d)(?: (?:or|and/or) (\d))?")

#: Paths of a certificate with its sub-CAs, and of its key.
Files: TypeAlias = tuple[Path, Path]

#: Certificates with which something is wrong, and one (``new``) that the root of TC_B_50 has signed.
FAULTS: Final = ("expired", "not_yet_valid", "foreign", "other_name", "wildcard", "new")

_TEXTS: Final = ("host", "second_address", "second_password")
_PATHS: Final = ("trust", "new_root")


class SecurityError(ValueError):
    """A table ``[security]`` that cannot be used."""


@dataclass(frozen=True, slots=True)
class Security:
    """Security profile and certificates.

    Attributes:
        profile: that is in use between the test system and the system under test.
        host: name that stations connect to; the address that is listened on when empty.
        second_address: ``host:port`` of the second endpoint, for stations; port 0 takes any that is free. Any port
            beside that of the first one when empty.
        second_profile: of the second endpoint, and of the one to which a CSMS under test moves stations that are to
            raise their security profile; the same one when None.
        second_password: that a station shows there; the same one when None.
        certificates: that the test system shows: as a CSMS one of each kind of key, as a station one.
        trust: root certificates of the system under test, where it shows certificates.
        faulty: certificates by what is wrong with them; see :data:`FAULTS`.
        new_root: that signs the certificate ``new``, and that a station is to install.
    """

    profile: ProfileNumber = 1
    host: str = ""
    second_address: str = ""
    second_profile: ProfileNumber | None = None
    second_password: str | None = field(default=None, repr=False)
    certificates: tuple[Files, ...] = ()
    trust: Path | None = None
    faulty: Mapping[str, Files] = field(default_factory=dict)
    new_root: Path | None = None

    def profile_of(self, endpoint: int, /) -> ProfileNumber:
        """The security profile of the first or second endpoint."""
        return self.second_profile or self.profile if endpoint == 2 else self.profile

    def server_context(self, profile: ProfileNumber, fault: str = "", /) -> ssl.SSLContext | None:
        """Make what a CSMS listens with; None with profile 1.

        Args:
            profile: which of them.
            fault: of the certificate, empty for a good one; ``old`` for a good one and nothing above TLS 1.1.

        Raises:
            Inconclusive: there is no such certificate.
        """
        if profile == 1:
            return None
        certificates = self._shown(fault)
        trust = self._trust() if profile == 3 else None
        return _made(lambda: tls.server_context(certificates, trust=trust))

    def client_context(self, profile: ProfileNumber, fault: str = "", /) -> ssl.SSLContext | None:
        """Make what a station connects with; None with profile 1.

        Args:
            profile: which of them.
            fault: of the client certificate, as with :meth:`server_context`.

        Raises:
            Inconclusive: there is no such certificate.
        """
        if profile == 1:
            return None
        files = self._shown(fault)[0] if profile == 3 else None
        trust = self._trust()
        return _made(lambda: tls.client_context(trust, files=files, allow_wildcards=True, rsa_key_exchange=True))

    def _shown(self, fault: str) -> tuple[Files, ...]:
        if fault:
            if fault not in self.faulty:
                raise Inconclusive(f"no certificate `{fault}` is configured in [security.faulty]")
            return (self.faulty[fault],)
        if not self.certificates:
            raise Inconclusive("no certificates are configured in [security]")
        return self.certificates

    def _trust(self) -> Path:
        if self.trust is None:
            raise Inconclusive("no trust is configured in [security]")
        return self.trust


def _made(make: Any) -> ssl.SSLContext:
    try:
        context: ssl.SSLContext = make()
    except (LocalProtocolError, OSError) as error:
        raise Inconclusive(f"[security]: {error}") from error
    return context


def unfit(case: Case, profile: int, /) -> str:
    """Say why a case cannot be played with a security profile; nothing when it can."""
    match = _PROFILES.search(case.condition)
    if match is None:
        return ""
    above, first, second = match.groups()
    fits = profile > int(first) if above else str(profile) in (first, second)
    return "" if fits else f"expected {match[0]}, found {profile}"


def address_of(text: str, /) -> tuple[str, int]:
    """Read ``host:port``.

    Raises:
        SecurityError: it is none.
    """
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit():
        raise SecurityError(f"expected an address to listen on such as 127.0.0.1:9001, found {text!r}")
    return host, int(port)


def read_security(table: Mapping[str, Any], directory: Path, /) -> Security:
    """Read the table.

    Args:
        table: ``[security]``.
        directory: that paths are relative to.

    Raises:
        SecurityError: a key is unknown, or a value is none.
    """
    known = {"profile", "second_profile", "certificates", "faulty", *_TEXTS, *_PATHS}
    for key in table.keys() - known:
        raise SecurityError(f"expected one of {', '.join(sorted(known))} in [security], found {key}")
    found: dict[str, Any] = {}
    for key in ("profile", "second_profile"):
        if key in table:
            if table[key] not in (1, 2, 3):
                raise SecurityError(f"expected {key} to be 1, 2 or 3, found {table[key]!r}")
            found[key] = table[key]
    for key in (*_TEXTS, *_PATHS):
        if key in table:
            if not isinstance(table[key], str):
                raise SecurityError(f"expected {key} to be a text, found {table[key]!r}")
            found[key] = directory / table[key] if key in _PATHS else table[key]
    if "second_address" in found:
        address_of(found["second_address"])
    found["certificates"] = tuple(_files(one, "certificates", directory) for one in table.get("certificates", ()))
    faulty = table.get("faulty", {})
    for key in faulty.keys() - set(FAULTS):
        raise SecurityError(f"expected one of {', '.join(FAULTS)} in [security.faulty], found {key}")
    found["faulty"] = {key: _files(one, key, directory) for key, one in faulty.items()}
    return Security(**found)


def _files(value: Any, name: str, directory: Path) -> Files:
    if not isinstance(value, list) or len(value) != 2 or not all(isinstance(one, str) for one in value):
        raise SecurityError(f"expected the paths of a certificate and of its key for {name}, found {value!r}")
    certificate, key = (directory / one for one in value)
    return certificate, key
