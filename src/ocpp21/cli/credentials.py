"""What all commands over sockets share: the options of the security profiles, and where passwords stand."""

from __future__ import annotations

import importlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, NamedTuple, TypeAlias

import typer

from ocpp21.cli.terminal import complain

if TYPE_CHECKING:
    from ocpp21.asyncio.security import SecurityProfile

__all__ = [
    "PASSWORD_VARIABLE",
    "CertificateOption",
    "Credentials",
    "KeyOption",
    "PasswordFileOption",
    "Unusable",
    "need_sockets",
]

#: The variable of the environment that a password is taken from; on the command line everybody could read it.
PASSWORD_VARIABLE: Final = "OCPP21_PASSWORD"

#: Most bytes of a file that are taken for a password: 64 characters in UTF-8, and a line ending.
_MAX_PASSWORD: Final = 258

PasswordFileOption: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--password-file",
        metavar="FILE",
        help=f"File with the password, 16 to 64 characters; that in the variable {PASSWORD_VARIABLE} when absent.",
    ),
]
CertificateOption: TypeAlias = Annotated[
    Path | None,
    typer.Option("--certificate", metavar="FILE", help="Our certificate as PEM, its sub-CAs behind it."),
]
KeyOption: TypeAlias = Annotated[
    Path | None, typer.Option("--key", metavar="FILE", help="Its private key as PEM, not encrypted.")
]


class Unusable(Exception):
    """The options do not go together, or a file is not what it should be; the text says why in a few words."""


def need_sockets() -> None:
    """Leave with one line when a part of the extra ``cli`` is not installed.

    Raises:
        typer.Exit: it is not.
    """
    try:
        importlib.import_module("websockets")
    except ModuleNotFoundError as error:
        complain("the command needs websockets: pip install ocpp21[cli]")
        raise typer.Exit(2) from error


class Credentials(NamedTuple):
    """What the options name.

    Attributes:
        password_file: the file with the password.
        trust: roots.
        certificate: our certificate.
        key: its key.
    """

    password_file: Path | None
    trust: Path | None
    certificate: Path | None
    key: Path | None

    def password(self) -> bytes | None:
        """Read the password: of the file without line ending, else of the environment; None where there is neither.

        Raises:
            Unusable: the file cannot be read.
            LocalProtocolError: it is no password of the standard.
        """
        from ocpp21.asyncio.passwords import check_password

        if self.password_file is None:
            said = os.environ.get(PASSWORD_VARIABLE)
            return None if said is None else check_password(os.fsencode(said))
        try:
            with open(self.password_file, "rb") as stream:
                data = stream.read(_MAX_PASSWORD)
        except OSError as error:
            raise Unusable(f"{self.password_file}: {error.strerror}") from error
        return check_password(data.removesuffix(b"\n").removesuffix(b"\r"))

    def files(self, profile: int) -> tuple[Path, Path]:
        """Give certificate and key.

        Raises:
            Unusable: one of them is missing.
        """
        if self.certificate is None or self.key is None:
            raise Unusable(f"expected --certificate and --key with security profile {profile}")
        return self.certificate, self.key

    def roots(self, profile: int) -> Path:
        """Give the file with the roots.

        Raises:
            Unusable: there is none.
        """
        if self.trust is None:
            raise Unusable(f"expected --trust with security profile {profile}")
        return self.trust

    def security(self, profile: int, identity: str) -> SecurityProfile:
        """Say how a Charging Station shows who it is.

        Raises:
            Unusable: the options do not go with the profile.
            LocalProtocolError: the identity or the password is none.
        """
        from ocpp21.asyncio.security import SecurityProfile
        from ocpp21.identity import check_identity

        if profile == 3:
            self.forbid(profile, "password_file")
            certificate, key = self.files(profile)
            return SecurityProfile.tls_client_certificate(
                identity, certificate=certificate, key=key, trust=self.roots(profile)
            )
        self.forbid(profile, "certificate", "key")
        # Not by its named constructors: a CSMS in a laboratory may want no password.
        if profile == 2:
            return SecurityProfile(
                number=2, identity=check_identity(identity), password=self.password(), trust=self.roots(profile)
            )
        self.forbid(profile, "trust")
        return SecurityProfile(number=1, identity=check_identity(identity), password=self.password())

    def forbid(self, profile: int, *names: str) -> None:
        """Refuse what means nothing with a profile: who gives it believes in a protection that is not there.

        Raises:
            Unusable: one of them was given.
        """
        for name in names:
            if getattr(self, name) is not None:
                raise Unusable(f"expected no --{name.replace('_', '-')} with security profile {profile}")
