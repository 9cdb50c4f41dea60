"""One POST of JSON over HTTP/1.1: bounded in time and in size, and cancelled when nobody waits for it any more.

The libraries at hand bound each read, not the whole, and do so in threads that outlive what has asked: a service that
sends a byte now and then would hold a case for ever.
"""

from __future__ import annotations

import asyncio
import base64
import http.client
import io
import json
import socket
import ssl
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final, cast
from urllib.parse import SplitResult, unquote, urlsplit

__all__ = ["MAX_ANSWER", "Answer", "Service"]

#: Most bytes of an answer that are read, its head included; what services say is a line for people.
MAX_ANSWER: Final = 65536


@dataclass(frozen=True, slots=True)
class Answer:
    """What a service has answered.

    Attributes:
        status: of HTTP.
        phrase: beside it.
        text: the body, its beginning if it is long.
    """

    status: int
    phrase: str
    text: str


class _Bytes(io.BytesIO):
    """What has been read, in the place of the socket that ``http.client`` reads from."""

    def makefile(self, mode: str) -> io.BytesIO:
        return self


class Service:
    """A service that takes JSON objects by POST.

    Args:
        url: of it, ``http://`` or ``https://``, with a user and a password where it asks for them.
        timeout_s: in which it must have answered, from the first byte to the last.

    Raises:
        ValueError: the URL is not of such a service.
    """

    def __init__(self, url: str, /, *, timeout_s: float) -> None:
        parts, port = _split(url)
        self.timeout_s: Final = timeout_s
        self._host: Final = parts.hostname or ""
        self._is_secure: Final = parts.scheme == "https"
        self._port: Final = port or (443 if self._is_secure else 80)
        self._target: Final = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        place = parts.netloc.rpartition("@")[2]
        self._fields: Final = {"Host": place, "Content-Type": "application/json", "Connection": "close"}
        if parts.username is not None:
            login = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
            self._fields["Authorization"] = f"Basic {base64.b64encode(login.encode()).decode()}"
        self.name: Final = f"{parts.scheme}://{place}{self._target}"  # without the password

    async def reach(self) -> None:
        """See that somebody listens there.

        Raises:
            OSError: nobody does, or not in time.
        """
        async with asyncio.timeout(self.timeout_s):
            _, writer = await self._open()
            writer.close()

    async def post(self, body: Mapping[str, Any], /) -> Answer:
        """Post an object.

        Raises:
            OSError: the service cannot be reached, or does not answer in time.
            ValueError: what it answers is no HTTP.
        """
        async with asyncio.timeout(self.timeout_s):
            reader, writer = await self._open()
            try:
                writer.write(self._request(json.dumps(body).encode()))
                data = await _read(reader)
            finally:
                writer.close()
        return _parse(data)

    async def _open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        context = ssl.create_default_context() if self._is_secure else None
        return await asyncio.open_connection(self._host, self._port, ssl=context)

    def _request(self, body: bytes) -> bytes:
        fields = {**self._fields, "Content-Length": str(len(body))}
        head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        return f"POST {self._target} HTTP/1.1\r\n{head}\r\n".encode() + body


def _split(url: str) -> tuple[SplitResult, int | None]:
    """The parts of a URL, and its port.

    Raises:
        ValueError: it is not of such a service.
    """
    with suppress(ValueError):
        parts = urlsplit(url)
        port = parts.port
        if parts.scheme in ("http", "https") and parts.hostname and url.isascii() and url.isprintable():
            return parts, port
    raise ValueError(f"expected the URL of a driver such as http://127.0.0.1:8000, found {url!r}")


async def _read(reader: asyncio.StreamReader) -> bytes:
    """All that comes until the end, or the beginning of it."""
    data = bytearray()
    while len(data) < MAX_ANSWER and (chunk := await reader.read(MAX_ANSWER - len(data))):
        data += chunk
        if _is_whole(bytes(data)):
            break
    return bytes(data)


def _is_whole(data: bytes) -> bool:
    """Whether a body has come as long as its head says: a service may keep the connection although told not to."""
    head, gap, body = data.partition(b"\r\n\r\n")
    if not gap:
        return False
    status, *lines = head.lower().split(b"\r\n")
    fields = {name.strip(): value.strip() for name, _, value in (line.partition(b":") for line in lines)}
    if fields.get(b"transfer-encoding") == b"chunked":
        return body.endswith(b"0\r\n\r\n")
    length = fields.get(b"content-length", b"0" if b" 204" in status else b"")
    return length.isdigit() and len(body) >= int(length[:20])


def _parse(data: bytes) -> Answer:
    response = http.client.HTTPResponse(cast(socket.socket, _Bytes(data)), method="POST")
    try:
        response.begin()
        body = response.read(MAX_ANSWER)
    except http.client.IncompleteRead as error:
        body = error.partial
    except (http.client.HTTPException, ValueError) as error:
        raise ValueError(f"expected an answer of HTTP, found {data[:40]!r}") from error
    return Answer(response.status, response.reason, body.decode("utf-8", "replace"))
