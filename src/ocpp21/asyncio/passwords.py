"""Passwords of HTTP Basic authentication: made, checked, and kept as salted hashes (Part 2, A00.FR.205, A01.FR.08).

A password is bytes here, the UTF-8 text that the station sends; bytes are compared, and nothing is normalized.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import hmac
import secrets
import string
from collections.abc import Mapping
from typing import Final, Protocol

from ocpp21.errors import LocalProtocolError
from ocpp21.identity import fold
from ocpp21.network_profile import PASSWORD_LENGTHS

__all__ = [
    "Authenticator",
    "PasswordStore",
    "check_password",
    "generate_password",
    "hash_password",
    "verify_password",
]

#: What a password may consist of as Edition 2 has it (Part 2, 2.1.4).
PASSWORD_CHARACTERS: Final = f"{string.ascii_letters}{string.digits}*-_=:+|@."

#: A length that every station takes, whatever its maxLimit.
_GENERATED_LENGTH: Final = 40

#: Parameters of scrypt (RFC 7914): N = 2**12 and r = 8 take 4 MiB and about 10 ms. Passwords of the standard are
#: random, not thought up, and thousands of stations come back at once after an outage; so this is less than for people.
_DEFAULT_COST: Final = 12
_COSTS: Final = range(1, 21)
_BLOCK_SIZE: Final = 8
_SALT_SIZE: Final = 16

#: What OpenSSL needs beside the table of 128 * r * N bytes, and more.
_SPARE_MEMORY: Final = 1 << 20


class Authenticator(Protocol):
    """Decides whether a Charging Station is who it says (A00.FR.207)."""

    async def authenticate(self, identity: str, password: bytes) -> bool:
        """Say whether this is the password of that station.

        Args:
            identity: of the URL; the user name has been compared with it.
            password: as it came, not checked.
        """
        ...


def generate_password() -> str:
    """Make a random password of 40 characters, which every station must be able to take (A00.FR.205, A01.FR.06)."""
    return "".join(secrets.choice(PASSWORD_CHARACTERS) for _ in range(_GENERATED_LENGTH))


def check_password(password: str | bytes, /) -> bytes:
    """Give a password as it is sent: 16 to 64 printable characters in UTF-8.

    Raises:
        LocalProtocolError: it is none; the message does not show it.
    """
    try:
        text = password if isinstance(password, str) else password.decode()
        data = text.encode()
    except UnicodeError:
        raise LocalProtocolError("expected a password in UTF-8, found other bytes") from None
    if len(text) not in PASSWORD_LENGTHS:
        raise LocalProtocolError(f"expected a password of 16 to 64 characters, found {len(text)}")
    if not text.isprintable():
        raise LocalProtocolError("expected a password of printable characters, found others")
    return data


def hash_password(password: bytes, /, *, cost: int = _DEFAULT_COST) -> str:
    """Hash a password with a new salt, as one line of text to be stored: scrypt over SHA-256.

    Args:
        password: the UTF-8 bytes.
        cost: binary logarithm of the scrypt parameter N, 1 to 20; each step doubles time and memory.

    Raises:
        ValueError: the cost is out of range.
    """
    salt = secrets.token_bytes(_SALT_SIZE)
    return f"scrypt${cost}${_encode(salt)}${_encode(_scrypt(password, salt, cost))}"


def verify_password(password: bytes, hashed: str, /) -> bool:
    """Say whether a password has this hash, in a time that does not depend on either.

    Args:
        password: the UTF-8 bytes.
        hashed: from :func:`hash_password`.

    Raises:
        ValueError: this is no hash; the message does not show it.
    """
    salt, cost, expected = _parse(hashed)
    return hmac.compare_digest(_scrypt(password, salt, cost), expected)


class PasswordStore:
    """An :class:`Authenticator` over hashes in memory. Identities are compared without regard to case.

    An identity that is unknown costs as much time as a wrong password. Hashes are computed in threads, so that other
    stations are served meanwhile.

    Args:
        hashes: identity to hash, as :func:`hash_password` gives it.
        cost: of new hashes, and of unknown identities; see :func:`hash_password`.

    Raises:
        ValueError: a hash is none, or the cost is out of range.
    """

    def __init__(self, hashes: Mapping[str, str] | None = None, /, *, cost: int = _DEFAULT_COST) -> None:
        self._cost = cost
        self._hashes = {fold(identity): hashed for identity, hashed in (hashes or {}).items()}
        for hashed in self._hashes.values():
            _parse(hashed)
        self._nobodys = hash_password(secrets.token_bytes(_SALT_SIZE), cost=cost)

    def __repr__(self) -> str:
        """The number of identities alone."""
        return f"<PasswordStore of {len(self._hashes)} identities>"

    def __contains__(self, identity: object) -> bool:
        """Whether an identity has a password."""
        return isinstance(identity, str) and fold(identity) in self._hashes

    async def knows(self, identity: str, /) -> bool:
        """Whether an identity has a password, for ``serve(..., knows=store.knows)``."""
        return identity in self

    def set(self, identity: str, password: str | bytes, /) -> str:
        """Give an identity a password; the one before is void from now on (A01.FR.03).

        Returns:
            The hash, to be stored.

        Raises:
            LocalProtocolError: it is no password of the standard.
        """
        hashed = hash_password(check_password(password), cost=self._cost)
        self._hashes[fold(identity)] = hashed
        return hashed

    def remove(self, identity: str, /) -> None:
        """Forget an identity; it may be unknown already."""
        self._hashes.pop(fold(identity), None)

    async def authenticate(self, identity: str, password: bytes) -> bool:
        """Say whether this is the password of that station; see :meth:`Authenticator.authenticate`."""
        hashed = self._hashes.get(fold(identity))
        is_right = await asyncio.to_thread(verify_password, password, hashed or self._nobodys)
        return is_right and hashed is not None


def _scrypt(password: bytes, salt: bytes, cost: int) -> bytes:
    if cost not in _COSTS:
        raise ValueError(f"expected a cost of 1 to 20, found {cost}")
    # HMAC, within scrypt, fills a short password up with zeros, and takes a long one for its hash: without this step,
    # several byte strings would be the same password.
    digest = hashlib.sha256(password).digest()
    memory = (128 * _BLOCK_SIZE << cost) + _SPARE_MEMORY
    return hashlib.scrypt(digest, salt=salt, n=1 << cost, r=_BLOCK_SIZE, p=1, maxmem=memory, dklen=32)


def _parse(hashed: str) -> tuple[bytes, int, bytes]:
    try:
        name, cost, salt, expected = hashed.split("$")
        parts = base64.b64decode(salt, validate=True), int(cost), base64.b64decode(expected, validate=True)
    except (ValueError, binascii.Error):
        name, parts = "", (b"", 0, b"")
    if name != "scrypt" or parts[1] not in _COSTS:
        raise ValueError("expected scrypt$cost$salt$hash, found another text")
    return parts


def _encode(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
