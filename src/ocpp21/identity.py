"""The connection URL: an endpoint and, as its last segment, the percent-encoded identity (Part 4, 3.1.1).

An identity is an identifierString of at most 48 characters without the colon, which separates user and password in
Basic authentication. Identities compare without regard to case.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote, unquote_to_bytes, urlsplit

from ocpp21.errors import LocalProtocolError
from ocpp21.refusal import quote as quoted

__all__ = ["InvalidPath", "check_endpoint", "check_identity", "connection_url", "fold", "identity_of"]

_IDENTITY: Final = re.compile(r"[A-Za-z0-9*\-_=+|@.]{1,48}")

#: A path, not decoded: printable ASCII but ``?`` and ``#``, and ``%`` with two hexadecimal digits only.
_PATH: Final = re.compile(r"(?:[!\"$&->@-~]|%[0-9A-Fa-f]{2})*")


#: Longest ``ocppCsmsUrl``, in characters (Part 2, NetworkConnectionProfileType).
_MAX_URL: Final = 2000


#: A URL is printable ASCII (RFC 3986, 2).
_URL: Final = re.compile(r"[!-~]*")


class InvalidPath(ValueError):
    """A path that names no identity."""


def _is_identity(text: str) -> bool:
    return _IDENTITY.fullmatch(text) is not None and text.strip(".") != ""  # dots alone are steps in a path


def check_identity(identity: str, /) -> str:
    """Give an identity back.

    Raises:
        LocalProtocolError: it is none.
    """
    if not _is_identity(identity):
        raise LocalProtocolError(
            f"expected 1 to 48 characters of A-Z a-z 0-9 * - _ = + | @ ., found {quoted(identity)}"
        )
    return identity


def fold(identity: str, /) -> str:
    """Give an identity as a key: identifierStrings are ASCII and know no case (Part 2, 2.1.4); others stay as they are.

    Letters beyond ASCII must not fold into it: the Kelvin sign would become a k.
    """
    return identity.lower() if identity.isascii() else identity


def check_endpoint(endpoint: str, /) -> str:
    """See that a URL is one of a CSMS, and return its scheme.

    Args:
        endpoint: without the identity.

    Raises:
        LocalProtocolError: it is longer than 2000 characters, not of ``ws`` or ``wss``, has no host, or it has a user
            or password, which belong into headers, or a query or fragment. The message shows nothing of it but the
            scheme.
    """
    if len(endpoint) > _MAX_URL:
        raise LocalProtocolError(f"expected a URL of at most {_MAX_URL} characters, found {len(endpoint)}")
    try:
        if _URL.fullmatch(endpoint) is None:  # urlsplit would take out blanks and line ends, and go on
            raise ValueError
        parts = urlsplit(endpoint)
        is_complete = bool(parts.hostname) and parts.port != 0
    except ValueError:
        raise LocalProtocolError("expected a URL, found another text") from None
    if parts.scheme not in ("ws", "wss"):
        raise LocalProtocolError(f"expected a URL of ws:// or wss://, found {quoted(parts.scheme)}")
    if not is_complete:
        raise LocalProtocolError("expected a URL with a host, found none")
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise LocalProtocolError("expected a URL without user, query and fragment")
    return parts.scheme


def connection_url(endpoint: str, identity: str, /) -> str:
    """Make the URL that a Charging Station connects to.

    Args:
        endpoint: URL of the CSMS, ``ws`` or ``wss``, without the identity.
        identity: of the Charging Station.

    Raises:
        LocalProtocolError: one of them is not valid; see :func:`check_endpoint`.
    """
    scheme = check_endpoint(endpoint)
    rest = endpoint[len(scheme) :].rstrip("/")
    return f"{scheme}{rest}/{quote(check_identity(identity), safe='')}"


def identity_of(target: str, /, *, path: str | None = None) -> str:
    """Read the identity out of the target of a request.

    The target is split first and decoded then, once, so that what is encoded cannot make a step.

    Args:
        target: as it stands in the request line, not decoded.
        path: of the endpoint, which must come before the identity; any by default.

    Raises:
        InvalidPath: there is no identity, or it is not valid, or the endpoint is another one.
    """
    before, slash, segment = target.rpartition("/")
    if not slash or not target.startswith("/"):  # an absolute URL, as a proxy is asked for
        raise InvalidPath("expected a path")
    if path is not None and before != path.rstrip("/"):
        raise InvalidPath("expected the path of the endpoint")
    if _PATH.fullmatch(target) is None:
        raise InvalidPath("expected a percent-encoded path, and no query")
    try:
        identity = unquote_to_bytes(segment).decode("ascii")
    except UnicodeDecodeError:
        raise InvalidPath("expected ASCII") from None
    if not _is_identity(identity):
        raise InvalidPath("expected an identity")
    return identity
